//! S3: objects put, read up to a limit, and looked for.

use crate::{ireland, parent, world};
use bytes::Bytes;
use domain::s3::Location;
use services::ports::gateway::{GatewayErrorKind, RuntimeCaller};
use std::sync::Arc;

const READS: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::sagebridge-async-111111111111/outputs/*"},
    {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::sagebridge-async-111111111111",
     "Condition":{"StringLike":{"s3:prefix":"outputs/*"}}}]}"#;

fn place(key: &str) -> Location {
    Location::parse(&format!("s3://sagebridge-async-111111111111/{key}")).unwrap()
}

#[tokio::test]
async fn an_object_is_put_found_and_read_up_to_a_limit() {
    let world = world(0).await;
    let s3 = &world.gateways.s3;
    let owner = RuntimeCaller::Connection(parent());
    let at = place("outputs/a + b/ü.csv");
    assert!(!s3.has_object(&owner, &ireland(), &at).await.unwrap());
    assert_eq!(s3.object(&owner, &ireland(), &at, 100).await.unwrap(), None);
    let body = Bytes::from("0123456789".repeat(100_000));
    let put = s3.put_object(&owner, &ireland(), &at, "text/csv", body.clone()).await.unwrap();
    assert!(put.request_id.is_some());
    assert!(s3.has_object(&owner, &ireland(), &at).await.unwrap());
    assert!(!s3.has_object(&owner, &ireland(), &place("outputs/a")).await.unwrap(), "a beginning is no object");
    let whole = s3.object(&owner, &ireland(), &at, 2_000_000).await.unwrap().unwrap();
    assert_eq!((whole.bytes, whole.body, whole.content_type.as_deref()), (1_000_000, body, Some("text/csv")));
    let cut = s3.object(&owner, &ireland(), &at, 15).await.unwrap().unwrap();
    assert_eq!((cut.bytes, cut.body.as_ref()), (1_000_000, &b"012345678901234"[..]));
}

#[tokio::test]
async fn a_role_that_may_list_below_a_prefix_tells_missing_from_forbidden() {
    let world = world(0).await;
    let policy = world.policy("reads", READS).await;
    let role = world.role("Reader", crate::TRUST_CHILD).await;
    world.gateways.iam.attach_role_policy(&parent(), &role, &policy).await.unwrap();
    let session = world.assume("Reader", Some("the-id")).await.unwrap();
    let (s3, caller) = (&world.gateways.s3, RuntimeCaller::Role(Arc::new(session)));
    assert!(!s3.has_object(&caller, &ireland(), &place("outputs/x")).await.unwrap());
    // The permission to list has a condition on the prefix, which a GetObject does not carry.
    let missing = s3.object(&caller, &ireland(), &place("outputs/x"), 10).await.unwrap_err();
    assert_eq!((missing.kind, missing.code.as_str()), (GatewayErrorKind::AccessDenied, "AccessDenied"));
    assert_eq!(missing.action(), "s3:GetObject");
    let elsewhere = s3.has_object(&caller, &ireland(), &place("inputs/x")).await.unwrap_err();
    assert_eq!((elsewhere.kind, elsewhere.action().as_str()), (GatewayErrorKind::AccessDenied, "s3:ListBucket"));
    assert_eq!(elsewhere.account.as_ref().map(|account| account.as_str()), Some("111111111111"));
    let put = s3.put_object(&caller, &ireland(), &place("outputs/x"), "text/plain", Bytes::new()).await.unwrap_err();
    assert_eq!(put.kind, GatewayErrorKind::AccessDenied);
    let nowhere = Location::parse("s3://no-such-bucket/x").unwrap();
    let owner = RuntimeCaller::Connection(parent());
    assert_eq!(s3.object(&owner, &ireland(), &nowhere, 10).await.unwrap(), None);
}

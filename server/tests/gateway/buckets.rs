//! A bucket filled from memory and from files, whole and in parts, and looked at.

use crate::client::Client;
use crate::{World, arn, child, ireland, parent, world};
use bytes::Bytes;
use domain::arn::Arn;
use domain::s3::Location;
use http::Method;
use serde_json::json;
use services::ports::gateway::{BucketOwner, Content, GatewayErrorKind, NewObject};
use std::sync::Mutex;

const BUCKET: &str = "sagebridge-async-111111111111";
/// SHA-256 of `1,2,3` and a line feed.
const DIGEST: &str = "7a8988e95e356e2b5b8fecf5e31f7c2e7e8fb44a5cd9d89ebb0d1e60b1f5c689";

fn place(key: &str) -> Location {
    Location { bucket: BUCKET.into(), key: key.into() }
}

fn parents(world: &World) -> Client {
    Client::of_profile(&world.sandbox.url(), world.sandbox.credentials_file(), "parent")
}

/// A key of the parent's.
async fn key(world: &World) -> Arn {
    let made = parents(world).json_ok("kms", "CreateKey", json!({})).await;
    arn(made["KeyMetadata"]["Arn"].as_str().unwrap())
}

async fn put(world: &World, key: &Arn, to: &str, content: Content, sha256: &str) -> Vec<u64> {
    let object = NewObject {
        place: place(to),
        content_type: "text/csv".into(),
        content,
        key: key.clone(),
        sha256: sha256.into(),
    };
    let told = Mutex::new(Vec::new());
    let tell = |bytes| told.lock().unwrap().push(bytes);
    let buckets = &world.pipeline.buckets;
    let answer = buckets.put(&parent(), &ireland(), &object, &tell).await.unwrap();
    assert!(answer.request_id.is_some());
    told.into_inner().unwrap()
}

#[tokio::test]
async fn what_is_put_from_memory_or_a_file_is_there_with_its_digest() {
    let world = world(0).await;
    let (buckets, key) = (&world.pipeline.buckets, key(&world).await);
    let file = world.folder.path().join("train.csv");
    std::fs::write(&file, "1,2,3\n").unwrap();
    for (to, content) in
        [("data/a + b/ü.csv", Content::Bytes(Bytes::from_static(b"1,2,3\n"))), ("data/file.csv", Content::File(file))]
    {
        assert_eq!(buckets.head(&parent(), &ireland(), &place(to)).await.unwrap(), None);
        assert_eq!(buckets.sha256(&parent(), &ireland(), &place(to)).await.unwrap(), None);
        assert_eq!(put(&world, &key, to, content, DIGEST).await, [0, 6]);
        let head = buckets.head(&parent(), &ireland(), &place(to)).await.unwrap().unwrap();
        assert_eq!((head.bytes, head.sha256.as_deref()), (6, Some(DIGEST)));
        assert_eq!(head.key.as_deref(), Some(key.as_str()));
        assert_eq!(buckets.sha256(&parent(), &ireland(), &place(to)).await.unwrap().as_deref(), Some(DIGEST));
    }
}

#[tokio::test]
async fn a_file_that_is_large_goes_in_parts_and_is_the_same_afterwards() {
    let world = world(0).await;
    let (buckets, key) = (&world.pipeline.buckets, key(&world).await);
    let text: Vec<u8> = (0..2_500_000_u32).flat_map(|n| format!("{:07}\n", n % 10_000_000).into_bytes()).collect();
    let file = world.folder.path().join("large.csv");
    std::fs::write(&file, &text).unwrap();
    let told = put(&world, &key, "data/large.csv", Content::File(file), "told").await;
    assert_eq!((told.len(), told[0], *told.last().unwrap()), (4, 0, 20_000_000));
    assert!(told.is_sorted(), "{told:?}");
    let large = place("data/large.csv");
    let head = buckets.head(&parent(), &ireland(), &large).await.unwrap().unwrap();
    assert_eq!((head.bytes, head.sha256.as_deref()), (20_000_000, Some("told")));
    assert_eq!(head.key.as_deref(), Some(key.as_str()));
    put(&world, &key, "data/same.csv", Content::Bytes(text.into()), "told").await;
    let digest = async |at: &str| buckets.sha256(&parent(), &ireland(), &place(at)).await.unwrap().unwrap();
    assert_eq!(digest("data/large.csv").await, digest("data/same.csv").await);
}

#[tokio::test]
async fn a_bucket_is_ours_anothers_or_nobodys() {
    let world = world(0).await;
    let buckets = &world.pipeline.buckets;
    assert_eq!(buckets.bucket_owner(&parent(), &ireland(), BUCKET).await.unwrap(), BucketOwner::Ours);
    assert_eq!(buckets.bucket_owner(&child(), &ireland(), BUCKET).await.unwrap(), BucketOwner::Another);
    assert_eq!(buckets.bucket_owner(&child(), &ireland(), "no-such-bucket").await.unwrap(), BucketOwner::Nobody);
}

#[tokio::test]
async fn another_accounts_objects_are_denied_and_not_missing() {
    let world = world(0).await;
    let (buckets, key) = (&world.pipeline.buckets, key(&world).await);
    put(&world, &key, "data/a.csv", Content::Bytes(Bytes::from_static(b"1,2,3\n")), DIGEST).await;
    let denied = buckets.head(&child(), &ireland(), &place("data/a.csv")).await.unwrap_err();
    assert_eq!((denied.kind, denied.action().as_str()), (GatewayErrorKind::AccessDenied, "s3:GetObject"));
    let denied = buckets.sha256(&child(), &ireland(), &place("data/a.csv")).await.unwrap_err();
    assert_eq!(denied.kind, GatewayErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_bucket_is_emptied_of_every_version_and_mark() {
    let world = world(0).await;
    let (buckets, key) = (&world.pipeline.buckets, key(&world).await);
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let client = parents(&world);
    let versioned = client.signed("s3", Method::PUT, &format!("/{BUCKET}?versioning="), &[], enabled.into());
    assert_eq!(client.send(versioned).await.status, 200);
    for line in ["1\n", "2\n"] {
        put(&world, &key, "data/a + ü.csv", Content::Bytes(line.into()), "told").await;
    }
    let gone = client.signed("s3", Method::DELETE, &format!("/{BUCKET}/data/a%20%2B%20%C3%BC.csv"), &[], Bytes::new());
    assert_eq!(client.send(gone).await.status, 204);
    assert_eq!(buckets.head(&parent(), &ireland(), &place("data/a + ü.csv")).await.unwrap(), None);

    let page = async || buckets.versions(&parent(), &ireland(), &place("data/"), None).await.unwrap().unwrap();
    let all = page().await;
    assert_eq!(all.next, None);
    let seen: Vec<_> = all.items.iter().map(|one| (one.key.as_str(), one.bytes, one.deleted)).collect();
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen.iter().all(|(key, ..)| *key == "data/a + ü.csv"), "{seen:?}");
    assert_eq!(seen.iter().filter(|(_, bytes, deleted)| *deleted || *bytes == 2).count(), 3, "{seen:?}");
    buckets.delete_versions(&parent(), &ireland(), BUCKET, &all.items).await.unwrap();
    assert_eq!(page().await.items, []);
    let nowhere = Location { bucket: "no-such-bucket".into(), key: String::new() };
    assert_eq!(buckets.versions(&parent(), &ireland(), &nowhere, None).await.unwrap(), None);
}

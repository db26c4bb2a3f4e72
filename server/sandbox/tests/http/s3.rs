//! S3: buckets, objects, and above all who may. What a whole SDK brings — chunked bodies, parts, paging — is in
//! `tests/boto3`.

use crate::client::{Answer, Client, allowing, denying};
use crate::support::{CHILD, Lab, PARENT, config};
use http::Method;
use serde_json::{Value, json};

const EU: &str =
    "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";

async fn call(client: &Client, method: Method, path: &str, body: impl Into<bytes::Bytes>) -> Answer {
    call_with(client, method, path, &[], body).await
}

async fn call_with(
    client: &Client,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<bytes::Bytes>,
) -> Answer {
    client.send(client.signed("s3", method, path, headers, body.into())).await
}

async fn ok(client: &Client, method: Method, path: &str, body: impl Into<bytes::Bytes>) -> Answer {
    let answer = call(client, method, path, body).await;
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
    answer
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.tag("Code").as_str()), (status, code), "{}", answer.text());
    assert!(answer.tag("Message").contains(message), "`{}` does not contain `{message}`", answer.tag("Message"));
    assert!(!answer.header("x-amz-request-id").is_empty());
}

async fn with_bucket() -> (Lab, Client) {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    ok(&parent, Method::PUT, "/data-of-parent", EU).await;
    (lab, parent)
}

fn bucket_policy(principal: &str, action: &str, resource: &str, more: Value) -> String {
    let mut statement =
        json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": resource });
    for (key, value) in more.as_object().into_iter().flatten() {
        statement[key] = value.clone();
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_put_also_after_a_restart() {
    let (lab, parent) = with_bucket().await;
    let key = "/data-of-parent/a%20folder/%C3%BCber.csv";
    let put =
        call_with(&parent, Method::PUT, key, &[("content-type", "text/csv"), ("x-amz-meta-from", "test")], "1,2,3");
    assert_eq!(put.await.header("etag"), "\"55b84a9d317184fe61224bfb4a060fb0\"");
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;

    let sandbox = sandbox::start(config(dir.path())).await.unwrap();
    let parent = Client::of_profile(&sandbox.url(), sandbox.credentials_file(), "parent");
    let got = ok(&parent, Method::GET, key, "").await;
    assert_eq!((got.text().as_str(), got.header("content-type")), ("1,2,3", "text/csv"));
    assert_eq!(got.header("x-amz-meta-from"), "test");
    let part = call_with(&parent, Method::GET, key, &[("range", "bytes=2-3")], "").await;
    assert_eq!((part.status, part.text().as_str(), part.header("content-range")), (206, "2,", "bytes 2-3/5"));
    let beyond = call_with(&parent, Method::GET, key, &[("range", "bytes=9-")], "").await;
    refused(&beyond, 416, "InvalidRange", "not satisfiable");
    ok(&parent, Method::PUT, key, "new").await;
    assert_eq!(ok(&parent, Method::GET, key, "").await.text(), "new");
    refused(&call(&parent, Method::DELETE, "/data-of-parent", "").await, 409, "BucketNotEmpty", "not empty");
    ok(&parent, Method::DELETE, key, "").await;
    refused(&call(&parent, Method::GET, key, "").await, 404, "NoSuchKey", "does not exist");
    ok(&parent, Method::DELETE, "/data-of-parent", "").await;
    refused(&call(&parent, Method::GET, key, "").await, 404, "NoSuchBucket", "does not exist");
}

#[tokio::test]
async fn bucket_names_are_one_space_over_all_accounts() {
    let (lab, parent) = with_bucket().await;
    let again = call(&parent, Method::PUT, "/data-of-parent", EU).await;
    refused(&again, 409, "BucketAlreadyOwnedByYou", "you already own it");
    let taken = call(&lab.client("child"), Method::PUT, "/data-of-parent", EU).await;
    refused(&taken, 409, "BucketAlreadyExists", "not available");
    refused(&call(&parent, Method::PUT, "/Not_A_Name", EU).await, 400, "InvalidBucketName", "");
    let nowhere = call(&parent, Method::PUT, "/somewhere-else", "").await;
    refused(&nowhere, 400, "IllegalLocationConstraintException", "unspecified");
    let location = ok(&parent, Method::GET, "/data-of-parent?location", "").await;
    assert!(location.text().contains("eu-west-1"), "{}", location.text());
    assert_eq!(ok(&lab.client("child"), Method::GET, "/", "").await.tags("Name"), [""; 0]);
    assert!(ok(&parent, Method::GET, "/", "").await.tags("Name").contains(&"data-of-parent".to_owned()));
}

#[tokio::test]
async fn within_one_account_an_identity_policy_or_the_buckets_is_enough() {
    let (_lab, parent) = with_bucket().await;
    ok(&parent, Method::PUT, "/data-of-parent/in/a", "1").await;
    let reader = parent.new_user("reader", &[&allowing("s3:GetObject", "arn:aws:s3:::data-of-parent/in/*")]).await;
    assert_eq!(ok(&reader, Method::GET, "/data-of-parent/in/a", "").await.text(), "1");
    let denied = call(&reader, Method::PUT, "/data-of-parent/in/a", "2").await;
    let words = format!(
        "User: arn:aws:iam::{PARENT}:user/reader is not authorized to perform: s3:PutObject on resource: \
         \"arn:aws:s3:::data-of-parent/in/a\" because no identity-based policy allows the s3:PutObject action"
    );
    refused(&denied, 403, "AccessDenied", &words);
    // Who may not list is not told that an object is missing.
    refused(&call(&reader, Method::GET, "/data-of-parent/in/b", "").await, 403, "AccessDenied", "s3:ListBucket");

    let user = format!("arn:aws:iam::{PARENT}:user/reader");
    let policy = bucket_policy(&user, "s3:PutObject", "arn:aws:s3:::data-of-parent/in/*", json!({}));
    ok(&parent, Method::PUT, "/data-of-parent?policy", policy).await;
    ok(&reader, Method::PUT, "/data-of-parent/in/a", "2").await;
    let shown: Value = ok(&parent, Method::GET, "/data-of-parent?policy", "").await.json();
    assert_eq!(shown["Statement"][0]["Principal"]["AWS"], user);
    ok(&parent, Method::DELETE, "/data-of-parent?policy", "").await;
    let none = call(&parent, Method::GET, "/data-of-parent?policy", "").await;
    refused(&none, 404, "NoSuchBucketPolicy", "does not exist");
    refused(&call(&reader, Method::PUT, "/data-of-parent/in/a", "2").await, 403, "AccessDenied", "s3:PutObject");
}

#[tokio::test]
async fn across_accounts_both_sides_must_allow() {
    let (lab, parent) = with_bucket().await;
    ok(&parent, Method::PUT, "/data-of-parent/a", "1").await;
    let child = lab.client("child");
    let other = child.new_user("other", &[]).await;
    refused(&call(&child, Method::GET, "/data-of-parent/a", "").await, 403, "AccessDenied", "Access Denied");
    let root = format!("arn:aws:iam::{CHILD}:root");
    let secure = json!({ "Condition": { "Bool": { "aws:SecureTransport": "true" } } });
    let policy = bucket_policy(&root, "s3:GetObject", "arn:aws:s3:::data-of-parent/*", secure);
    ok(&parent, Method::PUT, "/data-of-parent?policy", policy).await;
    assert_eq!(ok(&child, Method::GET, "/data-of-parent/a", "").await.text(), "1");
    refused(&call(&other, Method::GET, "/data-of-parent/a", "").await, 403, "AccessDenied", "Access Denied");
}

#[tokio::test]
async fn an_explicit_deny_and_a_bad_policy_are_told() {
    let (_lab, parent) = with_bucket().await;
    let allow = allowing("s3:*", "*");
    let deny = denying("s3:DeleteObject", "arn:aws:s3:::data-of-parent/*");
    let careful = parent.new_user("careful", &[&allow, &deny]).await;
    let denied = call(&careful, Method::DELETE, "/data-of-parent/a", "").await;
    refused(&denied, 403, "AccessDenied", "with an explicit deny in an identity-based policy");
    let own = "arn:aws:s3:::data-of-parent/*";
    for (policy, why) in [
        ("{".to_owned(), "valid JSON"),
        (allowing("s3:*", own), "Principal"),
        (bucket_policy("*", "s3:GetObject", "arn:aws:s3:::another/*", json!({})), "invalid resource"),
        (bucket_policy("*", "sqs:SendMessage", own, json!({})), "invalid action"),
        (bucket_policy("arn:aws:iam::222222222222:user/nobody", "s3:GetObject", own, json!({})), "Invalid principal"),
    ] {
        let refusal = call(&parent, Method::PUT, "/data-of-parent?policy", policy).await;
        refused(&refusal, 400, "MalformedPolicy", why);
    }
}

#[tokio::test]
async fn a_prefix_is_a_condition_of_listing() {
    let (_lab, parent) = with_bucket().await;
    for key in ["out/1", "out/2", "private"] {
        ok(&parent, Method::PUT, &format!("/data-of-parent/{key}"), key).await;
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data-of-parent",
        "Condition": { "StringLike": { "s3:prefix": "out/*" } },
    }] });
    let lister = parent.new_user("lister", &[&policy.to_string()]).await;
    let list = ok(&lister, Method::GET, "/data-of-parent?list-type=2&prefix=out%2F", "").await;
    assert_eq!(list.tags("Key"), ["out/1", "out/2"]);
    refused(&call(&lister, Method::GET, "/data-of-parent?list-type=2", "").await, 403, "AccessDenied", "s3:ListBucket");
}

#[tokio::test]
async fn unsigned_wrongly_signed_and_ended_callers_are_refused_in_s3s_words() {
    let (lab, parent) = with_bucket().await;
    let wrong = Client::new(&parent.url, &parent.key, "wrong", None);
    refused(&call(&wrong, Method::GET, "/", "").await, 403, "SignatureDoesNotMatch", "");
    let nobody = Client::new(&parent.url, "AKIANOBODY", "wrong", None);
    refused(&call(&nobody, Method::GET, "/", "").await, 403, "InvalidAccessKeyId", "does not exist");
    let session = parent.with_credentials(&parent.sts("GetSessionToken", &[]).await);
    ok(&session, Method::GET, "/data-of-parent?list-type=2", "").await;
    let mut other = session.clone();
    other.token = None;
    refused(&call(&other, Method::GET, "/", "").await, 400, "InvalidToken", "malformed");
    lab.control(Method::POST, "/expire-sessions", Value::Null).await;
    refused(&call(&session, Method::GET, "/", "").await, 400, "ExpiredToken", "expired");
    lab.fault(json!({ "service": "s3", "operation": "ListBuckets", "effect": { "kind": "throttle" } })).await;
    refused(&call(&parent, Method::GET, "/", "").await, 503, "SlowDown", "reduce");
    refused(&call(&parent, Method::GET, "/data-of-parent?acl", "").await, 501, "NotImplemented", "GetBucketAcl");
}

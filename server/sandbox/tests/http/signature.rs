//! Who may speak at all: signatures, keys, tokens, clocks, in the form of each protocol.

use crate::support::{Answer, Client, Lab};
use bytes::Bytes;
use http::Method;
use http_body_util::Full;
use serde_json::json;
use std::time::{Duration, SystemTime};

/// The same refusal in the three protocols.
async fn everywhere(client: &Client) -> [Answer; 3] {
    [
        client.sts("GetCallerIdentity", &[]).await,
        client.sagemaker("ListEndpoints", json!({})).await,
        client.invoke("echo", &[], "x").await,
    ]
}

fn refused(answers: &[Answer; 3], query: (u16, &str), code: &str, json_status: u16, rest_status: u16) {
    let errors: Vec<_> = answers.iter().map(Answer::error).collect();
    let expected = [(query.0, query.1.into()), (json_status, code.into()), (rest_status, code.into())];
    assert_eq!(errors, expected);
}

#[tokio::test]
async fn a_signed_request_is_answered_with_a_request_id() {
    let lab = Lab::start().await;
    let answer = lab.client("child").sts("GetCallerIdentity", &[]).await;
    assert_eq!(answer.tag("Arn"), "arn:aws:iam::222222222222:user/admin");
    assert_eq!(answer.tag("Account"), "222222222222");
    assert!(answer.tag("UserId").starts_with("AIDA"));
    assert_eq!(answer.tag("RequestId"), answer.header("x-amzn-requestid"));
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_an_unknown_key() {
    let lab = Lab::start().await;
    let mut client = lab.client("parent");
    client.secret.push('x');
    refused(&everywhere(&client).await, (403, "SignatureDoesNotMatch"), "InvalidSignatureException", 400, 403);
    client.key = "AKIAIOSFODNN7EXAMPLE".into();
    let answers = everywhere(&client).await;
    refused(&answers, (403, "InvalidClientTokenId"), "UnrecognizedClientException", 400, 403);
    assert_eq!(answers[0].message(), "The security token included in the request is invalid.");
}

#[tokio::test]
async fn an_unsigned_request_is_refused() {
    let lab = Lab::start().await;
    let client = lab.client("parent");
    let request =
        http::Request::post(format!("{}/", lab.sandbox.url())).body(Full::new(Bytes::from("Action=X"))).unwrap();
    client.send(request).await.refused(403, "MissingAuthenticationToken", "");
}

#[tokio::test]
async fn a_touched_body_path_or_header_does_not_verify() {
    let lab = Lab::start().await;
    let client = lab.client("parent");
    let headers = [("content-type", "text/csv"), ("x-amzn-sagemaker-custom-attributes", "a")];
    let signed = || client.signed("sagemaker", Method::POST, "/endpoints/echo/invocations", &headers, "1,2".into());
    assert_eq!(client.send(signed()).await.status, 200);

    let mut body = signed();
    *body.body_mut() = Full::new(Bytes::from("1,3"));
    let mut path = signed();
    *path.uri_mut() = format!("{}/endpoints/other/invocations", lab.sandbox.url()).parse().unwrap();
    let mut header = signed();
    header.headers_mut().insert("x-amzn-sagemaker-custom-attributes", "b".parse().unwrap());
    for request in [body, path, header] {
        client.send(request).await.refused(403, "InvalidSignatureException", "does not match");
    }
}

#[tokio::test]
async fn an_added_amz_header_must_be_signed() {
    let lab = Lab::start().await;
    let client = lab.client("parent");
    let mut request = client.query_request("sts", "GetCallerIdentity", &[]);
    request.headers_mut().insert("x-amz-target", "SageMaker.ListEndpoints".parse().unwrap());
    assert_eq!(client.send(request).await.status, 400, "the scope names STS, which has no targets");
    let mut request = client.query_request("sts", "GetCallerIdentity", &[]);
    request.headers_mut().insert("x-amz-extra", "1".parse().unwrap());
    client.send(request).await.refused(403, "SignatureDoesNotMatch", "'x-amz-extra' must be a 'SignedHeader'");
}

#[tokio::test]
async fn a_clock_may_be_off_by_five_minutes_and_no_more() {
    let lab = Lab::start().await;
    let mut client = lab.client("parent");
    let now = SystemTime::now();
    for (offset, ok) in [(-290i64, true), (290, true), (-310, false), (310, false)] {
        let distance = Duration::from_secs(offset.unsigned_abs());
        client.time = Some(if offset < 0 { now - distance } else { now + distance });
        let answer = client.sts("GetCallerIdentity", &[]).await;
        assert_eq!(answer.status == 200, ok, "{offset}: {}", answer.text());
        if !ok {
            let words = if offset < 0 { "Signature expired" } else { "Signature not yet current" };
            answer.refused(403, "SignatureDoesNotMatch", words);
        }
    }
}

#[tokio::test]
async fn a_session_needs_its_own_token() {
    let lab = Lab::start().await;
    let client = lab.client("child");
    let session = client.with_credentials(&client.sts("GetSessionToken", &[]).await);
    assert_eq!(session.sts("GetCallerIdentity", &[]).await.status, 200);

    let mut without = session.clone();
    without.token = None;
    refused(&everywhere(&without).await, (403, "InvalidClientTokenId"), "UnrecognizedClientException", 400, 403);
    let mut other = session.clone();
    other.token = client.with_credentials(&client.sts("GetSessionToken", &[]).await).token;
    refused(&everywhere(&other).await, (403, "InvalidClientTokenId"), "UnrecognizedClientException", 400, 403);
    let mut long_lived = client.clone();
    long_lived.token = session.token;
    assert_eq!(long_lived.sts("GetCallerIdentity", &[]).await.error(), (403, "InvalidClientTokenId".into()));
}

#[tokio::test]
async fn a_session_that_is_over_says_so() {
    let lab = Lab::start().await;
    let client = lab.client("child");
    let session = client.with_credentials(&client.sts("GetSessionToken", &[]).await);
    lab.control(Method::POST, "/expire-sessions", serde_json::Value::Null).await;
    refused(&everywhere(&session).await, (403, "ExpiredToken"), "ExpiredTokenException", 400, 403);
    let fresh = client.with_credentials(&client.sts("GetSessionToken", &[]).await);
    assert_eq!(fresh.sts("GetCallerIdentity", &[]).await.status, 200);
}

#[tokio::test]
async fn a_switched_off_key_is_unknown() {
    let lab = Lab::start().await;
    let admin = lab.client("child");
    let user = admin.new_user("temp", &[]).await;
    assert_eq!(user.sts("GetCallerIdentity", &[]).await.status, 200);
    let params = [("UserName", "temp"), ("AccessKeyId", user.key.as_str()), ("Status", "Inactive")];
    admin.iam_ok("UpdateAccessKey", &params).await;
    user.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", "");
}

#[tokio::test]
async fn an_unsigned_payload_is_not_taken() {
    let lab = Lab::start().await;
    let client = lab.client("parent");
    let mut request = client.query_request("sts", "GetCallerIdentity", &[]);
    request.headers_mut().insert("x-amz-content-sha256", "UNSIGNED-PAYLOAD".parse().unwrap());
    client.send(request).await.refused(403, "SignatureDoesNotMatch", "does not match");
}

//! InvokeEndpoint.

use crate::canned::{Canned, Received, Reply, ireland, parent, rest_error, xml};
use bytes::Bytes;
use domain::arn::Arn;
use domain::invoke::InvokeHeaders;
use domain::names::{EndpointName, SessionName};
use services::ports::gateway::{AssumeRoleParams, GatewayErrorKind, Gateways, RuntimeCaller, RuntimeRequest};
use std::sync::Arc;

fn sts_answer() -> Reply {
    xml(
        "AssumeRole",
        "<Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>session-secret</SecretAccessKey>\
         <SessionToken>session-token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>\
         <AssumedRoleUser><AssumedRoleId>AROAX:me</AssumedRoleId>\
         <Arn>arn:aws:sts::111111111111:assumed-role/SageMakerExternal/me</Arn></AssumedRoleUser>",
    )
}

/// Answers AssumeRole, and everything else with `reply`.
async fn behind_a_role(
    reply: impl Fn(&Received) -> Reply + Send + Sync + 'static,
) -> (Canned, Gateways, RuntimeCaller) {
    let canned = Canned::start(move |request| match request.operation().as_str() {
        "AssumeRole" => sts_answer(),
        _ => reply(request),
    })
    .await;
    let gateways = canned.gateways().await;
    let params = AssumeRoleParams {
        role: Arn::parse("arn:aws:iam::111111111111:role/SageMakerExternal").unwrap(),
        session_name: SessionName::parse("me").unwrap(),
        external_id: Some("an-id".parse().unwrap()),
        duration: Some(std::time::Duration::from_secs(900)),
    };
    let answer = gateways.sts.assume_role(&parent(), &ireland(), &params).await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("req-1"));
    let sent = canned.requests().remove(0);
    let field = |name: &str| sent.parameter(name);
    assert_eq!((field("ExternalId").as_deref(), field("DurationSeconds").as_deref()), (Some("an-id"), Some("900")));
    (canned, gateways, RuntimeCaller::Role(Arc::new(answer.value)))
}

fn request(body: &str) -> RuntimeRequest {
    RuntimeRequest {
        endpoint: EndpointName::parse("Fraud-EU").unwrap(),
        headers: InvokeHeaders {
            accept: "application/json".into(),
            custom_attributes: "trace=1".into(),
            ..InvokeHeaders::of_type("text/csv")
        },
        body: Bytes::from(body.to_owned()),
    }
}

fn ok(request: &Received) -> Reply {
    Reply {
        status: 200,
        headers: vec![
            ("x-amzn-requestid", "req-5".into()),
            ("content-type", "application/json".into()),
            ("x-amzn-invoked-production-variant", "AllTraffic".into()),
            ("x-amzn-sagemaker-custom-attributes", "seen".into()),
        ],
        body: String::from_utf8(request.body.clone()).unwrap(),
    }
}

#[tokio::test]
async fn an_invocation_goes_out_and_comes_back_as_it_is() {
    let (canned, gateways, role) = behind_a_role(ok).await;
    let answer = gateways.runtime.invoke(&role, &ireland(), request("1,2,é")).await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("req-5"));
    assert_eq!(answer.value.body, "1,2,é".as_bytes());
    assert_eq!(answer.value.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.value.variant.as_deref(), Some("AllTraffic"));
    assert_eq!(answer.value.custom_attributes.as_deref(), Some("seen"));
    let sent = canned.requests().remove(1);
    assert_eq!(sent.path, "/endpoints/Fraud-EU/invocations");
    for (name, value) in [
        ("content-type", "text/csv"),
        ("accept", "application/json"),
        ("x-amzn-sagemaker-custom-attributes", "trace=1"),
        ("x-amz-security-token", "session-token"),
    ] {
        assert_eq!(sent.header(name), Some(value), "{name}");
    }
    let signed = sent.header("authorization").unwrap();
    assert!(signed.contains("Credential=ASIASESSION/") && signed.contains("/eu-west-1/sagemaker/"), "{signed}");
}

#[tokio::test]
async fn many_invocations_one_after_the_other_use_one_connection() {
    let (canned, gateways, role) = behind_a_role(ok).await;
    for n in 0..50 {
        gateways.runtime.invoke(&role, &ireland(), request(&n.to_string())).await.unwrap();
    }
    assert_eq!((canned.requests().len(), canned.connections()), (51, 1));
}

#[tokio::test]
async fn a_failing_model_is_told_apart_and_its_words_are_kept() {
    let more = r#","OriginalStatusCode":415,"OriginalMessage":"text/xml is not taken","LogStreamArn":"arn:aws:logs:x""#;
    let (_canned, gateways, role) =
        behind_a_role(move |_| rest_error(424, "ModelError", "Received client error (415) from primary", more)).await;
    let error = gateways.runtime.invoke(&role, &ireland(), request("1")).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str(), error.status), (GatewayErrorKind::Model, "ModelError", Some(424)));
    let model = error.model.clone().unwrap();
    assert_eq!((model.status, model.message.as_str()), (Some(415), "text/xml is not taken"));
    assert_eq!(model.log_stream_arn.as_deref(), Some("arn:aws:logs:x"));
    assert_eq!(error.account.unwrap().as_str(), "111111111111");
}

#[tokio::test]
async fn runtime_errors_are_classed_and_never_retried() {
    for (status, code, message, kind) in [
        (400, "ValidationError", "Endpoint Fraud-EU of account 111111111111 not found.", GatewayErrorKind::NotFound),
        (400, "ValidationError", "Payload too large", GatewayErrorKind::Invalid),
        (403, "AccessDeniedException", "User: … is not authorized", GatewayErrorKind::AccessDenied),
        (403, "ExpiredTokenException", "expired", GatewayErrorKind::Expired),
        (429, "ModelNotReadyException", "not ready", GatewayErrorKind::Unavailable),
        (500, "InternalFailure", "sorry", GatewayErrorKind::Unavailable),
        (503, "ServiceUnavailable", "busy", GatewayErrorKind::Unavailable),
        (530, "InternalDependencyException", "sorry", GatewayErrorKind::Unavailable),
        (429, "ThrottlingException", "Rate exceeded", GatewayErrorKind::Throttled),
    ] {
        let (canned, gateways, role) = behind_a_role(move |_| rest_error(status, code, message, "")).await;
        let error = gateways.runtime.invoke(&role, &ireland(), request("1")).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str(), error.status), (kind, code, Some(status)), "{code}");
        assert_eq!((error.message.as_str(), error.request_id.as_deref()), (message, Some("req-4")));
        assert_eq!((error.operation, &error.model), ("InvokeEndpoint", &None));
        assert_eq!(canned.requests().len(), 2, "{code} was tried again");
    }
}

#[tokio::test]
async fn an_asynchronous_call_says_where_its_input_is_and_learns_where_its_answer_will_be() {
    let (canned, gateways, role) = behind_a_role(|_| Reply {
        status: 202,
        headers: vec![
            ("x-amzn-requestid", "req-6".into()),
            ("x-amzn-sagemaker-outputlocation", "s3://results/out/1.out".into()),
            ("x-amzn-sagemaker-failurelocation", "s3://results/failed/1.out".into()),
        ],
        body: r#"{"InferenceId":"i-1"}"#.into(),
    })
    .await;
    let input = domain::s3::Location::parse("s3://results/in/1.csv").unwrap();
    let taken = gateways.runtime.invoke_async(&role, &ireland(), request("unsent"), Some(&input)).await.unwrap();
    assert_eq!((taken.value.inference_id.as_str(), taken.request_id.as_deref()), ("i-1", Some("req-6")));
    assert_eq!(taken.value.output.to_string(), "s3://results/out/1.out");
    assert_eq!(taken.value.failure.unwrap().to_string(), "s3://results/failed/1.out");
    let sent = canned.requests().remove(1);
    assert_eq!((sent.path.as_str(), sent.body.len()), ("/endpoints/Fraud-EU/async-invocations", 0));
    for (name, value) in [
        ("x-amzn-sagemaker-inputlocation", "s3://results/in/1.csv"),
        ("x-amzn-sagemaker-content-type", "text/csv"),
        ("x-amzn-sagemaker-accept", "application/json"),
        ("x-amzn-sagemaker-custom-attributes", "trace=1"),
    ] {
        assert_eq!(sent.header(name), Some(value), "{name}");
    }
    gateways.runtime.invoke_async(&role, &ireland(), request("1,2"), None).await.unwrap();
    let sent = canned.requests().remove(2);
    assert_eq!((sent.body.as_slice(), sent.header("x-amzn-sagemaker-inputlocation")), (&b"1,2"[..], None));
}

#[tokio::test]
async fn s3s_own_refusals_are_told_apart() {
    for (status, code, kind) in [
        (403, "AccessDenied", GatewayErrorKind::AccessDenied),
        (404, "NoSuchBucket", GatewayErrorKind::NotFound),
        (400, "EntityTooLarge", GatewayErrorKind::Invalid),
        (503, "SlowDown", GatewayErrorKind::Throttled),
        (400, "ExpiredToken", GatewayErrorKind::Expired),
    ] {
        let (_canned, gateways, role) = behind_a_role(move |_| Reply {
            status,
            headers: vec![("x-amz-request-id", "req-7".into())],
            body: format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>why</Message></Error>"),
        })
        .await;
        let place = domain::s3::Location::parse("s3://results/in/1.csv").unwrap();
        let body = Bytes::from_static(b"1,2");
        let error = gateways.s3.put_object(&role, &ireland(), &place, "text/csv", body).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str(), error.message.as_str()), (kind, code, "why"));
        assert_eq!(error.request_id.as_deref(), Some("req-7"), "{code}");
    }
}

//! What AWS's refusals become.

use crate::canned::{Canned, Reply, ireland, json_error, parent, xml_error};
use domain::arn::Arn;
use domain::names::{EndpointName, RoleName, SessionName};
use services::ports::gateway::GatewayErrorKind::{self, *};
use services::ports::gateway::{AssumeRoleParams, GatewayError, NewRole};

fn role_name() -> RoleName {
    RoleName::parse("SageMakerExternal").unwrap()
}

async fn assume_role(canned: &Canned) -> GatewayError {
    let params = AssumeRoleParams {
        role: Arn::parse("arn:aws:iam::111111111111:role/SageMakerExternal").unwrap(),
        session_name: SessionName::parse("sagebridge").unwrap(),
        external_id: None,
        duration: None,
    };
    canned.gateways().await.sts.assume_role(&parent(), &ireland(), &params).await.unwrap_err()
}

fn facts(error: &GatewayError) -> (GatewayErrorKind, &str, Option<u16>, Option<&str>, bool) {
    (error.kind, &error.code, error.status, error.request_id.as_deref(), error.retryable)
}

#[tokio::test]
async fn a_denied_assume_role_keeps_awss_words_and_request_id() {
    let message = "User: arn:aws:iam::222222222222:user/admin is not authorized to perform: sts:AssumeRole on resource: \
                   arn:aws:iam::111111111111:role/SageMakerExternal";
    let canned = Canned::start(move |_| xml_error(403, "AccessDenied", message)).await;
    let error = assume_role(&canned).await;
    assert_eq!(facts(&error), (AccessDenied, "AccessDenied", Some(403), Some("req-2"), false));
    assert_eq!((error.to_string().as_str(), error.operation), (message, "AssumeRole"));
    assert_eq!(error.connection, Some(parent()));
    assert_eq!(canned.requests().len(), 1, "a denial is not retried");
}

#[tokio::test]
async fn query_errors_are_classed_by_their_code() {
    for (status, code, kind) in [
        (400, "ValidationError", Invalid),
        (403, "ExpiredToken", Expired),
        (403, "InvalidClientTokenId", Expired),
        (403, "SignatureDoesNotMatch", Expired),
        (400, "MalformedPolicyDocument", Invalid),
        (400, "PackedPolicyTooLarge", Invalid),
    ] {
        let canned = Canned::start(move |_| xml_error(status, code, "a reason")).await;
        let error = assume_role(&canned).await;
        assert_eq!(facts(&error), (kind, code, Some(status), Some("req-2"), false), "{code}");
    }
}

#[tokio::test]
async fn a_wrong_signature_does_not_echo_the_request() {
    let canned = Canned::start(|_| {
        let message = "The request signature we calculated does not match the signature you provided. Check your key.\n\n\
                       The Canonical String for this request should have been\n'POST\nx-amz-security-token:SECRET'";
        xml_error(403, "SignatureDoesNotMatch", message)
    })
    .await;
    let error = assume_role(&canned).await;
    assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
    assert!(error.message.starts_with("The request signature we calculated does not match"), "{error}");
}

#[tokio::test]
async fn iam_writes_tell_conflicts_from_limits() {
    for (status, code, kind, retryable) in [
        (409, "EntityAlreadyExists", Conflict, false),
        (409, "DeleteConflict", Conflict, false),
        (409, "LimitExceeded", Invalid, false),
        (404, "NoSuchEntity", NotFound, false),
        (403, "AccessDenied", AccessDenied, false),
    ] {
        let canned = Canned::start(move |_| xml_error(status, code, "a reason")).await;
        let role = NewRole {
            name: role_name(),
            trust: "{}".into(),
            description: String::new(),
            max_session_seconds: 3600,
            tags: Default::default(),
        };
        let error = canned.gateways().await.iam.create_role(&parent(), &role).await.unwrap_err();
        assert_eq!(facts(&error), (kind, code, Some(status), Some("req-2"), retryable), "{code}");
        assert_eq!((error.operation, error.message.as_str()), ("CreateRole", "a reason"));
        let sent = &canned.requests()[0];
        assert_eq!(sent.parameter("Description"), None, "an empty description is left out");
        assert!(sent.header("authorization").unwrap().contains("/iam/aws4_request"));
    }
}

#[tokio::test]
async fn sagemaker_errors_are_classed_by_their_code() {
    for (status, code, message, kind) in [
        (400, "AccessDeniedException", "User: … is not authorized to perform: sagemaker:ListEndpoints", AccessDenied),
        (400, "UnrecognizedClientException", "The security token included in the request is invalid.", Expired),
        (400, "ExpiredTokenException", "The security token included in the request is expired", Expired),
        (400, "ValidationException", "1 validation error detected", Invalid),
    ] {
        let canned = Canned::start(move |_| json_error(status, code, message)).await;
        let error = canned.gateways().await.sagemaker.endpoints(&parent(), &ireland(), None, None).await.unwrap_err();
        assert_eq!(facts(&error), (kind, code, Some(status), Some("req-3"), false), "{code}");
        assert_eq!((error.message.as_str(), error.operation), (message, "ListEndpoints"));
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_no_error() {
    let canned = Canned::start(|_| {
        json_error(400, "ValidationException", "Could not find endpoint \"arn:aws:sagemaker:eu-west-1:1:endpoint/x\".")
    })
    .await;
    let name = EndpointName::parse("x").unwrap();
    let gateways = canned.gateways().await;
    assert_eq!(gateways.sagemaker.endpoint(&parent(), &ireland(), &name).await.unwrap(), None);
    assert_eq!(gateways.sagemaker.endpoint_detail(&parent(), &ireland(), &name).await.unwrap(), None);
}

#[tokio::test]
async fn throttling_is_retried_twice_and_then_told() {
    let canned = Canned::start(|_| json_error(400, "ThrottlingException", "Rate exceeded")).await;
    let error = canned.gateways().await.sagemaker.endpoints(&parent(), &ireland(), None, None).await.unwrap_err();
    assert_eq!(facts(&error), (Throttled, "ThrottlingException", Some(400), Some("req-3"), true));
    assert_eq!(canned.requests().len(), 3);
}

#[tokio::test]
async fn an_answer_that_is_no_aws_error_says_who_gave_it() {
    let canned =
        Canned::start(|_| Reply { status: 404, headers: vec![], body: "<html>nothing here</html>".into() }).await;
    let error = assume_role(&canned).await;
    assert_eq!((error.status, error.kind), (Some(404), Unavailable));
    assert!(error.message.contains(canned.url()), "{error}");
}

#[tokio::test]
async fn an_endpoint_where_nothing_listens_is_named() {
    let canned = Canned::start(|_| unreachable!("nobody is told this address")).await;
    canned.write("config", "[profile parent]\nregion = eu-west-1\nendpoint_url = http://user:pw@127.0.0.1:1\n");
    let error = assume_role(&canned).await;
    assert_eq!(facts(&error), (Unavailable, "", None, None, true));
    assert_eq!(error.message, "STS at `http://127.0.0.1:1` could not be reached: nothing listens there");
}

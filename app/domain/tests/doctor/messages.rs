//! Messages as they turn up: in logs, tracebacks, answers of other languages' SDKs, pasted out of web pages.

use domain::doctor::message::{self, Denied, MessageError, MessageKind, PolicyKind};
use domain::doctor::{Outcome, QuestionForm};

const CALLER: &str = "arn:aws:sts::222222222222:assumed-role/scoring-lambda/score";
const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/SageMakerExternal/SageMakerInvokeSession";
const ENDPOINT: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier";

fn parse(text: &str) -> Denied {
    message::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn assume() -> String {
    format!("User: {CALLER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}")
}

fn is_assume_denied(text: &str) {
    let denied = parse(text);
    assert_eq!(denied.kind, MessageKind::AccessDenied, "{text}");
    assert_eq!(denied.caller.as_ref().map(|arn| arn.as_str()), Some(CALLER), "{text}");
    assert_eq!(denied.action.as_deref(), Some("sts:AssumeRole"), "{text}");
    assert_eq!(denied.resource.as_ref().map(|arn| arn.as_str()), Some(ROLE), "{text}");
    assert_eq!((denied.service.as_deref(), denied.operation.as_deref()), (Some("sts"), Some("AssumeRole")), "{text}");
    assert_eq!(denied.reason, None, "{text}");
}

#[test]
fn a_denial_is_read_whatever_it_is_wrapped_in() {
    let denial = assume();
    let boto = format!("An error occurred (AccessDenied) when calling the AssumeRole operation: {denial}");
    let json = serde_json::json!({"errorMessage": boto, "errorType": "ClientError", "stackTrace": ["  File \"/var/task/a.py\""]});
    let twice = serde_json::Value::String(json.to_string()).to_string();
    for text in [
        denial.clone(),
        boto.clone(),
        format!("\n\naws: [ERROR]: {boto}\n"),
        format!(
            "[ERROR] ClientError: {boto}\nTraceback (most recent call last):\n  File \"/var/task/handler.py\", line 9, in lambda_handler\n    assumed = sts.assume_role(RoleArn=\"{ROLE}\")"
        ),
        format!("Traceback (most recent call last):\n  File \"x.py\", line 3\nbotocore.exceptions.ClientError: {boto}"),
        json.to_string(),
        serde_json::to_string_pretty(&json).unwrap(),
        twice,
        format!(
            "operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: 1a2b, api error AccessDenied: {denial}"
        ),
        format!(
            "{denial} (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; Request ID: 1a2b; Proxy: null)"
        ),
        format!("{denial} (Service: Sts, Status Code: 403, Request ID: 1a2b-3c4d)"),
        format!("AccessDenied: {denial}\n    at throwDefaultError (/var/runtime/node_modules/@aws-sdk/x.js:867:20)"),
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{denial}</Message></Error></ErrorResponse>"
        ),
        format!("&quot;errorMessage&quot;: &quot;{boto}&quot;,").replace(':', "&#58;"),
        format!("“{boto}”"),
        format!("\u{1b}[31m{boto}\u{1b}[0m"),
        denial.replace("is not authorized", "is not\n   authorized").replace("on resource", "on\r\nresource"),
        denial.replace("scoring-lambda", "scoring-\n    lambda"),
        format!("'{denial}'"),
        format!("{denial}."),
        denial.replace(' ', "\u{a0}"),
    ] {
        is_assume_denied(&text);
    }
}

#[test]
fn the_code_is_told_where_there_is_one() {
    for (text, code) in [
        (
            format!("An error occurred (AccessDenied) when calling the AssumeRole operation: {}", assume()),
            Some("AccessDenied"),
        ),
        (
            format!("{{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"{}\"}}", assume()),
            Some("AccessDeniedException"),
        ),
        (format!("<Code>AccessDenied</Code><Message>{}</Message>", assume()), Some("AccessDenied")),
        (assume(), None),
    ] {
        assert_eq!(parse(&text).code.as_deref(), code, "{text}");
    }
}

#[test]
fn awss_reason_is_read_in_every_form() {
    let start =
        format!("User: {SESSION} is not authorized to perform: sagemaker:InvokeEndpoint on resource: {ENDPOINT}");
    for (end, explicit, policy, sentence) in [
        (
            "because no identity-based policy allows the sagemaker:InvokeEndpoint action",
            false,
            PolicyKind::Identity,
            "no identity-based policy allows it",
        ),
        (
            "because no permissions boundary allows the sagemaker:InvokeEndpoint action",
            false,
            PolicyKind::Boundary,
            "no permissions boundary allows it",
        ),
        (
            "because no session policy allows the sagemaker:InvokeEndpoint action",
            false,
            PolicyKind::Session,
            "no session policy allows it",
        ),
        (
            "because no service control policy allows the sagemaker:InvokeEndpoint action",
            false,
            PolicyKind::ServiceControl,
            "no service control policy allows it",
        ),
        (
            "because no resource-based policy allows the sagemaker:InvokeEndpoint action",
            false,
            PolicyKind::Resource,
            "no resource-based policy allows it",
        ),
        (
            "because no VPC endpoint policy allows the sagemaker:InvokeEndpoint action",
            false,
            PolicyKind::VpcEndpoint,
            "no VPC endpoint policy allows it",
        ),
        (
            "with an explicit deny in an identity-based policy",
            true,
            PolicyKind::Identity,
            "an identity-based policy denies it",
        ),
        (
            "with an explicit deny in a service control policy",
            true,
            PolicyKind::ServiceControl,
            "a service control policy denies it",
        ),
        (
            "with an explicit deny in a\n  resource control policy",
            true,
            PolicyKind::ResourceControl,
            "a resource control policy denies it",
        ),
        (
            "with an explicit deny in a permissions boundary: arn:aws:iam::111111111111:policy/B",
            true,
            PolicyKind::Boundary,
            "a permissions boundary, `arn:aws:iam::111111111111:policy/B`, denies it",
        ),
    ] {
        let denied = parse(&format!("{start} {end}"));
        let reason = denied.reason.unwrap_or_else(|| panic!("{end}"));
        assert_eq!((reason.explicit, reason.policy), (explicit, policy), "{end}");
        assert_eq!(reason.sentence(), sentence);
        assert_eq!(denied.resource.as_ref().map(|arn| arn.as_str()), Some(ENDPOINT), "{end}");
        let wrapped = format!("{start} {end}").replace("churn-classifier", "churn-\nclassifier");
        assert_eq!(parse(&wrapped).resource.as_ref().map(|arn| arn.as_str()), Some(ENDPOINT), "{end}");
    }
}

#[test]
fn a_denied_assumption_fills_the_form_but_for_the_endpoint() {
    let denied = parse(&assume());
    let form = denied.form();
    assert_eq!((form.caller.as_str(), form.role.as_str()), (CALLER, ROLE));
    let missing: Vec<String> = denied.missing().into_iter().map(|one| one.field).collect();
    assert_eq!(missing, ["endpoint", "region"]);
}

#[test]
fn a_denied_invocation_fills_the_form_but_for_who_assumed_the_role() {
    let text = format!(
        "An error occurred (AccessDeniedException) when calling the InvokeEndpointWithResponseStream operation: User: {SESSION} is not authorized to perform: sagemaker:InvokeEndpointWithResponseStream on resource: {ENDPOINT} because no identity-based policy allows the sagemaker:InvokeEndpointWithResponseStream action"
    );
    let denied = parse(&text);
    let form = denied.form();
    assert_eq!((form.role.as_str(), form.endpoint.as_str()), (ROLE, ENDPOINT));
    assert_eq!((form.region.as_str(), form.action.as_str(), form.caller.as_str()), ("eu-west-1", "stream", ""));
    let missing: Vec<String> = denied.missing().into_iter().map(|one| one.field).collect();
    assert_eq!(missing, ["caller"]);
}

#[test]
fn what_the_message_leaves_out_keeps_what_was_typed() {
    let mut form = domain::doctor::QuestionForm {
        endpoint: "churn-classifier".into(),
        external_id: "sb-1".into(),
        ..Default::default()
    };
    parse(&assume()).fill(&mut form);
    assert_eq!(
        (form.endpoint.as_str(), form.external_id.as_str(), form.role.as_str()),
        ("churn-classifier", "sb-1", ROLE)
    );
}

#[test]
fn the_first_seeds_message_with_its_placeholders_gives_what_it_has() {
    let text = "\"errorMessage\": \"An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::<child account id>:assumed-role/ is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::<parent account id>:role/SageMakerExternal\",";
    let denied = parse(text);
    assert_eq!((denied.kind, denied.action.as_deref()), (MessageKind::AccessDenied, Some("sts:AssumeRole")));
    assert_eq!((denied.caller.clone(), denied.resource.clone()), (None, None));
    assert_eq!(denied.missing().len(), 4);
}

#[test]
fn a_message_is_a_call_of_the_handshake_it_tells_of() {
    let denied = parse(&assume());
    let call = denied.call().unwrap();
    assert_eq!(call.operation, "AssumeRole");
    assert!(matches!(&call.outcome, Outcome::Denied { message } if message.contains("sts:AssumeRole")));
    let mut form = QuestionForm { endpoint: "echo".into(), region: "eu-west-1".into(), ..denied.form() };
    assert!(denied.is_about(&form));
    form.caller = "arn:aws:iam::222222222222:user/analyst".into();
    assert!(!denied.is_about(&form), "somebody else's call is another one");

    let gone = parse(
        "An error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired",
    );
    let call = gone.call().unwrap();
    assert_eq!((call.operation.as_str(), matches!(call.outcome, Outcome::Failed { .. })), ("AssumeRole", true));
    let missing = parse(
        "An error occurred (ValidationError) when calling the InvokeEndpoint operation: Endpoint echo of account 222222222222 not found.",
    );
    assert_eq!(missing.call().unwrap().operation, "InvokeEndpoint");
    let other = parse(
        "User: arn:aws:iam::222222222222:user/analyst is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::222222222222:role/ because no identity-based policy allows the iam:ListRoles action",
    );
    assert_eq!(other.call(), None, "it has nothing to do with the handshake");
}

#[test]
fn a_denial_of_what_no_handshake_calls_is_said_to_be_out_of_scope() {
    let get = "User: arn:aws:iam::222222222222:user/analyst is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action";
    let boto = "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied";
    for (text, called) in [
        (get, "`s3:GetObject`"),
        (boto, "`GetObject`"),
        (
            "User: arn:aws:iam::222222222222:user/analyst is not authorized to perform: sagemaker:DescribeEndpoint on resource: arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo",
            "`sagemaker:DescribeEndpoint`",
        ),
    ] {
        let denied = parse(text);
        assert!(denied.is_beyond(), "{text}");
        assert_eq!(denied.call(), None, "{text}");
        let advice = denied.advice().unwrap_or_default();
        assert!(advice.starts_with(called) && advice.contains("no part of calling a shared endpoint"), "{advice}");
    }
    let assumed = parse(&assume());
    assert_eq!((assumed.is_beyond(), assumed.advice()), (false, None));
    assert!(!parse("An error occurred (AccessDenied): Access Denied").is_beyond(), "what was called is not said");
}

#[test]
fn what_the_model_said_is_a_part_of_the_message() {
    let said = |words: &str| {
        format!(
            "An error occurred (ModelError) when calling the InvokeEndpoint operation: Received client error (415) from primary with message \"{words}\""
        )
    };
    for words in ["unsupported content type", "{\"error\": \"unsupported\"}"] {
        let message = said(words);
        assert_eq!(parse(&message).text, message);
        assert_eq!(parse(&format!("\"{message}\", \"errorType\": \"ModelError\"")).text, message);
        let whole =
            format!("{message}. See https://console.aws.amazon.com/x in account 111111111111 for more information.");
        assert_eq!(parse(&whole).text, whole);
    }
}

#[test]
fn a_missing_endpoint_is_read_with_the_account_that_was_looked_in() {
    for text in [
        "An error occurred (ValidationError) when calling the InvokeEndpoint operation: Endpoint Churn-Classifier of account 222222222222 not found.",
        "{\"Message\":\"Endpoint Churn-Classifier of account\\n222222222222 not found.\"}",
    ] {
        let denied = parse(text);
        assert_eq!(denied.kind, MessageKind::EndpointNotFound);
        assert_eq!(denied.endpoint.as_ref().map(|name| name.as_str()), Some("Churn-Classifier"));
        assert_eq!(denied.account.as_ref().map(|account| account.as_str()), Some("222222222222"));
        assert_eq!(denied.form().endpoint, "Churn-Classifier");
        assert!(
            denied
                .advice()
                .is_some_and(|advice| advice.contains("account 222222222222, the account of the credentials"))
        );
    }
}

#[test]
fn other_failures_of_a_handshake_are_told_apart() {
    for (text, kind) in [
        (
            "An error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired",
            MessageKind::Expired,
        ),
        ("ExpiredTokenException: The security token included in the request is expired", MessageKind::Expired),
        (
            "An error occurred (InvalidClientTokenId) when calling the AssumeRole operation: The security token included in the request is invalid.",
            MessageKind::BadCredentials,
        ),
        (
            "An error occurred (SignatureDoesNotMatch) when calling the GetCallerIdentity operation",
            MessageKind::BadCredentials,
        ),
        (
            "An error occurred (ValidationError) when calling the AssumeRole operation: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            MessageKind::DurationOverMaximum,
        ),
        (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            MessageKind::DurationOfChain,
        ),
        (
            "An error occurred (AccessDenied) when calling the AssumeRole operation: Roles may not be assumed by root accounts.",
            MessageKind::RootCaller,
        ),
        ("botocore.exceptions.NoCredentialsError: Unable to locate credentials", MessageKind::NoCredentials),
        ("botocore.exceptions.NoRegionError: You must specify a region.", MessageKind::NoRegion),
        (
            "An error occurred (ModelError) when calling the InvokeEndpoint operation: Received client error (415) from primary with message \"unsupported\"",
            MessageKind::Model,
        ),
        ("An error occurred (AccessDenied) when calling the ListRoles operation", MessageKind::AccessDenied),
    ] {
        let denied = parse(text);
        assert_eq!(denied.kind, kind, "{text}");
        assert!(denied.advice().is_some(), "{text}");
    }
}

#[test]
fn an_unreachable_host_tells_region_and_endpoint() {
    let text = "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: \"https://runtime.sagemaker.eu-north-1.amazonaws.com/endpoints/churn-classifier/invocations\"";
    let denied = parse(text);
    assert_eq!(denied.kind, MessageKind::Unreachable);
    assert_eq!((denied.form().region.as_str(), denied.form().endpoint.as_str()), ("eu-north-1", "churn-classifier"));
}

#[test]
fn an_encoded_reason_is_handed_on_to_be_decoded() {
    let text = "An error occurred (UnauthorizedOperation) when calling the X operation: You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abc_123";
    let denied = parse(text);
    assert_eq!(denied.kind, MessageKind::Encoded);
    assert_eq!(denied.encoded.as_deref(), Some("4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abc_123"));
    assert!(denied.advice().is_some_and(|advice| advice.contains("decode-authorization-message")));
}

#[test]
fn a_principal_that_does_not_exist_is_named() {
    let text = "An error occurred (MalformedPolicyDocument) when calling the UpdateAssumeRolePolicy operation: Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:role/gone\"";
    for text in [text.to_owned(), serde_json::Value::String(text.into()).to_string()] {
        let denied = parse(&text);
        assert_eq!(denied.kind, MessageKind::InvalidPrincipal);
        assert_eq!(denied.principal.as_deref(), Some("arn:aws:iam::222222222222:role/gone"));
    }
}

#[test]
fn texts_that_say_nothing_are_refused_with_what_to_look_for() {
    assert_eq!(message::parse(" \n "), Err(MessageError::Empty));
    for text in ["hello", "Task timed out after 3.00 seconds", "{\"statusCode\": 200}"] {
        let error = message::parse(text).expect_err(text);
        assert!(matches!(error, MessageError::Unknown { .. }));
        assert!(error.hint().contains("is not authorized to perform"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_is_too_much(text in "(\\PC|\n|\\\\u|&#|User: |is not authorized to perform: | on resource: |because no |\"){0,60}") {
        let _ = message::parse(&text).map(|denied| (denied.form(), denied.missing(), denied.advice()));
    }
}

//! What was typed, and what is wrong with it at which field.

use crate::handshakes::patched;
use domain::arn::CallerArn;
use domain::doctor::{Question, QuestionForm};
use domain::evaluate::Principal;
use domain::names::ExternalId;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, ShareIntent};
use serde_json::json;

fn form() -> QuestionForm {
    QuestionForm {
        caller: "arn:aws:iam::222222222222:role/scoring-lambda".into(),
        role: "arn:aws:iam::111111111111:role/SageMakerExternal".into(),
        endpoint: "Churn-Classifier".into(),
        region: "eu-west-1".into(),
        ..QuestionForm::default()
    }
}

/// The fields that are found wrong.
fn wrong(form: QuestionForm) -> Vec<String> {
    let problems = form.parse().expect_err("something is wrong");
    assert!(problems.iter().all(|problem| !problem.message.ends_with('.') && problem.hint.is_some()), "{problems:?}");
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_question_has_the_endpoints_arn_in_lower_case_and_its_name_as_typed() {
    let question = form().parse().unwrap();
    assert_eq!(question.endpoint.arn.as_str(), "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier");
    assert_eq!(question.endpoint.called(), "Churn-Classifier");
}

#[test]
fn an_endpoints_arn_brings_its_region_and_says_nothing_of_the_names_case() {
    let arn = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/Churn-Classifier";
    let question = QuestionForm { endpoint: arn.into(), region: String::new(), ..form() }.parse().unwrap();
    assert_eq!(question.endpoint.region().as_str(), "eu-west-1");
    assert_eq!(question.endpoint.name, None);
}

#[test]
fn the_region_of_the_call_wins_over_the_region_of_the_arn() {
    let arn = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier";
    let question = QuestionForm { endpoint: arn.into(), region: "us-east-1".into(), ..form() }.parse().unwrap();
    assert_eq!(question.endpoint.arn.arn().region(), "us-east-1");
}

#[test]
fn every_wrong_answer_is_told_at_its_field() {
    for (field, form) in [
        ("caller", QuestionForm { caller: String::new(), ..form() }),
        ("caller", QuestionForm { caller: "222222222222".into(), ..form() }),
        ("caller", QuestionForm { caller: "scoring-lambda".into(), ..form() }),
        ("caller", QuestionForm { caller: "lambda.amazonaws.com".into(), ..form() }),
        ("caller", QuestionForm { caller: "*".into(), ..form() }),
        ("role", QuestionForm { role: "SageMakerExternal".into(), ..form() }),
        ("role", QuestionForm { role: "arn:aws:iam::111111111111:user/x".into(), ..form() }),
        ("role", QuestionForm { role: "arn:aws:sts::111111111111:assumed-role/SageMakerExternal/s".into(), ..form() }),
        ("endpoint", QuestionForm { endpoint: "churn_classifier".into(), ..form() }),
        ("endpoint", QuestionForm { endpoint: "arn:aws:s3:::bucket".into(), ..form() }),
        ("region", QuestionForm { region: "Ireland".into(), ..form() }),
        ("action", QuestionForm { action: "call".into(), ..form() }),
        ("external_id", QuestionForm { external_id: "x".into(), ..form() }),
        ("duration_seconds", QuestionForm { duration_seconds: "60".into(), ..form() }),
        ("duration_seconds", QuestionForm { duration_seconds: "1h".into(), ..form() }),
        ("session_policy", QuestionForm { session_policy: "{".into(), ..form() }),
        ("session_policy", QuestionForm { session_policy: format!("{{{}}}", " ".repeat(2100)), ..form() }),
    ] {
        assert_eq!(wrong(form), [field]);
    }
}

#[test]
fn a_session_policy_over_its_size_and_one_with_a_principal_are_refused() {
    let policy = |resource: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": resource}]});
    let long = policy(&format!("arn:aws:s3:::{}", "b".repeat(2048)));
    assert_eq!(wrong(QuestionForm { session_policy: long.to_string(), ..form() }), ["session_policy"]);
    let mut trust = policy("*");
    trust["Statement"][0]["Principal"] = json!("*");
    assert_eq!(wrong(QuestionForm { session_policy: trust.to_string(), ..form() }), ["session_policy"]);
}

#[test]
fn a_session_policys_fault_is_told_with_its_line_and_column() {
    for (text, place) in [
        ("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [}\n", "line 3, column 17"),
        (
            "{\"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Effect\": \"Allow\", \"Actions\": \"*\", \"Resource\": \"*\"}]}",
            "line 2, column",
        ),
        ("{\"Version\": \"2013-01-01\",\n \"Statement\": []}", "line 1, column"),
        ("[]", "line 1, column 1"),
    ] {
        let problems = QuestionForm { session_policy: text.into(), ..form() }.parse().unwrap_err();
        assert!(problems[0].message.contains(place), "{text}: {}", problems[0].message);
    }
}

#[test]
fn a_form_and_its_question_say_the_same() {
    let filled =
        QuestionForm { action: "stream".into(), external_id: "sb-1".into(), duration_seconds: "1800".into(), ..form() };
    assert_eq!(QuestionForm::of(&filled.parse().unwrap()), filled);
}

pub fn intent() -> ShareIntent {
    let caller = |name: &str| CallerArn::parse(&format!("arn:aws:iam::222222222222:role/{name}")).unwrap();
    let endpoint = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier".to_owned();
    ShareIntent {
        id: "share-1".parse().unwrap(),
        parent_side: ParentSide::Connected("parent".parse().unwrap()),
        parent: "111111111111".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        endpoints: EndpointScope::Named([endpoint.try_into().unwrap()].into()),
        child_connection: Some("child".parse().unwrap()),
        child: "222222222222".parse().unwrap(),
        callers: CallerScope::Named([caller("scoring-lambda"), caller("other")].into()),
        actions: [InvokeAction::Invoke].into(),
        policy_name: "SageMakerExternalInvokeEndpoint".parse().unwrap(),
        role_name: "SageMakerExternal".parse().unwrap(),
        session_seconds: 3600,
        external_id: Some(ExternalId::parse("sb-7f3c1d2e").unwrap()),
        grant_name: "AllowAssumeSagemakerExternalRole".parse().unwrap(),
        grantees: [caller("scoring-lambda")].into(),
        adopt: false,
        adopting: Default::default(),
        accepted: false,
        console: None,
        rotation: None,
        results: [].into(),
    }
}

#[test]
fn a_share_fills_the_form_and_asks_the_same_question() {
    let form = QuestionForm::of_share(&intent());
    let typed = form.parse().unwrap();
    assert_eq!(typed.caller_name(), "other");
    let caller = Principal::parse("arn:aws:iam::222222222222:role/other").unwrap();
    let asked = Question::of_share(&intent(), caller, "churn-classifier".parse().unwrap(), InvokeAction::Invoke);
    assert_eq!((typed.caller, typed.role, typed.external_id), (asked.caller, asked.role, asked.external_id));
    assert_eq!(typed.endpoint.arn, asked.endpoint.arn);
}

#[test]
fn what_a_share_leaves_out_of_a_call_is_told() {
    let asked = QuestionForm::of_share(&intent());
    let beyond = |form: QuestionForm| form.parse().unwrap().beyond(&intent()).unwrap_or_default();
    assert_eq!(beyond(asked.clone()), "");
    let stranger = QuestionForm { caller: "arn:aws:iam::222222222222:user/analyst".into(), ..asked.clone() };
    assert_eq!(beyond(stranger), "`analyst` is not among the callers of the share");
    let elsewhere = QuestionForm { endpoint: "not-shared".into(), ..asked.clone() };
    assert_eq!(beyond(elsewhere), "`not-shared` is not among the endpoints of the share");
    let another = QuestionForm { action: "async".into(), ..asked };
    assert_eq!(beyond(another), "the share does not allow `sagemaker:InvokeEndpointAsync`");
}

#[test]
fn a_share_for_whole_accounts_leaves_caller_and_endpoint_to_be_chosen() {
    let open = ShareIntent { endpoints: EndpointScope::All, callers: CallerScope::WholeAccount, ..intent() };
    assert_eq!(wrong(QuestionForm::of_share(&open)), ["caller", "endpoint"]);
}

#[test]
fn a_question_travels_to_the_browser_and_back() {
    let handshake = patched(&json!({"question": {"duration_seconds": "1800"}}));
    let text = serde_json::to_string(&handshake.question).unwrap();
    assert_eq!(serde_json::from_str::<Question>(&text).unwrap(), handshake.question);
    let text = serde_json::to_string(&handshake.evidence).unwrap();
    assert_eq!(serde_json::from_str::<domain::doctor::Evidence>(&text).unwrap(), handshake.evidence);
}

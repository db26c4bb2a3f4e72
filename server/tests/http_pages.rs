//! Pages as the server renders them: what the browser takes over must be exactly what it would have asked for.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::http::StatusCode;
use console::Under;
use domain::wizard::{CallersForm, ChildForm, EndpointsForm, ParentForm, StepForm};
use std::collections::HashSet;

const LAMBDA: &str = "arn:aws:iam::222222222222:role/scoring-lambda";
const ENDPOINT: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo";

/// A wizard answered up to its review; gives the addresses of its steps.
async fn answered(under: &Under) -> Vec<String> {
    let (services, operator) = (&under.console.state().services, &under.operator);
    let draft = services.start_draft(operator).await.unwrap();
    let role = services.draft(operator, &draft).await.unwrap().draft.role;
    for form in [
        StepForm::Parent(ParentForm { connection: "parent".into(), region: "eu-west-1".into() }),
        StepForm::Endpoints(EndpointsForm { scope: "named".into(), arns: vec![ENDPOINT.into()] }),
        StepForm::Callers(CallersForm {
            source: "connected".into(),
            connection: "child".into(),
            scope: "named".into(),
            arns: vec![LAMBDA.into()],
            console: "on".into(),
            ..CallersForm::default()
        }),
        StepForm::Role(role),
        StepForm::Child(ChildForm {
            grant_name: "AllowAssumeSagemakerExternalRole".into(),
            grantees: vec![LAMBDA.into()],
        }),
    ] {
        assert_eq!(services.save_step(operator, &draft, form).await.unwrap(), []);
    }
    ["parent", "endpoints", "callers", "role", "child", "review"]
        .map(|step| format!("/shares/new/{draft}/{step}"))
        .into()
}

/// The values that a page hands to the browser, as JSON in a script's string.
fn handed_over(html: &str) -> Vec<&str> {
    let scripts = html.split("__RESOLVED_RESOURCES[").skip(1);
    scripts.filter_map(|text| text.split_once("] = \"")?.1.split_once("\";").map(|(value, _)| value)).collect()
}

/// A resource that is made more than once while a page is rendered asks AWS more than once, and its values come under
/// other numbers than the browser counts to: then the page can't be taken over.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_asks_for_each_thing_once_and_hands_it_over() {
    let under = Under::test().await;
    let mut pages = answered(&under).await;
    pages.extend(
        ["/", "/shares", "/shares/import", "/accept", "/map", "/playground", "/accounts", "/activity"]
            .map(str::to_owned),
    );
    for path in pages {
        // How the parts of a page overtake each other differs from one time to the next.
        for _ in 0..5 {
            let answer = under.visit(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            let values = handed_over(&answer.body);
            assert!(values.len() >= 2, "{path}: the frame's and the page's own");
            assert!(values.iter().all(|value| value.starts_with(r#"{\"Ok\""#)), "{path}: {values:#?}");
            let distinct: HashSet<&&str> = values.iter().collect();
            assert_eq!(distinct.len(), values.len(), "{path}: a value came twice");
        }
    }
}

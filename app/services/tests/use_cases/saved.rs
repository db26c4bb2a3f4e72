//! Saved requests: kept, changed by one at a time, filled in, sent, exported and imported.

use crate::Bench;
use crate::invocations::shared;
use domain::invoke::{BodyEncoding, InvokeParams};
use domain::names::{SavedId, ShareId};
use domain::saved::{Import, SavedForm, VariableForm, parse_file};
use domain::share::intent::InvokeAction;
use services::{Imported, Operator, ServiceError};
use std::collections::BTreeMap;

async fn save(bench: &Bench, operator: &Operator, share: &ShareId, name: &str) -> Result<SavedId, ServiceError> {
    let body = r#"{"age": {{age}}, "plan": "{{plan}}"}"#;
    let params = InvokeParams::text(share.clone(), "Echo".parse().unwrap(), "application/json", body);
    bench.services.save_request(operator, params, InvokeAction::Invoke, name).await
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_saved_request_is_filled_in_and_sent() {
    let (bench, operator, share) = shared().await;
    let id = save(&bench, &operator, &share, "Score").await.unwrap();
    let refused = bench.services.invoke_saved(&operator, &id, &values(&[("age", "old"), ("plan", "a\nb")])).await;
    let Err(ServiceError::Invalid { problems }) = refused else { panic!("the values don't fit") };
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["values[age]", "values[plan]"]);
    let outcome = bench.services.invoke_saved(&operator, &id, &values(&[("age", "42"), ("plan", "a")])).await.unwrap();
    assert!(outcome.result.is_ok());
    bench.services.shutdown().await;
    let call = bench.memory.history.lock().unwrap().1[0].call.clone();
    assert_eq!(call.sent, r#"{"age": 42, "plan": "a"}"#.len());
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_once_for_an_endpoint_and_what_is_wrong_is_told() {
    let (bench, operator, share) = shared().await;
    save(&bench, &operator, &share, "Score").await.unwrap();
    for (name, field) in [("Score", "name"), ("  ", "name")] {
        let refused = save(&bench, &operator, &share, name).await;
        assert!(matches!(refused, Err(ServiceError::Invalid { problems }) if problems[0].field == field), "{name}");
    }
    let params = InvokeParams::text(share, "Echo".parse().unwrap(), "text/plain", "{{");
    let refused = bench.services.save_request(&operator, params, InvokeAction::Invoke, "Broken").await;
    assert!(matches!(refused, Err(ServiceError::Invalid { problems }) if problems[0].field == "body"));
}

#[tokio::test(start_paused = true)]
async fn of_two_changes_the_later_one_is_told() {
    let (bench, operator, share) = shared().await;
    let id = save(&bench, &operator, &share, "Score").await.unwrap();
    save(&bench, &operator, &share, "Other").await.unwrap();
    let view = bench.services.saved_request(&operator, &id).await.unwrap();
    let mut form = view.form.clone();
    form.variables[1] =
        VariableForm { kind: "choice".into(), choices: "basic\nplus".into(), ..form.variables[1].clone() };
    let changed = bench.services.update_saved(&operator, &id, view.version, &form).await.unwrap();
    assert_eq!(changed, []);
    let late = bench.services.update_saved(&operator, &id, view.version, &form).await;
    assert!(matches!(late, Err(ServiceError::Conflict { .. })));
    let taken = SavedForm { name: "Other".into(), ..form };
    let problems = bench.services.update_saved(&operator, &id, view.version + 1, &taken).await.unwrap();
    assert_eq!(problems[0].field, "name");
    let refused = bench.services.invoke_saved(&operator, &id, &values(&[("age", "1"), ("plan", "gold")])).await;
    assert!(matches!(refused, Err(ServiceError::Invalid { problems }) if problems[0].field == "values[plan]"));
}

#[tokio::test(start_paused = true)]
async fn what_was_exported_is_imported_beside_or_over_what_is_there() {
    let (bench, operator, share) = shared().await;
    let one = save(&bench, &operator, &share, "One").await.unwrap();
    save(&bench, &operator, &share, "Two").await.unwrap();
    let file = bench.services.export_saved(&operator, &[]).await.unwrap();
    assert_eq!(file.file_name, "saved-requests-2.json");
    assert!(!file.text.contains(share.as_str()), "the share is this console's own");
    bench.services.delete_saved(&operator, &one).await.unwrap();

    let lines = bench.services.look_at_import(&operator, &file.text).await.unwrap();
    let clashes: Vec<_> = lines.iter().map(|line| (line.saved.name.as_str(), line.clashes)).collect();
    let names = parse_file(&file.text).unwrap();
    assert_eq!((names.len(), clashes.contains(&("One", false)), clashes.contains(&("Two", true))), (2, true, true));
    let imported = bench.services.import_saved(&operator, &file.text, &Import::default()).await.unwrap();
    assert_eq!(imported, Imported { added: 2, replaced: 0 });
    let all = Import { replace: [0, 1].into() };
    let imported = bench.services.import_saved(&operator, &file.text, &all).await.unwrap();
    assert_eq!(imported, Imported { added: 0, replaced: 2 });
    let list = bench.services.saved_requests(&operator, "").await.unwrap();
    let mut names: Vec<_> = list.folders.iter().flat_map(|folder| &folder.requests).map(|r| r.name.clone()).collect();
    names.sort();
    assert_eq!(names, ["One", "Two", "Two (2)"]);
    let refused = bench.services.import_saved(&operator, "{\"sagebridge\": 7}", &all).await;
    assert!(matches!(refused, Err(ServiceError::Invalid { problems }) if problems[0].message.contains("line 1")));
}

#[tokio::test(start_paused = true)]
async fn a_saved_request_opens_as_a_new_one_with_its_defaults() {
    let (bench, operator, share) = shared().await;
    let id = save(&bench, &operator, &share, "Score").await.unwrap();
    let view = bench.services.saved_request(&operator, &id).await.unwrap();
    let mut form = view.form;
    form.variables[0].default = "30".into();
    bench.services.update_saved(&operator, &id, view.version, &form).await.unwrap();
    let again = bench.services.saved_as_request(&operator, &id).await.unwrap();
    assert_eq!(again.params.body, r#"{"age": 30, "plan": ""}"#);
    assert_eq!((again.params.encoding, again.params.through.share()), (BodyEncoding::Text, Some(&share)));
}

//! Batches over the real gateways and the sandbox: what comes out, what is counted, and what survives.

use crate::world::{World, endpoint_arn, open};
use domain::batch::{BatchForm, BatchState, BatchView};
use domain::names::BatchId;
use futures::StreamExt as _;
use serde_json::{Value, json};
use services::{Operator, ServiceError, Services};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

const DIRECT: &str = "direct/eu-west-1/parent";

/// A file in parts, as a browser sends one.
async fn uploaded(services: &Services, operator: &Operator, name: &str, text: &str) -> BatchId {
    let mut upload = services.begin_upload(operator, name).await.unwrap();
    for part in text.as_bytes().chunks(1000) {
        upload.write(part).await.unwrap();
    }
    upload.finish().await.unwrap()
}

async fn started(services: &Services, operator: &Operator, id: &BatchId, change: impl FnOnce(&mut BatchForm)) {
    let mut form = services.batch(operator, id).await.unwrap().form;
    (form.through, form.endpoint) = (DIRECT.into(), "echo".into());
    form.stop_after = "0".into();
    change(&mut form);
    assert_eq!(services.start_batch(operator, id, form).await.unwrap(), []);
}

/// Follows a batch until it is so.
async fn until(services: &Services, operator: &Operator, id: &BatchId, so: impl Fn(&BatchView) -> bool) -> BatchView {
    let seen = services.watch_batch(operator, id).await.unwrap();
    let mut seen = std::pin::pin!(seen);
    while let Some(view) = seen.next().await {
        if so(&view) {
            return view;
        }
    }
    panic!("it never was: {:?}", services.batch(operator, id).await.unwrap());
}

async fn rested(services: &Services, operator: &Operator, id: &BatchId) -> BatchView {
    until(services, operator, id, |view| !view.state.is_going()).await
}

async fn result(services: &Services, operator: &Operator, id: &BatchId) -> String {
    let mut download = services.batch_result(operator, id).await.unwrap();
    let mut text = String::new();
    download.file.read_to_string(&mut text).await.unwrap();
    assert_eq!(text.len() as u64, download.bytes);
    text
}

/// `id,text,fault`: every hundredth row makes the model fail.
fn rows(count: usize) -> String {
    let row = |n: usize| {
        format!("{n},\"value {n}, \"\"quoted\"\"\",{}\n", if n.is_multiple_of(100) { "status=400" } else { "" })
    };
    std::iter::once("id,text,fault\n".to_owned()).chain((1..=count).map(row)).collect()
}

/// What the rows come to, but for the milliseconds.
fn assert_exact(result: &str, count: usize) {
    let mut lines = result.lines();
    assert_eq!(lines.next(), Some("id,text,fault,prediction,status,error,ms"));
    for n in 1..=count {
        let line = lines.next().unwrap();
        let (rest, ms) = line.rsplit_once(',').unwrap();
        assert!(ms.parse::<u64>().is_ok(), "{line}");
        let text = format!("\"value {n}, \"\"quoted\"\"\"");
        // Echo answers with the row, which is one field of CSV.
        if n.is_multiple_of(100) {
            let begin = format!("{n},{text},status=400,,400,");
            assert!(rest.starts_with(&begin) && rest.contains("ModelError: "), "{line}");
        } else {
            assert_eq!(rest, format!("{n},{text},,{text},200,"));
        }
    }
    assert_eq!(lines.next(), None);
}

fn only_the_text(form: &mut BatchForm) {
    form.columns = vec!["1".into()];
    form.custom_attributes = "{{fault}}".into();
    form.at_once = "16".into();
    form.tries = "10".into();
}

async fn slow(world: &World, ms: u64) {
    let effect = json!({ "kind": "latency", "ms": ms });
    world.fault(json!({ "service": "runtime", "operation": "InvokeEndpoint", "effect": effect })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_rows_keep_their_order_and_failed_ones_stand_in_their_places() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let throttle = json!({ "kind": "throttle" });
    world.fault(json!({ "service": "runtime", "operation": "InvokeEndpoint", "effect": throttle, "times": 25 })).await;
    let id = uploaded(services, operator, "customers.csv", &rows(2000)).await;
    let looked = services.batch(operator, &id).await.unwrap();
    assert_eq!((looked.state, looked.rows(), looked.file.first.len()), (BatchState::Ready, 2000, 3));
    started(services, operator, &id, only_the_text).await;
    let done = rested(services, operator, &id).await;
    assert_eq!((done.state, done.done, done.failed, done.retried), (BatchState::Done, 2000, 20, 25), "{done:?}");
    assert_exact(&result(services, operator, &id).await, 2000);
    assert_eq!(world.calls("InvokeEndpoint").await, 2025);
    let errors = services.batch_errors(operator, &id, 0).await.unwrap();
    assert_eq!(errors.iter().map(|error| error.row).collect::<Vec<_>>(), (1..=20).map(|n| n * 100).collect::<Vec<_>>());
    assert_eq!(services.batch_errors(operator, &id, 1900).await.unwrap().len(), 1);
    let trail = services.activity(operator, None, 10).await.unwrap().items;
    assert!(trail.iter().any(|entry| entry.what == format!("finished batch {id}")), "{trail:?}");
    assert!(!serde_json::to_string(&trail).unwrap().contains("value 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_waits_for_what_is_under_way_and_going_on_doubles_nothing() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    slow(&world, 100).await;
    let id = uploaded(services, operator, "a.csv", &rows(400)).await;
    started(services, operator, &id, only_the_text).await;
    until(services, operator, &id, |view| view.done >= 20).await;
    services.pause_batch(operator, &id).await.unwrap();
    let paused = rested(services, operator, &id).await;
    assert_eq!((paused.state, paused.why), (BatchState::Paused, None));
    assert!((20..400).contains(&paused.done), "{}", paused.done);
    assert_eq!(world.calls("InvokeEndpoint").await, paused.done);
    assert_eq!(result(services, operator, &id).await.lines().count() as u64, paused.done + 1);
    world.no_faults().await;
    services.resume_batch(operator, &id).await.unwrap();
    let done = rested(services, operator, &id).await;
    assert_eq!((done.state, done.done, done.failed), (BatchState::Done, 400, 4));
    assert_exact(&result(services, operator, &id).await, 400);
    assert_eq!(world.calls("InvokeEndpoint").await, 400);
    assert!(services.resume_batch(operator, &id).await.is_err(), "there is nothing left to go on with");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_on_after_the_console_was_stopped() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    slow(&world, 100).await;
    let id = uploaded(services, operator, "a.csv", &rows(300)).await;
    started(services, operator, &id, only_the_text).await;
    until(services, operator, &id, |view| view.done >= 20).await;
    services.shutdown().await;
    world.no_faults().await;
    let (next, operator) = world.restarted().await;
    next.resume_batches().await.unwrap();
    let done = rested(&next, &operator, &id).await;
    assert_eq!((done.state, done.done, done.failed), (BatchState::Done, 300, 3));
    assert_exact(&result(&next, &operator, &id).await, 300);
    assert_eq!(world.calls("InvokeEndpoint").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_repeats_no_more_than_was_under_way() {
    let world = World::new().await;
    slow(&world, 100).await;
    let (gateways, path) = (world.gateways.clone(), world.store());
    // A process of its own, as far as tasks are concerned: they end where they stand.
    let id = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let id = runtime.block_on(async {
            let (services, operator) = open(&gateways, &path).await;
            let id = uploaded(&services, &operator, "a.csv", &rows(300)).await;
            started(&services, &operator, &id, only_the_text).await;
            until(&services, &operator, &id, |view| view.done >= 40).await;
            id
        });
        runtime.shutdown_timeout(Duration::ZERO);
        id
    })
    .await
    .unwrap();
    world.no_faults().await;
    let (services, operator) = world.restarted().await;
    let written = result(&services, &operator, &id).await.lines().count() as u64 - 1;
    assert!(written >= 40, "{written}");
    // But for the last ones, which may be on their way, every call that was begun has been counted.
    let begun = world.calls("InvokeEndpoint").await + 16;
    services.resume_batches().await.unwrap();
    let done = rested(&services, &operator, &id).await;
    assert_eq!((done.state, done.done, done.failed), (BatchState::Done, 300, 3));
    assert_exact(&result(&services, &operator, &id).await, 300);
    let calls = world.calls("InvokeEndpoint").await;
    assert!((300..=begun + 300 - written).contains(&calls), "{calls} calls, {written} rows written before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_takes_long_holds_up_no_other_and_keeps_its_place() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let others = (2..=300).map(|n| format!("{n},\"value {n}, \"\"quoted\"\"\",\n"));
    // Long enough to be seen while the others overtake it.
    let text: String = ["id,text,fault\n1,slow,sleep-ms=4000\n".to_owned()].into_iter().chain(others).collect();
    let id = uploaded(services, operator, "a.csv", &text).await;
    started(services, operator, &id, only_the_text).await;
    let seen = until(services, operator, &id, |view| view.ahead > 64).await;
    assert_eq!((seen.done, seen.failed, seen.answered()), (0, 0, seen.ahead), "nothing is written before its turn");
    let done = rested(services, operator, &id).await;
    assert_eq!((done.state, done.done, done.failed), (BatchState::Done, 300, 0));
    let text = result(services, operator, &id).await;
    assert!(text.lines().nth(1).unwrap().starts_with("1,slow,sleep-ms=4000,"), "{text}");
    for (at, line) in text.lines().skip(2).enumerate() {
        assert!(line.starts_with(&format!("{},", at + 2)), "{line}");
    }
    assert_eq!(world.calls("InvokeEndpoint").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_row_would_meet_pauses_the_batch_and_costs_no_row() {
    let world = World::new().await;
    let arns = vec![endpoint_arn("echo")];
    let share = world.applied(&world.draft(|answers| answers.endpoints.arns.clone_from(&arns)).await).await;
    let (services, operator) = (&world.services, &world.operator);
    let denied = json!({ "kind": "error", "status": 403, "code": "AccessDeniedException", "message": "not you" });
    world.fault(json!({ "service": "runtime", "operation": "InvokeEndpoint", "effect": denied })).await;
    let id = uploaded(services, operator, "a.csv", &rows(50)).await;
    let through = |form: &mut BatchForm| {
        only_the_text(form);
        form.through = share.to_string();
    };
    started(services, operator, &id, through).await;
    let paused = rested(services, operator, &id).await;
    assert_eq!((paused.state, paused.done, paused.failed), (BatchState::Paused, 0, 0));
    assert!(paused.why.is_some(), "it says why");
    world.no_faults().await;
    world.control("DELETE", "/counters", Value::Null).await;
    services.resume_batch(operator, &id).await.unwrap();
    let done = rested(services, operator, &id).await;
    assert_eq!((done.state, done.done, done.failed, done.why), (BatchState::Done, 50, 0, None));
    assert!(world.calls("AssumeRole").await <= 1, "the role's credentials are shared by all rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_one_after_another_pause_it() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let id = uploaded(services, operator, "a.csv", &rows(200)).await;
    let failing = |form: &mut BatchForm| {
        only_the_text(form);
        (form.custom_attributes, form.stop_after, form.at_once) = ("status=422".into(), "5".into(), "2".into());
    };
    started(services, operator, &id, failing).await;
    let paused = rested(services, operator, &id).await;
    assert_eq!(paused.state, BatchState::Paused);
    assert!(paused.why.is_some_and(|why| why.message.starts_with("5 rows failed one after another")));
    assert!((5..200).contains(&paused.done), "{}", paused.done);
    assert_eq!(paused.failed, paused.done);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_go_as_they_are_or_through_a_body_of_ones_own() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let lines = "{\"id\": 1, \"q\": \"a \\\"b\\\"\"}\nnot json\n{\"id\": 3}\n";
    let id = uploaded(services, operator, "rows.jsonl", lines).await;
    started(services, operator, &id, |_| {}).await;
    let done = rested(services, operator, &id).await;
    assert_eq!((done.state, done.done, done.failed), (BatchState::Done, 3, 1), "{done:?}");
    let text = result(services, operator, &id).await;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = json!({ "id": 1, "q": "a \"b\"" });
    assert_eq!((&rows[0]["row"], &rows[0]["input"], &rows[0]["output"]), (&json!(1), &first, &first));
    assert_eq!(
        (&rows[1]["input"], &rows[1]["output"], &rows[1]["status"]),
        (&json!("not json"), &Value::Null, &Value::Null)
    );
    assert!(rows[1]["error"].as_str().unwrap().starts_with("the row is not JSON"));
    assert_eq!(
        (&rows[2]["output"], &rows[2]["status"], &rows[2]["error"]),
        (&json!({ "id": 3 }), &json!(200), &Value::Null)
    );
    let again = uploaded(services, operator, "rows.jsonl", lines).await;
    let template = |form: &mut BatchForm| form.template = "{\"inputs\": \"<{{q}}>\", \"n\": {{id}}}".into();
    started(services, operator, &again, template).await;
    rested(services, operator, &again).await;
    let text = result(services, operator, &again).await;
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["output"], json!({ "inputs": "<a \"b\">", "n": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_model_scores_a_file() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let header = "id,a,b,c,d,e,f,g,h,i\n";
    let text: String = (1..=50).map(|n| format!("{n},5,0,0,268.4,{n},74.9,201.3,4,13.2\n")).collect();
    let id = uploaded(services, operator, "churn.csv", &format!("{header}{text}")).await;
    let without_id = |form: &mut BatchForm| {
        form.endpoint = "churn-classifier".into();
        form.columns.remove(0);
    };
    started(services, operator, &id, without_id).await;
    let done = rested(services, operator, &id).await;
    assert_eq!((done.state, done.done, done.failed), (BatchState::Done, 50, 0), "{done:?}");
    for (at, line) in result(services, operator, &id).await.lines().skip(1).enumerate() {
        let fields: Vec<_> = line.split(',').collect();
        assert_eq!(fields[0], (at + 1).to_string());
        assert!(fields[10].parse::<f64>().is_ok_and(|score| (0.0..=1.0).contains(&score)), "{line}");
        assert_eq!(fields[11], "200");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_or_over_its_time_leaves_nothing() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let folder = world.folder.path().join("batches");
    let files = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let gone = uploaded(services, operator, "a.csv", &rows(5)).await;
    let old = uploaded(services, operator, "b.csv", &rows(5)).await;
    assert_eq!(files(), 2);
    services.delete_batch(operator, &gone).await.unwrap();
    assert!(matches!(services.batch(operator, &gone).await, Err(ServiceError::NotFound { .. })));
    let expires = services.batch(operator, &old).await.unwrap().expires;
    assert_eq!(services.expire_batches(expires.plus_ms(-1)).await.unwrap(), 0);
    assert_eq!(services.expire_batches(expires).await.unwrap(), 1);
    assert_eq!((files(), services.batches(operator).await.unwrap().len()), (0, 0));
    // What was given up midway, too.
    let mut upload = services.begin_upload(operator, "c.csv").await.unwrap();
    upload.write(b"a,b\n").await.unwrap();
    drop(upload);
    let empty = services.begin_upload(operator, "d.csv").await.unwrap().finish().await;
    assert!(matches!(empty, Err(ServiceError::Invalid { .. })), "{empty:?}");
    assert_eq!(files(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_right_is_kept_as_typed_and_nothing_is_sent() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let id = uploaded(services, operator, "a.csv", &rows(5)).await;
    let form = BatchForm { at_once: "many".into(), ..services.batch(operator, &id).await.unwrap().form };
    let problems = services.start_batch(operator, &id, form.clone()).await.unwrap();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["through", "endpoint", "at_once"]);
    let kept = services.batch(operator, &id).await.unwrap();
    assert_eq!((kept.state, kept.form), (BatchState::Ready, form));
    assert_eq!(world.calls("InvokeEndpoint").await, 0);
}

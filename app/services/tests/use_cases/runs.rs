//! Runs: what happens to one when whoever started it goes away, or the store fails between two writes.

use crate::Bench;
use domain::names::{DraftId, RunId};
use domain::run::{RunState, StepState};
use domain::share::view::ShareState;
use domain::share::view::UndoConsent;
use domain::wizard::{CallersForm, ChildForm, EndpointsForm, ParentForm, StepForm};
use futures::StreamExt as _;
use services::{Operator, ServiceError};
use std::sync::atomic::Ordering;
use std::time::Duration;

const LAMBDA: &str = "arn:aws:iam::222222222222:role/scoring-lambda";
const ENDPOINT: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo";
/// Longer than a write takes to begin, and shorter than it takes to end.
const IMPATIENT: Duration = Duration::from_millis(50);
const SLOW: Duration = Duration::from_millis(100);

/// A draft that is ready to be applied, and its fingerprint.
async fn ready() -> (Bench, Operator, DraftId, String) {
    let bench = Bench::new();
    let operator = bench.operator().await;
    let draft = bench.services.start_draft(&operator).await.unwrap();
    let role = bench.services.draft(&operator, &draft).await.unwrap().draft.role;
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
        StepForm::Child(ChildForm { grant_name: "AllowAssume".into(), grantees: vec![LAMBDA.into()] }),
    ] {
        assert_eq!(bench.services.save_step(&operator, &draft, form).await.unwrap(), []);
    }
    let fingerprint = bench.services.review(&operator, &draft).await.unwrap().fingerprint;
    (bench, operator, draft, fingerprint)
}

/// The newest run, once there are `count` of them and it has ended. Waits by tokio's clock, which does not really wait.
async fn ended(bench: &Bench, count: usize) -> (RunId, RunState) {
    for _ in 0..1000 {
        let newest = {
            let runs = bench.memory.runs.lock().unwrap();
            runs.values().next_back().filter(|_| runs.len() == count).map(|run| (run.id.clone(), run.state))
        };
        match newest {
            // The lease goes when everything else is written.
            Some((run, state)) if state != RunState::Running && bench.memory.leases.lock().unwrap().is_empty() => {
                return (run, state);
            }
            _ => tokio::time::sleep(SLOW).await,
        }
    }
    panic!("there are not {count} runs that have ended");
}

fn slow(bench: &Bench) {
    *bench.memory.slow.lock().unwrap() = SLOW;
}

fn state(bench: &Bench) -> ShareState {
    bench.memory.shares.lock().unwrap().values().next().unwrap().value.state
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_leaves_while_an_apply_or_an_undo_is_written_stops_neither() {
    let (bench, operator, draft, fingerprint) = ready().await;
    slow(&bench);
    let apply = bench.services.apply(&operator, &draft, &fingerprint);
    assert!(tokio::time::timeout(IMPATIENT, apply).await.is_err(), "the request was dropped in the midst of it");
    let (_, ran) = ended(&bench, 1).await;
    assert_eq!((ran, state(&bench)), (RunState::Succeeded, ShareState::Applied));

    let share = bench.services.draft(&operator, &draft).await.unwrap().draft.share;
    assert!(
        tokio::time::timeout(IMPATIENT, bench.services.undo(&operator, &share, &UndoConsent::default())).await.is_err()
    );
    let (_, ran) = ended(&bench, 2).await;
    assert_eq!((ran, state(&bench)), (RunState::Succeeded, ShareState::Undone));
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_leaves_while_a_retry_is_written_does_not_stop_it() {
    let (bench, operator, draft, fingerprint) = ready().await;
    *bench.cloud.denies.lock().unwrap() = Some("create_role");
    let run = bench.services.apply(&operator, &draft, &fingerprint).await.unwrap().run.unwrap();
    assert_eq!(ended(&bench, 1).await, (run.clone(), RunState::Failed));
    *bench.cloud.denies.lock().unwrap() = None;
    slow(&bench);
    assert!(tokio::time::timeout(IMPATIENT, bench.services.retry_run(&operator, &run)).await.is_err());
    while bench.services.run(&operator, &run).await.unwrap().state == RunState::Failed {
        tokio::time::sleep(SLOW).await;
    }
    assert_eq!(ended(&bench, 1).await, (run, RunState::Succeeded));
    assert_eq!(state(&bench), ShareState::Applied);
}

#[tokio::test(start_paused = true)]
async fn a_share_that_cant_be_written_leaves_no_run_in_the_way() {
    let (bench, operator, draft, fingerprint) = ready().await;
    bench.memory.breaks.lock().unwrap().insert("shares", 1);
    let refused = bench.services.apply(&operator, &draft, &fingerprint).await;
    assert!(matches!(refused, Err(ServiceError::Store(_))), "{refused:?}");
    assert_eq!(ended(&bench, 1).await.1, RunState::Failed);
    bench.services.apply(&operator, &draft, &fingerprint).await.unwrap();
    assert_eq!(ended(&bench, 2).await.1, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_leaves_while_a_verification_is_noted_does_not_stop_it() {
    let (bench, operator, draft, fingerprint) = ready().await;
    bench.services.apply(&operator, &draft, &fingerprint).await.unwrap();
    assert_eq!(ended(&bench, 1).await.1, RunState::Succeeded);
    let share = bench.services.draft(&operator, &draft).await.unwrap().draft.share;
    // An audit trail so far behind that callers wait for it.
    let quiet = bench.memory.quiet.lock().await;
    while tokio::time::timeout(IMPATIENT, bench.cookie()).await.is_ok() {}
    assert!(tokio::time::timeout(IMPATIENT, bench.services.verify(&operator, &share)).await.is_err());
    drop(quiet);
    let seen = bench.services.watch_verification(&operator, &share).await.unwrap();
    let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await;
    assert!(last.is_some_and(|view| !view.running), "the proofs were made");
    assert!(bench.services.verify(&operator, &share).await.unwrap().running, "and can be made again");
}

fn moved(bench: &Bench, connection: &'static str) {
    bench.cloud.moved.lock().unwrap().insert(connection, "999999999999");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_leads_elsewhere_is_neither_reviewed_nor_applied_nor_undone() {
    let (bench, operator, draft, fingerprint) = ready().await;
    for (connection, account) in [("parent", "111111111111"), ("child", "222222222222")] {
        moved(&bench, connection);
        let expected = format!(
            "connection `{connection}` now leads to account 999999999999, and the share is of account {account}"
        );
        let review = bench.services.review(&operator, &draft).await.unwrap_err();
        assert!(matches!(review, ServiceError::Conflict { .. }));
        assert_eq!(review.to_string(), expected);
        let apply = bench.services.apply(&operator, &draft, &fingerprint).await.unwrap_err();
        assert_eq!(apply.to_string(), expected);
        bench.cloud.moved.lock().unwrap().clear();
    }
    assert_eq!(bench.cloud.changes.load(Ordering::SeqCst), 0);

    bench.services.apply(&operator, &draft, &fingerprint).await.unwrap();
    assert_eq!(ended(&bench, 1).await.1, RunState::Succeeded);
    moved(&bench, "child");
    let share = bench.services.draft(&operator, &draft).await.unwrap().draft.share;
    let undo = bench.services.undo(&operator, &share, &UndoConsent::default()).await.unwrap_err();
    assert!(undo.to_string().contains("connection `child` now leads to account 999999999999"), "{undo}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_on_later_changes_nothing_in_another_account() {
    let (bench, operator, draft, fingerprint) = ready().await;
    *bench.cloud.denies.lock().unwrap() = Some("create_role");
    let run = bench.services.apply(&operator, &draft, &fingerprint).await.unwrap().run.unwrap();
    assert_eq!(ended(&bench, 1).await.1, RunState::Failed);
    *bench.cloud.denies.lock().unwrap() = None;
    moved(&bench, "parent");
    let before = bench.cloud.changes.load(Ordering::SeqCst);

    bench.services.retry_run(&operator, &run).await.unwrap();
    assert_eq!(ended(&bench, 1).await.1, RunState::Failed);
    // As a process that died in the midst of it would have left it.
    bench.memory.runs.lock().unwrap().values_mut().for_each(|run| {
        run.state = RunState::Running;
        run.steps.iter_mut().filter(|s| s.state == StepState::Failed).for_each(|s| s.state = StepState::Running);
    });
    bench.services.resume_runs().await.unwrap();
    assert_eq!(ended(&bench, 1).await.1, RunState::Failed);

    assert_eq!(bench.cloud.changes.load(Ordering::SeqCst), before);
    let view = bench.services.run(&operator, &run).await.unwrap();
    let error = view.steps.iter().find_map(|step| step.error.clone()).unwrap();
    assert_eq!((error.code.as_str(), error.retryable), ("OtherAccount", false));
    assert!(error.message.contains("`parent` now leads to account 999999999999"), "{}", error.message);

    bench.cloud.moved.lock().unwrap().clear();
    bench.services.retry_run(&operator, &run).await.unwrap();
    assert_eq!(ended(&bench, 1).await.1, RunState::Succeeded);
}

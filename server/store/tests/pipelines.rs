//! The stores of pipelines over a real file: what is written comes back, two writers never overwrite each other unseen,
//! and a database from before there were pipelines is brought up to date.
#![allow(clippy::unwrap_used, missing_docs)]

use domain::arn::CallerArn;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::apply::{Base, Part, making};
use domain::pipeline::data::{Channel, ChannelFile, Layout, Prepared, Tally};
use domain::pipeline::draft::{PipelineDraft, PipelineStep, Uploaded};
use domain::pipeline::hyperparameters::{Hyperparameters, Objective};
use domain::pipeline::intent::{Deployment, PipelineIntent, Place, Source, Training, Update};
use domain::pipeline::observed::StackEvent;
use domain::pipeline::view::{PipelineRunKind, PipelineStatus, PipelineStepView, Progress};
use domain::run::{RunState, StepError, StepState};
use domain::time::Timestamp;
use services::ports::store::{PipelineRecord, PipelineRunRecord, PipelineStores, StoreError, Table};
use sqlx::Connection as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{Opened, open, open_all};

const NOON: Timestamp = Timestamp(1_000_000);

async fn fresh() -> (tempfile::TempDir, PipelineStores) {
    let folder = tempfile::tempdir().unwrap();
    let Opened { pipelines, .. } = open_all(&folder.path().join("sagebridge.db")).await.unwrap();
    (folder, pipelines)
}

fn pipeline(id: &str) -> PipelineId {
    PipelineId::parse(id).unwrap()
}

fn draft(id: &str) -> PipelineDraft {
    PipelineDraft::new(DraftId::parse(id).unwrap(), pipeline("p1"), "eu-west-1")
}

fn place(name: &str, account: &str) -> Place {
    Place { connection: name.parse().unwrap(), account: account.parse().unwrap() }
}

fn intent() -> PipelineIntent {
    PipelineIntent {
        prefix: "churn".to_owned().try_into().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        shared_services: place("shared", "111111111111"),
        training_account: place("training", "222222222222"),
        production: place("production", "333333333333"),
        administrator: CallerArn::parse("arn:aws:iam::111111111111:role/admin").unwrap(),
        bucket: "churn-111111111111-eu-west-1".into(),
        source: Source::Repository { name: "churn".into(), branch: "main".into() },
        training: Training {
            version: Default::default(),
            instance_type: "ml.m5.large".into(),
            instance_count: 1,
            volume_gigabytes: 10,
            max_seconds: 3600,
            hyperparameters: Hyperparameters::usual(Objective::Binary),
        },
        deployment: Deployment {
            endpoint: "churn".parse().unwrap(),
            instance_type: "ml.m5.large".into(),
            instance_count: 2,
            update: Update::Canary,
            wait_seconds: 120,
            alarms: true,
        },
    }
}

fn table() -> Table {
    let columns = vec!["Kündigt".to_owned(), "Alter, in Jahren".to_owned()];
    let layout = Layout {
        columns: columns.clone(),
        header: true,
        label: 0,
        left_out: BTreeSet::from([1]),
        objective: Objective::Binary,
        classes: None,
        validation_percent: 20,
        // More than a number in JavaScript holds.
        seed: u64::MAX,
    };
    let tally = Tally { train: 80, validation: 20, labels: BTreeMap::from([("1".into(), 9)]), ..Default::default() };
    let file = |bytes| ChannelFile { bytes, sha256: "ab".repeat(32) };
    let files = BTreeMap::from([(Channel::Train, file(800)), (Channel::Validation, file(200))]);
    Table {
        form: draft("d1").data,
        uploaded: Uploaded { file: "kunden \"neu\".csv".into(), bytes: 1_000, columns },
        prepared: Prepared { layout, tally, files },
    }
}

fn outputs() -> BTreeMap<Part, BTreeMap<String, String>> {
    Part::ALL.into_iter().map(|part| (part, BTreeMap::from([("KeyArn".to_owned(), format!("{part:?}"))]))).collect()
}

fn record(id: &str, created: i64) -> PipelineRecord {
    PipelineRecord {
        id: pipeline(id),
        intent: intent(),
        status: PipelineStatus::Ready,
        table: table(),
        outputs: outputs(),
        rules: Default::default(),
        started: BTreeMap::from([("execution-1".into(), "session 3f2a".into())]),
        created: Timestamp(created),
        by: "session 3f2a".into(),
        last_run: Some(RunId::parse("r1").unwrap()),
    }
}

fn run(id: &str, of: &str, started: i64, state: RunState, revision: u64) -> PipelineRunRecord {
    let plan = making(&intent(), Base::Nothing);
    let event = StackEvent {
        id: "e1".into(),
        at: NOON,
        logical_id: "Bucket".into(),
        physical_id: None,
        resource_type: "AWS::S3::Bucket".into(),
        status: "CREATE_FAILED".into(),
        reason: Some("it's taken".into()),
    };
    let error = StepError {
        code: "CREATE_FAILED".into(),
        message: "it's taken".into(),
        hint: String::new(),
        request_id: None,
        retryable: true,
    };
    let step = |step: &domain::pipeline::apply::Step| PipelineStepView {
        id: step.id.clone(),
        title: step.title.clone(),
        lane: step.lane,
        account: step.account.clone(),
        state: StepState::Failed,
        attempts: 2,
        started: Some(NOON),
        took_ms: Some(12),
        note: Some("a try".into()),
        error: Some(error.clone()),
        progress: Some(Progress { done: 1, all: None }),
        events: vec![event.clone()],
    };
    PipelineRunRecord {
        id: RunId::parse(id).unwrap(),
        pipeline: pipeline(of),
        kind: PipelineRunKind::Apply,
        state,
        intent: intent(),
        table: table(),
        steps: plan.steps.iter().map(step).collect(),
        plan,
        outputs: outputs(),
        by: "session 3f2a".into(),
        started: Timestamp(started),
        finished: None,
        revision,
    }
}

fn ids(runs: &[PipelineRunRecord]) -> Vec<&str> {
    runs.iter().map(|run| run.id.as_str()).collect()
}

async fn connected(path: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    sqlx::SqliteConnection::connect_with(&options).await.unwrap()
}

async fn execute(path: &Path, sql: &'static str) {
    let mut connection = connected(path).await;
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// What is said of a record that can't be read: the table, and what was wrong.
fn unreadable<T>(result: Result<T, StoreError>) -> (&'static str, String) {
    match result.err().unwrap() {
        StoreError::Unreadable { table, source } => (table, source.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_draft_comes_back_as_it_was_typed() {
    let (_folder, stores) = fresh().await;
    let mut written = draft("d1");
    written.accounts.region = "not a région".into();
    written.model.hyperparameters = "eta=\r\n\tnonsense".into();
    written.uploaded = Some(table().uploaded);
    written.prepared = Some(table().prepared);
    stores.drafts.create(&written, NOON).await.unwrap();
    let read = stores.drafts.get(&written.id).await.unwrap().unwrap();
    assert_eq!((read.value, read.version, read.changed), (written.clone(), 1, NOON));
    stores.drafts.delete(&written.id).await.unwrap();
    stores.drafts.delete(&written.id).await.unwrap();
    assert_eq!(stores.drafts.get(&written.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_draft_changed_since_it_was_read_is_not_overwritten() {
    let (_folder, stores) = fresh().await;
    let first = draft("d1");
    stores.drafts.create(&first, NOON).await.unwrap();
    assert!(matches!(stores.drafts.create(&first, NOON).await, Err(StoreError::Stale)));
    let second = PipelineDraft { reached: PipelineStep::Data, ..first.clone() };
    stores.drafts.update(&second, 1, Timestamp(2)).await.unwrap();
    assert!(matches!(stores.drafts.update(&first, 1, Timestamp(3)).await, Err(StoreError::Stale)));
    let read = stores.drafts.get(&first.id).await.unwrap().unwrap();
    assert_eq!((read.value, read.version, read.changed), (second, 2, Timestamp(2)));
}

#[tokio::test]
async fn a_deleted_draft_is_not_brought_back_by_a_late_write() {
    let (_folder, stores) = fresh().await;
    let first = draft("d1");
    stores.drafts.create(&first, NOON).await.unwrap();
    stores.drafts.delete(&first.id).await.unwrap();
    assert!(matches!(stores.drafts.update(&first, 1, NOON).await, Err(StoreError::Stale)));
}

#[tokio::test]
async fn drafts_are_listed_by_their_last_change_up_to_the_limit() {
    let (_folder, stores) = fresh().await;
    for (id, at) in [("a", 1), ("b", 3), ("c", 2), ("d", 2)] {
        stores.drafts.create(&draft(id), Timestamp(at)).await.unwrap();
    }
    stores.drafts.update(&draft("a"), 1, Timestamp(4)).await.unwrap();
    let drafts = stores.drafts.list(3).await.unwrap();
    assert_eq!(drafts.iter().map(|draft| draft.value.id.as_str()).collect::<Vec<_>>(), ["a", "b", "d"]);
}

#[tokio::test]
async fn a_pipelines_draft_and_a_shares_draft_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { stores, pipelines } = open_all(&folder.path().join("sagebridge.db")).await.unwrap();
    let written = draft("d1");
    pipelines.drafts.create(&written, NOON).await.unwrap();
    assert_eq!(stores.drafts.get(&written.id).await.unwrap(), None);
    stores.drafts.delete(&written.id).await.unwrap();
    assert!(pipelines.drafts.get(&written.id).await.unwrap().is_some());
}

#[tokio::test]
async fn of_two_first_writes_of_a_pipeline_one_is_stale() {
    let (_folder, stores) = fresh().await;
    let put = |created: i64, version: i64, now: i64| {
        let pipelines = stores.pipelines.clone();
        async move { pipelines.put(&record("p1", created), version, Timestamp(now)).await }
    };
    assert!(matches!(put(1, 1, 1).await, Err(StoreError::Stale)), "there is none yet");
    put(1, 0, 1).await.unwrap();
    assert!(matches!(put(2, 0, 2).await, Err(StoreError::Stale)));
    put(3, 1, 9).await.unwrap();
    assert!(matches!(put(4, 1, 10).await, Err(StoreError::Stale)));
    let read = stores.pipelines.get(&pipeline("p1")).await.unwrap().unwrap();
    assert_eq!((read.value, read.version, read.changed), (record("p1", 3), 2, Timestamp(9)));
    stores.pipelines.delete(&pipeline("p1")).await.unwrap();
    assert!(matches!(put(4, 2, 11).await, Err(StoreError::Stale)), "a late write brings nothing back");
}

#[tokio::test]
async fn of_two_processes_that_race_for_a_version_exactly_one_writes() {
    let (folder, stores) = fresh().await;
    let other = open_all(&folder.path().join("sagebridge.db")).await.unwrap().pipelines;
    for version in 0..20 {
        let (one, two) = (record("p1", 1), record("p1", 2));
        let (one, two) =
            tokio::join!(stores.pipelines.put(&one, version, NOON), other.pipelines.put(&two, version, NOON),);
        let created = match (one, two) {
            (Ok(()), Err(StoreError::Stale)) => 1,
            (Err(StoreError::Stale), Ok(())) => 2,
            outcome => panic!("both or neither wrote: {outcome:?}"),
        };
        let read = stores.pipelines.get(&pipeline("p1")).await.unwrap().unwrap();
        assert_eq!((read.value.created, read.version), (Timestamp(created), version + 1));
    }
}

#[tokio::test]
async fn pipelines_are_listed_newest_first_and_can_be_dropped() {
    let (_folder, stores) = fresh().await;
    for (id, at) in [("a", 1), ("b", 3), ("c", 2), ("d", 2)] {
        stores.pipelines.put(&record(id, at), 0, NOON).await.unwrap();
    }
    // A change does not bring it to the front.
    stores.pipelines.put(&record("c", 2), 1, Timestamp(NOON.0 + 1)).await.unwrap();
    stores.pipelines.delete(&pipeline("a")).await.unwrap();
    stores.pipelines.delete(&pipeline("a")).await.unwrap();
    let pipelines = stores.pipelines.list().await.unwrap();
    assert_eq!(pipelines.iter().map(|record| record.value.id.as_str()).collect::<Vec<_>>(), ["b", "d", "c"]);
}

#[tokio::test]
async fn runs_are_found_by_id_by_pipeline_and_while_unfinished() {
    let (_folder, stores) = fresh().await;
    let written = [
        run("r1", "p1", 1, RunState::Succeeded, 1),
        run("r2", "p1", 4, RunState::Running, 1),
        run("r3", "p2", 3, RunState::Failed, 1),
        run("r4", "p2", 2, RunState::Running, 1),
    ];
    for run in &written {
        stores.runs.put(run).await.unwrap();
    }
    assert_eq!(stores.runs.get(&RunId::parse("r1").unwrap()).await.unwrap().as_ref(), Some(&written[0]));
    assert_eq!(stores.runs.get(&RunId::parse("r9").unwrap()).await.unwrap(), None);
    assert_eq!(ids(&stores.runs.of_pipeline(&pipeline("p1")).await.unwrap()), ["r2", "r1"]);
    // Those that wait longest are resumed first.
    assert_eq!(ids(&stores.runs.unfinished().await.unwrap()), ["r4", "r2"]);
    stores.runs.put(&run("r2", "p1", 4, RunState::Succeeded, 2)).await.unwrap();
    stores.runs.put(&run("r4", "p2", 2, RunState::Failed, 2)).await.unwrap();
    assert_eq!(stores.runs.unfinished().await.unwrap(), []);
    // A failed run that is retried is unfinished again.
    stores.runs.put(&run("r4", "p2", 2, RunState::Running, 3)).await.unwrap();
    assert_eq!(ids(&stores.runs.unfinished().await.unwrap()), ["r4"]);
}

#[tokio::test]
async fn a_journal_never_goes_back_to_an_earlier_revision() {
    let (_folder, stores) = fresh().await;
    stores.runs.put(&run("r1", "p1", 1, RunState::Running, 4)).await.unwrap();
    let late = stores.runs.put(&run("r1", "p1", 1, RunState::Failed, 3)).await;
    assert!(matches!(late, Err(StoreError::Stale)));
    // A write of which nobody knew whether it was done is done again.
    stores.runs.put(&run("r1", "p1", 1, RunState::Running, 4)).await.unwrap();
    let read = stores.runs.get(&RunId::parse("r1").unwrap()).await.unwrap().unwrap();
    assert_eq!((read.state, read.revision), (RunState::Running, 4));
}

#[tokio::test]
async fn a_run_is_there_without_its_pipeline() {
    let (_folder, stores) = fresh().await;
    stores.runs.put(&run("r1", "p1", 1, RunState::Running, 1)).await.unwrap();
    stores.pipelines.put(&record("p1", 1), 0, NOON).await.unwrap();
    stores.pipelines.delete(&pipeline("p1")).await.unwrap();
    assert_eq!(ids(&stores.runs.of_pipeline(&pipeline("p1")).await.unwrap()), ["r1"]);
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let (folder, stores) = fresh().await;
    stores.drafts.create(&draft("d1"), NOON).await.unwrap();
    stores.pipelines.put(&record("p1", 1), 0, NOON).await.unwrap();
    stores.runs.put(&run("r1", "p1", 1, RunState::Running, 1)).await.unwrap();
    drop(stores);
    let again = open_all(&folder.path().join("sagebridge.db")).await.unwrap().pipelines;
    assert_eq!(again.drafts.list(9).await.unwrap().remove(0).value, draft("d1"));
    assert_eq!(again.pipelines.list().await.unwrap().remove(0).value, record("p1", 1));
    assert_eq!(again.runs.unfinished().await.unwrap(), [run("r1", "p1", 1, RunState::Running, 1)]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named() {
    let (folder, stores) = fresh().await;
    let path = folder.path().join("sagebridge.db");
    stores.drafts.create(&draft("d1"), NOON).await.unwrap();
    stores.pipelines.put(&record("p1", 1), 0, NOON).await.unwrap();
    stores.runs.put(&run("r1", "p1", 1, RunState::Running, 1)).await.unwrap();
    execute(&path, "UPDATE pipeline_drafts SET body = '{\"id\":\"d1\"}'").await;
    execute(&path, "UPDATE pipelines SET body = replace(body, '\"ready\"', '\"asleep\"')").await;
    execute(&path, "UPDATE pipeline_runs SET body = ''").await;
    let all = [
        (
            unreadable(stores.drafts.get(&DraftId::parse("d1").unwrap()).await),
            "pipeline_drafts",
            "record `d1`: missing",
        ),
        (unreadable(stores.drafts.list(9).await), "pipeline_drafts", "record `d1`: missing"),
        (unreadable(stores.pipelines.get(&pipeline("p1")).await), "pipelines", "record `p1`: unknown variant `asleep`"),
        (unreadable(stores.pipelines.list().await), "pipelines", "record `p1`: unknown variant `asleep`"),
        (unreadable(stores.runs.get(&RunId::parse("r1").unwrap()).await), "pipeline_runs", "record `r1`: EOF"),
        (unreadable(stores.runs.of_pipeline(&pipeline("p1")).await), "pipeline_runs", "record `r1`: EOF"),
        (unreadable(stores.runs.unfinished().await), "pipeline_runs", "record `r1`: EOF"),
    ];
    for ((table, cause), expected, start) in all {
        assert_eq!(table, expected);
        assert!(cause.starts_with(start), "{cause}");
    }
    // It can be written over, and dropped.
    stores.pipelines.put(&record("p1", 1), 1, NOON).await.unwrap();
    stores.drafts.delete(&DraftId::parse("d1").unwrap()).await.unwrap();
    assert_eq!(stores.drafts.list(9).await.unwrap(), []);
}

#[tokio::test]
async fn a_record_without_what_came_later_has_its_defaults() {
    let (folder, stores) = fresh().await;
    stores.pipelines.put(&record("p1", 1), 0, NOON).await.unwrap();
    let sql = "UPDATE pipelines SET body = json_remove(body, '$.rules', '$.started')";
    execute(&folder.path().join("sagebridge.db"), sql).await;
    let read = stores.pipelines.get(&pipeline("p1")).await.unwrap().unwrap().value;
    assert_eq!(read, PipelineRecord { rules: Default::default(), started: BTreeMap::new(), ..record("p1", 1) });
}

#[tokio::test]
async fn a_database_from_before_pipelines_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sagebridge.db");
    let mut connection = connected(&path).await;
    sqlx::migrate!().run_to(6, &mut connection).await.unwrap();
    assert!(sqlx::query("SELECT id FROM pipelines").fetch_optional(&mut connection).await.is_err());
    connection.close().await.unwrap();
    execute(&path, "INSERT INTO sessions (digest, label, expires) VALUES ('aa', 'session aa', 20)").await;
    execute(&path, "INSERT INTO leases (name, owner, ends) VALUES ('k', 'one', 20)").await;

    let Opened { stores, pipelines } = open_all(&path).await.unwrap();
    assert_eq!(stores.sessions.get("aa", Timestamp(1)).await.unwrap(), Some("session aa".into()));
    let lease = stores.runs.lease("k", "two", Timestamp(30), Timestamp(10)).await.unwrap();
    assert_eq!(lease, Err("one".into()));
    assert_eq!(pipelines.drafts.list(9).await.unwrap(), []);
    assert_eq!(pipelines.pipelines.list().await.unwrap(), []);
    assert_eq!(pipelines.runs.unfinished().await.unwrap(), []);
    pipelines.pipelines.put(&record("p1", 1), 0, NOON).await.unwrap();
    drop((stores, pipelines));

    // Whoever has no use for pipelines leaves them as they are.
    drop(open(&path).await.unwrap());
    let again = open_all(&path).await.unwrap().pipelines;
    assert_eq!(again.pipelines.list().await.unwrap().len(), 1);
}

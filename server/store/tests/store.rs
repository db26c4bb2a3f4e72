//! The ports over a real file: what is written comes back, and two writers never overwrite each other unseen.
#![allow(clippy::unwrap_used, missing_docs)]

use domain::activity::{ActivityOutcome, ActivityView};
use domain::names::{DraftId, PipelineId, RunId, ShareId};
use domain::run::{RunKind, RunState};
use domain::share::plan::Plan;
use domain::share::view::ShareState;
use domain::time::Timestamp;
use domain::wizard::{ShareDraft, WizardStep};
use services::ports::store::{RunRecord, ShareRecord, StoreError, Stores};
use std::collections::BTreeMap;
use std::path::Path;
use store::{StoreOpenError, open};

const NOON: Timestamp = Timestamp(1_000_000);

async fn fresh() -> (tempfile::TempDir, Stores) {
    let dir = tempfile::tempdir().unwrap();
    let stores = open(&dir.path().join("sagebridge.db")).await.unwrap();
    (dir, stores)
}

fn draft(id: &str) -> ShareDraft {
    ShareDraft {
        id: DraftId::parse(id).unwrap(),
        share: ShareId::parse("share-1").unwrap(),
        reached: WizardStep::Parent,
        parent: Default::default(),
        endpoints: Default::default(),
        callers: Default::default(),
        role: Default::default(),
        child: Default::default(),
        parent_account: None,
        child_account: None,
        console_caller: None,
        console_identity: None,
        rotating: None,
        offer: None,
        opened_with: None,
        edits: false,
        accepted: false,
    }
}

/// From JSON, as an earlier version may have written it: fields that came later have defaults.
fn share(id: &str, created: i64) -> ShareRecord {
    let intent = serde_json::json!({
        "id": id,
        "parent_connection": "parent",
        "parent": "111111111111",
        "region": "eu-west-1",
        "endpoints": { "scope": "all" },
        "child_connection": null,
        "child": "222222222222",
        "callers": { "scope": "whole_account" },
        "actions": ["invoke"],
        "policy_name": "SageMakerExternalInvokeEndpoint",
        "role_name": "SageMakerExternal",
        "session_seconds": 3600,
        "external_id": "an-external-id",
        "grant_name": "AllowAssumeSagemakerExternalRole",
        "grantees": [],
        "adopt": false,
    });
    ShareRecord {
        intent: serde_json::from_value(intent).unwrap(),
        state: ShareState::Applied,
        created: Timestamp(created),
        imported: false,
        endpoint_names: vec!["Fraud-Detector-EU".into()],
        last_run: None,
        verification: None,
        recorded: Default::default(),
        checked: None,
    }
}

fn run(id: &str, share: &str, started: i64, state: RunState, revision: u64) -> RunRecord {
    RunRecord {
        id: RunId::parse(id).unwrap(),
        share: ShareId::parse(share).unwrap(),
        kind: RunKind::Apply,
        state,
        plan: Plan::default(),
        steps: Vec::new(),
        results: BTreeMap::from([("parent-policy".to_owned(), "v2".to_owned())]),
        by: "session 3f2a".into(),
        started: Timestamp(started),
        finished: None,
        revision,
        lease: None,
    }
}

fn activity(what: &str) -> ActivityView {
    ActivityView {
        id: -7,
        at: NOON,
        who: "session 3f2a".into(),
        what: what.into(),
        outcome: ActivityOutcome::Denied,
        detail: "403 AccessDenied".into(),
        share: Some(ShareId::parse("share-1").unwrap()),
        pipeline: Some(PipelineId::parse("pipeline-1").unwrap()),
        run: None,
        took_ms: Some(12),
    }
}

#[tokio::test]
async fn a_draft_comes_back_as_it_was_typed() {
    let (_dir, stores) = fresh().await;
    let mut written = draft("d1");
    written.parent.region = "not a région".into();
    stores.drafts.create(&written, NOON).await.unwrap();
    let read = stores.drafts.get(&written.id).await.unwrap().unwrap();
    assert_eq!((read.value, read.version, read.changed), (written.clone(), 1, NOON));
    stores.drafts.delete(&written.id).await.unwrap();
    stores.drafts.delete(&written.id).await.unwrap();
    assert_eq!(stores.drafts.get(&written.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_draft_changed_since_it_was_read_is_not_overwritten() {
    let (_dir, stores) = fresh().await;
    let first = draft("d1");
    stores.drafts.create(&first, NOON).await.unwrap();
    let mut second = first.clone();
    second.reached = WizardStep::Callers;
    stores.drafts.update(&second, 1, Timestamp(2)).await.unwrap();
    assert!(matches!(stores.drafts.update(&first, 1, Timestamp(3)).await, Err(StoreError::Stale)));
    let read = stores.drafts.get(&first.id).await.unwrap().unwrap();
    assert_eq!((read.value, read.version, read.changed), (second, 2, Timestamp(2)));
}

#[tokio::test]
async fn a_deleted_draft_is_not_brought_back_by_a_late_write() {
    let (_dir, stores) = fresh().await;
    let first = draft("d1");
    stores.drafts.create(&first, NOON).await.unwrap();
    stores.drafts.delete(&first.id).await.unwrap();
    assert!(matches!(stores.drafts.update(&first, 1, NOON).await, Err(StoreError::Stale)));
}

#[tokio::test]
async fn drafts_are_listed_newest_first_up_to_the_limit() {
    let (_dir, stores) = fresh().await;
    for (id, at) in [("a", 1), ("b", 3), ("c", 2)] {
        stores.drafts.create(&draft(id), Timestamp(at)).await.unwrap();
    }
    let ids: Vec<_> = stores.drafts.list(2).await.unwrap().into_iter().map(|d| d.value.id.to_string()).collect();
    assert_eq!(ids, ["b", "c"]);
}

#[tokio::test]
async fn of_two_first_writes_of_a_share_one_is_stale() {
    let (_dir, stores) = fresh().await;
    stores.shares.put(&share("s1", 1), 0, NOON).await.unwrap();
    assert!(matches!(stores.shares.put(&share("s1", 2), 0, NOON).await, Err(StoreError::Stale)));
    stores.shares.put(&share("s1", 3), 1, Timestamp(9)).await.unwrap();
    assert!(matches!(stores.shares.put(&share("s1", 4), 1, NOON).await, Err(StoreError::Stale)));
    let read = stores.shares.get(&ShareId::parse("s1").unwrap()).await.unwrap().unwrap();
    assert_eq!((read.value, read.version, read.changed), (share("s1", 3), 2, Timestamp(9)));
}

#[tokio::test]
async fn shares_are_listed_newest_first_and_can_be_dropped() {
    let (_dir, stores) = fresh().await;
    for (id, at) in [("a", 1), ("b", 3), ("c", 2)] {
        stores.shares.put(&share(id, at), 0, NOON).await.unwrap();
    }
    stores.shares.delete(&ShareId::parse("a").unwrap()).await.unwrap();
    let ids: Vec<_> = stores.shares.list().await.unwrap().into_iter().map(|s| s.value.intent.id.to_string()).collect();
    assert_eq!(ids, ["b", "c"]);
}

#[tokio::test]
async fn runs_are_found_by_id_by_share_and_while_unfinished() {
    let (_dir, stores) = fresh().await;
    for record in [
        run("r1", "s1", 1, RunState::Succeeded, 1),
        run("r2", "s1", 2, RunState::Running, 1),
        run("r3", "s2", 3, RunState::Failed, 1),
    ] {
        stores.runs.put(&record).await.unwrap();
    }
    let first = RunId::parse("r1").unwrap();
    assert_eq!(stores.runs.get(&first).await.unwrap(), Some(run("r1", "s1", 1, RunState::Succeeded, 1)));
    let of_share: Vec<_> = stores
        .runs
        .of_share(&ShareId::parse("s1").unwrap())
        .await
        .unwrap()
        .into_iter()
        .map(|r| r.id.to_string())
        .collect();
    assert_eq!(of_share, ["r2", "r1"]);
    assert_eq!(stores.runs.unfinished().await.unwrap(), [run("r2", "s1", 2, RunState::Running, 1)]);
    stores.runs.put(&run("r2", "s1", 2, RunState::Succeeded, 2)).await.unwrap();
    assert_eq!(stores.runs.unfinished().await.unwrap(), []);
}

#[tokio::test]
async fn a_journal_never_goes_back_to_an_earlier_revision() {
    let (_dir, stores) = fresh().await;
    stores.runs.put(&run("r1", "s1", 1, RunState::Running, 4)).await.unwrap();
    let late = stores.runs.put(&run("r1", "s1", 1, RunState::Failed, 3)).await;
    assert!(matches!(late, Err(StoreError::Stale)));
    assert_eq!(stores.runs.get(&RunId::parse("r1").unwrap()).await.unwrap().unwrap().state, RunState::Running);
}

#[tokio::test]
async fn of_two_racing_for_a_lease_exactly_one_gets_it_and_the_other_learns_who() {
    let (dir, stores) = fresh().await;
    // A second process: its own connections to the same file.
    let other = open(&dir.path().join("sagebridge.db")).await.unwrap();
    for round in 0..20 {
        let key = format!("111111111111/role-{round}");
        let (one, two) = tokio::join!(
            stores.runs.lease(&key, "one", Timestamp(20), Timestamp(10)),
            other.runs.lease(&key, "two", Timestamp(20), Timestamp(10)),
        );
        match (one.unwrap(), two.unwrap()) {
            (Ok(()), Err(holder)) => assert_eq!(holder, "one"),
            (Err(holder), Ok(())) => assert_eq!(holder, "two"),
            outcome => panic!("both or neither hold the lease: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_lease_is_renewed_by_its_owner_taken_when_it_ends_and_released_by_its_owner_only() {
    let (_dir, stores) = fresh().await;
    let lease = |owner: &'static str, until: i64, now: i64| {
        let runs = stores.runs.clone();
        async move { runs.lease("k", owner, Timestamp(until), Timestamp(now)).await.unwrap() }
    };
    assert_eq!(lease("one", 20, 10).await, Ok(()));
    assert_eq!(lease("one", 30, 15).await, Ok(()));
    assert_eq!(lease("two", 40, 29).await, Err("one".into()));
    assert_eq!(lease("two", 40, 30).await, Ok(()));
    stores.runs.release("k", "one").await.unwrap();
    assert_eq!(lease("one", 50, 31).await, Err("two".into()));
    stores.runs.release("k", "two").await.unwrap();
    assert_eq!(lease("one", 50, 31).await, Ok(()));
}

#[tokio::test]
async fn a_session_lasts_until_it_expires_or_is_dropped() {
    let (_dir, stores) = fresh().await;
    let get = |digest: &'static str, now: i64| {
        let sessions = stores.sessions.clone();
        async move { sessions.get(digest, Timestamp(now)).await.unwrap() }
    };
    stores.sessions.create("aa", "session aa", Timestamp(20)).await.unwrap();
    stores.sessions.create("bb", "session bb", Timestamp(30)).await.unwrap();
    assert_eq!(get("aa", 19).await, Some("session aa".into()));
    assert_eq!(get("aa", 20).await, None);
    assert_eq!(get("cc", 1).await, None);
    stores.sessions.sweep(Timestamp(20)).await.unwrap();
    assert_eq!(get("aa", 1).await, None);
    assert_eq!(get("bb", 20).await, Some("session bb".into()));
    stores.sessions.delete("bb").await.unwrap();
    assert_eq!(get("bb", 20).await, None);
}

#[tokio::test]
async fn activity_is_paged_newest_first_without_gaps_or_repeats() {
    let (_dir, stores) = fresh().await;
    stores.activity.append(&[]).await.unwrap();
    let batch: Vec<_> = (0..1203).map(|n| activity(&format!("entry {n}"))).collect();
    stores.activity.append(&batch).await.unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = stores.activity.page(before, 500).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.what.clone()));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    let expected: Vec<_> = (0..1203).rev().map(|n| format!("entry {n}")).collect();
    assert_eq!(seen, expected);
    let newest = stores.activity.page(None, 1).await.unwrap().items.remove(0);
    assert_eq!(ActivityView { id: -7, what: "entry 0".into(), ..newest }, activity("entry 0"));
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let (dir, stores) = fresh().await;
    stores.drafts.create(&draft("d1"), NOON).await.unwrap();
    stores.runs.put(&run("r1", "s1", 1, RunState::Running, 1)).await.unwrap();
    stores.sessions.create("aa", "session aa", Timestamp(20)).await.unwrap();
    drop(stores);
    let again = open(&dir.path().join("sagebridge.db")).await.unwrap();
    assert_eq!(again.drafts.list(9).await.unwrap().len(), 1);
    assert_eq!(again.runs.unfinished().await.unwrap().len(), 1);
    assert!(again.sessions.get("aa", Timestamp(1)).await.unwrap().is_some());
}

async fn execute(path: &Path, sql: &'static str) {
    use sqlx::Connection;
    let mut connection =
        sqlx::SqliteConnection::connect_with(&sqlx::sqlite::SqliteConnectOptions::new().filename(path)).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named() {
    let (dir, stores) = fresh().await;
    stores.runs.put(&run("r1", "s1", 1, RunState::Running, 1)).await.unwrap();
    execute(&dir.path().join("sagebridge.db"), "UPDATE runs SET body = '{\"id\":\"r1\"}'").await;
    let error = stores.runs.get(&RunId::parse("r1").unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "a record in table `runs` can't be read");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("record `r1`: missing field"), "{cause}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_and_a_new_folder_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/deeper/sagebridge.db");
    let _stores = open(&path).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_file_name("sagebridge.db-wal")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sagebridge.db");
    std::fs::write(&path, "a letter to my aunt, longer than the header of a database. ".repeat(40)).unwrap();
    let error = open(&path).await.err().unwrap();
    assert!(matches!(error, StoreOpenError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_console_is_refused_and_left_alone() {
    let (dir, stores) = fresh().await;
    drop(stores);
    let path = dir.path().join("sagebridge.db");
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (9999, 'from the future', TRUE, X'00', 0)";
    execute(&path, sql).await;
    let error = open(&path).await.err().unwrap();
    assert!(matches!(error, StoreOpenError::OtherVersion { .. }), "{error:?}");
    assert!(error.to_string().contains("another version"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let in_the_way = dir.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let path = in_the_way.join("sagebridge.db");
    let error = open(&path).await.err().unwrap();
    assert!(matches!(error, StoreOpenError::File { .. }), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

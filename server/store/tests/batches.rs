//! Batches and load checks in the store.
#![allow(clippy::unwrap_used, missing_docs)]

use domain::batch::{BatchError, BatchFile, BatchForm, BatchFormat, BatchState, BatchView};
use domain::load::{LoadForm, LoadState, LoadView};
use domain::time::Timestamp;
use services::ports::store::{BatchRecord, StoreError, Stores};

async fn opened() -> (tempfile::TempDir, Stores) {
    let folder = tempfile::tempdir().unwrap();
    let stores = store::open(&folder.path().join("console.db")).await.unwrap();
    (folder, stores)
}

fn batch(id: &str, created: i64, state: BatchState) -> BatchRecord {
    let file = BatchFile {
        name: "a.csv".into(),
        bytes: 1,
        format: BatchFormat::Csv,
        delimiter: '\t',
        header: true,
        records: 4,
        first: vec!["id".into()],
        sample: vec![vec!["1".into()]],
    };
    let view = BatchView {
        id: id.parse().unwrap(),
        revision: 5,
        by: "session 1".into(),
        created: Timestamp(created),
        expires: Timestamp(created + 10),
        file,
        form: BatchForm::default(),
        setup: None,
        state,
        ahead: 0,
        done: 0,
        failed: 0,
        retried: 0,
        pace: 0,
        predictions: 0,
        started: None,
        finished: None,
        spent_ms: 0,
        why: None,
    };
    BatchRecord { view, written: 7 }
}

#[tokio::test]
async fn a_batch_is_read_as_it_was_written_and_never_goes_back() {
    let (_folder, stores) = opened().await;
    let record = batch("b1", 1, BatchState::Running);
    stores.batches.put(&record).await.unwrap();
    assert_eq!(stores.batches.get(&record.view.id).await.unwrap(), Some(record.clone()));
    let mut older = record.clone();
    older.view.revision = 4;
    assert!(matches!(stores.batches.put(&older).await, Err(StoreError::Stale)));
    let paused = batch("b2", 2, BatchState::Paused);
    let pausing = batch("b3", 3, BatchState::Pausing);
    for other in [&paused, &pausing] {
        stores.batches.put(other).await.unwrap();
    }
    let ids = |records: Vec<BatchRecord>| records.into_iter().map(|r| r.view.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(stores.batches.list(2).await.unwrap()), ["b3", "b2"]);
    assert_eq!(ids(stores.batches.unfinished().await.unwrap()), ["b1", "b3"]);
    assert_eq!(stores.batches.expired(Timestamp(11)).await.unwrap(), [record.view.id]);
}

#[tokio::test]
async fn failing_rows_come_in_order_replace_each_other_and_go_with_their_batch() {
    let (_folder, stores) = opened().await;
    let id = batch("b1", 1, BatchState::Running).view.id;
    stores.batches.put(&batch("b1", 1, BatchState::Running)).await.unwrap();
    let error = |row, words: &str| BatchError { row, status: (row > 1).then_some(400), error: words.into() };
    let many: Vec<_> = (1..=1200).rev().map(|row| error(row, "first")).collect();
    stores.batches.add_errors(&id, &many).await.unwrap();
    stores.batches.add_errors(&id, &[error(2, "second")]).await.unwrap();
    stores.batches.add_errors(&id, &[]).await.unwrap();
    assert_eq!(stores.batches.errors(&id, 0, 2).await.unwrap(), [error(1, "first"), error(2, "second")]);
    assert_eq!(stores.batches.errors(&id, 1199, 100).await.unwrap().len(), 1);
    stores.batches.delete(&id).await.unwrap();
    assert_eq!(stores.batches.errors(&id, 0, 100).await.unwrap(), []);
    assert_eq!(stores.batches.get(&id).await.unwrap(), None);
}

#[tokio::test]
async fn load_checks_are_listed_once_begun_by_their_endpoint() {
    let (_folder, stores) = opened().await;
    let form = |endpoint: &str| LoadForm {
        through: "s1".into(),
        endpoint: endpoint.into(),
        ..LoadForm::offered(&Default::default())
    };
    for (id, endpoint, state, created) in [
        ("l1", "a", LoadState::Done, 1),
        ("l2", "b", LoadState::Running, 2),
        ("l3", "a", LoadState::Stopping, 3),
        ("l4", "a", LoadState::Ready, 4),
    ] {
        let setup = form(endpoint).read(&Default::default()).ok();
        assert!(setup.is_some());
        let mut view = LoadView::new(id.parse().unwrap(), "session 1", Timestamp(created), form(endpoint), setup);
        view.state = state;
        stores.loads.put(&view).await.unwrap();
        assert_eq!(stores.loads.get(&view.id).await.unwrap(), Some(view));
    }
    let ids = |views: Vec<LoadView>| views.into_iter().map(|view| view.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(stores.loads.list(None, 9).await.unwrap()), ["l3", "l2", "l1"]);
    assert_eq!(ids(stores.loads.list(Some("s1 a"), 9).await.unwrap()), ["l3", "l1"]);
    assert_eq!(ids(stores.loads.unfinished().await.unwrap()), ["l2", "l3"]);
    stores.loads.sweep(Timestamp(4)).await.unwrap();
    assert!(stores.loads.get(&"l4".parse().unwrap()).await.unwrap().is_some());
    stores.loads.sweep(Timestamp(5)).await.unwrap();
    assert!(stores.loads.get(&"l4".parse().unwrap()).await.unwrap().is_none());
}

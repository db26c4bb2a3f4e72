//! A hundred thousand rows, in a process of their own so that its memory can be measured. One of the first is tried again
//! after a second or two: meanwhile as many as may wait for it are finished.
#![allow(clippy::unwrap_used, clippy::new_without_default, clippy::result_large_err, missing_docs)]
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "the ports of the other tests, of which these use few")]
#[path = "../use_cases/gateways.rs"]
mod gateways;
#[allow(dead_code, reason = "the ports of the other tests, of which these use few")]
#[path = "../use_cases/stores.rs"]
mod stores;

use domain::batch::{BatchState, BatchView, limits};
use futures::StreamExt as _;
use gateways::Cloud;
use secrecy::ExposeSecret as _;
use services::ports::gateway::GatewayErrorKind;
use services::{Services, Settings, SystemClock};
use std::io::{BufRead as _, BufReader};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use stores::Memory;

const ROWS: usize = 100_000;
/// What the process may grow by. The file alone is four times as large.
const MOST_KB: u64 = 24 * 1024;

/// The most memory that this process has held, in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rows_take_no_more_memory_than_a_few() {
    let folder = tempfile::tempdir().unwrap();
    let (cloud, memory) = (Arc::new(Cloud::default()), Arc::new(Memory::default()));
    let mut settings = Settings::new(false, "eu-west-1".parse().unwrap());
    settings.batch.folder = Some(folder.path().join("batches"));
    settings.batch.backoff.first = Duration::from_secs(2);
    let services = Services::new(gateways::of(&cloud), stores::of(&memory), settings, Arc::new(SystemClock));
    let cookie = services.sign_in(services.issue_launch_token().expose_secret()).await.unwrap().unwrap();
    let operator = services.operator(cookie.expose_secret()).await.unwrap().unwrap();
    let long = "x".repeat(1_000);
    let mut before = 0;
    // The first time warms up what is made once.
    for rows in [1_000, ROWS] {
        let mut upload = services.begin_upload(&operator, "rows.csv").await.unwrap();
        upload.write(b"id,text\n").await.unwrap();
        for row in 0..rows {
            upload.write(format!("{row},{long}\n").as_bytes()).await.unwrap();
        }
        let id = upload.finish().await.unwrap();
        let mut form = services.batch(&operator, &id).await.unwrap().form;
        (form.through, form.endpoint) = ("direct/eu-west-1/parent".into(), "Echo".into());
        (form.at_once, form.columns) = ("64".into(), vec!["0".into()]);
        let again = u64::from(rows == ROWS);
        if rows == ROWS {
            *cloud.invoke_fails.lock().unwrap() = Some(GatewayErrorKind::Throttled);
        }
        assert_eq!(services.start_batch(&operator, &id, form).await.unwrap(), []);
        let seen = services.watch_batch(&operator, &id).await.unwrap();
        let most = |(_, most): (Option<BatchView>, u64), view: BatchView| async move {
            let most = most.max(view.ahead);
            (Some(view), most)
        };
        let (last, ahead) = std::pin::pin!(seen).fold((None, 0), most).await;
        let last = last.unwrap();
        assert_eq!((last.state, last.done, last.failed), (BatchState::Done, rows as u64, 0));
        assert_eq!(last.retried, again);
        assert!(ahead <= limits::WINDOW_ROWS as u64, "{ahead}");
        let result = services.batch_result(&operator, &id).await.unwrap().file.into_std().await;
        for (at, line) in BufReader::new(result).lines().skip(1).enumerate() {
            let line = line.unwrap();
            assert!(line.starts_with(&format!("{at},x")) && line.contains(&format!("x,{at},200,,")), "{at}");
        }
        if rows < ROWS {
            before = peak();
        }
    }
    assert_eq!(cloud.invoked.load(Ordering::SeqCst), ROWS + 1_000 + 1);
    let grown = peak() - before;
    assert!(grown < MOST_KB, "it grew by {grown} kB");
}

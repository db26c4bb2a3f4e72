//! What a crash leaves, wherever it comes.

use super::Factory;
use super::memory::{Crash, Kept};
use domain::pipeline::view::{PipelineStatus, TeardownForm};
use domain::run::RunState;
use std::sync::Arc;
use tempfile::TempDir;

/// A run that has been written, and of which nothing was done.
async fn begun(folder: &Arc<TempDir>) -> Kept {
    let factory = Factory::in_folder(folder.clone()).await;
    let draft = factory.draft().await;
    // The run, its pipeline's record, and how far the draft is.
    factory.memory.crash(Some(Crash { at: 3, written: true }));
    let run = factory.apply(&draft).await;
    factory.ended(&run).await;
    assert!(factory.summary().iter().all(|line| !line.contains("churn")), "nothing was made: {:?}", factory.summary());
    let kept = factory.memory.kept.lock().unwrap().clone();
    assert_eq!((kept.runs.len(), kept.pipelines.len()), (1, 1));
    kept
}

/// Goes on with what is unfinished, to its end.
async fn resumed(factory: &Factory) {
    factory.pipelines.resume_runs().await.unwrap();
    let run = factory.memory.kept.lock().unwrap().runs.values().next_back().unwrap().id.clone();
    factory.ended(&run).await;
}

fn finished(factory: &Factory) -> (RunState, PipelineStatus) {
    let kept = factory.memory.kept.lock().unwrap();
    (kept.runs.values().next_back().unwrap().state, kept.pipelines.values().next().unwrap().value.status)
}

/// Crashes at every write in turn; gives how many there were.
async fn crash_everywhere(written: bool) -> usize {
    let folder = Arc::new(TempDir::new().unwrap());
    let kept = begun(&folder).await;
    let whole = Factory::in_folder(folder.clone()).await;
    *whole.memory.kept.lock().unwrap() = kept.clone();
    resumed(&whole).await;
    assert_eq!(finished(&whole), (RunState::Succeeded, PipelineStatus::Ready));
    let expected = whole.summary();
    for at in 1.. {
        let mut factory = Factory::in_folder(folder.clone()).await;
        *factory.memory.kept.lock().unwrap() = kept.clone();
        factory.memory.crash(Some(Crash { at, written }));
        // The first write of all is the resuming's own.
        if factory.pipelines.resume_runs().await.is_ok() {
            let run = factory.memory.kept.lock().unwrap().runs.values().next().unwrap().id.clone();
            factory.ended(&run).await;
        }
        if !factory.memory.has_crashed() {
            return at - 1;
        }
        factory.restart();
        resumed(&factory).await;
        assert_eq!(finished(&factory), (RunState::Succeeded, PipelineStatus::Ready), "crashed at write {at}");
        assert_eq!(factory.summary(), expected, "crashed at write {at}");
        assert!(factory.bench.memory.leases.lock().unwrap().is_empty(), "crashed at write {at}");
    }
    unreachable!("there is an end to the writes")
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_any_write_ends_as_if_it_had_not_come() {
    assert!(crash_everywhere(false).await >= 12);
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_write_ends_as_if_it_had_not_come() {
    assert!(crash_everywhere(true).await >= 12);
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_an_apply_is_written_leaves_nothing_or_a_run_that_goes_on() {
    for (at, written) in [(1, false), (1, true), (2, false), (2, true)] {
        let mut factory = Factory::new().await;
        let draft = factory.draft().await;
        let fingerprint = factory.pipelines.review(&factory.operator, &draft).await.unwrap().fingerprint;
        factory.memory.crash(Some(Crash { at, written }));
        assert!(factory.pipelines.apply(&factory.operator, &draft, &fingerprint).await.is_err());
        factory.restart();
        let begun = !factory.memory.kept.lock().unwrap().runs.is_empty();
        assert_eq!(begun, (at, written) != (1, false));
        if !begun {
            assert!(factory.aws.world().calls.is_empty());
            factory.apply(&draft).await;
        }
        resumed(&factory).await;
        assert_eq!(finished(&factory), (RunState::Succeeded, PipelineStatus::Ready), "{at} {written}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_anywhere_in_a_tear_down_still_ends_with_nothing() {
    for at in 1.. {
        let mut factory = Factory::new().await;
        let pipeline = factory.made().await;
        let dry_run = factory.pipelines.teardown(&factory.operator, &pipeline).await.unwrap();
        let form = TeardownForm { bucket: dry_run.type_bucket.unwrap(), endpoint: String::new() };
        factory.memory.crash(Some(Crash { at, written: at % 2 == 0 }));
        let begun = factory.pipelines.tear_down(&factory.operator, &pipeline, &dry_run.fingerprint, &form).await;
        if let Ok(run) = &begun {
            factory.ended(run).await;
        }
        let crashed = factory.memory.has_crashed();
        factory.restart();
        if at == 1 {
            assert!(begun.is_err(), "it was never written");
            continue;
        }
        resumed(&factory).await;
        assert_eq!(finished(&factory), (RunState::Succeeded, PipelineStatus::Removed), "crashed at write {at}");
        assert!(factory.aws.world().stacks.is_empty() && factory.aws.world().objects.is_empty());
        if !crashed {
            return;
        }
    }
}

//! Sends a batch's rows: some at once, results in the order of their inputs, the store told once a second.

use super::Ask;
use super::call::{Called, Caller};
use super::folder::{self, blocking};
use super::read::{self, InputRow};
use super::write::{Outcome, Recovered, ResultFile};
use crate::activity::Happened;
use crate::ports::store::BatchRecord;
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::activity::ActivityOutcome;
use domain::batch::{BatchError, BatchSetup, BatchState, BatchStop, BatchView, limits, window};
use futures::stream::{self, Stream, StreamExt as _};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

/// How often a page is told.
const TELL: Duration = Duration::from_millis(500);
/// How often the store is.
const KEEP: Duration = Duration::from_secs(1);
/// Over how long the pace is taken.
const PACE: Duration = Duration::from_secs(10);
/// How often a write to the store is tried.
const WRITES: u32 = 4;

/// Why the rows ended.
enum Ended {
    /// All of them are done.
    Done,
    Paused,
    /// The process goes down, and the next one goes on.
    Left,
}

pub(super) struct Runner {
    services: Services,
    operator: Operator,
    record: BatchRecord,
    folder: PathBuf,
    sender: watch::Sender<BatchView>,
    ask: Arc<watch::Sender<Ask>>,
    /// What was retried before this process, or this turn.
    retried_before: u64,
    spent_before: u64,
    began: Instant,
    /// How many rows were done when, over the last seconds.
    seen: VecDeque<(Instant, u64)>,
    /// Failing rows that the store does not have yet.
    errors: Vec<BatchError>,
    /// Results that wait for the first answer, which says how many columns there are.
    held: Vec<Outcome>,
    in_a_row: u32,
    /// A row could not be done for a reason that holds for all: no later one may be written before it.
    cut: bool,
}

impl Runner {
    pub(super) fn new(
        services: Services,
        operator: Operator,
        record: BatchRecord,
        folder: PathBuf,
        sender: watch::Sender<BatchView>,
        ask: Arc<watch::Sender<Ask>>,
    ) -> Self {
        let (retried_before, spent_before) = (record.view.retried, record.view.spent_ms);
        Self {
            services,
            operator,
            record,
            folder,
            sender,
            ask,
            retried_before,
            spent_before,
            began: Instant::now(),
            seen: VecDeque::new(),
            errors: Vec::new(),
            held: Vec::new(),
            in_a_row: 0,
            cut: false,
        }
    }

    pub(super) async fn run(mut self) {
        let ended = match self.send().await {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(batch = %self.record.view.id, error = ?error, "a batch stopped");
                let hint = "check that the data folder has room and can be written; the log says more".into();
                self.record.view.why.get_or_insert(BatchStop { message: error.to_string(), hint });
                Ended::Paused
            }
        };
        if let Err(error) = self.end(&ended).await {
            tracing::error!(batch = %self.record.view.id, %error, "how a batch ended can't be written down");
        }
    }

    async fn send(&mut self) -> ServiceResult<Ended> {
        let Some(setup) = self.record.view.setup.clone() else { return Ok(Ended::Paused) };
        let mut result = self.open().await?;
        let names = self.record.view.file.columns(setup.header);
        let caller = Caller::new(self.services.clone(), self.operator.clone(), setup.clone(), names);
        let caller =
            Arc::new(caller.map_err(|problem| super::conflict(&problem.to_string(), "upload the file again"))?);
        let rows = self.rows(&setup);
        let calls = rows.map(|row| {
            let caller = caller.clone();
            // A task of its own: it goes on while this one writes and tells the store.
            async move {
                let row = row?;
                Ok::<_, io::Error>(uncancelled(async move { caller.send(row).await }).await)
            }
        });
        // In order: what is finished ahead of an unfinished row waits in a window of bounded size.
        let calls = calls.buffered(window(setup.at_once));
        tokio::pin!(calls);
        let mut tell = every(TELL);
        let mut keep = every(KEEP);
        loop {
            tokio::select! {
                called = calls.next() => match called {
                    Some(called) => self.take(called?, &setup, &mut result).await?,
                    None => break,
                },
                _ = tell.tick() => self.tell(&caller),
                _ = keep.tick() => self.keep(&result).await?,
            }
        }
        self.write_held(&mut result).await?;
        self.tell(&caller);
        self.keep(&result).await?;
        let asked = *self.ask.borrow();
        Ok(match asked {
            _ if self.record.view.done >= self.record.view.rows() => Ended::Done,
            Ask::Leave => Ended::Left,
            Ask::Pause => Ended::Paused,
            Ask::Go => {
                let message = "the file ended before its last row".into();
                self.record.view.why = Some(BatchStop { message, hint: "upload it once more".into() });
                Ended::Paused
            }
        })
    }

    /// Opens the result file and counts what it has that the store does not know of.
    async fn open(&mut self) -> ServiceResult<ResultFile> {
        let (path, view, written) = (folder::result(&self.folder), self.record.view.clone(), self.record.written);
        let (result, recovered) = blocking(move || ResultFile::open(&path, &view, written)).await?;
        let Recovered { rows, failed } = recovered;
        self.record.view.done += rows;
        self.record.view.failed += failed.len() as u64;
        self.errors.extend(failed);
        self.keep(&result).await?;
        Ok(result)
    }

    /// The rows that are still to be done, until someone asks to stop.
    fn rows(&self, setup: &BatchSetup) -> impl Stream<Item = io::Result<InputRow>> + use<> {
        let (path, file) = (folder::input(&self.folder), self.record.view.file.clone());
        let (header, skip) = (setup.header, self.record.view.done);
        let (sender, receiver) = mpsc::channel(usize::from(setup.at_once));
        tokio::task::spawn_blocking(move || read::rows(&path, &file, header, skip, &sender));
        stream::unfold((receiver, self.ask.subscribe()), |(mut receiver, mut ask)| async move {
            let row = tokio::select! {
                biased;
                _ = ask.wait_for(|ask| *ask != Ask::Go) => None,
                row = receiver.recv() => row,
            };
            row.map(|row| (row, (receiver, ask)))
        })
    }

    /// Takes the next row's result.
    async fn take(&mut self, called: Called, setup: &BatchSetup, result: &mut ResultFile) -> ServiceResult<()> {
        if self.cut {
            return Ok(());
        }
        let outcome = match called {
            Ok(outcome) => outcome,
            Err(stop) => {
                self.cut = true;
                self.pause(stop);
                return Ok(());
            }
        };
        self.in_a_row = if outcome.answer.is_ok() { 0 } else { self.in_a_row + 1 };
        if setup.stop_after > 0 && self.in_a_row == setup.stop_after {
            let message = format!("{} rows failed one after another", setup.stop_after);
            let hint = "look at what they failed with; go on if the others may do better".into();
            self.pause(BatchStop { message, hint });
        }
        let decides = outcome.answer.is_ok();
        self.held.push(outcome);
        if result.is_settled() || decides || self.held.len() >= window(setup.at_once) {
            self.write_held(result).await?;
        }
        Ok(())
    }

    fn pause(&mut self, why: BatchStop) {
        self.record.view.why.get_or_insert(why);
        self.ask.send_if_modified(|ask| {
            *ask == Ask::Go && {
                *ask = Ask::Pause;
                true
            }
        });
    }

    async fn write_held(&mut self, result: &mut ResultFile) -> ServiceResult<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        if !result.is_settled() {
            let answers = self.held.iter().filter_map(|outcome| outcome.answer.as_ref().ok());
            let columns = answers.map(|answer| answer.predictions.columns()).next().unwrap_or(1);
            result.settle(columns)?;
            self.record.view.predictions = result.predictions();
            // Before the first row: without it nobody could tell how many fields a whole row has.
            self.keep(result).await?;
        }
        for outcome in self.held.drain(..) {
            result.write(&outcome)?;
            self.record.view.done += 1;
            if let Err(error) = &outcome.answer {
                self.record.view.failed += 1;
                let error = read::shown(error);
                self.errors.push(BatchError { row: outcome.number, status: outcome.status, error });
            }
        }
        Ok(())
    }

    /// Tells whoever watches.
    fn tell(&mut self, caller: &Caller) {
        let view = &mut self.record.view;
        let now = Instant::now();
        self.seen.push_back((now, view.done));
        while self.seen.len() > 2 && self.seen.front().is_some_and(|(then, _)| now - *then > PACE) {
            self.seen.pop_front();
        }
        if let Some((then, done)) = self.seen.front().copied()
            && now > then
        {
            let ms = u64::try_from((now - then).as_millis()).unwrap_or(u64::MAX).max(1);
            view.pace = (view.done - done).saturating_mul(10_000) / ms;
        }
        view.retried = self.retried_before + caller.retried.load(Ordering::Relaxed);
        view.spent_ms = self.spent_before + u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if *self.ask.borrow() != Ask::Go {
            view.state = BatchState::Pausing;
        }
        self.show();
    }

    fn show(&mut self) {
        self.record.view.revision += 1;
        self.sender.send_replace(self.record.view.clone());
    }

    /// Has the result kept through a power cut, then tells the store how far it goes.
    async fn keep(&mut self, result: &ResultFile) -> ServiceResult<()> {
        if result.written() != self.record.written {
            let handle = result.handle()?;
            blocking(move || handle.sync_data()).await?;
            self.record.written = result.written();
        }
        let errors = std::mem::take(&mut self.errors);
        let room = limits::ERRORS_KEPT.saturating_sub(self.record.view.failed - errors.len() as u64);
        let errors: Vec<_> = errors.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX)).collect();
        self.services.inner.stores.batches.add_errors(&self.record.view.id, &errors).await?;
        self.put().await
    }

    async fn put(&mut self) -> ServiceResult<()> {
        for last in (1..=WRITES).map(|tries| tries == WRITES) {
            // A later start goes on with what says that it is running, also where it was asked to pause just now.
            let mut record = self.record.clone();
            if *self.ask.borrow() == Ask::Leave && record.view.state == BatchState::Pausing {
                record.view.state = BatchState::Running;
            }
            match self.services.inner.stores.batches.put(&record).await {
                Err(error) if last => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "a batch's progress could not be written; it is tried again");
                    tokio::time::sleep(KEEP).await;
                }
                Ok(()) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn end(&mut self, ended: &Ended) -> Result<(), ServiceError> {
        let view = &mut self.record.view;
        view.pace = 0;
        view.state = match ended {
            Ended::Done => BatchState::Done,
            Ended::Paused => BatchState::Paused,
            Ended::Left => BatchState::Running,
        };
        if matches!(ended, Ended::Done) {
            view.why = None;
            view.finished = Some(self.services.now());
        }
        view.revision += 1;
        let (id, detail) =
            (view.id.clone(), format!("{} of {} rows done, {} failed", view.done, view.rows(), view.failed));
        let (what, outcome) = match (ended, &view.why) {
            (Ended::Done, _) => (format!("finished batch {id}"), ActivityOutcome::Done),
            (Ended::Paused, Some(_)) => (format!("batch {id} stopped by itself"), ActivityOutcome::Failed),
            (Ended::Paused, None) | (Ended::Left, _) => (format!("batch {id} rests"), ActivityOutcome::Done),
        };
        let written = self.put().await;
        // Shown once it is written: whoever sees that it rests may go on with it at once.
        self.show();
        let happened = Happened::done(what).outcome(outcome).detail(detail);
        self.services.note(self.operator.label(), happened).await;
        written
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

//! Sends a batch's rows: some at once, results in the order of their inputs, the store told once a second.

use super::Ask;
use super::call::{Called, Caller};
use super::folder::{self, blocking};
use super::read::{self, InputRow};
use super::window::{Finished, Window};
use super::write::{Outcome, Recovered, ResultFile};
use crate::activity::Happened;
use crate::ports::store::BatchRecord;
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::activity::ActivityOutcome;
use domain::batch::{BatchError, BatchSetup, BatchState, BatchStop, BatchView, limits};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::MissedTickBehavior;

/// How often a page is told.
const TELL: Duration = Duration::from_millis(500);
/// How often the store is.
const KEEP: Duration = Duration::from_secs(1);
/// Over how long the pace is taken.
const PACE: Duration = Duration::from_secs(10);
/// How often a write to the store is tried.
const WRITES: u32 = 4;
/// How many failed rows wait for a first answer before the heading is written without one.
const UNDECIDED: usize = 100;

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
    /// How many rows were finished when, over the last seconds.
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
        let asked = self.ask.subscribe();
        let caller = Caller::new(self.services.clone(), self.operator.clone(), setup.clone(), names, asked);
        let caller =
            Arc::new(caller.map_err(|problem| super::conflict(&problem.to_string(), "upload the file again"))?);
        let mut rows = self.rows(&setup);
        let mut window = Window::after(self.record.view.done);
        let mut under_way: FuturesUnordered<BoxFuture<'static, Finished>> = FuturesUnordered::new();
        let (mut tell, mut keep) = (every(TELL), every(KEEP));
        let (mut more, mut unread) = (true, None);
        while more || !under_way.is_empty() {
            tokio::select! {
                Some(finished) = under_way.next() => {
                    self.notice(finished, &setup, &mut window);
                    while let Some(called) = window.take() {
                        self.take(called, &setup, &mut result).await?;
                    }
                }
                next = rows.next(&caller), if more && window.has_room(self.held.len()) => match next {
                    Some((Ok(row), place)) => {
                        let begun_bytes = window.begin(&row);
                        under_way.push(send(caller.clone(), row, place, begun_bytes).boxed());
                    }
                    // Rows before it are done all the same.
                    Some((Err(error), _)) => (more, unread) = (false, Some(error)),
                    None => more = false,
                },
                _ = tell.tick() => self.tell(&caller, &window),
                _ = keep.tick() => self.keep(&result).await?,
            }
        }
        self.write_held(&mut result).await?;
        self.tell(&caller, &window);
        self.keep(&result).await?;
        match unread {
            Some(error) => Err(error.into()),
            None => Ok(self.ended()),
        }
    }

    /// How it came that no more rows are sent.
    fn ended(&mut self) -> Ended {
        let asked = *self.ask.borrow();
        match asked {
            _ if self.record.view.done >= self.record.view.rows() => Ended::Done,
            Ask::Leave => Ended::Left,
            Ask::Pause => Ended::Paused,
            Ask::Go => {
                let message = "the file ended before its last row".into();
                self.record.view.why = Some(BatchStop { message, hint: "upload it once more".into() });
                Ended::Paused
            }
        }
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
    fn rows(&self, setup: &BatchSetup) -> Rows {
        let (path, file) = (folder::input(&self.folder), self.record.view.file.clone());
        let (header, skip) = (setup.header, self.record.view.done);
        let (sender, receiver) = mpsc::channel(usize::from(setup.at_once));
        tokio::task::spawn_blocking(move || read::rows(&path, &file, header, skip, &sender));
        Rows { receiver, ask: self.ask.subscribe() }
    }

    /// Keeps a row that came back. What it says of all rows, or of too many, is not left until those before it are done.
    fn notice(&mut self, finished: Finished, setup: &BatchSetup, window: &mut Window) {
        let number = finished.number;
        let failed = match &finished.called {
            Ok(outcome) => outcome.answer.is_err(),
            Err(stop) => {
                self.pause(stop.clone());
                false
            }
        };
        window.put(finished);
        if failed && setup.stop_after > 0 && window.failed_around(number) >= setup.stop_after as usize {
            self.pause(too_many(setup.stop_after));
        }
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
            self.pause(too_many(setup.stop_after));
        }
        let decides = outcome.answer.is_ok();
        self.held.push(outcome);
        let full =
            self.held.len() >= UNDECIDED || self.held.iter().map(Outcome::bytes).sum::<usize>() >= limits::WINDOW_BYTES;
        if result.is_settled() || decides || full {
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
    fn tell(&mut self, caller: &Caller, window: &Window) {
        let view = &mut self.record.view;
        let now = Instant::now();
        view.ahead = window.ahead() + self.held.len() as u64;
        self.seen.push_back((now, view.answered()));
        while self.seen.len() > 2 && self.seen.front().is_some_and(|(then, _)| now - *then > PACE) {
            self.seen.pop_front();
        }
        if let Some((then, finished)) = self.seen.front().copied()
            && now > then
        {
            let ms = u64::try_from((now - then).as_millis()).unwrap_or(u64::MAX).max(1);
            // What is finished behind a row that could not be done is not kept, so it may be fewer than before.
            view.pace = view.answered().saturating_sub(finished).saturating_mul(10_000) / ms;
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
        let mut view = self.record.view.clone();
        // As many as can be listed: a page that sees more of them asks for the list.
        view.failed = view.failed.saturating_sub(self.errors.len() as u64);
        self.sender.send_replace(view);
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
            // What waits goes with the process.
            record.view.ahead = 0;
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
        (view.pace, view.ahead) = (0, 0);
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

/// The file's rows, each with its place among those that are under way.
struct Rows {
    receiver: mpsc::Receiver<io::Result<InputRow>>,
    ask: watch::Receiver<Ask>,
}

impl Rows {
    /// The next row, once there is a place for it; `None` at the end, or when someone asks to stop. Nothing is lost where it
    /// is not waited for to its end, and no place is kept.
    async fn next(&mut self, caller: &Caller) -> Option<(io::Result<InputRow>, OwnedSemaphorePermit)> {
        let Self { receiver, ask } = self;
        let row = async {
            let place = caller.place().await;
            receiver.recv().await.map(|row| (row, place))
        };
        tokio::select! {
            biased;
            _ = ask.wait_for(|ask| *ask != Ask::Go) => None,
            row = row => row,
        }
    }
}

/// Sends a row in a task of its own: it goes on while others are written and the store is told.
async fn send(caller: Arc<Caller>, row: InputRow, place: OwnedSemaphorePermit, begun_bytes: usize) -> Finished {
    let number = row.number;
    let called = uncancelled(async move { caller.send(row, place).await }).await;
    Finished { number, begun_bytes, called }
}

fn too_many(failed: u32) -> BatchStop {
    let message = format!("{failed} rows failed one after another");
    BatchStop { message, hint: "look at what they failed with; go on if the others may do better".into() }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

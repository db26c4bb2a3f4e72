//! Batches: a file's rows sent in the background, with the result file as their journal.
//!
//! A batch belongs to the process that holds the data folder, which is one at a time: it needs no lease. It goes on when
//! the page is closed, and after a restart of the process from the last row that has its result.

mod call;
mod folder;
mod read;
mod runner;
mod window;
mod write;

use crate::activity::Happened;
use crate::ports::store::BatchRecord;
use crate::runs::follow;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::batch::{BatchError, BatchForm, BatchLimits, BatchState, BatchView, limits};
use domain::names::BatchId;
use domain::time::Timestamp;
use domain::wizard::FieldProblem;
pub use folder::{BatchDownload, BatchUpload};
pub(crate) use folder::{blocking, make as make_folder};
use futures::stream::{self, Stream, StreamExt as _};
use runner::Runner;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many batches are listed.
const LISTED: u32 = 100;
/// How many batches may send at once; each has its own number of requests at once.
const GOING: usize = 4;
/// How long rows under way may take to come back at shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// What batches have to know about the process they run in.
#[derive(Debug, Clone)]
pub struct BatchSettings {
    /// Where the files are, a folder a batch; `None`: this console keeps no files, and takes none.
    pub folder: Option<PathBuf>,
    /// What is allowed.
    pub limits: BatchLimits,
    /// How long to wait before a throttled row is sent again; half of each wait is left to chance, so that rows that
    /// failed together don't come back together. The budget is not looked at: tries are counted.
    pub backoff: crate::Backoff,
}

impl Default for BatchSettings {
    fn default() -> Self {
        let backoff = crate::Backoff {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            budget: Duration::from_secs(120),
        };
        Self { folder: None, limits: BatchLimits::default(), backoff }
    }
}

/// What a batch under way is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Go,
    /// Send no new rows, and stay so.
    Pause,
    /// Send no new rows: the process ends, and the next one goes on.
    Leave,
}

/// The batches this process sends.
#[derive(Default)]
pub(crate) struct Batches {
    active: Mutex<HashMap<BatchId, Active>>,
}

struct Active {
    view: watch::Receiver<BatchView>,
    ask: Arc<watch::Sender<Ask>>,
    task: Option<JoinHandle<()>>,
}

impl Batches {
    /// Lets the rows under way come back and be written, and sends no others.
    pub(crate) async fn stop(&self) {
        let tasks: Vec<_> = {
            let mut active = lock(&self.active);
            active.values().for_each(|batch| _ = batch.ask.send_replace(Ask::Leave));
            active.values_mut().filter_map(|batch| batch.task.take()).collect()
        };
        if tokio::time::timeout(GRACE, futures::future::join_all(tasks)).await.is_err() {
            tracing::warn!("a batch did not stop in time; rows that were under way are sent again at the next start");
        }
    }

    fn view(&self, id: &BatchId) -> Option<watch::Receiver<BatchView>> {
        lock(&self.active).get(id).map(|batch| batch.view.clone())
    }
}

impl Services {
    /// What this console allows.
    pub fn batch_limits(&self) -> BatchLimits {
        self.inner.settings.batch.limits.clone()
    }

    /// The newest batches.
    pub async fn batches(&self, _operator: &Operator) -> ServiceResult<Vec<BatchView>> {
        let records = self.inner.stores.batches.list(LISTED).await?;
        let now = |record: BatchRecord| {
            let live = self.inner.batches.view(&record.view.id);
            live.map_or(record.view, |live| live.borrow().clone())
        };
        Ok(records.into_iter().map(now).collect())
    }

    /// Where a batch is.
    pub async fn batch(&self, _operator: &Operator, id: &BatchId) -> ServiceResult<BatchView> {
        if let Some(live) = self.inner.batches.view(id) {
            return Ok(live.borrow().clone());
        }
        Ok(self.batch_record(id).await?.view)
    }

    /// A batch as it goes: its present state first; ends when nothing is under way.
    pub async fn watch_batch(
        &self,
        operator: &Operator,
        id: &BatchId,
    ) -> ServiceResult<impl Stream<Item = BatchView> + Send + use<>> {
        if let Some(live) = self.inner.batches.view(id) {
            return Ok(follow(live, |view| view.state.is_going()));
        }
        let view = self.batch(operator, id).await?;
        Ok(stream::once(async { view }).boxed())
    }

    /// Failing rows after row `after`, at most [`limits::ERRORS_PAGE`] of them.
    pub async fn batch_errors(&self, _operator: &Operator, id: &BatchId, after: u64) -> ServiceResult<Vec<BatchError>> {
        Ok(self.inner.stores.batches.errors(id, after, limits::ERRORS_PAGE).await?)
    }

    /// Begins to send the rows. What is typed is kept either way; gives what is wrong with it.
    pub async fn start_batch(
        &self,
        operator: &Operator,
        id: &BatchId,
        form: BatchForm,
    ) -> ServiceResult<Vec<FieldProblem>> {
        let mut record = self.batch_record(id).await?;
        if record.view.state != BatchState::Ready {
            return Err(conflict("the batch has begun already", "look at where it is, or upload the file once more"));
        }
        let read = form.read(&record.view.file, &self.inner.settings.batch.limits);
        record.view.form = form;
        record.view.revision += 1;
        let setup = match read {
            Ok(setup) => setup,
            Err(problems) => {
                self.inner.stores.batches.put(&record).await?;
                return Ok(problems);
            }
        };
        self.refuse_too_many()?;
        record.view.setup = Some(setup);
        record.view.started = Some(self.now());
        self.send_batch(operator, record).await?;
        Ok(Vec::new())
    }

    /// Sends no new rows; those under way are waited for.
    pub async fn pause_batch(&self, operator: &Operator, id: &BatchId) -> ServiceResult<()> {
        let asked = {
            let active = lock(&self.inner.batches.active);
            active.get(id).map(|batch| batch.ask.send_if_modified(|ask| std::mem::replace(ask, Ask::Pause) == Ask::Go))
        };
        match asked {
            Some(true) => {
                self.note(operator.label(), Happened::done(format!("paused batch {id}"))).await;
                Ok(())
            }
            Some(false) => Ok(()),
            // It may just have ended; that there is such a batch at all is worth knowing.
            None => self.batch_record(id).await.map(drop),
        }
    }

    /// Goes on with a batch that paused, from the first row without a result.
    pub async fn resume_batch(&self, operator: &Operator, id: &BatchId) -> ServiceResult<()> {
        if self.inner.batches.view(id).is_some_and(|live| live.borrow().state == BatchState::Running) {
            return Ok(());
        }
        self.at_rest(id).await;
        let record = self.batch_record(id).await?;
        if record.view.state != BatchState::Paused {
            return Err(conflict("the batch is not paused", "wait until it is, or look at what came of it"));
        }
        self.refuse_too_many()?;
        self.send_batch(operator, record).await
    }

    /// Deletes a batch with its files.
    pub async fn delete_batch(&self, operator: &Operator, id: &BatchId) -> ServiceResult<()> {
        self.at_rest(id).await;
        if self.inner.batches.view(id).is_some() {
            return Err(conflict("rows are still under way", "pause the batch, then delete it"));
        }
        let record = self.batch_record(id).await?;
        self.forget_batch(id).await?;
        let happened = Happened::done(format!("deleted batch {id}")).detail(record.view.file.name);
        self.note(operator.label(), happened).await;
        Ok(())
    }

    /// Goes on with batches that a crash or a restart interrupted; called once at the start.
    pub async fn resume_batches(&self) -> ServiceResult<()> {
        for mut record in self.inner.stores.batches.unfinished().await? {
            let id = record.view.id.clone();
            if record.view.state == BatchState::Pausing {
                // Someone wanted it to rest.
                record.view.state = BatchState::Paused;
                record.view.revision += 1;
                self.inner.stores.batches.put(&record).await?;
                continue;
            }
            let operator = Operator::resuming(&record.view.by);
            if let Err(error) = self.send_batch(&operator, record).await {
                tracing::error!(batch = %id, %error, "an interrupted batch could not go on");
            }
        }
        Ok(())
    }

    /// Deletes what has been kept long enough; gives how many batches that were.
    pub async fn expire_batches(&self, now: Timestamp) -> ServiceResult<usize> {
        let mut expired = self.inner.stores.batches.expired(now).await?;
        expired.retain(|id| self.inner.batches.view(id).is_none());
        for id in &expired {
            self.forget_batch(id).await?;
        }
        Ok(expired.len())
    }

    async fn send_batch(&self, operator: &Operator, mut record: BatchRecord) -> ServiceResult<()> {
        let id = record.view.id.clone();
        let anew = record.view.done == 0;
        record.view.state = BatchState::Running;
        record.view.why = None;
        (record.view.pace, record.view.ahead) = (0, 0);
        record.view.revision += 1;
        self.inner.stores.batches.put(&record).await?;
        let folder = self.batch_folder(&id)?;
        let what = if anew { format!("started batch {id}") } else { format!("went on with batch {id}") };
        let detail = format!("{} of {} rows done", record.view.done, record.view.rows());
        {
            let mut active = lock(&self.inner.batches.active);
            if active.contains_key(&id) {
                return Ok(());
            }
            let ask = Arc::new(watch::Sender::new(Ask::Go));
            let (sender, view) = watch::channel(record.view.clone());
            let runner = Runner::new(self.clone(), operator.clone(), record, folder, sender, ask.clone());
            let ended = Ended { services: self.clone(), id: id.clone() };
            let task = tokio::spawn(async move {
                // Removed also after a panic: the batch must be able to go on.
                let _ended = ended;
                runner.run().await;
            });
            active.insert(id, Active { view, ask, task: Some(task) });
        }
        self.note(operator.label(), Happened::done(what).detail(detail)).await;
        Ok(())
    }

    fn refuse_too_many(&self) -> ServiceResult<()> {
        if lock(&self.inner.batches.active).len() < GOING {
            return Ok(());
        }
        let message = format!("{GOING} batches are under way, and no more may be");
        Err(conflict(&message, "wait until one of them is done, or pause it"))
    }

    /// Waits for the last words of a batch that shows that it rests.
    async fn at_rest(&self, id: &BatchId) {
        let task = {
            let mut active = lock(&self.inner.batches.active);
            let resting = active.get_mut(id).filter(|batch| !batch.view.borrow().state.is_going());
            resting.and_then(|batch| batch.task.take())
        };
        if let Some(task) = task {
            // A panic in it was logged where it happened.
            let _ = task.await;
        }
    }

    async fn forget_batch(&self, id: &BatchId) -> ServiceResult<()> {
        // The files first: a record without files can be deleted once more, files without a record are found by nobody.
        folder::remove(self.batch_folder(id)?).await?;
        self.inner.stores.batches.delete(id).await?;
        Ok(())
    }

    async fn batch_record(&self, id: &BatchId) -> ServiceResult<BatchRecord> {
        let found = self.inner.stores.batches.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "batch", id: id.to_string() })
    }

    fn batch_folder(&self, id: &BatchId) -> ServiceResult<PathBuf> {
        let folder = self.inner.settings.batch.folder.as_ref();
        folder
            .map(|folder| folder.join(id.as_str()))
            .ok_or_else(|| conflict("this console keeps no files", "start it with a data folder that it can write to"))
    }
}

fn conflict(message: &str, hint: &str) -> ServiceError {
    ServiceError::Conflict { message: message.into(), hint: hint.into() }
}

struct Ended {
    services: Services,
    id: BatchId,
}

impl Drop for Ended {
    fn drop(&mut self) {
        lock(&self.services.inner.batches.active).remove(&self.id);
    }
}

//! Tables that are read through at this moment: in the background, watchable, stoppable.

use super::convert::{self, Unfit};
use super::{TABLE, channel_file};
use crate::batch::blocking;
use crate::pipeline::Pipelines;
use crate::runs::follow;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult};
use domain::names::{DraftId, PipelineId};
use domain::pipeline::data::{Channel, Layout, Prepared, Tally};
use domain::pipeline::draft::{PipelineStep, Uploaded};
use domain::pipeline::view::{PreparationState, PreparationView};
use futures::stream::{self, Stream, StreamExt as _};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// The tables that are being read, and the last word about those that were.
#[derive(Default)]
pub(in crate::pipeline) struct Preparations(Mutex<HashMap<PipelineId, Preparation>>);

/// How long a table is waited for before the page shows how far its reading is.
const A_SMALL_TABLE: Duration = Duration::from_secs(2);

/// What a reading tells through, and what stops it.
type Begun = (watch::Sender<PreparationView>, Arc<AtomicBool>);

struct Preparation {
    view: watch::Receiver<PreparationView>,
    cancel: Arc<AtomicBool>,
}

impl Preparations {
    pub(in crate::pipeline) fn cancel(&self, pipeline: &PipelineId) {
        if let Some(preparation) = lock(&self.0).get(pipeline) {
            preparation.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Stops all of them.
    pub(in crate::pipeline) fn stop(&self) {
        lock(&self.0).values().for_each(|preparation| preparation.cancel.store(true, Ordering::Relaxed));
    }

    fn view(&self, pipeline: &PipelineId) -> Option<watch::Receiver<PreparationView>> {
        lock(&self.0).get(pipeline).map(|preparation| preparation.view.clone())
    }

    /// Makes room for another reading; gives the one that is going on instead, and whether somebody has stopped it.
    fn begin(&self, pipeline: &PipelineId, bytes: u64) -> Result<Begun, (watch::Receiver<PreparationView>, bool)> {
        let mut all = lock(&self.0);
        if let Some(known) = all.get(pipeline) {
            let going = known.view.has_changed().is_ok() && known.view.borrow().state == PreparationState::Reading;
            if going {
                return Err((known.view.clone(), known.cancel.load(Ordering::Relaxed)));
            }
        }
        let begun = PreparationView { state: PreparationState::Reading, read: 0, bytes, tally: Tally::default() };
        let (sender, view) = watch::channel(begun);
        let cancel = Arc::new(AtomicBool::new(false));
        all.insert(pipeline.clone(), Preparation { view, cancel: cancel.clone() });
        Ok((sender, cancel))
    }
}

impl Pipelines {
    /// Begins to read a draft's table through, as its answers say. Refused as `Conflict` while it is being read.
    pub async fn prepare_data(&self, _operator: &Operator, id: &DraftId) -> ServiceResult<()> {
        let draft = self.draft_record(id).await?.value;
        let problems = draft.problems(PipelineStep::Data);
        let (Some(layout), Some(uploaded)) = (draft.layout(), &draft.uploaded) else {
            return Err(ServiceError::Invalid { problems });
        };
        let folder = self.folder(&draft.pipeline)?;
        let (view, cancel) = self.begin_reading(&draft.pipeline, uploaded.bytes).await?;
        let (pipelines, id, of) = (self.clone(), id.clone(), uploaded.clone());
        tokio::spawn(async move {
            let (read, shown, stopped) = (layout.clone(), view.clone(), cancel.clone());
            let mut converted = blocking(move || read_through(&folder, &read, &shown, &stopped)).await;
            if cancel.load(Ordering::Relaxed) {
                converted = Err(Unfit::Cancelled);
            }
            let state = pipelines.keep(&id, &of, layout, converted).await;
            view.send_modify(|view| view.state = state);
        });
        Ok(())
    }

    /// Waits for a reading that was stopped and has not ended yet: both would write the same files.
    async fn begin_reading(&self, pipeline: &PipelineId, bytes: u64) -> ServiceResult<Begun> {
        loop {
            match self.inner.preparations.begin(pipeline, bytes) {
                Ok(begun) => return Ok(begun),
                Err((mut view, true)) => {
                    // An error means that it has ended too.
                    let _ = view.wait_for(|view| view.state != PreparationState::Reading).await;
                }
                Err((_, false)) => {
                    return Err(ServiceError::Conflict {
                        message: "the table is being read at this moment".into(),
                        hint: "wait until that is done, or stop it".into(),
                    });
                }
            }
        }
    }

    /// Whether a draft's table has been read through as its answers say and can be trained with. If it has not, it is
    /// read from now on; a small table is waited for.
    pub async fn ensure_prepared(&self, operator: &Operator, id: &DraftId) -> ServiceResult<bool> {
        let draft = self.draft_record(id).await?.value;
        if draft.prepared().is_none() {
            match self.prepare_data(operator, id).await {
                // It is being read already.
                Ok(()) | Err(ServiceError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
            if let Some(mut view) = self.inner.preparations.view(&draft.pipeline) {
                let ended = view.wait_for(|view| view.state != PreparationState::Reading);
                // An error means that it has ended too.
                let _ = tokio::time::timeout(A_SMALL_TABLE, ended).await;
            }
        }
        let draft = self.draft_record(id).await?.value;
        Ok(draft.prepared().is_some_and(|prepared| prepared.tally.problem(&prepared.layout).is_none()))
    }

    /// How far the reading of a draft's table is, or what came of it; `None` where this process has not read it.
    pub async fn preparation(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<Option<PreparationView>> {
        let pipeline = self.draft_record(draft).await?.value.pipeline;
        Ok(self.inner.preparations.view(&pipeline).map(|view| view.borrow().clone()))
    }

    /// The reading of a draft's table as it goes: its present state first; ends when it has ended. Nothing where the table
    /// was not read by this process.
    pub async fn watch_preparation(
        &self,
        _operator: &Operator,
        draft: &DraftId,
    ) -> ServiceResult<impl Stream<Item = PreparationView> + Send + use<>> {
        let pipeline = self.draft_record(draft).await?.value.pipeline;
        Ok(match self.inner.preparations.view(&pipeline) {
            Some(receiver) => follow(receiver, |view| view.state == PreparationState::Reading),
            None => stream::empty().boxed(),
        })
    }

    /// Stops the reading of a draft's table; no error if it is not being read.
    pub async fn cancel_preparation(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<()> {
        let pipeline = self.draft_record(draft).await?.value.pipeline;
        self.inner.preparations.cancel(&pipeline);
        Ok(())
    }

    /// Writes down what came of a table, faults and all, unless there is another table by now.
    async fn keep(
        &self,
        draft: &DraftId,
        of: &Uploaded,
        layout: Layout,
        converted: Result<Prepared, Unfit>,
    ) -> PreparationState {
        let failed = |message: String| PreparationState::Failed { message };
        let prepared = match converted {
            Ok(prepared) => prepared,
            Err(Unfit::Cancelled) => return PreparationState::Cancelled,
            Err(Unfit::Table(message)) => return failed(message),
            Err(Unfit::Format(message, _)) => return failed(message.to_owned()),
            Err(Unfit::Io(error)) => {
                tracing::error!(%error, "a table could not be read");
                return failed("the console's data folder could not be used".into());
            }
        };
        let kept = self.change_draft(draft, |draft| {
            if draft.uploaded.as_ref() == Some(of) {
                draft.prepared = Some(prepared.clone());
            }
        });
        let kept = kept.await;
        match (kept, prepared.tally.problem(&layout)) {
            (Err(error), _) => failed(error.to_string()),
            (Ok(()), Some(problem)) => failed(problem.to_string()),
            (Ok(()), None) => PreparationState::Done,
        }
    }
}

/// Reads through and, when all went well, puts the channels' files where runs look for them.
fn read_through(
    folder: &Path,
    layout: &Layout,
    view: &watch::Sender<PreparationView>,
    cancel: &AtomicBool,
) -> Result<Prepared, Unfit> {
    let written = |channel: Channel| channel_file(folder, channel).with_extension("part");
    let tell = |read: u64, tally: &Tally| {
        view.send_modify(|view| (view.read, view.tally) = (read, tally.clone()));
        !cancel.load(Ordering::Relaxed)
    };
    let converted = convert::convert(&folder.join(TABLE), layout, written, tell);
    let keep = converted.as_ref().is_ok_and(|(tally, _)| tally.problem(layout).is_none());
    for channel in Channel::ALL {
        let (from, to) = (written(channel), channel_file(folder, channel));
        if keep { std::fs::rename(from, to)? } else { std::fs::remove_file(from)? }
    }
    let (tally, files) = converted?;
    Ok(Prepared { layout: layout.clone(), tally, files: if keep { files } else { BTreeMap::new() } })
}

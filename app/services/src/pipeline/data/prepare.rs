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
use domain::pipeline::draft::PipelineStep;
use domain::pipeline::view::{PreparationState, PreparationView};
use futures::stream::{self, Stream, StreamExt as _};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// The tables that are being read, and the last word about those that were.
#[derive(Default)]
pub(in crate::pipeline) struct Preparations(Mutex<HashMap<PipelineId, Preparation>>);

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

    /// Makes room for another reading, unless one is going on.
    fn begin(&self, pipeline: &PipelineId, bytes: u64) -> Option<(watch::Sender<PreparationView>, Arc<AtomicBool>)> {
        let mut all = lock(&self.0);
        let going = |known: &Preparation| {
            known.view.has_changed().is_ok() && known.view.borrow().state == PreparationState::Reading
        };
        if all.get(pipeline).is_some_and(going) {
            return None;
        }
        let begun = PreparationView { state: PreparationState::Reading, read: 0, bytes, tally: Tally::default() };
        let (sender, view) = watch::channel(begun);
        let cancel = Arc::new(AtomicBool::new(false));
        all.insert(pipeline.clone(), Preparation { view, cancel: cancel.clone() });
        Some((sender, cancel))
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
        let Some((view, cancel)) = self.inner.preparations.begin(&draft.pipeline, uploaded.bytes) else {
            return Err(ServiceError::Conflict {
                message: "the table is being read at this moment".into(),
                hint: "wait until that is done, or stop it".into(),
            });
        };
        let (pipelines, id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            let (read, shown) = (layout.clone(), view.clone());
            let converted = blocking(move || read_through(&folder, &read, &shown, &cancel)).await;
            let state = pipelines.keep(&id, layout, converted).await;
            view.send_modify(|view| view.state = state);
        });
        Ok(())
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

    /// Writes down what came of a table, faults and all.
    async fn keep(&self, draft: &DraftId, layout: Layout, converted: Result<Prepared, Unfit>) -> PreparationState {
        let failed = |message: String| PreparationState::Failed { message };
        let prepared = match converted {
            Ok(prepared) => prepared,
            Err(Unfit::Cancelled) => return PreparationState::Cancelled,
            Err(Unfit::Table(message)) => return failed(message),
            Err(Unfit::Io(error)) => {
                tracing::error!(%error, "a table could not be read");
                return failed("the console's data folder could not be used".into());
            }
        };
        let kept = self.change_draft(draft, |draft| draft.prepared = Some(prepared.clone())).await;
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

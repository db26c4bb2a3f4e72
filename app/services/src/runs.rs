//! Runs: executed in the background, journalled, resumable, watchable.

use crate::{Operator, ServiceResult, Services};
use domain::names::{RunId, ShareId};
use domain::run::RunView;
use domain::share::view::{ApplyView, UndoView};
use futures::Stream;
use futures::stream::BoxStream;

impl Services {
    /// Where a run is.
    pub async fn run(&self, operator: &Operator, run: &RunId) -> ServiceResult<RunView> {
        let _ = (operator, run);
        self.not_yet()
    }

    /// A run as it goes: its present state first; ends when the run has ended.
    pub async fn watch_run(
        &self,
        operator: &Operator,
        run: &RunId,
    ) -> ServiceResult<impl Stream<Item = RunView> + Send + use<>> {
        let _ = (operator, run);
        self.not_yet::<BoxStream<'static, RunView>>()
    }

    /// Goes on with a failed run at the step that failed.
    pub async fn retry_run(&self, operator: &Operator, run: &RunId) -> ServiceResult<()> {
        let _ = (operator, run);
        self.not_yet()
    }

    /// What Undo would do.
    pub async fn undo_plan(&self, operator: &Operator, share: &ShareId) -> ServiceResult<UndoView> {
        let _ = (operator, share);
        self.not_yet()
    }

    /// Takes back what the share's runs made.
    pub async fn undo(&self, operator: &Operator, share: &ShareId) -> ServiceResult<ApplyView> {
        let _ = (operator, share);
        self.not_yet()
    }

    /// Goes on with runs that a crash or a restart interrupted; called once at the start.
    pub async fn resume_runs(&self) -> ServiceResult<()> {
        self.not_yet()
    }
}

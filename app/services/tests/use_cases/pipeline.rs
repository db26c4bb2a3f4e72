//! Pipelines: made, changed and taken away in three accounts that behave as AWS does.

mod applying;
mod approving;
mod aws;
mod data;
mod memory;
mod preflight;
mod removing;
mod resuming;
mod world;

use crate::{Bench, Hand, gateways, region, stores};
use aws::Aws;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::draft::{AccountsForm, PipelineForm};
use domain::pipeline::view::PipelineRunView;
use domain::run::RunState;
use futures::StreamExt as _;
use memory::PipelineMemory;
use services::pipeline::Sample;
use services::{Operator, PipelineSettings, Pipelines, Services, Settings};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// Sixty customers, of whom every third leaves.
static SAMPLE: LazyLock<&'static str> = LazyLock::new(|| {
    let rows = (0..60).map(|row| format!("{},{row},{}\n", u8::from(row % 3 == 0), row * 7 % 11));
    Box::leak(format!("churned,tenure,minutes\n{}", rows.collect::<String>()).into_boxed_str())
});

/// Two versions of the pipeline, by the executions that trained them.
pub const FIRST: &str = "churn-0f8fad5b-d9cb-469f-a165-000000000001";
pub const SECOND: &str = "churn-0f8fad5b-d9cb-469f-a165-000000000002";

/// The console over three accounts.
pub struct Factory {
    pub pipelines: Pipelines,
    pub aws: Arc<Aws>,
    pub memory: Arc<PipelineMemory>,
    pub operator: Operator,
    pub bench: Bench,
    pub folder: Arc<TempDir>,
}

impl Factory {
    pub async fn new() -> Self {
        Self::in_folder(Arc::new(TempDir::new().unwrap())).await
    }

    pub async fn in_folder(folder: Arc<TempDir>) -> Self {
        let aws = Arc::new(Aws::default());
        let bench = Bench::new();
        let mut gateways = gateways::of(&bench.cloud);
        gateways.connections = aws.clone();
        let clock = Arc::new(Hand::default());
        let settings = Settings::new(false, region());
        let services = Services::new(gateways, stores::of(&bench.memory), settings, clock.clone());
        let bench = Bench { services, clock, ..bench };
        let memory = Arc::new(PipelineMemory::default());
        let operator = bench.operator().await;
        let pipelines = console(&bench, &aws, &memory, &folder);
        Self { pipelines, aws, memory, operator, bench, folder }
    }

    /// The process is gone, and another one begins over the same accounts and stores.
    pub fn restart(&mut self) {
        self.memory.crash(None);
        self.pipelines = console(&self.bench, &self.aws, &self.memory, &self.folder);
    }

    /// A draft with all its answers, whose table has been read through.
    pub async fn draft(&self) -> DraftId {
        let (pipelines, operator) = (&self.pipelines, &self.operator);
        let draft = pipelines.start_draft(operator).await.unwrap();
        let accounts = AccountsForm {
            shared_services: "shared".into(),
            training: "training".into(),
            production: "production".into(),
            region: "eu-west-1".into(),
        };
        let mut model = pipelines.draft(operator, &draft).await.unwrap().draft.model;
        (model.prefix, model.repository, model.endpoint) = ("churn".into(), "churn".into(), "churn-live".into());
        for form in [PipelineForm::Accounts(accounts), PipelineForm::Model(model.into())] {
            assert_eq!(pipelines.save_step(operator, &draft, form).await.unwrap(), []);
        }
        pipelines.use_sample(operator, &draft).await.unwrap();
        self.read_table(&draft).await;
        draft
    }

    pub async fn read_table(&self, draft: &DraftId) {
        self.pipelines.prepare_data(&self.operator, draft).await.unwrap();
        let seen = self.pipelines.watch_preparation(&self.operator, draft).await.unwrap();
        std::pin::pin!(seen).fold((), |(), _| async {}).await;
    }

    pub async fn apply(&self, draft: &DraftId) -> RunId {
        let fingerprint = self.pipelines.review(&self.operator, draft).await.unwrap().fingerprint;
        self.pipelines.apply(&self.operator, draft, &fingerprint).await.unwrap()
    }

    /// The run at its end.
    pub async fn ended(&self, run: &RunId) -> PipelineRunView {
        let seen = self.pipelines.watch_run(&self.operator, run).await.unwrap();
        let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await;
        last.unwrap()
    }

    /// A pipeline that stands.
    pub async fn made(&self) -> PipelineId {
        let draft = self.draft().await;
        let run = self.ended(&self.apply(&draft).await).await;
        assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
        run.pipeline
    }

    pub fn summary(&self) -> Vec<String> {
        self.aws.world().summary()
    }
}

fn console(bench: &Bench, aws: &Arc<Aws>, memory: &Arc<PipelineMemory>, folder: &TempDir) -> Pipelines {
    let sample = Sample { name: "churn.csv", text: *SAMPLE };
    let settings = PipelineSettings::new(Some(folder.path().into()), sample);
    Pipelines::new(bench.services.clone(), aws::of(aws), memory::of(memory), settings)
}

//! A sandbox, the gateways over it, a store, and the use cases of pipelines: what the binary puts together.

use crate::client::Client;
use crate::inventory::Inventory;
use aws_gateway::AwsSettings;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::approval::Verdict;
use domain::pipeline::draft::{AccountsForm, ModelForm, PipelineForm};
use domain::pipeline::execution::{Execution, ExecutionStatus, Waiting};
use domain::pipeline::view::{PipelineRunView, PipelineView, TeardownForm, VersionsView};
use domain::run::{RunState, StepError, StepState};
use futures::StreamExt as _;
use sandbox::{Sandbox, SandboxConfig};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use services::pipeline::Sample;
use services::{Backoff, Operator, PipelineSettings, Pipelines, Services, Settings, SystemClock};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const SHARED: &str = "333333333333";
pub const PRODUCTION: &str = "555555555555";
/// What the bucket is called unless somebody says otherwise.
pub const BUCKET: &str = "churn-333333333333-eu-west-1";
pub const ENDPOINT: &str = "churn-live";
/// A customer, as the model takes one: the sample's columns without the label.
pub const CUSTOMER: &str = "6,0,0,138.2,78,25.4,106.7,2,9.1";

/// How long is waited for anything.
const PATIENCE: Duration = Duration::from_secs(120);
/// The table that the console ships.
pub const SAMPLE: &str = include_str!("../../sandbox/data/churn.csv");

pub struct World {
    pub pipelines: Pipelines,
    pub services: Services,
    pub operator: Operator,
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

/// The quick sandbox: everything that takes minutes on AWS takes milliseconds.
fn quick() -> Value {
    json!({
        "function_activation_ms": 0,
        "endpoint_creation_ms": 50,
        "endpoint_update_ms": 50,
        "training_phase_ms": 10,
        "deployment_second_ms": 1,
        "state_wait_ms": 10,
        "pipeline_poll_ms": 50,
        "pipeline_continuation_ms": 100,
        "pipeline_job_ms": 20_000,
    })
}

/// Asks until there is an answer.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let config = SandboxConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            dir: folder.path().join("sandbox"),
            fresh: true,
            seed_many: 0,
            region: "eu-west-1".parse().unwrap(),
        };
        let sandbox = sandbox::start(config).await.unwrap();
        let (services, pipelines, operator) = console(&sandbox, &folder).await;
        let world = Self { pipelines, services, operator, sandbox, folder };
        world.control("PUT", "/settings", quick()).await;
        world
    }

    /// The console ends in good order, and another begins over the same store.
    pub async fn restart(&mut self) {
        self.pipelines.shutdown().await;
        (self.services, self.pipelines, self.operator) = console(&self.sandbox, &self.folder).await;
    }

    /// Somebody swaps two profiles in the credentials file, and the console begins anew.
    pub async fn swap(&mut self, one: &str, other: &str) {
        let file = self.sandbox.credentials_file();
        let text = std::fs::read_to_string(file).unwrap();
        let (one, other) = (format!("[{one}]"), format!("[{other}]"));
        let swapped = text.replace(&one, "[between]").replace(&other, &one).replace("[between]", &other);
        std::fs::write(file, swapped).unwrap();
        self.restart().await;
    }

    /// A call to the sandbox's control path.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        crate::control::control(&self.sandbox, method, path, body).await
    }

    /// Refuses calls of an operation in an account: so many, or all.
    pub async fn refuse(&self, service: &str, operation: &str, account: &str, times: Option<u64>) {
        let effect = json!({ "kind": "error", "status": 400, "code": "ValidationException", "message": "injected" });
        let mut rule = json!({ "service": service, "operation": operation, "account": account, "effect": effect });
        if let Some(times) = times {
            rule["times"] = times.into();
        }
        self.control("POST", "/faults", rule).await;
    }

    pub async fn no_faults(&self) {
        self.control("DELETE", "/faults", Value::Null).await;
    }

    /// Whoever has a profile's keys, past the console.
    pub fn client(&self, profile: &str) -> Client {
        Client::of_profile(&self.sandbox.url(), self.sandbox.credentials_file(), profile)
    }

    pub fn state_file(&self) -> PathBuf {
        self.folder.path().join("sandbox/state.json")
    }

    /// Everything that the accounts have. The sandbox confirms what is on disk only.
    pub fn inventory(&self) -> Inventory {
        Inventory::read(&self.state_file())
    }

    /// A draft with all its answers, whose table has been read through.
    pub async fn draft(&self, change: impl Fn(&mut ModelForm)) -> DraftId {
        self.draft_in(["shared", "training", "production"], change).await
    }

    /// The same in other accounts.
    pub async fn draft_in(&self, [a, b, c]: [&str; 3], change: impl Fn(&mut ModelForm)) -> DraftId {
        let draft = self.pipelines.start_draft(&self.operator).await.unwrap();
        let accounts = AccountsForm {
            shared_services: a.into(),
            training: b.into(),
            production: c.into(),
            region: "eu-west-1".into(),
        };
        self.saved(&draft, PipelineForm::Accounts(accounts)).await;
        self.model(&draft, |model| {
            (model.prefix, model.repository, model.endpoint) = ("churn".into(), "churn".into(), ENDPOINT.into());
            model.hyperparameters = "num_round=20\nmax_depth=4\neta=0.3\neval_metric=auc".into();
            change(model);
        })
        .await;
        self.pipelines.use_sample(&self.operator, &draft).await.unwrap();
        self.read_table(&draft).await;
        draft
    }

    async fn saved(&self, draft: &DraftId, form: PipelineForm) {
        let problems = self.pipelines.save_step(&self.operator, draft, form).await.unwrap();
        assert_eq!(problems, []);
    }

    /// Answers the model's step otherwise.
    pub async fn model(&self, draft: &DraftId, change: impl Fn(&mut ModelForm)) {
        let mut model = self.pipelines.draft(&self.operator, draft).await.unwrap().draft.model;
        change(&mut model);
        self.saved(draft, PipelineForm::Model(model.into())).await;
    }

    /// Gives another table.
    pub async fn upload(&self, draft: &DraftId, table: &str) {
        let mut upload = self.pipelines.begin_data_upload(&self.operator, draft, "newer.csv").await.unwrap();
        upload.write(table.as_bytes()).await.unwrap();
        upload.finish().await.unwrap();
        self.read_table(draft).await;
    }

    async fn read_table(&self, draft: &DraftId) {
        self.pipelines.prepare_data(&self.operator, draft).await.unwrap();
        let seen = self.pipelines.watch_preparation(&self.operator, draft).await.unwrap();
        std::pin::pin!(seen).fold((), |(), _| async {}).await;
    }

    /// Applies what a draft's review shows.
    pub async fn apply(&self, draft: &DraftId) -> RunId {
        let fingerprint = self.pipelines.review(&self.operator, draft).await.unwrap().fingerprint;
        self.pipelines.apply(&self.operator, draft, &fingerprint).await.unwrap()
    }

    /// A run at its end.
    pub async fn ended(&self, run: &RunId) -> PipelineRunView {
        let seen = self.pipelines.watch_run(&self.operator, run).await.unwrap();
        let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await;
        last.unwrap()
    }

    pub async fn succeeds(&self, run: &RunId) -> PipelineRunView {
        let view = self.ended(run).await;
        assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
        view
    }

    /// Runs to the end and gives the step that failed, and why.
    pub async fn fails(&self, run: &RunId) -> (String, StepError) {
        let view = self.ended(run).await;
        assert_eq!(view.state, RunState::Failed, "{view:#?}");
        let failed = view.steps.into_iter().find(|step| step.state == StepState::Failed).unwrap();
        (failed.id, failed.error.unwrap())
    }

    /// A pipeline that stands.
    pub async fn made(&self, change: impl Fn(&mut ModelForm)) -> PipelineId {
        let draft = self.draft(change).await;
        self.succeeds(&self.apply(&draft).await).await.pipeline
    }

    pub async fn view(&self, pipeline: &PipelineId) -> PipelineView {
        self.pipelines.pipeline(&self.operator, pipeline).await.unwrap()
    }

    /// The executions, the newest first.
    pub async fn executions(&self, pipeline: &PipelineId) -> Vec<Execution> {
        self.pipelines.executions(&self.operator, pipeline, None).await.unwrap().items
    }

    async fn execution(&self, pipeline: &PipelineId, id: &str) -> Execution {
        let all = self.executions(pipeline).await;
        all.into_iter().find(|one| one.id == id).unwrap_or_else(|| panic!("no execution {id}"))
    }

    /// An execution's end.
    pub async fn execution_ends(&self, pipeline: &PipelineId, id: &str) -> ExecutionStatus {
        eventually("the end of an execution", async || {
            let status = self.execution(pipeline, id).await.status;
            (!status.is_going()).then_some(status)
        })
        .await
    }

    /// The approval that waits of an execution other than `not`.
    pub async fn waiting(&self, pipeline: &PipelineId, not: &[&str]) -> Waiting {
        eventually("an approval", async || {
            let view = self.view(pipeline).await;
            if let Some(newest) = self.executions(pipeline).await.first() {
                let failed = newest.status == ExecutionStatus::Failed && !not.contains(&newest.id.as_str());
                assert!(!failed, "{:#?}", view.state);
            }
            view.waiting.filter(|waiting| !not.contains(&waiting.execution.as_str()))
        })
        .await
    }

    pub async fn decide(&self, pipeline: &PipelineId, waiting: &Waiting, verdict: Verdict, comment: &str) {
        self.pipelines.approve(&self.operator, pipeline, &waiting.token, verdict, comment).await.unwrap();
    }

    pub async fn versions(&self, pipeline: &PipelineId) -> VersionsView {
        self.pipelines.versions(&self.operator, pipeline).await.unwrap()
    }

    /// The version that serves, once nothing changes any more.
    pub async fn serves(&self, pipeline: &PipelineId) -> String {
        let endpoint = eventually("an endpoint in service", async || {
            self.versions(pipeline).await.endpoint.filter(|endpoint| endpoint.status == "InService")
        });
        endpoint.await.configuration
    }

    /// Takes a pipeline away as its dry run shows.
    pub async fn torn_down(&self, pipeline: &PipelineId) -> PipelineRunView {
        let dry_run = self.pipelines.teardown(&self.operator, pipeline).await.unwrap();
        let form = TeardownForm {
            bucket: dry_run.type_bucket.unwrap_or_default(),
            endpoint: dry_run.type_endpoint.unwrap_or_default(),
        };
        let run = self.pipelines.tear_down(&self.operator, pipeline, &dry_run.fingerprint, &form).await.unwrap();
        self.succeeds(&run).await
    }
}

/// A console with its store in the folder, and somebody signed in.
async fn console(sandbox: &Sandbox, folder: &TempDir) -> (Services, Pipelines, Operator) {
    let aws = AwsSettings {
        credentials_file: Some(sandbox.credentials_file().to_owned()),
        config_file: Some(sandbox.config_file().to_owned()),
    };
    let (gateways, pipeline_gateways) = aws_gateway::connect_all(aws).await.unwrap();
    let opened = store::open_all(&folder.path().join("console.db")).await.unwrap();
    let ms = Duration::from_millis;
    let settings = Settings {
        propagation: Backoff { first: ms(20), longest: ms(200), budget: ms(5_000) },
        retry: Backoff { first: ms(10), longest: ms(100), budget: ms(1_000) },
        ..Settings::new(true, "eu-west-1".parse().unwrap())
    };
    let services = Services::new(gateways, opened.stores, settings, Arc::new(SystemClock));
    let sample = Sample { name: "churn.csv", text: SAMPLE };
    let settings = PipelineSettings {
        poll: ms(20),
        patience: PATIENCE,
        ..PipelineSettings::new(Some(folder.path().join("pipelines")), sample)
    };
    let pipelines = Pipelines::new(services.clone(), pipeline_gateways, opened.pipelines, settings);
    let operator = signed_in(&services).await;
    (services, pipelines, operator)
}

/// Somebody else in the console.
pub async fn signed_in(services: &Services) -> Operator {
    let token = services.issue_launch_token();
    let cookie = services.sign_in(token.expose_secret()).await.unwrap().unwrap();
    services.operator(cookie.expose_secret()).await.unwrap().unwrap()
}

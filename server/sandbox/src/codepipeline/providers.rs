//! The providers of actions: each does one action, from where it stands to its end, as the role that the action has.

pub mod approval;
pub mod cloudformation;
pub mod codecommit;
pub mod lambda;
pub mod s3;
pub mod stepfunctions;
pub mod xml;

use super::SERVICE;
use super::declaration::ArtifactStore;
use super::engine;
use super::flow::{Done, Failed, Place};
use super::input::arn;
use super::model::{ActionRun, Execution, Fault, Pipelines, Status};
use crate::acting::Acting;
use crate::app::App;
use crate::clock;
use crate::error::Failure;
use crate::state::Regional as _;
use serde_json::Value;
use std::time::Duration;

/// The longest message of a failure.
const MESSAGE: usize = 5000;

/// An action that is worked on.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Task {
    pub place: Place,
    pub execution: String,
    pub action: String,
}

/// All that an action's provider needs to know.
pub struct Context<'a> {
    /// The sandbox.
    pub app: &'a App,
    /// Which action.
    pub task: &'a Task,
    /// Whose permissions it has.
    pub acting: Acting,
    /// The action as it stood when the work began.
    pub run: ActionRun,
    /// Where artifacts go.
    pub store: ArtifactStore,
    /// Revisions that the execution was told to take.
    pub overrides: Vec<super::model::Override>,
}

/// Why an action fails.
#[derive(Debug, Clone)]
pub struct Trouble {
    code: &'static str,
    message: String,
    external: Option<String>,
}

impl Trouble {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), external: None }
    }
    /// A role lacks a permission.
    pub fn permission(message: impl Into<String>) -> Self {
        Self::new("PermissionError", message)
    }
    /// The action is configured wrongly.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new("ConfigurationError", message)
    }
    /// What it began came to nothing.
    pub fn job(message: impl Into<String>) -> Self {
        Self::new("JobFailed", message)
    }
    /// The sandbox itself failed.
    pub fn system(message: impl Into<String>) -> Self {
        Self::new("SystemUnavailable", message)
    }
    /// What another service refused.
    pub fn of(service: &str, failure: &Failure) -> Self {
        let denied = ["AccessDenied", "AccessDeniedException"].contains(&failure.code.as_ref());
        let code = if denied { failure.code_for(crate::error::Family::Json) } else { &failure.code };
        let message =
            format!("{} (Service: {service}; Status Code: {}; Error Code: {code})", failure.message, failure.status);
        if denied { Self::permission(message) } else { Self::configuration(message) }
    }
    /// Says what did the work elsewhere.
    pub fn by(mut self, external: impl Into<String>) -> Self {
        self.external = Some(external.into());
        self
    }
}

impl From<Trouble> for Failed {
    fn from(Trouble { code, message, external }: Trouble) -> Self {
        let message = message.chars().take(MESSAGE).collect();
        Self { fault: Some(Fault { code: code.to_owned(), message }), external, ..Self::default() }
    }
}

impl Task {
    /// An action of an execution of a pipeline.
    pub fn new(place: Place, execution: String, action: String) -> Self {
        Self { place, execution, action }
    }
    /// The ARN of the pipeline.
    pub fn pipeline_arn(&self) -> String {
        arn(&self.place.region, &self.place.account, &self.place.pipeline)
    }
    fn look<T>(
        &self,
        app: &App,
        read: impl FnOnce(&super::model::Pipeline, &Execution, &ActionRun) -> Option<T>,
    ) -> Option<T> {
        let state = app.store.read();
        let regions = Pipelines::of(state.accounts.get(&self.place.account)?);
        let pipeline = regions.get(self.place.region.as_str())?.pipelines.get(&self.place.pipeline)?;
        let execution = pipeline.execution(&self.execution)?;
        let run = execution.action(&self.action).filter(|run| run.status == Status::InProgress)?;
        read(pipeline, execution, run)
    }
    /// The action as it is now, unless it is over.
    pub fn now(&self, app: &App) -> Option<ActionRun> {
        self.look(app, |_, _, run| Some(run.clone()))
    }
}

/// The roles by which an action acts: the pipeline's, and its own where it has one.
fn acting(app: &App, task: &Task, role: &str, own: Option<&str>) -> Result<Acting, Trouble> {
    let session = clock::now().0.to_string();
    let denied = |wanted: &str, failure: Failure| {
        Trouble::permission(format!(
            "The provided role cannot be assumed: 'Access denied when attempting to assume the role '{wanted}'' ({})",
            failure.message
        ))
    };
    let source = task.pipeline_arn();
    let acting = Acting::as_role(app, &task.place.region, role, SERVICE, Some(&source), &session);
    let acting = acting.map_err(|failure| denied(role, failure))?;
    match own {
        Some(own) => acting.assume(app, own, &session).map_err(|failure| denied(own, failure)),
        None => Ok(acting),
    }
}

/// Does an action to its end; `None` if it ended by itself meanwhile.
pub async fn run(app: &App, task: &Task) -> Option<Result<Done, Failed>> {
    let found = task.look(app, |pipeline, execution, run| {
        let declaration = pipeline.followed(execution);
        let declared = declaration.action(&run.stage, &run.action)?.clone();
        let store = declaration.store(task.place.region.as_str()).cloned().unwrap_or_default();
        Some((declaration.role_arn.clone(), declared, store, run.clone(), execution.overrides.clone()))
    });
    let (role, declared, store, run, overrides) = found?;
    let provider = declared.action_type_id.provider.clone();
    if provider == "Manual" {
        return approval::wait(app, task, &run, declared.timeout_in_minutes).await.map(Err);
    }
    let acting = match acting(app, task, &role, declared.role_arn.as_deref()) {
        Ok(acting) => acting,
        Err(trouble) => return Some(Err(trouble.into())),
    };
    let context = Context { app, task, acting, run, store, overrides };
    let done = match provider.as_str() {
        "S3" => s3::run(&context).await,
        "CodeCommit" => codecommit::run(&context).await,
        "CloudFormation" => cloudformation::run(&context).await,
        "StepFunctions" => stepfunctions::run(&context).await,
        "Lambda" => lambda::run(&context).await,
        other => Err(Trouble::configuration(format!("the sandbox has no actions of {other}"))),
    };
    match done {
        Ok(done) => done.map(Ok),
        Err(trouble) => Some(Err(trouble.into())),
    }
}

impl Context<'_> {
    /// A value of the configuration.
    pub fn configured(&self, key: &str) -> Option<&str> {
        self.run.configuration.get(key).map(String::as_str)
    }
    /// A value that must be there.
    pub fn required(&self, key: &str) -> Result<&str, Trouble> {
        self.configured(key)
            .ok_or_else(|| Trouble::configuration(format!("The action is missing the required configuration '{key}'")))
    }
    /// Waits for a while. False if the action is over meanwhile; a failure if it takes longer than it may.
    pub async fn pause(&self, most: Duration) -> Result<bool, Trouble> {
        let pause = self.app.faults.settings().pipeline_poll_ms;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if clock::now().since(self.run.started) > u64::try_from(most.as_millis()).unwrap_or(u64::MAX) {
            return Err(Trouble::job(format!("The action did not end within {} hours", most.as_secs() / 3600)));
        }
        Ok(self.task.now(self.app).is_some())
    }
    /// Keeps something of the action. False if it is over.
    pub async fn note(&self, change: impl FnOnce(&mut ActionRun)) -> bool {
        engine::note(self.app, self.task, change).await
    }
    /// Asks a service that speaks JSON, as the action's role.
    pub async fn json(&self, service: &str, operation: &str, input: Value) -> Result<Value, Failure> {
        self.acting.json(self.app, service, operation, input).await
    }
    /// A page of AWS's console.
    pub fn console(&self, service: &str, path: &str) -> String {
        format!("https://console.aws.amazon.com/{service}/home?region={}#{path}", self.task.place.region)
    }
}

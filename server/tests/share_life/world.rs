//! A sandbox, the gateways over it, a store, and the use cases: what the binary puts together, without its socket.

use aws_gateway::AwsSettings;
use domain::arn::{Arn, CallerArn};
use domain::names::{DraftId, EndpointName, RunId, ShareId};
use domain::policy::PolicyDocument;
use domain::run::{RunState, RunView, StepState};
use domain::share::view::ApplyView;
use domain::share::view::UndoConsent;
use domain::verification::VerificationView;
use domain::wizard::{CallersForm, ChildForm, EndpointsForm, ParentForm, RoleForm, StepForm};
use futures::StreamExt as _;
use sandbox::{Sandbox, SandboxConfig};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use services::ports::gateway::Gateways;
use services::{Backoff, Mended, Operator, Services, Settings, SystemClock};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub const PARENT: &str = "111111111111";
pub const CHILD: &str = "222222222222";
pub const LAMBDA: &str = "arn:aws:iam::222222222222:role/scoring-lambda";
pub const ROLE: &str = "SageMakerExternal";
pub const POLICY: &str = "arn:aws:iam::111111111111:policy/SageMakerExternalInvokeEndpoint";
pub const GRANT: &str = "arn:aws:iam::222222222222:policy/AllowAssumeSagemakerExternalRole";

pub fn endpoint_arn(name: &str) -> String {
    format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/{}", name.to_lowercase())
}

pub struct World {
    pub services: Services,
    pub operator: Operator,
    pub gateways: Gateways,
    pub sandbox: Sandbox,
    pub folder: tempfile::TempDir,
}

/// Short waits: the sandbox is on this machine, and what it delays it delays by milliseconds.
pub fn settings() -> Settings {
    let ms = Duration::from_millis;
    Settings {
        propagation: Backoff { first: ms(20), longest: ms(200), budget: ms(5_000) },
        retry: Backoff { first: ms(10), longest: ms(100), budget: ms(1_000) },
        ..Settings::new(true, "eu-west-1".parse().unwrap())
    }
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SandboxConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            dir: folder.path().join("sandbox"),
            fresh: true,
            seed_many: 0,
            region: "eu-west-1".parse().unwrap(),
        };
        let sandbox = sandbox::start(config).await.unwrap();
        let gateways = aws_gateway::connect(aws(&sandbox)).await.unwrap();
        let (services, operator) = open(&gateways, &store_path(&folder)).await;
        Self { services, operator, gateways, sandbox, folder }
    }

    /// Another console over the same store, as after a restart.
    pub async fn restarted(&self) -> (Services, Operator) {
        open(&self.gateways, &store_path(&self.folder)).await
    }

    pub fn store(&self) -> PathBuf {
        store_path(&self.folder)
    }

    pub fn aws(&self) -> AwsSettings {
        aws(&self.sandbox)
    }

    /// A call to the sandbox's control path.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        crate::control::control(&self.sandbox, method, path, body).await
    }

    pub async fn fault(&self, rule: Value) {
        self.control("POST", "/faults", rule).await;
    }

    pub async fn no_faults(&self) {
        self.control("DELETE", "/faults", Value::Null).await;
    }

    /// How often an operation was called since the counters were cleared.
    pub async fn calls(&self, operation: &str) -> u64 {
        let counts = self.control("GET", "/counters", Value::Null).await;
        let counts = counts.as_array().unwrap().iter().filter(|c| c["operation"] == operation);
        counts.map(|c| c["calls"].as_u64().unwrap()).sum()
    }

    /// Walks the wizard to the review, by its defaults but for `change`.
    pub async fn draft(&self, change: impl Fn(&mut Answers)) -> DraftId {
        let id = self.services.start_draft(&self.operator).await.unwrap();
        let mut answers = Answers::default();
        change(&mut answers);
        self.fill(&id, answers).await;
        id
    }

    pub async fn fill(&self, id: &DraftId, answers: Answers) {
        let role = self.services.draft(&self.operator, id).await.unwrap().draft.role;
        let Answers { endpoints, callers, child, role: change } = answers;
        let parent = ParentForm { connection: "parent".into(), region: "eu-west-1".into() };
        for form in [
            StepForm::Parent(parent),
            StepForm::Endpoints(endpoints),
            StepForm::Callers(callers),
            StepForm::Role(change(role)),
            StepForm::Child(child),
        ] {
            let problems = self.services.save_step(&self.operator, id, form).await.unwrap();
            assert_eq!(problems, []);
        }
    }

    pub async fn apply(&self, draft: &DraftId) -> ApplyView {
        let review = self.services.review(&self.operator, draft).await.unwrap();
        self.services.apply(&self.operator, draft, &review.fingerprint).await.unwrap()
    }

    /// Applies and waits until it is done.
    pub async fn applied(&self, draft: &DraftId) -> ShareId {
        let applied = self.apply(draft).await;
        self.succeeds(&applied.run.unwrap()).await;
        applied.share
    }

    pub async fn undone(&self, share: &ShareId) {
        let undone = self.services.undo(&self.operator, share, &UndoConsent::default()).await.unwrap();
        self.succeeds(&undone.run.unwrap()).await;
    }

    pub async fn succeeds(&self, run: &RunId) {
        let view = ended(&self.services, &self.operator, run).await;
        assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
    }

    /// Mends a share as it is shown, with what is chosen of what has to be asked for.
    pub async fn mended(&self, share: &ShareId, chosen: Vec<String>) {
        let shown = self.services.drift(&self.operator, share, chosen.clone()).await.unwrap().fingerprint;
        let mended = self.services.repair_share(&self.operator, share, chosen, &shown).await.unwrap();
        let Mended::Started(run) = mended else { panic!("no run: {mended:?}") };
        self.succeeds(&run).await;
    }

    /// Runs to the end and gives the failed steps.
    pub async fn fails(&self, run: &RunId) -> Vec<String> {
        let view = ended(&self.services, &self.operator, run).await;
        assert_eq!(view.state, RunState::Failed, "{view:#?}");
        view.steps.into_iter().filter(|s| s.state == StepState::Failed).map(|s| s.id).collect()
    }

    pub async fn verified(&self, share: &ShareId) -> VerificationView {
        self.services.verify(&self.operator, share).await.unwrap();
        let seen = self.services.watch_verification(&self.operator, share).await.unwrap();
        let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await.unwrap();
        assert!(!last.running);
        last
    }

    /// Everything in both accounts that a share could touch, in words, without what differs from one time to the next.
    pub async fn seen(&self) -> String {
        let iam = &self.gateways.iam;
        let mut lines = Vec::new();
        for (connection, arn) in [("parent", POLICY), ("child", GRANT)] {
            let policy = iam.policy(&connection.parse().unwrap(), &arn.parse().unwrap()).await.unwrap();
            lines.push(policy.map_or(format!("no policy {arn}"), |p| {
                let versions: Vec<_> = p.versions.iter().map(|v| (v.id.clone(), v.is_default)).collect();
                let held = (p.attached_roles, p.attached_users);
                format!("policy {arn} {versions:?} {held:?} {:?}\n{}", p.tags, canonical(&p.document))
            }));
        }
        let role = iam.role(&"parent".parse().unwrap(), &ROLE.parse().unwrap()).await.unwrap();
        lines.push(role.map_or(format!("no role {ROLE}"), |r| {
            let attached: Vec<&str> = r.attached.iter().map(Arn::as_str).collect();
            let parts = (r.max_session_seconds, attached, r.inline, r.tags);
            format!("role {} {parts:?} {}\n{}", r.arn, r.description, canonical(&r.trust))
        }));
        for caller in [LAMBDA, "arn:aws:iam::222222222222:user/admin", "arn:aws:iam::222222222222:user/analyst"] {
            let attached = iam.attached(&"child".parse().unwrap(), &CallerArn::parse(caller).unwrap()).await.unwrap();
            lines.push(format!("{caller} has {:?}", attached.unwrap().iter().map(Arn::as_str).collect::<Vec<_>>()));
        }
        lines.join("\n")
    }
}

/// The wizard's answers.
pub struct Answers {
    pub endpoints: EndpointsForm,
    pub callers: CallersForm,
    pub role: Box<dyn Fn(RoleForm) -> RoleForm + Send + Sync>,
    pub child: ChildForm,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            endpoints: EndpointsForm { scope: "named".into(), arns: vec![endpoint_arn("churn-classifier")] },
            callers: CallersForm {
                source: "connected".into(),
                connection: "child".into(),
                scope: "named".into(),
                arns: vec![LAMBDA.into()],
                console: "on".into(),
                ..CallersForm::default()
            },
            // A fixed external ID, so that documents can be compared.
            role: Box::new(|role| RoleForm { external_id: "sagebridge-fixed".into(), ..role }),
            child: ChildForm { grant_name: "AllowAssumeSagemakerExternalRole".into(), grantees: vec![LAMBDA.into()] },
        }
    }
}

fn aws(sandbox: &Sandbox) -> AwsSettings {
    AwsSettings {
        credentials_file: Some(sandbox.credentials_file().to_owned()),
        config_file: Some(sandbox.config_file().to_owned()),
    }
}

fn store_path(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("console.db")
}

/// A console over these gateways and that store, with someone signed in.
pub async fn open(gateways: &Gateways, path: &std::path::Path) -> (Services, Operator) {
    let stores = store::open(path).await.unwrap();
    let mut settings = settings();
    settings.batch.folder = path.parent().map(|folder| folder.join("batches"));
    let ms = Duration::from_millis;
    settings.batch.backoff = Backoff { first: ms(1), longest: ms(20), budget: ms(1_000) };
    let services = Services::new(gateways.clone(), stores, settings, Arc::new(SystemClock));
    let operator = signed_in(&services).await;
    (services, operator)
}

pub async fn signed_in(services: &Services) -> Operator {
    let token = services.issue_launch_token();
    let cookie = services.sign_in(token.expose_secret()).await.unwrap().unwrap();
    services.operator(cookie.expose_secret()).await.unwrap().unwrap()
}

pub async fn ended(services: &Services, operator: &Operator, run: &RunId) -> RunView {
    let seen = services.watch_run(operator, run).await.unwrap();
    let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await.unwrap();
    assert_ne!(last.state, RunState::Running);
    last
}

pub fn canonical(document: &str) -> String {
    PolicyDocument::parse(document).unwrap().pretty()
}

pub fn name(text: &str) -> EndpointName {
    text.parse().unwrap()
}

/// A rule that refuses one call for good.
pub fn refuse(operation: &str, account: &str) -> Value {
    json!({
        "service": "iam", "operation": operation, "account": account, "times": 1,
        "effect": { "kind": "error", "status": 400, "code": "LimitExceeded", "message": "injected" }
    })
}

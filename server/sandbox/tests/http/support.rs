//! A sandbox of its own for each test.

pub use crate::client::*;
use bytes::Bytes;
use domain::arn::CallerArn;
use domain::names::Region;
use domain::pipeline::hyperparameters::{Hyperparameters, Objective};
use domain::pipeline::intent::{Deployment, PipelineIntent, Place, Source, Training, Update};
use http::{Method, Request};
use http_body_util::Full;
use sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

pub const PARENT: &str = "111111111111";
pub const CHILD: &str = "222222222222";

pub fn config(dir: &Path) -> SandboxConfig {
    SandboxConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        dir: dir.to_owned(),
        fresh: false,
        seed_many: 0,
        region: Region::parse("eu-west-1").unwrap(),
    }
}

/// A running sandbox with its folder.
pub struct Lab {
    pub sandbox: Sandbox,
    pub dir: TempDir,
}

impl Lab {
    pub async fn start() -> Self {
        Self::seeded(0).await
    }
    pub async fn seeded(many: usize) -> Self {
        let dir = TempDir::new().unwrap();
        let sandbox = sandbox::start(SandboxConfig { seed_many: many, ..config(dir.path()) }).await.unwrap();
        Self { sandbox, dir }
    }
    /// A client with the keys of a profile.
    pub fn client(&self, profile: &str) -> Client {
        Client::of_profile(&self.sandbox.url(), self.sandbox.credentials_file(), profile)
    }
    /// Calls the control path.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Answer {
        let url = format!("{}/_sandbox{path}", self.sandbox.url());
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
        exchange(&http(), request.body(Full::new(body)).unwrap()).await
    }
    pub async fn settings(&self, settings: Value) {
        assert_eq!(self.control(Method::PUT, "/settings", settings).await.status, 200);
    }
    pub async fn fault(&self, rule: Value) {
        let answer = self.control(Method::POST, "/faults", rule).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// The input of CreateFunction for one file `app.py` with `handler`, as the child's `scoring-lambda`.
pub fn a_function(name: &str, code: &str) -> Value {
    serde_json::json!({
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": format!("arn:aws:iam::{CHILD}:role/scoring-lambda"),
        "Handler": "app.handler",
        "Code": { "ZipFile": zipped(&[("app.py", code)]) },
    })
}

/// A zip file, in base64.
pub fn zipped(files: &[(&str, &str)]) -> String {
    use base64::Engine as _;
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    base64::engine::general_purpose::STANDARD.encode(writer.finish().unwrap().into_inner())
}

fn place(name: &str, account: &str) -> Place {
    Place { connection: name.parse().unwrap(), account: account.parse().unwrap() }
}

/// A pipeline `churn` in the accounts of the profiles `shared`, `training` and `production`.
pub fn a_pipeline(source: Source) -> PipelineIntent {
    PipelineIntent {
        prefix: "churn".to_owned().try_into().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        shared_services: place("shared", "333333333333"),
        training_account: place("training", "444444444444"),
        production: place("production", "555555555555"),
        administrator: CallerArn::parse("arn:aws:iam::333333333333:user/admin").unwrap(),
        bucket: "churn-333333333333-eu-west-1".into(),
        source,
        training: Training {
            version: Default::default(),
            instance_type: "ml.m5.large".into(),
            instance_count: 1,
            volume_gigabytes: 10,
            max_seconds: 3600,
            hyperparameters: Hyperparameters::usual(Objective::Binary),
        },
        deployment: Deployment {
            endpoint: "churn".parse().unwrap(),
            instance_type: "ml.m5.large".into(),
            instance_count: 2,
            update: Update::Canary,
            wait_seconds: 120,
            alarms: true,
        },
    }
}

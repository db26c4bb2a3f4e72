//! The real boto3 against the sandbox: as a client, and inside functions of the sandbox's Lambda.
//!
//! Needs a Python with the packages of `tests/boto3/requirements.txt`, named by `SAGEBRIDGE_PYTHON`;
//! `cargo xtask test` makes one. Modules are called `boto3_…`, so that their tests can be left out by name.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "boto3/bounds.rs"]
mod boto3_bounds;
#[path = "boto3/cli.rs"]
mod boto3_cli;
#[path = "boto3/first_seed.rs"]
mod boto3_first_seed;
#[path = "boto3/functions.rs"]
mod boto3_functions;
#[path = "boto3/keys.rs"]
mod boto3_keys;
#[path = "boto3/machines.rs"]
mod boto3_machines;
#[path = "boto3/pipelines.rs"]
mod boto3_pipelines;
#[path = "boto3/s3.rs"]
mod boto3_s3;
#[path = "boto3/sources.rs"]
mod boto3_sources;
#[path = "boto3/stacks.rs"]
mod boto3_stacks;
#[path = "boto3/story.rs"]
mod boto3_story;
#[path = "boto3/training.rs"]
mod boto3_training;
#[path = "boto3/whole_pipeline.rs"]
mod boto3_whole_pipeline;
#[allow(dead_code)]
#[path = "http/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "http/support.rs"]
mod support;

use http::Method;
use sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Answer, Client, Lab, a_function};
use tempfile::TempDir;

pub fn python() -> PathBuf {
    let named = std::env::var_os("SAGEBRIDGE_PYTHON").expect(
        "SAGEBRIDGE_PYTHON is not set; run `cargo xtask test`, or name a Python that has the packages of \
         server/sandbox/tests/boto3/requirements.txt",
    );
    named.into()
}

async fn sandbox_with(many: usize) -> (Sandbox, TempDir) {
    let dir = TempDir::new().unwrap();
    let sandbox = sandbox::start(SandboxConfig { seed_many: many, ..support::config(dir.path()) }).await.unwrap();
    (sandbox, dir)
}

/// Runs a script of `tests/boto3` against a sandbox, with nothing else to talk to, and reads what it prints.
async fn run(sandbox: &Sandbox, script: &str) -> Value {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/boto3");
    let home = TempDir::new().unwrap();
    let mut command = Command::new(python());
    command
        .arg(folder.join(script))
        .current_dir(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", sandbox.credentials_file())
        .env("AWS_CONFIG_FILE", sandbox.config_file());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A sandbox in which the child has a function `f`, an `app.py` with a `handler`.
async fn with_function(code: &str, settings: Value) -> (Lab, Client) {
    with_function_in(Lab::start().await, code, settings).await
}

async fn with_function_in(lab: Lab, code: &str, settings: Value) -> (Lab, Client) {
    lab.settings(json!({ "function_activation_ms": 0 })).await;
    let child = lab.client("child");
    let mut input = a_function("f", code);
    for (name, value) in settings.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    let made = child.lambda(Method::POST, "/2015-03-31/functions", &[], input).await;
    assert_eq!(made.status, 201, "{}", made.text());
    (lab, child)
}

/// Invokes `f` and asks for the tail of its log.
async fn call(client: &Client, event: Value) -> Answer {
    let tail = [("x-amz-log-type", "Tail")];
    client.lambda(Method::POST, "/2015-03-31/functions/f/invocations", &tail, event).await
}

/// The tail of the log that came with an answer.
fn log(answer: &Answer) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(answer.header("x-amz-log-result")).unwrap();
    String::from_utf8(bytes).unwrap()
}

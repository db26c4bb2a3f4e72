//! The real boto3 against the sandbox: the first seed's steps by hand, and its handler as published.
//!
//! Needs a Python with the packages of `tests/boto3/requirements.txt`, named by `SAGEBRIDGE_PYTHON`;
//! `cargo xtask test` makes one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use domain::names::Region;
use sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";

fn python() -> std::ffi::OsString {
    std::env::var_os("SAGEBRIDGE_PYTHON").expect(
        "SAGEBRIDGE_PYTHON is not set; run `cargo xtask test`, or name a Python that has the packages of \
         server/sandbox/tests/boto3/requirements.txt",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_handler_is_denied_before_and_predicts_after() {
    let python = python();
    let dir = tempfile::TempDir::new().unwrap();
    let config = SandboxConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        dir: dir.path().to_owned(),
        fresh: false,
        seed_many: 5,
        region: Region::parse("eu-west-1").unwrap(),
    };
    let sandbox = sandbox::start(config).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boto3");
    let mut script = Command::new(python);
    script
        .arg(folder.join("first_seed.py"))
        .current_dir(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", sandbox.credentials_file())
        .env("AWS_CONFIG_FILE", sandbox.config_file());
    let output = tokio::task::spawn_blocking(move || script.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();

    let before = format!(
        "An error occurred (AccessDenied) when calling the AssumeRole operation: User: \
         arn:aws:sts::222222222222:assumed-role/scoring-lambda/function is not authorized to perform: sts:AssumeRole \
         on resource: {ROLE}"
    );
    assert_eq!(result["before"], before);
    assert_eq!(result["after"]["statusCode"], 200);
    let prediction: Value = serde_json::from_str(result["after"]["body"].as_str().unwrap()).unwrap();
    let probability = prediction["predictions"][0].as_f64().unwrap();
    assert!((0.5..1.0).contains(&probability), "{prediction}");

    assert_eq!(result["paged"]["roles"], 6);
    assert_eq!(result["paged"]["endpoints"].as_array().unwrap().len(), 9);
    let expected = json!({
        "query": ["NoSuchEntity", 404, "The role with name nobody cannot be found."],
        "json": ["ValidationException", 400, "Could not find endpoint \"arn:aws:sagemaker:eu-west-1:111111111111:endpoint/nope\"."],
        "rest": ["ValidationError", 400, "Endpoint nope of account 111111111111 not found."],
    });
    for (protocol, error) in expected.as_object().unwrap() {
        assert_eq!(&result["errors"][protocol], error, "{protocol}");
    }
    assert_eq!((&result["errors"]["model"][0], &result["errors"]["model"][1]), (&json!("ModelError"), &json!(424)));
}

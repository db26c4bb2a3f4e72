//! Requests as code, run: Python scripts, Lambda functions, and what the AWS CLI gets its credentials for.
//!
//! Needs a Python with the packages of `server/sandbox/tests/boto3/requirements.txt`, named by `SAGEBRIDGE_PYTHON`.

use crate::code::{answer, bytes, code, ran, requests, saved, shared};
use crate::invoke::params;
use crate::world::World;
use domain::invoke::code::CodeLanguage;
use domain::invoke::{InvokeParams, Through};
use domain::share::intent::InvokeAction;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

fn python() -> PathBuf {
    let named = std::env::var_os("SAGEBRIDGE_PYTHON").expect("SAGEBRIDGE_PYTHON is not set; run `cargo xtask test`");
    named.into()
}

/// Runs the program of a request; gives what it printed.
async fn printed(world: &World, params: &InvokeParams, way: InvokeAction, language: CodeLanguage) -> Vec<u8> {
    let view = code(world, params, way, language).await;
    let (folder, file) = saved(&view, params);
    let mut command = match language {
        CodeLanguage::Cli | CodeLanguage::Curl => Command::new("bash"),
        _ => Command::new(python()),
    };
    if language == CodeLanguage::Lambda {
        // Twice, as Lambda keeps what it has loaded.
        let twice = "import json, handler\nhandler.lambda_handler({}, None)\n\
                     print(json.dumps(handler.lambda_handler({}, None)))";
        command.args(["-c", twice]);
    } else {
        command.arg(file);
    }
    ran(world, command, folder.path(), python().parent()).await
}

/// What a function's answer says the model answered.
fn of_function(printed: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let answer: Value = serde_json::from_slice(printed).unwrap();
    let body = answer["body"].as_str().unwrap();
    match answer["encoding"].as_str() {
        Some("base64") => base64::engine::general_purpose::STANDARD.decode(body).unwrap(),
        _ => body.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn python_the_aws_cli_and_curl_give_the_consoles_answer() {
    let (world, share) = shared().await;
    for request in requests(&share) {
        let expected = answer(&world, &request).await;
        for language in [CodeLanguage::Python, CodeLanguage::Cli, CodeLanguage::Curl] {
            let printed = printed(&world, &request, InvokeAction::Invoke, language).await;
            assert_eq!(printed, expected, "{language:?}: {:?}", request.headers);
        }
    }
}

#[tokio::test]
async fn every_program_sends_the_same_headers() {
    let (world, share) = shared().await;
    let mut request = params(&share, "echo", "application/json", "{}");
    request.headers.accept = "application/json".into();
    request.headers.custom_attributes = "show=headers;a=\"it's\" \\ `x` $(id)".into();
    request.headers.target_variant = "AllTraffic".into();
    request.headers.inference_id = "-id 1".into();
    request.headers.session = "NEW_SESSION".into();
    let seen = |answer: &[u8]| {
        let shown: Value = serde_json::from_slice(answer).unwrap();
        let headers = shown["headers"].as_object().unwrap().clone();
        let told = |name: &String| name.starts_with("x-amzn-sagemaker") || name == "content-type" || name == "accept";
        headers.into_iter().filter(|(name, _)| told(name)).collect::<Vec<_>>()
    };
    let expected = seen(&answer(&world, &request).await);
    assert!(!expected.is_empty());
    for language in [CodeLanguage::Python, CodeLanguage::Cli, CodeLanguage::Curl] {
        assert_eq!(seen(&printed(&world, &request, InvokeAction::Invoke, language).await), expected, "{language:?}");
    }
}

#[tokio::test]
async fn a_function_gives_the_consoles_answer_and_assumes_its_role_once() {
    let (world, share) = shared().await;
    for request in requests(&share) {
        let expected = answer(&world, &request).await;
        let before = world.calls("AssumeRole").await;
        let printed = printed(&world, &request, InvokeAction::Invoke, CodeLanguage::Lambda).await;
        assert_eq!(of_function(&printed), expected, "{:?}", request.headers);
        assert_eq!(world.calls("AssumeRole").await, before + 1);
    }
}

#[tokio::test]
async fn python_reads_an_answer_as_it_comes() {
    let (world, share) = shared().await;
    let mut request = bytes(&share, &[0, 1, 2, 0xff, 4, 5, 6]);
    request.headers.custom_attributes = "parts=3".into();
    let body = [0, 1, 2, 0xff, 4, 5, 6];
    assert_eq!(printed(&world, &request, InvokeAction::Stream, CodeLanguage::Python).await, body);
    let printed = printed(&world, &request, InvokeAction::Stream, CodeLanguage::Lambda).await;
    assert_eq!(of_function(&printed), body);
}

/// What the AWS CLI's version 2 has and version 1, which is the one that can be installed here, does not:
/// `configure export-credentials`. Everything else is handed on.
const VERSION_2: &str = r#"#!/usr/bin/env bash
if [ "$1 $2" != "configure export-credentials" ]; then
  exec "$PYTHON_FOLDER/aws" "$@"
fi
exec "$PYTHON_FOLDER/python" - "$4" <<'END'
import sys

import boto3

keys = boto3.Session(profile_name=sys.argv[1]).get_credentials()
print(f"export AWS_ACCESS_KEY_ID={keys.access_key}")
print(f"export AWS_SECRET_ACCESS_KEY={keys.secret_key}")
END
"#;

#[tokio::test]
async fn programs_without_a_share_call_as_the_profile_that_is_named() {
    let world = World::new().await;
    let tools = tempfile::tempdir().unwrap();
    let aws = tools.path().join("aws");
    std::fs::write(&aws, VERSION_2).unwrap();
    std::fs::set_permissions(&aws, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let through = Through::parse("direct/eu-west-1/parent").unwrap();
    let request = InvokeParams::text(through, "echo".parse().unwrap(), "text/plain", "hello");
    for language in [CodeLanguage::Python, CodeLanguage::Cli, CodeLanguage::Curl] {
        let view = code(&world, &request, InvokeAction::Invoke, language).await;
        let (folder, file) = saved(&view, &request);
        let program = if language == CodeLanguage::Python { python() } else { "bash".into() };
        // The environment names another profile, which these programs would follow.
        let mut command = Command::new("env");
        command.args(["-u", "AWS_PROFILE"]).arg(program).arg(file).env("PYTHON_FOLDER", python().parent().unwrap());
        let printed = ran(&world, command, folder.path(), Some(tools.path())).await;
        assert_eq!(printed, b"hello", "{language:?}");
    }
}

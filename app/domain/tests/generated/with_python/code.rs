//! Requests as programs: judged, and read back with everything in between replaced by what writes down what it gets.

use super::{beside_python, python, run, scripts};
use domain::invoke::code::{CodeCredentials, CodeLanguage, render};
use domain::invoke::{BodyEncoding, InvokeParams, Through};
use domain::names::{ConnectionId, ExternalId};
use domain::share::intent::InvokeAction;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn params(body: &str) -> InvokeParams {
    let share = Through::parse("s1").unwrap();
    InvokeParams::text(share, "churn-classifier".parse().unwrap(), "text/csv", body)
}

fn credentials() -> [CodeCredentials; 3] {
    let role = |external_id| CodeCredentials::Role {
        arn: "arn:aws:iam::111111111111:role/path/SageMakerExternal".parse().unwrap(),
        external_id,
        session: "sagebridge-code".parse().unwrap(),
    };
    [
        role(Some(ExternalId::parse("sagebridge:fixed/1").unwrap())),
        role(None),
        CodeCredentials::Profile(ConnectionId::parse("it's \"$(prod)\" `x`").unwrap()),
    ]
}

/// What can be typed that something could trip over.
fn horrors() -> Vec<String> {
    let large = "a,'\"\\\n$(x)".repeat(10_000);
    let mut texts: Vec<String> = [
        "",
        "1",
        "\n",
        "\r\n\r\n",
        "-n",
        "@/etc/passwd",
        "it's \"so\" `id` $(id) ${HOME} $HOME !! \\ \\n %s %d \\0101",
        "'''\"\"\"''' '\\'' \\",
        "BODY\nJSON\nEOF\n",
        "*/ // # <!-- --> </script> {{x}} ${x} #{x}",
        "a\0b\\0041\0",
        "é語🌉\u{202e}\u{2028}\u{2029}\u{feff}\u{7f}\u{1b}[2J",
        "{\"a\": \"it's\", \"b\": [1, 2.50, null], \"c\": \"line\\nline\"}\n",
        "\tindented\n    more \\\n\n\nend",
    ]
    .map(str::to_owned)
    .into();
    texts.push(large);
    let mut runner = TestRunner::deterministic();
    let any = proptest::string::string_regex("(.|[\\x00-\\x1f'\"\\\\$`]){0,80}").unwrap();
    texts.extend((0..40).map(|_| any.new_tree(&mut runner).unwrap().current()));
    texts
}

/// Every kind of request, way and credentials that a language has a program for.
fn programs(language: CodeLanguage, folder: &Path) -> Vec<PathBuf> {
    let mut many = params("5,0,0,268.4,121\n");
    many.headers.accept = "application/json".into();
    many.headers.custom_attributes = "it's \"$(x)\" `y` \\".into();
    many.headers.inference_id = "-id".into();
    let csv = params(&"5,0,0,268.4,121,74.9,201.3,4,13.2\n".repeat(4));
    let bytes = InvokeParams { body: "iVBORw0KGgo=".into(), encoding: BodyEncoding::Base64, ..params("") };
    let file = InvokeParams { body: "AAAA".repeat(4000), encoding: BodyEncoding::Base64, ..params("") };
    let mut files = Vec::new();
    for way in InvokeAction::ALL.into_iter().filter(|way| *way != InvokeAction::Stream || language.streams()) {
        for credentials in credentials() {
            for params in [&many, &csv, &bytes, &file, &params("a\0b"), &params("é\r\n")] {
                let view = render(params, way, &"eu-west-1".parse().unwrap(), &credentials, language).unwrap();
                let path = folder.join(format!("{}-{}", files.len(), view.file_name));
                std::fs::write(&path, view.text).unwrap();
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn ruff_has_nothing_to_say_about_copied_python() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut files = programs(CodeLanguage::Python, folder.path());
    files.extend(programs(CodeLanguage::Lambda, folder.path()));
    let ruff = |arguments: &[&str]| {
        let mut command = beside_python("ruff");
        run(command.args(arguments).args(["--isolated", "--no-cache", "--target-version", "py39"]).args(&files))
    };
    ruff(&["check", "--select", "A,ARG,B,C4,E,F,I,PIE,PL,RET,S,SIM,UP,W", "--ignore", "ARG001,E501"]);
    ruff(&["format", "--check"]);
}

#[test]
fn shellcheck_has_nothing_to_say_about_copied_scripts() {
    let folder = tempfile::TempDir::new().unwrap();
    for language in [CodeLanguage::Cli, CodeLanguage::Curl] {
        let files = programs(language, folder.path());
        // What is between single quotes is what the person typed: that it looks like more is no mistake.
        let options = ["--severity", "style", "--exclude", "SC1003,SC2016", "--"];
        assert_eq!(run(beside_python("shellcheck").args(options).args(files)), "");
    }
}

#[test]
fn copied_rust_is_formatted_as_rustfmt_does() {
    let folder = tempfile::TempDir::new().unwrap();
    let files = programs(CodeLanguage::Rust, folder.path());
    run(Command::new("rustfmt").current_dir(&folder).args(["--edition", "2024", "--check"]).args(files));
}

/// Programs for bodies, and the file each is in.
fn for_bodies(language: CodeLanguage, folder: &Path, bodies: &[String]) -> Vec<PathBuf> {
    let of = |(index, body): (usize, &String)| {
        let region = "eu-west-1".parse().unwrap();
        let view = render(&params(body), InvokeAction::Invoke, &region, &credentials()[0], language).unwrap();
        let path = folder.join(format!("{index}-{}", view.file_name));
        std::fs::write(&path, view.text).unwrap();
        path
    };
    bodies.iter().enumerate().map(of).collect()
}

/// What programs sent, as a list of JSON: every body as the numbers of its bytes.
fn sent(said: &str) -> Vec<Vec<u8>> {
    let list: Vec<Value> = serde_json::from_str(said).unwrap();
    list.into_iter().map(|bytes| serde_json::from_value(bytes).unwrap()).collect()
}

#[test]
fn python_reads_back_every_byte_of_a_body() {
    let (folder, bodies) = (tempfile::TempDir::new().unwrap(), horrors());
    for language in [CodeLanguage::Python, CodeLanguage::Lambda] {
        let files = for_bodies(language, folder.path(), &bodies);
        let said = run(Command::new(python()).args(["-I", "-B"]).arg(scripts().join("bodies.py")).args(files));
        for (sent, body) in sent(&said).into_iter().zip(&bodies) {
            assert_eq!(sent, body.as_bytes(), "{body:?}");
        }
    }
}

#[test]
fn node_reads_back_every_byte_of_a_body() {
    let (folder, bodies) = (tempfile::TempDir::new().unwrap(), horrors());
    for package in ["client-sagemaker-runtime", "credential-providers"] {
        let package = folder.path().join("node_modules/@aws-sdk").join(package);
        std::fs::create_dir_all(&package).unwrap();
        std::fs::copy(scripts().join("fake_sdk.mjs"), package.join("index.js")).unwrap();
        std::fs::write(package.join("package.json"), r#"{"type": "module", "exports": "./index.js"}"#).unwrap();
    }
    let files = for_bodies(CodeLanguage::JavaScript, folder.path(), &bodies);
    let driver = folder.path().join("driver.mjs");
    std::fs::copy(scripts().join("bodies.mjs"), &driver).unwrap();
    let said = run(Command::new("node").arg(driver).args(files));
    for (sent, body) in sent(&said).into_iter().zip(&bodies) {
        assert_eq!(sent, body.as_bytes(), "{body:?}");
    }
}

/// Stand-ins for what scripts call: they write down the body that they get.
const STAND_INS: &str = r#"
aws() {
  case "$1 $2" in
    "sts assume-role") printf 'key\tsecret\ttoken\n' ;;
    *)
      for word in "$@"; do
        case $word in fileb://*) cat "${word#fileb://}" >"$SENT" ;; esac
      done
      : >"${*: -1}"
      ;;
  esac
}
curl() { cat >"$SENT"; }
export -f aws curl
bash "$1"
"#;

#[test]
fn bash_reads_back_every_byte_of_a_body() {
    let (folder, bodies) = (tempfile::TempDir::new().unwrap(), horrors());
    for language in [CodeLanguage::Cli, CodeLanguage::Curl] {
        for (file, body) in for_bodies(language, folder.path(), &bodies).into_iter().zip(&bodies) {
            let written = folder.path().join("sent");
            run(Command::new("bash").args(["-c", STAND_INS, "bash"]).arg(file).env("SENT", &written));
            assert_eq!(std::fs::read(&written).unwrap(), body.as_bytes(), "{body:?}");
        }
    }
}

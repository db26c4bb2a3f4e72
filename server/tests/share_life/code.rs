//! Requests as code: what is run elsewhere must give what the console gives. What needs Python or Node.js is in
//! `boto3_code` and `node_code`; here is what they have in common, and what is compiled.

use crate::invoke::params;
use crate::world::{World, endpoint_arn};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::invoke::code::{CodeLanguage, CodeView};
use domain::invoke::{BodyEncoding, InvokeParams, Through};
use domain::names::ShareId;
use domain::share::intent::InvokeAction;
use services::ServiceError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A share of two endpoints, to be called in every way.
pub async fn shared() -> (World, ShareId) {
    let world = World::new().await;
    let draft = world
        .draft(|answers| {
            answers.endpoints.arns = vec![endpoint_arn("echo"), endpoint_arn("churn-classifier")];
            let actions = ["invoke", "stream"].map(str::to_owned).to_vec();
            answers.role = Box::new(move |role| domain::wizard::RoleForm {
                actions: actions.clone(),
                external_id: "sagebridge-fixed".into(),
                ..role
            });
        })
        .await;
    let share = world.applied(&draft).await;
    (world, share)
}

/// Text with everything in it that a language could trip over.
pub const HORRORS: &str = "{\"it's\": \"so\",\n\"quotes\": \"\\\"'''\\\"\", \"shell\": \"$(id) `id` ${HOME}\",\r\n\t\"more\": \"\0é語🌉\u{202e}\u{2028} {} {{x}}\"}\n";

pub fn bytes(share: &ShareId, body: &[u8]) -> InvokeParams {
    InvokeParams {
        encoding: BodyEncoding::Base64,
        ..params(share, "echo", "application/octet-stream", &STANDARD.encode(body))
    }
}

/// A request of each kind.
pub fn requests(share: &ShareId) -> Vec<InvokeParams> {
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut told = params(share, "echo", "application/json", "{}");
    told.headers.accept = "application/json".into();
    told.headers.custom_attributes = "trace=\"it's\" `x` $(id) \\;type=text/x".into();
    told.headers.target_variant = "AllTraffic".into();
    told.headers.inference_id = "-id 1".into();
    vec![
        params(share, "churn-classifier", "text/csv", "5,0,0,268.4,121,74.9,201.3,4,13.2"),
        params(share, "echo", "application/json", HORRORS),
        params(share, "echo", "text/plain", &"line of 'text'\\\n".repeat(6_000)),
        bytes(share, &every_byte),
        // From a file beside the program.
        bytes(share, &every_byte.repeat(40)),
        told,
    ]
}

/// The console's own answer.
pub async fn answer(world: &World, params: &InvokeParams) -> Vec<u8> {
    let outcome = world.services.invoke(&world.operator, params.clone()).await.unwrap();
    let answer = outcome.result.unwrap();
    answer.text.map_or_else(|| STANDARD.decode(answer.base64.unwrap()).unwrap(), String::into_bytes)
}

pub async fn code(world: &World, params: &InvokeParams, way: InvokeAction, language: CodeLanguage) -> CodeView {
    world.services.code(&world.operator, params, way, language).await.unwrap()
}

/// The program as a file in a folder of its own, with what it reads beside it.
pub fn saved(view: &CodeView, params: &InvokeParams) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(&view.file_name);
    std::fs::write(&file, &view.text).unwrap();
    if let Some(name) = &view.body_file {
        std::fs::write(folder.path().join(name), STANDARD.decode(&params.body).unwrap()).unwrap();
    }
    (folder, file)
}

/// Runs a program as a person in the child account would, with nothing else to talk to; gives what it printed.
pub async fn ran(world: &World, mut command: Command, folder: &Path, path: Option<&Path>) -> Vec<u8> {
    let own: Vec<_> = command.get_envs().filter_map(|(n, v)| Some((n.to_owned(), v?.to_owned()))).collect();
    let found = std::env::var_os("PATH").unwrap_or_default();
    let found = path.map(Path::to_owned).into_iter().chain(std::env::split_paths(&found));
    command
        .current_dir(folder)
        .env_clear()
        .envs(own)
        .env("PATH", std::env::join_paths(found).unwrap())
        .env("HOME", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", world.sandbox.credentials_file())
        .env("AWS_CONFIG_FILE", world.sandbox.config_file())
        .env("AWS_PROFILE", "child")
        .env("AWS_ENDPOINT_URL", world.sandbox.url());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains("ASIA"), "a credential was shown: {said}");
    output.stdout
}

/// Programs that are compiled with everything else, as examples of aws-gateway, from the texts that the domain's tests
/// keep.
const INVOKE: &str =
    include_str!("../../../app/domain/src/invoke/code/snapshots/domain__invoke__code__tests__copied_invoke.snap.rs");
const STREAM: &str =
    include_str!("../../../app/domain/src/invoke/code/snapshots/domain__invoke__code__tests__copied_stream.snap.rs");

fn example(name: &str) -> Command {
    let folder = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples");
    let file = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(file.is_file(), "`{}` is not built; run `cargo build -p aws-gateway --examples`", file.display());
    Command::new(file)
}

#[tokio::test]
async fn the_program_in_rust_gives_the_consoles_answer() {
    let (world, share) = shared().await;
    let mut whole = params(&share, "echo", "application/json", HORRORS);
    whole.headers.custom_attributes = "trace=\"a\\b\"".into();
    whole.headers.inference_id = "id-1".into();
    let view = code(&world, &whole, InvokeAction::Invoke, CodeLanguage::Rust).await;
    assert_eq!(view.text, INVOKE, "what is compiled is what is given out");
    let answer = answer(&world, &whole).await;
    assert_eq!(ran(&world, example("copied_invoke"), world.folder.path(), None).await, answer);

    let body = [&[0, 1, 0xff][..], b"\x89PNG\r\n\x1a\n"].concat();
    let mut pieces = bytes(&share, &body);
    pieces.headers.custom_attributes = "parts=3".into();
    let view = code(&world, &pieces, InvokeAction::Stream, CodeLanguage::Rust).await;
    assert_eq!(view.text, STREAM, "what is compiled is what is given out");
    assert_eq!(ran(&world, example("copied_stream"), world.folder.path(), None).await, body);
}

#[tokio::test]
async fn a_share_that_this_console_can_not_call_has_code_all_the_same() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|answers| answers.callers.console = String::new()).await).await;
    let request = params(&share, "churn-classifier", "text/csv", "1");
    assert!(world.services.invoke(&world.operator, request.clone()).await.is_err());
    for language in CodeLanguage::ALL {
        let view = code(&world, &request, InvokeAction::Invoke, language).await;
        assert!(view.text.contains("arn:aws:iam::111111111111:role/SageMakerExternal"));
        assert!(view.text.contains("sagebridge-fixed"));
    }
    for (way, params) in [
        (InvokeAction::Stream, request.clone()),
        (InvokeAction::Invoke, params(&share, "echo", "text/csv", "1")),
        (InvokeAction::Invoke, params(&share, "churn-classifier", "", "1")),
    ] {
        let refused = world.services.code(&world.operator, &params, way, CodeLanguage::Python).await;
        assert!(refused.is_err(), "{refused:?}");
    }
    world.undone(&share).await;
    let gone = world.services.code(&world.operator, &request, InvokeAction::Invoke, CodeLanguage::Rust).await;
    assert!(matches!(gone, Err(ServiceError::Conflict { .. })), "{gone:?}");
}

#[tokio::test]
async fn code_has_no_credential_in_it_and_a_direct_request_names_its_profile() {
    let world = World::new().await;
    let secrets = std::fs::read_to_string(world.sandbox.credentials_file()).unwrap();
    let secrets: Vec<&str> =
        secrets.lines().filter_map(|line| line.split_once(" = ")).map(|(_, value)| value).collect();
    assert!(!secrets.is_empty());
    let through = Through::parse("direct/eu-west-1/parent").unwrap();
    let request = InvokeParams::text(through, "echo".parse().unwrap(), "text/plain", "hello");
    for language in CodeLanguage::ALL {
        let text = code(&world, &request, InvokeAction::Invoke, language).await.text;
        assert!(secrets.iter().all(|secret| !text.contains(secret)));
        // A function has no profile: its own role calls.
        assert!(text.contains("parent") || language == CodeLanguage::Lambda, "{text}");
        assert!(!text.contains(":role/"));
    }
    let nobody = Through::parse("direct/eu-west-1/nobody").unwrap();
    let request = InvokeParams { through: nobody, ..request };
    let refused = world.services.code(&world.operator, &request, InvokeAction::Invoke, CodeLanguage::Cli).await;
    assert!(matches!(refused, Err(ServiceError::NotFound { .. })), "{refused:?}");
}

mod code;
mod pipeline;

use domain::arn::CallerArn;
use domain::endpoint::{EndpointArn, Sample};
use domain::handoff::ShareOffer;
use domain::names::ExternalId;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, ShareIntent};
use domain::share::render::{self, Language, child_side, lambda, parent_side};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn python() -> PathBuf {
    let named = std::env::var_os("SAGEBRIDGE_PYTHON").expect(
        "SAGEBRIDGE_PYTHON is not set; run `cargo xtask test`, or name a Python that has the packages of \
         app/domain/tests/generated/requirements.txt",
    );
    PathBuf::from(named)
}

fn scripts() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/generated")
}

/// A program that its package put beside Python.
fn beside_python(name: &str) -> Command {
    Command::new(python().with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Runs a tool that has nothing to say about what is right; gives what it prints.
fn run(command: &mut Command) -> String {
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn endpoint(region: &str, partition: &str, name: &str) -> EndpointArn {
    EndpointArn::parse(&format!("arn:{partition}:sagemaker:{region}:111111111111:endpoint/{name}")).unwrap()
}

fn caller(partition: &str, name: &str) -> CallerArn {
    CallerArn::parse(&format!("arn:{partition}:iam::222222222222:{name}")).unwrap()
}

fn plain() -> ShareIntent {
    ShareIntent {
        id: "3f2b8a1e-6f0d-4a55-9d1c-0b7e5d2c9a11".parse().unwrap(),
        parent_side: ParentSide::Connected("parent".parse().unwrap()),
        parent: "111111111111".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        endpoints: EndpointScope::Named([endpoint("eu-west-1", "aws", "churn-classifier")].into()),
        child_connection: None,
        child: "222222222222".parse().unwrap(),
        callers: CallerScope::Named([caller("aws", "role/scoring-lambda")].into()),
        actions: [InvokeAction::Invoke].into(),
        policy_name: "SageMakerExternalInvokeEndpoint".parse().unwrap(),
        role_name: "SageMakerExternal".parse().unwrap(),
        session_seconds: 3600,
        external_id: Some(ExternalId::parse("sagebridge-external-id").unwrap()),
        grant_name: "AllowAssumeSagemakerExternalRole".parse().unwrap(),
        grantees: BTreeSet::new(),
        adopt: false,
        adopting: BTreeSet::new(),
        accepted: false,
        console: None,
        rotation: None,
        results: [].into(),
    }
}

/// Shares that differ wherever programs do: many and all endpoints, no external ID, other partitions, names and paths
/// that need escaping.
fn intents() -> Vec<ShareIntent> {
    let two = [endpoint("cn-north-1", "aws-cn", "a"), endpoint("cn-north-1", "aws-cn", "b")];
    vec![
        plain(),
        ShareIntent {
            callers: CallerScope::WholeAccount,
            endpoints: EndpointScope::All,
            external_id: None,
            actions: InvokeAction::ALL.into(),
            session_seconds: 43200,
            ..plain()
        },
        ShareIntent {
            region: "cn-north-1".parse().unwrap(),
            endpoints: EndpointScope::Named(two.into()),
            callers: CallerScope::Named([caller("aws-cn", "user/p/a"), caller("aws-cn", "role/b")].into()),
            actions: [InvokeAction::Stream].into(),
            ..plain()
        },
        ShareIntent {
            callers: CallerScope::Named(
                [caller("aws", "role/$(id)/`x`/it's\"\\/-x=,.@_+"), caller("aws", "user/%{if}/$x/007")].into(),
            ),
            external_id: Some(ExternalId::parse("2012-10-17").unwrap()),
            role_name: "-role=,.@+_".parse().unwrap(),
            policy_name: "-policy".parse().unwrap(),
            grant_name: "no".parse().unwrap(),
            ..plain()
        },
    ]
}

/// Both sides of each share in a language, in a folder; with the documents they are to hold.
fn programs(language: Language) -> (tempfile::TempDir, Vec<PathBuf>, Vec<Value>) {
    let folder = tempfile::TempDir::new().unwrap();
    let (mut files, mut documents) = (Vec::new(), Vec::new());
    let document = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    for (index, intent) in intents().iter().enumerate() {
        let offer = ShareOffer::of(intent, &[]);
        let callers = match &intent.callers {
            CallerScope::Named(callers) => callers.clone(),
            CallerScope::WholeAccount => BTreeSet::new(),
        };
        let parent = json!([document(render::invoke_policy(intent)), document(render::trust_policy(intent))]);
        let child = json!([document(render::grant_policy(&offer.role))]);
        for (program, held) in [
            (parent_side(intent, language), parent),
            (child_side(&offer, &intent.grant_name, &callers, language), child),
        ] {
            let file = folder.path().join(format!("{index}-{}", program.file_name));
            std::fs::write(&file, &program.text).unwrap();
            files.push(file);
            documents.push(held);
        }
    }
    (folder, files, documents)
}

#[test]
fn cfn_lint_has_nothing_to_say_about_templates() {
    let (_folder, files, _) = programs(Language::CloudFormation);
    // With what is informational, and in a region of each partition.
    let mut lint = beside_python("cfn-lint");
    lint.args(["--include-checks", "I", "--ignore-checks", "I3042"]);
    lint.args(["--regions", "eu-west-1", "cn-north-1", "--"]);
    assert_eq!(run(lint.args(files)), "");
}

#[test]
fn templates_hold_exactly_the_documents_of_the_share() {
    let (_folder, files, documents) = programs(Language::CloudFormation);
    let read = run(Command::new(python()).arg(scripts().join("templates.py")).args(&files));
    let templates: Vec<Value> = serde_json::from_str(&read).unwrap();
    assert_eq!(templates.len(), documents.len());
    let named = |intent: &ShareIntent| [intent.policy_name.to_string(), intent.grant_name.to_string()];
    let names: Vec<String> = intents().iter().flat_map(named).collect();
    for ((template, documents), name) in templates.iter().zip(documents).zip(names) {
        let resources = &template["Resources"];
        let policy = resources.get("InvokePolicy").unwrap_or(&resources["Grant"]);
        assert_eq!(policy["Properties"]["PolicyDocument"], documents[0]);
        assert_eq!(policy["Properties"]["ManagedPolicyName"], name);
        if let Some(role) = resources.get("SharedRole") {
            assert_eq!(role["Properties"]["AssumeRolePolicyDocument"], documents[1]);
        }
    }
    // Names that look like something else to YAML stay texts.
    assert_eq!(templates[7]["Resources"]["Grant"]["Properties"]["Users"], json!(["007"]));
    assert_eq!(templates[7]["Resources"]["Grant"]["Properties"]["Roles"], json!(["-x=,.@_+"]));
}

#[test]
fn shellcheck_has_nothing_to_say_about_scripts() {
    let (_folder, files, _) = programs(Language::Cli);
    assert_eq!(run(beside_python("shellcheck").args(["--severity", "style", "--"]).args(files)), "");
}

/// What a script, run with a stand-in for the AWS CLI, called; and whether it got to its end.
fn calls(script: &str, account: &str, arguments: &[&str]) -> (Vec<Vec<String>>, bool) {
    let folder = tempfile::TempDir::new().unwrap();
    let (aws, log) = (folder.path().join("aws"), folder.path().join("calls"));
    let stand_in =
        format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python().display(), scripts().join("fake_aws.py").display());
    std::fs::write(&aws, stand_in).unwrap();
    run(Command::new("chmod").arg("+x").arg(&aws));
    let path = std::env::join_paths(
        std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", script, "script"]).args(arguments).env("PATH", path.unwrap());
    let output = bash.env("CALLS", &log).env("ACCOUNT", account).output().unwrap();
    let lines = std::fs::read_to_string(&log).unwrap_or_default();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.success())
}

/// The value of an option, which may be joined to it.
fn value<'a>(call: &'a [String], option: &str) -> Option<&'a str> {
    let joined = call.iter().find_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    joined.or_else(|| call.iter().position(|word| word == option).map(|at| call[at + 1].as_str()))
}

#[test]
fn a_script_gives_the_aws_cli_exactly_the_names_and_documents_of_the_share() {
    for intent in intents() {
        let (calls, done) = calls(&parent_side(&intent, Language::Cli).text, "111111111111", &[]);
        let commands: Vec<&str> = calls.iter().map(|call| call[1].as_str()).collect();
        assert_eq!(commands, ["get-caller-identity", "create-policy", "create-role", "attach-role-policy"]);
        assert!(done);
        let (policy, role, attach) = (&calls[1], &calls[2], &calls[3]);
        let expected = [render::invoke_policy(&intent), render::trust_policy(&intent)];
        assert_eq!(value(policy, "--policy-document"), Some(expected[0].as_str()));
        assert_eq!(value(role, "--assume-role-policy-document"), Some(expected[1].as_str()));
        assert_eq!(value(policy, "--policy-name"), Some(intent.policy_name.as_str()));
        assert_eq!(value(role, "--tags"), Some(format!("Key=sagebridge:share,Value={}", intent.id).as_str()));
        assert_eq!(value(attach, "--role-name"), Some(intent.role_name.as_str()));
        assert_eq!(value(attach, "--policy-arn"), Some(intent.policy_arn().as_str()));
    }
}

#[test]
fn a_script_attaches_to_those_who_call_whether_it_knows_them_or_is_told() {
    let odd = intents().pop().unwrap();
    let CallerScope::Named(callers) = &odd.callers else { panic!("callers are named") };
    let arns: Vec<&str> = callers.iter().map(CallerArn::as_str).collect();
    let offer = ShareOffer::of(&odd, &[]);
    for (known, told) in [(callers.clone(), vec![]), (BTreeSet::new(), arns)] {
        let script = child_side(&offer, &odd.grant_name, &known, Language::Cli).text;
        let (calls, done) = calls(&script, "222222222222", &told);
        assert!(done);
        assert_eq!(value(&calls[1], "--policy-document"), Some(render::grant_policy(&offer.role).as_str()));
        let attached: Vec<_> = calls[2..]
            .iter()
            .map(|call| {
                (
                    call[1].as_str(),
                    value(call, "--role-name").or(value(call, "--user-name")),
                    value(call, "--policy-arn"),
                )
            })
            .collect();
        let arn = Some("arn:aws:iam::222222222222:policy/no");
        assert_eq!(attached, [("attach-role-policy", Some("-x=,.@_+"), arn), ("attach-user-policy", Some("007"), arn)]);
    }
}

#[test]
fn a_script_makes_nothing_in_another_account_or_for_what_is_no_caller() {
    let script = parent_side(&plain(), Language::Cli).text;
    let (made, done) = calls(&script, "333333333333", &[]);
    assert_eq!((made.len(), done), (1, false));
    let offer = ShareOffer::of(&plain(), &[]);
    let script = child_side(&offer, &plain().grant_name, &BTreeSet::new(), Language::Cli).text;
    for arguments in [&[][..], &["arn:aws:iam::333333333333:role/x"], &["arn:aws:iam::222222222222:role/x", "x"]] {
        let (made, done) = calls(&script, "222222222222", arguments);
        assert_eq!((made.len(), done), (1, false), "{arguments:?}");
    }
}

fn handler_file(folder: &Path) -> PathBuf {
    let sample = Sample { content_type: "text/csv".into(), body: "5,\"é\",\\n\n".into(), target_model: None };
    let offer = ShareOffer::of(&plain(), &[]);
    let text = lambda::handler(&offer, &"Churn-Classifier".parse().unwrap(), Some(&sample));
    let file = folder.join(lambda::FILE_NAME);
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn the_handler_assumes_its_role_once_and_again_when_it_has_to() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = handler_file(folder.path());
    run(Command::new(python()).args(["-I", "-B"]).arg(scripts().join("handler_test.py")).arg(file));
}

#[test]
fn ruff_has_nothing_to_say_about_the_handler() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = handler_file(folder.path());
    ruff(&file, "py39", "ARG001,E501");
}

/// Ruff's rules for a file, but for some, and its format.
fn ruff(file: &Path, version: &str, but: &str) {
    let checked = |arguments: &[&str]| {
        let mut command = Command::new(python());
        let command = command.args(["-m", "ruff"]).args(arguments);
        run(command.args(["--isolated", "--no-cache", "--target-version", version]).arg(file))
    };
    checked(&["check", "--select", "A,ARG,B,C4,E,F,I,N,PIE,PL,RET,S,SIM,UP,W", "--ignore", but]);
    checked(&["format", "--check"]);
}

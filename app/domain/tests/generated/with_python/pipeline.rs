//! The pipeline's templates and its deploy handler.

use super::{beside_python, ruff, run, scripts};
use domain::pipeline::documents::documents;
use domain::pipeline::hyperparameters::{Hyperparameters, Objective};
use domain::pipeline::intent::{Deployment, PipelineIntent, Place, Source, Training, Update};
use domain::pipeline::predicted::Predicted;
use domain::pipeline::templates;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::Command;

fn handler() -> PathBuf {
    scripts().join("../../src/pipeline/handler/deploy.py")
}

#[test]
fn cfn_lint_has_nothing_to_say_about_the_pipeline() {
    let folder = tempfile::TempDir::new().unwrap();
    let production = templates::production();
    let templates = [
        ("shared-services", templates::SHARED_SERVICES),
        ("training", templates::TRAINING),
        ("workflow", templates::WORKFLOW),
        ("production", production.as_str()),
    ];
    let files = templates.map(|(name, text)| {
        let file = folder.path().join(format!("{name}.yaml"));
        std::fs::write(&file, text).unwrap();
        file
    });
    // With what is informational, and in a region of each partition.
    let mut lint = beside_python("cfn-lint");
    lint.args(["--include-checks", "I", "--regions", "eu-west-1", "cn-north-1", "--"]);
    assert_eq!(run(lint.args(files)), "");
}

fn intent(prefix: &str, region: &str, source: Source) -> PipelineIntent {
    let place =
        |name: &str, account: &str| Place { connection: name.parse().unwrap(), account: account.parse().unwrap() };
    let partition = if region.starts_with("cn-") { "aws-cn" } else { "aws" };
    PipelineIntent {
        prefix: prefix.to_owned().try_into().unwrap(),
        region: region.parse().unwrap(),
        shared_services: place("shared", "111111111111"),
        training_account: place("training", "222222222222"),
        production: place("production", "333333333333"),
        administrator: domain::arn::CallerArn::parse(&format!("arn:{partition}:iam::111111111111:role/admin")).unwrap(),
        bucket: format!("{prefix}-111111111111-{region}"),
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

/// A pipeline from each kind of source, one with the longest prefix, and in a region of each partition.
fn predicted() -> [Predicted; 2] {
    let repository = Source::Repository { name: "churn".into(), branch: "main".into() };
    [intent("churn", "eu-west-1", repository), intent("c-12345678901234567x", "cn-north-1", Source::Bucket)]
        .map(|intent| Predicted::of(&intent).unwrap())
}

/// A document of a review, as JSON.
fn document(predicted: &Predicted, title: &str) -> Value {
    let documents = documents(predicted);
    let document = documents.iter().find(|document| document.title == title).unwrap();
    serde_json::from_str(&document.text).unwrap()
}

/// The workflow's template, everything resolved and the definition in it as JSON, which is when cfn-lint reads it.
fn resolved_workflow(predicted: &Predicted, definition: &Value) -> Value {
    let machine = predicted.resources.iter().find(|r| r.resource_type == "AWS::StepFunctions::StateMachine").unwrap();
    let mut properties = machine.properties.clone();
    properties.remove("DefinitionSubstitutions").unwrap();
    // cfn-lint knows a task's resource in the partition `aws` only.
    let definition = definition.to_string().replace("arn:aws-cn:states:::", "arn:aws:states:::");
    properties.insert("DefinitionString".into(), definition.into());
    let resource = json!({
        "Type": machine.resource_type, "Properties": properties, "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete",
    });
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": { &machine.logical_id: resource } })
}

/// What cfn-lint says of templates: for each, its findings.
fn linted(templates: &[Value]) -> Vec<Vec<String>> {
    let folder = tempfile::TempDir::new().unwrap();
    // Its ARNs are resolved: no partition is left to be named.
    let mut lint = beside_python("cfn-lint");
    lint.args(["--include-checks", "I", "--ignore-checks", "I3042", "--regions", "eu-west-1", "cn-north-1"]);
    lint.args(["--format", "parseable", "--non-zero-exit-code", "none", "--"]);
    let files: Vec<_> = (0..templates.len()).map(|index| folder.path().join(format!("{index}.json"))).collect();
    for (file, template) in files.iter().zip(templates) {
        std::fs::write(file, template.to_string()).unwrap();
    }
    let said = run(lint.args(&files));
    let mut found = vec![Vec::new(); templates.len()];
    for line in said.lines().filter(|line| !line.is_empty()) {
        let of = files.iter().position(|file| line.starts_with(file.to_str().unwrap()));
        found[of.expect(line)].push(line.to_owned());
    }
    found
}

#[test]
fn cfn_lint_has_nothing_to_say_about_the_state_machine_and_would_tell_of_one_that_ends_nowhere() {
    type Breaks = fn(&mut Map<String, Value>);
    let broken: [(Breaks, &str); 3] = [
        (|train| drop(train.remove("End")), "Only one of ['Next', 'End'] is a required property"),
        (|train| drop(train.insert("End".into(), "yes".into())), "'yes' is not one of [True]"),
        (|train| drop(train.insert("Retries".into(), json!([]))), "Additional properties are not allowed"),
    ];
    let predicted = predicted();
    let mut templates = predicted
        .each_ref()
        .map(|predicted| resolved_workflow(predicted, &document(predicted, "State machine")))
        .to_vec();
    for (breaks, _) in broken {
        let mut definition = document(&predicted[0], "State machine");
        breaks(definition["States"]["Train"].as_object_mut().unwrap());
        templates.push(resolved_workflow(&predicted[0], &definition));
    }
    let found = linted(&templates);
    let (right, wrong) = found.split_at(predicted.len());
    assert!(right.iter().all(Vec::is_empty), "{right:?}");
    for (found, (_, said)) in wrong.iter().zip(broken) {
        assert!(found.len() == 1 && found[0].contains("E3601") && found[0].contains(said), "{said}: {found:?}");
    }
}

/// What is wrong with each request, by AWS's models.
fn problems(requests: &[Value]) -> Vec<Vec<String>> {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("requests.json");
    std::fs::write(&file, Value::from(requests).to_string()).unwrap();
    let told = run(Command::new(super::python()).arg(scripts().join("models.py")).arg(file));
    serde_json::from_str(&told).unwrap()
}

/// A request, and others that each have one thing wrong with it, with the words that this is told in.
type Broken<'a> = (fn(&mut Value), &'a str);

fn only_the_broken_are_refused(requests: Vec<Value>, broken: &[Broken<'_>]) {
    let made = broken.iter().map(|(breaks, _)| {
        let mut request = requests[0].clone();
        breaks(&mut request["request"]);
        request
    });
    let asked: Vec<Value> = requests.iter().cloned().chain(made).collect();
    let told = problems(&asked);
    let (right, wrong) = told.split_at(requests.len());
    assert!(!right.is_empty() && right.iter().all(Vec::is_empty), "{right:?}");
    for (told, (_, word)) in wrong.iter().zip(broken) {
        assert!(told.len() == 1 && told[0].contains(word), "{word}: {told:?}");
    }
}

#[test]
fn every_training_job_of_the_state_machine_is_one_that_sagemakers_model_takes() {
    let jobs = predicted().into_iter().flat_map(|predicted| {
        let definition = document(&predicted, "State machine");
        let states: Vec<Value> = definition["States"].as_object().unwrap().values().cloned().collect();
        let jobs = states.into_iter().filter(|state| {
            let resource = state["Resource"].as_str().unwrap_or_default();
            resource.contains(":states:::sagemaker:createTrainingJob")
        });
        let requests = jobs.map(|state| {
            json!({
                "service": "sagemaker", "operation": "CreateTrainingJob", "form": "states",
                "request": state["Parameters"],
            })
        });
        requests.collect::<Vec<_>>()
    });
    let jobs: Vec<Value> = jobs.collect();
    assert_eq!(jobs.len(), 2, "one in each");
    only_the_broken_are_refused(
        jobs,
        &[
            (
                |job| drop(job.as_object_mut().unwrap().remove("RoleArn")),
                "Missing required parameter in input: \"RoleArn\"",
            ),
            (|job| job["MaxRuntime"] = json!(1), "Unknown parameter in input: \"MaxRuntime\""),
            (
                |job| job["ResourceConfig"]["InstanceCount"] = json!("1"),
                "Invalid type for parameter ResourceConfig.InstanceCount",
            ),
            (|job| job["ResourceConfig"]["InstanceType"] = json!("ml.none"), "'ml.none' is none of the values"),
            (|job| job["HyperParameters"]["eta"] = json!(0.2), "Invalid type for parameter HyperParameters.eta"),
            (
                |job| {
                    job["TrainingJobName.$"] =
                        json!("States.Format('twenty-eight-characters-are-{}', $$.Execution.Name)")
                },
                "is not between 1 and 63",
            ),
            (|job| job["InputDataConfig"][0]["ChannelName"] = json!("a b"), "'a b' is not like"),
        ],
    );
}

#[test]
fn the_pipeline_is_one_that_codepipelines_model_takes() {
    let pipelines = predicted().map(|predicted| {
        let mut properties = document(&predicted, "Pipeline");
        // CloudFormation's own.
        assert_eq!(properties.as_object_mut().unwrap().remove("RestartExecutionOnUpdate"), Some(json!(false)));
        json!({ "service": "codepipeline", "operation": "CreatePipeline", "form": "resource", "request": properties })
    });
    only_the_broken_are_refused(
        pipelines.into(),
        &[
            (
                |pipeline| drop(pipeline["Stages"][0]["Actions"][0].as_object_mut().unwrap().remove("ActionTypeId")),
                "Missing required parameter in pipeline.stages[0].actions[0]: \"actionTypeId\"",
            ),
            (
                |pipeline| pipeline["Stages"][1]["RoleArn"] = json!("arn"),
                "Unknown parameter in pipeline.stages[1]: \"roleArn\"",
            ),
            (
                |pipeline| pipeline["Stages"][4]["Actions"][0]["Configuration"]["Wait"] = json!(true),
                "Invalid type for parameter pipeline.stages[4].actions[0].configuration.Wait",
            ),
            (
                |pipeline| pipeline["Stages"][3]["Actions"][0]["ActionTypeId"]["Category"] = json!("Approve"),
                "'Approve' is none of the values",
            ),
            (|pipeline| pipeline["ArtifactStore"]["Location"] = json!("a/b"), "'a/b' is not like"),
            (|pipeline| pipeline["ExecutionMode"] = json!("ONE"), "'ONE' is none of the values"),
        ],
    );
}

#[test]
fn ruff_has_nothing_to_say_about_the_deploy_handler() {
    ruff(&handler(), "py313", "E501");
}

#[test]
fn the_deploy_handler_answers_every_job_as_aws_models_have_it() {
    let handler = handler();
    let folder = handler.parent().unwrap();
    run(std::process::Command::new(super::python()).args(["-B"]).arg(scripts().join("deploy_handler.py")).arg(folder));
}

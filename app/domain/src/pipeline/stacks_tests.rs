#![allow(clippy::unwrap_used)]

use super::*;
use crate::pipeline::hyperparameters::{Hyperparameters, Objective};
use crate::pipeline::intent::{Deployment, Place, Training, Update};
use std::collections::BTreeSet;
use template::Template;

fn place(name: &str, account: &str) -> Place {
    Place { connection: name.parse().unwrap(), account: account.parse().unwrap() }
}

pub(in crate::pipeline) fn intent(source: Source) -> PipelineIntent {
    PipelineIntent {
        prefix: "churn".to_owned().try_into().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        shared_services: place("shared", "111111111111"),
        training_account: place("training", "222222222222"),
        production: place("production", "333333333333"),
        administrator: crate::arn::CallerArn::parse("arn:aws:iam::111111111111:role/admin").unwrap(),
        bucket: "churn-111111111111-eu-west-1".into(),
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

pub(in crate::pipeline) fn repository() -> PipelineIntent {
    intent(Source::Repository { name: "churn".into(), branch: "main".into() })
}

/// What a template's stack would put out, each named after itself.
fn outputs(template: &str) -> Outputs {
    let template = Template::parse(template).unwrap();
    template.outputs.names().map(|name| (name.to_owned(), format!("the {name}"))).collect()
}

fn all(intent: &PipelineIntent) -> Vec<Stack> {
    let shared = outputs(templates::SHARED_SERVICES);
    let (training_outputs, production_outputs) = (outputs(templates::TRAINING), outputs(&templates::production()));
    let peers = Peers { training: &training_outputs, production: &production_outputs };
    vec![
        shared_services(intent, Pass::First).unwrap(),
        training(intent, &shared).unwrap(),
        production(intent, &shared).unwrap(),
        shared_services(intent, Pass::Wired(peers)).unwrap(),
        workflow(intent, &shared, &training_outputs).unwrap(),
        shared_services(intent, Pass::WithPipeline(peers)).unwrap(),
    ]
}

#[test]
fn each_stack_is_given_exactly_the_parameters_that_its_template_has() {
    for intent in [repository(), intent(Source::Bucket)] {
        for stack in all(&intent) {
            let template = Template::parse(&stack.template).unwrap();
            let declared: BTreeSet<&str> = template.parameters.names().collect();
            let given: BTreeSet<&str> = stack.parameters.keys().copied().collect();
            assert_eq!(given, declared, "{}", stack.name);
        }
    }
}

#[test]
fn outputs_of_one_stack_become_parameters_of_the_next() {
    let stacks = all(&repository());
    let value = |stack: usize, name: &str| stacks[stack].parameters[name].as_str();
    assert_eq!(value(1, "PipelineRoleArn"), "the PipelineRoleArn");
    assert_eq!(value(2, "ReportRoleArn"), "the ReportRoleArn");
    assert_eq!((value(0, "TrainingRole"), value(0, "WithPipeline")), ("none", "no"));
    assert_eq!((value(3, "TrainingRole"), value(3, "WithPipeline")), ("the TrainingRoleArn", "no"));
    assert_eq!(value(4, "WorkflowRoleArn"), "the WorkflowRoleArn");
    assert_eq!((value(5, "DeployFunction"), value(5, "WithPipeline")), ("the DeployFunctionName", "yes"));
}

#[test]
fn an_output_that_is_missing_is_named_with_its_stack() {
    let mut shared = outputs(templates::SHARED_SERVICES);
    shared.remove("KeyArn");
    let error = training(&repository(), &shared).unwrap_err();
    assert_eq!(error.to_string(), "the stack `churn-shared-services` has no output `KeyArn`");
    let elsewhere = PipelineIntent { region: "mx-central-1".parse().unwrap(), ..repository() };
    let error = production(&elsewhere, &outputs(templates::SHARED_SERVICES)).unwrap_err();
    assert_eq!(error.to_string(), "the XGBoost container is not to be had in `mx-central-1`");
}

#[test]
fn the_source_has_the_template_and_its_parameters() {
    let shared = outputs(templates::SHARED_SERVICES);
    let [(name, template), (configuration_name, configuration)] =
        source(&repository(), &shared, &outputs(templates::TRAINING)).unwrap();
    assert_eq!((name, template.as_str()), ("training.yaml", templates::WORKFLOW));
    assert_eq!(configuration_name, "training.json");
    let configuration: serde_json::Value = serde_json::from_str(&configuration).unwrap();
    assert_eq!(configuration["Parameters"]["ModelUri"], "s3://the BucketName/models");
    let told: serde_json::Value =
        serde_json::from_str(configuration["Parameters"]["HyperParameters"].as_str().unwrap()).unwrap();
    assert_eq!(told["objective"], "binary:logistic");
}

//! Definitions: what the language says of them, and whether their tasks are ones that can be done here.
//!
//! Sources: Step Functions developer guide, "Integrating services", "Amazon SageMaker", "IAM policies for …" (which
//! rules of EventBridge each job needs).

use super::input::refuse;
use crate::error::Failure;
use crate::service::{self, Protocol};
use serde_json::{Map, Value};
use states::{Code, Diagnostic, InvalidDefinition, Pattern, Resource, Severity, StateMachine, StateMachineType};

/// An action of an integrated service: how it can be waited for, and its parameters.
struct Action {
    service: &'static str,
    name: &'static str,
    patterns: &'static [Pattern],
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const ONCE: &[Pattern] = &[Pattern::RequestResponse];

const ACTIONS: &[Action] = &[
    Action {
        service: "sagemaker",
        name: "createTrainingJob",
        patterns: &[Pattern::RequestResponse, Pattern::Sync],
        required: &[
            "AlgorithmSpecification",
            "OutputDataConfig",
            "ResourceConfig",
            "RoleArn",
            "StoppingCondition",
            "TrainingJobName",
        ],
        optional: &[
            "CheckpointConfig",
            "DebugHookConfig",
            "DebugRuleConfigurations",
            "EnableInterContainerTrafficEncryption",
            "EnableManagedSpotTraining",
            "EnableNetworkIsolation",
            "Environment",
            "ExperimentConfig",
            "HyperParameters",
            "InfraCheckConfig",
            "InputDataConfig",
            "MlflowConfig",
            "ModelPackageConfig",
            "ProfilerConfig",
            "ProfilerRuleConfigurations",
            "RemoteDebugConfig",
            "RetryStrategy",
            "ServerlessJobConfig",
            "SessionChainingConfig",
            "Tags",
            "TensorBoardOutputConfig",
            "VpcConfig",
        ],
    },
    Action {
        service: "sagemaker",
        name: "createModel",
        patterns: ONCE,
        required: &["ModelName"],
        optional: &[
            "Containers",
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "InferenceExecutionConfig",
            "PrimaryContainer",
            "Tags",
            "VpcConfig",
        ],
    },
    Action {
        service: "sagemaker",
        name: "createEndpointConfig",
        patterns: ONCE,
        required: &["EndpointConfigName", "ProductionVariants"],
        optional: &[
            "AsyncInferenceConfig",
            "CrossRegionTrafficConfig",
            "DataCaptureConfig",
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "ExplainerConfig",
            "KmsKeyId",
            "MetricsConfig",
            "ShadowProductionVariants",
            "Tags",
            "VpcConfig",
        ],
    },
    Action {
        service: "sagemaker",
        name: "createEndpoint",
        patterns: ONCE,
        required: &["EndpointName", "EndpointConfigName"],
        optional: &["DeploymentConfig", "Tags"],
    },
    Action {
        service: "sagemaker",
        name: "updateEndpoint",
        patterns: ONCE,
        required: &["EndpointName", "EndpointConfigName"],
        optional: &[
            "DeploymentConfig",
            "ExcludeRetainedVariantProperties",
            "RetainAllVariantProperties",
            "RetainDeploymentConfig",
        ],
    },
    Action {
        service: "lambda",
        name: "invoke",
        patterns: &[Pattern::RequestResponse, Pattern::WaitForTaskToken],
        required: &["FunctionName"],
        optional: &["ClientContext", "InvocationType", "LogType", "Payload", "Qualifier"],
    },
    Action {
        service: "states",
        name: "startExecution",
        patterns: &[Pattern::RequestResponse, Pattern::Sync, Pattern::Sync2, Pattern::WaitForTaskToken],
        required: &["StateMachineArn"],
        optional: &["Input", "Name", "TraceHeader"],
    },
];

/// Services by the names that `aws-sdk:` has for them, with the sandbox's, and Java's, which errors begin with. Those
/// that answer in XML are not among them.
pub const SDK: &[(&str, &str, &str)] = &[
    ("cloudwatch", "cloudwatch", "CloudWatch"),
    ("cloudwatchlogs", "logs", "CloudWatchLogs"),
    ("codecommit", "codecommit", "CodeCommit"),
    ("codepipeline", "codepipeline", "CodePipeline"),
    ("eventbridge", "events", "EventBridge"),
    ("kms", "kms", "Kms"),
    ("lambda", "lambda", "Lambda"),
    ("organizations", "organizations", "Organizations"),
    ("sagemaker", "sagemaker", "SageMaker"),
    ("sfn", "states", "Sfn"),
];

/// The action's name without its pattern.
pub fn action(resource: &str) -> &str {
    resource.split('.').next().unwrap_or(resource)
}

/// An action of the SDK as the service's operation: `describeModel` is `DescribeModel`.
pub fn pascal(action: &str) -> String {
    let mut chars = action.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// Everything that is to be said of a definition.
pub fn diagnose(definition: &str) -> Vec<Diagnostic> {
    let mut found = StateMachine::validate(definition, StateMachineType::Standard);
    if let Ok(Value::Object(root)) = serde_json::from_str::<Value>(definition) {
        tasks(&Value::Object(root), "", &mut found);
    }
    found
}

/// Reads a definition, or refuses it as `CreateStateMachine` does.
pub fn check(definition: &str) -> Result<StateMachine, Failure> {
    let diagnostics = diagnose(definition);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(invalid(&InvalidDefinition { diagnostics }));
    }
    StateMachine::parse(definition).map_err(|error| invalid(&error))
}

fn invalid(error: &InvalidDefinition) -> Failure {
    refuse("InvalidDefinition", error.to_string())
}

/// Looks at the tasks of a workflow and of the workflows in it.
fn tasks(workflow: &Value, at: &str, found: &mut Vec<Diagnostic>) {
    for (name, state) in workflow.get("States").and_then(Value::as_object).into_iter().flatten() {
        let at = format!("{at}/States/{name}");
        if state.get("Type").and_then(Value::as_str) == Some("Task") {
            found.extend(task(state, &at));
        }
        for field in ["ItemProcessor", "Iterator"] {
            if let Some(inner) = state.get(field) {
                tasks(inner, &format!("{at}/{field}"), found);
            }
        }
        for (index, branch) in state.get("Branches").and_then(Value::as_array).into_iter().flatten().enumerate() {
            tasks(branch, &format!("{at}/Branches[{index}]"), found);
        }
    }
}

fn task(state: &Value, at: &str) -> Vec<Diagnostic> {
    let wrong = |message: String, field: &str| Diagnostic {
        severity: Severity::Error,
        code: Code::SchemaValidationFailed,
        message,
        location: Some(format!("{at}/{field}")),
    };
    let Some(arn) = state.get("Resource").and_then(Value::as_str) else { return Vec::new() };
    // What is no resource at all was said already.
    let Some(resource) = Resource::parse(arn) else { return Vec::new() };
    let unknown = || {
        let message = format!(
            "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is \
             not available in this region."
        );
        vec![wrong(message, "Resource")]
    };
    match &resource {
        Resource::Lambda { .. } => Vec::new(),
        Resource::Activity { .. } => vec![wrong("the sandbox has no activities".into(), "Resource")],
        Resource::Integration { service, resource, pattern } => match service.strip_prefix("aws-sdk:") {
            Some(service) if has(service, action(resource)) && *pattern == Pattern::RequestResponse => Vec::new(),
            Some(_) => unknown(),
            None => {
                let known = ACTIONS.iter().find(|known| known.service == service && known.name == action(resource));
                let Some(known) = known.filter(|known| known.patterns.contains(pattern)) else { return unknown() };
                // Without parameters they are the state's input, which nobody knows yet.
                let Some(given) = state.get("Parameters").and_then(Value::as_object) else { return Vec::new() };
                wrong_parameters(known, given).into_iter().map(|message| wrong(message, "Parameters")).collect()
            }
        },
    }
}

/// What is missing among a task's parameters, and what does not belong there.
fn wrong_parameters(action: &Action, given: &Map<String, Value>) -> Vec<String> {
    let names: Vec<&str> = given.keys().map(|name| name.strip_suffix(".$").unwrap_or(name)).collect();
    let missing = action.required.iter().filter(|name| !names.contains(name));
    let unknown = names.iter().filter(|name| !action.required.contains(name) && !action.optional.contains(name));
    missing
        .map(|name| format!("The field '{name}' is required but was missing"))
        .chain(unknown.map(|name| format!("The field \"{name}\" is not supported by Step Functions")))
        .collect()
}

/// Whether the SDK has this action of a service here.
fn has(service: &str, action: &str) -> bool {
    let found = SDK.iter().find(|(name, ..)| *name == service).and_then(|(_, ours, _)| service::named(ours));
    found.is_some_and(|found| {
        !matches!(found.protocol, Protocol::Query { .. }) && found.operation(&pascal(action)).is_ok()
    })
}

/// The rules of EventBridge by which the machine's jobs are heard of, which its role has to be allowed to make.
pub fn managed_rules(machine: &StateMachine) -> Vec<&'static str> {
    let rule = |resource: &&Resource| match resource {
        Resource::Integration { service, pattern: Pattern::Sync | Pattern::Sync2, .. } => match service.as_str() {
            "sagemaker" => Some("StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
            "states" => Some("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
            _ => None,
        },
        _ => None,
    };
    let mut rules: Vec<&str> = machine.resources().iter().filter_map(rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

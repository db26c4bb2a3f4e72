//! Which template each account gets, and its parameters: from the intent, and from what other stacks put out.

use crate::pipeline::images::Image;
use crate::pipeline::intent::{PipelineIntent, Source};
use crate::pipeline::templates;
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Folders of the bucket.
pub const DATA: &str = "data/";
const MODELS: &str = "models/";
/// Without a repository: the object that holds the training template, zipped.
pub const TEMPLATE: &str = "source/training.zip";
/// Stands for a role that is not there yet.
const NONE: &str = "none";

/// A stack as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its template's text.
    pub template: Cow<'static, str>,
    /// All of its parameters.
    pub parameters: BTreeMap<&'static str, String>,
}

/// What a stack put out, by name.
pub type Outputs = BTreeMap<String, String>;

/// Why a stack's parameters can't be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WiringError {
    /// The other stack is not the one it should be.
    #[error("the stack `{stack}` has no output `{output}`")]
    Output {
        /// The stack that was read.
        stack: String,
        /// What it should have put out.
        output: &'static str,
    },
    /// AWS has no registry of the container there.
    #[error("the XGBoost container is not to be had in `{0}`")]
    Region(String),
}

/// How far the shared-services stack has come. No policy may name a role that does not exist yet.
#[derive(Debug, Clone, Copy)]
pub enum Pass<'a> {
    /// Key, bucket, repository and the pipeline's role.
    First,
    /// With the other accounts' roles in the policies.
    Wired(Peers<'a>),
    /// With the pipeline: data and training template are in place.
    WithPipeline(Peers<'a>),
}

/// What the other two stacks put out.
#[derive(Debug, Clone, Copy)]
pub struct Peers<'a> {
    /// The training stack's.
    pub training: &'a Outputs,
    /// The production stack's.
    pub production: &'a Outputs,
}

/// Account A's stack.
pub fn shared_services(intent: &PipelineIntent, pass: Pass<'_>) -> Result<Stack, WiringError> {
    let mut parameters = BTreeMap::from([
        ("Prefix", intent.prefix.to_string()),
        ("BucketName", intent.bucket.clone()),
        ("TemplateKey", TEMPLATE.into()),
        ("DataKey", DATA.into()),
        ("ModelKey", MODELS.into()),
        ("Administrator", intent.administrator.to_string()),
        ("TrainingStack", intent.workflow_stack()),
        ("TrainingMachine", intent.state_machine()),
    ]);
    let (source, repository, branch) = match &intent.source {
        Source::Repository { name, branch } => ("CodeCommit", name.as_str(), branch.as_str()),
        Source::Bucket => ("S3", intent.prefix.as_str(), "main"),
    };
    let given = [("Source", source), ("RepositoryName", repository), ("BranchName", branch)];
    parameters.extend(given.map(|(name, value)| (name, value.to_owned())));
    let (peers, with_pipeline) = match pass {
        Pass::First => (None, "no"),
        Pass::Wired(peers) => (Some(peers), "no"),
        Pass::WithPipeline(peers) => (Some(peers), "yes"),
    };
    parameters.insert("WithPipeline", with_pipeline.into());
    let (training, production) = (intent.training_stack(), intent.production_stack());
    for (parameter, of_training, output) in [
        ("TrainingStageRole", true, "StageRoleArn"),
        ("TrainingDeployRole", true, "DeployRoleArn"),
        ("TrainingRole", true, "TrainingRoleArn"),
        ("ProductionStageRole", false, "StageRoleArn"),
        ("ProductionDeployRole", false, "DeployRoleArn"),
        ("ProductionModelRole", false, "ModelRoleArn"),
        ("DeployFunction", false, "DeployFunctionName"),
    ] {
        let value = match peers {
            None => NONE.to_owned(),
            Some(peers) if of_training => wire(peers.training, &training, output)?,
            Some(peers) => wire(peers.production, &production, output)?,
        };
        parameters.insert(parameter, value);
    }
    Ok(Stack { name: intent.shared_services_stack(), template: templates::SHARED_SERVICES.into(), parameters })
}

/// Account B's stack, from what account A's put out.
pub fn training(intent: &PipelineIntent, shared: &Outputs) -> Result<Stack, WiringError> {
    let mut parameters = wired(intent, shared, ["PipelineRoleArn", "BucketName", "KeyArn"])?;
    parameters.insert("DataKey", DATA.into());
    parameters.insert("ModelKey", MODELS.into());
    parameters.insert("ImageRepositoryArn", image(intent)?.repository().to_string());
    Ok(Stack { name: intent.training_stack(), template: templates::TRAINING.into(), parameters })
}

/// Account C's stack, from what account A's put out.
pub fn production(intent: &PipelineIntent, shared: &Outputs) -> Result<Stack, WiringError> {
    let (image, deployment) = (image(intent)?, &intent.deployment);
    let mut parameters = wired(intent, shared, ["PipelineRoleArn", "ReportRoleArn", "BucketName", "KeyArn"])?;
    parameters.extend([
        ("ModelKey", MODELS.to_owned()),
        ("Image", image.uri()),
        ("ImageRepositoryArn", image.repository().to_string()),
        ("EndpointName", deployment.endpoint.to_string()),
        ("InstanceType", deployment.instance_type.clone()),
        ("InstanceCount", deployment.instance_count.to_string()),
        ("Update", deployment.update.key().to_owned()),
        ("WaitSeconds", deployment.wait_seconds.to_string()),
        ("WithAlarms", if deployment.alarms { "yes" } else { "no" }.to_owned()),
    ]);
    Ok(Stack { name: intent.production_stack(), template: templates::production().into(), parameters })
}

/// What the pipeline's source holds, by file name: the training's template, and its parameters as CloudFormation's action
/// reads them.
///
/// Source: CodePipeline user guide, "AWS CloudFormation artifacts", template configuration files.
pub fn source(
    intent: &PipelineIntent,
    shared: &Outputs,
    training: &Outputs,
) -> Result<[(&'static str, String); 2], WiringError> {
    let stack = workflow(intent, shared, training)?;
    let configuration = json!({ "Parameters": stack.parameters });
    let configuration = serde_json::to_string_pretty(&configuration);
    let configuration = configuration.unwrap_or_else(|error| unreachable!("texts are JSON: {error}"));
    Ok([("training.yaml", stack.template.into_owned()), ("training.json", configuration + "\n")])
}

/// The stack that the pipeline deploys in account B.
pub fn workflow(intent: &PipelineIntent, shared: &Outputs, training: &Outputs) -> Result<Stack, WiringError> {
    let place = wire(shared, &intent.shared_services_stack(), "BucketName")?;
    let mut parameters = wired(intent, shared, ["KeyArn"])?;
    for output in ["WorkflowRoleArn", "TrainingRoleArn"] {
        parameters.insert(output, wire(training, &intent.training_stack(), output)?);
    }
    let asked = &intent.training;
    parameters.extend([
        ("Image", image(intent)?.uri()),
        ("InstanceType", asked.instance_type.clone()),
        ("InstanceCount", asked.instance_count.to_string()),
        ("VolumeGigabytes", asked.volume_gigabytes.to_string()),
        ("MaxSeconds", asked.max_seconds.to_string()),
        ("TrainUri", format!("s3://{place}/{DATA}train/")),
        ("ValidationUri", format!("s3://{place}/{DATA}validation/")),
        ("ModelUri", format!("s3://{place}/{}", MODELS.trim_end_matches('/'))),
        ("HyperParameters", asked.hyperparameters.json()),
    ]);
    Ok(Stack { name: intent.workflow_stack(), template: templates::WORKFLOW.into(), parameters })
}

/// The prefix, and parameters that are named as the outputs they come from.
fn wired<const N: usize>(
    intent: &PipelineIntent,
    shared: &Outputs,
    names: [&'static str; N],
) -> Result<BTreeMap<&'static str, String>, WiringError> {
    let mut parameters = BTreeMap::from([("Prefix", intent.prefix.to_string())]);
    for name in names {
        parameters.insert(name, wire(shared, &intent.shared_services_stack(), name)?);
    }
    Ok(parameters)
}

fn wire(outputs: &Outputs, stack: &str, output: &'static str) -> Result<String, WiringError> {
    outputs.get(output).cloned().ok_or_else(|| WiringError::Output { stack: stack.to_owned(), output })
}

fn image(intent: &PipelineIntent) -> Result<Image, WiringError> {
    let image = Image::of(&intent.region, &intent.training.version);
    image.ok_or_else(|| WiringError::Region(intent.region.to_string()))
}

#[cfg(test)]
#[path = "stacks_tests.rs"]
pub(super) mod tests;

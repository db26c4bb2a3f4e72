//! Whether a declaration is a pipeline: its stages, its actions, what flows between them, and its roles.
//!
//! Source: CodePipeline user guide, "Pipeline structure requirements", "Action structure reference". Refusals are in
//! the service's words where these are on public record.

use super::SERVICE;
use super::declaration::{Action, Declaration};
use super::input::{arn, refuse};
use super::kinds::{self, Kind};
use super::providers::cloudformation;
use super::variables;
use crate::acting::Acting;
use crate::call::Call;
use crate::error::Failure;
use crate::passrole;
use domain::arn::Arn;
use std::collections::BTreeSet;

fn structure(message: impl Into<String>) -> Failure {
    refuse("InvalidStructureException", message)
}
fn stage(message: impl Into<String>) -> Failure {
    refuse("InvalidStageDeclarationException", message)
}
fn action(message: impl Into<String>) -> Failure {
    refuse("InvalidActionDeclarationException", message)
}

/// Checks a declaration.
pub fn check(call: &Call<'_>, pipeline: &Declaration) -> Result<(), Failure> {
    unsupported(call, pipeline)?;
    whole(call, pipeline)?;
    stages(pipeline)?;
    for one in pipeline.stages.iter().flat_map(|stage| &stage.actions) {
        of_kind(call, one)?;
    }
    namespaces(pipeline)?;
    artifacts(pipeline)?;
    roles(call, pipeline)
}

fn unsupported(call: &Call<'_>, pipeline: &Declaration) -> Result<(), Failure> {
    if pipeline.execution_mode.as_deref() == Some("PARALLEL") {
        return Err(structure("the sandbox runs pipelines as SUPERSEDED or QUEUED, not PARALLEL"));
    }
    if !pipeline.triggers.is_empty() {
        return Err(structure("the sandbox has no triggers of connections; use a rule of EventBridge"));
    }
    for one in &pipeline.stages {
        if !one.blockers.is_empty() {
            return Err(refuse("InvalidBlockerDeclarationException", "the sandbox has no blockers of stages"));
        }
        if one.on_failure.is_some() || one.on_success.is_some() || one.before_entry.is_some() {
            return Err(stage(format!("the sandbox has no conditions of stages; stage {} declares one", one.name)));
        }
    }
    let actions = pipeline.stages.iter().flat_map(|stage| &stage.actions);
    for one in actions {
        if !one.commands.is_empty() || !one.output_variables.is_empty() || !one.environment_variables.is_empty() {
            return Err(action(format!("the sandbox runs no commands; action {} declares some", one.name)));
        }
        if one.region.as_deref().is_some_and(|region| region != call.region.as_str()) {
            return Err(action(format!(
                "the sandbox runs actions in the pipeline's own region; {} names another",
                one.name
            )));
        }
    }
    Ok(())
}

fn whole(call: &Call<'_>, pipeline: &Declaration) -> Result<(), Failure> {
    match (&pipeline.artifact_store, &pipeline.artifact_stores) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(structure("Pipeline must have either artifactStore or artifactStores, and not both"));
        }
        _ => {}
    }
    if pipeline.store(call.region.as_str()).is_none() {
        return Err(structure(format!("Pipeline must have an artifact store for the region {}", call.region)));
    }
    let v2 = pipeline.pipeline_type.as_deref() == Some("V2");
    if !v2 && !pipeline.variables.is_empty() {
        return Err(structure("Pipeline variables are only supported for pipelines of type V2"));
    }
    if !v2 && pipeline.execution_mode.as_deref().is_some_and(|mode| mode != "SUPERSEDED") {
        return Err(structure("Execution modes other than SUPERSEDED are only supported for pipelines of type V2"));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = pipeline.variables.iter().find(|variable| !seen.insert(&variable.name)) {
        return Err(structure(format!("Pipeline variable names must be unique: {}", twice.name)));
    }
    Ok(())
}

fn stages(pipeline: &Declaration) -> Result<(), Failure> {
    let count = pipeline.stages.len();
    if count < 2 {
        return Err(structure(format!(
            "Pipeline has only {count} stage(s). There should be a minimum of 2 stages in a pipeline"
        )));
    }
    if count > 50 {
        return Err(refuse("LimitExceededException", "A pipeline can have at most 50 stages"));
    }
    let mut names = BTreeSet::new();
    for (n, one) in pipeline.stages.iter().enumerate() {
        if !names.insert(&one.name) {
            return Err(stage(format!(
                "Stage names must be unique within a pipeline: {} is used more than once",
                one.name
            )));
        }
        if one.actions.is_empty() {
            return Err(stage(format!("Stage {} must have at least one action", one.name)));
        }
        if one.actions.len() > 50 {
            return Err(refuse("LimitExceededException", "A stage can have at most 50 actions"));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = one.actions.iter().find(|action| !names.insert(&action.name)) {
            return Err(stage(format!(
                "Action names must be unique within a stage: {} is used more than once in stage {}",
                twice.name, one.name
            )));
        }
        let sources = one.actions.iter().filter(|action| action.action_type_id.category == "Source").count();
        if n == 0 && sources < one.actions.len() {
            return Err(structure("Pipeline should start with a stage that only contains source actions"));
        }
        if n > 0 && sources > 0 {
            return Err(structure("Only the first stage of a pipeline can contain source actions"));
        }
    }
    Ok(())
}

fn of_kind(call: &Call<'_>, one: &Action) -> Result<(), Failure> {
    let id = &one.action_type_id;
    let kind = kinds::find(id).ok_or_else(|| {
        action(format!(
            "ActionType (Category: '{}', Provider: '{}', Owner: '{}', Version: '{}') in action '{}' is not available \
             in region '{}'",
            id.category,
            id.provider,
            id.owner,
            id.version,
            one.name,
            call.region.as_str().to_ascii_uppercase().replace('-', "_")
        ))
    })?;
    let counts =
        [("input", one.input_artifacts.len(), kind.inputs), ("output", one.output_artifacts.len(), kind.outputs)];
    for (what, count, (least, most)) in counts {
        let (bound, than, limit) = if count < least { ("minimum", "less", least) } else { ("maximum", "more", most) };
        if count < least || count > most {
            return Err(action(format!(
                "Action {} declares {count} {what} artifacts which is {than} than the {bound} count ({limit})",
                one.name
            )));
        }
    }
    configured(kind, one)
}

fn configured(kind: &Kind, one: &Action) -> Result<(), Failure> {
    let named = |key: &str| one.configuration.get(key).map(String::as_str);
    for key in one.configuration.keys() {
        if !kind.keys.iter().any(|(known, _)| known == key) {
            return Err(action(format!(
                "Action configuration for action '{}' contains unknown configuration '{key}'",
                one.name
            )));
        }
    }
    let missing = |key: &str| {
        action(format!("Action configuration for action '{}' is missing required configuration '{key}'", one.name))
    };
    if let Some((key, _)) = kind.keys.iter().find(|(key, required)| *required && named(key).is_none()) {
        return Err(missing(key));
    }
    if let Some(value) = one.configuration.values().find(|value| !variables::is_well_formed(value)) {
        return Err(action(format!(
            "Valid format for a pipeline execution variable reference is a namespace and a key separated by a period \
             (.). The following pipeline execution variable reference is invalid in action {}: {value}",
            one.name
        )));
    }
    let oneof = |key: &str, allowed: &[&str]| match named(key) {
        Some(value) if !value.contains("#{") && !allowed.contains(&value) => Err(action(format!(
            "Action configuration for action '{}' has the value '{value}' for '{key}', which is none of: {}",
            one.name,
            allowed.join(", ")
        ))),
        _ => Ok(()),
    };
    match kind.provider {
        "CodeCommit" => {
            oneof("PollForSourceChanges", &["true", "false"])?;
            oneof("OutputArtifactFormat", &["CODE_ZIP", "CODEBUILD_CLONE_REF"])?;
            if named("OutputArtifactFormat") == Some("CODEBUILD_CLONE_REF") {
                return Err(action("the sandbox has no CodeBuild: OutputArtifactFormat can be CODE_ZIP only"));
            }
        }
        "S3" => {
            oneof("PollForSourceChanges", &["true", "false"])?;
            oneof("AllowOverrideForS3ObjectKey", &["true", "false"])?;
        }
        "CloudFormation" => {
            oneof("ActionMode", &cloudformation::MODES)?;
            if let Some(key) = cloudformation::missing(&one.configuration) {
                return Err(missing(key));
            }
        }
        "StepFunctions" => {
            oneof("InputType", &["Literal", "FilePath"])?;
            if named("InputType") == Some("FilePath") {
                if named("Input").is_none() {
                    return Err(missing("Input"));
                }
                if one.input_artifacts.is_empty() {
                    return Err(action(format!(
                        "Action {} declares 0 input artifacts which is less than the minimum count (1)",
                        one.name
                    )));
                }
            }
        }
        "Manual" if named("NotificationArn").is_some() => {
            return Err(action("the sandbox has no SNS: NotificationArn can't be set"));
        }
        _ => {}
    }
    Ok(())
}

fn namespaces(pipeline: &Declaration) -> Result<(), Failure> {
    let mut seen = BTreeSet::from(["codepipeline", "variables"]);
    for stage in &pipeline.stages {
        for one in &stage.actions {
            let Some(namespace) = &one.namespace else { continue };
            if !seen.insert(namespace) {
                return Err(action(format!(
                    "Namespaces must be unique across the pipeline definition. The following occur more than once in \
                     the pipeline. StageName=[{}], ActionName=[{}], Namespace=[{namespace}]",
                    stage.name, one.name
                )));
            }
        }
    }
    Ok(())
}

/// Every artifact that goes in was put out before: in an earlier stage, or earlier in the same one.
fn artifacts(pipeline: &Declaration) -> Result<(), Failure> {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for stage in &pipeline.stages {
        let mut orders: Vec<i64> = stage.actions.iter().map(Action::order).collect();
        orders.sort_unstable();
        orders.dedup();
        for order in orders {
            let group = || stage.actions.iter().filter(move |one| one.order() == order);
            for one in group() {
                let unknown = one.input_artifacts.iter().find(|artifact| !made.contains(artifact.name.as_str()));
                if let Some(unknown) = unknown {
                    return Err(action(format!(
                        "Input Artifact Bundle {} in action {} is not declared as Output Artifact Bundle in any of the \
                         preceding actions",
                        unknown.name, one.name
                    )));
                }
            }
            for artifact in group().flat_map(|one| &one.output_artifacts) {
                if !made.insert(&artifact.name) {
                    return Err(action(format!(
                        "Output Artifact Bundle name must be unique within the pipeline. {} has been used more than once.",
                        artifact.name
                    )));
                }
            }
        }
    }
    Ok(())
}

/// The caller must be allowed to pass the pipeline's role; it must trust CodePipeline, and be trusted by the actions'.
fn roles(call: &Call<'_>, pipeline: &Declaration) -> Result<(), Failure> {
    let role = &pipeline.role_arn;
    if !Arn::parse(role).is_ok_and(|parsed| passrole::is_own(call, &parsed)) {
        return Err(Failure::access_denied("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, SERVICE)?;
    let source = arn(&call.region, call.account(), &pipeline.name);
    let acting = Acting::as_role(call.app, &call.region, role, SERVICE, Some(&source), "check")
        .map_err(|_| structure(format!("CodePipeline is not authorized to perform AssumeRole on role {role}")))?;
    for wanted in pipeline.stages.iter().flat_map(|stage| &stage.actions).filter_map(|one| one.role_arn.as_deref()) {
        acting
            .assume(call.app, wanted, "check")
            .map_err(|_| structure(format!("{role} is not authorized to perform AssumeRole on role {wanted}")))?;
    }
    Ok(())
}

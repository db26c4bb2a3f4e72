//! Training jobs: what is asked of one is checked at once, then it runs in the background, as its role.

mod container;
pub mod input;
pub mod model;
mod places;
mod run;

pub use run::{Running, resume};

use super::input as common;
use super::input::Entry;
use super::model::arn;
use super::models;
use crate::call::{Call, Needs};
use crate::clock::{self, epoch_seconds};
use crate::error::Failure;
use crate::protocol::Reply;
use model::{Status, TrainingJob};
use run::Key;
use serde_json::{Value, json};

fn arn_of(call: &Call<'_>, name: &str) -> String {
    arn(&call.region, call.account(), "training-job", name)
}

fn key(call: &Call<'_>, name: &str) -> Key {
    Key { account: call.account().clone(), region: call.region.clone(), name: name.to_ascii_lowercase() }
}

/// The refusal of a job that is not there.
fn missing() -> Failure {
    Failure::validation("Requested resource not found.")
}

/// Permission on the job that the call names, with what conditions may ask of a new one.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let body = &call.body;
    let arn = arn_of(call, common::name(body, "TrainingJobName")?);
    let tags = call.read_sagemaker(|sagemaker| sagemaker.tags.get(&arn).cloned().unwrap_or_default());
    let mut target = common::target_with_tags(&arn, body)?.tagged(&tags);
    let keys = [
        ("sagemaker:InstanceTypes", "/ResourceConfig/InstanceType"),
        ("sagemaker:OutputKmsKey", "/OutputDataConfig/KmsKeyId"),
        ("sagemaker:VolumeKmsKey", "/ResourceConfig/VolumeKmsKeyId"),
        ("sagemaker:MaxRuntimeInSeconds", "/StoppingCondition/MaxRuntimeInSeconds"),
        ("sagemaker:NetworkIsolation", "/EnableNetworkIsolation"),
        ("sagemaker:InterContainerTrafficEncryption", "/EnableInterContainerTrafficEncryption"),
    ];
    for (key, pointer) in keys {
        match body.pointer(pointer) {
            Some(Value::String(text)) => target = target.with(key, text.as_str()),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => target = target.with(key, value.to_string()),
            _ => {}
        }
    }
    Ok(target.into())
}

/// CreateTrainingJob.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = common::name(&call.body, "TrainingJobName")?;
    let role = common::required(&call.body, "RoleArn")?;
    let arn = arn_of(call, name);
    let request = input::check(&call.body, &call.region)?;
    models::pass_role_for(call, role, "roleArn", Some(&arn))?;
    let tags = super::tags::for_new(call, &arn)?;
    let key = key(call, name);
    let job = TrainingJob::new(name, call.now, request);
    let made = job.clone();
    call.change_sagemaker(|sagemaker| {
        if sagemaker.jobs.contains_key(&key.name) {
            return Err(Failure::new(
                400,
                "ResourceInUse",
                format!(
                    "Training job names must be unique within an AWS account and region, and a training job with this \
                     name already exists ({arn})"
                ),
            ));
        }
        sagemaker.jobs.insert(key.name.clone(), made);
        sagemaker.tags.insert(arn.clone(), tags);
        Ok(())
    })?;
    run::tell(call.app, &key, &job);
    run::begin(call.app, key);
    Ok(Reply::Json(json!({ "TrainingJobArn": arn })))
}

/// DescribeTrainingJob.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = common::name(&call.body, "TrainingJobName")?.to_ascii_lowercase();
    call.read_sagemaker(|sagemaker| {
        let job = sagemaker.jobs.get(&name).ok_or_else(missing)?;
        Ok(Reply::Json(job.shown(&call.region, call.account(), epoch_seconds)))
    })
}

fn entry<'a>(call: &Call<'_>, job: &'a TrainingJob) -> Entry<'a> {
    Entry {
        name: &job.name,
        created: job.created,
        modified: job.modified,
        status: job.status.text(),
        summary: job.summary(&call.region, call.account(), epoch_seconds),
    }
}

/// ListTrainingJobs.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    call.read_sagemaker(|sagemaker| {
        common::page(call, "TrainingJobSummaries", sagemaker.jobs.values().map(|job| entry(call, job)).collect())
            .map(Reply::Json)
    })
}

/// StopTrainingJob: what it has learned so far is kept where its hyperparameters say so.
pub fn stop(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = common::name(&call.body, "TrainingJobName")?;
    let key = key(call, name);
    let job = call.change_sagemaker(|sagemaker| {
        let job = sagemaker.jobs.get_mut(&key.name).ok_or_else(missing)?;
        if job.status != Status::InProgress {
            return Err(Failure::validation(format!(
                "The request was rejected because the training job is in status {}.",
                job.status.text()
            )));
        }
        job.status = Status::Stopping;
        job.enter("Stopping", "Stopping the training job", clock::now());
        Ok(job.clone())
    })?;
    run::tell(call.app, &key, &job);
    call.app.training.stop(&key);
    Ok(Reply::Json(json!({})))
}

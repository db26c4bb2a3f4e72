//! A training as it goes: the state machine's execution, SageMaker's job, lines of logs; and how much of it an account may
//! have.

use crate::answers::{moment, said};
use crate::connections::{Connection, Connections};
use crate::error::found;
use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use aws_sdk_sagemaker::operation::describe_training_job::DescribeTrainingJobOutput;
use aws_sdk_sagemaker::types::{Channel, MetricData};
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use domain::endpoint::Page;
use domain::names::{ConnectionId, Region};
use domain::time::Timestamp;
use services::ports::gateway::{
    GatewayErrorKind, GatewayResult, LogLine, LogSlice, MachineExecution, TrainingGateway, TrainingJob,
};
use std::sync::Arc;

/// Lines of a log in a page.
const LINES: i32 = 1000;
/// Quotas in a page: SageMaker has thousands.
const QUOTAS: i32 = 100;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsTraining(pub(crate) Arc<Connections>);

#[async_trait]
impl TrainingGateway for AwsTraining {
    async fn machine_execution(
        &self,
        connection: &ConnectionId,
        region: &Region,
        arn: &str,
    ) -> GatewayResult<Option<MachineExecution>> {
        let machines = self.0.service(connection, region, "Step Functions", Connection::machines).await?;
        let call = machines.call("DescribeExecution");
        let answer = machines.client.describe_execution().execution_arn(arn).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        machine_execution(answer).map(Some).ok_or_else(|| call.unexpected("no time of an execution"))
    }

    async fn training_job(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Option<TrainingJob>> {
        let sagemaker = self.0.service(connection, region, "SageMaker", Connection::sagemaker).await?;
        let call = sagemaker.call("DescribeTrainingJob");
        let answer = sagemaker.client.describe_training_job().training_job_name(name).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        training_job(answer).map(Some).ok_or_else(|| call.unexpected("no name, state and time of a training job"))
    }

    async fn log_lines(
        &self,
        connection: &ConnectionId,
        region: &Region,
        slice: LogSlice<'_>,
        after: Option<&str>,
    ) -> GatewayResult<Page<LogLine>> {
        let logs = self.0.service(connection, region, "CloudWatch Logs", Connection::logs).await?;
        let call = logs.call("FilterLogEvents");
        let request = logs.client.filter_log_events().log_group_name(slice.group).limit(LINES);
        let request = request.set_log_stream_name_prefix(slice.stream.map(str::to_owned));
        let millis = |at: Option<Timestamp>| at.map(|at| at.0);
        let request = request.set_start_time(millis(slice.since)).set_end_time(millis(slice.until));
        let answer = request.set_next_token(after.map(str::to_owned)).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        Ok(Page {
            items: answer.events.unwrap_or_default().into_iter().filter_map(line).collect(),
            next: answer.next_token,
        })
    }

    async fn quota(&self, connection: &ConnectionId, region: &Region, name: &str) -> GatewayResult<Option<f64>> {
        let quotas = self.0.service(connection, region, "Service Quotas", Connection::quotas).await?;
        let call = quotas.call("ListServiceQuotas");
        let request = quotas.client.list_service_quotas().service_code("sagemaker").max_results(QUOTAS);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|e| call.failed(e)) {
                Ok(page) => page,
                // A quota is a help: where nobody can tell it, nothing is said about it.
                Err(error) if tells_nothing(error.kind) => {
                    tracing::info!(%error, "Service Quotas can't be asked");
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let quota = page.quotas.unwrap_or_default().into_iter().find(|quota| quota.quota_name() == Some(name));
            if let Some(quota) = quota {
                return Ok(quota.value);
            }
        }
        Ok(None)
    }
}

/// Whether a service that answered so does not answer, or is none that is known there.
fn tells_nothing(kind: GatewayErrorKind) -> bool {
    matches!(kind, GatewayErrorKind::Unavailable | GatewayErrorKind::NotFound | GatewayErrorKind::Invalid)
}

fn machine_execution(answer: DescribeExecutionOutput) -> Option<MachineExecution> {
    Some(MachineExecution {
        started: moment(&answer.start_date)?,
        stopped: answer.stop_date.as_ref().and_then(moment),
        arn: answer.execution_arn,
        status: answer.status.as_str().to_owned(),
        error: said(answer.error),
        cause: said(answer.cause),
    })
}

fn training_job(job: DescribeTrainingJobOutput) -> Option<TrainingJob> {
    let resources = job.resource_config.as_ref();
    let instance_type = resources.and_then(|resources| resources.instance_type());
    let positive = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    Some(TrainingJob {
        status: job.training_job_status.as_ref()?.as_str().to_owned(),
        phase: job.secondary_status.as_ref().map(|phase| phase.as_str().to_owned()).unwrap_or_default(),
        image: job.algorithm_specification.and_then(|algorithm| algorithm.training_image).unwrap_or_default(),
        metrics: job.final_metric_data_list.unwrap_or_default().into_iter().filter_map(metric).collect(),
        channels: job.input_data_config.unwrap_or_default().into_iter().filter_map(channel).collect(),
        artifact: job.model_artifacts.and_then(|model| said(model.s3_model_artifacts)),
        instance_type: instance_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        instance_count: positive(resources.and_then(|resources| resources.instance_count())).unwrap_or_default(),
        created: job.creation_time.as_ref().and_then(moment)?,
        ended: job.training_end_time.as_ref().and_then(moment),
        billable_seconds: positive(job.billable_time_in_seconds),
        name: job.training_job_name?,
        failure: said(job.failure_reason),
        hyperparameters: job.hyper_parameters.unwrap_or_default().into_iter().collect(),
    })
}

/// SageMaker's numbers have the precision of an `f32`. As an `f64` they should read as they were written: 0.9 is not
/// 0.8999999761581421.
fn metric(metric: MetricData) -> Option<(String, f64)> {
    let value = metric.value?;
    Some((metric.metric_name?, value.to_string().parse().unwrap_or_else(|_| f64::from(value))))
}

fn channel(channel: Channel) -> Option<(String, String)> {
    let source = channel.data_source.and_then(|source| source.s3_data_source);
    channel.channel_name.zip(source.and_then(|source| source.s3_uri))
}

/// Lambda's lines end with their own end.
fn line(event: FilteredLogEvent) -> Option<LogLine> {
    Some(LogLine { at: Timestamp(event.timestamp?), text: event.message?.trim_end_matches('\n').to_owned() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use aws_sdk_sagemaker::types::{
        AlgorithmSpecification, DataSource, ModelArtifacts, ResourceConfig, S3DataSource, SecondaryStatus,
        TrainingInstanceType, TrainingJobStatus,
    };
    use aws_smithy_types::DateTime;

    fn job() -> aws_sdk_sagemaker::operation::describe_training_job::builders::DescribeTrainingJobOutputBuilder {
        DescribeTrainingJobOutput::builder()
            .training_job_name("churn-1")
            .training_job_status(TrainingJobStatus::InProgress)
            .secondary_status(SecondaryStatus::Downloading)
            .creation_time(DateTime::from_millis(1500))
    }

    #[test]
    fn a_job_that_has_just_begun_has_neither_model_nor_metrics() {
        let read = training_job(job().failure_reason("").build()).unwrap();
        assert_eq!((read.status.as_str(), read.phase.as_str()), ("InProgress", "Downloading"));
        assert_eq!((read.artifact, read.failure, read.ended, read.billable_seconds), (None, None, None, None));
        assert!(read.metrics.is_empty() && read.channels.is_empty());
        assert_eq!(training_job(DescribeTrainingJobOutput::builder().build()), None);
    }

    #[test]
    fn a_job_that_has_ended_is_read_with_all_it_was_given_and_made() {
        let data = S3DataSource::builder().s3_uri("s3://churn/data/train/").build();
        let channel = Channel::builder().channel_name("train");
        let channel = channel.data_source(DataSource::builder().s3_data_source(data).build());
        let resources = ResourceConfig::builder().instance_type(TrainingInstanceType::MlM5Large).instance_count(2);
        let given = job()
            .algorithm_specification(AlgorithmSpecification::builder().training_image("xgboost:1.7-1").build())
            .hyper_parameters("eta", "0.1")
            .final_metric_data_list(MetricData::builder().metric_name("validation:auc").value(0.9).build())
            .final_metric_data_list(MetricData::builder().metric_name("train:loss").value(1e-12).build())
            .input_data_config(channel.build())
            .model_artifacts(ModelArtifacts::builder().s3_model_artifacts("s3://churn/m.tar.gz").build())
            .resource_config(resources.build())
            .training_end_time(DateTime::from_millis(9000))
            .billable_time_in_seconds(7)
            .build();
        let read = training_job(given).unwrap();
        assert_eq!((read.image.as_str(), read.hyperparameters["eta"].as_str()), ("xgboost:1.7-1", "0.1"));
        assert_eq!((read.metrics["validation:auc"], read.metrics["train:loss"]), (0.9, 1e-12));
        assert_eq!(read.channels["train"], "s3://churn/data/train/");
        assert_eq!(read.artifact.as_deref(), Some("s3://churn/m.tar.gz"));
        assert_eq!((read.instance_type.as_str(), read.instance_count), ("ml.m5.large", 2));
        assert_eq!((read.ended, read.billable_seconds), (Some(Timestamp(9000)), Some(7)));
    }
}

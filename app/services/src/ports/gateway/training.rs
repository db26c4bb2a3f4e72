//! The training as it goes: the state machine's execution, SageMaker's job, and lines of logs; and how much of it an
//! account may have.

use super::GatewayResult;
use async_trait::async_trait;
use domain::endpoint::Page;
use domain::names::{ConnectionId, Region};
use domain::time::Timestamp;

pub use domain::pipeline::evidence::TrainingJob;
pub use domain::pipeline::execution::{LogLine, MachineExecution};

/// A part of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogSlice<'a> {
    /// The log group.
    pub group: &'a str,
    /// How its streams' names begin; none for all of them.
    pub stream: Option<&'a str>,
    /// No lines before this.
    pub since: Option<Timestamp>,
    /// No lines after this.
    pub until: Option<Timestamp>,
}

/// Step Functions, SageMaker's training jobs, CloudWatch Logs and Service Quotas; reading only.
#[async_trait]
pub trait TrainingGateway: Send + Sync {
    /// DescribeExecution of the state machine; `None` if there is no such execution.
    async fn machine_execution(
        &self,
        connection: &ConnectionId,
        region: &Region,
        arn: &str,
    ) -> GatewayResult<Option<MachineExecution>>;
    /// DescribeTrainingJob; `None` if there is no such job.
    async fn training_job(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Option<TrainingJob>>;
    /// FilterLogEvents, the oldest first, a page of at most 1,000 lines; empty if there is no such group. `after` is a page's `next`, which is there as long as more may come.
    async fn log_lines(
        &self,
        connection: &ConnectionId,
        region: &Region,
        slice: LogSlice<'_>,
        after: Option<&str>,
    ) -> GatewayResult<Page<LogLine>>;
    /// ListServiceQuotas of `sagemaker`, by the quota's name, such as `ml.m5.large for endpoint usage`; `None` if there is
    /// none of that name.
    async fn quota(&self, connection: &ConnectionId, region: &Region, name: &str) -> GatewayResult<Option<f64>>;
}

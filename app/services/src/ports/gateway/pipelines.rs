//! CodePipeline: what a pipeline is doing, and what can be asked of it.

use super::{Answered, GatewayResult};
use async_trait::async_trait;
use domain::endpoint::Page;
use domain::names::{ConnectionId, Region};
use domain::pipeline::approval::Verdict;

pub use domain::pipeline::execution::{
    ActionError, ActionExecution, ActionState, ActionStatus, Execution, ExecutionStatus, PipelineState, StageState,
    Trigger, Waiting,
};

/// CodePipeline. Where there is no pipeline of that name, calls that change something fail with
/// [`NotFound`](super::GatewayErrorKind::NotFound).
#[async_trait]
pub trait PipelinesGateway: Send + Sync {
    /// GetPipelineState; `None` if there is no such pipeline.
    async fn pipeline_state(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
    ) -> GatewayResult<Option<PipelineState>>;
    /// ListPipelineExecutions, the newest first, a page of at most 50; `None` if there is no such pipeline.
    async fn executions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        after: Option<&str>,
    ) -> GatewayResult<Option<Page<Execution>>>;
    /// ListActionExecutions of one execution, all pages, the newest first.
    async fn action_executions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        execution: &str,
    ) -> GatewayResult<Vec<ActionExecution>>;
    /// StartPipelineExecution; gives the execution. `token` makes a repeated call start one execution only.
    async fn start(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        token: &str,
    ) -> GatewayResult<Answered<String>>;
    /// StopPipelineExecution: with `abandon` without waiting for the actions under way. An execution that has ended or is
    /// being stopped is a [`Conflict`](super::GatewayErrorKind::Conflict). `reason` has at most 200 characters.
    async fn stop(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        execution: &str,
        abandon: bool,
        reason: &str,
    ) -> GatewayResult<Answered<()>>;
    /// RetryStageExecution of the failed actions.
    async fn retry_stage(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        stage: &str,
        execution: &str,
    ) -> GatewayResult<Answered<()>>;
    /// PutApprovalResult. `InvalidApprovalTokenException` and `ApprovalAlreadyCompletedException` are a
    /// [`Conflict`](super::GatewayErrorKind::Conflict).
    async fn approve(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        waiting: &Waiting,
        verdict: Verdict,
        summary: &str,
    ) -> GatewayResult<Answered<()>>;
}

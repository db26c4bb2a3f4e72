//! CodePipeline: what a pipeline is doing and has done; starting, stopping, retrying and approving.

mod read;

use crate::connections::{Connection, Connections, Open};
use crate::error::found;
use async_trait::async_trait;
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ActionExecutionFilter, ApprovalResult, ApprovalStatus, StageRetryMode};
use aws_types::request_id::RequestId;
use domain::endpoint::Page;
use domain::names::{ConnectionId, Region};
use domain::pipeline::approval::Verdict;
use services::ports::gateway::{
    ActionExecution, Answered, Execution, GatewayResult, PipelineState, PipelinesGateway, Waiting,
};
use std::sync::Arc;

/// Executions in a page.
const PAGE: i32 = 50;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsPipelines(pub(crate) Arc<Connections>);

impl AwsPipelines {
    async fn open<'a>(&self, connection: &ConnectionId, region: &'a Region) -> GatewayResult<Open<'a, Client>> {
        self.0.service(connection, region, "CodePipeline", Connection::pipelines).await
    }
}

#[async_trait]
impl PipelinesGateway for AwsPipelines {
    async fn pipeline_state(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
    ) -> GatewayResult<Option<PipelineState>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("GetPipelineState");
        let answer = codepipeline.client.get_pipeline_state().name(pipeline).send().await;
        Ok(found(answer.map_err(|e| call.failed(e)))?.map(read::state))
    }

    async fn executions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        after: Option<&str>,
    ) -> GatewayResult<Option<Page<Execution>>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("ListPipelineExecutions");
        let request = codepipeline.client.list_pipeline_executions().pipeline_name(pipeline).max_results(PAGE);
        let answer = request.set_next_token(after.map(str::to_owned)).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let summaries = answer.pipeline_execution_summaries.unwrap_or_default();
        Ok(Some(Page { items: summaries.into_iter().filter_map(read::execution).collect(), next: answer.next_token }))
    }

    async fn action_executions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        execution: &str,
    ) -> GatewayResult<Vec<ActionExecution>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("ListActionExecutions");
        let one = ActionExecutionFilter::builder().pipeline_execution_id(execution).build();
        let request = codepipeline.client.list_action_executions().pipeline_name(pipeline).filter(one);
        let mut pages = request.into_paginator().send();
        let mut executions = Vec::new();
        while let Some(page) = pages.next().await {
            let Some(page) = found(page.map_err(|e| call.failed(e)))? else { break };
            let details = page.action_execution_details.unwrap_or_default();
            executions.extend(details.into_iter().filter_map(read::action_execution));
        }
        Ok(executions)
    }

    async fn start(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        token: &str,
    ) -> GatewayResult<Answered<String>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("StartPipelineExecution");
        let request = codepipeline.client.start_pipeline_execution().name(pipeline).client_request_token(token);
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        let request_id = answer.request_id().map(str::to_owned);
        let execution = answer.pipeline_execution_id.ok_or_else(|| call.unexpected("no execution"))?;
        Ok(Answered { value: execution, request_id })
    }

    async fn stop(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        execution: &str,
        abandon: bool,
        reason: &str,
    ) -> GatewayResult<Answered<()>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("StopPipelineExecution");
        let request = codepipeline.client.stop_pipeline_execution().pipeline_name(pipeline);
        let request = request.pipeline_execution_id(execution).abandon(abandon).reason(reason);
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn retry_stage(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        stage: &str,
        execution: &str,
    ) -> GatewayResult<Answered<()>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("RetryStageExecution");
        let request = codepipeline.client.retry_stage_execution().pipeline_name(pipeline).stage_name(stage);
        let request = request.pipeline_execution_id(execution).retry_mode(StageRetryMode::FailedActions);
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn approve(
        &self,
        connection: &ConnectionId,
        region: &Region,
        pipeline: &str,
        waiting: &Waiting,
        verdict: Verdict,
        summary: &str,
    ) -> GatewayResult<Answered<()>> {
        let codepipeline = self.open(connection, region).await?;
        let call = codepipeline.call("PutApprovalResult");
        let status = match verdict {
            Verdict::Approved => ApprovalStatus::Approved,
            Verdict::Rejected => ApprovalStatus::Rejected,
        };
        let result = ApprovalResult::builder().summary(summary).status(status).build().map_err(|e| call.invalid(e))?;
        let request = codepipeline.client.put_approval_result().pipeline_name(pipeline).stage_name(&waiting.stage);
        let request = request.action_name(&waiting.action).token(&waiting.token).result(result);
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }
}

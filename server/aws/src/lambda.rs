//! Lambda: functions made, described, changed, called and deleted.

use crate::connections::{CONNECT, Connection, Connections, Open};
use crate::error::found;
use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Config;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::{
    Environment, EnvironmentResponse, FunctionCode, FunctionConfiguration, InvocationType, LogType, Runtime,
};
use aws_smithy_types::date_time::Format;
use aws_smithy_types::{Blob, DateTime, base64};
use aws_types::request_id::RequestId;
use bytes::Bytes;
use domain::arn::Arn;
use domain::endpoint::Page;
use domain::function::{FunctionState, FunctionUpdate, FunctionView};
use domain::names::{ConnectionId, FunctionName, Region};
use domain::time::Timestamp;
use services::ports::gateway::{
    Answered, FunctionAnswer, FunctionCall, GatewayResult, LambdaGateway, NewFunction, ObservedFunction, Piece,
    Variables,
};
use std::sync::Arc;
use std::time::Duration;

/// The most functions that Lambda lists at a time.
const PAGE: i32 = 50;
/// What starting a function and the way there and back take on top of the function's own time.
const STARTING: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(crate) struct AwsLambda(pub(crate) Arc<Connections>);

impl AwsLambda {
    async fn open<'a>(&self, connection: &ConnectionId, region: &'a Region) -> GatewayResult<Open<'a, Client>> {
        self.0.service(connection, region, "Lambda", Connection::lambda).await
    }
}

#[async_trait]
impl LambdaGateway for AwsLambda {
    async fn create_function(
        &self,
        connection: &ConnectionId,
        region: &Region,
        function: &NewFunction,
    ) -> GatewayResult<Answered<Arn>> {
        let lambda = self.open(connection, region).await?;
        let call = lambda.call("CreateFunction");
        let code = FunctionCode::builder().zip_file(Blob::from_maybe_shared(function.package.clone())).build();
        let answer = lambda
            .client
            .create_function()
            .function_name(function.name.as_str())
            .description(&function.description)
            .role(function.role.as_str())
            .runtime(Runtime::from(function.runtime.as_str()))
            .handler(&function.handler)
            .code(code)
            .environment(environment(&function.environment))
            .timeout(number(function.timeout_seconds))
            .memory_size(number(function.memory_mb))
            .set_tags(Some(function.tags.clone().into_iter().collect()))
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        let request_id = answer.request_id().map(str::to_owned);
        let arn = answer.function_arn().and_then(|arn| Arn::parse(arn).ok());
        Ok(Answered { value: arn.ok_or_else(|| call.unexpected("no ARN"))?, request_id })
    }

    async fn function(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
    ) -> GatewayResult<Option<ObservedFunction>> {
        let lambda = self.open(connection, region).await?;
        let call = lambda.call("GetFunction");
        let answer = lambda.client.get_function().function_name(name.as_str()).send().await.map_err(|e| call.failed(e));
        let Some(answer) = found(answer)? else { return Ok(None) };
        observed(answer).map(Some).ok_or_else(|| call.unexpected("no name, ARN and role"))
    }

    async fn update_code(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
        package: Bytes,
    ) -> GatewayResult<Answered<()>> {
        let lambda = self.open(connection, region).await?;
        let call = lambda.call("UpdateFunctionCode");
        let request = lambda.client.update_function_code().function_name(name.as_str());
        let request = request.zip_file(Blob::from_maybe_shared(package));
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn update_environment(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
        variables: &Variables,
    ) -> GatewayResult<Answered<()>> {
        let lambda = self.open(connection, region).await?;
        let call = lambda.call("UpdateFunctionConfiguration");
        let request = lambda.client.update_function_configuration().function_name(name.as_str());
        let answer = request.environment(environment(variables)).send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn invoke(
        &self,
        connection: &ConnectionId,
        region: &Region,
        call: FunctionCall,
    ) -> GatewayResult<Answered<FunctionAnswer>> {
        let lambda = self.open(connection, region).await?;
        let patience = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(call.patience.saturating_add(STARTING))
            .build();
        let once = Config::builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(patience)
            // A function that works for a minute is not a stalled stream.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let answer = lambda
            .client
            .invoke()
            .function_name(call.function.as_str())
            .invocation_type(InvocationType::RequestResponse)
            .log_type(LogType::Tail)
            .payload(Blob::from_maybe_shared(call.payload))
            .customize()
            .config_override(once)
            .send()
            .await
            .map_err(|e| lambda.call("Invoke").failed(e))?;
        let request_id = answer.request_id().map(str::to_owned);
        let log = answer.log_result.and_then(|log| base64::decode(log).ok());
        let value = FunctionAnswer {
            status: u16::try_from(answer.status_code).unwrap_or_default(),
            function_error: answer.function_error,
            payload: answer.payload.map(Blob::into_bytes).unwrap_or_default(),
            log_tail: log.map(|log| String::from_utf8_lossy(&log).into_owned()),
            version: answer.executed_version,
        };
        Ok(Answered { value, request_id })
    }

    async fn delete_function(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
    ) -> GatewayResult<Answered<()>> {
        let lambda = self.open(connection, region).await?;
        let call = lambda.call("DeleteFunction");
        let answer = lambda.client.delete_function().function_name(name.as_str()).send().await;
        let answer = answer.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn functions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        after: Option<&str>,
    ) -> GatewayResult<Page<FunctionView>> {
        let lambda = self.open(connection, region).await?;
        let call = lambda.call("ListFunctions");
        let request = lambda.client.list_functions().max_items(PAGE).set_marker(after.map(str::to_owned));
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        let next = answer.next_marker.filter(|marker| !marker.is_empty());
        Ok(Page { items: answer.functions.unwrap_or_default().iter().filter_map(view).collect(), next })
    }
}

fn environment(variables: &Variables) -> Environment {
    Environment::builder().set_variables(Some(variables.0.clone().into_iter().collect())).build()
}

/// A number as the SDK has it; what is out of range Lambda refuses.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn observed(answer: GetFunctionOutput) -> Option<ObservedFunction> {
    let tags = match answer.tags_error {
        Some(error) => Piece::Unreadable { why: error.message },
        None => Piece::Read(answer.tags.unwrap_or_default().into_iter().collect()),
    };
    let function = answer.configuration?;
    let positive = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or_default();
    Some(ObservedFunction {
        view: view(&function)?,
        state: function.state.map_or(FunctionState::Unknown, |state| FunctionState::parse(state.as_str())),
        state_reason: function.state_reason,
        update: function.last_update_status.map(|status| FunctionUpdate::parse(status.as_str())),
        update_reason: function.last_update_status_reason,
        handler: function.handler,
        environment: variables(function.environment),
        timeout_seconds: positive(function.timeout),
        memory_mb: positive(function.memory_size),
        code_sha256: function.code_sha256.unwrap_or_default(),
        tags,
    })
}

/// Lambda leaves the environment out of a function that has none.
fn variables(environment: Option<EnvironmentResponse>) -> Piece<Variables> {
    let Some(environment) = environment else { return Piece::Read(Variables::default()) };
    match environment.error {
        Some(error) => Piece::Unreadable { why: error.message.or(error.error_code).unwrap_or_default() },
        None => Piece::Read(Variables(environment.variables.unwrap_or_default().into_iter().collect())),
    }
}

fn view(function: &FunctionConfiguration) -> Option<FunctionView> {
    Some(FunctionView {
        name: FunctionName::parse(function.function_name()?).ok()?,
        arn: Arn::parse(function.function_arn()?).ok()?,
        role: Arn::parse(function.role()?).ok()?,
        runtime: function.runtime().map(|runtime| runtime.as_str().to_owned()),
        description: function.description().filter(|text| !text.is_empty()).map(str::to_owned),
        modified: function.last_modified().and_then(moment),
    })
}

/// Lambda writes `2026-11-21T23:38:18.000+0000`, which RFC 3339 does not: its offset has a colon.
fn moment(text: &str) -> Option<Timestamp> {
    let utc = format!("{}Z", text.strip_suffix("+0000")?);
    DateTime::from_str(&utc, Format::DateTime).ok()?.to_millis().ok().map(Timestamp)
}

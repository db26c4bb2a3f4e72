//! How an invocation fails.

use super::{BODY_LIMIT, SERVERLESS_BODY_LIMIT};
use crate::call::Call;
use crate::error::{Failure, Family};
use crate::protocol;
use axum::body::Body;
use http::Response;
use serde_json::json;

fn log_group(call: &Call<'_>, endpoint: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:/aws/sagemaker/Endpoints/{endpoint}", call.region, call.account())
}

/// The container answered with an error.
pub(super) fn model_error(call: &Call<'_>, endpoint: &str, status: u16, message: &str) -> Failure {
    let side = if status < 500 { "client" } else { "server" };
    let code = if status < 500 { "CLIENT_ERROR_FROM_MODEL" } else { "SERVER_ERROR_FROM_MODEL" };
    let region = &call.region;
    let text = format!(
        "Received {side} error ({status}) from primary with message \"{message}\". See \
         https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group=/aws/sagemaker/\
         Endpoints/{endpoint} in account {} for more information.",
        call.account()
    );
    Failure::new(424, "ModelError", text)
        .with("ErrorCode", code.into())
        .with("OriginalStatusCode", json!(status))
        .with("OriginalMessage", message.into())
        .with("LogStreamArn", log_group(call, endpoint).into())
}

/// The container did not answer in time.
pub(super) fn timed_out(call: &Call<'_>, endpoint: &str) -> Failure {
    let text = "Your invocation timed out while waiting for a response from container primary. Review the latency \
                metrics for each container in Amazon CloudWatch, resolve the issue, and try again.";
    Failure::new(424, "ModelError", text)
        .with("ErrorCode", "MODEL_CONTAINER_TIMEOUT".into())
        .with("OriginalStatusCode", json!(0))
        .with("OriginalMessage", text.into())
        .with("LogStreamArn", log_group(call, endpoint).into())
}

/// More requests at once than an endpoint takes. The status is what users report (`opensearch-project/ml-commons`
/// 2429), the message is that of SageMaker's control plane: theirs is empty.
pub fn throttled() -> Failure {
    Failure::new(400, "ThrottlingException", "Rate exceeded")
}

/// More than an endpoint takes.
pub(super) fn body_too_large(serverless: bool) -> Failure {
    let limit = if serverless { SERVERLESS_BODY_LIMIT } else { BODY_LIMIT };
    // SageMaker's own answer has a status and a text, and no code.
    Failure::new(413, "413", format!("HTTP content length exceeded {limit} bytes."))
}

/// The answer to a body that was too large to read at all.
pub fn too_large() -> Response<Body> {
    protocol::failure(Family::Rest, &body_too_large(false), "", &crate::ids::request())
}

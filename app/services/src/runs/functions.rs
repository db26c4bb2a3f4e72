//! Steps on Lambda: a share's test function, from its making to its end.

use super::perform::Done;
use super::probe::Seen;
use crate::Services;
use crate::archive;
use crate::ports::gateway::{
    GatewayError, GatewayErrorKind, GatewayResult, LambdaGateway, NewFunction, ObservedFunction, Piece, Tags, Variables,
};
use domain::function::{FunctionState, FunctionUpdate};
use domain::names::{FunctionName, Region, ShareId};
use domain::run::StepError;
use domain::share::TAG_SHARE;
use domain::share::plan::{Action, Step};
use domain::share::render::lambda;
use std::sync::Arc;

/// Lambda's code for a role that it can't assume, one made moments ago among them.
pub(super) const NOT_ASSUMABLE: &str = "InvalidParameterValueException";
/// Our own code for a function that AWS is still making.
const NOT_YET: &str = "Pending";

/// Whether a step waits for AWS to catch up, which takes longer than throttling lasts.
pub(super) fn waits(action: &Action) -> bool {
    matches!(action, Action::CreateFunction { .. } | Action::AwaitFunction { .. })
}

/// Why a step is tried again, where that can be said better than AWS says it.
pub(super) fn because(error: &StepError) -> Option<String> {
    match error.code.as_str() {
        NOT_ASSUMABLE if error.message.contains("cannot be assumed by Lambda") => {
            Some("Lambda can't assume the role yet; a new role takes about ten seconds to be known everywhere".into())
        }
        NOT_YET => Some(error.message.clone()),
        _ => None,
    }
}

/// The call of a step on a function.
pub(super) async fn call(services: &Services, step: &Step) -> GatewayResult<Done> {
    let (gateway, via) = (&services.inner.gateways.lambda, &step.connection);
    Ok(match &step.action {
        Action::CreateFunction { name, region, role, code, description, environment, tags } => {
            let function = NewFunction {
                name: name.clone(),
                description: description.clone(),
                role: role.clone(),
                runtime: lambda::RUNTIME.into(),
                handler: lambda::HANDLER.into(),
                package: archive::of_one_file(lambda::FILE_NAME, code),
                environment: Variables(environment.clone()),
                timeout_seconds: lambda::TIMEOUT_SECONDS,
                memory_mb: lambda::MEMORY_MB,
                tags: tags.clone(),
            };
            Done::answered(gateway.create_function(via, region, &function).await?.request_id)
        }
        Action::UpdateFunctionCode { name, region, code } => {
            let package = archive::of_one_file(lambda::FILE_NAME, code);
            Done::answered(gateway.update_code(via, region, name, package).await?.request_id)
        }
        Action::UpdateFunctionEnvironment { name, region, environment } => {
            let variables = Variables(environment.clone());
            Done::answered(gateway.update_environment(via, region, name, &variables).await?.request_id)
        }
        Action::DeleteFunction { name, region } => {
            Done::answered(gateway.delete_function(via, region, name).await?.request_id)
        }
        Action::AwaitFunction { name, region } => awaited(gateway, step, region, name).await?,
        _ => unreachable!("only steps on functions come here"),
    })
}

/// Lambda makes and changes functions behind its answer (Lambda developer guide, "Lambda function states").
async fn awaited(
    gateway: &Arc<dyn LambdaGateway>,
    step: &Step,
    region: &Region,
    name: &FunctionName,
) -> GatewayResult<Done> {
    let found = gateway.function(&step.connection, region, name).await?;
    let refuse = |code: &str, message: String, retryable: bool| GatewayError {
        operation: "GetFunction",
        account: Some(step.account.clone()),
        connection: Some(step.connection.clone()),
        kind: GatewayErrorKind::Conflict,
        code: code.into(),
        message,
        status: None,
        retryable,
        request_id: None,
        model: None,
    };
    let Some(found) = found else {
        return Err(refuse(NOT_YET, "Lambda does not show the function yet".into(), true));
    };
    match (found.state, found.update) {
        (FunctionState::Failed, _) => {
            let why = found.state_reason.unwrap_or_else(|| "Lambda does not say why".into());
            Err(refuse("Failed", format!("function `{name}` could not be made: {why}"), false))
        }
        (_, Some(FunctionUpdate::Failed)) => {
            let why = found.update_reason.unwrap_or_else(|| "Lambda does not say why".into());
            Err(refuse("Failed", format!("function `{name}` could not be updated: {why}"), false))
        }
        // An idle function is woken by its next call.
        (FunctionState::Active | FunctionState::Inactive, None | Some(FunctionUpdate::Successful)) => {
            Ok(Done::answered(None))
        }
        (state, _) => {
            let why = found.state_reason.map(|why| format!(": {why}")).unwrap_or_default();
            Err(refuse(NOT_YET, format!("the function is {}{why}", state.as_str()), true))
        }
    }
}

/// Looks whether a step on a function has taken effect.
pub(super) async fn probe(services: &Services, share: &ShareId, step: &Step) -> GatewayResult<Seen> {
    let look = async |region: &Region, name: &FunctionName| {
        services.inner.gateways.lambda.function(&step.connection, region, name).await
    };
    Ok(match &step.action {
        Action::CreateFunction { name, region, .. } => match look(region, name).await? {
            None => Seen::NotYet,
            Some(found) if is_of(&found, share) => Seen::Done(None),
            Some(_) => Seen::Foreign,
        },
        Action::DeleteFunction { name, region } => match look(region, name).await? {
            None => Seen::Done(None),
            Some(found) if is_of(&found, share) => Seen::NotYet,
            Some(_) => Seen::Foreign,
        },
        Action::UpdateFunctionCode { name, region, code } => {
            let wanted = archive::sha256(&archive::of_one_file(lambda::FILE_NAME, code));
            done_if(look(region, name).await?.is_some_and(|found| found.code_sha256 == wanted))
        }
        Action::UpdateFunctionEnvironment { name, region, environment } => {
            let is = |found: ObservedFunction| found.environment == Piece::Read(Variables(environment.clone()));
            done_if(look(region, name).await?.is_some_and(is))
        }
        // It changes nothing: it can only be waited for again.
        _ => Seen::NotYet,
    })
}

fn is_of(found: &ObservedFunction, share: &ShareId) -> bool {
    let is = |tags: &Tags| tags.get(TAG_SHARE).is_some_and(|id| id == share.as_str());
    matches!(&found.tags, Piece::Read(tags) if is(tags))
}

fn done_if(so: bool) -> Seen {
    if so { Seen::Done(None) } else { Seen::NotYet }
}

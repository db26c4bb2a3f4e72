//! The way of every AWS request: who, may they, do it, make it last, answer.

use crate::app::App;
use crate::authorize;
use crate::call::{Call, Needs, Operation};
use crate::caller::{self, Identified};
use crate::error::{Failure, Family};
use crate::faults::Verdict;
use crate::protocol::query::Params;
use crate::protocol::{self, Reply};
use crate::service::{Protocol, Route, Service};
use crate::{clock, ids, lambda, runtime, service, sigv4};
use axum::body::Body;
use bytes::Bytes;
use domain::names::Region;
use http::Response;
use http::request::Parts;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where global services are, whatever region a client signs for: `aws:RequestedRegion` is this one.
const GLOBAL_REGION: &str = "us-east-1";

/// Answers a request.
pub async fn answer(app: &App, parts: Parts, body: Bytes, source_ip: IpAddr) -> Response<Body> {
    let request_id = ids::request();
    let early = |failure: &Failure| protocol::failure(service::family_of(&parts), failure, "", &request_id);
    let auth = match sigv4::parse(&parts.headers) {
        Ok(auth) => auth,
        Err(failure) => return early(&failure),
    };
    let route = match service::route(auth.service, &parts) {
        Ok(route) => route,
        Err(failure) => return early(&failure),
    };
    let fail = |failure: &Failure| protocol::failure(route.family(), failure, route.namespace(), &request_id);
    let identified = match authenticate(app, &auth, &parts, &body) {
        Ok(identified) => identified,
        Err(failure) => return fail(&failure),
    };
    let Ok(region) = Region::parse(auth.region) else {
        return fail(&Failure::signature(format!(
            "Credential should be scoped to a valid region, not '{}'.",
            auth.region
        )));
    };
    if auth.service == "sagemaker" {
        app.models.warm();
    }
    let call = Call {
        app,
        caller: &identified.caller,
        temporary: identified.temporary,
        region,
        now: clock::now(),
        request_id: &request_id,
        source_ip,
        params: Params::default(),
        body: Value::Null,
        generation: AtomicU64::new(0),
    };
    let response = match &route {
        Route::Table(service) => table(call, service, &parts, &body, &request_id).await,
        Route::Runtime => runtime::answer(&call, &parts, body).await,
        Route::Invoke => lambda::invoke::answer(&call, &parts, body).await,
    };
    let response = match response {
        Ok(response) => protocol::with_request_id(response, &request_id),
        Err(failure) => protocol::json::with_query_error(fail(&failure), &failure, route.is_query_compatible()),
    };
    protocol::json::as_version(response, route.json_version())
}

fn authenticate(app: &App, auth: &sigv4::Authorization<'_>, parts: &Parts, body: &[u8]) -> Result<Identified, Failure> {
    let now = clock::now();
    let token = match parts.headers.get("x-amz-security-token") {
        Some(token) => Some(token.to_str().map_err(|_| Failure::invalid_token())?),
        None => None,
    };
    let identified = caller::identify(&app.store.read(), &app.tokens, auth.key, token, now, app.faults.era())?;
    sigv4::verify(auth, parts, body, &identified.secret, &app.signing_keys, now)?;
    Ok(identified)
}

async fn table(
    mut call: Call<'_>,
    service: &'static Service,
    parts: &Parts,
    body: &Bytes,
    request_id: &str,
) -> Result<Response<Body>, Failure> {
    settle_region(&mut call, service);
    let operation = match service.protocol {
        Protocol::Query { .. } => {
            call.params =
                Params::parse(if body.is_empty() { parts.uri.query().unwrap_or("").as_bytes() } else { body });
            let name = call
                .params
                .optional("Action")
                .ok_or_else(|| Failure::new(400, "MissingAction", "The request must contain the parameter Action."))?;
            service.operation(name)?
        }
        Protocol::Json { .. } => {
            let name = service::target(&parts.headers).and_then(|target| target.split_once('.')).map(|(_, name)| name);
            let operation = service.operation(name.unwrap_or_default())?;
            call.body = protocol::json::parse(body)?;
            operation
        }
        Protocol::Rest { route } => {
            let (name, members) = route(&parts.method, &parts.uri).ok_or_else(|| {
                let asked = format!("{} {}", parts.method, parts.uri.path());
                Failure::new(404, "UnknownOperationException", format!("{asked} is not an operation of the sandbox."))
            })?;
            call.body = protocol::rest::parse(body)?;
            if let Value::Object(input) = &mut call.body {
                input.extend(members);
            }
            service.operation(name)?
        }
    };
    Ok(match counted(&call, service, operation).await? {
        Reply::Xml(xml) => protocol::query::success(operation.name, xml, service.namespace(), request_id),
        Reply::Json(json) => protocol::json::success(&json),
        Reply::Rest(status, json) => protocol::rest::success(status, &json),
    })
}

/// Carries out a call that another service makes.
pub async fn within(mut call: Call<'_>, service: &Service, operation: &Operation) -> Result<Reply, Failure> {
    settle_region(&mut call, service);
    counted(&call, service, operation).await
}

fn settle_region(call: &mut Call<'_>, service: &Service) {
    if service.is_global()
        && let Ok(region) = Region::parse(GLOBAL_REGION)
    {
        call.region = region;
    }
}

async fn counted(call: &Call<'_>, service: &Service, operation: &Operation) -> Result<Reply, Failure> {
    let account = call.account().clone();
    let verdict = call.app.faults.judge(service.name, operation.name, &account);
    let result = perform(call, service, operation, verdict).await;
    call.app.counters.add(&account, service.name, operation.name, result.is_err());
    tracing::debug!(service = service.name, operation = operation.name, %account, failed = result.is_err(), "call");
    result
}

async fn perform(
    call: &Call<'_>,
    service: &Service,
    operation: &Operation,
    verdict: Verdict,
) -> Result<Reply, Failure> {
    suffer(&verdict).await?;
    // "You cannot call any IAM API operations unless MFA authentication information is included", which nobody has here.
    if service.name == "iam" && call.temporary && !call.caller.is_role_session() {
        return Err(Failure::invalid_token());
    }
    let action = format!("{}:{}", service.name, operation.name);
    match (operation.needs)(call)? {
        Needs::Nothing => {}
        Needs::On(target) => authorize::require(call, &action, target)?,
        Needs::All(targets) => authorize::require_all(call, &action, targets)?,
    }
    let reply = (operation.run)(call)?;
    let generation = call.generation.load(Ordering::Relaxed);
    // The answer is a promise: only what would survive a kill now may be confirmed.
    if generation > 0 && !call.app.store.durable(generation).await {
        return Err(Failure::internal());
    }
    if verdict.lose_reply { Err(Failure::internal()) } else { Ok(reply) }
}

/// Waits and fails as a fault switch demands.
pub async fn suffer(verdict: &Verdict) -> Result<(), Failure> {
    if !verdict.wait.is_zero() {
        tokio::time::sleep(verdict.wait).await;
    }
    verdict.failure.clone().map_or(Ok(()), Err)
}

/// The family of an answer to a body that is too large to read.
pub fn too_large(parts: &Parts) -> Response<Body> {
    let family = service::family_of(parts);
    if lambda::is_path(parts.uri.path()) {
        let failure =
            Failure::new(413, "RequestEntityTooLargeException", "Request must be smaller than 16777216 bytes.");
        return protocol::failure(family, &failure, "", &ids::request());
    }
    if family == Family::Rest {
        return runtime::too_large();
    }
    let failure = Failure::new(413, "RequestEntityTooLarge", "The request is too large.");
    protocol::failure(family, &failure, "", &ids::request())
}

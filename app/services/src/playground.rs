//! The playground: which endpoints can be called, and calling them.

pub(crate) mod explain;
mod outcome;
mod role_sessions;
mod stream;

use crate::activity::Happened;
use crate::ports::gateway::{
    AssumeRoleParams, GatewayError, GatewayErrorKind, GatewayResult, RoleCredentials, RuntimeRequest,
};
use crate::ports::store::ShareRecord;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use bytes::Bytes;
use domain::activity::ActivityOutcome;
use domain::arn::CallerArn;
use domain::invoke::{InvokeFailure, InvokeOutcome, InvokeParams, InvokeRefusal, TargetView};
use domain::names::{ConnectionId, EndpointName, SessionName, ShareId};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::view::ShareState;
use domain::time::Timestamp;
use domain::wizard::FieldProblem;
use futures::future::BoxFuture;
use role_sessions::RoleSessions;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// For how long a share's record is believed between invocations: what another process's change may lag.
const RECORD_MS: i64 = 2_000;

/// What invocations share: roles' credentials, and records of shares read a moment ago.
#[derive(Default)]
pub(crate) struct Playground {
    sessions: RoleSessions,
    records: Mutex<HashMap<ShareId, (Arc<ShareRecord>, Timestamp)>>,
}

impl Playground {
    /// Drops a share's credentials and record: it is changing.
    pub(crate) fn forget_share(&self, share: &ShareId) {
        self.sessions.forget(|key| key.share == *share);
        self.forget_record(share);
    }
    /// Drops what a session assumed.
    pub(crate) fn forget_operator(&self, operator: &Operator) {
        self.sessions.forget(|key| &*key.operator == operator.key());
    }
    pub(crate) fn forget_record(&self, share: &ShareId) {
        lock(&self.records).remove(share);
    }
}

impl Services {
    /// Every known endpoint of every share, without asking AWS: status and sample are left out. A share of all endpoints of
    /// which none is known is there without one.
    pub async fn targets(&self, _operator: &Operator) -> ServiceResult<Vec<TargetView>> {
        let shares = self.inner.stores.shares.list().await?;
        let standing = shares.into_iter().map(|s| s.value).filter(|s| s.state != ShareState::Undone);
        Ok(standing.flat_map(|record| record_targets(&record)).collect())
    }

    /// One endpoint by its name, with its status and something to send.
    pub async fn target(&self, _operator: &Operator, share: &ShareId, endpoint: &str) -> ServiceResult<TargetView> {
        let record = self.share_record(share).await?.value;
        let endpoint = &endpoint_name(endpoint)?;
        in_scope(&record, endpoint)?;
        let (sagemaker, intent) = (&self.inner.gateways.sagemaker, &record.intent);
        // Neither is needed to call: when they can't be read they are left out.
        let found = match intent.parent_connection() {
            Some(parent) => {
                let found = sagemaker.endpoint_with_sample(parent, &intent.region, endpoint).await;
                found.inspect_err(|error| tracing::info!(%error, "an endpoint's status can't be read")).ok().flatten()
            }
            None => None,
        };
        let (status, sample) = found.map(|(view, sample)| (view.status, sample)).unzip();
        Ok(TargetView { status, sample: sample.flatten(), ..bare_target(&record, Some(endpoint.clone())) })
    }

    /// Invokes an endpoint through a share's role. What AWS or the model refuse is an outcome too.
    pub async fn invoke(&self, operator: &Operator, params: InvokeParams) -> ServiceResult<InvokeOutcome> {
        let record = self.callable(&params).await?;
        let (what, bytes) = (format!("invoked {}", params.endpoint), params.body.len());
        let began = Instant::now();
        let call = RoleCall { operator, record: &record, action: InvokeAction::Invoke, request: request(params) };
        let runtime = self.inner.gateways.runtime.clone();
        let region = record.intent.region.clone();
        let answer = self
            .call_as_role(&call, |credentials, request| {
                let (runtime, region) = (runtime.clone(), region.clone());
                Box::pin(async move { runtime.invoke(&credentials, &region, request).await })
            })
            .await;
        let outcome = match answer {
            Ok((answer, timing)) => timing.answered(answer),
            Err(outcome) => *outcome,
        };
        let mut happened = Happened::done(what).of_share(&record.intent.id);
        happened.took_ms = Some(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let (ending, detail) = match &outcome.result {
            Ok(answer) => (ActivityOutcome::Done, format!("{bytes} bytes sent, {} back", answer.bytes)),
            Err(failure) => failed_in_brief(failure, bytes),
        };
        self.note(operator.label(), happened.outcome(ending).detail(detail)).await;
        Ok(outcome)
    }

    /// The record of a share through which the console may make this call.
    async fn callable(&self, params: &InvokeParams) -> ServiceResult<Arc<ShareRecord>> {
        params.check().map_err(refusal)?;
        let record = self.believed_record(&params.share).await?;
        in_scope(&record, &params.endpoint)?;
        if let Some(reason) = blocked(&record.intent, record.state) {
            return Err(ServiceError::Conflict {
                message: reason,
                hint: "change the share's callers, then try again".into(),
            });
        }
        Ok(record)
    }

    /// Makes a call with the role's credentials; once more with fresh ones where they were refused as expired: such a call
    /// never reached the model.
    async fn call_as_role<T>(
        &self,
        call: &RoleCall<'_>,
        make: impl Fn(Arc<RoleCredentials>, RuntimeRequest) -> BoxFuture<'static, GatewayResult<T>>,
    ) -> Result<(T, outcome::Timing), Box<InvokeOutcome>> {
        let RoleCall { operator, record, action, request } = call;
        let (intent, endpoint) = (&record.intent, &request.endpoint);
        let mut timing = outcome::Timing::default();
        for last in [false, true] {
            let began = Instant::now();
            let (credentials, cached) = match self.role_session(operator, record).await {
                Ok(found) => found,
                Err(error) => {
                    timing.role(began, false);
                    let explanation = self.explain_assume(intent, endpoint, *action, &error).await;
                    return Err(Box::new(timing.failed("AssumeRole", &error, explanation)));
                }
            };
            timing.role(began, cached);
            let began = Instant::now();
            let answer = make(credentials.clone(), request.clone()).await;
            timing.call(began);
            match answer {
                Ok(answer) => return Ok((answer, timing)),
                Err(error) if error.kind == GatewayErrorKind::Expired && !last => {
                    self.inner.playground.sessions.expired(&session_key(operator, intent), &credentials);
                }
                Err(error) => {
                    let explanation = self.explain_invoke(intent, &credentials, endpoint, *action, &error).await;
                    return Err(Box::new(timing.failed(action.operation(), &error, explanation)));
                }
            }
        }
        unreachable!("the second try returns")
    }

    /// The role's credentials for this share and operator, and whether they were there already.
    pub(crate) async fn role_session(
        &self,
        operator: &Operator,
        record: &Arc<ShareRecord>,
    ) -> Result<(Arc<RoleCredentials>, bool), Arc<GatewayError>> {
        let key = session_key(operator, &record.intent);
        let (services, record) = (self.clone(), record.clone());
        let label = session_name(operator.label());
        self.inner
            .playground
            .sessions
            .get(key, self.inner.clock.as_ref(), move || {
                let assume = async move { services.assume(&record.intent, label).await };
                Box::pin(assume)
            })
            .await
    }

    async fn assume(&self, intent: &ShareIntent, session_name: SessionName) -> Result<RoleCredentials, GatewayError> {
        let mut params = AssumeRoleParams {
            role: intent.role_arn(),
            session_name,
            external_id: self.presented_id(intent).await,
            // An hour: what every caller may have, a role's session too.
            duration: None,
        };
        let Some(connection) = intent.child_connection.as_ref().or(intent.parent_connection()) else {
            return Err(no_way(intent));
        };
        let sts = &self.inner.gateways.sts;
        let denied = match sts.assume_role(connection, &intent.region, &params).await {
            Ok(answer) => return Ok(answer.value),
            Err(error) if error.kind == GatewayErrorKind::AccessDenied => error,
            Err(error) => return Err(error),
        };
        // STS learns of a trust policy later than IAM shows it: during a change the other external ID may be the one.
        let other = intent.accepted_ids().into_iter().find(|id| params.external_id.as_ref() != Some(id));
        let Some(other) = other else { return Err(denied) };
        params.external_id = Some(other.clone());
        let answer = sts.assume_role(connection, &intent.region, &params).await;
        answer.map(|answer| answer.value).map_err(|_| denied)
    }

    /// A share's record, at most two seconds old: read for every invocation.
    async fn believed_record(&self, share: &ShareId) -> ServiceResult<Arc<ShareRecord>> {
        let now = self.now();
        if let Some((record, until)) = lock(&self.inner.playground.records).get(share)
            && now < *until
        {
            return Ok(record.clone());
        }
        let record = Arc::new(self.share_record(share).await?.value);
        lock(&self.inner.playground.records).insert(share.clone(), (record.clone(), now.plus_ms(RECORD_MS)));
        Ok(record)
    }
}

/// A call through a share.
struct RoleCall<'a> {
    operator: &'a Operator,
    record: &'a Arc<ShareRecord>,
    action: InvokeAction,
    request: RuntimeRequest,
}

fn request(params: InvokeParams) -> RuntimeRequest {
    RuntimeRequest {
        endpoint: params.endpoint,
        content_type: params.content_type,
        accept: Some(params.accept).filter(|text| !text.is_empty()),
        custom_attributes: Some(params.custom_attributes).filter(|text| !text.is_empty()),
        body: Bytes::from(params.body),
    }
}

/// A failed call in the audit trail.
fn failed_in_brief(failure: &InvokeFailure, bytes: usize) -> (ActivityOutcome, String) {
    if failure.explanation.is_some() || failure.status == Some(403) {
        return (ActivityOutcome::Denied, format!("{bytes} bytes, {} {}", failure.operation, failure.code));
    }
    (ActivityOutcome::Failed, format!("{bytes} bytes sent, {}", failure.code))
}

/// Neither account is connected any more: there is nobody to call as.
fn no_way(intent: &ShareIntent) -> GatewayError {
    GatewayError {
        operation: "AssumeRole",
        account: Some(intent.child.clone()),
        connection: None,
        kind: GatewayErrorKind::NoCredentials,
        code: String::new(),
        message: format!("no connection leads to account {} or to account {}", intent.child, intent.parent),
        status: None,
        retryable: false,
        request_id: None,
        model: None,
    }
}

fn session_key(operator: &Operator, intent: &ShareIntent) -> role_sessions::Key {
    role_sessions::Key { share: intent.id.clone(), operator: operator.key().into() }
}

/// `sagebridge-session-3f2a91bc`: CloudTrail then says which session it was.
pub(crate) fn session_name(label: &str) -> SessionName {
    let safe: String = label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(48).collect();
    SessionName::parse(&format!("sagebridge-{safe}"))
        .unwrap_or_else(|_| unreachable!("letters, digits and hyphens only"))
}

fn record_targets(record: &ShareRecord) -> Vec<TargetView> {
    let names = record.endpoint_names.iter().filter_map(|name| EndpointName::parse(name).ok());
    let known: Vec<_> = names.map(|name| bare_target(record, Some(name))).collect();
    let all = record.intent.endpoints == EndpointScope::All;
    if known.is_empty() && all { vec![bare_target(record, None)] } else { known }
}

fn bare_target(record: &ShareRecord, endpoint: Option<EndpointName>) -> TargetView {
    let intent = &record.intent;
    TargetView {
        share: intent.id.clone(),
        share_label: format!("{} → {} · {}", intent.child, intent.parent, intent.role_name),
        endpoint,
        any_endpoint: intent.endpoints == EndpointScope::All,
        ways: intent.actions.clone(),
        status: None,
        blocked: blocked(intent, record.state),
        sample: None,
    }
}

/// Why a share can't be used from here, if it can't.
pub(crate) fn blocked(intent: &ShareIntent, state: ShareState) -> Option<String> {
    if state == ShareState::Undone {
        return Some("the share was undone".into());
    }
    if intent.child_connection.is_none() {
        return Some(format!(
            "account {} is not connected: this console has no identity there to call with",
            intent.child
        ));
    }
    match (&intent.callers, &intent.console) {
        (CallerScope::WholeAccount, _) | (_, Some(_)) => None,
        (CallerScope::Named(_), None) => Some("this console is not among the share's callers".into()),
    }
}

/// An endpoint's name as someone typed it.
pub(crate) fn endpoint_name(text: &str) -> ServiceResult<EndpointName> {
    EndpointName::parse(text.trim()).map_err(|error| {
        let hint = "type the endpoint's name as SageMaker shows it, not its ARN".to_owned();
        let problem = FieldProblem { field: "endpoint".into(), message: error.to_string(), hint: Some(hint) };
        ServiceError::Invalid { problems: vec![problem] }
    })
}

/// Whether the share is of this endpoint; `NotFound` where it is not.
pub(crate) fn in_scope(record: &ShareRecord, endpoint: &EndpointName) -> ServiceResult<()> {
    let shared = match &record.intent.endpoints {
        EndpointScope::All => true,
        EndpointScope::Named(arns) => arns.iter().any(|arn| arn.lower_name() == endpoint.as_str().to_lowercase()),
    };
    if shared { Ok(()) } else { Err(ServiceError::NotFound { what: "shared endpoint", id: endpoint.to_string() }) }
}

fn refusal(refused: InvokeRefusal) -> ServiceError {
    let field = match &refused {
        InvokeRefusal::BodyTooLarge { .. } => "body",
        InvokeRefusal::NoContentType => "content_type",
        InvokeRefusal::BadHeader { header, .. } => match *header {
            "content type" => "content_type",
            "accept header" => "accept",
            _ => "custom_attributes",
        },
    };
    let hint = match &refused {
        InvokeRefusal::BodyTooLarge { .. } => "send less, or put the input in S3 and use an asynchronous endpoint",
        InvokeRefusal::NoContentType => "choose what the body is, such as text/csv or application/json",
        InvokeRefusal::BadHeader { .. } => "shorten or change it",
    };
    let problem = FieldProblem { field: field.into(), message: refused.to_string(), hint: Some(hint.into()) };
    ServiceError::Invalid { problems: vec![problem] }
}

/// Who this console is for a share's trust policy: the caller chosen, or whoever its child connection is.
pub(crate) async fn console_caller(services: &Services, intent: &ShareIntent) -> Option<CallerArn> {
    if let Some(console) = &intent.console {
        return Some(console.clone());
    }
    let connection: &ConnectionId = intent.child_connection.as_ref()?;
    services.identity(connection).await.ok().flatten().and_then(|identity| identity.caller)
}

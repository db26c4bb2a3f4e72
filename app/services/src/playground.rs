//! The playground: which endpoints can be called, and calling them.

mod answers;
mod asynchronous;
mod code;
mod compare;
pub(crate) mod explain;
mod hints;
mod outcome;
mod quiet;
mod role_sessions;
mod route;
mod stream;
mod targets;
mod watched;

use crate::ports::gateway::RuntimeRequest;
use crate::ports::store::ShareRecord;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
pub use answers::WholeAnswer;
use answers::{Answers, PageBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
pub use compare::Comparison;
use domain::activity::ActivityOutcome;
use domain::arn::CallerArn;
use domain::invoke::{BodyEncoding, InvokeFailure, InvokeOutcome, InvokeParams, InvokeRefusal};
use domain::names::{ConnectionId, EndpointName, ShareId};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::view::ShareState;
use domain::time::Timestamp;
use domain::wizard::FieldProblem;
use role_sessions::RoleSessions;
use route::Call;
pub(crate) use route::session_name;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use watched::Watched;

/// What invocations share: roles' credentials, records of shares read a moment ago, and large answers.
#[derive(Default)]
pub(crate) struct Playground {
    sessions: RoleSessions,
    answers: Answers,
    started: asynchronous::Started,
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
        self.answers.forget(operator.key());
        self.forget_started(operator);
    }
    pub(crate) fn forget_record(&self, share: &ShareId) {
        lock(&self.records).remove(share);
    }
}

impl Services {
    /// Invokes an endpoint. What AWS or the model refuse is an outcome too. Dropping the future ends the call.
    pub async fn invoke(&self, operator: &Operator, params: InvokeParams) -> ServiceResult<InvokeOutcome> {
        let route = self.route(&params, InvokeAction::Invoke).await?;
        let (what, bytes) = (format!("invoked {}", params.endpoint), params.bytes());
        let endpoint = params.endpoint.clone();
        let watched = Watched::new(self, operator, route.happened(what), bytes);
        let request = request(params)?;
        let recording = self.recording(operator, route.target(self), &request, InvokeAction::Invoke).await;
        let call = Call { operator, route: &route, action: InvokeAction::Invoke, request };
        let outcome = self.in_real_time(&call, |kind, body| self.body_for_page(operator, &endpoint, kind, body)).await;
        recording.ended(&outcome);
        let (ending, detail) = match &outcome.result {
            Ok(answer) => (ActivityOutcome::Done, format!("{bytes} bytes sent, {} back", answer.bytes)),
            Err(failure) => failed_in_brief(failure, bytes),
        };
        watched.ended(ending, detail).await;
        Ok(outcome)
    }

    /// Makes the call; `for_page` makes of an answer's content type and body what is told of it.
    async fn in_real_time(&self, call: &Call<'_>, for_page: impl FnOnce(&str, Bytes) -> PageBody) -> InvokeOutcome {
        let (runtime, region) = (self.inner.gateways.runtime.clone(), call.route.region().clone());
        let answer = self
            .make_call(call, |caller, request| {
                let (runtime, region) = (runtime.clone(), region.clone());
                Box::pin(async move { runtime.invoke(&caller, &region, request).await })
            })
            .await;
        match answer {
            Ok((answer, timing)) => timing.answered(answer, for_page),
            Err(outcome) => *outcome,
        }
    }
}

/// What goes to SageMaker Runtime. A body of text is handed on as it is.
fn request(params: InvokeParams) -> ServiceResult<RuntimeRequest> {
    let body = match params.encoding {
        BodyEncoding::Text => Bytes::from(params.body),
        BodyEncoding::Base64 => {
            Bytes::from(STANDARD.decode(params.body).map_err(|_| refusal(InvokeRefusal::BrokenBase64))?)
        }
    };
    Ok(RuntimeRequest { endpoint: params.endpoint, headers: params.headers, body })
}

/// A failed call in the audit trail.
fn failed_in_brief(failure: &InvokeFailure, bytes: usize) -> (ActivityOutcome, String) {
    if failure.explanation.is_some() || failure.status == Some(403) {
        return (ActivityOutcome::Denied, format!("{bytes} bytes, {} {}", failure.operation, failure.code));
    }
    (ActivityOutcome::Failed, format!("{bytes} bytes sent, {}", failure.code))
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
    let problem =
        FieldProblem { field: refused.field().into(), message: refused.to_string(), hint: Some(refused.hint().into()) };
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

//! The live calls: the console makes them as itself, so it can make them only for a caller that it is.

use super::Examined;
use crate::activity::Happened;
use crate::playground::session_name;
use crate::ports::gateway::{AssumeRoleParams, GatewayError, GatewayErrorKind, RuntimeCaller, RuntimeRequest};
use crate::{Operator, ServiceError, ServiceResult, Services};
use bytes::Bytes;
use domain::activity::ActivityOutcome;
use domain::connection::ConnectionState;
use domain::doctor::{Live, Outcome, Question, Verdict};
use domain::invoke::InvokeHeaders;
use domain::names::{ConnectionId, EndpointName};
use domain::share::intent::InvokeAction;
use std::sync::Arc;
use std::time::Duration;

/// For how long a denial of what the documents allow is tried again while somebody waits.
const PATIENCE: Duration = Duration::from_secs(40);

impl Services {
    /// Makes the calls of a handshake: AssumeRole, and the invocation with what it gives. A denial that the documents
    /// do not bear out is tried again while AWS catches up.
    pub async fn try_handshake(&self, operator: &Operator, question: &Question) -> ServiceResult<Live> {
        let connection = self.own_connection(operator, question).await?;
        let backoff = self.inner.settings.propagation;
        let until = tokio::time::Instant::now() + backoff.budget.min(PATIENCE);
        let mut tries = 0;
        loop {
            tries += 1;
            let live = self.call(operator, &connection, question).await?;
            let wait = backoff.wait(tries);
            let denied =
                matches!(live.assume_role, Outcome::Denied { .. }) || matches!(live.invoke, Outcome::Denied { .. });
            let later = denied && tokio::time::Instant::now() + wait <= until;
            if !later || !self.paper_allows(operator, question).await? {
                self.tell(operator, question, &live).await;
                return Ok(live);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn paper_allows(&self, operator: &Operator, question: &Question) -> ServiceResult<bool> {
        let Examined { diagnosis, .. } = self.examine(operator, question, &Live::default()).await?;
        Ok(diagnosis.verdict == Verdict::Allowed)
    }

    /// The connection whose identity is the question's caller.
    pub(super) async fn own_connection(&self, operator: &Operator, question: &Question) -> ServiceResult<ConnectionId> {
        let refuse = |message: String, hint: &str| ServiceError::Conflict { message, hint: hint.into() };
        if question.session_policy.is_some() {
            return Err(refuse(
                "a call that passes a session policy is not made from here".into(),
                "make it where the caller runs, and paste what it answers",
            ));
        }
        let caller = question.caller_arn();
        let connections = self.connections(operator, false).await?;
        let is = |state: &ConnectionState| match state {
            ConnectionState::Ready { identity } => caller.is_some() && identity.caller == caller,
            ConnectionState::Failed { .. } => false,
        };
        let own = connections.into_iter().find(|connection| is(&connection.state)).map(|connection| connection.id);
        own.ok_or_else(|| {
            refuse(
                format!(
                    "this console is not `{}`, and calls made as somebody else would prove nothing about it",
                    question.caller_name()
                ),
                "make the call where the caller runs, and paste its error message",
            )
        })
    }

    async fn call(&self, operator: &Operator, connection: &ConnectionId, question: &Question) -> ServiceResult<Live> {
        let region = question.endpoint.region();
        let params = AssumeRoleParams {
            role: question.role.clone(),
            session_name: session_name(operator.label()),
            external_id: question.external_id.clone(),
            duration: question.duration_seconds.map(|seconds| Duration::from_secs(seconds.into())),
        };
        let credentials = match self.inner.gateways.sts.assume_role(connection, &region, &params).await {
            Ok(answer) => Arc::new(answer.value),
            Err(error) => return Ok(Live { assume_role: outcome(&error), ..Live::default() }),
        };
        let mut live = Live { assume_role: Outcome::Succeeded, ..Live::default() };
        let Ok(endpoint) = EndpointName::parse(question.endpoint.called()) else { return Ok(live) };
        let sagemaker = &self.inner.gateways.sagemaker;
        let detail = match self.connection_to(operator, &question.parent(), None).await? {
            Some(parent) => sagemaker.endpoint_detail(&parent, &region, &endpoint).await.ok().flatten(),
            None => None,
        };
        let sample = detail.and_then(|detail| detail.sample);
        let (content_type, body) =
            sample.map_or_else(|| ("application/json".to_owned(), "{}".to_owned()), |s| (s.content_type, s.body));
        let headers = InvokeHeaders::of_type(content_type);
        let request = RuntimeRequest { endpoint, headers, body: Bytes::from(body) };
        let caller = RuntimeCaller::Role(credentials);
        let runtime = &self.inner.gateways.runtime;
        let answer = match question.action {
            // The head is enough: the pieces are dropped, which ends the call.
            InvokeAction::Stream => runtime.invoke_stream(&caller, &region, request).await.map(drop),
            // That it is taken is enough, too: its answer goes to S3.
            InvokeAction::Async => runtime.invoke_async(&caller, &region, request, None).await.map(drop),
            InvokeAction::Invoke => runtime.invoke(&caller, &region, request).await.map(drop),
        };
        live.invoke = match answer {
            // The model was reached: what it makes of the body is not the handshake's.
            Ok(()) => Outcome::Succeeded,
            Err(error) if error.kind == GatewayErrorKind::Model => Outcome::Succeeded,
            Err(error) => outcome(&error),
        };
        Ok(live)
    }

    async fn tell(&self, operator: &Operator, question: &Question, live: &Live) {
        let word = |outcome: &Outcome| match outcome {
            Outcome::NotMade => "not made",
            Outcome::Succeeded => "allowed",
            Outcome::Denied { .. } => "denied",
            Outcome::Failed { .. } => "failed",
        };
        let (assumed, invoked) = (word(&live.assume_role), word(&live.invoke));
        let detail = format!("AssumeRole {assumed}, {} {invoked}", question.action.operation());
        let denied = [&live.assume_role, &live.invoke].into_iter().any(|o| matches!(o, Outcome::Denied { .. }));
        let ending = if denied { ActivityOutcome::Denied } else { ActivityOutcome::Done };
        let happened = Happened::done(format!("tried the handshake with {}", question.role_name()));
        self.note(operator.label(), happened.outcome(ending).detail(detail)).await;
    }
}

fn outcome(error: &GatewayError) -> Outcome {
    match error.kind {
        GatewayErrorKind::AccessDenied => Outcome::Denied { message: error.message.clone() },
        _ => Outcome::Failed { code: error.code.clone(), message: error.message.clone() },
    }
}

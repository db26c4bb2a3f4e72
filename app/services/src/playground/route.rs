//! The way a call takes: through a share's role, or with a connection's own credentials.

use super::targets::{direct_label, share_label};
use super::{blocked, in_scope, outcome, refusal, role_sessions};
use crate::activity::Happened;
use crate::ports::gateway::{
    AssumeRoleParams, GatewayError, GatewayErrorKind, GatewayResult, RoleCredentials, RuntimeCaller, RuntimeRequest,
};
use crate::ports::store::ShareRecord;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::invoke::{DenialExplanation, InvokeOutcome, InvokeParams, Through};
use domain::names::{ConnectionId, Region, SessionName, ShareId};
use domain::share::intent::{InvokeAction, ShareIntent};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Instant;

/// For how long a share's record is believed between invocations: what another process's change may lag.
const RECORD_MS: i64 = 2_000;

/// What a call goes through, as it is known now.
pub(super) enum Route {
    Share(Arc<ShareRecord>),
    Direct { connection: ConnectionId, region: Region },
}

impl Route {
    pub(super) fn region(&self) -> &Region {
        match self {
            Self::Share(record) => &record.intent.region,
            Self::Direct { region, .. } => region,
        }
    }

    /// Through what it leads, and that in words.
    pub(super) fn target(&self, services: &Services) -> (Through, String) {
        match self {
            Self::Share(record) => (record.intent.id.clone().into(), share_label(&record.intent)),
            Self::Direct { connection, region } => {
                let through = Through::Direct { connection: connection.clone(), region: region.clone() };
                (through, direct_label(connection, region, services.known_account(connection).as_ref()))
            }
        }
    }

    /// The beginning of a line of the audit trail.
    pub(super) fn happened(&self, what: String) -> Happened {
        match self {
            Self::Share(record) => Happened::done(what).of_share(&record.intent.id),
            Self::Direct { connection, region } => {
                Happened::done(format!("{what} directly as {connection} in {region}"))
            }
        }
    }
}

/// A call that is about to be made.
pub(super) struct Call<'a> {
    pub(super) operator: &'a Operator,
    pub(super) route: &'a Route,
    pub(super) action: InvokeAction,
    pub(super) request: RuntimeRequest,
}

impl Services {
    /// The way this call may take, with everything checked that needs no call to AWS.
    pub(super) async fn route(&self, params: &InvokeParams, action: InvokeAction) -> ServiceResult<Route> {
        params.check(action).map_err(refusal)?;
        let share = match &params.through {
            Through::Direct { connection, region } => {
                self.known_profile(connection).await?;
                return Ok(Route::Direct { connection: connection.clone(), region: region.clone() });
            }
            Through::Share(share) => share,
        };
        let record = self.believed_record(share).await?;
        in_scope(&record, &params.endpoint)?;
        if let Some(reason) = blocked(&record.intent, record.state) {
            return Err(ServiceError::Conflict {
                message: reason,
                hint: "change the share's callers, then try again".into(),
            });
        }
        allowed(&record.intent, action)?;
        Ok(Route::Share(record))
    }

    /// The way that a call took, for what follows it.
    pub(super) async fn route_of(&self, through: &Through) -> ServiceResult<Route> {
        Ok(match through {
            Through::Share(share) => Route::Share(self.believed_record(share).await?),
            Through::Direct { connection, region } => {
                self.known_profile(connection).await?;
                Route::Direct { connection: connection.clone(), region: region.clone() }
            }
        })
    }

    /// Makes a call. With a role's credentials it is made once more with fresh ones where they were refused as expired: such
    /// a call never reached the model.
    pub(super) async fn make_call<T>(
        &self,
        call: &Call<'_>,
        make: impl Fn(RuntimeCaller, RuntimeRequest) -> BoxFuture<'static, GatewayResult<T>>,
    ) -> Result<(T, outcome::Timing), Box<InvokeOutcome>> {
        let record = match call.route {
            Route::Share(record) => record,
            Route::Direct { connection, .. } => return self.call_directly(call, connection, make).await,
        };
        let Call { operator, action, request, .. } = call;
        let (intent, endpoint) = (&record.intent, &request.endpoint);
        let mut timing = outcome::Timing::default();
        for last in [false, true] {
            let began = Instant::now();
            let (credentials, cached) = match self.role_session(operator, record).await {
                Ok(found) => found,
                Err(error) => {
                    timing.role(began, false);
                    let explanation = self.explain_assume(intent, endpoint, *action, &error).await;
                    return Err(Box::new(timing.failed("AssumeRole", &intent.region, &error, explanation)));
                }
            };
            timing.role(began, cached);
            let began = Instant::now();
            let answer = make(RuntimeCaller::Role(credentials.clone()), request.clone()).await;
            timing.call(began);
            match answer {
                Ok(answer) => return Ok((answer, timing)),
                Err(error) if error.kind == GatewayErrorKind::Expired && !last => {
                    self.inner.playground.sessions.expired(&session_key(operator, intent), &credentials);
                }
                Err(error) => {
                    let explanation = self.explain_invoke(intent, &credentials, endpoint, *action, &error).await;
                    return Err(Box::new(timing.failed(action.operation(), &intent.region, &error, explanation)));
                }
            }
        }
        unreachable!("the second try returns")
    }

    async fn call_directly<T>(
        &self,
        call: &Call<'_>,
        connection: &ConnectionId,
        make: impl Fn(RuntimeCaller, RuntimeRequest) -> BoxFuture<'static, GatewayResult<T>>,
    ) -> Result<(T, outcome::Timing), Box<InvokeOutcome>> {
        let mut timing = outcome::Timing::default();
        let began = Instant::now();
        let answer = make(RuntimeCaller::Connection(connection.clone()), call.request.clone()).await;
        timing.call(began);
        timing.no_role();
        match answer {
            Ok(answer) => Ok((answer, timing)),
            Err(mut error) => {
                // For the words about it; a call that went well needs nobody to know the account.
                if error.account.is_none() {
                    error.account = self.identity(connection).await.ok().flatten().map(|identity| identity.account);
                }
                let denied = error.kind == GatewayErrorKind::AccessDenied;
                let explanation = denied.then(|| denied_directly(connection, call.action));
                Err(Box::new(timing.failed(call.action.operation(), call.route.region(), &error, explanation)))
            }
        }
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

/// Whether a share allows calls of this kind; `Conflict` where it does not.
pub(super) fn allowed(intent: &ShareIntent, action: InvokeAction) -> ServiceResult<()> {
    let (message, hint) = match action {
        InvokeAction::Stream => {
            ("the share does not allow streams", "edit the share and tick Stream, or ask for the answer as a whole")
        }
        InvokeAction::Async => (
            "the share does not allow asynchronous calls",
            "edit the share and tick Async, or ask for the answer as a whole",
        ),
        InvokeAction::Invoke => return Ok(()),
    };
    if intent.actions.contains(&action) {
        return Ok(());
    }
    Err(ServiceError::Conflict { message: message.into(), hint: hint.into() })
}

/// One account decides alone here, and AWS says why in its own words.
fn denied_directly(connection: &ConnectionId, action: InvokeAction) -> DenialExplanation {
    DenialExplanation {
        sentence: format!("connection `{connection}` itself may not make this call"),
        details: vec!["No role is assumed: only the policies of that identity and of its account count".into()],
        fix: Some(format!("let that identity have `{}` on the endpoint, or call through a share", action.iam())),
        question: None,
    }
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

pub(super) fn session_key(operator: &Operator, intent: &ShareIntent) -> role_sessions::Key {
    role_sessions::Key { share: intent.id.clone(), operator: operator.key().into() }
}

/// `sagebridge-session-3f2a91bc`: CloudTrail then says which session it was.
pub(crate) fn session_name(label: &str) -> SessionName {
    let safe: String = label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(48).collect();
    SessionName::parse(&format!("sagebridge-{safe}"))
        .unwrap_or_else(|_| unreachable!("letters, digits and hyphens only"))
}

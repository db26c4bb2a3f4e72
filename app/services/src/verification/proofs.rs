//! The proofs: each makes real calls and says what was seen.

use super::verifier::Verifier;
use crate::playground::explain::Said;
use crate::playground::session_name;
use crate::ports::gateway::{Answered, GatewayResult};
use crate::ports::gateway::{
    AssumeRoleParams, GatewayError, GatewayErrorKind, RoleCredentials, RuntimeCaller, RuntimeRequest, RuntimeResponse,
};
use crate::{ServiceError, words};
use bytes::Bytes;
use domain::connection::{ConnectionState, Identity};
use domain::endpoint::{EndpointView, Page, Sample};
use domain::invoke::InvokeHeaders;
use domain::names::{ConnectionId, EndpointName, ExternalId};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, ShareIntent};
use std::sync::Arc;

/// How many other accounts are tried as strangers.
const STRANGERS: usize = 3;
/// How many pages of endpoints are looked through for one that is not shared.
const PAGES: usize = 4;
/// How many shared endpoints are called: each call is one to a model, which may cost.
const CALLED: usize = 5;

/// What is to be shown, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    AssumeRole,
    Invoke,
    NoExternalId,
    Stranger,
    OtherEndpoint,
}

/// Whether this console can make the child's calls.
pub(super) enum Console {
    MayCall,
    MayNot(String),
}

/// What a try has shown.
pub(super) enum Verdict {
    /// As it should be.
    Shown { detail: String, request_id: Option<String>, credentials: Option<Arc<RoleCredentials>> },
    /// Otherwise. With `agreed`, the documents that were read say the same, and they may lag.
    Otherwise { detail: String, request_id: Option<String>, agreed: bool },
    /// AWS has not caught up, or is busy.
    Later { detail: String, request_id: Option<String> },
    /// It can't be tried.
    Impossible { detail: String },
}

impl Verdict {
    pub(super) fn request_id(&self) -> Option<String> {
        match self {
            Self::Shown { request_id, .. } | Self::Otherwise { request_id, .. } | Self::Later { request_id, .. } => {
                request_id.clone()
            }
            Self::Impossible { .. } => None,
        }
    }
    fn shown(detail: impl Into<String>, request_id: Option<String>) -> Self {
        Self::Shown { detail: detail.into(), request_id, credentials: None }
    }
    fn otherwise(detail: impl Into<String>, request_id: Option<String>) -> Self {
        Self::Otherwise { detail: detail.into(), request_id, agreed: false }
    }
    fn impossible(detail: impl Into<String>) -> Self {
        Self::Impossible { detail: detail.into() }
    }
    /// A failure that says nothing about permissions.
    fn trouble(error: &GatewayError) -> Self {
        let request_id = error.request_id.clone();
        let passing = matches!(error.kind, GatewayErrorKind::Throttled | GatewayErrorKind::Unavailable);
        if error.retryable || passing {
            return Self::Later { detail: format!("AWS could not answer: {error}"), request_id };
        }
        Self::Otherwise { detail: format!("{error}; {}", words::hint(error)), request_id, agreed: false }
    }
}

impl Proof {
    pub(super) const ALL: [Self; 5] =
        [Self::AssumeRole, Self::Invoke, Self::NoExternalId, Self::Stranger, Self::OtherEndpoint];

    pub(super) fn id(self) -> &'static str {
        match self {
            Self::AssumeRole => "assume-role",
            Self::Invoke => "invoke",
            Self::NoExternalId => "no-external-id",
            Self::Stranger => "stranger",
            Self::OtherEndpoint => "other-endpoint",
        }
    }
    pub(super) fn title(self, intent: &ShareIntent) -> String {
        match self {
            Self::AssumeRole => format!("{} can be assumed from account {}", intent.role_name, intent.child),
            Self::Invoke => "A shared endpoint answers through the role".into(),
            Self::NoExternalId => "Without the external ID the role can't be assumed".into(),
            Self::Stranger => "A principal that was not named can't assume the role".into(),
            Self::OtherEndpoint => "An endpoint that was not shared can't be invoked".into(),
        }
    }
    pub(super) fn needs_console(self) -> bool {
        self != Self::Stranger
    }
}

impl Verifier {
    pub(super) async fn attempt(&self, proof: Proof, assumed: Option<&Arc<RoleCredentials>>) -> Verdict {
        match (proof, assumed) {
            (Proof::AssumeRole, _) => self.assume_role().await,
            (Proof::Invoke, Some(credentials)) => self.invoke(credentials).await,
            (Proof::NoExternalId, _) => self.no_external_id().await,
            (Proof::Stranger, _) => self.stranger().await,
            (Proof::OtherEndpoint, Some(credentials)) => self.other_endpoint(credentials).await,
            (_, None) => Verdict::impossible("the role was not assumed"),
        }
    }

    async fn assume_role(&self) -> Verdict {
        let intent = &self.record.intent;
        let Some(connection) = &intent.child_connection else {
            return Verdict::impossible(format!("account {} is not connected", intent.child));
        };
        let external_id = self.services.presented_id(intent).await;
        match self.assume(connection, external_id.clone()).await {
            Ok(answer) => Verdict::Shown {
                detail: format!("assumed as `{}`", answer.value.session_arn),
                request_id: answer.request_id,
                credentials: Some(Arc::new(answer.value)),
            },
            Err(error) if error.kind == GatewayErrorKind::AccessDenied => {
                let external_id = external_id.as_ref().map(ExternalId::as_str);
                let said = self.services.assume_said(intent, external_id).await;
                match self.console_waits_for_trust() {
                    Some(why) if !matches!(said, Said::Denied(_)) => Verdict::impossible(why),
                    _ => denied(&error, said),
                }
            }
            Err(error) => Verdict::trouble(&error),
        }
    }

    /// Why a denial is to be expected from a role that is not seen: by the offer it does not trust this console yet.
    fn console_waits_for_trust(&self) -> Option<String> {
        let intent = &self.record.intent;
        let waits = intent.console.as_ref().is_some_and(|console| intent.not_trusted_yet().contains(&console));
        waits.then(|| {
            format!(
                "denied: by the offer the role does not trust this console; send the acceptance back, and verify again \
                 once account {} has taken it",
                intent.parent
            )
        })
    }

    async fn no_external_id(&self) -> Verdict {
        let intent = &self.record.intent;
        let Some(connection) = &intent.child_connection else {
            return Verdict::impossible(format!("account {} is not connected", intent.child));
        };
        match self.assume(connection, None).await {
            Err(error) if error.kind == GatewayErrorKind::AccessDenied => {
                Verdict::shown("denied, as it should be", error.request_id)
            }
            Err(error) => Verdict::trouble(&error),
            Ok(answer) => {
                let said = self.services.assume_said(intent, None).await;
                allowed("the role was assumed without the external ID", said, answer.request_id)
            }
        }
    }

    async fn stranger(&self) -> Verdict {
        let strangers = match self.strangers().await {
            Ok(strangers) => strangers,
            Err(error) => return Verdict::otherwise(error.to_string(), None),
        };
        let external_id = self.services.presented_id(&self.record.intent).await;
        let mut denied = Vec::new();
        let mut request_id = None;
        for (connection, identity) in strangers {
            let who = format!("`{}`", identity.arn);
            match self.assume(&connection, external_id.clone()).await {
                Err(error) if error.kind == GatewayErrorKind::AccessDenied => {
                    request_id = error.request_id;
                    denied.push(who);
                }
                Err(error) => return Verdict::trouble(&error),
                Ok(answer) => {
                    let detail = format!("{who} assumed the role, though the share does not name it");
                    return Verdict::otherwise(detail, answer.request_id);
                }
            }
        }
        if denied.is_empty() {
            return Verdict::impossible("no connection gives an identity that the share does not name");
        }
        Verdict::shown(format!("denied for {}", denied.join(" and ")), request_id)
    }

    /// Identities the trust policy does not name: the parent's own first, then those of further accounts.
    async fn strangers(&self) -> Result<Vec<(ConnectionId, Identity)>, ServiceError> {
        let intent = &self.record.intent;
        let mut connections = self.services.all_connections(false).await?;
        connections.sort_by_key(|c| Some(&c.id) != intent.parent_connection());
        let ready = connections.into_iter().filter_map(|c| match c.state {
            ConnectionState::Ready { identity } => Some((c.id, identity)),
            ConnectionState::Failed { .. } => None,
        });
        let within = |scope: &CallerScope, identity: &Identity| match scope {
            CallerScope::WholeAccount => identity.account == intent.child,
            CallerScope::Named(callers) => identity.caller.as_ref().is_some_and(|c| callers.contains(c)),
        };
        // By an offer the role may trust more than those who were chosen here.
        let trusted = intent.offered().map(|offered| &offered.trusts);
        let scopes: Vec<&CallerScope> = std::iter::once(&intent.callers).chain(trusted).collect();
        let named = |identity: &Identity| scopes.iter().any(|scope| within(scope, identity));
        Ok(ready.filter(|(_, identity)| !named(identity)).take(STRANGERS).collect())
    }

    /// Calls the shared endpoints that answer, one after the other, as many as are tried.
    async fn invoke(&self, credentials: &Arc<RoleCredentials>) -> Verdict {
        let intent = &self.record.intent;
        let (shared, left) = match self.shared_endpoints().await {
            Ok((shared, left)) if !shared.is_empty() => (shared, left),
            Ok(_) if intent.offered().is_some() => {
                return Verdict::impossible("the offer names no endpoint, and its account is not connected");
            }
            Ok(_) => return Verdict::impossible("no shared endpoint is in service"),
            Err(error) => return Verdict::Later { detail: error.to_string(), request_id: None },
        };
        let (mut answered, mut more) = (Vec::new(), Vec::new());
        let (mut request_id, mut gone) = (None, None);
        for Shared { endpoint, sample, later } in shared {
            let made = match later {
                true => self.start(credentials, &endpoint, sample).await,
                false => self.call(credentials, &endpoint, sample).await.map(|answer| answer.request_id),
            };
            match made {
                Ok(id) if later => {
                    more.push(format!("`{endpoint}` took an asynchronous call"));
                    request_id = id.or(request_id);
                }
                Ok(id) => {
                    answered.push(format!("`{endpoint}`"));
                    request_id = id.or(request_id);
                }
                Err(error) if error.kind == GatewayErrorKind::Model => {
                    let status = error.model.as_ref().and_then(|m| m.status);
                    let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
                    more.push(format!("the call reached `{endpoint}`; its model refused the input{status}"));
                    request_id = error.request_id.or(request_id);
                }
                // Who may call is decided before what is asked for: an endpoint of many models, of inference components or of
                // asynchronous calls takes none without their headers.
                Err(error) if error.kind == GatewayErrorKind::Invalid => {
                    more.push(format!(
                        "the call to `{endpoint}` was let through, and asks for more: {}",
                        error.message
                    ));
                    request_id = error.request_id.or(request_id);
                }
                Err(error) if error.kind == GatewayErrorKind::AccessDenied => {
                    let action = if later { InvokeAction::Async } else { InvokeAction::Invoke };
                    let said = self.services.invoke_said(intent, &credentials.session_arn, &endpoint, action);
                    return denied(&error, said.await);
                }
                // Whether what an offer names is in service can't be seen from here.
                Err(error) if error.kind == GatewayErrorKind::NotFound && intent.offered().is_some() => {
                    gone = Some(error);
                }
                Err(error) => return Verdict::trouble(&error),
            }
        }
        if let (true, true, Some(error)) = (answered.is_empty(), more.is_empty(), &gone) {
            return Verdict::trouble(error);
        }
        if !answered.is_empty() {
            more.insert(0, format!("{} answered", answered.join(" and ")));
        }
        if left > 0 {
            more.push(format!("{left} more were not called"));
        }
        Verdict::shown(more.join("; "), request_id)
    }

    async fn other_endpoint(&self, credentials: &Arc<RoleCredentials>) -> Verdict {
        let intent = &self.record.intent;
        let other = match self.unshared_endpoint().await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => {
                let detail = format!("account {} has no other endpoint in {}", intent.parent, intent.region);
                return Verdict::impossible(detail);
            }
            Err(error) => return Verdict::Later { detail: error.to_string(), request_id: None },
        };
        let got_through = format!("`{other}` can be invoked, though it is not shared");
        match self.call(credentials, &other, None).await {
            Err(error) if error.kind == GatewayErrorKind::AccessDenied => {
                Verdict::shown(format!("denied for `{other}`, as it should be"), error.request_id)
            }
            Ok(Answered { request_id, .. }) => {
                let said =
                    self.services.invoke_said(intent, &credentials.session_arn, &other, InvokeAction::Invoke).await;
                allowed(&got_through, said, request_id)
            }
            Err(error) if error.kind == GatewayErrorKind::Model => {
                let said =
                    self.services.invoke_said(intent, &credentials.session_arn, &other, InvokeAction::Invoke).await;
                allowed(&got_through, said, error.request_id)
            }
            // Permissions come first: whoever learns that a name is of no endpoint was let through.
            Err(error) if error.kind == GatewayErrorKind::NotFound && intent.offered().is_some() => {
                let detail = format!("the role may invoke `{other}`, a name that the offer does not list");
                Verdict::otherwise(detail, error.request_id)
            }
            Err(error) => Verdict::trouble(&error),
        }
    }

    /// Shared endpoints that answer, with something to send, and how many of those that are named are left out. Of an
    /// offered share they are those that the offer names.
    async fn shared_endpoints(&self) -> Result<(Vec<Shared>, usize), ServiceError> {
        let intent = &self.record.intent;
        let parent = match &intent.parent_side {
            ParentSide::Connected(parent) => parent,
            ParentSide::Offered(offered) => {
                let shared = |name: &EndpointName| Shared { endpoint: name.clone(), sample: None, later: false };
                let names = offered.names.iter().take(CALLED).map(shared);
                return Ok((names.collect(), offered.names.len().saturating_sub(CALLED)));
            }
        };
        let (found, most) = match intent.endpoints {
            EndpointScope::Named(_) => (self.services.intended_endpoints(intent).await?, CALLED),
            // Which they are is nobody's choice: one shows that the role may call them.
            EndpointScope::All => (self.endpoints_page(parent, None).await?.items, 1),
        };
        let awake: Vec<_> = found.into_iter().filter(|endpoint| endpoint.status.answers()).collect();
        let left = if most == 1 { 0 } else { awake.len().saturating_sub(most) };
        let sagemaker = &self.services.inner.gateways.sagemaker;
        let mut shared = Vec::new();
        for endpoint in awake.into_iter().take(most) {
            let known = sagemaker.endpoint_detail(parent, &intent.region, &endpoint.name).await;
            let sample = known.ok().flatten().and_then(|detail| detail.sample);
            shared.push(Shared { endpoint: endpoint.name, sample, later: endpoint.results.is_some() });
        }
        Ok((shared, left))
    }

    /// An endpoint that is not shared. Where the parent's can't be listed a name that nobody shared will do: permissions
    /// are looked at before it is looked for.
    async fn unshared_endpoint(&self) -> Result<Option<EndpointName>, ServiceError> {
        let intent = &self.record.intent;
        let EndpointScope::Named(shared) = &intent.endpoints else { return Ok(None) };
        let Some(parent) = intent.parent_connection() else {
            let free = |name: &EndpointName| !shared.iter().any(|arn| arn.lower_name() == name.as_str());
            let mut names = (1..).filter_map(|n| EndpointName::parse(&format!("sagebridge-not-shared-{n}")).ok());
            return Ok(names.find(free));
        };
        let mut after = None;
        let mut asleep = None;
        for _ in 0..PAGES {
            let page = self.endpoints_page(parent, after.as_deref()).await?;
            for endpoint in page.items.into_iter().filter(|e| !shared.contains(&e.arn)) {
                // One that answers later would refuse the call by itself.
                if endpoint.status.answers() && endpoint.results.is_none() {
                    return Ok(Some(endpoint.name));
                }
                asleep.get_or_insert(endpoint.name);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        // Permissions are looked at before the endpoint's status, so one that is not in service will do.
        Ok(asleep)
    }

    async fn endpoints_page(&self, parent: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<EndpointView>> {
        let region = &self.record.intent.region;
        self.services.inner.gateways.sagemaker.endpoints(parent, region, None, after).await
    }

    async fn assume(
        &self,
        connection: &ConnectionId,
        external_id: Option<ExternalId>,
    ) -> GatewayResult<Answered<RoleCredentials>> {
        let intent = &self.record.intent;
        let params = AssumeRoleParams {
            role: intent.role_arn(),
            session_name: session_name("verify"),
            external_id,
            duration: None,
        };
        self.services.inner.gateways.sts.assume_role(connection, &intent.region, &params).await
    }

    async fn call(
        &self,
        credentials: &Arc<RoleCredentials>,
        endpoint: &EndpointName,
        sample: Option<Sample>,
    ) -> GatewayResult<Answered<RuntimeResponse>> {
        let caller = RuntimeCaller::Role(credentials.clone());
        let region = &self.record.intent.region;
        self.services.inner.gateways.runtime.invoke(&caller, region, something(endpoint, sample)).await
    }

    /// Starts a call that is answered later; its answer is not waited for.
    async fn start(
        &self,
        credentials: &Arc<RoleCredentials>,
        endpoint: &EndpointName,
        sample: Option<Sample>,
    ) -> GatewayResult<Option<String>> {
        let caller = RuntimeCaller::Role(credentials.clone());
        let region = &self.record.intent.region;
        let request = something(endpoint, sample);
        let taken = self.services.inner.gateways.runtime.invoke_async(&caller, region, request, None).await?;
        Ok(taken.request_id)
    }
}

/// A shared endpoint that is called.
struct Shared {
    endpoint: EndpointName,
    sample: Option<Sample>,
    /// Whether it answers asynchronously.
    later: bool,
}

/// A request of a sample. Without one an empty object will do: a model that refuses it was reached all the same.
fn something(endpoint: &EndpointName, sample: Option<Sample>) -> RuntimeRequest {
    let sample = sample.unwrap_or_else(|| Sample {
        content_type: "application/json".into(),
        body: "{}".into(),
        target_model: None,
    });
    let target_model = sample.target_model.unwrap_or_default();
    RuntimeRequest {
        endpoint: endpoint.clone(),
        headers: InvokeHeaders { target_model, ..InvokeHeaders::of_type(sample.content_type) },
        body: Bytes::from(sample.body),
    }
}

/// AWS denied what must be allowed.
fn denied(error: &GatewayError, said: Said) -> Verdict {
    let request_id = error.request_id.clone();
    match said {
        Said::Denied(explanation) => Verdict::Otherwise { detail: explanation.sentence, request_id, agreed: true },
        Said::Allowed => {
            let detail = "denied, although both sides' documents allow it: IAM has not caught up yet".into();
            Verdict::Later { detail, request_id }
        }
        Said::Unknown => Verdict::Later { detail: format!("denied: {error}"), request_id },
    }
}

/// AWS allowed what must be denied.
fn allowed(detail: &str, said: Said, request_id: Option<String>) -> Verdict {
    match said {
        Said::Denied(_) => {
            let detail = format!("{detail}; the documents deny it, so IAM has not caught up yet");
            Verdict::Later { detail, request_id }
        }
        Said::Allowed | Said::Unknown => Verdict::otherwise(detail, request_id),
    }
}

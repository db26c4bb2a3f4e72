//! Why a call was denied, worked out from the documents that can be read on both sides.
//!
//! Explaining never makes things worse: what can't be read is left out and said to be missing, and AWS's own answer
//! stands whatever the documents say.

use super::console_caller;
use crate::Services;
use crate::inventory::principal_of;
use crate::ports::gateway::{GatewayError, GatewayErrorKind, RoleCredentials};
use domain::arn::{Arn, CallerArn};
use domain::doctor::QuestionForm;
use domain::evaluate::{
    Context, Decision, Explanation, NamedPolicy, Policies, Principal, Request, ResourceKind, explain,
};
use domain::invoke::DenialExplanation;
use domain::names::{ConnectionId, EndpointName, ExternalId};
use domain::policy::PolicyDocument;
use domain::s3::Location;
use domain::share::intent::{EndpointScope, InvokeAction, ShareIntent};

/// What the documents say about a call.
pub(crate) enum Said {
    /// They allow it: AWS has not caught up, or something that can't be read denies.
    Allowed,
    /// They deny it, and why.
    Denied(DenialExplanation),
    /// Not enough could be read.
    Unknown,
}

impl Services {
    pub(super) async fn explain_assume(
        &self,
        intent: &ShareIntent,
        endpoint: &EndpointName,
        action: InvokeAction,
        error: &GatewayError,
    ) -> Option<DenialExplanation> {
        if error.kind != GatewayErrorKind::AccessDenied {
            return None;
        }
        let external_id = self.presented_id(intent).await;
        let external_id = external_id.as_ref().map(ExternalId::as_str);
        let said = told(self.assume_said(intent, external_id).await, "AssumeRole");
        Some(DenialExplanation { question: self.as_question(intent, endpoint, action).await, ..said })
    }

    pub(super) async fn explain_invoke(
        &self,
        intent: &ShareIntent,
        credentials: &RoleCredentials,
        endpoint: &EndpointName,
        action: InvokeAction,
        error: &GatewayError,
    ) -> Option<DenialExplanation> {
        if error.kind != GatewayErrorKind::AccessDenied {
            return None;
        }
        let said = self.invoke_said(intent, &credentials.session_arn, endpoint, action).await;
        let said = told(said, action.operation());
        Some(DenialExplanation { question: self.as_question(intent, endpoint, action).await, ..said })
    }

    /// Why the role's session may not use an object: the role's documents only, as the bucket's policy is not read.
    pub(super) async fn explain_object(
        &self,
        intent: &ShareIntent,
        credentials: &RoleCredentials,
        action: &'static str,
        place: &Location,
        error: &GatewayError,
    ) -> Option<DenialExplanation> {
        if error.kind != GatewayErrorKind::AccessDenied {
            return None;
        }
        let said = self.object_said(intent, &credentials.session_arn, action, place).await;
        Some(told(said.unwrap_or(Said::Unknown), error.operation))
    }

    async fn object_said(&self, intent: &ShareIntent, session: &Arn, action: &str, place: &Location) -> Option<Said> {
        let role = CallerArn::parse(intent.role_arn().as_str()).ok()?;
        let identity = self.policies_of(intent.parent_connection()?, &role).await?;
        let principal = Principal::role_session(session.clone(), role.arn().clone(), None).ok()?;
        let partition = intent.region.partition();
        let Location { bucket, key } = place;
        // A list is of the bucket, and says below which prefix.
        let (resource, context) = match action {
            "s3:ListBucket" => (format!("arn:{partition}:s3:::{bucket}"), Context::new().with("s3:prefix", key)),
            _ => (format!("arn:{partition}:s3:::{bucket}/{key}"), Context::new()),
        };
        let request = request(principal, action, &resource, intent, context);
        Some(said(&explain(&request, &Policies { identity: &identity, ..Policies::default() })))
    }

    /// The console's own call as a question to the doctor.
    async fn as_question(
        &self,
        intent: &ShareIntent,
        endpoint: &EndpointName,
        action: InvokeAction,
    ) -> Option<Box<QuestionForm>> {
        let caller = console_caller(self, intent).await?;
        let form = QuestionForm::of_share(intent);
        Some(Box::new(QuestionForm {
            caller: caller.to_string(),
            endpoint: endpoint.to_string(),
            action: action.key().into(),
            ..form
        }))
    }

    /// What both sides' documents say about the console assuming the share's role.
    pub(crate) async fn assume_said(&self, intent: &ShareIntent, external_id: Option<&str>) -> Said {
        let Some(connection) = &intent.child_connection else { return Said::Unknown };
        let Some(caller) = console_caller(self, intent).await else { return Said::Unknown };
        let session = self.identity(connection).await.ok().flatten().map(|identity| identity.arn);
        let Some(principal) = principal_of(&caller, session.as_ref()) else { return Said::Unknown };
        let Some(parent) = intent.parent_connection() else {
            let Some(identity) = self.policies_of(connection, &caller).await else { return Said::Unknown };
            return own_side_said(intent, principal, &identity, external_id);
        };
        let (identity, role) = tokio::join!(
            self.policies_of(connection, &caller),
            self.inner.gateways.iam.role(parent, &intent.role_name),
        );
        let (Some(identity), Ok(role)) = (identity, role) else { return Said::Unknown };
        let Some(role) = role else {
            return Said::Denied(DenialExplanation {
                sentence: format!("the role `{}` does not exist in account {}", intent.role_name, intent.parent),
                details: vec!["STS answers the same for a role that is missing as for one that is denied".into()],
                fix: Some("apply the share again".into()),
                question: None,
            });
        };
        let Ok(trust) = PolicyDocument::parse(&role.trust) else { return Said::Unknown };
        let trust = NamedPolicy::new(format!("{} trust policy", intent.role_name), trust);
        let mut context = Context::new();
        if let Some(id) = external_id {
            context = context.with("sts:ExternalId", id);
        }
        let request = request(principal, "sts:AssumeRole", role.arn.as_str(), intent, context);
        let policies = Policies {
            identity: &identity,
            resource: Some(&trust),
            resource_kind: ResourceKind::Trust,
            ..Policies::default()
        };
        said(&explain(&request, &policies))
    }

    /// What the role's documents say about its session invoking an endpoint.
    pub(crate) async fn invoke_said(
        &self,
        intent: &ShareIntent,
        session: &Arn,
        endpoint: &EndpointName,
        action: InvokeAction,
    ) -> Said {
        let Ok(role) = CallerArn::parse(intent.role_arn().as_str()) else { return Said::Unknown };
        let Some(parent) = intent.parent_connection() else { return Said::Unknown };
        let Some(identity) = self.policies_of(parent, &role).await else { return Said::Unknown };
        let Ok(principal) = Principal::role_session(session.clone(), role.arn().clone(), None) else {
            return Said::Unknown;
        };
        let policies = Policies { identity: &identity, ..Policies::default() };
        let arn = endpoint_arn(intent, endpoint);
        // A stream takes InvokeEndpoint as well: the first of them that is denied says why.
        let also = (action == InvokeAction::Stream).then_some(InvokeAction::Invoke);
        let mut last = Said::Unknown;
        for action in std::iter::once(action).chain(also) {
            let request = request(principal.clone(), action.iam(), &arn, intent, Context::new());
            last = said(&explain(&request, &policies));
            if matches!(last, Said::Denied(_)) {
                break;
            }
        }
        last
    }

    /// `None` when they can't be read; documents that can't be parsed are left out, as AWS would have refused them.
    async fn policies_of(&self, connection: &ConnectionId, caller: &CallerArn) -> Option<Vec<NamedPolicy>> {
        let read = self.inner.gateways.iam.identity_policies(connection, caller).await.ok()??;
        let parsed = read
            .documents
            .into_iter()
            .filter_map(|(name, text)| Some(NamedPolicy::new(name, PolicyDocument::parse(&text).ok()?)));
        Some(parsed.collect())
    }
}

/// What the caller's own policies say, the trust policy being out of sight: they can deny by themselves, and what they
/// allow is no more than half of it.
fn own_side_said(
    intent: &ShareIntent,
    principal: Principal,
    identity: &[NamedPolicy],
    external_id: Option<&str>,
) -> Said {
    let Ok(open) = PolicyDocument::parse(OPEN_TRUST) else { return Said::Unknown };
    let trust = NamedPolicy::new("trust policy", open);
    let context = external_id.map_or_else(Context::new, |id| Context::new().with("sts:ExternalId", id));
    let request = request(principal, "sts:AssumeRole", intent.role_arn().as_str(), intent, context);
    let policies =
        Policies { identity, resource: Some(&trust), resource_kind: ResourceKind::Trust, ..Policies::default() };
    match said(&explain(&request, &policies)) {
        Said::Allowed => Said::Unknown,
        other => other,
    }
}

/// Lets everybody in: leaves the decision to the caller's own policies.
const OPEN_TRUST: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

fn request(principal: Principal, action: &str, resource: &str, intent: &ShareIntent, context: Context) -> Request {
    Request {
        principal,
        action: action.into(),
        resource: resource.into(),
        resource_account: intent.parent.clone(),
        context,
    }
}

/// SageMaker lower-cases endpoint ARNs.
fn endpoint_arn(intent: &ShareIntent, endpoint: &EndpointName) -> String {
    let lower = endpoint.as_str().to_lowercase();
    if let EndpointScope::Named(arns) = &intent.endpoints
        && let Some(arn) = arns.iter().find(|arn| arn.lower_name() == lower)
    {
        return arn.to_string();
    }
    format!("arn:{}:sagemaker:{}:{}:endpoint/{lower}", intent.region.partition(), intent.region, intent.parent)
}

fn said(explanation: &Explanation) -> Said {
    if explanation.decision == Decision::Allowed {
        return Said::Allowed;
    }
    Said::Denied(DenialExplanation {
        sentence: explanation.sentence(),
        details: explanation.details(),
        fix: explanation.fix(),
        question: None,
    })
}

fn told(said: Said, operation: &str) -> DenialExplanation {
    match said {
        Said::Denied(explanation) => explanation,
        Said::Allowed => DenialExplanation {
            sentence: format!("as far as the documents can be read, {operation} is allowed on both sides"),
            details: vec![
                "IAM's changes take 10 to 60 s to be seen everywhere".into(),
                "A permissions boundary or a service control policy of either organisation may deny; this console can't read those".into(),
            ],
            fix: Some("wait a minute and try again; if it stays so, ask for the boundaries and service control policies".into()),
            question: None,
        },
        Said::Unknown => DenialExplanation {
            sentence: "why can't be said: the policies of one side can't be read from here".into(),
            details: vec!["Reading them takes iam:GetRole, iam:ListAttachedRolePolicies, iam:GetPolicyVersion and their like".into()],
            fix: None,
            question: None,
        },
    }
}

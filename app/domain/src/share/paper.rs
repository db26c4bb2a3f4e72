//! What single documents of a share allow, decided on paper: everything around them is taken for granted.

use crate::arn::{CallerArn, CallerKind};
use crate::evaluate::{Context, Decision, NamedPolicy, Policies, Principal, Request, ResourceKind, decide};
use crate::names::ExternalId;
use crate::policy::{PolicyDocument, Statement};
use crate::share::intent::{CallerScope, EndpointScope, ShareIntent};
use crate::share::{render, results};

/// A name nobody has, to stand for whoever the child's administrators allow.
const SOMEBODY: &str = "somebody";

/// Whom to ask the trust policy for: the named callers, or some role of the child when the whole account is trusted.
pub(super) fn askers(intent: &ShareIntent) -> Vec<CallerArn> {
    match &intent.callers {
        CallerScope::Named(callers) => callers.iter().cloned().collect(),
        CallerScope::WholeAccount => {
            let text = format!("arn:{}:iam::{}:role/{SOMEBODY}", intent.region.partition(), intent.child);
            CallerArn::parse(&text).into_iter().collect()
        }
    }
}

/// Whether a trust policy lets `caller`, whose own policies allow it, assume the share's role with this external ID.
pub(super) fn may_assume(
    intent: &ShareIntent,
    trust: &PolicyDocument,
    caller: &CallerArn,
    external_id: Option<&ExternalId>,
) -> bool {
    let own = PolicyDocument::new([Statement::allow(["sts:AssumeRole"]).on(["*"])]);
    assumes(intent, &own, trust, caller, external_id)
}

/// Whether a grant lets its holders assume the share's role, its trust policy being as asked for.
pub(super) fn grants_the_role(intent: &ShareIntent, grant: &PolicyDocument) -> bool {
    let Ok(trust) = PolicyDocument::parse(&render::trust_policy(intent)) else { return false };
    let asker = askers(intent).into_iter().next();
    asker.is_some_and(|caller| assumes(intent, grant, &trust, &caller, intent.external_id.as_ref()))
}

fn assumes(
    intent: &ShareIntent,
    own: &PolicyDocument,
    trust: &PolicyDocument,
    caller: &CallerArn,
    external_id: Option<&ExternalId>,
) -> bool {
    let principal = match caller.kind() {
        CallerKind::Role => Principal::role(caller.arn().clone(), None),
        CallerKind::User => Principal::user(caller.arn().clone(), None),
    };
    let Ok(principal) = principal else { return false };
    let context = external_id.map_or_else(Context::new, |id| Context::new().with("sts:ExternalId", id.as_str()));
    let request = Request {
        principal,
        action: "sts:AssumeRole".into(),
        resource: intent.role_arn().as_str().into(),
        resource_account: intent.parent.clone(),
        context,
    };
    let identity = [NamedPolicy::new("own", own.clone())];
    let trust = NamedPolicy::new("trust policy", trust.clone());
    let policies = Policies {
        identity: &identity,
        resource: Some(&trust),
        resource_kind: ResourceKind::Trust,
        ..Policies::default()
    };
    decide(&request, &policies) == Decision::Allowed
}

/// Which of the share's calls a policy of the role does not allow, as `action on endpoint`.
pub(super) fn refused_calls(intent: &ShareIntent, policy: &PolicyDocument) -> Vec<String> {
    let identity = [NamedPolicy::new("policy", policy.clone())];
    let endpoints: Vec<(String, String)> = match &intent.endpoints {
        EndpointScope::Named(arns) => {
            arns.iter().map(|arn| (arn.as_str().to_owned(), format!("`{}`", arn.lower_name()))).collect()
        }
        EndpointScope::All => render::resources(intent)
            .into_iter()
            .map(|all| (all.replace('*', SOMEBODY), format!("every endpoint in {}", intent.region)))
            .collect(),
    };
    let Ok(principal) = Principal::role(intent.role_arn(), None) else { return Vec::new() };
    let mut refused = Vec::new();
    for action in render::actions(intent) {
        for (resource, name) in &endpoints {
            let request = Request {
                principal: principal.clone(),
                action: action.into(),
                resource: resource.clone(),
                resource_account: intent.parent.clone(),
                context: Context::new(),
            };
            let policies = Policies { identity: &identity, ..Policies::default() };
            if decide(&request, &policies) != Decision::Allowed {
                refused.push(format!("{} on {name}", action.trim_start_matches("sagemaker:")));
            }
        }
    }
    for results::Asked { action, resource, prefix, words } in results::requests(intent) {
        let context = prefix.map_or_else(Context::new, |prefix| Context::new().with("s3:prefix", prefix));
        let request = Request {
            principal: principal.clone(),
            action: action.into(),
            resource,
            resource_account: intent.parent.clone(),
            context,
        };
        if decide(&request, &Policies { identity: &identity, ..Policies::default() }) != Decision::Allowed {
            refused.push(words);
        }
    }
    refused
}

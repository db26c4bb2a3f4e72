//! Recognising a role that is a share in all but name.

use super::rebuild::{name, role_name};
use super::shape::{self, Reach, Trust};
use super::{WhyNot, share_of};
use crate::arn::{Arn, CallerArn};
use crate::names::{AccountId, ConnectionId, ExternalId, PolicyName, Region, RoleName, ShareId};
use crate::policy::same_meaning;
use crate::share::checks::coverage;
use crate::share::diff::canonical;
use crate::share::drift::Documents;
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, Resource, ShareIntent};
use crate::share::inventory::{ObservedPolicy, ObservedRole};
use crate::share::{TAG_SHARE, render};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a document that is written anew allows, compared with before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The same in other words.
    Same,
    /// Less.
    Narrower,
    /// More.
    Wider,
    /// Something else.
    Different,
}

/// A document that adopting a role writes anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// As it will be (`expected`) and as it is (`found`).
    pub documents: Documents,
    /// What that changes.
    pub effect: Effect,
    /// What that changes, in a sentence.
    pub sentence: String,
}

/// A role of a share's shape that is none yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCandidate {
    /// The role.
    pub role: Arn,
    /// Its name.
    pub role_name: RoleName,
    /// The policy that lets it invoke.
    pub policy_name: PolicyName,
    /// The account of both.
    pub parent: AccountId,
    /// The account it trusts.
    pub child: AccountId,
    /// Where the endpoints are.
    pub region: Region,
    /// Which endpoints.
    pub endpoints: EndpointScope,
    /// Who may assume it.
    pub callers: CallerScope,
    /// In which ways they may invoke.
    pub actions: BTreeSet<InvokeAction>,
    /// MaxSessionDuration in seconds.
    pub session_seconds: u32,
    /// What the trust policy asks for.
    pub external_id: Option<ExternalId>,
    /// Unique ids of callers that are no more; adopting leaves them out.
    pub orphans: Vec<String>,
    /// What else the role has: names of policies, which stay as they are.
    pub extras: Vec<String>,
    /// How the trust policy changes; `None`: not at all.
    pub trust: Option<Rewrite>,
    /// How the policy changes; `None`: not at all.
    pub policy: Option<Rewrite>,
}

/// What a candidate doesn't say and the person chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptParams {
    /// The share it becomes.
    pub id: ShareId,
    /// How the parent is reached.
    pub parent_connection: ConnectionId,
    /// How the child is reached, when it is connected.
    pub child_connection: Option<ConnectionId>,
    /// What the child's policy is to be called.
    pub grant_name: PolicyName,
    /// Who in the child gets it. Callers that another policy lets assume the role already need nothing.
    pub grantees: BTreeSet<CallerArn>,
    /// Who the console is in the child, if it is one of the callers.
    pub console: Option<CallerArn>,
}

impl ImportCandidate {
    /// Whether adopting the role writes tags and nothing else to the parent.
    pub fn tags_only(&self) -> bool {
        self.trust.is_none() && self.policy.is_none()
    }
    /// What adopting changes, a sentence each.
    pub fn changes(&self) -> Vec<String> {
        let tags = format!("`{}` and `{}` are tagged as a share's.", self.role_name, self.policy_name);
        let rewrites = [&self.trust, &self.policy].into_iter().flatten().map(|rewrite| rewrite.sentence.clone());
        let extras = (!self.extras.is_empty()).then(|| {
            let names: Vec<String> = self.extras.iter().map(|name| format!("`{name}`")).collect();
            format!("What else the role has stays, and its callers keep it: {}.", names.join(", "))
        });
        std::iter::once(tags).chain(rewrites).chain(extras).collect()
    }
    /// The share it becomes, for the wizard's review: consent to take over role and policy is part of it.
    pub fn intent(&self, params: AdoptParams) -> ShareIntent {
        let console = params
            .console
            .filter(|console| matches!(&self.callers, CallerScope::Named(callers) if callers.contains(console)));
        ShareIntent {
            id: params.id,
            parent_side: ParentSide::Connected(params.parent_connection),
            parent: self.parent.clone(),
            region: self.region.clone(),
            endpoints: self.endpoints.clone(),
            child_connection: params.child_connection,
            child: self.child.clone(),
            callers: self.callers.clone(),
            actions: self.actions.clone(),
            policy_name: self.policy_name.clone(),
            role_name: self.role_name.clone(),
            session_seconds: self.session_seconds,
            external_id: self.external_id.clone(),
            rotation: None,
            results: BTreeSet::new(),
            grant_name: params.grant_name,
            grantees: params.grantees,
            adopt: false,
            adopting: [Resource::Policy, Resource::Role].into(),
            accepted: false,
            console,
        }
    }
}

/// Whether a role without a share's tag could be adopted: it trusts one other account, with an external ID or without, and
/// one of the account's own managed policies on it allows invoking endpoints by ARN. `policies` are those of the account
/// that are attached to the role, at least.
pub fn recognise(role: &ObservedRole, policies: &[ObservedPolicy]) -> Result<ImportCandidate, WhyNot> {
    if let Some(share) = role.tags.get(TAG_SHARE) {
        return Err(WhyNot::Tagged(share.clone()));
    }
    let role_name = role_name(role)?;
    let parent = role.arn.account_id().ok_or_else(|| WhyNot::Path(role.arn.clone()))?;
    let trust = shape::trust(role, &parent)?;
    let (policy, reach) = invoking(role, policies, &parent)?;
    let policy_name = name(policy)?;
    // What a share opens in S3 belongs to its tag; of a role without one it is a permission like any other.
    if !reach.results.is_empty() {
        return Err(WhyNot::OtherAction { policy: policy_name.to_string(), action: "s3:GetObject".into() });
    }
    let others = role.attached.iter().filter(|arn| **arn != policy.arn).map(|arn| arn.resource_name());
    let extras = others.chain(role.inline.iter().map(|inline| inline.as_str())).map(str::to_owned).collect();
    let mut candidate = ImportCandidate {
        role: role.arn.clone(),
        role_name,
        policy_name,
        parent,
        child: trust.child.clone(),
        region: reach.region,
        endpoints: reach.endpoints,
        callers: trust.callers.clone(),
        actions: reach.actions,
        session_seconds: role.max_session_seconds,
        external_id: trust.external_id.clone(),
        orphans: trust.orphans.clone(),
        extras,
        trust: None,
        policy: None,
    };
    let share = candidate.intent(placeholder(&candidate)?);
    candidate.trust = trust_rewrite(role, &trust, &share);
    candidate.policy = policy_rewrite(policy, &share);
    Ok(candidate)
}

/// Choices that no document of the parent depends on.
fn placeholder(candidate: &ImportCandidate) -> Result<AdoptParams, WhyNot> {
    let unnamed = |_| WhyNot::Path(candidate.role.clone());
    Ok(AdoptParams {
        id: ShareId::parse("candidate").map_err(unnamed)?,
        parent_connection: ConnectionId::parse("candidate").map_err(unnamed)?,
        child_connection: None,
        grant_name: candidate.policy_name.clone(),
        grantees: BTreeSet::new(),
        console: None,
    })
}

/// The one policy that lets the role invoke. Of several that don't, the reason of the first is told.
fn invoking<'a>(
    role: &ObservedRole,
    policies: &'a [ObservedPolicy],
    parent: &AccountId,
) -> Result<(&'a ObservedPolicy, Reach), WhyNot> {
    let mut found = Vec::new();
    let mut why = None;
    for policy in policies.iter().filter(|policy| role.attached.contains(&policy.arn)) {
        match shape::reach(policy, parent) {
            Ok(reach) => found.push((policy, reach)),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    if found.len() > 1 {
        return Err(WhyNot::SeveralPolicies(found.iter().map(|(p, _)| p.arn.resource_name().to_owned()).collect()));
    }
    let Some((policy, reach)) = found.pop() else {
        let inline: Vec<String> = role.inline.iter().map(ToString::to_string).collect();
        return Err(match why {
            Some(why) => why,
            None if !inline.is_empty() => WhyNot::Inline(inline),
            None => WhyNot::NoPolicy,
        });
    };
    match share_of(&policy.tags) {
        Some(share) => {
            Err(WhyNot::PolicyTagged { policy: policy.arn.resource_name().to_owned(), share: share.to_string() })
        }
        None => Ok((policy, reach)),
    }
}

fn trust_rewrite(role: &ObservedRole, trust: &Trust, share: &ShareIntent) -> Option<Rewrite> {
    let wanted = render::trust_policy(share);
    if same_meaning(&role.trust, &wanted) {
        return None;
    }
    let marks = role.trust.contains("sts:TagSession") || role.trust.contains("sts:SetSourceIdentity");
    let (effect, sentence) = match (trust.orphans.len(), marks) {
        (0, false) => (Effect::Same, "The trust policy is put in the console's words; who may assume the role stays."),
        (0, true) => {
            (Effect::Narrower, "The trust policy no longer lets callers tag sessions or set a source identity.")
        }
        (_, false) => (Effect::Same, "The trust policy no longer names who was deleted; everyone else stays."),
        (_, true) => (
            Effect::Narrower,
            "The trust policy no longer names who was deleted, nor lets callers tag sessions or set a source identity.",
        ),
    };
    let title = format!("{} · trust policy", share.role_name);
    let documents = Documents { title, expected: wanted, found: canonical(&role.trust) };
    Some(Rewrite { documents, effect, sentence: sentence.into() })
}

fn policy_rewrite(policy: &ObservedPolicy, share: &ShareIntent) -> Option<Rewrite> {
    let wanted = render::invoke_policy(share);
    if same_meaning(&policy.document, &wanted) {
        return None;
    }
    let name = &share.policy_name;
    let (effect, what) = match coverage(&policy.document, &wanted) {
        Some((true, true)) => (Effect::Same, "is put in the console's words; what it allows stays"),
        Some((true, false)) => (Effect::Narrower, "will allow less: what the share names and nothing else"),
        Some((false, true)) => (Effect::Wider, "will allow more: streaming asks for `sagemaker:InvokeEndpoint` too"),
        _ => (Effect::Different, "will name endpoints in lower case, as SageMaker does: with capitals it matches none"),
    };
    let documents = Documents { title: name.to_string(), expected: wanted, found: canonical(&policy.document) };
    Some(Rewrite { documents, effect, sentence: format!("Policy `{name}` {what}.") })
}

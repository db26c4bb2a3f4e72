//! Looks whether a step has taken effect: after a crash or a lost answer, nobody knows.

use super::functions;
use super::perform::version_id;
use crate::Services;
use crate::ports::gateway::GatewayResult;
use domain::arn::{Arn, CallerArn};
use domain::names::{PolicyName, RoleName, ShareId};
use domain::policy::same_meaning;
use domain::share::TAG_SHARE;
use domain::share::inventory::{ObservedPolicy, ObservedRole};
use domain::share::plan::{Action, Holder, Step};
use std::collections::BTreeMap;

/// What was found.
pub(super) enum Seen {
    /// It has taken effect; with what undoing needs to know.
    Done(Option<String>),
    /// It has not, as far as IAM shows.
    NotYet,
    /// What is there belongs to someone else: hands off.
    Foreign,
}

/// Looks whether `step` has taken effect. Reads only.
pub(super) async fn probe(
    services: &Services,
    share: &ShareId,
    step: &Step,
    results: &BTreeMap<String, String>,
) -> GatewayResult<Seen> {
    let look = Look { services, share, step };
    match &step.action {
        Action::CreatePolicy { arn, .. } => Ok(look.policy(arn).await?.map_or(Seen::NotYet, |p| look.made(&p.tags))),
        Action::CreateRole { name, .. } => Ok(look.role(name).await?.map_or(Seen::NotYet, |r| look.made(&r.tags))),
        Action::DeletePolicy { policy } => {
            Ok(look.policy(policy).await?.map_or(Seen::Done(None), |p| look.mine(&p.tags)))
        }
        Action::DeleteRole { role } => Ok(look.role(role).await?.map_or(Seen::Done(None), |r| look.mine(&r.tags))),
        Action::CreatePolicyVersion { policy, document, previous } => {
            let found = look.policy(policy).await?;
            Ok(found.map_or(Seen::NotYet, |p| version_made(&p, document, &previous.0)))
        }
        Action::DeletePolicyVersion { policy, version } => {
            let found = look.policy(policy).await?;
            let id = version_id(version, results);
            Ok(done_if(!found.is_some_and(|p| p.versions.iter().any(|v| Some(v.id.as_str()) == id))))
        }
        Action::SetDefaultPolicyVersion { policy, version, .. } => {
            let found = look.policy(policy).await?;
            Ok(done_if(found.is_some_and(|p| p.versions.iter().any(|v| v.is_default && v.id == *version))))
        }
        Action::TagPolicy { policy, tags, .. } => {
            Ok(done_if(look.policy(policy).await?.is_some_and(|p| holds(&p.tags, tags))))
        }
        Action::TagRole { role, tags, .. } => Ok(done_if(look.role(role).await?.is_some_and(|r| holds(&r.tags, tags)))),
        Action::UntagPolicy { policy, keys } => {
            Ok(done_if(!look.policy(policy).await?.is_some_and(|p| keys.iter().any(|k| p.tags.contains_key(k)))))
        }
        Action::UntagRole { role, keys } => {
            Ok(done_if(!look.role(role).await?.is_some_and(|r| keys.iter().any(|k| r.tags.contains_key(k)))))
        }
        Action::UpdateTrust { role, trust, .. } => {
            Ok(done_if(look.role(role).await?.is_some_and(|r| same_meaning(&r.trust, trust))))
        }
        Action::UpdateMaxSession { role, seconds, .. } => {
            Ok(done_if(look.role(role).await?.is_some_and(|r| r.max_session_seconds == *seconds)))
        }
        Action::PutInlinePolicy { holder, name, document, .. } => {
            Ok(done_if(look.inline(holder, name).await?.is_some_and(|text| same_meaning(&text, document))))
        }
        Action::DeleteInlinePolicy { holder, name, .. } => Ok(done_if(look.inline(holder, name).await?.is_none())),
        Action::RemoveBoundary { role, .. } => Ok(done_if(look.role(role).await?.is_none_or(|r| r.boundary.is_none()))),
        Action::Attach { to, policy } => Ok(done_if(look.attached(to, policy).await?)),
        Action::Detach { from, policy } => Ok(done_if(!look.attached(from, policy).await?)),
        Action::CreateFunction { .. }
        | Action::UpdateFunctionCode { .. }
        | Action::UpdateFunctionEnvironment { .. }
        | Action::AwaitFunction { .. }
        | Action::DeleteFunction { .. } => functions::probe(services, share, step).await,
    }
}

fn done_if(so: bool) -> Seen {
    if so { Seen::Done(None) } else { Seen::NotYet }
}

fn holds(tags: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| tags.get(key) == Some(value))
}

/// The version in force says what ours would, and is not the one from before: it is ours.
fn version_made(policy: &ObservedPolicy, document: &str, previous: &str) -> Seen {
    let default = policy.versions.iter().find(|v| v.is_default);
    match default.filter(|v| v.id != previous && same_meaning(&policy.document, document)) {
        Some(version) => Seen::Done(Some(version.id.clone())),
        None => Seen::NotYet,
    }
}

struct Look<'a> {
    services: &'a Services,
    share: &'a ShareId,
    step: &'a Step,
}

impl Look<'_> {
    async fn policy(&self, arn: &Arn) -> GatewayResult<Option<ObservedPolicy>> {
        self.services.inner.gateways.iam.policy(&self.step.connection, arn).await
    }
    async fn role(&self, name: &RoleName) -> GatewayResult<Option<ObservedRole>> {
        self.services.inner.gateways.iam.role(&self.step.connection, name).await
    }
    async fn inline(&self, holder: &Holder, name: &PolicyName) -> GatewayResult<Option<String>> {
        self.services.inner.gateways.iam.inline_policy(&self.step.connection, holder, name).await
    }
    async fn attached(&self, who: &CallerArn, policy: &Arn) -> GatewayResult<bool> {
        let attached = self.services.inner.gateways.iam.attached(&self.step.connection, who).await?;
        Ok(attached.is_some_and(|all| all.contains(policy)))
    }
    fn ours(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get(TAG_SHARE).is_some_and(|id| id == self.share.as_str())
    }
    /// Something that was to be made exists: ours or someone else's.
    fn made(&self, tags: &BTreeMap<String, String>) -> Seen {
        if self.ours(tags) { Seen::Done(None) } else { Seen::Foreign }
    }
    /// Something that was to be deleted exists still: only ours may go.
    fn mine(&self, tags: &BTreeMap<String, String>) -> Seen {
        if self.ours(tags) { Seen::NotYet } else { Seen::Foreign }
    }
}

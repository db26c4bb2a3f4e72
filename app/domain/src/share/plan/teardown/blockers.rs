//! What others did that is in a tear-down's way, and clearing it with consent.

use super::{
    Action, AwsPrincipal, BTreeSet, Blocker, CallerArn, Clearing, Holder, PolicyDocument, PrincipalPattern, Scene,
    Side, Step, VersionRef,
};
use crate::arn::{Arn, CallerKind};
use crate::names::PolicyName;
use crate::share::inventory::{ObservedPolicy, ObservedRole};

/// How many versions a managed policy may have (IAM user guide, "IAM and AWS STS quotas").
const VERSIONS: usize = 5;

impl Scene<'_> {
    /// Finds the blockers and fits the plan to the consent: with it they are cleared, without it they are not touched.
    pub(super) fn settle(&mut self) -> Vec<Blocker> {
        let mut all = Vec::new();
        let deletes_role = |step: &Step| matches!(step.action, Action::DeleteRole { .. });
        if let Some(role) = &self.inventory.role
            && let Some(delete) = self.steps.iter().find(|step| deletes_role(step)).map(|step| step.id.clone())
        {
            all.extend(self.policies_on_role(role));
            all.extend(self.inline_on_role(role, &delete));
        }
        for (side, policy) in self.policies() {
            let deletes = |a: &Action| matches!(a, Action::DeletePolicy { policy: what } if *what == policy.arn);
            if self.steps.iter().any(|step| deletes(&step.action)) {
                all.extend(self.holders_of(side, policy));
                all.extend(self.groups_of(side, policy));
                all.extend(bounded_by(side, policy));
                all.extend(self.versions_of(side, policy));
            } else {
                all.extend(self.room_in(side, policy));
            }
        }
        all.extend(self.changed_elsewhere());
        for at in 0..self.steps.len() {
            all.extend(self.trust_given_back(at));
        }
        all
    }

    /// A blocker that the plan has a step for already, which goes without consent.
    fn by_step(&mut self, step: Option<String>, blocker: Blocker) -> Blocker {
        let cleared = self.consented(&blocker.key);
        if let Some(id) = step.filter(|_| !cleared) {
            self.drop_step(&id);
        }
        Blocker { cleared, ..blocker }
    }

    fn detaching(&self, who: &CallerArn, what: &Arn) -> Option<String> {
        let detaches = |a: &Action| matches!(a, Action::Detach { from, policy } if from == who && policy == what);
        self.steps.iter().find(|step| detaches(&step.action)).map(|step| step.id.clone())
    }

    fn attached_by_us(&self, kind: CallerKind, name: &str, what: &Arn) -> bool {
        let attached = |a: &Action| matches!(a, Action::Attach { to, policy } if policy == what && to.kind() == kind && to.name() == name);
        self.past().any(|(step, _)| attached(&step.action))
    }

    fn policies_on_role(&mut self, role: &ObservedRole) -> Vec<Blocker> {
        let name = role.arn.resource_name().to_owned();
        let Ok(holder) = CallerArn::parse(role.arn.as_str()) else { return Vec::new() };
        let own = self.intent.policy_arn();
        let others = role.attached.iter().filter(|arn| **arn != own);
        let others: Vec<&Arn> = others.filter(|arn| !self.attached_by_us(CallerKind::Role, &name, arn)).collect();
        let tell = |arn: &Arn| Blocker {
            key: format!("policy:{name}:{arn}"),
            side: Side::Parent,
            resource: name.clone(),
            sentence: format!("Policy `{}` is attached to `{name}`, and not by this share.", arn.resource_name()),
            hint: "With your consent it is detached; the policy itself stays.".into(),
            clearing: Clearing::WithConsent,
            cleared: false,
        };
        others.into_iter().map(|arn| self.by_step(self.detaching(&holder, arn), tell(arn))).collect()
    }

    fn inline_on_role(&mut self, role: &ObservedRole, delete: &str) -> Vec<Blocker> {
        let name = self.intent.role_name.clone();
        let holder = Holder::Role(name.clone());
        let mut all = Vec::new();
        for inline in &role.inline {
            // What a repair of the share put there goes with the share.
            let deletes = |a: &Action| matches!(a, Action::DeleteInlinePolicy { holder: of, name, .. } if *of == holder && name == inline);
            if self.steps.iter().any(|step| deletes(&step.action)) {
                continue;
            }
            let key = format!("inline:{name}:{inline}");
            let cleared = self.consented(&key);
            if cleared && let Some(step) = self.delete_inline(inline) {
                self.put_before(delete, step);
            }
            all.push(Blocker {
                key,
                side: Side::Parent,
                resource: name.to_string(),
                sentence: format!("Inline policy `{inline}` is on `{name}`, and not by this share."),
                hint:
                    "With your consent it is deleted; what it says is kept in the run's journal where it could be read."
                        .into(),
                clearing: Clearing::WithConsent,
                cleared,
            });
        }
        all
    }

    fn delete_inline(&self, inline: &PolicyName) -> Option<Step> {
        let previous = self.inventory.role_documents.get(inline.as_str()).cloned().unwrap_or_default();
        let holder = Holder::Role(self.intent.role_name.clone());
        let action = Action::DeleteInlinePolicy { holder, name: inline.clone(), previous };
        Some(Step {
            id: format!("parent-role-foreign-{inline}"),
            title: action.title(),
            side: Side::Parent,
            account: self.intent.parent.clone(),
            connection: self.intent.parent_connection()?.clone(),
            action,
            after: Vec::new(),
        })
    }

    fn holders_of(&mut self, side: Side, policy: &ObservedPolicy) -> Vec<Blocker> {
        let name = policy.arn.resource_name().to_owned();
        let roles = policy.attached_roles.iter().map(|holder| (CallerKind::Role, holder));
        let all = roles.chain(policy.attached_users.iter().map(|holder| (CallerKind::User, holder)));
        let own_role = |kind, holder: &str| {
            side == Side::Parent && kind == CallerKind::Role && holder == self.intent.role_name.as_str()
        };
        let others: Vec<(CallerKind, &String)> = all
            .filter(|(kind, holder)| !own_role(*kind, holder) && !self.attached_by_us(*kind, holder, &policy.arn))
            .collect();
        let mut found = Vec::new();
        for (kind, holder) in others {
            let word = if kind == CallerKind::Role { "role" } else { "user" };
            let blocker = Blocker {
                key: format!("holder:{}:{word}/{holder}", policy.arn),
                side,
                resource: name.clone(),
                sentence: format!("Policy `{name}` is attached to {word} `{holder}`, and not by this share."),
                hint: format!("With your consent it is detached, and `{holder}` loses what it allows."),
                clearing: Clearing::WithConsent,
                cleared: false,
            };
            let detaches = |a: &Action| matches!(a, Action::Detach { from, policy: what } if *what == policy.arn && from.kind() == kind && from.name() == holder);
            let step = self.steps.iter().find(|step| detaches(&step.action)).map(|step| step.id.clone());
            found.push(self.by_step(step, blocker));
        }
        found
    }

    fn groups_of(&self, side: Side, policy: &ObservedPolicy) -> Vec<Blocker> {
        let name = policy.arn.resource_name();
        let tell = |group: &String| Blocker {
            key: format!("holder:{}:group/{group}", policy.arn),
            side,
            resource: name.into(),
            sentence: format!("Policy `{name}` is attached to group `{group}`, and not by this share."),
            hint: format!(
                "Detach it from the group in account {}; the console leaves groups alone.",
                policy.arn.account()
            ),
            clearing: Clearing::ByHand,
            cleared: false,
        };
        policy.attached_groups.iter().map(tell).collect()
    }

    /// Versions that no run made. Where a version's answer was lost, it can't be told from one that others made.
    fn versions_of(&mut self, side: Side, policy: &ObservedPolicy) -> Vec<Blocker> {
        let name = policy.arn.resource_name().to_owned();
        let made = |a: &Action| matches!(a, Action::CreatePolicyVersion { policy: what, .. } if *what == policy.arn);
        let results = self.past().filter(|(step, _)| made(&step.action)).filter_map(|(_, result)| result);
        let ours: BTreeSet<String> = results.map(str::to_owned).chain(["v1".to_owned()]).collect();
        let others = policy.versions.iter().filter(|v| !v.is_default && !ours.contains(&v.id));
        let others: Vec<String> = others.map(|v| v.id.clone()).collect();
        let mut found = Vec::new();
        for id in others {
            let blocker = Blocker {
                key: format!("version:{}:{id}", policy.arn),
                side,
                resource: name.clone(),
                sentence: format!("Policy `{name}` has a version {}, which this share did not make.", bare(&id)),
                hint: "With your consent it is deleted with the policy.".into(),
                clearing: Clearing::WithConsent,
                cleared: false,
            };
            let step = self.deleting(&policy.arn, &id);
            found.push(self.by_step(step, blocker));
        }
        found
    }

    fn deleting(&self, policy: &Arn, id: &str) -> Option<String> {
        let version = VersionRef::Id(id.to_owned());
        let deletes = |a: &Action| matches!(a, Action::DeletePolicyVersion { policy: what, version: which } if what == policy && *which == version);
        self.steps.iter().find(|step| deletes(&step.action)).map(|step| step.id.clone())
    }

    /// A policy that is given back gets its text back as a new version, for which there may be no room.
    fn room_in(&mut self, side: Side, policy: &ObservedPolicy) -> Option<Blocker> {
        let restores =
            |a: &Action| matches!(a, Action::CreatePolicyVersion { policy: what, .. } if *what == policy.arn);
        let restore = self.steps.iter().find(|step| restores(&step.action))?.clone();
        let first: Vec<&String> = restore.after.iter().collect();
        let freed =
            policy.versions.iter().filter(|v| self.deleting(&policy.arn, &v.id).is_some_and(|id| first.contains(&&id)));
        if policy.versions.len() - freed.count() < VERSIONS {
            return None;
        }
        let spare = policy.versions.iter().filter(|v| !v.is_default);
        let oldest = spare.min_by_key(|v| bare(&v.id).parse::<u64>().unwrap_or(u64::MAX))?.id.clone();
        let name = policy.arn.resource_name();
        let key = format!("room:{}:{oldest}", policy.arn);
        let cleared = self.consented(&key);
        if cleared {
            let action =
                Action::DeletePolicyVersion { policy: policy.arn.clone(), version: VersionRef::Id(oldest.clone()) };
            let title = format!("Delete version {} of {name} to make room", bare(&oldest));
            let step = Step { id: format!("{}-room", restore.id), title, action, after: Vec::new(), ..restore.clone() };
            self.put_before(&restore.id, step);
        }
        Some(Blocker {
            key,
            side,
            resource: name.into(),
            sentence: format!("Policy `{name}` has five versions, so that its earlier text can't be put back."),
            hint: format!("With your consent version {} is deleted, the oldest that is not in force.", bare(&oldest)),
            clearing: Clearing::WithConsent,
            cleared,
        })
    }

    /// A role gets its trust policy back, which may name who is no more: IAM refuses that (IAM user guide, "AWS JSON
    /// policy elements: Principal").
    fn trust_given_back(&mut self, at: usize) -> Option<Blocker> {
        let (side, account) = (self.steps[at].side, self.steps[at].account.clone());
        let Action::UpdateTrust { role, trust, .. } = &self.steps[at].action else { return None };
        let (role, before) = (role.clone(), PolicyDocument::parse(trust).ok()?);
        let gone = self.gone_from(&before);
        if gone.is_empty() {
            return None;
        }
        let rest = without(&before, &gone);
        let own = role == self.intent.role_name && account == self.intent.parent;
        let key = if own { format!("trust:{role}") } else { format!("trust:{account}:{role}") };
        let clearing = if rest.is_some() { Clearing::WithConsent } else { Clearing::ByHand };
        let cleared = rest.is_some() && self.consented(&key);
        if let (true, Some(rest), Action::UpdateTrust { trust, .. }) = (cleared, &rest, &mut self.steps[at].action) {
            *trust = rest.pretty();
        }
        let names: Vec<String> = gone.iter().map(|id| format!("`{id}`")).collect();
        let hint = match clearing {
            Clearing::WithConsent => "With your consent the trust policy is put back without what was deleted.",
            Clearing::ByHand => {
                "Write a trust policy for the role in IAM that is fit for what it is to do without this share, then undo."
            }
        };
        Some(Blocker {
            key,
            side,
            resource: role.to_string(),
            sentence: format!(
                "The trust policy that `{role}` had before names {}, which was deleted: IAM refuses it.",
                names.join(", ")
            ),
            hint: hint.into(),
            clearing,
            cleared,
        })
    }

    fn gone_from(&self, trust: &PolicyDocument) -> BTreeSet<String> {
        let missing = self.inventory.child.iter().flat_map(|child| &child.missing_callers);
        let missing: BTreeSet<&str> = missing.map(CallerArn::as_str).collect();
        let named = trust.statements.iter().filter_map(|s| s.principal.as_ref()).flat_map(|clause| &clause.principals);
        let gone = named.filter(|principal| match principal {
            PrincipalPattern::Aws(AwsPrincipal::UniqueId(_)) => true,
            PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) => missing.contains(arn.as_str()),
            _ => false,
        });
        gone.map(|principal| principal.parts().1.to_owned()).collect()
    }
}

/// Whom a policy is the permissions boundary of. Taking a boundary off lets somebody do more, and putting another one in
/// its place is for whoever set it.
fn bounded_by(side: Side, policy: &ObservedPolicy) -> Vec<Blocker> {
    let name = policy.arn.resource_name();
    let tell = |holder: &String| {
        let who = holder.replacen('/', " `", 1);
        Blocker {
            key: format!("boundary:{}:{holder}", policy.arn),
            side,
            resource: name.into(),
            sentence: format!("Policy `{name}` is the permissions boundary of {who}`, and not by this share."),
            hint: format!(
                "Give it another boundary in account {}; the console takes none off, since that would let it do more.",
                policy.arn.account()
            ),
            clearing: Clearing::ByHand,
            cleared: false,
        }
    };
    policy.bounding.iter().map(tell).collect()
}

/// The document without these principals and without statements that then speak of nobody; `None` when nothing is left.
fn without(trust: &PolicyDocument, gone: &BTreeSet<String>) -> Option<PolicyDocument> {
    let mut rest = trust.clone();
    for clause in rest.statements.iter_mut().filter_map(|s| s.principal.as_mut()) {
        clause.principals.retain(|principal| !gone.contains(principal.parts().1));
    }
    rest.statements.retain(|s| s.principal.as_ref().is_none_or(|clause| !clause.principals.is_empty()));
    (!rest.statements.is_empty()).then_some(rest)
}

fn bare(version: &str) -> &str {
    version.trim_start_matches('v')
}

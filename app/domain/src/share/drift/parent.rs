//! The parent's side: the role and its policy.

use super::changed::{Wanted, documents};
use super::{Finding, FindingKind, Look, Mend, finding};
use crate::share::Side::Parent;
use crate::share::checks::Severity;
use crate::share::diff::canonical;
use crate::share::intent::Resource;
use crate::share::inventory::ObservedRole;
use crate::share::render;
use crate::share::sentence::hours;

impl Look<'_> {
    pub(super) fn policy(&self) -> Vec<Finding> {
        let intent = self.intent;
        let wanted = Wanted {
            resource: Resource::Policy,
            side: Parent,
            name: intent.policy_name.as_str(),
            document: render::invoke_policy(intent),
            recorded: self.recorded.policy.as_ref(),
            holders: [format!("role/{}", intent.role_name)].into(),
            leftover: Default::default(),
        };
        self.managed(&wanted, self.inventory.policy.as_ref())
    }

    pub(super) fn role(&self) -> Vec<Finding> {
        let name = self.intent.role_name.as_str();
        let Some(role) = &self.inventory.role else {
            let (mend, _) = self.mends_trust();
            let sentence = format!("Role `{name}` is gone: nobody can assume it.");
            let hint = "The repair makes it again under the same ARN, which is what the child's policy names.";
            let mut gone = finding(FindingKind::RoleMissing, Parent, Severity::Error, name, sentence, mend, hint);
            let title = format!("{name} · trust policy");
            gone.documents = Some(documents(&title, &render::trust_policy(self.intent), ""));
            return vec![gone];
        };
        let mut all = Vec::new();
        all.extend(self.tags(Resource::Role, Parent, name, "role", &role.tags));
        all.extend(self.recreated(role));
        all.extend(self.trust(role));
        all.extend(self.session(role));
        all.extend(self.detached(role));
        all.extend(self.extra_policies(role));
        all.extend(self.extra_inline(role));
        all.extend(self.boundary(role));
        all
    }

    fn recreated(&self, role: &ObservedRole) -> Option<Finding> {
        let (kind, name) = (FindingKind::RoleRecreated, self.intent.role_name.as_str());
        if role.arn != self.intent.role_arn() {
            let sentence =
                format!("Role `{name}` was made again as `{}`: the child's policy names another ARN.", role.arn);
            let hint = "Delete it in IAM; the repair then makes it again where the child expects it.";
            return Some(finding(kind, Parent, Severity::Error, name, sentence, Mend::Person, hint));
        }
        let before = &self.recorded.role.as_ref()?.unique_id;
        (*before != role.unique_id).then(|| {
            let sentence = format!(
                "Role `{name}` was deleted and made again by someone else: its id is `{}`, it was `{before}`. Sessions of \
                 the old one have ended, and policies elsewhere that name the role don't mean this one.",
                role.unique_id
            );
            let hint = "Take note of it; what it trusts and may do is looked at on its own.";
            finding(kind, Parent, Severity::Warning, name, sentence, Mend::Noted, hint)
        })
    }

    fn session(&self, role: &ObservedRole) -> Option<Finding> {
        let (wanted, found) = (self.intent.session_seconds, role.max_session_seconds);
        (wanted != found).then(|| {
            let name = self.intent.role_name.as_str();
            let effect = if found < wanted { "; whoever asks for more gets an error" } else { "" };
            let sentence = format!("Sessions of `{name}` last up to {}, not {}{effect}.", hours(found), hours(wanted));
            let hint = "The repair sets the duration again.";
            finding(FindingKind::SessionChanged, Parent, Severity::Warning, name, sentence, Mend::Plan, hint)
        })
    }

    fn detached(&self, role: &ObservedRole) -> Option<Finding> {
        let intent = self.intent;
        let there = self.inventory.policy.is_some();
        (there && !role.attached.contains(&intent.policy_arn())).then(|| {
            let (policy, name) = (intent.policy_name.as_str(), &intent.role_name);
            let sentence = format!("Policy `{policy}` was detached from `{name}`: the role may invoke nothing.");
            let hint = "The repair attaches it again.";
            finding(FindingKind::PolicyDetached, Parent, Severity::Error, policy, sentence, Mend::Plan, hint)
        })
    }

    fn extra_policies(&self, role: &ObservedRole) -> Vec<Finding> {
        let own = self.intent.policy_arn();
        let known = self.recorded.role.as_ref().map(|r| &r.attached);
        let extra = role.attached.iter().filter(|arn| **arn != own && !known.is_some_and(|k| k.contains(*arn)));
        let name = &self.intent.role_name;
        extra
            .map(|arn| {
                let policy = arn.resource_name();
                let sentence =
                    format!("Policy `{policy}` was attached to `{name}`: its callers can do what that allows.");
                let hint = "The repair detaches it when you say so.";
                let kind = FindingKind::ExtraPolicy;
                let extra = finding(kind, Parent, Severity::Warning, arn.as_str(), sentence, Mend::Asked, hint);
                self.with_document(extra, policy)
            })
            .collect()
    }

    fn extra_inline(&self, role: &ObservedRole) -> Vec<Finding> {
        let known = self.recorded.role.as_ref().map(|r| &r.inline);
        let extra = role.inline.iter().filter(|inline| !known.is_some_and(|k| k.contains(*inline)));
        let name = &self.intent.role_name;
        extra
            .map(|inline| {
                let sentence =
                    format!("Inline policy `{inline}` was put on `{name}`: its callers can do what that allows.");
                let hint = "The repair deletes it when you say so.";
                let kind = FindingKind::ExtraInline;
                let extra = finding(kind, Parent, Severity::Warning, inline.as_str(), sentence, Mend::Asked, hint);
                self.with_document(extra, inline.as_str())
            })
            .collect()
    }

    fn with_document(&self, mut extra: Finding, policy: &str) -> Finding {
        let found = self.inventory.role_documents.get(policy);
        extra.documents = found.map(|text| documents(policy, "", &canonical(text)));
        extra
    }

    fn boundary(&self, role: &ObservedRole) -> Option<Finding> {
        let before = self.recorded.role.as_ref().and_then(|r| r.boundary.as_ref());
        let name = &self.intent.role_name;
        match (before, &role.boundary) {
            (before, now) if before == now.as_ref() => None,
            (None, Some(now)) => {
                let boundary = now.resource_name();
                let sentence = format!(
                    "Boundary `{boundary}` was put on `{name}`: the role may do only what the boundary allows too."
                );
                let hint =
                    "The repair takes it off when you say so. It may be there for a reason: ask who put it there.";
                let kind = FindingKind::BoundaryAdded;
                Some(finding(kind, Parent, Severity::Warning, now.as_str(), sentence, Mend::Asked, hint))
            }
            (before, now) => {
                let before = before.map(|arn| arn.resource_name()).unwrap_or_default();
                let now = match now {
                    Some(now) => format!("`{}` took its place", now.resource_name()),
                    None => "nothing took its place".into(),
                };
                let sentence = format!("Boundary `{before}`, which `{name}` had, is gone; {now}.");
                let hint = "Take note of it when that is what was meant; else put it back in IAM.";
                let kind = FindingKind::BoundaryChanged;
                Some(finding(kind, Parent, Severity::Warning, before, sentence, Mend::Noted, hint))
            }
        }
    }
}

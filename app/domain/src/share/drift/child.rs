//! The child's side: the grant, whom it is attached to, and the callers.

use super::changed::Wanted;
use super::{Finding, FindingKind, Look, Mend, finding};
use crate::arn::{CallerArn, CallerKind};
use crate::share::Side::Child;
use crate::share::checks::Severity;
use crate::share::intent::{CallerScope, Resource};
use crate::share::inventory::ChildInventory;
use crate::share::plan::grantees;
use crate::share::render;
use std::collections::BTreeSet;

impl Look<'_> {
    pub(super) fn child(&self, child: &ChildInventory) -> Vec<Finding> {
        let intent = self.intent;
        let wanted = grantees(intent, child);
        let grant = Wanted {
            resource: Resource::Grant,
            side: Child,
            name: intent.grant_name.as_str(),
            document: render::grant_policy(&intent.role_arn()),
            recorded: self.recorded.grant.as_ref(),
            holders: wanted.iter().map(holder).collect(),
            leftover: child.attached_by_us.difference(&wanted).map(holder).collect(),
        };
        let mut all = self.managed(&grant, child.policy.as_ref());
        all.extend(self.gone(child, &wanted));
        if child.policy.is_some() {
            let arn = intent.grant_arn();
            let bare =
                child.grantees.iter().filter(|g| g.exists && wanted.contains(&g.arn) && !g.attached.contains(&arn));
            all.extend(bare.map(|g| {
                let sentence = format!(
                    "Policy `{}` was detached from `{}`: it can't assume the role, unless another policy lets it.",
                    intent.grant_name,
                    g.arn.name()
                );
                let (kind, hint) = (FindingKind::GrantDetached, "The repair attaches it again.");
                finding(kind, Child, Severity::Error, g.arn.as_str(), sentence, Mend::Plan, hint)
            }));
        }
        all
    }

    fn gone(&self, child: &ChildInventory, wanted: &BTreeSet<CallerArn>) -> Vec<Finding> {
        let callers = child.missing_callers.iter().filter(|gone| self.names(gone));
        let grantees = child.grantees.iter().filter(|g| !g.exists && wanted.contains(&g.arn)).map(|g| &g.arn);
        let gone: BTreeSet<&CallerArn> = callers.chain(grantees).collect();
        let others = match &self.intent.callers {
            CallerScope::WholeAccount => true,
            CallerScope::Named(named) => named.iter().any(|caller| !gone.contains(caller)),
        };
        let tell = |who: &&CallerArn| {
            let kind = if who.kind() == CallerKind::Role { "Role" } else { "User" };
            let sentence = format!("{kind} `{}` is gone from account {}.", who.name(), self.intent.child);
            let (mend, hint) = if others {
                (Mend::Asked, "Make it again and repair the trust policy, or take it off the share.")
            } else {
                (Mend::Person, "Make it again and repair the trust policy, or edit the share to name another caller.")
            };
            finding(FindingKind::CallerGone, Child, Severity::Error, who.as_str(), sentence, mend, hint)
        };
        gone.iter().map(tell).collect()
    }
}

fn holder(caller: &CallerArn) -> String {
    let kind = if caller.kind() == CallerKind::Role { "role" } else { "user" };
    format!("{kind}/{}", caller.name())
}

//! What a share's runs changed outside its own resources: policies and roles that were there before it and that a repair
//! changed. The journal tells what was changed; what is there now is read before anything of it is taken back, since
//! what is gone needs nothing, and what others changed since is theirs.

use super::{Action, Holder, PastRun, Step};
use crate::arn::{Arn, CallerArn};
use crate::names::{AccountId, ConnectionId, PolicyName, RoleName};
use crate::policy::same_meaning;
use crate::share::Side;
use crate::share::intent::ShareIntent;
use crate::share::inventory::ObservedPolicy;
use serde::{Deserialize, Serialize};

/// One thing that a call changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Touched {
    /// An inline policy.
    Inline {
        /// In whom.
        holder: Holder,
        /// Its name.
        name: PolicyName,
    },
    /// A role's trust policy.
    Trust {
        /// Which role.
        role: RoleName,
    },
    /// A role's MaxSessionDuration.
    Session {
        /// Which role.
        role: RoleName,
    },
    /// Whether somebody holds a managed policy.
    Attachment {
        /// Who.
        holder: CallerArn,
        /// Which policy.
        policy: Arn,
    },
    /// What a managed policy says.
    Versions {
        /// Which policy.
        policy: Arn,
    },
}

impl Touched {
    /// What a call changes, where that can be outside a share's own resources.
    pub fn by(action: &Action) -> Option<Self> {
        Some(match action {
            Action::PutInlinePolicy { holder, name, .. } | Action::DeleteInlinePolicy { holder, name, .. } => {
                Self::Inline { holder: holder.clone(), name: name.clone() }
            }
            Action::UpdateTrust { role, .. } => Self::Trust { role: role.clone() },
            Action::UpdateMaxSession { role, .. } => Self::Session { role: role.clone() },
            Action::Attach { to: holder, policy } | Action::Detach { from: holder, policy } => {
                Self::Attachment { holder: holder.clone(), policy: policy.clone() }
            }
            Action::CreatePolicyVersion { policy, .. }
            | Action::SetDefaultPolicyVersion { policy, .. }
            | Action::DeletePolicyVersion { policy, .. } => Self::Versions { policy: policy.clone() },
            _ => return None,
        })
    }

    /// Whether it is one of the share's own resources, of which the rest of the inventory tells.
    fn is_own(&self, intent: &ShareIntent, account: &AccountId) -> bool {
        let policy_is = |arn: &Arn| *arn == intent.policy_arn() || *arn == intent.grant_arn();
        match self {
            Self::Inline { .. } => false,
            Self::Trust { role } | Self::Session { role } => *role == intent.role_name && *account == intent.parent,
            Self::Attachment { policy, .. } | Self::Versions { policy } => policy_is(policy),
        }
    }

    /// Whether it goes with the share's role.
    pub(super) fn goes_with_role(&self, intent: &ShareIntent, account: &AccountId) -> bool {
        match self {
            Self::Inline { holder, .. } => {
                *holder == Holder::Role(intent.role_name.clone()) && *account == intent.parent
            }
            Self::Attachment { holder, .. } => *holder.arn() == intent.role_arn(),
            _ => false,
        }
    }

    /// The call that leads from one state to another; `None` where there is nothing to do, or no single call for it.
    fn call(&self, from: &Standing, to: &Standing) -> Option<Action> {
        Some(match (self.clone(), from.clone(), to.clone()) {
            (Self::Inline { holder, name }, Standing::Text(previous), Standing::Nothing) => {
                Action::DeleteInlinePolicy { holder, name, previous }
            }
            (Self::Inline { holder, name }, from, Standing::Text(document)) => {
                let previous = if let Standing::Text(text) = from { Some(text) } else { None };
                Action::PutInlinePolicy { holder, name, document, previous }
            }
            (Self::Trust { role }, Standing::Text(previous), Standing::Text(trust)) => {
                Action::UpdateTrust { role, trust, previous }
            }
            (Self::Session { role }, Standing::Seconds(previous), Standing::Seconds(seconds)) => {
                Action::UpdateMaxSession { role, seconds, previous }
            }
            (Self::Attachment { holder: from, policy }, Standing::Attached, Standing::Nothing) => {
                Action::Detach { from, policy }
            }
            (Self::Attachment { holder: to, policy }, Standing::Nothing, Standing::Attached) => {
                Action::Attach { to, policy }
            }
            _ => return None,
        })
    }
}

/// What is there of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "is", rename_all = "snake_case")]
pub enum Standing {
    /// Neither it nor whoever holds it: there is nothing to put anything back into.
    Gone,
    /// Its holder is there, and has none.
    Nothing,
    /// A document as JSON.
    Text(String),
    /// MaxSessionDuration in seconds.
    Seconds(u32),
    /// The policy is attached.
    Attached,
    /// A managed policy.
    Policy(Box<ObservedPolicy>),
}

impl Standing {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => same_meaning(a, b),
            _ => self == other,
        }
    }

    /// What a call found and what it left. Versions of managed policies are told by their ids instead.
    fn around(action: &Action) -> Option<(Self, Self)> {
        let text = |text: &String| Self::Text(text.clone());
        Some(match action {
            Action::PutInlinePolicy { document, previous, .. } => {
                (previous.as_ref().map_or(Self::Nothing, text), text(document))
            }
            Action::DeleteInlinePolicy { previous, .. } => (text(previous), Self::Nothing),
            Action::UpdateTrust { trust, previous, .. } => (text(previous), text(trust)),
            Action::UpdateMaxSession { seconds, previous, .. } => (Self::Seconds(*previous), Self::Seconds(*seconds)),
            Action::Attach { .. } => (Self::Nothing, Self::Attached),
            Action::Detach { .. } => (Self::Attached, Self::Nothing),
            _ => return None,
        })
    }
}

/// Something outside the share's own resources that its runs changed, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// In which account.
    pub account: AccountId,
    /// What.
    pub touched: Touched,
    /// What is there of it.
    pub standing: Standing,
}

/// Something to be read before a share is undone, and through which connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// On which side.
    pub side: Side,
    /// In which account.
    pub account: AccountId,
    /// Through which connection it was changed last.
    pub connection: ConnectionId,
    /// What.
    pub touched: Touched,
}

/// What has to be read before `runs` can be taken back, besides the share's own resources.
pub fn places(intent: &ShareIntent, runs: &[PastRun]) -> Vec<Place> {
    let begun = runs.iter().flat_map(|run| {
        let begun = run.plan.steps.iter().filter(|step| run.attempted.contains(&step.id));
        begun.map(|step| (step, None))
    });
    histories(intent, begun).into_iter().map(|history| history.place).collect()
}

/// A thing with all changes of it, oldest first.
pub(super) struct History<'a> {
    pub(super) place: Place,
    /// Each with its index among all steps that were begun.
    changes: Vec<(usize, &'a Step, Option<&'a str>)>,
}

/// What the steps that were begun, oldest first, changed outside the share's own resources. Each comes with what AWS
/// answered.
pub(super) fn histories<'a>(
    intent: &ShareIntent,
    begun: impl Iterator<Item = (&'a Step, Option<&'a str>)>,
) -> Vec<History<'a>> {
    let mut all: Vec<History<'a>> = Vec::new();
    for (at, (step, result)) in begun.enumerate() {
        let Some(touched) = Touched::by(&step.action) else { continue };
        if touched.is_own(intent, &step.account) {
            continue;
        }
        let connection = step.connection.clone();
        match all.iter_mut().find(|one| one.place.account == step.account && one.place.touched == touched) {
            Some(one) => {
                one.place.connection = connection;
                one.changes.push((at, step, result));
            }
            None => {
                let place = Place { side: step.side, account: step.account.clone(), connection, touched };
                all.push(History { place, changes: vec![(at, step, result)] });
            }
        }
    }
    all
}

impl History<'_> {
    /// What is there of it now, where it was read.
    pub(super) fn standing<'i>(&self, observed: &'i [Elsewhere]) -> Option<&'i Standing> {
        let found = observed.iter().find(|one| one.account == self.place.account && one.touched == self.place.touched);
        found.map(|one| &one.standing)
    }

    /// The call that takes the changes back; `None` where none is needed. Not for versions of managed policies.
    pub(super) fn way_back(&self, now: &Standing) -> Option<Action> {
        if *now == Standing::Gone {
            return None;
        }
        let to = if self.is_foreign(now) { self.before(&self.states().last()?.1) } else { self.before(now) };
        if to.same(now) { None } else { self.place.touched.call(now, &to) }
    }

    /// Whether it says what none of the changes left behind, and none of them found.
    pub(super) fn is_foreign(&self, now: &Standing) -> bool {
        match now {
            Standing::Gone => false,
            Standing::Policy(policy) => self.has_foreign_version(policy),
            now => !self.states().iter().any(|(before, after)| before.same(now) || after.same(now)),
        }
    }

    /// Whether there was none of it before.
    pub(super) fn made_it(&self) -> bool {
        self.states().last().is_some_and(|(_, after)| self.before(after) == Standing::Nothing)
    }

    fn states(&self) -> Vec<(Standing, Standing)> {
        self.changes.iter().filter_map(|(_, step, _)| Standing::around(&step.action)).collect()
    }

    /// What it said before the changes that led to `now`. Where others changed it in between, what they left there.
    fn before(&self, now: &Standing) -> Standing {
        let mut now = now.clone();
        for (before, after) in self.states().into_iter().rev() {
            if after.same(&now) {
                now = before;
            }
        }
        now
    }

    /// The version in force and the one before, by each change of a managed policy.
    fn versions<'s>(
        &'s self,
        policy: &'s ObservedPolicy,
    ) -> impl DoubleEndedIterator<Item = (usize, &'s str, &'s str)> {
        let current = in_force(policy);
        self.changes.iter().filter_map(move |(at, step, result)| match &step.action {
            Action::CreatePolicyVersion { document, previous: (before, _), .. } => {
                // Where the answer was lost, a version that says the same is taken for the one that was made.
                let lost = || same_meaning(document, &policy.document).then_some(current);
                Some((*at, before.as_str(), result.or_else(lost).unwrap_or_default()))
            }
            Action::SetDefaultPolicyVersion { version, previous: Some(before), .. } => {
                Some((*at, before.as_str(), version.as_str()))
            }
            _ => None,
        })
    }

    fn has_foreign_version(&self, policy: &ObservedPolicy) -> bool {
        let current = in_force(policy);
        let ids = self.versions(policy).any(|(_, before, after)| before == current || after == current);
        let says = |text: &String| same_meaning(text, &policy.document);
        let texts = self.changes.iter().any(|(_, step, _)| match &step.action {
            Action::CreatePolicyVersion { document, previous: (_, before), .. } => says(document) || says(before),
            _ => false,
        });
        !ids && !texts
    }

    /// Since which of the steps that were begun a managed policy's versions are taken back.
    pub(super) fn since(&self, policy: &ObservedPolicy) -> usize {
        let known: Vec<(usize, &str, &str)> = self.versions(policy).collect();
        let current = in_force(policy);
        let ours = known.iter().any(|(_, _, after)| *after == current);
        let mut now = if ours { current } else { known.last().map_or(current, |(_, _, after)| *after) };
        let mut since = self.changes.first().map_or(0, |(at, _, _)| *at);
        for (at, before, after) in known.iter().rev() {
            if *after == now {
                (now, since) = (before, *at);
            }
        }
        since
    }
}

fn in_force(policy: &ObservedPolicy) -> &str {
    policy.versions.iter().find(|version| version.is_default).map_or("", |version| version.id.as_str())
}

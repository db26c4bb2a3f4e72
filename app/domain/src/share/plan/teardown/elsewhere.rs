//! What others changed since the share changed it, outside the share's own resources. Nothing of the share depends on
//! it, so that without consent it stays as it is and the rest is undone.

use super::{Blocker, Clearing, Scene};
use crate::share::plan::elsewhere::{History, Standing, Touched, histories};
use crate::share::plan::undo::TAKES_BACK;

impl Scene<'_> {
    /// Blockers for what others changed; without consent its steps go, and [`Scene::stays`] says that it stays.
    pub(super) fn changed_elsewhere(&mut self) -> Vec<Blocker> {
        let inventory = self.inventory;
        let mut found = Vec::new();
        for history in histories(self.intent, self.past()) {
            let Some(standing) = history.standing(&inventory.elsewhere).filter(|now| history.is_foreign(now)) else {
                continue;
            };
            let steps = self.taking_back(&history);
            if !steps.is_empty() {
                found.push((steps, blocker(&history, standing), subject(&history.place.touched)));
            }
        }
        let mut all = Vec::new();
        for (steps, blocker, subject) in found {
            let cleared = self.consented(&blocker.key);
            if !cleared {
                steps.iter().for_each(|id| self.drop_step(id));
                self.stays.push(format!("{subject} stays as it is now: others changed it since this share did."));
            }
            all.push(Blocker { cleared, ..blocker });
        }
        all
    }

    fn taking_back(&self, history: &History<'_>) -> Vec<String> {
        let of = |step: &&super::Step| {
            step.id.starts_with(TAKES_BACK)
                && step.account == history.place.account
                && Touched::by(&step.action).as_ref() == Some(&history.place.touched)
        };
        self.steps.iter().filter(of).map(|step| step.id.clone()).collect()
    }
}

fn blocker(history: &History<'_>, now: &Standing) -> Blocker {
    let touched = &history.place.touched;
    let deleted = *now == Standing::Nothing;
    let deletes = matches!(touched, Touched::Inline { .. }) && history.made_it();
    let hint = match (deleted, deletes) {
        (true, _) => "With your consent it is put back as it was before this share; without, it stays away.",
        (_, true) => "With your consent it is deleted with what was added since; without, it stays as it is.",
        _ => {
            "With your consent it is put back as it was before this share, and what was changed since is lost; without, \
             it stays as it is."
        }
    };
    Blocker {
        key: format!("changed:{}:{}", history.place.account, key(touched)),
        side: history.place.side,
        resource: resource(touched),
        sentence: format!(
            "{} was {} by others since this share changed it.",
            subject(touched),
            if deleted { "deleted" } else { "changed" }
        ),
        hint: hint.into(),
        clearing: Clearing::WithConsent,
        cleared: false,
    }
}

fn key(touched: &Touched) -> String {
    match touched {
        Touched::Inline { holder, name } => format!("inline:{}/{}:{name}", holder.kind(), holder.name()),
        Touched::Trust { role } => format!("trust:{role}"),
        Touched::Session { role } => format!("session:{role}"),
        Touched::Attachment { holder, policy } => format!("attached:{holder}:{policy}"),
        Touched::Versions { policy } => format!("policy:{policy}"),
    }
}

fn resource(touched: &Touched) -> String {
    match touched {
        Touched::Inline { holder, .. } => holder.name().to_owned(),
        Touched::Trust { role } | Touched::Session { role } => role.to_string(),
        Touched::Attachment { policy, .. } | Touched::Versions { policy } => policy.resource_name().to_owned(),
    }
}

fn subject(touched: &Touched) -> String {
    match touched {
        Touched::Inline { holder, name } => format!("Policy `{name}` of {} `{}`", holder.kind(), holder.name()),
        Touched::Trust { role } => format!("The trust policy of role `{role}`"),
        Touched::Session { role } => format!("The session duration of role `{role}`"),
        Touched::Attachment { holder, policy } => {
            format!("Policy `{}` on `{}`", policy.resource_name(), holder.name())
        }
        Touched::Versions { policy } => format!("Policy `{}`", policy.resource_name()),
    }
}

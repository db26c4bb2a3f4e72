//! The trust policy: who may assume the role now, compared with who should.

use super::changed::{documents, several};
use super::{Finding, FindingKind, Look, Mend, finding};
use crate::names::ExternalId;
use crate::policy::{AwsPrincipal, Effect, PolicyDocument, PrincipalPattern, same_meaning};
use crate::share::checks::Severity;
use crate::share::diff::canonical;
use crate::share::intent::{CallerScope, ShareIntent};
use crate::share::inventory::ObservedRole;
use crate::share::{Side, paper, render, rotate};
use std::collections::BTreeSet;

impl Look<'_> {
    pub(super) fn trust(&self, role: &ObservedRole) -> Vec<Finding> {
        let intent = self.intent;
        let wanted = render::trust_policy(intent);
        if same_meaning(&role.trust, &wanted) {
            return Vec::new();
        }
        let title = format!("{} · trust policy", intent.role_name);
        let documents = documents(&title, &wanted, &canonical(&role.trust));
        let Ok(document) = PolicyDocument::parse(&role.trust) else {
            let sentence = format!("The trust policy of `{}` can't be read as a policy.", intent.role_name);
            return vec![Finding { documents: Some(documents), ..self.trust_changed(sentence, Severity::Error) }];
        };
        let named = Named::of(&document);
        let mut all = Vec::new();
        if !named.orphans.is_empty() {
            all.push(self.orphaned(&named, &document));
        }
        if named.orphans.is_empty() || !only_orphaned(intent, &named, &role.trust) {
            let (severity, effects) = effects(intent, &named, &document, &role.trust);
            let sentence = format!("The trust policy of `{}` was changed: {effects}.", intent.role_name);
            all.push(self.trust_changed(sentence, severity));
        }
        for one in &mut all {
            one.documents = Some(documents.clone());
        }
        all
    }

    fn trust_changed(&self, sentence: String, severity: Severity) -> Finding {
        let (mend, hint) = self.mends_trust();
        let name = self.intent.role_name.as_str();
        finding(FindingKind::TrustChanged, Side::Parent, severity, name, sentence, mend, hint)
    }

    /// IAM shows the unique id where a principal was deleted, also when one was made again under its name (IAM user
    /// guide, "AWS JSON policy elements: Principal").
    fn orphaned(&self, named: &Named, document: &PolicyDocument) -> Finding {
        let intent = self.intent;
        let refused = refused(intent, document);
        let ids: Vec<String> = named.orphans.iter().map(|id| format!("`{id}`")).collect();
        let deleted =
            if ids.len() == 1 { "a role or user that was deleted" } else { "roles or users that were deleted" };
        let effect = match refused.as_slice() {
            [] => String::new(),
            names => format!(
                ": {} can't assume `{}`, even when made again under the same name",
                several(names),
                intent.role_name
            ),
        };
        let sentence = format!("The trust policy names {}, {deleted}{effect}.", several(&ids));
        let severity = if refused.is_empty() { Severity::Warning } else { Severity::Error };
        let (mend, hint) = self.mends_trust();
        let subject = named.orphans.iter().cloned().collect::<Vec<_>>().join(" ");
        finding(FindingKind::TrustOrphaned, Side::Parent, severity, &subject, sentence, mend, hint)
    }

    /// A trust policy can be written only when everyone it names exists.
    pub(super) fn mends_trust(&self) -> (Mend, &'static str) {
        if self.callers_gone() {
            (
                Mend::Asked,
                "IAM refuses a trust policy that names who is gone: make them again, or take them off the share.",
            )
        } else {
            (Mend::Plan, "The repair writes the trust policy anew; IAM then knows its callers by their present ids.")
        }
    }
}

/// Whom the Allow statements of a trust policy name.
struct Named {
    /// As [`spelt`].
    principals: BTreeSet<String>,
    /// Unique ids of those that are no more.
    orphans: BTreeSet<String>,
}

impl Named {
    fn of(document: &PolicyDocument) -> Self {
        let (mut principals, mut orphans) = (BTreeSet::new(), BTreeSet::new());
        let allows = document.statements.iter().filter(|s| s.effect == Effect::Allow);
        for principal in allows.filter_map(|s| s.principal.as_ref()).flat_map(|clause| &clause.principals) {
            match principal {
                PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)) => orphans.insert(id.clone()),
                other => principals.insert(spelt(other)),
            };
        }
        Self { principals, orphans }
    }
}

/// One spelling each: an account by its number, everyone as `*`.
fn spelt(principal: &PrincipalPattern) -> String {
    match principal {
        PrincipalPattern::Everyone | PrincipalPattern::Aws(AwsPrincipal::Any) => "*".into(),
        PrincipalPattern::Aws(AwsPrincipal::Account { account, .. }) => format!("account {account}"),
        other => other.parts().1.to_owned(),
    }
}

fn wanted_principals(intent: &ShareIntent) -> Vec<(String, String)> {
    let texts = render::principals(intent).into_iter();
    texts.map(|text| (spelt(&PrincipalPattern::aws(&text)), text)).collect()
}

/// Whether nothing is different but that IAM shows ids in the place of as many callers.
fn only_orphaned(intent: &ShareIntent, named: &Named, trust: &str) -> bool {
    let wanted = wanted_principals(intent);
    let (kept, lost): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(spelt, _)| named.principals.contains(spelt));
    let with_ids: Vec<String> = kept.into_iter().map(|(_, text)| text).chain(named.orphans.iter().cloned()).collect();
    lost.len() == named.orphans.len() && same_meaning(trust, &render::trust_of(intent, &with_ids))
}

/// The callers that can't assume the role with each external ID that should be accepted, as they are named in sentences.
fn refused(intent: &ShareIntent, trust: &PolicyDocument) -> Vec<String> {
    let ids: Vec<Option<&ExternalId>> = match intent.accepted_ids() {
        none if none.is_empty() => vec![None],
        ids => ids.into_iter().map(Some).collect(),
    };
    let all = paper::askers(intent);
    let refused = all.iter().filter(|caller| ids.iter().any(|id| !paper::may_assume(intent, trust, caller, *id)));
    match &intent.callers {
        CallerScope::Named(_) => refused.map(|caller| format!("`{}`", caller.name())).collect(),
        CallerScope::WholeAccount => refused.map(|_| format!("account {} as a whole", intent.child)).collect(),
    }
}

/// An external ID that nobody has agreed on: who is let in with it is let in with any.
const NOBODYS: &str = "an-external-id-that-nobody-has-agreed-on";

/// The external IDs that let a caller in beside those that should, as patterns; `*` for any. They are found out by
/// asking, as there are many ways to write a condition that lets too many through.
fn strangers<'a>(intent: &ShareIntent, trust: &'a PolicyDocument) -> BTreeSet<&'a str> {
    let (accepted, askers) = (intent.accepted_ids(), paper::askers(intent));
    let passes = |text: &str| {
        let id = ExternalId::parse(text).ok().filter(|id| !accepted.contains(&id));
        id.is_some_and(|id| askers.iter().any(|caller| paper::may_assume(intent, trust, caller, Some(&id))))
    };
    if accepted.is_empty() {
        return BTreeSet::new();
    }
    if passes(NOBODYS) {
        return ["*"].into();
    }
    let conditions = trust.statements.iter().flat_map(|statement| &statement.conditions);
    let values = conditions.filter(|one| one.key.eq_ignore_ascii_case("sts:ExternalId")).flat_map(|one| &one.values);
    values.map(|value| value.as_str()).filter(|text| passes(&text.replace('*', NOBODYS).replace('?', "x"))).collect()
}

fn effects(intent: &ShareIntent, named: &Named, document: &PolicyDocument, trust: &str) -> (Severity, String) {
    let mut effects = Vec::new();
    let accepted = intent.accepted_ids();
    let asked = rotate::asked_for(trust);
    let refused = refused(intent, document);
    let mut askers = paper::askers(intent).into_iter();
    let anyone = !accepted.is_empty() && askers.any(|caller| paper::may_assume(intent, document, &caller, None));
    let strangers = if anyone { BTreeSet::new() } else { strangers(intent, document) };
    let (patterns, others): (BTreeSet<_>, BTreeSet<_>) = strangers.into_iter().partition(|id| id.contains(['*', '?']));
    if !refused.is_empty() {
        effects.push(format!("{} can't assume it", several(&refused)));
    }
    if accepted.iter().any(|id| !asked.iter().any(|a| a == id.as_str())) && !asked.is_empty() {
        effects.push("it asks for another external ID".into());
    } else if !others.is_empty() || asked.iter().any(|a| !accepted.iter().any(|id| id.as_str() == a)) {
        effects.push("it accepts another external ID too".into());
    }
    if anyone {
        effects.push("it no longer asks for the external ID".into());
    } else if patterns.contains("*") {
        effects.push("it accepts any external ID".into());
    } else if !patterns.is_empty() {
        let patterns: Vec<String> = patterns.into_iter().map(|pattern| format!("`{pattern}`")).collect();
        effects.push(format!("it accepts any external ID like {}", several(&patterns)));
    }
    let wanted: BTreeSet<String> = wanted_principals(intent).into_iter().map(|(spelt, _)| spelt).collect();
    let more: Vec<String> = named.principals.difference(&wanted).map(|who| format!("`{who}`")).collect();
    if !more.is_empty() {
        effects.push(format!("{} may assume it too", several(&more)));
    }
    if effects.is_empty() {
        return (Severity::Warning, "it says something else, with the same effect on the callers".into());
    }
    (Severity::Error, effects.join("; "))
}

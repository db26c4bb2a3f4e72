//! Versions of a managed policy: which of them may be put back in force, and doing so.

use crate::doctor::evidence::{Document, Origin, OtherVersion};
use crate::policy::{Effect, PolicyDocument, Statement};

/// A version's place among the others: 3 for `v3`.
pub(super) fn number(version: &str) -> u64 {
    version.trim_start_matches('v').parse().unwrap_or(0)
}

/// The versions newer than the one in force that were rolled back and whose text is known, the newest first. One that
/// allows more than these actions on this resource, or no longer denies what the one in force denies, is left out:
/// what was removed on purpose stays removed.
pub(super) fn rolled_back(document: &Document, actions: &[&str], resource: &str) -> Vec<OtherVersion> {
    let Origin::Managed { version, others, .. } = &document.origin else { return Vec::new() };
    let mut newer: Vec<_> = others
        .iter()
        .filter(|one| number(&one.id) > number(version))
        .filter(|one| one.text.as_deref().is_some_and(|text| adds_only(text, &document.text, actions, resource)))
        .cloned()
        .collect();
    newer.sort_by_key(|one| std::cmp::Reverse(number(&one.id)));
    newer
}

/// Whether one text says, over the one in force, nothing but to allow these actions on this resource.
fn adds_only(newer: &str, present: &str, actions: &[&str], resource: &str) -> bool {
    let (Ok(newer), Ok(present)) = (PolicyDocument::parse(newer), PolicyDocument::parse(present)) else {
        return false;
    };
    // The same statement means something else in a document whose variables count.
    if newer.version != present.version {
        return false;
    }
    let unnamed = |one: &Statement| Statement { sid: None, ..one.clone() };
    let has = |document: &PolicyDocument, one: &Statement| {
        document.statements.iter().any(|other| unnamed(other) == unnamed(one))
    };
    let asked_for = |one: &Statement| {
        let resource = one.resource.as_ref().is_some_and(|clause| clause.names_only(resource));
        one.effect == Effect::Allow && resource && one.action.names_only(actions)
    };
    let mut denials = present.statements.iter().filter(|one| one.effect == Effect::Deny);
    newer.statements.iter().all(|one| asked_for(one) || has(&present, one)) && denials.all(|one| has(&newer, one))
}

/// Puts another version of a managed policy in force.
pub(super) fn restore(document: &mut Document, newer: &OtherVersion) -> Option<()> {
    let Origin::Managed { version, others, .. } = &mut document.origin else { return None };
    let text = newer.text.clone()?;
    let old = OtherVersion { id: version.clone(), text: Some(std::mem::replace(&mut document.text, text)) };
    *version = newer.id.clone();
    others.retain(|one| one.id != newer.id);
    others.push(old);
    Some(())
}

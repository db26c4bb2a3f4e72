//! The two managed policies: gone, changed, rolled back, made again, held by others.

use super::recorded::{holders, number};
use super::{Documents, Finding, FindingKind, Look, Mend, RecordedPolicy, finding};
use crate::policy::{PolicyDocument, same_meaning};
use crate::share::checks::{Severity, coverage};
use crate::share::diff::canonical;
use crate::share::intent::Resource;
use crate::share::inventory::ObservedPolicy;
use crate::share::{Side, TAG_SHARE, paper};
use std::collections::{BTreeMap, BTreeSet};

/// A managed policy of the share, as it should be.
pub(super) struct Wanted<'a> {
    pub(super) resource: Resource,
    pub(super) side: Side,
    pub(super) name: &'a str,
    pub(super) document: String,
    pub(super) recorded: Option<&'a RecordedPolicy>,
    /// Who is to have it, as [`holders`] spells them.
    pub(super) holders: BTreeSet<String>,
    /// Whom the share attached it to and should have detached.
    pub(super) leftover: BTreeSet<String>,
}

impl Wanted<'_> {
    fn kind(&self, policy: FindingKind, grant: FindingKind) -> FindingKind {
        if self.resource == Resource::Grant { grant } else { policy }
    }
    /// What its absence or change does to the callers.
    fn effect(&self) -> &'static str {
        if self.resource == Resource::Grant {
            "its holders can't assume the role"
        } else {
            "the role may invoke nothing"
        }
    }
}

impl Look<'_> {
    pub(super) fn managed(&self, wanted: &Wanted<'_>, found: Option<&ObservedPolicy>) -> Vec<Finding> {
        let name = wanted.name;
        let Some(found) = found else {
            let kind = wanted.kind(FindingKind::PolicyMissing, FindingKind::GrantMissing);
            let sentence = format!("Policy `{name}` is gone: {}.", wanted.effect());
            let hint = "The repair makes it again and attaches it.";
            let mut gone = finding(kind, wanted.side, Severity::Error, name, sentence, Mend::Plan, hint);
            gone.documents = Some(documents(name, &wanted.document, ""));
            return vec![gone];
        };
        let mut all = Vec::new();
        all.extend(self.tags(wanted.resource, wanted.side, name, "policy", &found.tags));
        let recreated = wanted.recorded.and_then(|recorded| recorded.recreated(found)) == Some(true);
        if recreated {
            let kind = wanted.kind(FindingKind::PolicyRecreated, FindingKind::GrantRecreated);
            let sentence = format!("Policy `{name}` was deleted and made again by someone else.");
            let hint = "Take note of it; what it says is looked at on its own.";
            all.push(finding(kind, wanted.side, Severity::Note, name, sentence, Mend::Noted, hint));
        }
        if !same_meaning(&found.document, &wanted.document) {
            all.push(self.document_changed(wanted, found, recreated));
        }
        all.extend(held_by_others(wanted, found));
        all
    }

    fn document_changed(&self, wanted: &Wanted<'_>, found: &ObservedPolicy, recreated: bool) -> Finding {
        let name = wanted.name;
        let back = if recreated { None } else { rolled_back(wanted.recorded, found) };
        let (severity, what) = self.what_changed(wanted, found);
        let (kind, how) = match back {
            Some(version) => {
                let kind = wanted.kind(FindingKind::PolicyRolledBack, FindingKind::GrantRolledBack);
                (kind, format!("Policy `{name}` was put back to version {version}"))
            }
            None => {
                let kind = wanted.kind(FindingKind::PolicyChanged, FindingKind::GrantChanged);
                (kind, format!("Policy `{name}` was changed"))
            }
        };
        let hint = "The repair puts a new version in force that says what was asked for.";
        let sentence = format!("{how}: {what}.");
        let mut changed = finding(kind, wanted.side, severity, name, sentence, Mend::Plan, hint);
        changed.documents = Some(documents(name, &wanted.document, &canonical(&found.document)));
        changed
    }

    fn what_changed(&self, wanted: &Wanted<'_>, found: &ObservedPolicy) -> (Severity, String) {
        let Ok(document) = PolicyDocument::parse(&found.document) else {
            return (Severity::Error, "it can't be read as a policy".into());
        };
        let refused = if wanted.resource == Resource::Grant {
            let fine = paper::grants_the_role(self.intent, &document);
            if fine { Vec::new() } else { vec!["assuming the role".to_owned()] }
        } else {
            paper::refused_calls(self.intent, &document)
        };
        let reach = coverage(&wanted.document, &found.document);
        if !refused.is_empty() {
            let more = if matches!(reach, Some((false, _))) { ", and it allows what was not asked for" } else { "" };
            return (Severity::Error, format!("it no longer allows {}{more}", several(&refused)));
        }
        match reach {
            Some((true, _)) => (Severity::Warning, "it allows the same in other words".into()),
            Some((false, _)) => (Severity::Error, "it allows more than was asked for".into()),
            None => (Severity::Warning, "it says something else than was asked for".into()),
        }
    }

    /// A resource that does not carry the share's tag.
    pub(super) fn tags(
        &self,
        resource: Resource,
        side: Side,
        name: &str,
        what: &str,
        tags: &BTreeMap<String, String>,
    ) -> Option<Finding> {
        let kind = FindingKind::TagsLost;
        let key = resource.key();
        match tags.get(TAG_SHARE) {
            Some(id) if id == self.intent.id.as_str() => None,
            Some(id) if self.inventory.other_shares.iter().any(|other| other.as_str() == id) => {
                let sentence = format!("The tag of {what} `{name}` says that it belongs to share `{id}` now.");
                let hint = "Two shares can't have one resource: give this share another one, or undo one of them.";
                Some(finding(kind, side, Severity::Error, key, sentence, Mend::Person, hint))
            }
            found => {
                let sentence = match found {
                    Some(id) => {
                        format!("The tag of {what} `{name}` names share `{id}`, which this console doesn't know.")
                    }
                    None => {
                        format!("The tag of {what} `{name}` is gone: AWS no longer says which share it belongs to.")
                    }
                };
                let hint = "The repair tags it again when you say that it is the share's.";
                Some(finding(kind, side, Severity::Warning, key, sentence, Mend::Asked, hint))
            }
        }
    }
}

/// The version that was put back in force, when it is an older one than before, or than the newest.
fn rolled_back(recorded: Option<&RecordedPolicy>, found: &ObservedPolicy) -> Option<u64> {
    let default = number(&found.versions.iter().find(|v| v.is_default)?.id);
    let newest = found.versions.iter().map(|v| number(&v.id)).max()?;
    let before = recorded.map_or(newest, |recorded| number(&recorded.version));
    (default < before).then_some(default)
}

fn held_by_others(wanted: &Wanted<'_>, found: &ObservedPolicy) -> Vec<Finding> {
    let kind = FindingKind::AttachedElsewhere;
    let now: BTreeSet<String> = holders(found).collect();
    let mut all = Vec::new();
    for holder in now.intersection(&wanted.leftover) {
        let sentence = format!("Policy `{}` is attached to `{holder}`, which the share does not name.", wanted.name);
        let hint = "The repair detaches it: the share attached it once.";
        all.push(finding(kind, wanted.side, Severity::Warning, holder, sentence, Mend::Plan, hint));
    }
    let known = |holder: &&String| {
        wanted.holders.contains(*holder)
            || wanted.leftover.contains(*holder)
            || wanted.recorded.is_some_and(|recorded| recorded.holders.contains(*holder))
    };
    for holder in now.iter().filter(|holder| !known(holder)) {
        let sentence = format!("Policy `{}` was attached to `{holder}` too, not by this share.", wanted.name);
        let hint = "The console leaves what others attached alone. Detach it in IAM if it is not meant so.";
        all.push(finding(kind, wanted.side, Severity::Note, holder, sentence, Mend::Noted, hint));
    }
    all
}

pub(super) fn documents(title: &str, expected: &str, found: &str) -> Documents {
    Documents { title: title.into(), expected: expected.into(), found: found.into() }
}

/// The first few, and how many more.
pub(super) fn several(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

//! From what was changed on copies to repairs: documents before and after, and the calls that make it so.

use super::mend::Mended;
use super::quotas::exceeded;
use super::{DocumentChange, Repair, RequestChange, RequestField, Whose};
use crate::arn::CallerArn;
use crate::doctor::evidence::{ControlLevel, Document, Evidence, Origin, OtherVersion, PolicySet};
use crate::doctor::question::Question;
use crate::evaluate::Layer;
use crate::names::{AccountId, PolicyName, RoleName};
use crate::share::Side;
use crate::share::plan::{Action, VersionRef};

/// How many versions a managed policy may have (IAM user guide, "IAM and AWS STS quotas").
const VERSIONS: usize = 5;

/// By whom a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::doctor) enum Hand {
    /// The caller's code.
    Code,
    /// IAM in the child account.
    Child,
    /// The child's organisation.
    ChildOrganization,
    /// IAM in the parent account.
    Parent,
    /// The parent's organisation.
    ParentOrganization,
}

impl Hand {
    const ALL: [Self; 5] = [Self::Code, Self::Child, Self::ChildOrganization, Self::Parent, Self::ParentOrganization];

    fn side(self) -> Side {
        match self {
            Self::Code | Self::Child | Self::ChildOrganization => Side::Child,
            Self::Parent | Self::ParentOrganization => Side::Parent,
        }
    }
    fn whose(self) -> Whose {
        match self {
            Self::Code => Whose::Code,
            Self::Child | Self::Parent => Whose::Account,
            Self::ChildOrganization | Self::ParentOrganization => Whose::Organization,
        }
    }
}

/// What leads from `before` to `mended`, a repair for each hand that has something to do.
pub(in crate::doctor) fn repairs(before: &Mended, mended: &Mended) -> Vec<Repair> {
    let (was, is) = (&before.evidence, &mended.evidence);
    let new: Vec<_> = mended.said.iter().filter(|said| !before.said.contains(said)).collect();
    Hand::ALL
        .into_iter()
        .filter_map(|hand| {
            let (changes, mut steps) = match hand {
                Hand::Code => (Vec::new(), Vec::new()),
                Hand::Child => child(was, is),
                Hand::Parent => parent(was, is),
                Hand::ChildOrganization => {
                    let found =
                        controls(Layer::ServiceControl, &was.caller_service_controls, &is.caller_service_controls);
                    (found, Vec::new())
                }
                Hand::ParentOrganization => {
                    let mut found =
                        controls(Layer::ServiceControl, &was.role_service_controls, &is.role_service_controls);
                    found.extend(controls(
                        Layer::ResourceControl,
                        &was.role_resource_controls,
                        &is.role_resource_controls,
                    ));
                    (found, Vec::new())
                }
            };
            let requests = if hand == Hand::Code { requests(before, mended) } else { Vec::new() };
            if changes.is_empty() && requests.is_empty() && steps.is_empty() {
                return None;
            }
            let account = account(hand, &mended.question);
            let said: Vec<&str> = new.iter().filter(|(by, _)| *by == hand).map(|(_, words)| words.as_str()).collect();
            let mut sentence = said.join("; and ");
            if hand.whose() == Whose::Organization {
                let ask = format!(
                    "ask the administrators of the organisation of account {account}, in its management account"
                );
                sentence = format!("{ask}: {sentence}");
            }
            if hand.whose() == Whose::Account
                && let Some(over) = exceeded(&changes, &held(hand, is))
            {
                sentence = format!("{sentence}; {}", over.words);
                if over.fixed {
                    steps.clear();
                }
            }
            Some(Repair { side: hand.side(), account, whose: hand.whose(), sentence, changes, requests, steps })
        })
        .collect()
}

/// Every policy of the role or user that a hand changes, as they would be.
fn held(hand: Hand, is: &Evidence) -> Vec<Document> {
    let policies = match hand.side() {
        Side::Child => is.caller.read().map(|one| &one.policies),
        Side::Parent => is.role.read().map(|one| &one.policies),
    };
    policies.map(|set| set.documents.clone()).unwrap_or_default()
}

fn account(hand: Hand, question: &Question) -> AccountId {
    if hand.side() == Side::Child { question.child() } else { question.parent() }
}

type Changed = (Vec<DocumentChange>, Vec<Action>);

fn child(was: &Evidence, is: &Evidence) -> Changed {
    let (Some(was), Some(is)) = (was.caller.read(), is.caller.read()) else { return Changed::default() };
    let mut found = policies(&was.policies, &is.policies, &was.arn);
    boundary(&mut found, was.boundary.read(), is.boundary.read());
    found
}

fn parent(was: &Evidence, is: &Evidence) -> Changed {
    let (Some(was), Some(is)) = (was.role.read(), is.role.read()) else { return Changed::default() };
    let mut found = match CallerArn::parse(was.arn.as_str()) {
        Ok(role) => policies(&was.policies, &is.policies, &role),
        Err(_) => Changed::default(),
    };
    boundary(&mut found, was.boundary.read(), is.boundary.read());
    if let Ok(role) = RoleName::parse(was.arn.resource_name()) {
        if was.trust != is.trust {
            found.0.push(DocumentChange {
                layer: Layer::Resource,
                name: role.to_string(),
                place: Origin::Trust { role: was.arn.clone() },
                before: Some(was.trust.clone()),
                after: Some(is.trust.clone()),
            });
            let (trust, previous) = (is.trust.clone(), was.trust.clone());
            found.1.push(Action::UpdateTrust { role: role.clone(), trust, previous });
        }
        if was.max_session_seconds != is.max_session_seconds {
            let (seconds, previous) = (is.max_session_seconds, was.max_session_seconds);
            found.1.push(Action::UpdateMaxSession { role, seconds, previous });
        }
    }
    found
}

/// Whether two documents are the same one, whatever they say and in whatever version.
pub(super) fn same_place(a: &Document, b: &Document) -> bool {
    match (&a.origin, &b.origin) {
        (Origin::Managed { arn: a, group: one, .. }, Origin::Managed { arn: b, group: other, .. }) => {
            a == b && one == other
        }
        (Origin::Inline { holder: one }, Origin::Inline { holder: other }) => one == other && a.name == b.name,
        (Origin::Control { id: a, target: one }, Origin::Control { id: b, target: other }) => a == b && one == other,
        (a, b) => a == b,
    }
}

fn policies(was: &PolicySet, is: &PolicySet, who: &CallerArn) -> Changed {
    let mut found = Changed::default();
    for old in &was.documents {
        match is.documents.iter().find(|new| same_place(old, new)) {
            Some(new) if new.text == old.text => {}
            Some(new) => {
                found.0.push(change(Layer::Identity, old, Some(old), Some(new)));
                found.1.extend(rewrite(old, new));
            }
            None => {
                found.0.push(change(Layer::Identity, old, Some(old), None));
                found.1.extend(take_away(old, who));
            }
        }
    }
    for new in is.documents.iter().filter(|new| !was.documents.iter().any(|old| same_place(old, new))) {
        found.0.push(change(Layer::Identity, new, None, Some(new)));
        found.1.extend(bring(new, who));
    }
    found
}

fn change(layer: Layer, of: &Document, before: Option<&Document>, after: Option<&Document>) -> DocumentChange {
    let text = |document: Option<&Document>| document.map(|document| document.text.clone());
    let place = of.origin.clone();
    DocumentChange { layer, name: of.name.clone(), place, before: text(before), after: text(after) }
}

/// AWS's own policies can't be rewritten.
fn rewrite(old: &Document, new: &Document) -> Vec<Action> {
    match (&old.origin, &new.origin) {
        _ if old.is_aws_managed() => Vec::new(),
        (Origin::Managed { arn, version, others, .. }, Origin::Managed { version: restored, .. }) => {
            let policy = arn.clone();
            let as_it_was = |one: &OtherVersion| one.id == *restored && one.text.as_ref() == Some(&new.text);
            // One that was changed besides is a version of its own.
            if restored != version && others.iter().any(as_it_was) {
                let previous = Some(version.clone());
                return vec![Action::SetDefaultPolicyVersion { policy, version: restored.clone(), previous }];
            }
            let oldest =
                others.iter().min_by_key(|one| one.id.trim_start_matches('v').parse::<u64>().unwrap_or(u64::MAX));
            let room = oldest.filter(|_| others.len() + 1 >= VERSIONS).map(|one| Action::DeletePolicyVersion {
                policy: policy.clone(),
                version: VersionRef::Id(one.id.clone()),
            });
            let previous = (version.clone(), old.text.clone());
            let made = Action::CreatePolicyVersion { policy: arn.clone(), document: new.text.clone(), previous };
            room.into_iter().chain([made]).collect()
        }
        (Origin::Inline { holder }, _) => {
            let put = PolicyName::parse(&old.name).map(|name| Action::PutInlinePolicy {
                holder: holder.clone(),
                name,
                document: new.text.clone(),
                previous: Some(old.text.clone()),
            });
            put.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Policies of a group can't be taken off one of its members.
fn take_away(old: &Document, who: &CallerArn) -> Option<Action> {
    match &old.origin {
        Origin::Managed { arn, group: None, .. } => Some(Action::Detach { from: who.clone(), policy: arn.clone() }),
        Origin::Inline { holder } => PolicyName::parse(&old.name).ok().map(|name| Action::DeleteInlinePolicy {
            holder: holder.clone(),
            name,
            previous: old.text.clone(),
        }),
        _ => None,
    }
}

fn bring(new: &Document, who: &CallerArn) -> Option<Action> {
    match &new.origin {
        Origin::Managed { arn, .. } => Some(Action::Attach { to: who.clone(), policy: arn.clone() }),
        Origin::Inline { holder } => PolicyName::parse(&new.name).ok().map(|name| Action::PutInlinePolicy {
            holder: holder.clone(),
            name,
            document: new.text.clone(),
            previous: None,
        }),
        _ => None,
    }
}

fn boundary(found: &mut Changed, was: Option<&Document>, is: Option<&Document>) {
    if let (Some(was), Some(is)) = (was, is)
        && was.text != is.text
    {
        found.0.push(change(Layer::Boundary, was, Some(was), Some(is)));
        found.1.extend(rewrite(was, is));
    }
}

fn controls(
    layer: Layer,
    was: &crate::doctor::Piece<Vec<ControlLevel>>,
    is: &crate::doctor::Piece<Vec<ControlLevel>>,
) -> Vec<DocumentChange> {
    let (Some(was), Some(is)) = (was.read(), is.read()) else { return Vec::new() };
    let mut found = Vec::new();
    for (was, is) in was.iter().zip(is) {
        for old in &was.policies {
            let new = is.policies.iter().find(|new| same_place(old, new));
            if new.is_none_or(|new| new.text != old.text) {
                found.push(change(layer, old, Some(old), new));
            }
        }
        for new in is.policies.iter().filter(|new| !was.policies.iter().any(|old| same_place(old, new))) {
            found.push(change(layer, new, None, Some(new)));
        }
    }
    found
}

fn requests(before: &Mended, mended: &Mended) -> Vec<RequestChange> {
    let (was, is) = (&before.question, &mended.question);
    let id = |question: &Question| question.external_id.as_ref().map(ToString::to_string);
    let duration = |question: &Question| question.duration_seconds.map(|seconds| seconds.to_string());
    let mut found = vec![
        RequestChange {
            field: RequestField::RoleArn,
            before: Some(was.role.to_string()),
            after: Some(is.role.to_string()),
        },
        RequestChange { field: RequestField::ExternalId, before: id(was), after: id(is) },
        RequestChange { field: RequestField::DurationSeconds, before: duration(was), after: duration(is) },
        RequestChange {
            field: RequestField::SessionPolicy,
            before: was.session_policy.clone(),
            after: is.session_policy.clone(),
        },
        RequestChange {
            field: RequestField::Region,
            before: Some(was.endpoint.region().to_string()),
            after: Some(is.endpoint.region().to_string()),
        },
    ];
    if was.endpoint.name != is.endpoint.name {
        let name = |question: &Question| Some(question.endpoint.called().to_owned());
        found.push(RequestChange { field: RequestField::EndpointName, before: name(was), after: name(is) });
    }
    for (key, values) in mended.evidence.known.iter() {
        let old = before.evidence.known.get(key).and_then(|values| values.first()).cloned();
        found.push(RequestChange {
            field: RequestField::Key(key.to_owned()),
            before: old,
            after: values.first().cloned(),
        });
    }
    found.retain(|change| change.before != change.after);
    found
}

//! What question and evidence would be once a repair is made: for showing what it leads to before it is made.

use super::changes::same_place;
use super::{Repair, RequestChange, RequestField, Whose};
use crate::arn::Arn;
use crate::doctor::evidence::{Document, Evidence, Origin, OtherVersion, PolicySet};
use crate::doctor::question::{Question, Target};
use crate::evaluate::{Layer, Principal};
use crate::names::{EndpointName, ExternalId, Region};
use crate::share::Side;
use crate::share::plan::{Action, VersionRef};

impl Repair {
    /// Makes the repair on question and evidence: its steps, and what others have to do by hand.
    pub fn apply(&self, question: &mut Question, evidence: &mut Evidence) {
        for step in &self.steps {
            self.step(step, evidence);
        }
        self.by_hand(evidence);
        for request in &self.requests {
            send(request, question, evidence);
        }
    }

    /// The policies of this side's role or user, and those it could have.
    fn holder<'a>(&self, evidence: &'a mut Evidence) -> Option<(&'a mut PolicySet, &'a mut Vec<Document>)> {
        match self.side {
            Side::Child => evidence.caller.read_mut().map(|one| (&mut one.policies, &mut one.attachable)),
            Side::Parent => evidence.role.read_mut().map(|one| (&mut one.policies, &mut one.attachable)),
        }
    }

    fn step(&self, action: &Action, evidence: &mut Evidence) {
        match action {
            Action::CreatePolicyVersion { policy, document, .. } => {
                each(evidence, policy, |found| new_version(found, document));
            }
            Action::DeletePolicyVersion { policy, version: VersionRef::Id(id) } => each(evidence, policy, |found| {
                if let Origin::Managed { others, .. } = &mut found.origin {
                    others.retain(|one| one.id != *id);
                }
            }),
            Action::SetDefaultPolicyVersion { policy, version, .. } => each(evidence, policy, |found| {
                let Origin::Managed { others, .. } = &found.origin else { return };
                if let Some(other) = others.iter().find(|one| one.id == *version).cloned() {
                    // Without its text there is nothing to put in force; the repair would not have been offered.
                    let _ = super::versions::restore(found, &other);
                }
            }),
            Action::UpdateTrust { trust, .. } => {
                if let Some(role) = evidence.role.read_mut() {
                    role.trust = trust.clone();
                }
            }
            Action::UpdateMaxSession { seconds, .. } => {
                if let Some(role) = evidence.role.read_mut() {
                    role.max_session_seconds = *seconds;
                }
            }
            Action::Attach { policy, .. } => {
                let Some((set, attachable)) = self.holder(evidence) else { return };
                if let Some(at) = attachable.iter().position(|one| is(one, policy)) {
                    set.documents.push(attachable.remove(at));
                }
            }
            Action::Detach { policy, .. } => {
                let Some((set, _)) = self.holder(evidence) else { return };
                set.documents.retain(|one| !is(one, policy));
            }
            Action::PutInlinePolicy { holder, name, document, .. } => {
                let Some((set, _)) = self.holder(evidence) else { return };
                let origin = Origin::Inline { holder: holder.clone() };
                let new = Document { name: name.to_string(), origin, text: document.clone() };
                match set.documents.iter_mut().find(|one| same_place(one, &new)) {
                    Some(old) => *old = new,
                    None => set.documents.push(new),
                }
            }
            Action::DeleteInlinePolicy { holder, name, .. } => {
                let Some((set, _)) = self.holder(evidence) else { return };
                let origin = Origin::Inline { holder: holder.clone() };
                set.documents.retain(|one| one.origin != origin || one.name != name.as_str());
            }
            _ => {}
        }
    }

    /// What is changed elsewhere: control policies, and boundaries that AWS owns.
    fn by_hand(&self, evidence: &mut Evidence) {
        for change in &self.changes {
            let levels = match (change.layer, self.side, self.whose) {
                (Layer::ServiceControl, Side::Child, _) => evidence.caller_service_controls.read_mut(),
                (Layer::ServiceControl, Side::Parent, _) => evidence.role_service_controls.read_mut(),
                (Layer::ResourceControl, ..) => evidence.role_resource_controls.read_mut(),
                (Layer::Boundary, side, Whose::Account) => {
                    // A boundary of the account's own is changed by a step.
                    if !matches!(&change.place, Origin::Managed { arn, .. } if arn.account() == "aws") {
                        continue;
                    }
                    let boundary = match side {
                        Side::Child => evidence.caller.read_mut().map(|one| &mut one.boundary),
                        Side::Parent => evidence.role.read_mut().map(|one| &mut one.boundary),
                    };
                    if let (Some(text), Some(boundary)) = (&change.after, boundary.and_then(|one| one.read_mut())) {
                        boundary.text.clone_from(text);
                    }
                    continue;
                }
                (Layer::Identity, ..) if change.after.is_none() => {
                    // A group's policy can't be taken off one of its members by a step.
                    if let Some((set, _)) = self.holder(evidence) {
                        set.documents.retain(|one| one.origin != change.place);
                    }
                    continue;
                }
                _ => continue,
            };
            let Origin::Control { target, .. } = &change.place else { continue };
            let Some(level) = levels.and_then(|levels| levels.iter_mut().find(|level| level.target == *target)) else {
                continue;
            };
            level.policies.retain(|one| one.origin != change.place);
            if let Some(text) = &change.after {
                let (name, origin) = (change.name.clone(), change.place.clone());
                level.policies.push(Document { name, origin, text: text.clone() });
            }
        }
    }
}

fn is(document: &Document, policy: &Arn) -> bool {
    matches!(&document.origin, Origin::Managed { arn, .. } if arn == policy)
}

/// Every place a managed policy is attached to or set as the boundary.
fn each(evidence: &mut Evidence, policy: &Arn, change: impl Fn(&mut Document)) {
    let mut documents: Vec<&mut Document> = Vec::new();
    if let Some(caller) = evidence.caller.read_mut() {
        documents.extend(caller.policies.documents.iter_mut().chain(&mut caller.attachable));
        documents.extend(caller.boundary.read_mut());
    }
    if let Some(role) = evidence.role.read_mut() {
        documents.extend(role.policies.documents.iter_mut().chain(&mut role.attachable));
        documents.extend(role.boundary.read_mut());
    }
    documents.into_iter().filter(|document| is(document, policy)).for_each(change);
}

fn new_version(document: &mut Document, text: &str) {
    let Origin::Managed { version, others, .. } = &mut document.origin else { return };
    let number = |id: &str| id.trim_start_matches('v').parse::<u64>().unwrap_or(0);
    let newest = others.iter().map(|one| number(&one.id)).chain([number(version)]).max().unwrap_or(0);
    let old = std::mem::replace(version, format!("v{}", newest + 1));
    others.push(OtherVersion { id: old, text: Some(std::mem::replace(&mut document.text, text.to_owned())) });
}

fn send(request: &RequestChange, question: &mut Question, evidence: &mut Evidence) {
    let after = request.after.as_deref();
    match &request.field {
        RequestField::Caller => {
            if let Some(caller) = after.and_then(|text| Principal::parse(text).ok()) {
                question.caller = caller;
            }
        }
        RequestField::RoleArn => {
            if let Some(role) = after.and_then(|text| Arn::parse(text).ok()) {
                question.role = role;
            }
        }
        RequestField::ExternalId => question.external_id = after.and_then(|text| ExternalId::parse(text).ok()),
        RequestField::DurationSeconds => question.duration_seconds = after.and_then(|text| text.parse().ok()),
        RequestField::SessionPolicy => question.session_policy = request.after.clone(),
        RequestField::Region => {
            let name = EndpointName::parse(question.endpoint.called());
            if let (Some(region), Ok(name)) = (after.and_then(|text| Region::parse(text).ok()), name) {
                let known = question.endpoint.name.clone();
                question.endpoint = Target { name: known, ..Target::new(name, &region, &question.endpoint.account()) };
                // The endpoint was seen where the call goes now.
                if let Some(found) = evidence.elsewhere.iter().find(|one| one.arn == question.endpoint.arn) {
                    evidence.endpoint = crate::doctor::Piece::Read(found.clone());
                }
            }
        }
        RequestField::EndpointName => {
            question.endpoint.name = after.and_then(|text| EndpointName::parse(text).ok());
        }
        RequestField::Key(key) => evidence.known.set(key, request.after.clone().into_iter().collect()),
    }
}

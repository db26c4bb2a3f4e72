//! The organisation's policies: made, changed, attached, read.
//!
//! Rules and limits: Organizations user guide, "SCP syntax", "RCP syntax", "Quotas for AWS Organizations".

use super::input::{change, constraint, invalid, kind, manage, missing, page, required};
use super::limits::RCP_SERVICES;
use super::model::{Organization, Policy, PolicyType};
use crate::call::Call;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use domain::policy::{
    AwsPrincipal, Effect, PolicyDocument, PrincipalPattern, Statement, validate_identity, validate_resource,
};
use serde_json::{Value, json};

/// The most characters of a policy, white space included.
const CHARACTERS: usize = 5120;
/// The most policies of a type at one root, unit or account.
const ATTACHED: usize = 5;

fn no_policy() -> Failure {
    missing("PolicyNotFoundException", "a policy ID")
}

fn no_target() -> Failure {
    missing("TargetNotFoundException", "a root, OU or account ID")
}

/// A type that is switched off.
pub fn not_enabled() -> Failure {
    Failure::new(
        400,
        "PolicyTypeNotEnabledException",
        "The specified policy type isn't currently enabled in this root.",
    )
}

fn malformed() -> Failure {
    Failure::new(
        400,
        "MalformedPolicyDocumentException",
        "The provided policy document does not meet the requirements of the specified policy type.",
    )
}

fn check_content(kind: PolicyType, content: &str) -> Result<(), Failure> {
    if content.chars().count() > CHARACTERS {
        return Err(constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the size limit for this policy."));
    }
    let document = PolicyDocument::parse(content).map_err(|_| malformed())?;
    match kind {
        PolicyType::ServiceControl => validate_identity(&document).map_err(|_| malformed()),
        PolicyType::ResourceControl => {
            validate_resource(&document).map_err(|_| malformed())?;
            if document.statements.iter().all(fits_resources) { Ok(()) } else { Err(malformed()) }
        }
    }
}

/// A statement of a resource control policy denies everybody actions of services that know such policies.
fn fits_resources(statement: &Statement) -> bool {
    let everybody = |principal: &PrincipalPattern| {
        matches!(principal, PrincipalPattern::Everyone | PrincipalPattern::Aws(AwsPrincipal::Any))
    };
    let for_all =
        statement.principal.as_ref().is_some_and(|clause| !clause.negated && clause.principals.iter().all(everybody));
    let known = |action: &str| RCP_SERVICES.iter().any(|service| action.to_ascii_lowercase().starts_with(service));
    let actions = &statement.action;
    for_all
        && statement.effect == Effect::Deny
        && !actions.negated
        && actions.patterns.iter().all(|action| known(action.as_str()))
}

fn summary(organization: &Organization, kind: PolicyType, (id, name, description): (&str, &str, &str)) -> Value {
    json!({
        "Id": id,
        "Arn": organization.policy_arn(kind, id),
        "Name": name,
        "Description": description,
        "Type": kind.code(),
        "AwsManaged": kind.full_access().id == id,
    })
}

fn described(organization: &Organization, id: &str) -> Result<Value, Failure> {
    let kind = organization.kind_of(id).ok_or_else(no_policy)?;
    let found = organization.of_kind(kind).find(|(known, ..)| *known == id);
    let (id, name, description, content) = found.ok_or_else(no_policy)?;
    Ok(json!({
        "PolicySummary": summary(organization, kind, (id, name, description)),
        "Content": content,
    }))
}

/// DescribePolicy.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = required(&call.body, "PolicyId")?;
    manage(call, |organization| Ok(Reply::Json(json!({ "Policy": described(organization, id)? }))))
}

fn taken(organization: &Organization, kind: PolicyType, name: &str, but: &str) -> Result<(), Failure> {
    if organization.of_kind(kind).any(|(id, known, ..)| known == name && id != but) {
        return Err(Failure::new(400, "DuplicatePolicyException", "A policy with the same name already exists."));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Failure> {
    match name.chars().count() {
        1..=128 => Ok(()),
        _ => Err(invalid("MAX_LENGTH_EXCEEDED", "Name must have between 1 and 128 characters.")),
    }
}

/// CreatePolicy.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let (name, content, kind) = (required(body, "Name")?, required(body, "Content")?, kind(body, "Type")?);
    let description = body.get("Description").and_then(Value::as_str).unwrap_or_default();
    check_name(name)?;
    if body.get("Tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty()) {
        return Err(invalid("INVALID_PATTERN", "the sandbox keeps no tags of an organisation's policies"));
    }
    check_content(kind, content)?;
    let policy = Policy { name: name.into(), description: description.into(), kind, content: content.into() };
    change(call, |organization| {
        taken(organization, kind, name, "")?;
        let id = ids::lower("p-", 8);
        organization.policies.insert(id.clone(), policy);
        Ok(Reply::Json(json!({ "Policy": described(organization, &id)? })))
    })
}

/// UpdatePolicy: what is not given stays.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = required(&call.body, "PolicyId")?;
    let text = |name: &str| call.body.get(name).and_then(Value::as_str);
    let (name, description, content) = (text("Name"), text("Description"), text("Content"));
    name.map_or(Ok(()), check_name)?;
    change(call, |organization| {
        let kind = own(organization, id)?;
        content.map_or(Ok(()), |content| check_content(kind, content))?;
        name.map_or(Ok(()), |name| taken(organization, kind, name, id))?;
        let policy = organization.policies.get_mut(id).ok_or_else(no_policy)?;
        let set =
            |member: &mut String, new: Option<&str>| member.clone_from(&new.map_or(member.clone(), str::to_owned));
        set(&mut policy.name, name);
        set(&mut policy.description, description);
        set(&mut policy.content, content);
        Ok(Reply::Json(json!({ "Policy": described(organization, id)? })))
    })
}

/// The type of a policy that may be changed: AWS's own may not.
fn own(organization: &Organization, id: &str) -> Result<PolicyType, Failure> {
    let kind = organization.kind_of(id).ok_or_else(no_policy)?;
    if kind.full_access().id == id {
        return Err(Failure::access_denied("You can't modify or delete an AWS managed policy."));
    }
    Ok(kind)
}

/// DeletePolicy.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = required(&call.body, "PolicyId")?;
    change(call, |organization| {
        own(organization, id)?;
        if organization.attached.values().any(|ids| ids.contains(id)) {
            return Err(Failure::new(
                400,
                "PolicyInUseException",
                "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts \
                 before performing this operation.",
            ));
        }
        organization.policies.remove(id);
        Ok(Reply::Json(json!({})))
    })
}

/// ListPolicies.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let kind = kind(&call.body, "Filter")?;
    manage(call, |organization| {
        let rows = organization
            .of_kind(kind)
            .map(|(id, name, description, _)| (id.to_owned(), summary(organization, kind, (id, name, description))));
        page(call, "Policies", rows.collect()).map(Reply::Json)
    })
}

/// ListPoliciesForTarget: what is attached directly, not what is inherited.
pub fn list_for_target(call: &Call<'_>) -> Result<Reply, Failure> {
    let (target, kind) = (required(&call.body, "TargetId")?, kind(&call.body, "Filter")?);
    manage(call, |organization| {
        organization.node(target).ok_or_else(no_target)?;
        let attached = organization.attached.get(target);
        let rows = organization
            .of_kind(kind)
            .filter(|(id, ..)| attached.is_some_and(|ids| ids.contains(*id)))
            .map(|(id, name, description, _)| (id.to_owned(), summary(organization, kind, (id, name, description))));
        page(call, "Policies", rows.collect()).map(Reply::Json)
    })
}

/// ListTargetsForPolicy.
pub fn list_targets(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = required(&call.body, "PolicyId")?;
    manage(call, |organization| {
        organization.kind_of(id).ok_or_else(no_policy)?;
        let targets = organization.attached.iter().filter(|(_, ids)| ids.contains(id));
        let rows = targets.filter_map(|(target, _)| organization.node(target)).map(|node| {
            let row = json!({ "TargetId": node.id, "Arn": node.arn, "Name": node.name, "Type": node.kind });
            (node.id, row)
        });
        page(call, "Targets", rows.collect()).map(Reply::Json)
    })
}

/// The policy's type and the number of its kind at the target, once both are known to exist.
fn both(organization: &Organization, id: &str, target: &str) -> Result<(PolicyType, usize), Failure> {
    let kind = organization.kind_of(id).ok_or_else(no_policy)?;
    organization.node(target).ok_or_else(no_target)?;
    let attached = organization.attached.get(target).into_iter().flatten();
    Ok((kind, attached.filter(|known| organization.kind_of(known) == Some(kind)).count()))
}

/// AttachPolicy.
pub fn attach(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, target) = (required(&call.body, "PolicyId")?, required(&call.body, "TargetId")?);
    change(call, |organization| {
        let (kind, count) = both(organization, id, target)?;
        if !organization.enabled.contains(&kind) {
            return Err(not_enabled());
        }
        let attached = organization.attached.entry(target.to_owned()).or_default();
        if attached.contains(id) {
            return Err(Failure::new(
                400,
                "DuplicatePolicyAttachmentException",
                "The selected policy is already attached to the specified target.",
            ));
        }
        if count >= ATTACHED {
            return Err(constraint(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You have attached the maximum number of policies of this type to the specified target.",
            ));
        }
        attached.insert(id.to_owned());
        Ok(Reply::Json(json!({})))
    })
}

/// DetachPolicy: a target always keeps one service control policy, and AWS's resource control policy.
pub fn detach(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, target) = (required(&call.body, "PolicyId")?, required(&call.body, "TargetId")?);
    change(call, |organization| {
        let (kind, count) = both(organization, id, target)?;
        if !organization.attached.get(target).is_some_and(|ids| ids.contains(id)) {
            return Err(Failure::new(
                400,
                "PolicyNotAttachedException",
                "The policy isn't attached to the specified target in the specified root.",
            ));
        }
        if count == 1 || id == PolicyType::ResourceControl.full_access().id {
            return Err(constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                format!("You can't detach the last policy of type {} from a target.", kind.code()),
            ));
        }
        if let Some(attached) = organization.attached.get_mut(target) {
            attached.remove(id);
        }
        Ok(Reply::Json(json!({})))
    })
}

//! Inline policies and attached managed policies, the same for users, groups and roles.

use super::input::{self, delete_conflict, limit, missing, no_such_entity, page, path_prefix};
use super::model::{Grants, Iam, Kind};
use super::{documents, managed};
use crate::call::Call;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::names::AccountId;
use domain::policy::PolicyDocument;

/// Managed policies per user, group or role, before a quota increase.
const ATTACHED: usize = 10;

/// Refuses to delete what still has policies.
pub fn must_be_empty(grants: &Grants) -> Result<(), Failure> {
    if !grants.attached.is_empty() {
        return Err(delete_conflict("Cannot delete entity, must detach all policies first."));
    }
    if !grants.inline.is_empty() {
        return Err(delete_conflict("Cannot delete entity, must delete policies first."));
    }
    Ok(())
}

fn read<T>(call: &Call<'_>, kind: Kind, read: impl FnOnce(&Iam, &Grants) -> Result<T, Failure>) -> Result<T, Failure> {
    let name = input::named(call, kind)?;
    call.read_iam(|iam| read(iam, iam.grants(kind, name).ok_or_else(|| missing(kind, name))?))
}

fn change<T>(
    call: &Call<'_>,
    kind: Kind,
    change: impl FnOnce(&mut Grants) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let name = input::named(call, kind)?;
    call.change_iam(|iam| change(iam.grants_mut(kind, name).ok_or_else(|| missing(kind, name))?))
}

fn no_inline(kind: Kind, policy: &str) -> Failure {
    no_such_entity(format!("The {} policy with name {policy} cannot be found.", kind.word()))
}

/// PutRolePolicy, PutUserPolicy, PutGroupPolicy.
pub fn put_inline(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let (policy, text) = (input::name(&call.params, "PolicyName", 128)?, call.params.required("PolicyDocument")?);
    documents::check_identity(text)?;
    let name = input::named(call, kind)?;
    change(call, kind, |grants| {
        let others = grants.inline.iter().filter(|(known, _)| *known != policy);
        let size: usize = others.map(|(_, text)| PolicyDocument::size(text)).sum();
        if size + PolicyDocument::size(text) > kind.inline_quota() {
            let most = kind.inline_quota();
            return Err(limit(format!("Maximum policy size of {most} bytes exceeded for {} {name}", kind.word())));
        }
        grants.inline.insert(policy.to_owned(), text.to_owned());
        Ok(Reply::Xml(None))
    })
}

/// GetRolePolicy, GetUserPolicy, GetGroupPolicy.
pub fn get_inline(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let (name, policy) = (input::named(call, kind)?, input::name(&call.params, "PolicyName", 128)?);
    read(call, kind, |_, grants| {
        let text = grants.inline.get(policy).ok_or_else(|| no_inline(kind, policy))?;
        let xml = Xml::new()
            .text(&format!("{}Name", kind.title()), name)
            .text("PolicyName", policy)
            .text("PolicyDocument", documents::encode(text));
        Ok(Reply::Xml(Some(xml)))
    })
}

/// DeleteRolePolicy, DeleteUserPolicy, DeleteGroupPolicy.
pub fn delete_inline(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let policy = input::name(&call.params, "PolicyName", 128)?;
    change(call, kind, |grants| match grants.inline.remove(policy) {
        Some(_) => Ok(Reply::Xml(None)),
        None => Err(no_inline(kind, policy)),
    })
}

/// ListRolePolicies, ListUserPolicies, ListGroupPolicies: names only.
pub fn list_inline(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    read(call, kind, |_, grants| {
        let page = page(&call.params, grants.inline.keys().map(|name| (name.as_str(), name)))?;
        // A list of bare names: `<member>name</member>`.
        let list =
            Xml::new().node("PolicyNames", |xml| page.items.iter().fold(xml, |xml, name| xml.text("member", name)));
        Ok(Reply::Xml(Some(page.end(list))))
    })
}

fn exists(iam: &Iam, account: &AccountId, arn: &str) -> bool {
    managed::find(arn).is_some() || iam.policy(account, arn).is_some()
}

/// AttachRolePolicy, AttachUserPolicy, AttachGroupPolicy; a second time does nothing.
pub fn attach(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let (name, arn) = (input::named(call, kind)?, call.params.required("PolicyArn")?);
    call.change_iam(|iam| {
        iam.grants(kind, name).ok_or_else(|| missing(kind, name))?;
        if !exists(iam, call.account(), arn) {
            return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
        }
        let grants = iam.grants_mut(kind, name).ok_or_else(|| missing(kind, name))?;
        if grants.attached.iter().any(|known| known == arn) {
            return Ok(Reply::Xml(None));
        }
        if grants.attached.len() >= ATTACHED {
            return Err(limit(format!("Cannot exceed quota for PoliciesPer{}: {ATTACHED}", kind.title())));
        }
        grants.attached.push(arn.to_owned());
        Ok(Reply::Xml(None))
    })
}

/// DetachRolePolicy, DetachUserPolicy, DetachGroupPolicy.
pub fn detach(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let arn = call.params.required("PolicyArn")?;
    change(call, kind, |grants| {
        let before = grants.attached.len();
        grants.attached.retain(|known| known != arn);
        if grants.attached.len() == before {
            return Err(no_such_entity(format!("Policy {arn} was not found.")));
        }
        Ok(Reply::Xml(None))
    })
}

/// ListAttachedRolePolicies, ListAttachedUserPolicies, ListAttachedGroupPolicies.
pub fn list_attached(call: &Call<'_>, kind: Kind) -> Result<Reply, Failure> {
    let prefix = path_prefix(&call.params);
    read(call, kind, |iam, grants| {
        let path_fits = |arn: &str| match managed::find(arn) {
            Some(known) => known.path.starts_with(prefix),
            None => iam.policy(call.account(), arn).is_some_and(|policy| policy.path.starts_with(prefix)),
        };
        let mut arns: Vec<&str> = grants.attached.iter().map(String::as_str).filter(|arn| path_fits(arn)).collect();
        arns.sort_unstable();
        let page = page(&call.params, arns.into_iter().map(|arn| (arn, arn)))?;
        let list = Xml::new().list("AttachedPolicies", &page.items, |xml, arn| {
            xml.text("PolicyName", arn.rsplit('/').next().unwrap_or_default()).text("PolicyArn", arn)
        });
        Ok(Reply::Xml(Some(page.end(list))))
    })
}

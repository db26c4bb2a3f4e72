//! The organisation itself, its root, units and accounts. Nothing here changes the tree but the types of policy that
//! are switched on.

use super::input::{change, kind, manage, missing, page, read, required};
use super::model::{Node, Organization, PolicyType};
use crate::call::Call;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use domain::names::AccountId;
use serde_json::{Value, json};

/// DescribeOrganization: "can be called from any account in the organization".
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    read(call, |organization| {
        let management = &organization.management;
        let email = organization.accounts.get(management).map(|member| member.email.as_str());
        // "Do not use" the list, says the reference; it tells of service control policies only.
        let types = json!([{ "Type": PolicyType::ServiceControl.code(), "Status": "ENABLED" }]);
        Ok(Reply::Json(json!({ "Organization": {
            "Id": organization.id,
            "Arn": organization.own_arn(),
            "FeatureSet": "ALL",
            "MasterAccountArn": organization.account_arn(management),
            "MasterAccountId": management,
            "MasterAccountEmail": email,
            "AvailablePolicyTypes": types,
        } })))
    })
}

fn root(organization: &Organization) -> Value {
    let enabled = organization.enabled.iter().map(|kind| json!({ "Type": kind.code(), "Status": "ENABLED" }));
    let node = organization.node(&organization.root);
    json!({
        "Id": organization.root,
        "Arn": node.as_ref().map(|node| node.arn.as_str()),
        "Name": "Root",
        "PolicyTypes": enabled.collect::<Vec<_>>(),
    })
}

/// ListRoots.
pub fn list_roots(call: &Call<'_>) -> Result<Reply, Failure> {
    manage(call, |organization| Ok(Reply::Json(json!({ "Roots": [root(organization)] }))))
}

/// ListParents.
pub fn list_parents(call: &Call<'_>) -> Result<Reply, Failure> {
    let child = required(&call.body, "ChildId")?;
    manage(call, |organization| {
        let of_account = || {
            let account = AccountId::parse(child).ok()?;
            organization.accounts.get(&account).map(|member| &member.parent)
        };
        let parent = organization.units.get(child).map(|unit| &unit.parent).or_else(of_account);
        let parent = parent.and_then(|id| organization.node(id));
        let Node { id, kind, .. } = parent.ok_or_else(|| missing("ChildNotFoundException", "an OU or account ID"))?;
        Ok(Reply::Json(json!({ "Parents": [{ "Id": id, "Type": kind }] })))
    })
}

fn children<'o>(call: &Call<'_>, organization: &'o Organization, wanted: &str) -> Result<Vec<Node<'o>>, Failure> {
    let parent = required(&call.body, "ParentId")?;
    let is_parent = parent == organization.root || organization.units.contains_key(parent);
    if !is_parent {
        return Err(missing("ParentNotFoundException", "a root or OU ID"));
    }
    Ok(organization.children(parent).into_iter().filter(|node| node.kind == wanted).collect())
}

/// ListChildren.
pub fn list_children(call: &Call<'_>) -> Result<Reply, Failure> {
    let wanted = required(&call.body, "ChildType")?;
    manage(call, |organization| {
        let rows = children(call, organization, wanted)?
            .into_iter()
            .map(|node| (node.id.clone(), json!({ "Id": node.id, "Type": node.kind })));
        page(call, "Children", rows.collect()).map(Reply::Json)
    })
}

/// ListOrganizationalUnitsForParent.
pub fn list_units(call: &Call<'_>) -> Result<Reply, Failure> {
    manage(call, |organization| {
        let rows = children(call, organization, "ORGANIZATIONAL_UNIT")?
            .into_iter()
            .map(|node| (node.id.clone(), json!({ "Id": node.id, "Arn": node.arn, "Name": node.name })));
        page(call, "OrganizationalUnits", rows.collect()).map(Reply::Json)
    })
}

/// DescribeOrganizationalUnit.
pub fn describe_unit(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = required(&call.body, "OrganizationalUnitId")?;
    manage(call, |organization| {
        let found = organization.node(id).filter(|node| node.kind == "ORGANIZATIONAL_UNIT");
        let node = found.ok_or_else(|| missing("OrganizationalUnitNotFoundException", "an OU ID"))?;
        Ok(Reply::Json(json!({ "OrganizationalUnit": { "Id": node.id, "Arn": node.arn, "Name": node.name } })))
    })
}

fn account(organization: &Organization, id: &AccountId) -> Option<(String, Value)> {
    let member = organization.accounts.get(id)?;
    let joined = if *id == organization.management { "INVITED" } else { "CREATED" };
    let shown = json!({
        "Id": id,
        "Arn": organization.account_arn(id),
        "Name": member.name,
        "Email": member.email,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "JoinedMethod": joined,
        "JoinedTimestamp": epoch_seconds(organization.created),
    });
    Some((id.to_string(), shown))
}

/// ListAccounts.
pub fn list_accounts(call: &Call<'_>) -> Result<Reply, Failure> {
    manage(call, |organization| {
        let rows = organization.accounts.keys().filter_map(|id| account(organization, id));
        page(call, "Accounts", rows.collect()).map(Reply::Json)
    })
}

/// ListAccountsForParent.
pub fn list_accounts_of(call: &Call<'_>) -> Result<Reply, Failure> {
    manage(call, |organization| {
        let below = children(call, organization, "ACCOUNT")?;
        let rows = below.iter().filter_map(|node| account(organization, &AccountId::parse(&node.id).ok()?));
        page(call, "Accounts", rows.collect()).map(Reply::Json)
    })
}

/// DescribeAccount.
pub fn describe_account(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = required(&call.body, "AccountId")?;
    manage(call, |organization| {
        let found = AccountId::parse(id).ok().and_then(|id| account(organization, &id));
        let (_, shown) = found.ok_or_else(|| missing("AccountNotFoundException", "an account ID"))?;
        Ok(Reply::Json(json!({ "Account": shown })))
    })
}

fn change_type(
    call: &Call<'_>,
    check: fn(bool) -> Result<(), Failure>,
    turn: fn(&mut Organization, PolicyType),
) -> Result<Reply, Failure> {
    let (id, kind) = (required(&call.body, "RootId")?, kind(&call.body, "PolicyType")?);
    change(call, |organization| {
        if organization.root != id {
            return Err(missing("RootNotFoundException", "a root ID"));
        }
        check(organization.enabled.contains(&kind))?;
        turn(organization, kind);
        Ok(Reply::Json(json!({ "Root": root(organization) })))
    })
}

/// EnablePolicyType.
pub fn enable_type(call: &Call<'_>) -> Result<Reply, Failure> {
    let check = |enabled| match enabled {
        true => Err(Failure::new(
            400,
            "PolicyTypeAlreadyEnabledException",
            "The specified policy type is already enabled in the specified root.",
        )),
        false => Ok(()),
    };
    change_type(call, check, Organization::enable)
}

/// DisablePolicyType.
pub fn disable_type(call: &Call<'_>) -> Result<Reply, Failure> {
    let check = |enabled| if enabled { Ok(()) } else { Err(super::policies::not_enabled()) };
    change_type(call, check, Organization::disable)
}

//! Groups and who is in them.

use super::input::{self, delete_conflict, exists, missing, no_such_entity, page, path_prefix};
use super::model::{Grants, Group, Iam, Kind};
use crate::call::Call;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::names::AccountId;

fn xml(group: &Group, account: &AccountId) -> Xml {
    Xml::new()
        .text("Path", &group.path)
        .text("GroupName", &group.name)
        .text("GroupId", &group.id)
        .text("Arn", group.arn(account))
        .text("CreateDate", group.created.rfc3339())
}

/// CreateGroup.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::Group)?;
    let group = Group {
        name: name.to_owned(),
        path: input::path(&call.params)?.to_owned(),
        id: ids::group(),
        created: call.now,
        grants: Grants::default(),
    };
    let reply = xml(&group, call.account());
    call.change_iam(|iam| {
        if iam.groups.contains_key(&name.to_ascii_lowercase()) {
            return Err(exists(Kind::Group, name));
        }
        iam.groups.insert(name.to_ascii_lowercase(), group);
        Ok(())
    })?;
    Ok(Reply::Xml(Some(Xml::new().node("Group", |_| reply))))
}

/// GetGroup: the group and a page of its users.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::Group)?;
    let account = call.account();
    call.read_iam(|iam| {
        let group = iam.group(name).ok_or_else(|| missing(Kind::Group, name))?;
        let members = iam.users.iter().filter(|(_, user)| user.groups.contains(&name.to_ascii_lowercase()));
        let page = page(&call.params, members.map(|(key, user)| (key.as_str(), user)))?;
        let list = Xml::new().node("Group", |_| xml(group, account)).list("Users", &page.items, |xml, user| {
            xml.text("Path", &user.path)
                .text("UserName", &user.name)
                .text("UserId", &user.id)
                .text("Arn", user.arn(account))
                .text("CreateDate", user.created.rfc3339())
        });
        Ok(Reply::Xml(Some(page.end(list))))
    })
}

/// DeleteGroup: only one that is empty.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::Group)?;
    call.change_iam(|iam| {
        let group = iam.group(name).ok_or_else(|| missing(Kind::Group, name))?;
        let key = name.to_ascii_lowercase();
        if iam.users.values().any(|user| user.groups.contains(&key)) {
            return Err(delete_conflict("Cannot delete entity, must remove users from group first."));
        }
        super::grants::must_be_empty(&group.grants)?;
        iam.groups.remove(&key);
        Ok(Reply::Xml(None))
    })
}

/// ListGroups.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let prefix = path_prefix(&call.params);
    call.read_iam(|iam| {
        let groups = iam.groups.iter().filter(|(_, group)| group.path.starts_with(prefix));
        let page = page(&call.params, groups.map(|(key, group)| (key.as_str(), group)))?;
        Ok(Reply::Xml(Some(page.end(Xml::new().list("Groups", &page.items, |_, g| xml(g, call.account()))))))
    })
}

/// ListGroupsForUser.
pub fn list_for_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::User)?;
    call.read_iam(|iam| {
        let user = iam.user(name).ok_or_else(|| missing(Kind::User, name))?;
        let groups = iam.groups.iter().filter(|(key, _)| user.groups.contains(key));
        let page = page(&call.params, groups.map(|(key, group)| (key.as_str(), group)))?;
        Ok(Reply::Xml(Some(page.end(Xml::new().list("Groups", &page.items, |_, g| xml(g, call.account()))))))
    })
}

fn change_membership(
    call: &Call<'_>,
    change: impl FnOnce(&mut Vec<String>, String) -> Result<(), Failure>,
) -> Result<Reply, Failure> {
    let (group, user) = (input::named(call, Kind::Group)?, input::named(call, Kind::User)?);
    call.change_iam(|iam: &mut Iam| {
        iam.group(group).ok_or_else(|| missing(Kind::Group, group))?;
        iam.user(user).ok_or_else(|| missing(Kind::User, user))?;
        match iam.users.get_mut(&user.to_ascii_lowercase()) {
            Some(user) => change(&mut user.groups, group.to_ascii_lowercase()),
            None => Err(missing(Kind::User, user)),
        }
    })?;
    Ok(Reply::Xml(None))
}

/// AddUserToGroup; a second time does nothing.
pub fn add_user(call: &Call<'_>) -> Result<Reply, Failure> {
    change_membership(call, |groups, group| {
        if !groups.contains(&group) {
            groups.push(group);
        }
        Ok(())
    })
}

/// RemoveUserFromGroup.
pub fn remove_user(call: &Call<'_>) -> Result<Reply, Failure> {
    change_membership(call, |groups, group| {
        let before = groups.len();
        groups.retain(|known| *known != group);
        if groups.len() == before {
            return Err(no_such_entity("The user is not a member of the group."));
        }
        Ok(())
    })
}

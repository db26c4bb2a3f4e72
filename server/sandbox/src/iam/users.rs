//! Users, their groups' names, and access keys.

use super::input::{self, delete_conflict, exists, limit, missing, no_such_entity, page, path_prefix};
use super::model::{Grants, Kind, User};
use super::{boundaries, target};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use crate::state::AccessKey;
use domain::names::AccountId;
use domain::time::Timestamp;

fn xml(user: &User, account: &AccountId) -> Xml {
    Xml::new()
        .text("Path", &user.path)
        .text("UserName", &user.name)
        .text("UserId", &user.id)
        .text("Arn", user.arn(account))
        .text("CreateDate", user.created.rfc3339())
}

fn full(user: &User, account: &AccountId) -> Xml {
    let with_boundary = boundaries::xml(xml(user, account), &user.grants);
    if user.tags.is_empty() { with_boundary } else { input::tags_xml(with_boundary, &user.tags) }
}

/// CreateUser.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::User)?;
    let user = User {
        name: name.to_owned(),
        path: input::path(&call.params)?.to_owned(),
        id: ids::user(),
        created: call.now,
        grants: Grants { boundary: boundaries::wanted(call)?, ..Grants::default() },
        groups: Vec::new(),
        tags: input::tags(&call.params)?,
    };
    let reply = full(&user, call.account());
    call.change_iam(|iam| {
        if iam.users.contains_key(&name.to_ascii_lowercase()) {
            return Err(exists(Kind::User, name));
        }
        iam.users.insert(name.to_ascii_lowercase(), user);
        Ok(())
    })?;
    Ok(Reply::Xml(Some(Xml::new().node("User", |_| reply))))
}

/// GetUser; without a name the caller.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = target::user_name(call)?;
    let found = call.read_iam(|iam| iam.user(name).map(|user| full(user, call.account())));
    let found = found.ok_or_else(|| missing(Kind::User, name))?;
    Ok(Reply::Xml(Some(Xml::new().node("User", |_| found))))
}

/// DeleteUser: only one that has nothing left.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::User)?;
    call.write(|state| {
        let has_keys =
            state.keys.values().any(|key| key.account == *call.account() && key.user.as_deref() == Some(name));
        let iam = call.iam_of(state);
        let user = iam.user(name).ok_or_else(|| missing(Kind::User, name))?;
        if has_keys {
            return Err(delete_conflict("Cannot delete entity, must delete access keys first."));
        }
        if !user.groups.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must remove users from group first."));
        }
        super::grants::must_be_empty(&user.grants)?;
        iam.users.remove(&name.to_ascii_lowercase());
        Ok(Reply::Xml(None))
    })
}

/// ListUsers.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let prefix = path_prefix(&call.params);
    call.read_iam(|iam| {
        let users = iam.users.iter().filter(|(_, user)| user.path.starts_with(prefix));
        let page = page(&call.params, users.map(|(key, user)| (key.as_str(), user)))?;
        let list = Xml::new().list("Users", &page.items, |_, user| xml(user, call.account()));
        Ok(Reply::Xml(Some(page.end(list))))
    })
}

/// CreateAccessKey: two a user at most.
pub fn create_key(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = target::user_name(call)?.to_owned();
    let (id, secret) = (ids::access_key(), ids::secret());
    let key = AccessKey {
        secret: secret.clone(),
        account: call.account().clone(),
        user: Some(name.clone()),
        active: true,
        created: call.now,
    };
    call.write(|state| {
        known(state, call, &name)?;
        if keys_of(state, call, &name).len() >= 2 {
            return Err(limit("Cannot exceed quota for AccessKeysPerUser: 2"));
        }
        state.keys.insert(id.clone(), key);
        Ok(())
    })?;
    let created = key_xml(Xml::new(), &name, &id, true, call.now).text("SecretAccessKey", secret);
    Ok(Reply::Xml(Some(Xml::new().node("AccessKey", |_| created))))
}

fn key_xml(xml: Xml, user: &str, id: &str, active: bool, created: Timestamp) -> Xml {
    let status = if active { "Active" } else { "Inactive" };
    xml.text("UserName", user).text("AccessKeyId", id).text("Status", status).text("CreateDate", created.rfc3339())
}

fn known(state: &crate::state::State, call: &Call<'_>, name: &str) -> Result<(), Failure> {
    let account = state.accounts.get(call.account());
    let found = account.is_some_and(|account| account.iam.current().user(name).is_some());
    if found { Ok(()) } else { Err(missing(Kind::User, name)) }
}

fn keys_of<'s>(state: &'s crate::state::State, call: &Call<'_>, name: &str) -> Vec<(&'s String, &'s AccessKey)> {
    let of_user = |key: &AccessKey| key.account == *call.account() && key.user.as_deref() == Some(name);
    state.keys.iter().filter(|(_, key)| of_user(key)).collect()
}

/// ListAccessKeys: never their secrets.
pub fn list_keys(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = target::user_name(call)?;
    let state = call.app.store.read();
    known(&state, call, name)?;
    let page = page(&call.params, keys_of(&state, call, name).into_iter().map(|(id, key)| (id.as_str(), (id, key))))?;
    let list = Xml::new()
        .list("AccessKeyMetadata", &page.items, |xml, (id, key)| key_xml(xml, name, id, key.active, key.created));
    Ok(Reply::Xml(Some(page.end(list))))
}

fn change_key<T>(
    call: &Call<'_>,
    change: impl FnOnce(&mut crate::state::State, &str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (name, id) = (target::user_name(call)?, call.params.required("AccessKeyId")?);
    call.write(|state| {
        known(state, call, name)?;
        if !keys_of(state, call, name).iter().any(|(known, _)| *known == id) {
            return Err(no_such_entity(format!("The Access Key with id {id} cannot be found.")));
        }
        change(state, id)
    })
}

/// UpdateAccessKey.
pub fn update_key(call: &Call<'_>) -> Result<Reply, Failure> {
    let status = call.params.required("Status")?;
    Checks::new().one_of("status", status, &["Active", "Inactive"]).finish()?;
    change_key(call, |state, id| {
        if let Some(key) = state.keys.get_mut(id) {
            key.active = status == "Active";
        }
        Ok(Reply::Xml(None))
    })
}

/// DeleteAccessKey.
pub fn delete_key(call: &Call<'_>) -> Result<Reply, Failure> {
    change_key(call, |state, id| {
        state.keys.remove(id);
        Ok(Reply::Xml(None))
    })
}

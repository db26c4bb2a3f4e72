//! Roles.

use super::input::{self, exists, missing, page, path_prefix};
use super::model::{Grants, Kind, Role};
use super::{boundaries, documents};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::protocol::query::{Params, Xml};
use crate::state::State;
use domain::names::AccountId;

fn xml(state: &State, role: &Role, account: &AccountId) -> Xml {
    Xml::new()
        .text("Path", &role.path)
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", role.arn(account))
        .text("CreateDate", role.created.rfc3339())
        .text("AssumeRolePolicyDocument", documents::encode(&documents::to_show(state, &role.trust)))
        .maybe("Description", role.description.as_ref())
        .text("MaxSessionDuration", role.max_session)
}

/// Lists leave out the boundary and the tags.
fn full(state: &State, role: &Role, account: &AccountId) -> Xml {
    let with_boundary = boundaries::xml(xml(state, role, account), &role.grants);
    if role.tags.is_empty() { with_boundary } else { input::tags_xml(with_boundary, &role.tags) }
}

fn max_session(params: &Params) -> Result<Option<u32>, Failure> {
    let Some(seconds) = params.number("MaxSessionDuration")? else { return Ok(None) };
    Checks::new().range("maxSessionDuration", seconds, 3600, 43_200).finish()?;
    Ok(u32::try_from(seconds).ok())
}

/// CreateRole.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::Role)?;
    let trust = call.params.required("AssumeRolePolicyDocument")?;
    let (path, description) = (input::path(&call.params)?.to_owned(), input::description(&call.params)?);
    let max_session = max_session(&call.params)?.unwrap_or(3600);
    let (tags, boundary) = (input::tags(&call.params)?, boundaries::wanted(call)?);
    let reply = call.write(|state| {
        let key = name.to_ascii_lowercase();
        if call.iam_of(state).roles.contains_key(&key) {
            return Err(exists(Kind::Role, name));
        }
        let role = Role {
            name: name.to_owned(),
            path,
            id: ids::role(),
            created: call.now,
            grants: Grants { boundary, ..Grants::default() },
            description,
            trust: documents::trust_to_store(state, trust)?,
            max_session,
            tags,
        };
        let reply = full(state, &role, call.account());
        call.iam_of(state).roles.insert(key, role);
        Ok(reply)
    })?;
    Ok(Reply::Xml(Some(Xml::new().node("Role", |_| reply))))
}

/// GetRole.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::Role)?;
    let state = call.app.store.read();
    let role = state.accounts.get(call.account()).and_then(|account| account.iam.current().role(name));
    let found = full(&state, role.ok_or_else(|| missing(Kind::Role, name))?, call.account());
    Ok(Reply::Xml(Some(Xml::new().node("Role", |_| found))))
}

/// DeleteRole: only one that has nothing left.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::named(call, Kind::Role)?;
    call.change_iam(|iam| {
        let role = iam.role(name).ok_or_else(|| missing(Kind::Role, name))?;
        super::grants::must_be_empty(&role.grants)?;
        iam.roles.remove(&name.to_ascii_lowercase());
        Ok(Reply::Xml(None))
    })
}

/// ListRoles.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let prefix = path_prefix(&call.params);
    let state = call.app.store.read();
    let iam = state.accounts.get(call.account()).map(|account| account.iam.current().clone()).unwrap_or_default();
    let roles = iam.roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    let page = page(&call.params, roles.map(|(key, role)| (key.as_str(), role)))?;
    let list = Xml::new().list("Roles", &page.items, |_, role| xml(&state, role, call.account()));
    Ok(Reply::Xml(Some(page.end(list))))
}

fn change(call: &Call<'_>, change: impl FnOnce(&mut Role)) -> Result<(), Failure> {
    let name = input::named(call, Kind::Role)?;
    call.change_iam(|iam| {
        let found = iam.roles.get_mut(&name.to_ascii_lowercase()).filter(|role| role.name == name);
        found.map(change).ok_or_else(|| missing(Kind::Role, name))
    })
}

/// UpdateRole: what is not given stays.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (description, max_session) = (input::description(&call.params)?, max_session(&call.params)?);
    change(call, |role| {
        if description.is_some() {
            role.description = description;
        }
        role.max_session = max_session.unwrap_or(role.max_session);
    })?;
    Ok(Reply::Xml(Some(Xml::new())))
}

/// UpdateAssumeRolePolicy.
pub fn update_trust(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, text) = (input::named(call, Kind::Role)?, call.params.required("PolicyDocument")?);
    call.write(|state| {
        call.iam_of(state).role(name).ok_or_else(|| missing(Kind::Role, name))?;
        let trust = documents::trust_to_store(state, text)?;
        if let Some(role) = call.iam_of(state).roles.get_mut(&name.to_ascii_lowercase()) {
            role.trust = trust;
        }
        Ok(Reply::Xml(None))
    })
}

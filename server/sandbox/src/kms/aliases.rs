//! Aliases: other names of keys. Each change needs permission on the alias and on the key.
//!
//! Source: KMS API reference; KMS developer guide, "Controlling access to aliases".

use super::access::permit;
use super::find;
use super::find::{Found, find_own};
use super::input::{not_found, page, refuse, text};
use super::model::{Alias, Keys, arn};
use crate::authorize;
use crate::call::{Call, Target};
use crate::check::{Checks, word};
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use domain::evaluate::Context;
use serde_json::{Value, json};

const PREFIX: &str = "alias/";

fn own_arn(call: &Call<'_>, name: &str) -> String {
    arn(call.region.as_str(), call.account(), name)
}

fn name<'a>(call: &'a Call<'_>) -> Result<&'a str, Failure> {
    let name = text(call, "AliasName")?;
    Checks::new().length("aliasName", name, 1, 256).finish()?;
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return Err(Failure::validation("Invalid identifier: an alias must start with the prefix \"alias/\""));
    };
    if rest.is_empty() || !word(rest, "/-") {
        let message = "Alias must only contain alphanumeric characters, forward slashes (/), underscores (_) and \
                       dashes (-).";
        return Err(refuse("InvalidAliasNameException", message));
    }
    Ok(name)
}

/// Aliases of services are theirs to change.
fn not_of_service(name: &str) -> Result<(), Failure> {
    if name.starts_with("alias/aws/") {
        return Err(refuse("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved."));
    }
    Ok(())
}

/// The key in `TargetKeyId`, once the caller may name it so.
fn named_key(call: &Call<'_>, action: &str) -> Result<Found, Failure> {
    let given = text(call, "TargetKeyId")?;
    if given.starts_with(PREFIX) || given.contains(":alias/") {
        return Err(Failure::validation("Aliases must refer to keys. Not aliases"));
    }
    let found = find::find_in(call, call.region.as_str(), given, action)?.here(call, action)?;
    permit(call, action, &found, Context::new())?;
    found.own()?;
    Ok(found)
}

/// CreateAlias.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    const ACTION: &str = "kms:CreateAlias";
    let name = name(call)?;
    not_of_service(name)?;
    authorize::require(call, ACTION, Target::new(own_arn(call, name)))?;
    let found = named_key(call, ACTION)?;
    found.not_going()?;
    call.change(|keys: &mut Keys| {
        keys.forget(call.now);
        if keys.aliases.contains_key(name) {
            let message = format!("An alias with the name {} already exists", own_arn(call, name));
            return Err(refuse("AlreadyExistsException", message));
        }
        let alias = Alias { key: found.id, created: call.now, updated: call.now };
        keys.aliases.insert(name.to_owned(), alias);
        Ok(Reply::Json(json!({})))
    })
}

/// The key that an alias of the caller's account is one of, once the caller may act on both.
fn current(call: &Call<'_>, name: &str, action: &str) -> Result<Found, Failure> {
    not_of_service(name)?;
    authorize::require(call, action, Target::new(own_arn(call, name)))?;
    let key = call.read(|keys: &Keys| keys.aliases.get(name).map(|alias| alias.key.clone()));
    let key = key.ok_or_else(|| not_found(format!("Alias {} is not found.", own_arn(call, name))))?;
    let found = find::find_in(call, call.region.as_str(), &key, action)?;
    permit(call, action, &found, Context::new())?;
    Ok(found)
}

/// UpdateAlias: permission is needed on the alias, its key, and the key it goes to.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    const ACTION: &str = "kms:UpdateAlias";
    let name = name(call)?;
    current(call, name, ACTION)?;
    let to = named_key(call, ACTION)?;
    to.not_going()?;
    call.change(|keys: &mut Keys| {
        let alias = keys.aliases.get_mut(name).ok_or_else(Failure::internal)?;
        alias.key = to.id;
        alias.updated = call.now;
        Ok(Reply::Json(json!({})))
    })
}

/// DeleteAlias.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(call)?;
    current(call, name, "kms:DeleteAlias")?;
    call.change(|keys: &mut Keys| {
        keys.aliases.remove(name);
        Ok(Reply::Json(json!({})))
    })
}

/// ListAliases: all, or those of one key.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let of = match call.body.get("KeyId") {
        None | Some(Value::Null) => None,
        Some(_) => Some(find_own(call, "kms:ListAliases")?.id),
    };
    let rows = call.read(|keys: &Keys| {
        let row = |name: &String, alias: &Alias| {
            json!({
                "AliasName": name,
                "AliasArn": own_arn(call, name),
                "TargetKeyId": alias.key,
                "CreationDate": epoch_seconds(alias.created),
                "LastUpdatedDate": epoch_seconds(alias.updated),
            })
        };
        let there = |alias: &Alias| keys.keys.get(&alias.key).is_some_and(|key| !key.is_gone(call.now));
        let asked = keys.aliases.iter().filter(|(_, alias)| of.as_ref().is_none_or(|of| *of == alias.key));
        asked.filter(|(_, alias)| there(alias)).map(|(name, alias)| (name.clone(), row(name, alias))).collect()
    });
    page(call, "Aliases", rows, 50, 100).map(Reply::Json)
}

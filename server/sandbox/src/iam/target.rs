//! What the operations of IAM need permission on: the ARN with its path and, where the thing exists, its tags.
//!
//! Resources after the Service Authorization Reference, "Actions, resources, and condition keys for IAM".

use super::input;
use super::model::{Kind, arn};
use crate::call::{Call, Needs, Target};
use crate::caller::Who;
use crate::error::Failure;

/// The user, group or role that the call names. One that does not exist is asked for under the path `/`.
pub fn named(call: &Call<'_>, kind: Kind) -> Result<Needs, Failure> {
    Ok(found(call, kind, input::named(call, kind)?).into())
}

/// The same; without a name the caller itself.
pub fn user_or_self(call: &Call<'_>) -> Result<Needs, Failure> {
    match (call.params.optional("UserName"), &call.caller.who) {
        (None, Who::User { name, .. }) => Ok(found(call, Kind::User, name).into()),
        (None, Who::Root) => Ok(Target::new(call.caller.arn.as_str()).into()),
        (None, Who::Role(_)) => {
            Err(Failure::validation("Must specify userName when calling with non-User credentials"))
        }
        _ => named(call, Kind::User),
    }
}

/// The name of [`user_or_self`].
pub fn user_name<'a>(call: &'a Call<'_>) -> Result<&'a str, Failure> {
    match (call.params.optional("UserName"), &call.caller.who) {
        (None, Who::User { name, .. }) => Ok(name),
        _ => input::named(call, Kind::User),
    }
}

fn found(call: &Call<'_>, kind: Kind, name: &str) -> Target {
    let account = call.account();
    call.read_iam(|iam| match kind {
        Kind::User => iam.user(name).map(|user| Target::new(user.arn(account)).tagged(&user.tags)),
        Kind::Role => iam.role(name).map(|role| Target::new(role.arn(account)).tagged(&role.tags)),
        Kind::Group => iam.group(name).map(|group| Target::new(group.arn(account))),
    })
    .unwrap_or_else(|| Target::new(arn(account, kind.word(), "/", name)))
}

/// One that is about to be made, with the tags it shall have.
pub fn new(call: &Call<'_>, kind: &str, parameter: &str) -> Result<Needs, Failure> {
    let (name, path) = (call.params.required(parameter)?, input::path(&call.params)?);
    let tags = call.params.rows("Tags", ["Key", "Value"]);
    let target = Target::new(arn(call.account(), kind, path, name)).requesting(tags.iter().map(|[k, v]| (*k, *v)));
    Ok(with_boundary(call, target).into())
}

/// Adds `iam:PermissionsBoundary`, where the call sets one.
fn with_boundary(call: &Call<'_>, target: Target) -> Target {
    match call.params.optional("PermissionsBoundary") {
        Some(boundary) => target.with("iam:PermissionsBoundary", boundary),
        None => target,
    }
}

/// The user or role whose boundary the call sets.
pub fn bounded(call: &Call<'_>, kind: Kind) -> Result<Needs, Failure> {
    Ok(with_boundary(call, found(call, kind, input::named(call, kind)?)).into())
}

/// The user, group or role that a managed policy is attached to or detached from: `iam:PolicyARN` is the policy.
pub fn attached(call: &Call<'_>, kind: Kind) -> Result<Needs, Failure> {
    let target = found(call, kind, input::named(call, kind)?);
    Ok(target.with("iam:PolicyARN", call.params.required("PolicyArn")?).into())
}

/// The managed policy that the call names.
pub fn policy(call: &Call<'_>) -> Result<Needs, Failure> {
    let arn = call.params.required("PolicyArn")?;
    let tags = call.read_iam(|iam| iam.policy(call.account(), arn).map(|policy| policy.tags.clone()));
    Ok(Target::new(arn).tagged(&tags.unwrap_or_default()).into())
}

/// All of a kind: `role/` under the path that is asked for.
pub fn all(call: &Call<'_>, kind: &str) -> Result<Needs, Failure> {
    Ok(Target::new(arn(call.account(), kind, input::path_prefix(&call.params), "")).into())
}

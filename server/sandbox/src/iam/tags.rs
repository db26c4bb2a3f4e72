//! Tags of users, roles and managed policies.

use super::input::{self, missing, no_such_entity, page};
use super::model::{Iam, Kind, Tags};
use crate::call::{Call, Needs, Target};
use crate::error::Failure;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::names::AccountId;

/// What is tagged.
#[derive(Debug, Clone, Copy)]
pub enum Tagged {
    /// A user, by name.
    User,
    /// A role, by name.
    Role,
    /// A managed policy, by ARN.
    Policy,
}

fn of<'i>(iam: &'i mut Iam, account: &AccountId, what: Tagged, name: &str) -> Result<&'i mut Tags, Failure> {
    let key = name.to_ascii_lowercase();
    match what {
        Tagged::User => {
            let found = iam.users.get_mut(&key).filter(|user| user.name == name).map(|user| &mut user.tags);
            found.ok_or_else(|| missing(Kind::User, name))
        }
        Tagged::Role => {
            let found = iam.roles.get_mut(&key).filter(|role| role.name == name).map(|role| &mut role.tags);
            found.ok_or_else(|| missing(Kind::Role, name))
        }
        Tagged::Policy => {
            let key = key.rsplit('/').next().unwrap_or_default();
            let found = iam.policies.get_mut(key).filter(|policy| policy.arn(account) == name);
            found.map(|policy| &mut policy.tags).ok_or_else(|| no_such_entity(format!("Policy {name} was not found.")))
        }
    }
}

fn name<'a>(call: &'a Call<'_>, what: Tagged) -> Result<&'a str, Failure> {
    match what {
        Tagged::User => input::named(call, Kind::User),
        Tagged::Role => input::named(call, Kind::Role),
        Tagged::Policy => call.params.required("PolicyArn"),
    }
}

/// Permission on what is tagged, with the tags that the request names.
pub fn needs(call: &Call<'_>, what: Tagged) -> Result<Needs, Failure> {
    let needs = match what {
        Tagged::User => super::target::named(call, Kind::User)?,
        Tagged::Role => super::target::named(call, Kind::Role)?,
        Tagged::Policy => super::target::policy(call)?,
    };
    let tags = call.params.rows("Tags", ["Key", "Value"]);
    let with_tags = |target: Target| {
        let mut target = target.requesting(tags.iter().map(|[key, value]| (*key, *value)));
        let keys: Vec<String> = call.params.list("TagKeys").into_iter().map(str::to_owned).collect();
        if !keys.is_empty() {
            target.context.set("aws:TagKeys", keys);
        }
        target
    };
    Ok(match needs {
        Needs::On(target) => Needs::On(with_tags(target)),
        other => other,
    })
}

/// TagUser, TagRole, TagPolicy.
pub fn add(call: &Call<'_>, what: Tagged) -> Result<Reply, Failure> {
    let (name, new) = (name(call, what)?, input::tags(&call.params)?);
    call.change_iam(|iam| {
        let tags = of(iam, call.account(), what, name)?;
        let mut all = tags.clone();
        // Keys are the same without regard to case; the new spelling wins.
        all.retain(|known, _| !new.keys().any(|key| key.eq_ignore_ascii_case(known)));
        all.extend(new);
        input::count(&all)?;
        *tags = all;
        Ok(Reply::Xml(None))
    })
}

/// UntagUser, UntagRole, UntagPolicy; keys that are not there are passed over.
pub fn remove(call: &Call<'_>, what: Tagged) -> Result<Reply, Failure> {
    let (name, keys) = (name(call, what)?, call.params.list("TagKeys"));
    call.change_iam(|iam| {
        let tags = of(iam, call.account(), what, name)?;
        tags.retain(|known, _| !keys.iter().any(|key| key.eq_ignore_ascii_case(known)));
        Ok(Reply::Xml(None))
    })
}

/// ListUserTags, ListRoleTags, ListPolicyTags.
pub fn list(call: &Call<'_>, what: Tagged) -> Result<Reply, Failure> {
    let name = name(call, what)?;
    let mut iam = call.read_iam(Iam::clone);
    let tags = of(&mut iam, call.account(), what, name)?;
    let page = page(&call.params, tags.iter().map(|(key, value)| (key.as_str(), (key, value))))?;
    let list = Xml::new().list("Tags", &page.items, |xml, (key, value)| xml.text("Key", key).text("Value", value));
    Ok(Reply::Xml(Some(page.end(list))))
}

//! What is there at the first start: five accounts, and in two of them enough for the wizard to choose from.

use crate::clock;
use crate::iam::model::{Grants, Role, User};
use crate::ids;
use crate::state::{AccessKey, State};
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use std::collections::BTreeMap;

mod asynchronous;
mod endpoints;
mod organization;
mod plans;

/// The profiles that are written to the shared files, with their accounts.
pub const PROFILES: [(&str, &str); 5] = [
    ("parent", "111111111111"),
    ("child", "222222222222"),
    ("shared", "333333333333"),
    ("training", "444444444444"),
    ("production", "555555555555"),
];

/// The name of each account's administrator.
pub const ADMIN: &str = "admin";

const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const LAMBDA_BASICS: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
const TRUSTS_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// Fills a new state, and adds what `many` asks for if it is not there yet. What was deleted stays deleted.
pub fn seed(state: &mut State, region: &Region, many: usize) {
    let now = clock::now();
    if state.accounts.is_empty() {
        for (profile, digits) in PROFILES {
            let Ok(account) = AccountId::parse(digits) else { continue };
            add_admin(state, &account, now);
            match profile {
                "parent" => {
                    endpoints::seed(state, &account, region, now);
                    asynchronous::seed(state, &account, region, now);
                }
                "child" => add_callers(state, &account, now),
                _ => {}
            }
        }
    }
    organization::seed(state, now);
    add_many(state, region, many, now);
}

fn add_user(state: &mut State, account: &AccountId, name: &str, attached: &[&str], now: Timestamp) {
    let iam = state.accounts.entry(account.clone()).or_default().iam.change(std::time::Duration::ZERO);
    iam.revision += 1;
    let attached = attached.iter().map(|&arn| arn.to_owned()).collect();
    let user = User {
        name: name.to_owned(),
        path: "/".into(),
        id: ids::user(),
        created: now,
        grants: Grants { attached, ..Grants::default() },
        groups: Vec::new(),
        tags: BTreeMap::new(),
    };
    iam.users.insert(name.to_ascii_lowercase(), user);
}

fn add_admin(state: &mut State, account: &AccountId, now: Timestamp) {
    add_user(state, account, ADMIN, &[ADMINISTRATOR_ACCESS], now);
    let key = AccessKey {
        secret: ids::secret(),
        account: account.clone(),
        user: Some(ADMIN.into()),
        active: true,
        created: now,
    };
    state.keys.insert(ids::access_key(), key);
}

fn a_role(name: &str, trust: &str, attached: &str, description: &str, now: Timestamp) -> Role {
    Role {
        name: name.to_owned(),
        path: "/".into(),
        id: ids::role(),
        created: now,
        grants: Grants { attached: vec![attached.to_owned()], ..Grants::default() },
        description: Some(description.to_owned()),
        trust: trust.to_owned(),
        max_session: 3600,
        tags: BTreeMap::new(),
    }
}

fn add_role(state: &mut State, account: &AccountId, role: Role) {
    let iam = state.accounts.entry(account.clone()).or_default().iam.change(std::time::Duration::ZERO);
    iam.revision += 1;
    iam.roles.insert(role.name.to_ascii_lowercase(), role);
}

/// The child's callers, both still without the permission to assume anything.
fn add_callers(state: &mut State, account: &AccountId, now: Timestamp) {
    let role = a_role("scoring-lambda", TRUSTS_LAMBDA, LAMBDA_BASICS, "Runs the nightly scoring function", now);
    add_role(state, account, role);
    add_user(state, account, "analyst", &[], now);
}

/// Endpoints in the parent and roles in the child, numbered, for paging.
fn add_many(state: &mut State, region: &Region, many: usize, now: Timestamp) {
    let (Ok(parent), Ok(child)) = (AccountId::parse(PROFILES[0].1), AccountId::parse(PROFILES[1].1)) else { return };
    for n in 1..=many {
        let name = format!("worker-{n:05}");
        let known = state.accounts.get(&child).is_some_and(|account| account.iam.current().roles.contains_key(&name));
        if !known {
            add_role(state, &child, a_role(&name, TRUSTS_LAMBDA, LAMBDA_BASICS, "One of many", now));
        }
        endpoints::add_numbered(state, &parent, region, n, now);
    }
}

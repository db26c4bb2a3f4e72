//! Import: shares found in the accounts themselves, without the store, and roles made by other hands that could become
//! shares.
//!
//! [`tagged`] rebuilds the shares whose tags are on roles and policies: everything a share asked for can be read off its
//! documents, and who made a resource off its description, which IAM never changes. [`recognise`] says of a role without
//! a tag whether it is of a share's shape, what adopting it would change, or why it is none.

use crate::arn::CallerArn;
use crate::names::{AccountId, ConnectionId, ShareId};
use crate::policy::{self, AwsPrincipal, PolicyDocument, PrincipalPattern};
use crate::share::TAG_SHARE;
use crate::share::function::TAG_PART;
use crate::share::intent::ShareIntent;
use crate::share::inventory::{ObservedPolicy, ObservedRole};
use crate::share::plan::PastRun;
use std::collections::{BTreeMap, BTreeSet};

mod adopt;
mod rebuild;
mod shape;
mod view;
mod why;

pub use adopt::{AdoptParams, Effect, ImportCandidate, Rewrite, recognise};
pub use view::{CandidateView, FoundView, OtherView, SearchedView, TaggedView};
pub use why::WhyNot;

/// An account as far as it was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedAccount {
    /// Which account.
    pub account: AccountId,
    /// Through which connection.
    pub connection: ConnectionId,
    /// Who the console is there.
    pub console: Option<CallerArn>,
    /// Its roles, those with a share's tag at least.
    pub roles: Vec<ObservedRole>,
    /// Its own managed policies, those with a share's tag at least.
    pub policies: Vec<ObservedPolicy>,
    /// Roles and users that are known with their paths: IAM tells whom a policy is attached to by name alone.
    pub callers: Vec<CallerArn>,
}

/// A share rebuilt from AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it asks for.
    pub intent: ShareIntent,
    /// A journal as its runs would have left it, so that it can be edited and undone as if the store had never been lost.
    pub journal: PastRun,
    /// What could not be read off AWS and was filled in, a sentence each.
    pub guesses: Vec<String>,
}

/// A share that tags speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Its id, as on the tags.
    pub share: ShareId,
    /// The share, or why it can't be rebuilt.
    pub found: Result<Imported, WhyNot>,
}

/// The shares that the accounts' tags speak of, those in `known` left out, in the order of their ids. Of an account that
/// is reached through several connections the first one counts.
pub fn tagged(accounts: &[SearchedAccount], known: &BTreeSet<ShareId>) -> Vec<Tagged> {
    let mut seen = BTreeSet::new();
    let accounts: Vec<&SearchedAccount> = accounts.iter().filter(|account| seen.insert(&account.account)).collect();
    let ids = accounts.iter().flat_map(|account| {
        let roles = account.roles.iter().map(|role| &role.tags);
        roles.chain(account.policies.iter().map(|policy| &policy.tags)).filter_map(share_of)
    });
    let ids: BTreeSet<ShareId> = ids.filter(|id| !known.contains(id)).collect();
    let rebuild = |share: ShareId| Tagged { found: rebuild::rebuild(&share, &accounts), share };
    ids.into_iter().map(rebuild).collect()
}

fn share_of(tags: &BTreeMap<String, String>) -> Option<ShareId> {
    // What belongs to a share's test function says nothing about the share itself.
    let id = tags.get(TAG_SHARE).filter(|_| !tags.contains_key(TAG_PART))?;
    ShareId::parse(id).ok()
}

/// Whether a trust policy lets anyone from outside of `account` in: only such roles are worth a closer look.
pub fn opens_outward(trust: &str, account: &AccountId) -> bool {
    let Ok(document) = PolicyDocument::parse(trust) else { return false };
    let allows = document.statements.iter().filter(|statement| statement.effect == policy::Effect::Allow);
    let mut named = allows.filter_map(|statement| statement.principal.as_ref()).flat_map(|clause| &clause.principals);
    named.any(|principal| match principal {
        PrincipalPattern::Everyone => true,
        PrincipalPattern::Aws(AwsPrincipal::Account { account: named, .. }) => named != account,
        PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) => arn.account_id().as_ref() != Some(account),
        PrincipalPattern::Aws(_) => true,
        _ => false,
    })
}

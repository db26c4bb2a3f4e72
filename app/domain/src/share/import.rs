//! Import: shares found in the accounts themselves, without the store, and roles made by other hands that could become
//! shares.
//!
//! [`tagged`] rebuilds the shares whose tags are on roles and policies: everything a share asked for can be read off its
//! documents, and who made a resource off its description, which IAM never changes. [`recognise`] says of a role without
//! a tag whether it is of a share's shape, what adopting it would change, or why it is none.

use crate::arn::{Arn, CallerArn};
use crate::names::{AccountId, ConnectionId, ShareId};
use crate::share::TAG_SHARE;
use crate::share::function::TAG_PART;
use crate::share::intent::ShareIntent;
use crate::share::inventory::{ObservedPolicy, ObservedRole};
use crate::share::plan::PastRun;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod adopt;
mod rebuild;
mod shape;
mod why;

pub use adopt::{AdoptParams, Effect, ImportCandidate, Rewrite, recognise};
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

/// A share that can be imported, or can't, as a page lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaggedView {
    /// Its id.
    pub share: ShareId,
    /// Its role's ARN, when it was rebuilt.
    pub role: Option<Arn>,
    /// What it means, in one sentence, when it was rebuilt.
    pub sentence: Vec<crate::share::view::Span>,
    /// What was filled in.
    pub guesses: Vec<String>,
    /// Why it can't be rebuilt, and what to do.
    pub refused: Option<(String, String)>,
}

impl Tagged {
    /// For a page.
    pub fn view(&self) -> TaggedView {
        use crate::share::sentence::{Tense, sentence};
        let imported = self.found.as_ref().ok();
        TaggedView {
            share: self.share.clone(),
            role: imported.map(|i| i.intent.role_arn()),
            sentence: imported.map(|i| sentence(&i.intent, &[], Tense::Present)).unwrap_or_default(),
            guesses: imported.map(|i| i.guesses.clone()).unwrap_or_default(),
            refused: self.found.as_ref().err().map(|why| (why.to_string(), why.hint().to_owned())),
        }
    }
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

//! What a search found, as a page lists it.

use super::{Effect, ImportCandidate, Tagged, WhyNot};
use crate::arn::Arn;
use crate::names::{AccountId, ConnectionId, RoleName, ShareId};
use crate::share::diff::{DocumentDiff, diff_lines};
use crate::share::intent::ShareIntent;
use crate::share::sentence::{Tense, sentence};
use crate::share::view::Span;
use serde::{Deserialize, Serialize};

/// Everything a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundView {
    /// What was searched, and what could not be.
    pub accounts: Vec<SearchedView>,
    /// Shares that tags speak of and this console doesn't know.
    pub tagged: Vec<TaggedView>,
    /// Roles that could become shares.
    pub candidates: Vec<CandidateView>,
    /// Roles that let another account in and are none.
    pub others: Vec<OtherView>,
}

/// A connection as far as it was searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchedView {
    /// Which connection.
    pub connection: ConnectionId,
    /// The account it leads to, when it works.
    pub account: Option<AccountId>,
    /// How many roles were looked at.
    pub roles: usize,
    /// How many policies were looked at.
    pub policies: usize,
    /// Why it could not be searched, and what to do.
    pub failed: Option<(String, String)>,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// A share that can be imported, or can't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaggedView {
    /// Its id.
    pub share: ShareId,
    /// Its role's ARN, when it was rebuilt.
    pub role: Option<Arn>,
    /// What it means, in one sentence, when it was rebuilt.
    pub sentence: Vec<Span>,
    /// What was filled in.
    pub guesses: Vec<String>,
    /// Why it can't be rebuilt, and what to do.
    pub refused: Option<(String, String)>,
}

/// A role that could become a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateView {
    /// Through which connection it was found.
    pub connection: ConnectionId,
    /// The role.
    pub role: Arn,
    /// Its name.
    pub role_name: RoleName,
    /// What it means, in one sentence.
    pub sentence: Vec<Span>,
    /// What adopting it changes, a sentence each.
    pub changes: Vec<String>,
    /// The documents that are written anew.
    pub documents: Vec<DocumentDiff>,
    /// Whether adopting it writes tags and nothing else to the parent.
    pub tags_only: bool,
    /// Whether it asks for an external ID.
    pub asks_for_id: bool,
}

/// A role that lets another account in and can't become a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherView {
    /// The role.
    pub role: Arn,
    /// Why not.
    pub why: String,
    /// What to do next.
    pub hint: String,
}

impl Tagged {
    /// For a page.
    pub fn view(&self) -> TaggedView {
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

impl ImportCandidate {
    /// For a page; `intent` is the share it would become, found through `connection`.
    pub fn view(&self, connection: &ConnectionId, intent: &ShareIntent) -> CandidateView {
        let rewrites = [&self.trust, &self.policy].into_iter().flatten();
        let documents = rewrites.map(|rewrite| DocumentDiff {
            title: rewrite.documents.title.clone(),
            note: match rewrite.effect {
                Effect::Same => "the same in other words",
                Effect::Narrower => "allows less",
                Effect::Wider => "allows more",
                Effect::Different => "allows something else",
            }
            .into(),
            lines: diff_lines(&rewrite.documents.found, &rewrite.documents.expected),
        });
        CandidateView {
            connection: connection.clone(),
            role: self.role.clone(),
            role_name: self.role_name.clone(),
            sentence: sentence(intent, &[], Tense::Present),
            changes: self.changes(),
            documents: documents.collect(),
            tags_only: self.tags_only(),
            asks_for_id: self.external_id.is_some(),
        }
    }
}

impl OtherView {
    /// For a page.
    pub fn of(role: &Arn, why: &WhyNot) -> Self {
        Self { role: role.clone(), why: why.to_string(), hint: why.hint().into() }
    }
}

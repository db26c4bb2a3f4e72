//! A hand-off as the console shows it, and the files it offers.

use crate::names::{AccountId, Region, ShareId};
use crate::share::Side;
use crate::share::render::{Language, Program};
use crate::share::view::ShareState;
use serde::{Deserialize, Serialize};

/// A file of a hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandOffFile {
    /// From parent to child.
    Offer,
    /// From child to parent.
    Acceptance,
    /// A side as a program.
    Program(Side, Language),
}

impl HandOffFile {
    /// Its part of the address it is downloaded from: `offer`, `child-terraform`.
    pub fn key(self) -> String {
        match self {
            Self::Offer => "offer".into(),
            Self::Acceptance => "acceptance".into(),
            Self::Program(Side::Parent, language) => format!("parent-{}", language.key()),
            Self::Program(Side::Child, language) => format!("child-{}", language.key()),
        }
    }
    /// Parses [`HandOffFile::key`].
    pub fn parse(key: &str) -> Option<Self> {
        match key {
            "offer" => Some(Self::Offer),
            "acceptance" => Some(Self::Acceptance),
            _ => {
                let (side, language) = key.split_once('-')?;
                let side = match side {
                    "parent" => Side::Parent,
                    "child" => Side::Child,
                    _ => return None,
                };
                Some(Self::Program(side, Language::parse(language)?))
            }
        }
    }
    /// Where a share's file is downloaded from.
    pub fn path(self, share: &ShareId) -> String {
        format!("/shares/{share}/hand-off/{}", self.key())
    }
}

/// A file's text with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedText {
    /// What to call it: `share-offer-….json`.
    pub file_name: String,
    /// Its text.
    pub text: String,
}

/// What this console hands to the other administrator, and what it takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOffView {
    /// The share.
    pub share: ShareId,
    /// Its role's name.
    pub role_name: String,
    /// Where the share is in its life.
    pub state: ShareState,
    /// Which side is this console's: the parent's hands out an offer, the child's an acceptance.
    pub own: Side,
    /// Whether the other side is connected too, so that nothing has to be handed over.
    pub connected: bool,
    /// The parent account.
    pub parent: AccountId,
    /// The child account.
    pub child: AccountId,
    /// Where the endpoints are.
    pub region: Region,
    /// The role's ARN.
    pub role_arn: String,
    /// What callers present, if anything.
    pub external_id: Option<String>,
    /// The endpoints' names; empty for all in the region.
    pub endpoints: Vec<String>,
    /// Who calls, by ARN; empty for the whole account.
    pub callers: Vec<String>,
    /// What the other administrator is to do, a sentence or two an entry.
    pub what_to_do: Vec<String>,
    /// The file to send: an offer or an acceptance.
    pub file: NamedText,
    /// The child's side as programs.
    pub child_programs: Vec<Program>,
    /// The parent's side as programs; none where only its administrator knows it.
    pub parent_programs: Vec<Program>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_key() {
        let programs = [Side::Parent, Side::Child]
            .into_iter()
            .flat_map(|side| Language::ALL.map(|language| HandOffFile::Program(side, language)));
        for file in [HandOffFile::Offer, HandOffFile::Acceptance].into_iter().chain(programs) {
            assert_eq!(HandOffFile::parse(&file.key()), Some(file));
        }
        for other in ["", "parent", "child-", "child-cobol", "other-cli", "offer.json"] {
            assert_eq!(HandOffFile::parse(other), None, "{other}");
        }
    }
}

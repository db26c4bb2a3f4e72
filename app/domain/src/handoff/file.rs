//! A hand-off file as a whole: its size, its kind, its version, its checksum.

use super::error::{ASK_AGAIN, HandOffError, HandOffFault};
use super::read::{Object, short};
use super::{ShareAcceptance, ShareOffer, print};
use crate::policy::json;

/// The version of the files this Sagebridge writes, and the newest it reads.
pub const VERSION: u64 = 1;

/// Larger files are refused unread: IAM's policy sizes keep a share's names well under this.
pub const MAX_BYTES: usize = 64 * 1024;

pub(super) const OFFER: &str = "share-offer";
pub(super) const ACCEPTANCE: &str = "share-acceptance";

/// A hand-off file of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOff {
    /// From parent to child.
    Offer(ShareOffer),
    /// From child to parent.
    Acceptance(ShareAcceptance),
}

impl HandOff {
    /// Reads a hand-off file of either kind.
    pub fn parse(text: &str) -> Result<Self, HandOffError> {
        if text.len() > MAX_BYTES {
            let message = format!("the file has {} bytes; a hand-off file has at most {MAX_BYTES}", text.len());
            let hint = "choose the file that Sagebridge made: its name begins with `share-`";
            return Err(HandOffError::of(HandOffFault::TooLarge, message, hint));
        }
        // Editors on Windows put a byte order mark in front, which is no part of the JSON.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let node = json::parse(text).map_err(|error| HandOffError::json(error, text))?;
        let members = Object::of(&node, "")?;
        let kind = kind(&members)?;
        let (handoff, expected) = if kind == OFFER {
            let offer = ShareOffer::read(&members)?;
            let sum = print::offer_checksum(&offer);
            (Self::Offer(offer), sum)
        } else {
            let acceptance = ShareAcceptance::read(&members)?;
            let sum = print::acceptance_checksum(&acceptance);
            (Self::Acceptance(acceptance), sum)
        };
        let found = members.text("checksum")?;
        if found != expected {
            let message = format!("the file was changed since it was made: its checksum is `{}`", short(found));
            return Err(members.fault("checksum", HandOffFault::Damaged, message, ASK_AGAIN));
        }
        Ok(handoff)
    }
}

/// Which kind of file it is. The version comes first: of a newer one nothing else is known, not even the kinds.
fn kind<'a>(members: &Object<'a>) -> Result<&'a str, HandOffError> {
    let hint = "choose the file that Sagebridge made: its name begins with `share-`";
    let Some(head) = members.get("sagebridge") else {
        let message = "this is not a hand-off file of Sagebridge: it lacks the member `sagebridge`";
        return Err(HandOffError::of(HandOffFault::OtherFile, message, hint).on(members.place()));
    };
    let head = Object::of(head, "sagebridge")?;
    let version = head.number("version")?;
    if version > VERSION {
        let message =
            format!("the file was made by a newer Sagebridge: it is of version {version}, this one reads {VERSION}");
        let hint = "update this Sagebridge, or ask for a file made by the version you have";
        return Err(head.fault("version", HandOffFault::Newer, message, hint));
    }
    if version == 0 {
        return Err(head.fault("version", HandOffFault::Member, "`0` is not a version of hand-off files", ASK_AGAIN));
    }
    let kind = head.text("kind")?;
    if kind != OFFER && kind != ACCEPTANCE {
        let message = format!("`{}` is not a kind of hand-off file: `{OFFER}` or `{ACCEPTANCE}`", short(kind));
        return Err(head.fault("kind", HandOffFault::OtherFile, message, hint));
    }
    head.only(&["kind", "version"])?;
    Ok(kind)
}

//! Hand-off files as text: members always in the same order, and a checksum of them.

use super::file::{ACCEPTANCE, OFFER, VERSION};
use super::{OfferedEndpoints, ShareAcceptance, ShareOffer};
use crate::share::intent::CallerScope;
use serde::Serialize;

#[derive(Serialize)]
struct Head {
    kind: &'static str,
    version: u64,
}

#[derive(Serialize)]
struct File<T> {
    sagebridge: Head,
    what_to_do: Vec<String>,
    #[serde(flatten)]
    body: T,
    checksum: String,
}

#[derive(Serialize)]
struct OfferBody<'a> {
    share: &'a str,
    parent_account: &'a str,
    child_account: &'a str,
    region: &'a str,
    role_arn: &'a str,
    external_id: Option<&'a str>,
    endpoints: OneOrList<EndpointBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known_endpoints: Vec<&'a str>,
    actions: Vec<&'static str>,
    session_seconds: u32,
    grant_policy_name: &'a str,
    callers: OneOrList<&'a str>,
}

#[derive(Serialize)]
struct AcceptanceBody<'a> {
    share: &'a str,
    child_account: &'a str,
    role_arn: &'a str,
    grant_policy_name: &'a str,
    callers: Vec<&'a str>,
}

#[derive(Serialize)]
struct EndpointBody<'a> {
    name: &'a str,
    arn: &'a str,
}

/// `"all"`, or a list.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrList<T> {
    One(&'static str),
    List(Vec<T>),
}

/// What stands for every endpoint.
pub(super) const ALL: &str = "all";
/// What stands for every role and user of the child.
pub(super) const WHOLE_ACCOUNT: &str = "whole-account";

pub(super) fn offer(offer: &ShareOffer) -> String {
    file(OFFER, offer.what_to_do(), offer_body(offer))
}

pub(super) fn offer_checksum(offer: &ShareOffer) -> String {
    checksum(OFFER, &offer_body(offer))
}

pub(super) fn acceptance(acceptance: &ShareAcceptance) -> String {
    file(ACCEPTANCE, acceptance.what_to_do(), acceptance_body(acceptance))
}

pub(super) fn acceptance_checksum(acceptance: &ShareAcceptance) -> String {
    checksum(ACCEPTANCE, &acceptance_body(acceptance))
}

fn offer_body(offer: &ShareOffer) -> OfferBody<'_> {
    OfferBody {
        share: offer.share.as_str(),
        parent_account: offer.parent.as_str(),
        child_account: offer.child.as_str(),
        region: offer.region.as_str(),
        role_arn: offer.role.as_str(),
        external_id: offer.external_id.as_ref().map(|id| id.as_str()),
        endpoints: match &offer.endpoints {
            OfferedEndpoints::All { .. } => OneOrList::One(ALL),
            OfferedEndpoints::Named(named) => OneOrList::List(
                named.iter().map(|e| EndpointBody { name: e.name.as_str(), arn: e.arn.as_str() }).collect(),
            ),
        },
        known_endpoints: match &offer.endpoints {
            OfferedEndpoints::All { known } => known.iter().map(|name| name.as_str()).collect(),
            OfferedEndpoints::Named(_) => Vec::new(),
        },
        actions: offer.actions.iter().map(|action| action.key()).collect(),
        session_seconds: offer.session_seconds,
        grant_policy_name: offer.grant_name.as_str(),
        callers: match &offer.callers {
            CallerScope::WholeAccount => OneOrList::One(WHOLE_ACCOUNT),
            CallerScope::Named(callers) => OneOrList::List(callers.iter().map(|c| c.as_str()).collect()),
        },
    }
}

fn acceptance_body(acceptance: &ShareAcceptance) -> AcceptanceBody<'_> {
    AcceptanceBody {
        share: acceptance.share.as_str(),
        child_account: acceptance.child.as_str(),
        role_arn: acceptance.role.as_str(),
        grant_policy_name: acceptance.grant_name.as_str(),
        callers: acceptance.callers.iter().map(|c| c.as_str()).collect(),
    }
}

fn file(kind: &'static str, what_to_do: Vec<String>, body: impl Serialize) -> String {
    let checksum = checksum(kind, &body);
    let file = File { sagebridge: Head { kind, version: VERSION }, what_to_do, body, checksum };
    let text = serde_json::to_string_pretty(&file);
    text.unwrap_or_else(|_| unreachable!("texts and numbers always serialise")) + "\n"
}

/// A checksum of what the file says. The words are left out: they follow from the rest, and may be better put later.
fn checksum(kind: &str, body: &impl Serialize) -> String {
    let body = serde_json::to_string(body).unwrap_or_else(|_| unreachable!("texts and numbers always serialise"));
    format!("crc32:{:08x}", crate::checksum::crc32(format!("{kind} {VERSION} {body}").as_bytes()))
}

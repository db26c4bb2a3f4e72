//! From JSON to what a hand-off says: every member checked, every fault with its place.

use super::error::{ASK_AGAIN, HandOffError, HandOffFault};
use super::print::{ALL, WHOLE_ACCOUNT};
use super::{MOST_KNOWN, OfferedEndpoint, OfferedEndpoints, ShareAcceptance, ShareOffer};
use crate::arn::{Arn, CallerArn, CallerKind};
use crate::endpoint::EndpointArn;
use crate::names::{AccountId, EndpointName, ExternalId, NameError, PolicyName, Region, ShareId};
use crate::policy::json::{Kind, Member, Node, Place};
use crate::share::intent::{CallerScope, InvokeAction};
use std::collections::BTreeSet;

type Result<T> = std::result::Result<T, HandOffError>;

/// MaxSessionDuration's range in seconds (IAM API reference, CreateRole).
const SESSION: std::ops::RangeInclusive<u64> = 3600..=43200;

/// Members every file has.
const COMMON: [&str; 3] = ["sagebridge", "what_to_do", "checksum"];
const OFFER: [&str; 12] = [
    "share",
    "parent_account",
    "child_account",
    "region",
    "role_arn",
    "external_id",
    "endpoints",
    KNOWN,
    "actions",
    "session_seconds",
    "grant_policy_name",
    "callers",
];
/// Names of some of the endpoints, where all are offered.
const KNOWN: &str = "known_endpoints";
const ACCEPTANCE: [&str; 5] = ["share", "child_account", "role_arn", "grant_policy_name", "callers"];

/// An object with its path.
pub(super) struct Object<'a> {
    members: &'a [Member],
    place: Place,
    path: String,
}

impl<'a> Object<'a> {
    pub(super) fn of(node: &'a Node, path: &str) -> Result<Self> {
        match &node.kind {
            Kind::Object(members) => Ok(Self { members, place: node.place, path: path.to_owned() }),
            other => {
                let what = if path.is_empty() { "a hand-off file" } else { "this member" };
                let message = format!("{what} is an object, not {}", other.name());
                Err(HandOffError::of(HandOffFault::Member, message, ASK_AGAIN).at(path).on(node.place))
            }
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.members.iter().find(|member| member.key == key).map(|member| &member.value)
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A fault at the value of a member.
    pub(super) fn fault(
        &self,
        key: &str,
        fault: HandOffFault,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> HandOffError {
        let place = self.get(key).map_or(self.place, |node| node.place);
        HandOffError::of(fault, message, hint).at(self.path(key)).on(place)
    }

    fn bad(&self, key: &str, message: impl Into<String>) -> HandOffError {
        self.fault(key, HandOffFault::Member, message, ASK_AGAIN)
    }

    fn required(&self, key: &str) -> Result<&'a Node> {
        self.get(key).ok_or_else(|| self.bad(key, format!("the member `{key}` is missing")))
    }

    /// Refuses members that this version does not know.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        match self.members.iter().find(|member| !known.contains(&member.key.as_str())) {
            None => Ok(()),
            Some(member) => {
                let message = format!("the member `{}` is unknown in a file of this version", short(&member.key));
                Err(HandOffError::of(HandOffFault::Member, message, ASK_AGAIN)
                    .at(self.path(&member.key))
                    .on(member.place))
            }
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str> {
        text(self.required(key)?).map_err(|e| e.at(self.path(key)))
    }

    pub(super) fn number(&self, key: &str) -> Result<u64> {
        let whole = |number: &String| number.parse::<u64>().ok();
        match &self.required(key)?.kind {
            Kind::Number(number) => whole(number)
                .ok_or_else(|| self.bad(key, format!("`{}` is not a whole number from 0 up", short(number)))),
            other => Err(self.bad(key, format!("expected a number, found {}", other.name()))),
        }
    }

    /// A name, exactly as its type takes it: without white space around it.
    fn name<T>(&self, key: &str, parse: impl Fn(&str) -> std::result::Result<T, NameError>) -> Result<T> {
        name(self.required(key)?, parse).map_err(|e| e.at(self.path(key)))
    }

    /// A list that is neither empty nor says something twice.
    fn set<T: Ord>(&self, key: &str, each: impl Fn(&'a Node) -> Result<T>) -> Result<BTreeSet<T>> {
        let node = self.required(key)?;
        let Kind::List(items) = &node.kind else {
            return Err(self.bad(key, format!("expected a list, found {}", node.kind.name())));
        };
        if items.is_empty() {
            return Err(self.bad(key, "the list is empty"));
        }
        let mut set = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.path(key));
            let within = |e: HandOffError| {
                let path = if e.path.is_empty() { path.clone() } else { format!("{path}.{}", e.path) };
                e.at(path)
            };
            if !set.insert(each(item).map_err(within)?) {
                let fault = HandOffError::of(HandOffFault::Member, "this is there twice", ASK_AGAIN);
                return Err(fault.at(path).on(item.place));
            }
        }
        Ok(set)
    }

    /// Refuses unknown members, and words that are none. The words themselves are for people only.
    fn common(&self, known: &[&str]) -> Result<()> {
        self.only(&[&COMMON[..], known].concat())?;
        let words = self.required("what_to_do")?;
        match &words.kind {
            Kind::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                text(item).map(drop).map_err(|e| e.at(format!("{}[{index}]", self.path("what_to_do"))))
            }),
            other => Err(self.bad("what_to_do", format!("expected a list, found {}", other.name()))),
        }
    }

    /// The parent's role.
    fn role(&self) -> Result<Arn> {
        let role = |text: &str| {
            let fail = || NameError::new(text, "the ARN of a role, such as `arn:aws:iam::111111111111:role/name`");
            CallerArn::parse(text).ok().filter(|arn| arn.kind() == CallerKind::Role).ok_or_else(fail)
        };
        self.name("role_arn", role).map(|role| role.arn().clone())
    }
}

impl ShareOffer {
    pub(super) fn read(file: &Object<'_>) -> Result<Self> {
        file.common(&OFFER)?;
        let parent = file.name("parent_account", AccountId::parse)?;
        let child = file.name("child_account", AccountId::parse)?;
        let region = file.name("region", Region::parse)?;
        let role = file.role()?;
        at(file, "role_arn", of_account(&role, &parent, "parent_account", &region))?;
        let session = file.number("session_seconds")?;
        if !SESSION.contains(&session) {
            let message =
                format!("`{session}` is not a session duration: {} to {} seconds", SESSION.start(), SESSION.end());
            return Err(file.bad("session_seconds", message));
        }
        let external_id = match &file.required("external_id")?.kind {
            Kind::Null => None,
            _ => Some(file.name("external_id", ExternalId::parse)?),
        };
        Ok(Self {
            share: file.name("share", ShareId::parse)?,
            external_id,
            endpoints: endpoints(file, &parent, &region)?,
            actions: file.set("actions", action)?,
            session_seconds: session as u32,
            grant_name: file.name("grant_policy_name", PolicyName::parse)?,
            callers: match &file.required("callers")?.kind {
                Kind::Text(word) if word == WHOLE_ACCOUNT => CallerScope::WholeAccount,
                _ => CallerScope::Named(callers(file, &child, &region)?),
            },
            parent,
            child,
            region,
            role,
        })
    }
}

impl ShareAcceptance {
    pub(super) fn read(file: &Object<'_>) -> Result<Self> {
        file.common(&ACCEPTANCE)?;
        let child = file.name("child_account", AccountId::parse)?;
        let role = file.role()?;
        let caller = |node: &Node| {
            let caller = name(node, CallerArn::parse)?;
            stated_account(caller.arn(), &child, "child_account")
                .and_then(|()| same_partition(caller.arn(), role.partition(), "role_arn"))
                .map_err(|e| e.on(node.place))?;
            Ok(caller)
        };
        Ok(Self {
            share: file.name("share", ShareId::parse)?,
            grant_name: file.name("grant_policy_name", PolicyName::parse)?,
            callers: file.set("callers", caller)?,
            child,
            role,
        })
    }
}

fn endpoints(file: &Object<'_>, parent: &AccountId, region: &Region) -> Result<OfferedEndpoints> {
    if matches!(&file.required("endpoints")?.kind, Kind::Text(word) if word == ALL) {
        if file.get(KNOWN).is_none() {
            return Ok(OfferedEndpoints::All { known: BTreeSet::new() });
        }
        let known = file.set(KNOWN, |node| name(node, EndpointName::parse))?;
        if known.len() > MOST_KNOWN {
            return Err(file.bad(KNOWN, format!("{} names; at most {MOST_KNOWN}", known.len())));
        }
        return Ok(OfferedEndpoints::All { known });
    }
    if file.get(KNOWN).is_some() {
        return Err(file.bad(KNOWN, "the endpoints are named already"));
    }
    let endpoint = |node: &Node| {
        let members = Object::of(node, "")?;
        members.only(&["name", "arn"])?;
        let name = members.name("name", EndpointName::parse)?;
        let arn = members.name("arn", EndpointArn::parse)?;
        at(&members, "arn", of_account(arn.arn(), parent, "parent_account", region))?;
        if arn.arn().region() != region.as_str() {
            let message = format!("the ARN is in region `{}`, the file's region is `{region}`", arn.arn().region());
            return Err(members.bad("arn", message));
        }
        // Policies take the ARN and InvokeEndpoint the name: both have to mean the same endpoint.
        if !name.as_str().eq_ignore_ascii_case(arn.lower_name()) {
            let message = format!("the endpoint `{name}` has another name in its ARN: `{}`", arn.lower_name());
            return Err(members.bad("name", message));
        }
        Ok(OfferedEndpoint { arn, name })
    };
    file.set("endpoints", endpoint).map(OfferedEndpoints::Named)
}

fn callers(file: &Object<'_>, child: &AccountId, region: &Region) -> Result<BTreeSet<CallerArn>> {
    file.set("callers", |node| {
        let caller = name(node, CallerArn::parse)?;
        of_account(caller.arn(), child, "child_account", region).map_err(|e| e.on(node.place))?;
        Ok(caller)
    })
}

fn action(node: &Node) -> Result<InvokeAction> {
    let key = text(node)?;
    InvokeAction::parse(key).ok_or_else(|| {
        let known: Vec<String> = InvokeAction::ALL.iter().map(|a| format!("`{}`", a.key())).collect();
        let message = format!("`{}` is not a way to invoke an endpoint: {}", short(key), known.join(", "));
        HandOffError::of(HandOffFault::Member, message, ASK_AGAIN).on(node.place)
    })
}

/// Refuses an ARN of another account than the file states, or of another partition than its region is in.
pub(super) fn of_account(arn: &Arn, account: &AccountId, stated: &str, region: &Region) -> Result<()> {
    stated_account(arn, account, stated)?;
    same_partition(arn, region.partition(), "region")
}

fn stated_account(arn: &Arn, account: &AccountId, stated: &str) -> Result<()> {
    if arn.account() == account.as_str() {
        return Ok(());
    }
    let message = format!("the ARN is of account `{}`, `{stated}` is `{account}`", arn.account());
    Err(HandOffError::of(HandOffFault::OtherAccount, message, ASK_AGAIN))
}

fn same_partition(arn: &Arn, partition: &str, stated: &str) -> Result<()> {
    if arn.partition() == partition {
        return Ok(());
    }
    let message = format!("the ARN is in partition `{}`, `{stated}` is in `{partition}`", arn.partition());
    Err(HandOffError::of(HandOffFault::Member, message, ASK_AGAIN))
}

fn at<T>(object: &Object<'_>, key: &str, result: Result<T>) -> Result<T> {
    let place = object.get(key).map_or(object.place, |node| node.place);
    result.map_err(|e| e.at(object.path(key)).on(place))
}

fn name<T>(node: &Node, parse: impl Fn(&str) -> std::result::Result<T, NameError>) -> Result<T> {
    let text = text(node)?;
    if text.trim() != text {
        let message = format!("`{}` has white space around it", short(text));
        return Err(HandOffError::of(HandOffFault::Member, message, ASK_AGAIN).on(node.place));
    }
    parse(text).map_err(|e| HandOffError::of(HandOffFault::Member, e.to_string(), ASK_AGAIN).on(node.place))
}

fn text(node: &Node) -> Result<&str> {
    match &node.kind {
        Kind::Text(text) => Ok(text),
        other => {
            let message = format!("expected a string, found {}", other.name());
            Err(HandOffError::of(HandOffFault::Member, message, ASK_AGAIN).on(node.place))
        }
    }
}

/// A text of the file, short enough for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

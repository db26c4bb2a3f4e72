//! Hand-off files: how two administrators set up a share without sharing credentials.
//!
//! The parent's side ends with a [`ShareOffer`]; the child's administrator opens it in a console of their own and
//! returns a [`ShareAcceptance`], which names the callers. Both are JSON that people can read, of a kind and a version
//! of their own, and hold no secret: an external ID is none. Nothing here connects to an account or changes one.
//!
//! Each file carries a checksum of what it says, so that a letter lost on the way is noticed. It is no signature:
//! whoever can change the file can change the checksum. What a file asks for is always reviewed by a person first.

mod error;
mod file;
mod print;
mod read;
mod view;
mod words;

pub use error::{HandOffError, HandOffFault};
pub use file::{HandOff, MAX_BYTES, VERSION};
pub use view::{HandOffFile, HandOffView, NamedText};

use crate::arn::{Arn, CallerArn};
use crate::endpoint::EndpointArn;
use crate::names::{AccountId, EndpointName, ExternalId, PolicyName, Region, ShareId};
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, Offered, ShareIntent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many names an offer of every endpoint says.
pub const MOST_KNOWN: usize = 50;

/// An endpoint that is offered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OfferedEndpoint {
    /// Its lower-case ARN; what policies take.
    pub arn: EndpointArn,
    /// Its name in the case it was created with; what InvokeEndpoint takes.
    pub name: EndpointName,
}

/// Which endpoints are offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", content = "endpoints", rename_all = "snake_case")]
pub enum OfferedEndpoints {
    /// Every endpoint of the parent in the offer's region, those to come included.
    All {
        /// Some that were there when the offer was made: the child's side can't list them itself. At most
        /// [`MOST_KNOWN`].
        known: BTreeSet<EndpointName>,
    },
    /// These; never empty.
    Named(BTreeSet<OfferedEndpoint>),
}

/// What the parent's administrator hands over once the parent's side is made. All ARNs are of the accounts, the region
/// and the partition that the offer states.
///
/// Its serde form is for the wire between server and browser; the file is [`ShareOffer::to_file`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareOffer {
    /// The share.
    pub share: ShareId,
    /// Owns the endpoints.
    pub parent: AccountId,
    /// Is to call them.
    pub child: AccountId,
    /// Where the endpoints are.
    pub region: Region,
    /// The parent's role, which the callers assume.
    pub role: Arn,
    /// What they have to present, when the role asks for it.
    pub external_id: Option<ExternalId>,
    /// Which endpoints.
    pub endpoints: OfferedEndpoints,
    /// In which ways; never empty.
    pub actions: BTreeSet<InvokeAction>,
    /// How long a session may last: 3600–43200 seconds.
    pub session_seconds: u32,
    /// The suggested name of the child's policy.
    pub grant_name: PolicyName,
    /// Whom the role trusts.
    pub callers: CallerScope,
}

impl ShareOffer {
    /// The offer of a share whose parent's side is made. `names` are endpoint names in their own case, as
    /// DescribeEndpoint gives them; where one is missing, the lower-case name of the ARN stands in for it.
    pub fn of(intent: &ShareIntent, names: &[EndpointName]) -> Self {
        let name = |arn: &EndpointArn| {
            let cased = names.iter().find(|name| name.as_str().eq_ignore_ascii_case(arn.lower_name()));
            let lower = || EndpointName::parse(arn.lower_name());
            cased.cloned().map_or_else(lower, Ok).unwrap_or_else(|_| unreachable!("an endpoint's ARN was parsed"))
        };
        let offered = |arn: &EndpointArn| OfferedEndpoint { arn: arn.clone(), name: name(arn) };
        Self {
            share: intent.id.clone(),
            parent: intent.parent.clone(),
            child: intent.child.clone(),
            region: intent.region.clone(),
            role: intent.role_arn(),
            external_id: intent.external_id.clone(),
            endpoints: match &intent.endpoints {
                EndpointScope::All => OfferedEndpoints::All { known: names.iter().take(MOST_KNOWN).cloned().collect() },
                EndpointScope::Named(arns) => OfferedEndpoints::Named(arns.iter().map(offered).collect()),
            },
            actions: intent.actions.clone(),
            session_seconds: intent.session_seconds,
            grant_name: intent.grant_name.clone(),
            callers: intent.offered().map_or(&intent.callers, |offered| &offered.trusts).clone(),
        }
    }

    /// The endpoints' names, as InvokeEndpoint takes them; for all in the region those that are known.
    pub fn names(&self) -> BTreeSet<EndpointName> {
        match &self.endpoints {
            OfferedEndpoints::All { known } => known.clone(),
            OfferedEndpoints::Named(named) => named.iter().map(|endpoint| endpoint.name.clone()).collect(),
        }
    }

    /// What a share that is accepted says of the parent's side.
    pub fn offered(&self) -> Offered {
        Offered { trusts: self.callers.clone(), names: self.names() }
    }

    /// Reads an offer's file, strictly: whatever is missing, unknown, badly formed or contradicts itself is refused.
    pub fn parse(text: &str) -> Result<Self, HandOffError> {
        match HandOff::parse(text)? {
            HandOff::Offer(offer) => Ok(offer),
            HandOff::Acceptance(acceptance) => Err(error::other_kind(
                "this is an acceptance, not an offer",
                &format!("open it in the console of account {}, which made the offer", acceptance.parent()),
            )),
        }
    }

    /// The file. [`ShareOffer::parse`] gives the same offer again.
    pub fn to_file(&self) -> String {
        print::offer(self)
    }

    /// What to call the file.
    pub fn file_name(&self) -> String {
        format!("share-offer-{}.json", self.share)
    }

    /// In words, what the child's administrator is to do: a sentence or two an entry.
    pub fn what_to_do(&self) -> Vec<String> {
        words::for_the_child(self)
    }

    /// Whether a connection to `account` can accept the offer; refused when the offer is made to another account.
    pub fn check_account(&self, account: &AccountId) -> Result<(), HandOffError> {
        error::same_account("child_account", &self.child, account)
    }

    /// Accepts the offer for `callers`, with a policy called `grant_name`. Refused without callers and with callers
    /// of another account.
    pub fn accept(
        &self,
        callers: &BTreeSet<CallerArn>,
        grant_name: &PolicyName,
    ) -> Result<ShareAcceptance, HandOffError> {
        if callers.is_empty() {
            let hint = "name the roles and users that are to call";
            return Err(HandOffError::of(HandOffFault::Member, "no caller is named", hint).at("callers"));
        }
        for (index, caller) in callers.iter().enumerate() {
            let path = format!("callers[{index}]");
            read::of_account(caller.arn(), &self.child, "child_account", &self.region).map_err(|e| e.at(path))?;
        }
        Ok(ShareAcceptance {
            share: self.share.clone(),
            child: self.child.clone(),
            role: self.role.clone(),
            grant_name: grant_name.clone(),
            callers: callers.clone(),
        })
    }
}

/// What the child's administrator hands back: who calls.
///
/// Its serde form is for the wire between server and browser; the file is [`ShareAcceptance::to_file`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareAcceptance {
    /// The share that was offered.
    pub share: ShareId,
    /// The account that accepts it.
    pub child: AccountId,
    /// The role that was offered.
    pub role: Arn,
    /// What the child's policy is called.
    pub grant_name: PolicyName,
    /// Roles and users of the child that hold it; never empty.
    pub callers: BTreeSet<CallerArn>,
}

impl ShareAcceptance {
    /// Reads an acceptance's file, as strictly as [`ShareOffer::parse`].
    pub fn parse(text: &str) -> Result<Self, HandOffError> {
        match HandOff::parse(text)? {
            HandOff::Acceptance(acceptance) => Ok(acceptance),
            HandOff::Offer(offer) => Err(error::other_kind(
                "this is an offer, not an acceptance",
                &format!(
                    "open it in a console that is connected to account {}, which returns an acceptance",
                    offer.child
                ),
            )),
        }
    }

    /// The file. [`ShareAcceptance::parse`] gives the same acceptance again.
    pub fn to_file(&self) -> String {
        print::acceptance(self)
    }

    /// What to call the file.
    pub fn file_name(&self) -> String {
        format!("share-acceptance-{}.json", self.share)
    }

    /// In words, what the parent's administrator is to do: a sentence or two an entry.
    pub fn what_to_do(&self) -> Vec<String> {
        words::for_the_parent(self)
    }

    /// The account that made the offer.
    pub fn parent(&self) -> AccountId {
        self.role.account_id().unwrap_or_else(|| unreachable!("the role's account was parsed"))
    }

    /// Whether a connection to `account` can take the acceptance; refused when another account made the offer.
    pub fn check_account(&self, account: &AccountId) -> Result<(), HandOffError> {
        error::same_account("role_arn", &self.parent(), account)
    }

    /// The share, narrowed to those who accepted it: they are who the role trusts. Refused when the acceptance is of
    /// another share, another role or another child.
    pub fn narrow(&self, intent: &ShareIntent) -> Result<ShareIntent, HandOffError> {
        let other = |path: &str, what: &str, found: &str, expected: &str| {
            let message = format!("the acceptance is for {what} `{found}`, this share's is `{expected}`");
            Err(HandOffError::of(HandOffFault::OtherShare, message, "open it at the share it was made for").at(path))
        };
        if self.share != intent.id {
            return other("share", "share", self.share.as_str(), intent.id.as_str());
        }
        if self.role != intent.role_arn() {
            return other("role_arn", "role", self.role.as_str(), intent.role_arn().as_str());
        }
        if self.child != intent.child {
            return other("child_account", "account", self.child.as_str(), intent.child.as_str());
        }
        Ok(ShareIntent {
            callers: CallerScope::Named(self.callers.clone()),
            grantees: self.callers.clone(),
            grant_name: self.grant_name.clone(),
            accepted: true,
            ..intent.clone()
        })
    }
}

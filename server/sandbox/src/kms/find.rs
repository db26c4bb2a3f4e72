//! Which key is meant: by ID, ARN, alias or an alias's ARN.
//!
//! Source: KMS developer guide, "Key identifiers".

use super::input::{not_found, refuse, text, wrong_state};
use super::model::{Key, KeyState, Keys, arn};
use crate::authorize::{HIDDEN_KEY, denied};
use crate::call::Call;
use crate::error::Failure;
use domain::arn::Arn;
use domain::names::AccountId;

/// A key that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: String,
    /// Its ID.
    pub id: String,
    /// The key.
    pub key: Key,
    /// The alias that it was asked for by.
    pub by_alias: Option<String>,
    /// All its aliases.
    pub aliases: Vec<String>,
}

impl Found {
    /// The key's ARN.
    pub fn arn(&self) -> String {
        arn(&self.region, &self.account, &format!("key/{}", self.id))
    }
    /// Refuses what only a usable key can do.
    pub fn usable(&self) -> Result<(), Failure> {
        match self.key.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(refuse("DisabledException", format!("{} is disabled.", self.arn()))),
            KeyState::PendingDeletion { .. } => self.not_going(),
        }
    }
    /// Refuses a key that waits for its deletion.
    pub fn not_going(&self) -> Result<(), Failure> {
        match self.key.state {
            KeyState::PendingDeletion { .. } => Err(wrong_state(format!("{} is pending deletion.", self.arn()))),
            _ => Ok(()),
        }
    }
    /// Refuses a key that a service manages.
    pub fn own(&self) -> Result<(), Failure> {
        match &self.key.managed_by {
            None => Ok(()),
            Some(_) => {
                Err(Failure::access_denied(format!("{} is an AWS managed key, which can't be changed.", self.arn())))
            }
        }
    }
    /// Refuses a key of another account, for operations that never reach across.
    pub fn here(self, call: &Call<'_>, action: &str) -> Result<Self, Failure> {
        if self.account == *call.account() { Ok(self) } else { Err(hidden(call, action, &self.arn())) }
    }
}

/// A key of another account that is not shown.
fn hidden(call: &Call<'_>, action: &str, arn: &str) -> Failure {
    let bare = denied(&call.caller.arn, action, arn);
    Failure::access_denied(format!("{} {HIDDEN_KEY}", bare.message))
}

/// Where to look for a key, and what it is called there.
struct Place<'a> {
    account: AccountId,
    region: &'a str,
    /// `key/ID` or `alias/NAME`.
    resource: String,
}

fn place<'a>(call: &Call<'_>, given: &'a str, region: &'a str) -> Result<Place<'a>, Failure> {
    let wrong = || not_found(format!("Invalid keyId '{given}'"));
    if !given.starts_with("arn:") {
        let resource = if given.starts_with("alias/") { given.to_owned() } else { format!("key/{given}") };
        if !given.starts_with("alias/") && uuid::Uuid::parse_str(given).is_err() {
            return Err(wrong());
        }
        return Ok(Place { account: call.account().clone(), region, resource });
    }
    let invalid = || not_found(format!("Invalid arn {given}"));
    let arn = Arn::parse(given).map_err(|_| invalid())?;
    let account = arn.account_id().filter(|_| arn.service() == "kms").ok_or_else(invalid)?;
    if !arn.resource().starts_with("key/") && !arn.resource().starts_with("alias/") {
        return Err(invalid());
    }
    if arn.region() != region {
        return Err(not_found(format!("Invalid arn {}", arn.region())));
    }
    Ok(Place { account, region, resource: arn.resource().to_owned() })
}

/// The key that is meant in a region. One of another account that does not exist is not told apart from one that is
/// not shared.
pub fn find_in(call: &Call<'_>, region: &str, given: &str, action: &str) -> Result<Found, Failure> {
    let Place { account, region, resource } = place(call, given, region)?;
    let state = call.app.store.read();
    let nothing = Keys::default();
    let keys = state.accounts.get(&account).and_then(|known| known.keys.get(region)).unwrap_or(&nothing);
    let (id, by_alias) = match resource.strip_prefix("key/") {
        Some(id) => (Some(id.to_owned()), None),
        None => (keys.aliases.get(&resource).map(|alias| alias.key.clone()), Some(resource.clone())),
    };
    let found = id.and_then(|id| {
        let key = keys.keys.get(&id).filter(|key| !key.is_gone(call.now))?.clone();
        let aliases = keys.aliases_of(&id).cloned().collect();
        Some(Found {
            account: account.clone(),
            region: region.to_owned(),
            id,
            key,
            by_alias: by_alias.clone(),
            aliases,
        })
    });
    let full = arn(region, &account, &resource);
    found.ok_or_else(|| match by_alias {
        _ if account != *call.account() => hidden(call, action, &full),
        Some(_) => not_found(format!("Alias {full} is not found.")),
        None => not_found(format!("Key '{full}' does not exist")),
    })
}

/// The key that a request's `KeyId` means, in the request's region.
pub fn find(call: &Call<'_>, action: &str) -> Result<Found, Failure> {
    find_in(call, call.region.as_str(), text(call, "KeyId")?, action)
}

/// The same, where aliases are not taken and other accounts' keys neither.
pub fn find_own(call: &Call<'_>, action: &str) -> Result<Found, Failure> {
    let given = text(call, "KeyId")?;
    if given.starts_with("alias/") || given.contains(":alias/") {
        return Err(not_found(format!("Invalid keyId '{given}'")));
    }
    find_in(call, call.region.as_str(), given, action)?.here(call, action)
}

/// The key of an ID, whoever it belongs to, for ciphertexts.
pub fn by_id(call: &Call<'_>, id: &str) -> Option<Found> {
    let state = call.app.store.read();
    let region = call.region.as_str();
    state.accounts.iter().find_map(|(account, known)| {
        let keys = known.keys.get(region)?;
        let key = keys.keys.get(id).filter(|key| !key.is_gone(call.now))?.clone();
        let aliases = keys.aliases_of(id).cloned().collect();
        let (account, id, region) = (account.clone(), id.to_owned(), region.to_owned());
        Some(Found { account, region, id, key, by_alias: None, aliases })
    })
}

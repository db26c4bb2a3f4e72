//! Who sent a request: the access key and token, resolved.

use crate::error::Failure;
use crate::session::{self, Claims, SessionOf};
use crate::state::State;
use domain::names::AccountId;
use domain::time::Timestamp;
use parking_lot::RwLock;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Opened tokens are kept: opening one costs a hash and a parse, and a session makes many calls.
const CACHED_TOKENS: usize = 4096;

/// An authenticated principal.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its account.
    pub account: AccountId,
    /// Its ARN as GetCallerIdentity and error messages show it.
    pub arn: String,
    /// Its ID as GetCallerIdentity shows it, `aws:userid`.
    pub user_id: String,
    /// What it is.
    pub who: Who,
}

/// What a caller is.
#[derive(Debug, Clone)]
pub enum Who {
    /// The account's root user.
    Root,
    /// A user.
    User {
        /// Its name.
        name: String,
        /// Its unique ID.
        id: String,
    },
    /// A role's session.
    Role(Arc<Claims>),
}

impl Caller {
    /// Whether the caller is a role's session: then assuming a role is chaining.
    pub fn is_role_session(&self) -> bool {
        matches!(self.who, Who::Role(_))
    }
}

/// A caller, the secret it must have signed with, and whether it used temporary credentials.
pub struct Identified {
    /// The caller.
    pub caller: Caller,
    /// The secret; never shown.
    pub secret: String,
    /// Whether the credentials are temporary.
    pub temporary: bool,
}

/// Tokens that were opened before.
#[derive(Default)]
pub struct TokenCache {
    tokens: RwLock<HashMap<String, (String, Arc<Claims>)>>,
}

impl TokenCache {
    fn open(&self, master: &str, key: &str, token: &str) -> Option<Arc<Claims>> {
        if let Some((known, claims)) = self.tokens.read().get(key)
            && known == token
        {
            return Some(Arc::clone(claims));
        }
        let claims = Arc::new(session::open(master, key, token)?);
        let mut tokens = self.tokens.write();
        if tokens.len() >= CACHED_TOKENS {
            tokens.clear();
        }
        tokens.insert(key.to_owned(), (token.to_owned(), Arc::clone(&claims)));
        Some(claims)
    }
}

/// Resolves an access key and its token. The signature is not checked here. Sessions of an era before `era` are over.
pub fn identify(
    state: &State,
    cache: &TokenCache,
    key: &str,
    token: Option<&str>,
    now: Timestamp,
    era: u64,
) -> Result<Identified, Failure> {
    if let Some(known) = state.keys.get(key) {
        // A long-lived key with a token is refused: the token can't belong to it.
        if !known.active || token.is_some() {
            return Err(Failure::invalid_token());
        }
        let caller = match &known.user {
            None => root(&known.account),
            Some(name) => user(state, &known.account, name, None)?,
        };
        return Ok(Identified { caller, secret: known.secret.clone(), temporary: false });
    }
    let token = token.ok_or_else(Failure::invalid_token)?;
    let claims = cache.open(&state.master, key, token).ok_or_else(Failure::invalid_token)?;
    if now >= claims.expires || claims.era < era {
        return Err(Failure::expired_token());
    }
    let caller = match &claims.of {
        SessionOf::Root => root(&claims.account),
        SessionOf::User { name, id } => user(state, &claims.account, name, Some(id))?,
        SessionOf::Role { .. } => role_session(state, &claims)?,
    };
    Ok(Identified { caller, secret: session::secret(&state.master, key), temporary: true })
}

fn root(account: &AccountId) -> Caller {
    Caller {
        account: account.clone(),
        arn: format!("arn:aws:iam::{account}:root"),
        user_id: account.to_string(),
        who: Who::Root,
    }
}

fn user(state: &State, account: &AccountId, name: &str, id: Option<&str>) -> Result<Caller, Failure> {
    let iam = state.accounts.get(account).map(|account| account.iam.current()).ok_or_else(Failure::invalid_token)?;
    let user = iam.user(name).filter(|user| id.is_none_or(|id| user.id == id)).ok_or_else(Failure::invalid_token)?;
    Ok(Caller {
        account: account.clone(),
        arn: user.arn(account),
        user_id: user.id.clone(),
        who: Who::User { name: user.name.clone(), id: user.id.clone() },
    })
}

fn role_session(state: &State, claims: &Arc<Claims>) -> Result<Caller, Failure> {
    let SessionOf::Role { name, id, session, .. } = &claims.of else { return Err(Failure::invalid_token()) };
    let account = &claims.account;
    let iam = state.accounts.get(account).map(|account| account.iam.current()).ok_or_else(Failure::invalid_token)?;
    // The sessions of a deleted role are over, also when a new one has its name.
    iam.role(name).filter(|role| role.id == *id).ok_or_else(Failure::invalid_token)?;
    Ok(Caller {
        account: account.clone(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        user_id: format!("{id}:{session}"),
        who: Who::Role(Arc::clone(claims)),
    })
}

/// The session tags of a caller: `aws:PrincipalTag/…` beside the principal's own.
pub fn session_tags(caller: &Caller) -> Option<&BTreeMap<String, String>> {
    match &caller.who {
        Who::Role(claims) => match &claims.of {
            SessionOf::Role { tags, .. } => Some(tags),
            _ => None,
        },
        _ => None,
    }
}

//! Temporary credentials.
//!
//! A session lives in its token, sealed with the sandbox's master key, and nowhere else: making one changes no state,
//! so AssumeRole needs no write to disk and sessions outlive a restart. The secret key is derived from the access key
//! ID and the master key, never stored.

use crate::ids;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::names::AccountId;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;

/// What a session token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The access key the token belongs to.
    pub key: String,
    /// The account.
    pub account: AccountId,
    /// When it ends.
    pub expires: Timestamp,
    /// How often all sessions had been ended when it was made; see the control path.
    #[serde(default)]
    pub era: u64,
    /// Whose session it is.
    pub of: SessionOf,
}

/// Whose session it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum SessionOf {
    /// GetSessionToken by a user.
    User {
        /// The user's name.
        name: String,
        /// The user's unique ID.
        id: String,
    },
    /// GetSessionToken by the root user.
    Root,
    /// AssumeRole.
    Role {
        /// The role's name.
        name: String,
        /// The role's unique ID: a role of the same name made later is another one.
        id: String,
        /// The session's name.
        session: String,
        /// The inline session policy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
        /// Managed session policies, by ARN.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policy_arns: Vec<String>,
        /// Session tags: `aws:PrincipalTag/…`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        tags: BTreeMap<String, String>,
    },
}

/// Fresh temporary credentials. Has no `Debug`: the secret must not reach a log.
#[allow(missing_docs)]
pub struct Credentials {
    pub key: String,
    pub secret: String,
    pub token: String,
    pub expires: Timestamp,
}

fn seal(master: &str, purpose: &[u8], data: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(master.as_bytes());
    let mut mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(purpose);
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// The secret that belongs to a session's access key.
pub fn secret(master: &str, key: &str) -> String {
    STANDARD.encode(&seal(master, b"secret:", key.as_bytes())[..30])
}

/// Makes a session.
pub fn issue(master: &str, account: &AccountId, of: SessionOf, expires: Timestamp, era: u64) -> Credentials {
    let key = ids::session_key();
    let claims = Claims { key: key.clone(), account: account.clone(), expires, era, of };
    let json = serde_json::to_vec(&claims).unwrap_or_else(|e| unreachable!("claims are plain data: {e}"));
    let mut sealed = seal(master, b"token:", &json).to_vec();
    sealed.extend_from_slice(&json);
    Credentials { secret: secret(master, &key), token: STANDARD.encode(sealed), key, expires }
}

/// Opens a token; `None` if it was not made by this sandbox, or for another key.
pub fn open(master: &str, key: &str, token: &str) -> Option<Claims> {
    let sealed = STANDARD.decode(token).ok()?;
    let (tag, json) = sealed.split_at_checked(32)?;
    let fits: bool = subtle::ConstantTimeEq::ct_eq(tag, &seal(master, b"token:", json)[..]).into();
    let claims: Claims = fits.then(|| serde_json::from_slice(json).ok())??;
    (claims.key == key).then_some(claims)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn a_session() -> Credentials {
        let account = AccountId::parse("111111111111").unwrap();
        issue("master", &account, SessionOf::User { name: "a".into(), id: "AIDA".into() }, Timestamp(1), 0)
    }

    #[test]
    fn a_token_opens_with_its_own_key_and_master_only() {
        let session = a_session();
        assert!(open("master", &session.key, &session.token).is_some());
        assert!(open("other", &session.key, &session.token).is_none());
        assert!(open("master", "ASIAOTHER", &session.token).is_none());
    }

    #[test]
    fn a_token_that_was_touched_does_not_open() {
        let session = a_session();
        let mut bytes = STANDARD.decode(&session.token).unwrap();
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
        assert!(open("master", &session.key, &STANDARD.encode(bytes)).is_none());
        assert!(open("master", &session.key, "").is_none());
        assert!(open("master", &session.key, "not base64!").is_none());
    }
}

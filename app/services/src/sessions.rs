//! Sessions: a launch token, used once, becomes a cookie; a cookie becomes an [`Operator`].
//!
//! Token and cookie are kept as SHA-256 digests only. Both carry 256 bits of the system's randomness, so a fast hash is
//! enough; digests are compared in constant time.

use crate::activity::Happened;
use crate::services::lock;
use crate::{Operator, ServiceResult, Services};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;
use subtle::ConstantTimeEq as _;

/// How long a session lasts, in milliseconds: a working day.
const LIFETIME_MS: i64 = 12 * 3600 * 1000;
/// For how long a session found in the store is believed without looking again: what a sign-out elsewhere may lag.
const BELIEVED_MS: i64 = 5_000;
/// How many characters of a cookie's digest name a session in the audit trail.
const SHOWN: usize = 8;
/// How many sessions are remembered before the stale ones are dropped.
const REMEMBERED: usize = 1024;

/// The launch token that is good now, and sessions seen a moment ago.
pub(crate) struct Sessions {
    launch: Mutex<Launch>,
    seen: Mutex<HashMap<String, (Operator, Timestamp)>>,
}

struct Launch {
    /// The configured token, until it is first given out.
    configured: Option<SecretString>,
    /// The digest of the token that is good now.
    digest: Option<[u8; 32]>,
}

impl Sessions {
    /// `configured` is good from the start.
    pub(crate) fn new(configured: Option<&SecretString>) -> Self {
        let digest = configured.map(|token| sha256(token.expose_secret()));
        Self { launch: Mutex::new(Launch { configured: configured.cloned(), digest }), seen: Mutex::default() }
    }
}

impl Services {
    /// A new launch token; earlier ones stop working. The first call gives the configured one, if there is one.
    pub fn issue_launch_token(&self) -> SecretString {
        let mut launch = lock(&self.inner.sessions.launch);
        if let Some(token) = launch.configured.take() {
            return token;
        }
        let token = random_text();
        launch.digest = Some(sha256(token.expose_secret()));
        token
    }

    /// Exchanges a launch token for a session's cookie. `None`: the token is wrong or was used.
    pub async fn sign_in(&self, token: &str) -> ServiceResult<Option<SecretString>> {
        if !self.use_up(token) {
            return Ok(None);
        }
        let cookie = random_text();
        let digest = text_digest(cookie.expose_secret());
        let label = format!("session {}", &digest[..SHOWN]);
        let now = self.now();
        self.inner.stores.sessions.create(&digest, &label, now.plus_ms(LIFETIME_MS)).await?;
        // Expired ones are dropped here, where it is rare and nobody waits for a page; failing to is harmless.
        if let Err(error) = self.inner.stores.sessions.sweep(now).await {
            tracing::warn!(%error, "expired sessions could not be dropped");
        }
        self.note(&label, Happened::done("signed in")).await;
        Ok(Some(cookie))
    }

    /// Who a cookie belongs to.
    pub async fn operator(&self, cookie: &str) -> ServiceResult<Option<Operator>> {
        let digest = text_digest(cookie);
        let now = self.now();
        if let Some((operator, until)) = lock(&self.inner.sessions.seen).get(&digest)
            && now < *until
        {
            return Ok(Some(operator.clone()));
        }
        let Some(label) = self.inner.stores.sessions.get(&digest, now).await? else {
            lock(&self.inner.sessions.seen).remove(&digest);
            return Ok(None);
        };
        let operator = Operator::new(&digest, &label);
        let mut seen = lock(&self.inner.sessions.seen);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, (_, until)| now < *until);
        }
        seen.insert(digest, (operator.clone(), now.plus_ms(BELIEVED_MS)));
        Ok(Some(operator))
    }

    /// Ends a session.
    pub async fn sign_out(&self, cookie: &str) -> ServiceResult<()> {
        let digest = text_digest(cookie);
        let operator = self.operator(cookie).await?;
        self.inner.stores.sessions.delete(&digest).await?;
        lock(&self.inner.sessions.seen).remove(&digest);
        if let Some(operator) = operator {
            self.inner.playground.forget_operator(&operator);
            self.note(operator.label(), Happened::done("signed out")).await;
        }
        Ok(())
    }

    fn use_up(&self, token: &str) -> bool {
        let given = sha256(token);
        let mut launch = lock(&self.inner.sessions.launch);
        let good = launch.digest.as_ref().is_some_and(|digest| digest.ct_eq(&given).into());
        if good {
            launch.digest = None;
            launch.configured = None;
        }
        good
    }
}

/// 32 random bytes as text that can stand in a URL and a cookie.
fn random_text() -> SecretString {
    let mut bytes = [0u8; 32];
    // Without randomness there are no secrets to be had: nothing may go on as if there were.
    #[allow(clippy::expect_used, reason = "a system without randomness can't run a console")]
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes).into()
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

pub(crate) fn text_digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(text))
}

//! Sessions: a launch token, used once and in time, becomes a cookie; a cookie becomes an [`Operator`].
//!
//! Token and cookie are kept as SHA-256 digests only. Both carry 256 bits of the system's randomness, so a fast hash is
//! enough; digests are compared in constant time.

use crate::activity::Happened;
use crate::services::lock;
use crate::{Operator, ServiceResult, Services, uncancelled};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;

/// How long a session lasts, in milliseconds: a working day.
const LIFETIME_MS: i64 = 12 * 3600 * 1000;
/// For how long a session found in the store is believed without looking again: what a sign-out elsewhere may lag.
const BELIEVED_MS: i64 = 5_000;
/// How often a session that is being watched is looked up: one that runs out is told by nobody.
const WATCHED: Duration = Duration::from_secs(15);
/// How many characters of a cookie's digest name a session in the audit trail.
const SHOWN: usize = 8;
/// How many sessions are remembered before the stale ones are dropped.
const REMEMBERED: usize = 1024;

/// The launch token that is good now, and sessions seen a moment ago.
pub(crate) struct Sessions {
    launch: Mutex<Launch>,
    seen: Mutex<HashMap<String, (Operator, Timestamp)>>,
    /// Told of each session that is ended here.
    ended: watch::Sender<()>,
}

struct Launch {
    /// The configured token, until it is first given out.
    configured: Option<SecretString>,
    /// The last token that was given out and not used.
    unused: Option<Token>,
}

struct Token {
    digest: [u8; 32],
    /// `None` for the configured one: whoever set it knows when it is used.
    until: Option<Timestamp>,
}

impl Token {
    fn of(text: &SecretString, until: Option<Timestamp>) -> Self {
        Self { digest: sha256(text.expose_secret()), until }
    }
    fn is(&self, given: &str) -> bool {
        self.digest.ct_eq(&sha256(given)).into()
    }
    fn has_expired(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl Sessions {
    /// `configured` is good from the start.
    pub(crate) fn new(configured: Option<&SecretString>) -> Self {
        let unused = configured.map(|token| Token::of(token, None));
        let launch = Mutex::new(Launch { configured: configured.cloned(), unused });
        Self { launch, seen: Mutex::default(), ended: watch::Sender::new(()) }
    }

    /// Takes the token, if it is good: whoever comes second comes too late.
    fn use_up(&self, given: &str, now: Timestamp) -> Option<Token> {
        let mut launch = lock(&self.launch);
        let token = launch.unused.take_if(|token| token.is(given) && !token.has_expired(now))?;
        launch.configured = None;
        Some(token)
    }

    /// Makes a token good again that was not exchanged after all, unless there is another one by now.
    fn give_back(&self, token: Token) {
        lock(&self.launch).unused.get_or_insert(token);
    }
}

impl Services {
    /// A new launch token, good for as long as the settings say; earlier ones stop working. The first call gives the
    /// configured one, if there is one, which is good until it is used.
    pub fn issue_launch_token(&self) -> SecretString {
        let mut launch = lock(&self.inner.sessions.launch);
        if let Some(token) = launch.configured.take() {
            return token;
        }
        let token = random_text();
        let lasts = i64::try_from(self.inner.settings.launch.as_millis()).unwrap_or(i64::MAX);
        launch.unused = Some(Token::of(&token, Some(self.now().plus_ms(lasts))));
        token
    }

    /// Whether this is the last launch token that was given out, and it was not used in time.
    pub fn launch_token_expired(&self, token: &str) -> bool {
        let launch = lock(&self.inner.sessions.launch);
        launch.unused.as_ref().is_some_and(|unused| unused.is(token) && unused.has_expired(self.now()))
    }

    /// Exchanges a launch token for a session's cookie. `None`: the token is wrong, was used or has expired. A token that
    /// could not be exchanged stays good.
    pub async fn sign_in(&self, token: &str) -> ServiceResult<Option<SecretString>> {
        let Some(token) = self.inner.sessions.use_up(token, self.now()) else { return Ok(None) };
        let services = self.clone();
        // A browser that leaves in the midst of this must not take the only way in along.
        uncancelled(async move {
            let cookie = services.start_session().await;
            if cookie.is_err() {
                services.inner.sessions.give_back(token);
            }
            cookie.map(Some)
        })
        .await
    }

    async fn start_session(&self) -> ServiceResult<SecretString> {
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
        Ok(cookie)
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
        self.inner.sessions.ended.send_replace(());
        if let Some(operator) = operator {
            self.inner.playground.forget_operator(&operator);
            self.note(operator.label(), Happened::done("signed out")).await;
        }
        Ok(())
    }

    /// Waits until the operator's session is over: signed out, or run out.
    pub async fn session_ended(&self, operator: &Operator) {
        let mut ended = self.inner.sessions.ended.subscribe();
        loop {
            match self.inner.stores.sessions.get(operator.key(), self.now()).await {
                Ok(None) => return,
                Ok(Some(_)) => {}
                Err(error) => tracing::warn!(%error, "a session could not be looked up; it is asked for again"),
            }
            let _ = tokio::time::timeout(WATCHED, ended.changed()).await;
        }
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

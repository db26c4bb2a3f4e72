//! Roles' credentials, one AssumeRole per share, session and hour, however many calls wait for it.
//!
//! The first call that finds none starts getting them in a task of its own, so that a caller who gives up does not take
//! the others' credentials along; everyone waits for the same answer. Credentials that are about to end are renewed
//! while they still work. A failure reaches those who waited and is not remembered.

use crate::clock::Clock;
use crate::ports::gateway::{GatewayError, GatewayErrorKind, RoleCredentials};
use crate::services::lock;
use domain::names::ShareId;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Credentials with less than this left are renewed by the next call, which does not wait for it.
const RENEW_MS: u64 = 5 * 60 * 1000;
/// Credentials with less than this left are not used: the call itself may take a minute.
const USABLE_MS: u64 = 90 * 1000;
/// How many are kept; the ones that end first go first.
const KEPT: usize = 1024;

/// Whose credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) share: ShareId,
    /// The operator's key.
    pub(crate) operator: Arc<str>,
}

type Answer = Result<Arc<RoleCredentials>, Arc<GatewayError>>;
type Getting = Shared<BoxFuture<'static, Answer>>;

#[derive(Default)]
struct Slot {
    credentials: Option<Arc<RoleCredentials>>,
    getting: Option<(u64, Getting)>,
}

#[derive(Default)]
struct State {
    slots: HashMap<Key, Slot>,
    /// Numbers the refreshes, so that one that was overtaken by a `forget` does not bring old credentials back.
    started: u64,
}

#[derive(Default)]
pub(crate) struct RoleSessions {
    state: Arc<Mutex<State>>,
}

impl RoleSessions {
    /// The credentials of `key` and whether they were there already; `assume` gets new ones.
    pub(crate) async fn get(
        &self,
        key: Key,
        clock: &dyn Clock,
        assume: impl FnOnce() -> BoxFuture<'static, Result<RoleCredentials, GatewayError>>,
    ) -> Result<(Arc<RoleCredentials>, bool), Arc<GatewayError>> {
        let now = clock.now();
        let getting = {
            let mut state = lock(&self.state);
            let State { slots, started } = &mut *state;
            let slot = slots.entry(key.clone()).or_default();
            let usable = slot.credentials.clone().filter(|c| c.expires.since(now) > USABLE_MS);
            if let Some(credentials) = &usable
                && (credentials.expires.since(now) > RENEW_MS || slot.getting.is_some())
            {
                return Ok((credentials.clone(), true));
            }
            let getting = match &slot.getting {
                Some((_, getting)) => getting.clone(),
                None => {
                    *started += 1;
                    let getting = self.start(key, *started, assume());
                    slot.getting = Some((*started, getting.clone()));
                    getting
                }
            };
            if let Some(credentials) = usable {
                return Ok((credentials, true));
            }
            make_room(slots);
            getting
        };
        getting.await.map(|credentials| (credentials, false))
    }

    /// Drops credentials that AWS refused; others that were got meanwhile stay.
    pub(crate) fn expired(&self, key: &Key, refused: &Arc<RoleCredentials>) {
        if let Some(slot) = lock(&self.state).slots.get_mut(key)
            && slot.credentials.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, refused))
        {
            slot.credentials = None;
        }
    }

    /// Drops what matches; those who wait still get their answer, it is only not kept.
    pub(crate) fn forget(&self, matches: impl Fn(&Key) -> bool) {
        lock(&self.state).slots.retain(|key, _| !matches(key));
    }

    fn start(
        &self,
        key: Key,
        number: u64,
        assume: BoxFuture<'static, Result<RoleCredentials, GatewayError>>,
    ) -> Getting {
        let state = self.state.clone();
        let task = tokio::spawn(async move {
            let answer: Answer = assume.await.map(Arc::new).map_err(Arc::new);
            let mut state = lock(&state);
            let slot = state.slots.get_mut(&key).filter(|s| s.getting.as_ref().is_some_and(|(n, _)| *n == number));
            if let Some(slot) = slot {
                slot.getting = None;
                if let Ok(credentials) = &answer {
                    slot.credentials = Some(credentials.clone());
                } else if slot.credentials.is_none() {
                    state.slots.remove(&key);
                }
            }
            answer
        });
        task.map(|joined| joined.unwrap_or_else(|_| Err(Arc::new(broken())))).boxed().shared()
    }
}

fn make_room(slots: &mut HashMap<Key, Slot>) {
    if slots.len() <= KEPT {
        return;
    }
    let ends = |slot: &Slot| slot.credentials.as_ref().map(|c| c.expires);
    let mut idle: Vec<_> =
        slots.iter().filter(|(_, s)| s.getting.is_none()).map(|(k, s)| (ends(s), k.clone())).collect();
    idle.sort_by_key(|(ends, _)| *ends);
    for (_, key) in idle.into_iter().take(slots.len() - KEPT) {
        slots.remove(&key);
    }
}

fn broken() -> GatewayError {
    GatewayError {
        operation: "AssumeRole",
        account: None,
        connection: None,
        kind: GatewayErrorKind::Unavailable,
        code: String::new(),
        message: "the role's credentials could not be had: the console is shutting down or failed inside".into(),
        status: None,
        retryable: true,
        request_id: None,
        model: None,
    }
}

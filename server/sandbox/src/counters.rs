//! How often each operation was called, for tests such as "1,000 calls make one AssumeRole".

use domain::names::AccountId;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;

/// An account, a service and an operation.
type Key = (AccountId, &'static str, &'static str);

/// Calls by account, service and operation. Only authenticated calls count.
#[derive(Default)]
pub struct Counters {
    counts: Mutex<BTreeMap<Key, (u64, u64)>>,
}

/// One operation's count.
#[derive(Debug, Serialize)]
pub struct Count {
    /// The calling account.
    pub account: AccountId,
    /// The service: `sts`.
    pub service: &'static str,
    /// The operation: `AssumeRole`.
    pub operation: &'static str,
    /// All calls.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
}

impl Counters {
    /// Counts a finished call.
    pub fn add(&self, account: &AccountId, service: &'static str, operation: &'static str, failed: bool) {
        let mut counts = self.counts.lock();
        let count = counts.entry((account.clone(), service, operation)).or_default();
        count.0 += 1;
        count.1 += u64::from(failed);
    }
    /// All counts.
    pub fn list(&self) -> Vec<Count> {
        let counts = self.counts.lock();
        let count = |(key, (calls, errors)): (&Key, &(u64, u64))| {
            let (account, service, operation) = key.clone();
            Count { account, service, operation, calls: *calls, errors: *errors }
        };
        counts.iter().map(count).collect()
    }
    /// Starts at zero again.
    pub fn clear(&self) {
        self.counts.lock().clear();
    }
}

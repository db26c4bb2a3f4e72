//! Fault switches: what tests and demos make go wrong. Only the control path sets them, and a restart clears them.

use crate::error::Failure;
use domain::names::AccountId;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A rule as the control path takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `sts`, `iam`, `sagemaker`, `organizations`, `lambda`, `s3`, `runtime` or `*`.
    #[serde(default = "any")]
    pub service: String,
    /// An operation's name or `*`.
    #[serde(default = "any")]
    pub operation: String,
    /// Only calls by this account.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// What happens.
    pub effect: Effect,
    /// Let so many matching calls pass first: `2` makes the third fail.
    #[serde(default)]
    pub skip: u64,
    /// How many calls it then hits; without it, all.
    #[serde(default)]
    pub times: Option<u64>,
    /// Hit each call only with this chance, 0 to 1.
    #[serde(default)]
    pub probability: Option<f64>,
}

/// What a rule does to a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// `Throttling`, in the protocol's form.
    Throttle,
    /// An error, by default `InternalFailure` with 500, without doing anything.
    Error {
        /// The status.
        #[serde(default)]
        status: Option<u16>,
        /// The code.
        #[serde(default)]
        code: Option<String>,
        /// The message.
        #[serde(default)]
        message: Option<String>,
    },
    /// The call waits first.
    Latency {
        /// Milliseconds.
        ms: u64,
    },
    /// The call is carried out, but the answer is a 500: the caller can't know that it worked.
    LoseReply,
}

fn any() -> String {
    "*".into()
}

/// Settings of the control path that are not about single calls. Milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// After so long authorisation sees a change of IAM or of the organisation's policies.
    pub iam_propagation_ms: u64,
    /// So long an endpoint is `Creating`.
    pub endpoint_creation_ms: u64,
    /// So long an endpoint is `Updating`.
    pub endpoint_update_ms: u64,
    /// So long a function is `Pending`, and an update of one `InProgress`.
    pub function_activation_ms: u64,
    /// So long at most a Wait state or a pause before a retry of an execution takes; `None`: as its definition says.
    pub state_wait_ms: Option<u64>,
    /// How often a pipeline looks how an action goes on.
    pub pipeline_poll_ms: u64,
    /// So long a pipeline waits before it invokes a function again that continues its job.
    pub pipeline_continuation_ms: u64,
    /// So long a pipeline waits for a function's result.
    pub pipeline_job_ms: u64,
    /// So long a pipeline waits for an approval that sets no time of its own.
    pub pipeline_approval_ms: u64,
    /// So long a training job stays in each of its steps before it goes on.
    pub training_phase_ms: u64,
    /// So long a second of an endpoint deployment's waits lasts.
    pub deployment_second_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            iam_propagation_ms: 0,
            endpoint_creation_ms: 2000,
            endpoint_update_ms: 2000,
            function_activation_ms: 1000,
            state_wait_ms: None,
            pipeline_poll_ms: 200,
            pipeline_continuation_ms: 1000,
            pipeline_job_ms: 20 * 60 * 1000,
            pipeline_approval_ms: 7 * 24 * 3600 * 1000,
            training_phase_ms: 300,
            deployment_second_ms: 100,
        }
    }
}

/// A rule with what it did so far.
#[derive(Debug, Clone, Serialize)]
pub struct Active {
    /// Its number, to clear it by.
    pub id: u64,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Matching calls so far.
    pub seen: u64,
    /// Calls it hit.
    pub hit: u64,
}

/// What a call has to suffer.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Wait so long first.
    pub wait: Duration,
    /// Then fail so.
    pub failure: Option<Failure>,
    /// Do it, then pretend it failed.
    pub lose_reply: bool,
}

/// The switches.
#[derive(Default)]
pub struct Faults {
    // Read on every call, so that calls cost nothing while there is no rule.
    count: AtomicU64,
    next: AtomicU64,
    rules: Mutex<Vec<Active>>,
    settings: RwLock<Settings>,
    // How often all sessions were ended.
    era: AtomicU64,
}

impl Faults {
    /// Adds a rule and gives its number.
    pub fn add(&self, rule: Rule) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let mut rules = self.rules.lock();
        rules.push(Active { id, rule, seen: 0, hit: 0 });
        self.count.store(rules.len() as u64, Ordering::Release);
        id
    }
    /// Removes one rule, or all.
    pub fn remove(&self, id: Option<u64>) {
        let mut rules = self.rules.lock();
        rules.retain(|rule| id.is_some_and(|id| rule.id != id));
        self.count.store(rules.len() as u64, Ordering::Release);
    }
    /// The rules with what they did.
    pub fn list(&self) -> Vec<Active> {
        self.rules.lock().clone()
    }
    /// The settings.
    pub fn settings(&self) -> Settings {
        *self.settings.read()
    }
    /// Replaces the settings.
    pub fn set(&self, settings: Settings) {
        *self.settings.write() = settings;
    }
    /// Ends every session there is now.
    pub fn end_sessions(&self) {
        self.era.fetch_add(1, Ordering::Relaxed);
    }
    /// The era that sessions made now belong to.
    pub fn era(&self) -> u64 {
        self.era.load(Ordering::Relaxed)
    }
    /// How long IAM takes to propagate.
    pub fn propagation(&self) -> Duration {
        Duration::from_millis(self.settings.read().iam_propagation_ms)
    }

    /// What happens to this call.
    pub fn judge(&self, service: &str, operation: &str, account: &AccountId) -> Verdict {
        let mut verdict = Verdict::default();
        if self.count.load(Ordering::Acquire) == 0 {
            return verdict;
        }
        let fits = |pattern: &str, text: &str| pattern == "*" || pattern.eq_ignore_ascii_case(text);
        for active in self.rules.lock().iter_mut() {
            let rule = &active.rule;
            let matches = fits(&rule.service, service)
                && fits(&rule.operation, operation)
                && rule.account.as_ref().is_none_or(|only| only == account);
            if !matches {
                continue;
            }
            active.seen += 1;
            let spent = rule.times.is_some_and(|times| active.hit >= times);
            if active.seen <= rule.skip || spent || !rule.probability.is_none_or(chance) {
                continue;
            }
            active.hit += 1;
            apply(&rule.effect, &mut verdict);
        }
        verdict
    }
}

fn chance(probability: f64) -> bool {
    f64::from(u32::from_le_bytes(crate::ids::random())) < probability * f64::from(u32::MAX)
}

fn apply(effect: &Effect, verdict: &mut Verdict) {
    match effect {
        Effect::Throttle => verdict.failure = Some(Failure::throttled()),
        Effect::Error { status, code, message } => {
            let mut failure = Failure::internal();
            failure.status = status.unwrap_or(failure.status);
            if let Some(code) = code {
                failure.code = code.clone().into();
            }
            if let Some(message) = message {
                failure.message.clone_from(message);
            }
            verdict.failure = Some(failure);
        }
        Effect::Latency { ms } => verdict.wait += Duration::from_millis(*ms),
        Effect::LoseReply => verdict.lose_reply = true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn account() -> AccountId {
        AccountId::parse("111111111111").unwrap()
    }

    #[test]
    fn the_nth_call_fails_once() {
        let faults = Faults::default();
        let rule = r#"{"service":"iam","operation":"CreateRole","effect":{"kind":"error"},"skip":1,"times":1}"#;
        faults.add(serde_json::from_str(rule).unwrap());
        let fails = || faults.judge("iam", "CreateRole", &account()).failure.is_some();
        assert_eq!([fails(), fails(), fails()], [false, true, false]);
        assert!(faults.judge("iam", "GetRole", &account()).failure.is_none());
        assert_eq!(faults.list()[0].hit, 1);
    }

    #[test]
    fn a_rule_for_another_account_does_nothing() {
        let faults = Faults::default();
        faults.add(serde_json::from_str(r#"{"account":"222222222222","effect":{"kind":"throttle"}}"#).unwrap());
        assert!(faults.judge("sts", "AssumeRole", &account()).failure.is_none());
    }

    #[test]
    fn removed_rules_do_nothing() {
        let faults = Faults::default();
        let id = faults.add(serde_json::from_str(r#"{"effect":{"kind":"latency","ms":5}}"#).unwrap());
        assert_eq!(faults.judge("sts", "AssumeRole", &account()).wait, Duration::from_millis(5));
        faults.remove(Some(id));
        assert_eq!(faults.judge("sts", "AssumeRole", &account()).wait, Duration::ZERO);
    }
}

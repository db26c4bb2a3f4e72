//! Verification: checks on the finished share, positive and negative.

use crate::names::{AccountId, ShareId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a proof shows that something works or that something does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKind {
    /// The call must be allowed.
    Positive,
    /// The call must be denied.
    Negative,
}

/// Where a proof is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofState {
    /// Not started.
    Pending,
    /// The call is under way.
    Running,
    /// AWS has not caught up yet (IAM changes take 10–60 s to be seen everywhere); it will be tried again.
    Propagating,
    /// Shown.
    Passed,
    /// Shown to be otherwise.
    Failed,
    /// Could not be tried; the detail says why. Never a guess.
    Skipped,
}

/// One proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofView {
    /// Stable within a verification: `assume-role`, `invoke`, `no-external-id`, `stranger`, `other-endpoint`.
    pub id: String,
    /// Must it be allowed or denied.
    pub kind: ProofKind,
    /// What is shown, as a sentence: `Without the external ID the role can't be assumed`.
    pub title: String,
    /// The account that makes the call.
    pub account: Option<AccountId>,
    /// Where it is.
    pub state: ProofState,
    /// What was seen, or why it is skipped.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The request id of the last answer.
    pub request_id: Option<String>,
    /// How long the last try took, in milliseconds.
    pub took_ms: Option<u64>,
    /// When it will be tried again, while propagating.
    pub next_try: Option<Timestamp>,
}

/// All proofs of one verification, as shown and streamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationView {
    /// Of which share.
    pub share: ShareId,
    /// Whether it is still under way.
    pub running: bool,
    /// Rises with every change.
    pub revision: u64,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub finished: Option<Timestamp>,
    /// The proofs in the order they are made.
    pub proofs: Vec<ProofView>,
}

impl VerificationView {
    /// Whether it ended with nothing failed and at least one proof passed.
    pub fn passed(&self) -> bool {
        !self.running
            && self.proofs.iter().any(|p| p.state == ProofState::Passed)
            && self.proofs.iter().all(|p| matches!(p.state, ProofState::Passed | ProofState::Skipped))
    }
}

//! What happened when the calls were made.

use serde::{Deserialize, Serialize};

/// How one live call ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was not made.
    #[default]
    NotMade,
    /// AWS did it.
    Succeeded,
    /// AWS denied it.
    Denied {
        /// AWS's message.
        message: String,
    },
    /// It failed otherwise.
    Failed {
        /// AWS's error code; empty when AWS was not reached.
        code: String,
        /// AWS's message.
        message: String,
    },
}

/// A call that somebody else made: a Lambda function, as its log tells, or whoever got a pasted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// AWS's name of the operation: `AssumeRole`.
    pub operation: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// The calls made as the question's caller. Calls made as somebody else prove nothing about it and do not belong here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Live {
    /// AssumeRole.
    pub assume_role: Outcome,
    /// The invocation, with the session's credentials.
    pub invoke: Outcome,
    /// What the caller did itself, oldest first; counts where the doctor made no call of its own.
    pub calls: Vec<Call>,
}

impl Live {
    /// How AssumeRole ended.
    pub fn assumed(&self) -> &Outcome {
        self.latest(&self.assume_role, |operation| operation.eq_ignore_ascii_case("AssumeRole"))
    }
    /// How the invocation ended.
    pub fn invoked(&self) -> &Outcome {
        self.latest(&self.invoke, |operation| operation.to_ascii_lowercase().starts_with("invokeendpoint"))
    }

    /// Whether all that is known was told, by a log or a message, and nothing was tried from here.
    pub fn is_told(&self) -> bool {
        self.assume_role == Outcome::NotMade && self.invoke == Outcome::NotMade && !self.calls.is_empty()
    }

    fn latest<'a>(&'a self, own: &'a Outcome, is: impl Fn(&str) -> bool) -> &'a Outcome {
        if *own != Outcome::NotMade {
            return own;
        }
        self.calls.iter().rev().find(|call| is(&call.operation)).map_or(own, |call| &call.outcome)
    }
}

//! Who may approve a model, and with what words.

use crate::pipeline::execution::Trigger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest comment that CodePipeline takes.
///
/// Source: CodePipeline API reference, ApprovalResult.
pub const COMMENT: usize = 512;

/// What an approval has to keep to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApprovalRules {
    /// Whoever started an execution can't approve it. Rejecting is everybody's.
    pub someone_else: bool,
    /// There has to be a comment.
    pub comment: bool,
}

/// What is said about a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It is deployed.
    Approved,
    /// It is not.
    Rejected,
}

/// Why an approval is not passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    /// The same person.
    #[error("`{0}` started this execution, and somebody else has to approve it")]
    Starter(String),
    /// The same person, by another way.
    #[error("you started execution `{0}`, which is under way: somebody else has to lift this rule, or it has to end")]
    Lifts(String),
    /// No comment.
    #[error("a comment is required")]
    Comment,
    /// Too many words.
    #[error("the comment has {0} characters; CodePipeline takes {COMMENT}")]
    Long(usize),
}

impl ApprovalRefusal {
    /// The field that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Starter(_) => "verdict",
            Self::Lifts(_) => "someone_else",
            Self::Comment | Self::Long(_) => "comment",
        }
    }
}

/// Who started an execution, as far as the console knows: by hand from here, or by applying, which makes the pipeline and
/// puts its data and template. An execution that was started past the console has nobody of the console's.
pub fn starter<'a>(
    started: &'a BTreeMap<String, String>,
    applied_by: &'a str,
    execution: &str,
    trigger: Option<&Trigger>,
) -> Option<&'a str> {
    let by_itself = || trigger.is_none_or(|trigger| trigger.kind != "StartPipelineExecution");
    started.get(execution).map(String::as_str).or_else(|| by_itself().then_some(applied_by))
}

impl ApprovalRules {
    /// Whether others, in its place, would let somebody approve what they have started.
    pub fn loosened_by(self, others: Self) -> bool {
        self.someone_else && !others.someone_else
    }

    /// What stands in the way of a verdict by `by`, if anything does.
    pub fn refusal(self, verdict: Verdict, comment: &str, starter: Option<&str>, by: &str) -> Option<ApprovalRefusal> {
        let length = comment.trim().chars().count();
        if self.someone_else && verdict == Verdict::Approved && starter == Some(by) {
            return Some(ApprovalRefusal::Starter(by.to_owned()));
        }
        if self.comment && length == 0 {
            return Some(ApprovalRefusal::Comment);
        }
        (length > COMMENT).then_some(ApprovalRefusal::Long(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_started_may_reject_and_not_approve_where_that_is_the_rule() {
        let rules = ApprovalRules { someone_else: true, comment: false };
        let refusal = |verdict, by| rules.refusal(verdict, "", Some("ann"), by);
        assert_eq!(refusal(Verdict::Approved, "ann"), Some(ApprovalRefusal::Starter("ann".into())));
        assert_eq!(refusal(Verdict::Rejected, "ann"), None);
        assert_eq!(refusal(Verdict::Approved, "bob"), None);
        assert_eq!(ApprovalRules::default().refusal(Verdict::Approved, "", Some("ann"), "ann"), None);
    }

    #[test]
    fn a_comment_is_there_where_it_must_be_and_is_never_too_long() {
        let rules = ApprovalRules { someone_else: false, comment: true };
        assert_eq!(rules.refusal(Verdict::Rejected, "  ", None, "ann"), Some(ApprovalRefusal::Comment));
        assert_eq!(rules.refusal(Verdict::Rejected, &"é".repeat(512), None, "ann"), None);
        let long = ApprovalRules::default().refusal(Verdict::Approved, &"a".repeat(513), None, "ann");
        assert_eq!(long, Some(ApprovalRefusal::Long(513)));
    }

    #[test]
    fn an_execution_without_a_person_is_the_one_s_who_applied() {
        let started = BTreeMap::from([("e-1".to_owned(), "ann".to_owned())]);
        let by = |execution, kind: &str| {
            let trigger = Trigger { kind: kind.into(), detail: String::new() };
            starter(&started, "bob", execution, Some(&trigger)).map(str::to_owned)
        };
        assert_eq!(by("e-1", "StartPipelineExecution").as_deref(), Some("ann"));
        assert_eq!(by("e-2", "CloudWatchEvent").as_deref(), Some("bob"));
        assert_eq!(by("e-2", "StartPipelineExecution"), None, "from elsewhere");
    }
}

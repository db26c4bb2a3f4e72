//! What to do next about a stack, from what it is now and what was asked of CloudFormation before.

use super::Part;
use crate::names::PipelineId;
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::observed::{ObservedStack, StackState};
use crate::pipeline::stacks::Stack;

/// What this attempt has asked CloudFormation for last. An attempt begins with [`Asked::Nothing`], also after a crash:
/// asking once more for what failed only makes it fail once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing yet.
    Nothing,
    /// To create it.
    Create,
    /// To update it.
    Update,
    /// To delete it.
    Delete,
}

/// A stack as it should be.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which.
    pub part: Part,
    /// Template and parameters.
    pub stack: &'a Stack,
    /// Of which pipeline.
    pub pipeline: &'a PipelineId,
    /// As asked for.
    pub intent: &'a PipelineIntent,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// CreateStack.
    Create,
    /// UpdateStack.
    Update,
    /// DeleteStack.
    Delete,
    /// Look again in a while.
    Wait,
    /// It is as it should be.
    Done,
    /// It can't become so.
    Refuse(Refusal),
}

/// Why a stack can't become what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else made it.
    Foreign,
    /// CloudFormation has tried, and its events say what went wrong.
    Failed,
    /// It went away while it was being made.
    Vanished,
    /// An update failed and could not be taken back either: a person has to look.
    Stuck,
}

/// What to do next to make a stack. `same_template` says whether its template is the wanted one already.
pub fn next_move(found: Option<&ObservedStack>, wanted: Wanted<'_>, same_template: bool, asked: Asked) -> Move {
    let Some(found) = found.filter(|found| !found.state.is_gone()) else {
        return if asked == Asked::Create { Move::Refuse(Refusal::Vanished) } else { Move::Create };
    };
    if !wanted.part.is_ours(found, wanted.pipeline, wanted.intent) {
        return Move::Refuse(Refusal::Foreign);
    }
    let state = found.state;
    match asked {
        _ if !state.is_settled() => Move::Wait,
        Asked::Delete if state == StackState::DeleteFailed => Move::Refuse(Refusal::Failed),
        // CloudFormation has not begun yet.
        Asked::Delete => Move::Wait,
        Asked::Create | Asked::Update if state.is_complete() => Move::Done,
        Asked::Create | Asked::Update => Move::Refuse(Refusal::Failed),
        Asked::Nothing if state.is_only_deletable() => Move::Delete,
        Asked::Nothing if !state.is_usable() => Move::Refuse(Refusal::Stuck),
        Asked::Nothing if same_template && same_parameters(wanted.stack, found) => Move::Done,
        Asked::Nothing => Move::Update,
    }
}

/// What to do next to delete a stack. [`Move::Done`]: it is gone.
pub fn next_deletion(
    found: Option<&ObservedStack>,
    part: Part,
    pipeline: &PipelineId,
    intent: &PipelineIntent,
    asked: Asked,
) -> Move {
    let Some(found) = found.filter(|found| !found.state.is_gone()) else { return Move::Done };
    if !part.is_ours(found, pipeline, intent) {
        return Move::Refuse(Refusal::Foreign);
    }
    match asked {
        _ if !found.state.is_settled() => Move::Wait,
        Asked::Delete if found.state == StackState::DeleteFailed => Move::Refuse(Refusal::Failed),
        Asked::Delete => Move::Wait,
        Asked::Nothing | Asked::Create | Asked::Update => Move::Delete,
    }
}

/// Whether a stack has the parameters that are wanted, and no others.
fn same_parameters(wanted: &Stack, found: &ObservedStack) -> bool {
    wanted.parameters.len() == found.parameters.len()
        && wanted.parameters.iter().all(|(name, value)| found.parameters.get(*name) == Some(value))
}

#[cfg(test)]
#[path = "moves_tests.rs"]
mod tests;

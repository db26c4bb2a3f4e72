#![allow(clippy::unwrap_used)]

use super::*;
use crate::pipeline::observed::TAG_PIPELINE;
use crate::pipeline::stacks::tests::repository;
use crate::pipeline::stacks::{self, Pass};
use crate::time::Timestamp;
use std::collections::BTreeMap;

fn pipeline() -> PipelineId {
    "p-1".parse().unwrap()
}

fn observed(state: StackState) -> ObservedStack {
    let stack = stacks::shared_services(&repository(), Pass::First).unwrap();
    ObservedStack {
        id: "arn".into(),
        name: stack.name,
        state,
        reason: None,
        parameters: stack.parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        outputs: BTreeMap::new(),
        tags: BTreeMap::from([(TAG_PIPELINE.to_owned(), "p-1".to_owned())]),
        created: Timestamp(0),
        updated: None,
    }
}

fn next(found: Option<&ObservedStack>, same_template: bool, asked: Asked) -> Move {
    let (intent, pipeline) = (repository(), pipeline());
    let stack = stacks::shared_services(&intent, Pass::First).unwrap();
    let wanted = Wanted { part: Part::SharedServices, stack: &stack, pipeline: &pipeline, intent: &intent };
    next_move(found, wanted, same_template, asked)
}

#[test]
fn a_stack_is_created_updated_or_left_alone() {
    use StackState::{CreateComplete, DeleteComplete, UpdateRollbackComplete};
    assert_eq!(next(None, false, Asked::Nothing), Move::Create);
    assert_eq!(next(Some(&observed(DeleteComplete)), false, Asked::Delete), Move::Create);
    assert_eq!(next(Some(&observed(CreateComplete)), true, Asked::Nothing), Move::Done);
    assert_eq!(next(Some(&observed(CreateComplete)), false, Asked::Nothing), Move::Update);
    assert_eq!(next(Some(&observed(UpdateRollbackComplete)), true, Asked::Nothing), Move::Done);
    let mut other = observed(CreateComplete);
    other.parameters.insert("WithPipeline".into(), "yes".into());
    assert_eq!(next(Some(&other), true, Asked::Nothing), Move::Update);
}

#[test]
fn what_is_left_of_a_creation_is_deleted_first() {
    for state in StackState::ALL.into_iter().filter(|state| state.is_only_deletable()) {
        assert_eq!(next(Some(&observed(state)), true, Asked::Nothing), Move::Delete, "{state}");
    }
    assert_eq!(next(Some(&observed(StackState::RollbackComplete)), true, Asked::Delete), Move::Wait);
    assert_eq!(next(Some(&observed(StackState::DeleteInProgress)), true, Asked::Delete), Move::Wait);
    assert_eq!(next(Some(&observed(StackState::DeleteFailed)), true, Asked::Delete), Move::Refuse(Refusal::Failed));
}

#[test]
fn what_was_asked_for_ends_well_or_is_refused() {
    use StackState::{CreateComplete, CreateInProgress, RollbackComplete, UpdateComplete, UpdateRollbackComplete};
    assert_eq!(next(Some(&observed(CreateInProgress)), false, Asked::Create), Move::Wait);
    assert_eq!(next(Some(&observed(CreateComplete)), false, Asked::Create), Move::Done);
    assert_eq!(next(Some(&observed(UpdateComplete)), false, Asked::Update), Move::Done);
    assert_eq!(next(Some(&observed(RollbackComplete)), true, Asked::Create), Move::Refuse(Refusal::Failed));
    assert_eq!(next(Some(&observed(UpdateRollbackComplete)), true, Asked::Update), Move::Refuse(Refusal::Failed));
    assert_eq!(next(None, false, Asked::Create), Move::Refuse(Refusal::Vanished));
    let stuck = observed(StackState::UpdateRollbackFailed);
    assert_eq!(next(Some(&stuck), true, Asked::Nothing), Move::Refuse(Refusal::Stuck));
}

#[test]
fn what_others_made_is_neither_changed_nor_deleted() {
    let mut foreign = observed(StackState::CreateComplete);
    foreign.tags.clear();
    assert_eq!(next(Some(&foreign), false, Asked::Nothing), Move::Refuse(Refusal::Foreign));
    fn deletion(found: Option<&ObservedStack>, asked: Asked) -> Move {
        next_deletion(found, Part::SharedServices, &pipeline(), &repository(), asked)
    }
    assert_eq!(deletion(Some(&foreign), Asked::Nothing), Move::Refuse(Refusal::Foreign));
    assert_eq!(deletion(None, Asked::Nothing), Move::Done);
    assert_eq!(deletion(Some(&observed(StackState::RollbackComplete)), Asked::Nothing), Move::Delete);
    assert_eq!(deletion(Some(&observed(StackState::DeleteInProgress)), Asked::Nothing), Move::Wait);
    assert_eq!(deletion(Some(&observed(StackState::DeleteFailed)), Asked::Delete), Move::Refuse(Refusal::Failed));
    assert_eq!(deletion(Some(&observed(StackState::DeleteFailed)), Asked::Nothing), Move::Delete);
}

#[test]
fn the_stack_that_the_pipeline_deploys_is_known_by_its_parameters() {
    let mut workflow = observed(StackState::CreateComplete);
    workflow.tags.clear();
    let ours = |stack: &ObservedStack| Part::Workflow.is_ours(stack, &pipeline(), &repository());
    assert!(!ours(&workflow), "without a key");
    workflow.parameters.insert("KeyArn".into(), "arn:aws:kms:eu-west-1:111111111111:key/1".into());
    assert!(ours(&workflow));
    workflow.parameters.insert("Prefix".into(), "other".into());
    assert!(!ours(&workflow));
}

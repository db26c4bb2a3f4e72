//! What the share wizard's steps are shown from.

use crate::api::wizard::ListPlace;
use crate::pages::step::{Shown, StepBar};
use crate::ui::FieldError;
use domain::share::Side;
use domain::share::view::DraftView;
use domain::wizard::{FieldProblem, ShareDraft, WizardStep};
use leptos::prelude::*;

/// What a step is shown from.
#[derive(Debug, Clone)]
pub(super) struct StepContext {
    /// The answers so far.
    pub draft: ShareDraft,
    /// Everything that is wrong, with its step.
    pub problems: Vec<(WizardStep, FieldProblem)>,
    /// Whether the share was applied before: accounts and names can't change any more.
    pub share_exists: bool,
    /// The share's last run.
    pub run: Option<domain::names::RunId>,
    /// The step.
    pub step: WizardStep,
    /// Which part of a list the address asks for.
    pub place: ListPlace,
    shown: Shown,
}

impl StepContext {
    /// Takes a draft apart for `step`. Problems show when they were asked for, or when the step was left behind.
    pub(super) fn new(view: DraftView, step: WizardStep, (check, place): (bool, ListPlace)) -> Self {
        let DraftView { draft, problems, share_exists, run } = view;
        let show = check || step < draft.reached;
        let shown = Shown::of(&problems, &step, show);
        Self { draft, problems, share_exists, run, step, place, shown }
    }
    /// What is wrong with a field, for the kit.
    pub(super) fn problem(&self, field: &str) -> Signal<Option<FieldError>> {
        self.shown.problem(field)
    }
    /// The draft's id.
    pub(super) fn id(&self) -> String {
        self.draft.id.to_string()
    }
    /// Whether an offer is being accepted.
    pub(super) fn accepting(&self) -> bool {
        self.draft.offer.is_some()
    }
    /// The side that is not connected.
    pub(super) fn not_connected(&self) -> Option<Side> {
        match (self.accepting(), self.draft.child_is_connected()) {
            (true, _) => Some(Side::Parent),
            (false, false) => Some(Side::Child),
            (false, true) => None,
        }
    }
    /// Where the hand-off of the share is.
    pub(super) fn hand_off(&self) -> String {
        format!("/shares/{}/hand-off", self.draft.share)
    }
    /// A step's address.
    pub(super) fn path(&self, step: WizardStep) -> String {
        self.draft.path(step)
    }
    /// The end of the step's form.
    pub(super) fn bar(&self) -> StepBar {
        let first = self.draft.steps().first() == Some(&self.step);
        StepBar { shown: self.shown.clone(), first, next: self.next_label() }
    }
    fn next_label(&self) -> &'static str {
        match self.step {
            WizardStep::Callers if self.accepting() => "Set up the policy",
            WizardStep::Parent => "Choose endpoints",
            WizardStep::Endpoints => "Choose callers",
            WizardStep::Callers => "Set up the role",
            WizardStep::Role => "Set up the child",
            _ => "Review the share",
        }
    }
}

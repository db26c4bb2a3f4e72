//! The wizard *Build a training pipeline*: one page a step. As in the share's wizard the step is in the address and the
//! answers are on the server; problems are shown once they were asked for (`?check=1`) or once the step was left behind.

mod accounts;
mod apply;
mod data;
mod model;
mod preflight;
mod review;

use super::step::{NotYet, Shown, StepBar, UnknownStep};
use crate::api::pipeline::wizard::{
    ReadPipelineData, SavePipelineAccounts, SavePipelineData, SavePipelineModel, StopPipelineData, UsePipelineSample,
    get_pipeline_draft,
};
use crate::components::{Stepper, StepperStep};
use crate::error::{AppError, ErrorKind};
use crate::ui::{FieldError, PageHeader, Resolve, Skeleton};
use domain::names::{DraftId, RunId};
use domain::pipeline::draft::{PipelineDraft, PipelineStep};
use domain::pipeline::view::PipelineDraftView;
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use leptos_router::location::Location;

/// The wizard.
#[component]
pub fn PipelineWizardPage() -> impl IntoView {
    let params = use_params_map();
    let location = use_location();
    let id = Memo::new(move |_| params.read().get("draft").unwrap_or_default());
    let step = Memo::new(move |_| params.read().get("step").as_deref().and_then(PipelineStep::parse));
    let search = location.search;
    let draft = Resource::new(
        move || (id.get(), step.get(), search.get()),
        |(id, _, _)| async move {
            match DraftId::parse(&id) {
                Ok(id) => get_pipeline_draft(id).await,
                Err(error) => Err(AppError::new(ErrorKind::NotFound, error.to_string())
                    .hint("Go back to the pipelines and start a new one.")),
            }
        },
    );
    let actions = Actions::new(draft, location);
    let sub = Signal::derive(move || step.get().map_or("", about).to_owned());
    view! {
        <Resolve
            resource=draft
            skeleton=move || {
                let current = step.get_untracked().unwrap_or(PipelineStep::Accounts);
                view! {
                    <PageHeader title=BUILD sub/>
                    <WizardSkeleton base=base(&id.get_untracked()) current/>
                }
            }
            failed="The wizard could not be opened"
            children=Callback::new(move |view: PipelineDraftView| match step.get_untracked() {
                Some(step) => view! {
                    <PageHeader title=title(&view, Some(step)) sub/>
                    <WizardBody view step actions reload=Callback::new(move |()| draft.refetch())/> }.into_any(),
                None => view! {
                    <PageHeader title=title(&view, None) sub/>
                    <UnknownStep href=format!("{}/accounts", base(&id.get_untracked()))/> }.into_any(),
            })
        />
    }
}

/// The wizard's heading.
const BUILD: &str = "Build a training pipeline";

fn title(view: &PipelineDraftView, step: Option<PipelineStep>) -> String {
    let prefix = view.draft.model.prefix.trim();
    match step {
        _ if !view.exists => BUILD.into(),
        // What is applied may be its first making as well as an edit.
        Some(PipelineStep::Apply) => format!("Apply the pipeline {prefix}"),
        _ => format!("Edit the pipeline {prefix}"),
    }
}

fn base(draft: &str) -> String {
    format!("/pipelines/new/{draft}")
}

/// The page's subtitle: what the step is for.
fn about(step: PipelineStep) -> &'static str {
    match step {
        PipelineStep::Accounts => {
            "Choose where source and data are kept, where the model is trained, and where it serves."
        }
        PipelineStep::Model => "Say what everything is called, how the model is trained, and how it serves.",
        PipelineStep::Data => "Choose the table that the model learns from.",
        PipelineStep::Review => "This is everything that Apply will do. Nothing is changed before.",
        PipelineStep::Apply => "The stacks are made step by step. You can leave and come back: it goes on.",
    }
}

/// What a step is shown from.
#[derive(Debug, Clone)]
pub(super) struct StepContext {
    /// The answers so far.
    pub draft: PipelineDraft,
    /// Everything that is wrong, with its step.
    pub problems: Vec<(PipelineStep, FieldProblem)>,
    /// Whether the pipeline was applied before: accounts, region, prefix and bucket can't change any more.
    pub exists: bool,
    /// The pipeline's last run.
    pub run: Option<RunId>,
    /// The step.
    pub step: PipelineStep,
    /// Asks for the draft again.
    pub reload: Callback<()>,
    shown: Shown,
}

impl StepContext {
    fn new(view: PipelineDraftView, step: PipelineStep, check: bool, reload: Callback<()>) -> Self {
        let PipelineDraftView { draft, problems, exists, run } = view;
        let shown = Shown::of(&problems, &step, check || step < draft.reached);
        Self { draft, problems, exists, run, step, reload, shown }
    }
    /// What is wrong with a field, for the kit.
    pub(super) fn problem(&self, field: &str) -> Signal<Option<FieldError>> {
        self.shown.problem(field)
    }
    /// The draft's id, for a form.
    pub(super) fn id(&self) -> String {
        self.draft.id.to_string()
    }
    /// A step's address.
    pub(super) fn path(&self, step: PipelineStep) -> String {
        format!("{}/{}", base(&self.id()), step.slug())
    }
    /// The end of the step's form; `next` is what going on is called.
    pub(super) fn bar(&self, next: &'static str) -> StepBar {
        StepBar { shown: self.shown.clone(), first: self.step.previous().is_none(), next }
    }
}

/// The actions of the steps that are forms. They live as long as the wizard, so that an answer finds its page.
#[derive(Clone, Copy)]
struct Actions {
    accounts: ServerAction<SavePipelineAccounts>,
    model: ServerAction<SavePipelineModel>,
    data: ServerAction<SavePipelineData>,
    sample: ServerAction<UsePipelineSample>,
    read: ServerAction<ReadPipelineData>,
    stop: ServerAction<StopPipelineData>,
}

impl Actions {
    /// Saving leads elsewhere as a rule; when it leads to the page that is shown, the draft is asked for again.
    fn new(draft: Resource<Result<PipelineDraftView, AppError>>, location: Location) -> Self {
        let actions = Self {
            accounts: ServerAction::new(),
            model: ServerAction::new(),
            data: ServerAction::new(),
            sample: ServerAction::new(),
            read: ServerAction::new(),
            stop: ServerAction::new(),
        };
        let here = move || {
            let search = location.search.get_untracked();
            let path = location.pathname.get_untracked();
            if search.is_empty() { path } else { format!("{path}?{search}") }
        };
        let again = move |saved: Option<Result<String, AppError>>| {
            if matches!(saved, Some(Ok(to)) if to == here()) {
                draft.refetch();
            }
        };
        let (one, two) = (again, again);
        Effect::new(move |_| one(actions.accounts.value().get()));
        Effect::new(move |_| two(actions.model.value().get()));
        Effect::new(move |_| again(actions.data.value().get()));
        let done = move |answer: Option<Result<(), AppError>>| {
            if matches!(answer, Some(Ok(()))) {
                draft.refetch();
            }
        };
        Effect::new(move |_| done(actions.sample.value().get()));
        Effect::new(move |_| done(actions.read.value().get()));
        Effect::new(move |_| done(actions.stop.value().get()));
        actions
    }
}

#[component]
fn WizardBody(view: PipelineDraftView, step: PipelineStep, actions: Actions, reload: Callback<()>) -> impl IntoView {
    let check = leptos_router::hooks::use_query_map().get_untracked().get("check").is_some();
    let unfinished: Vec<PipelineStep> = view.problems.iter().map(|(step, _)| *step).collect();
    // A step that was never reached has nothing to show yet.
    let reached = view.draft.reached.max(if view.run.is_some() { PipelineStep::Apply } else { PipelineStep::Accounts });
    let editing = view.exists && view.draft.reached <= PipelineStep::Review && step <= PipelineStep::Review;
    // What an earlier run of the pipeline did is not done for what is being edited now.
    let done = if editing { view.draft.reached } else { reached };
    let base = base(view.draft.id.as_str());
    let ctx = StepContext::new(view, step, check, reload);
    let body = match step {
        _ if step > reached => view! { <NotYet href=ctx.path(reached) reached=reached.label()/> }.into_any(),
        PipelineStep::Accounts => view! { <accounts::AccountsStep ctx save=actions.accounts/> }.into_any(),
        PipelineStep::Model => view! { <model::ModelStep ctx save=actions.model/> }.into_any(),
        PipelineStep::Data => view! { <data::DataStep ctx actions/> }.into_any(),
        PipelineStep::Review => view! { <review::ReviewStep ctx/> }.into_any(),
        PipelineStep::Apply => view! { <apply::ApplyStep ctx/> }.into_any(),
    };
    view! {
        <div class="wizard">
            <Stepper base steps=StepperStep::of(&PipelineStep::ALL, step, done, &unfinished)/>
            {editing.then(|| view! {
                <p class="step-note wizard-editing">
                    "This pipeline stands: you are changing it. Its accounts, region, prefix and bucket stay, and nothing changes before you apply."
                </p>
            })}
            {body}
        </div>
    }
}

#[component]
fn WizardSkeleton(base: String, current: PipelineStep) -> impl IntoView {
    view! {
        <div class="wizard">
            <Stepper base steps=StepperStep::of(&PipelineStep::ALL, current, current, &[])/>
            <div class="card">
                <Skeleton lines=6/>
            </div>
        </div>
    }
}

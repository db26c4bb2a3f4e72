//! The share wizard: one page a step. The step is in the address, the answers are on the server.
//!
//! A page renders from the draft alone, whether a script runs or not: pressing a button saves what was typed, valid or
//! not, and leads to the next page or back here. Problems are shown once they were asked for (`?check=1`) or once the
//! step was left behind.

mod apply;
mod callers;
mod child;
mod endpoints;
mod parent;
mod picker;
mod review;
mod role;
mod step;
mod verify;

use crate::api::wizard::{
    ListPlace, ResolveConflict, SaveCallers, SaveChild, SaveEndpoints, SaveParent, SaveRole, get_draft,
};
use crate::components::{Stepper, StepperStep};
use crate::error::{AppError, ErrorKind};
use crate::pages::step::{NotYet, UnknownStep};
use crate::ui::{PageHeader, Resolve, Skeleton};
use domain::names::DraftId;
use domain::share::view::DraftView;
use domain::wizard::WizardStep;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use leptos_router::location::Location;
use step::StepContext;

/// The share wizard.
#[component]
pub fn WizardPage() -> impl IntoView {
    let params = use_params_map();
    let location = use_location();
    let id = Memo::new(move |_| params.read().get("draft").unwrap_or_default());
    let step = Memo::new(move |_| params.read().get("step").as_deref().and_then(WizardStep::parse));
    let search = location.search;
    // Accepting an offer and editing have addresses of their own, so that the heading is known before the draft is.
    let path = location.pathname;
    let wizard = Memo::new(move |_| Wizard::at(&path.read()));
    let accepting = Memo::new(move |_| wizard.get() == Wizard::Accept);
    let base = move || format!("/shares/{}/{}", wizard.get_untracked().segment(), id.get_untracked());
    let draft = Resource::new(
        move || (id.get(), step.get(), search.get()),
        |(id, _, _)| async move {
            match DraftId::parse(&id) {
                Ok(id) => get_draft(id).await,
                Err(error) => Err(AppError::new(ErrorKind::NotFound, error.to_string())
                    .hint("Go back to the shares and start a new one.")),
            }
        },
    );
    let actions = Actions::new(draft, location);
    let title = Signal::derive(move || wizard.get().title().to_owned());
    let sub = Signal::derive(move || step.get().map_or("", |step| about(step, accepting.get())).to_owned());
    view! {
        <PageHeader title sub/>
        <Resolve
            resource=draft
            skeleton=move || view! { <WizardSkeleton base=base() step=step.get_untracked()/> }
            failed="The wizard could not be opened"
            children=Callback::new(move |view: DraftView| match step.get_untracked() {
                Some(step) => view! { <WizardBody view step actions /> }.into_any(),
                None => view! { <UnknownStep href=format!("/shares/new/{}/parent", id.get_untracked())/> }.into_any(),
            })
        />
    }
}

/// What the wizard is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wizard {
    New,
    Edit,
    Accept,
}

impl Wizard {
    fn at(path: &str) -> Self {
        let of = |wizard: &Self| path.strip_prefix("/shares/").is_some_and(|rest| rest.starts_with(wizard.segment()));
        [Self::Edit, Self::Accept].into_iter().find(of).unwrap_or(Self::New)
    }
    fn segment(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Edit => "edit",
            Self::Accept => "accept",
        }
    }
    fn title(self) -> &'static str {
        match self {
            Self::New => "Share an endpoint",
            Self::Edit => "Edit a share",
            Self::Accept => "Accept a share",
        }
    }
}

/// The page's subtitle: what the step is for.
fn about(step: WizardStep, accepting: bool) -> &'static str {
    match step {
        WizardStep::Callers if accepting => "Choose who in your account calls the endpoints that are offered.",
        WizardStep::Child if accepting => "Choose who gets the permission to assume the role of the offer.",
        WizardStep::Parent => "Choose the account that owns the endpoints, and where they are.",
        WizardStep::Endpoints => "Choose what is shared: nothing but these endpoints can be invoked.",
        WizardStep::Callers => "Choose the account that calls, and who in it may.",
        WizardStep::Role => "Name what is made in the parent account, and say how it may be used.",
        WizardStep::Child => "Choose who in the child account gets the permission to assume the role.",
        WizardStep::Review => "This is everything that Apply will do. Nothing is changed before.",
        WizardStep::Apply => "The changes are made step by step. You can leave and come back: it goes on.",
        WizardStep::Verify => "Real calls show that the share works, and that nothing else does.",
    }
}

/// Every action a step can dispatch. They live as long as the wizard, so that an answer finds its page.
#[derive(Clone, Copy)]
struct Actions {
    parent: ServerAction<SaveParent>,
    endpoints: ServerAction<SaveEndpoints>,
    callers: ServerAction<SaveCallers>,
    role: ServerAction<SaveRole>,
    child: ServerAction<SaveChild>,
    resolve: ServerAction<ResolveConflict>,
}

impl Actions {
    /// Saving leads elsewhere as a rule; when it leads to the page that is shown, the draft is asked for again.
    fn new(draft: Resource<Result<DraftView, AppError>>, location: Location) -> Self {
        let actions = Self {
            parent: ServerAction::new(),
            endpoints: ServerAction::new(),
            callers: ServerAction::new(),
            role: ServerAction::new(),
            child: ServerAction::new(),
            resolve: ServerAction::new(),
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
        let (one, two, three, four, five) = (again, again, again, again, again);
        Effect::new(move |_| one(actions.parent.value().get()));
        Effect::new(move |_| two(actions.endpoints.value().get()));
        Effect::new(move |_| three(actions.callers.value().get()));
        Effect::new(move |_| four(actions.role.value().get()));
        Effect::new(move |_| five(actions.child.value().get()));
        Effect::new(move |_| {
            if matches!(actions.resolve.value().get(), Some(Ok(()))) {
                draft.refetch();
            }
        });
        actions
    }
}

#[component]
fn WizardBody(view: DraftView, step: WizardStep, actions: Actions) -> impl IntoView {
    let unfinished: Vec<WizardStep> = view.problems.iter().map(|(step, _)| *step).collect();
    let base = view.draft.path(step);
    let base = base.rsplit_once('/').map_or_else(String::new, |(base, _)| base.to_owned());
    let steps = view.draft.steps();
    // A step that was never reached has nothing to show yet.
    let reached = view.draft.reached.max(if view.run.is_some() { WizardStep::Verify } else { WizardStep::Parent });
    let editing = view.share_exists && view.draft.reached <= WizardStep::Review && step <= WizardStep::Review;
    // What an earlier run of the share did is not done for what is being edited now.
    let done = if editing { view.draft.reached } else { reached };
    let ctx = StepContext::new(view, step, place());
    let body = match step {
        _ if step > reached => view! { <NotYet href=ctx.path(reached) reached=reached.label()/> }.into_any(),
        WizardStep::Parent => view! { <parent::ParentStep ctx save=actions.parent/> }.into_any(),
        WizardStep::Endpoints => view! { <endpoints::EndpointsStep ctx save=actions.endpoints/> }.into_any(),
        WizardStep::Callers => view! { <callers::CallersStep ctx save=actions.callers/> }.into_any(),
        WizardStep::Role => view! { <role::RoleStep ctx save=actions.role/> }.into_any(),
        WizardStep::Child => view! { <child::ChildStep ctx save=actions.child/> }.into_any(),
        WizardStep::Review => view! { <review::ReviewStep ctx resolve=actions.resolve/> }.into_any(),
        WizardStep::Apply => view! { <apply::ApplyStep ctx/> }.into_any(),
        WizardStep::Verify => view! { <verify::VerifyStep ctx/> }.into_any(),
    };
    view! {
        <div class="wizard">
            <Stepper base steps=StepperStep::of(steps, step, done, &unfinished)/>
            {editing.then(|| view! {
                <p class="step-note wizard-editing">
                    "This share is in use: you are editing it. Its accounts and names stay, and nothing changes before you apply."
                </p>
            })}
            {body}
        </div>
    }
}

/// Which part of a list the address asks for.
fn place() -> (bool, ListPlace) {
    let query = leptos_router::hooks::use_query_map().get_untracked();
    let get = |key| query.get(key).unwrap_or_default();
    let place = ListPlace { contains: get("contains"), after: get("after"), kind: get("kind") };
    (query.get("check").is_some(), place)
}

#[component]
fn WizardSkeleton(base: String, step: Option<WizardStep>) -> impl IntoView {
    let current = step.unwrap_or(WizardStep::Parent);
    view! {
        <div class="wizard">
            <Stepper base steps=StepperStep::of(&WizardStep::ALL, current, current, &[])/>
            <div class="card">
                <Skeleton lines=6/>
            </div>
        </div>
    }
}

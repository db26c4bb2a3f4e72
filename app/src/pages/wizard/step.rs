//! What the steps that are forms have in common.

use crate::api::wizard::ListPlace;
use crate::error::{AppError, problem_at};
use crate::ui::{BottomBar, Button, ButtonKind, ErrorPanel, FieldError, Words};
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
    shown: Vec<FieldProblem>,
}

impl StepContext {
    /// Takes a draft apart for `step`. Problems show when they were asked for, or when the step was left behind.
    pub(super) fn new(view: DraftView, step: WizardStep, (check, place): (bool, ListPlace)) -> Self {
        let DraftView { draft, problems, share_exists, run } = view;
        let show = check || step < draft.reached;
        let shown = problems.iter().filter(|(at, _)| show && *at == step).map(|(_, p)| p.clone()).collect();
        Self { draft, problems, share_exists, run, step, place, shown }
    }
    /// What is wrong with a field, for the kit.
    pub(super) fn problem(&self, field: &str) -> Signal<Option<FieldError>> {
        Signal::stored(problem_at(&self.shown, field))
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
    /// Problems at fields that are not in `known`: they must not get lost.
    fn elsewhere(&self, known: &[&str]) -> Vec<FieldProblem> {
        self.shown.iter().filter(|p| !known.contains(&p.field.as_str())).cloned().collect()
    }
}

/// The beginning of a step's form: which draft, and what Enter does.
#[component]
pub(super) fn StepStart(ctx: StepContext) -> impl IntoView {
    view! {
        <input type="hidden" name="draft" value=ctx.id()/>
        // The first submit button is the one that Enter presses.
        <button type="submit" name="go" value="next" hidden tabindex="-1"></button>
    }
}

/// The end of a step's form: what could not be said at a field, and the bar.
#[component]
pub(super) fn StepEnd(
    ctx: StepContext,
    /// The fields the form shows problems at.
    known: &'static [&'static str],
    /// What is chosen so far, in a few words.
    #[prop(optional, into)]
    says: Signal<String>,
    /// Whether the form is on its way.
    #[prop(into)]
    busy: Signal<bool>,
    /// What the last saving answered.
    #[prop(into)]
    saved: Signal<Option<Result<String, AppError>>>,
) -> impl IntoView {
    let elsewhere = ctx.elsewhere(known);
    let first = ctx.draft.steps().first() == Some(&ctx.step);
    if !ctx.shown.is_empty() {
        Effect::new(move |_| focus_first_problem());
    }
    let failed = move || {
        saved.get().and_then(Result::err).map(|error| view! { <ErrorPanel error title="The step could not be saved"/> })
    };
    view! {
        {(!elsewhere.is_empty()).then(|| view! { <ProblemList problems=elsewhere/> })}
        {failed}
        <BottomBar says>
            <Button kind=ButtonKind::Quiet submit=true name="go" value="later">"Save for later"</Button>
            {(!first).then(|| view! { <Button submit=true name="go" value="back">"Back"</Button> })}
            <Button kind=ButtonKind::Primary submit=true name="go" value="next" busy>{next_label(&ctx)}</Button>
        </BottomBar>
    }
}

fn next_label(ctx: &StepContext) -> &'static str {
    match ctx.step {
        WizardStep::Callers if ctx.accepting() => "Set up the policy",
        WizardStep::Parent => "Choose endpoints",
        WizardStep::Endpoints => "Choose callers",
        WizardStep::Callers => "Set up the role",
        WizardStep::Role => "Set up the child",
        _ => "Review the share",
    }
}

#[component]
fn ProblemList(problems: Vec<FieldProblem>) -> impl IntoView {
    let items = problems
        .into_iter()
        .map(|p| {
            view! {
                <li>
                    <Words text=p.message/>
                    {p.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="step-problems" role="alert">{items}</ul> }
}

/// Moves the focus to the first field with a problem, after the heading had it.
fn focus_first_problem() {
    #[cfg(feature = "hydrate")]
    request_animation_frame(|| {
        use wasm_bindgen::JsCast;
        let found = document()
            .query_selector(
                ".wizard [aria-invalid=true], .wizard .has-problem :is(input[type=radio], input[type=checkbox])",
            )
            .ok()
            .flatten();
        if let Some(field) = found.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
            _ = field.focus();
        }
    });
}

/// What is wrong with a field that the kit has not.
#[component]
pub(super) fn FieldProblemText(
    /// Its `id`, for `aria-describedby`.
    #[prop(into)]
    id: String,
    /// What is wrong.
    error: Signal<Option<FieldError>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! {
                <p class="field-problem" id=id.clone()>
                    <Words text=error.message/>
                    {error.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
                </p>
            }
        })
    }
}

/// Problems until the answer is changed: it may be put right by then, and saving says so again if it is not.
pub(super) fn until_touched(error: Signal<Option<FieldError>>, touched: RwSignal<bool>) -> Signal<Option<FieldError>> {
    Signal::derive(move || error.get().filter(|_| !touched.get()))
}

/// Takes over what was ticked inside `root` before the script had loaded: each box's value, and whether it is ticked.
pub(super) fn on_early_ticks(root: NodeRef<leptos::html::Div>, take: impl Fn(String, bool) + 'static) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use wasm_bindgen::JsCast;
        let Some(root) = root.get() else { return };
        let Ok(boxes) = root.query_selector_all("input[type=checkbox], input[type=radio]") else { return };
        for at in 0..boxes.length() {
            let found = boxes.item(at).and_then(|node| node.dyn_into::<web_sys::HtmlInputElement>().ok());
            if let Some(found) = found.filter(|f| f.checked() != f.default_checked()) {
                take(found.value(), found.checked());
            }
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (root, take);
}

/// A note beside a form: what to know before choosing.
#[component]
pub(super) fn Note(children: Children) -> impl IntoView {
    view! { <p class="step-note">{children()}</p> }
}

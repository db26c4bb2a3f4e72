//! What the steps of both wizards have in common: a form that keeps what was typed, problems at their fields, and the bar.

mod connections;
mod region;

pub(super) use connections::ConnectionCards;
pub(super) use region::RegionField;

use crate::error::{AppError, problem_at};
use crate::ui::{BottomBar, Button, ButtonKind, ErrorPanel, FieldError, Words};
use domain::wizard::FieldProblem;
use leptos::prelude::*;

/// What is wrong with a step, as far as it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown(Vec<FieldProblem>);

impl Shown {
    /// What of `problems` is about `step`: shown when it was asked for, or when the step was left behind.
    pub(super) fn of<S: PartialEq>(problems: &[(S, FieldProblem)], step: &S, show: bool) -> Self {
        Self(problems.iter().filter(|(at, _)| show && at == step).map(|(_, problem)| problem.clone()).collect())
    }
    /// What is wrong with a field, for the kit.
    pub(super) fn problem(&self, field: &str) -> Signal<Option<FieldError>> {
        Signal::stored(problem_at(&self.0, field))
    }
    /// Problems at fields that are not in `known`: they must not get lost.
    fn elsewhere(&self, known: &[&str]) -> Vec<FieldProblem> {
        self.0.iter().filter(|p| !known.contains(&p.field.as_str())).cloned().collect()
    }
}

/// What the end of a step's form is made of.
#[derive(Debug, Clone)]
pub(super) struct StepBar {
    /// What is wrong with the step.
    pub shown: Shown,
    /// Whether there is no step before it.
    pub first: bool,
    /// What going on is called: `Choose endpoints`.
    pub next: &'static str,
}

/// The beginning of a step's form: which draft, and what Enter does.
#[component]
pub(super) fn StepStart(
    /// The draft's id.
    draft: String,
) -> impl IntoView {
    view! {
        <input type="hidden" name="draft" value=draft/>
        // The first submit button is the one that Enter presses.
        <button type="submit" name="go" value="next" hidden tabindex="-1"></button>
    }
}

/// The end of a step's form: what could not be said at a field, and the bar.
#[component]
pub(super) fn StepEnd(
    bar: StepBar,
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
    let StepBar { shown, first, next } = bar;
    let elsewhere = shown.elsewhere(known);
    if !shown.0.is_empty() {
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
            <Button kind=ButtonKind::Primary submit=true name="go" value="next" busy>{next}</Button>
        </BottomBar>
    }
}

/// A step that was not reached yet: the one to go on with.
#[component]
pub(super) fn NotYet(
    /// The address of the step that was reached.
    href: String,
    /// Its label.
    reached: &'static str,
) -> impl IntoView {
    view! {
        <div class="card">
            <div class="empty">
                <h2>"This step comes later"</h2>
                <p>"It needs the answers of the steps before it."</p>
                <div class="empty-action">
                    <Button kind=ButtonKind::Primary href>{format!("Go on with {reached}")}</Button>
                </div>
            </div>
        </div>
    }
}

/// An address below a wizard that is no step.
#[component]
pub(super) fn UnknownStep(
    /// The address of the first step.
    href: String,
) -> impl IntoView {
    let error = AppError::new(crate::error::ErrorKind::NotFound, "the wizard has no step of that name");
    view! {
        <ErrorPanel error title="There is no such page"/>
        <p class="wizard-unknown"><Button href>"Go to the first step"</Button></p>
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

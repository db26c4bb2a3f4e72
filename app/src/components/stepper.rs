//! Where one is in a wizard.

use crate::ui::{Icon, IconName};
use domain::pipeline::draft::PipelineStep;
use domain::wizard::WizardStep;
use leptos::prelude::*;

/// How a step is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepMark {
    Done,
    Unfinished,
    Now,
    ToCome,
}

/// A step of a wizard.
pub trait Step: Copy + Ord {
    /// Its part of the address.
    fn slug(self) -> &'static str;
    /// What it is called.
    fn label(self) -> &'static str;
}

impl Step for WizardStep {
    fn slug(self) -> &'static str {
        self.slug()
    }
    fn label(self) -> &'static str {
        self.label()
    }
}

impl Step for PipelineStep {
    fn slug(self) -> &'static str {
        self.slug()
    }
    fn label(self) -> &'static str {
        self.label()
    }
}

/// A step as the stepper shows it.
#[derive(Debug, Clone, Copy)]
pub struct StepperStep {
    slug: &'static str,
    label: &'static str,
    mark: StepMark,
    /// Whether one can go there.
    open: bool,
}

impl StepperStep {
    /// The steps there are, with the one that is shown, the furthest that was reached, and those with something to put
    /// right.
    pub fn of<S: Step>(steps: &[S], current: S, reached: S, unfinished: &[S]) -> Vec<Self> {
        let shown = |step: &S| Self {
            slug: step.slug(),
            label: step.label(),
            mark: mark(*step, current, reached, unfinished),
            open: *step != current && *step <= reached,
        };
        steps.iter().map(shown).collect()
    }
}

/// A wizard's steps: done, now and to come. Steps that were reached are links.
#[component]
pub fn Stepper(
    /// The address of the wizard: a step's is below it.
    #[prop(into)]
    base: String,
    /// The steps there are.
    steps: Vec<StepperStep>,
) -> impl IntoView {
    let total = steps.len();
    let at = steps.iter().position(|step| step.mark == StepMark::Now).unwrap_or(0);
    let current = steps.get(at).map(|step| step.label);
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let link = step.open.then(|| format!("{base}/{}", step.slug));
            view! { <StepperItem number=index + 1 step link/> }
        })
        .collect_view();
    view! {
        <nav class="stepper" aria-label="Steps">
            <p class="stepper-where" aria-hidden="true">
                {format!("Step {} of {total} · ", at + 1)} <strong>{current}</strong>
            </p>
            <ol class="stepper-list">{steps}</ol>
        </nav>
    }
}

#[component]
fn StepperItem(number: usize, step: StepperStep, link: Option<String>) -> impl IntoView {
    let StepperStep { label, mark, .. } = step;
    let (class, sign, said) = match mark {
        StepMark::Done => ("stepper-item is-done", view! { <Icon name=IconName::Check/> }.into_any(), "done"),
        StepMark::Unfinished => ("stepper-item is-unfinished", "!".into_any(), "to put right"),
        StepMark::Now => ("stepper-item is-now", number.into_any(), "now"),
        StepMark::ToCome => ("stepper-item", number.into_any(), "to come"),
    };
    let inside = view! {
        <span class="stepper-dot" aria-hidden="true">{sign}</span>
        <span class="stepper-label">{label}</span>
        <span class="visually-hidden">{format!(" ({said})")}</span>
    };
    let inside = match link {
        Some(href) => view! { <a class="stepper-step" href=href>{inside}</a> }.into_any(),
        None => view! { <span class="stepper-step">{inside}</span> }.into_any(),
    };
    view! { <li class=class aria-current=(mark == StepMark::Now).then_some("step")>{inside}</li> }
}

fn mark<S: Step>(step: S, current: S, reached: S, unfinished: &[S]) -> StepMark {
    if step == current {
        StepMark::Now
    } else if step < reached && unfinished.contains(&step) {
        StepMark::Unfinished
    } else if step < reached {
        StepMark::Done
    } else {
        StepMark::ToCome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use WizardStep::{Callers, Endpoints, Parent, Review, Role};

    #[test]
    fn steps_before_the_furthest_are_done_even_after_going_back() {
        assert_eq!(mark(Parent, Endpoints, Role, &[]), StepMark::Done);
        assert_eq!(mark(Callers, Endpoints, Role, &[]), StepMark::Done);
        assert_eq!(mark(Role, Endpoints, Role, &[]), StepMark::ToCome);
    }

    #[test]
    fn a_passed_step_with_a_problem_asks_for_attention() {
        assert_eq!(mark(Callers, Review, Review, &[Callers]), StepMark::Unfinished);
        assert_eq!(mark(Callers, Callers, Review, &[Callers]), StepMark::Now);
    }
}

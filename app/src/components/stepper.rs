//! Where one is in the share wizard.

use crate::ui::{Icon, IconName};
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

/// The wizard's steps: done, now and to come. Steps that were reached are links.
#[component]
pub fn Stepper(
    /// The address of the wizard: a step's is below it.
    #[prop(into)]
    base: String,
    /// The steps there are.
    #[prop(default = &WizardStep::ALL)]
    steps: &'static [WizardStep],
    /// The step that is shown.
    current: WizardStep,
    /// The furthest step that was reached.
    reached: WizardStep,
    /// Steps with something to put right.
    #[prop(optional)]
    unfinished: Vec<WizardStep>,
) -> impl IntoView {
    let total = steps.len();
    let at = steps.iter().position(|step| *step == current).map_or(1, |at| at + 1);
    let steps = steps
        .iter()
        .copied()
        .enumerate()
        .map(|(index, step)| {
            let mark = mark(step, current, reached, &unfinished);
            let link = (step != current && step <= reached).then(|| format!("{base}/{}", step.slug()));
            view! { <StepperItem number=index + 1 step mark link/> }
        })
        .collect_view();
    view! {
        <nav class="stepper" aria-label="Steps">
            <p class="stepper-where" aria-hidden="true">
                {format!("Step {at} of {total} · ")} <strong>{current.label()}</strong>
            </p>
            <ol class="stepper-list">{steps}</ol>
        </nav>
    }
}

#[component]
fn StepperItem(number: usize, step: WizardStep, mark: StepMark, link: Option<String>) -> impl IntoView {
    let (class, sign, said) = match mark {
        StepMark::Done => ("stepper-item is-done", view! { <Icon name=IconName::Check/> }.into_any(), "done"),
        StepMark::Unfinished => ("stepper-item is-unfinished", "!".into_any(), "to put right"),
        StepMark::Now => ("stepper-item is-now", number.into_any(), "now"),
        StepMark::ToCome => ("stepper-item", number.into_any(), "to come"),
    };
    let inside = view! {
        <span class="stepper-dot" aria-hidden="true">{sign}</span>
        <span class="stepper-label">{step.label()}</span>
        <span class="visually-hidden">{format!(" ({said})")}</span>
    };
    let inside = match link {
        Some(href) => view! { <a class="stepper-step" href=href>{inside}</a> }.into_any(),
        None => view! { <span class="stepper-step">{inside}</span> }.into_any(),
    };
    view! { <li class=class aria-current=(mark == StepMark::Now).then_some("step")>{inside}</li> }
}

fn mark(step: WizardStep, current: WizardStep, reached: WizardStep, unfinished: &[WizardStep]) -> StepMark {
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

//! A run over a pipeline while it goes: its steps in three lanes, with states, tries, durations, what CloudFormation tells
//! and why something failed; and what can be done next.

mod next;
mod step;
mod words;

pub use next::RunNext;
pub use words::{run_kind_words, run_state_words};

use super::live::{Live, elapsed};
use super::three_lanes::{ThreeLanes, nothing_here};
use crate::ui::duration_ms;
use domain::pipeline::apply::Lane;
use domain::pipeline::view::PipelineRunView;
use domain::run::RunState;
use leptos::prelude::*;
use step::StepRow;

/// A run, followed live.
#[component]
pub fn PipelineRunProgress(
    /// The run.
    live: Live<PipelineRunView>,
) -> impl IntoView {
    let Live { view, now } = live;
    let said = Memo::new(move |_| view.with(words::run_sentence));
    let took = move || {
        view.with(|run| match run.finished {
            Some(finished) => duration_ms(finished.since(run.started)),
            None => elapsed(now.get().since(run.started)),
        })
    };
    let progress = Memo::new(move |_| view.with(PipelineRunView::progress));
    let account = |lane: Lane| {
        view.with_untracked(|run| run.steps.iter().find(|step| step.lane == lane).map(|step| step.account.clone()))
    };
    let lanes = Lane::ALL.map(|lane| lane_steps(live, lane));
    view! {
        <div class="run pipeline-run" data-state=move || view.with(|run| state_key(run.state))>
            <p class="say" role="status">{said}</p>
            <div class="run-bar">
                <progress
                    class="run-progress"
                    max=move || progress.get().1
                    value=move || progress.get().0
                    aria-label="Steps done"
                ></progress>
                <p class="run-counts">
                    {move || {
                        let (done, all) = progress.get();
                        format!("{done} of {all} done · {}", took())
                    }}
                </p>
            </div>
            <ThreeLanes label="Progress" accounts=Lane::ALL.map(account) lanes/>
        </div>
    }
}

/// A lane's steps. Which they are never changes while a run goes: each follows its own state, so that what is unfolded
/// stays so.
fn lane_steps(live: Live<PipelineRunView>, lane: Lane) -> AnyView {
    let places = live.view.with_untracked(|run| {
        let steps = run.steps.iter().enumerate().filter(|(_, step)| step.lane == lane);
        steps.map(|(at, step)| (at, step.clone())).collect::<Vec<_>>()
    });
    if places.is_empty() {
        return nothing_here();
    }
    let rows = places
        .into_iter()
        .map(|(at, first)| {
            let step =
                Memo::new(move |_| live.view.with(|run| run.steps.get(at).cloned()).unwrap_or_else(|| first.clone()));
            view! { <StepRow step now=live.now/> }
        })
        .collect_view();
    view! { <ul class="lane-items">{rows}</ul> }.into_any()
}

fn state_key(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
    }
}

//! What stands in the way of the pipeline as a whole: it is being made or taken away, is half made, or is gone.

use super::Live;
use crate::ui::{Button, ErrorPanel};
use domain::pipeline::view::PipelineStatus;
use leptos::prelude::*;

/// Says so, and leads to where something can be done about it.
#[component]
pub(super) fn Banner(live: Live) -> impl IntoView {
    let state = Memo::new(move |_| {
        live.shown.view.with(|shown| {
            let pipeline = &shown.pipeline;
            let run = pipeline.last_run.as_ref().map(|run| format!("/pipelines/{}/run/{run}", pipeline.id));
            (pipeline.status, pipeline.state.is_some(), run, format!("/pipelines/{}/tear-down", pipeline.id))
        })
    });
    let told = move || {
        let (status, stands, run, tear_down) = state.get();
        let (words, tear_down) = match status {
            PipelineStatus::Applying => ("It is being made or changed. What stands is shown below.", None),
            PipelineStatus::Removing => ("It is being taken away, account by account.", None),
            PipelineStatus::Removed => {
                ("Nothing of it stands any more. The console still keeps its record.", Some(tear_down))
            }
            PipelineStatus::Incomplete => (
                "A run ended half-way, so something of it may stand. Go on with the run, or take away what was made.",
                Some(tear_down),
            ),
            PipelineStatus::Ready if !stands => (
                "The pipeline itself was deleted past this console; its stacks, data and endpoint may stand still. Edit it and apply, which makes what is missing, or take away what is left.",
                Some(tear_down),
            ),
            PipelineStatus::Ready => return ().into_any(),
        };
        let run = run.map(|href| view! { <Button small=true href>"Go to the run"</Button> });
        let tear_down = tear_down.map(|href| {
            let words =
                if status == PipelineStatus::Removed { "Forget the pipeline" } else { "Take away what is left" };
            view! { <Button small=true href>{words}</Button> }
        });
        view! {
            <div class="pipeline-banner">
                <p>{words}</p>
                <div class="form-actions">{run} {tear_down}</div>
            </div>
        }
        .into_any()
    };
    let trouble = move || {
        live.shown.trouble.get().map(|error| {
            view! { <ErrorPanel error title="What is shown may be old: the pipeline could not be asked" retry=live.shown.ask/> }
        })
    };
    view! {
        {told}
        {trouble}
    }
}

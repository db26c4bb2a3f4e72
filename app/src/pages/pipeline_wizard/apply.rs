//! Step 5: the run that makes it, live.

use super::StepContext;
use crate::api::pipeline::run::{RetryPipelineRun, get_pipeline_run};
use crate::api::runs::AsOf;
use crate::components::{PipelineRunProgress, RefreshWithoutScript, RunNext, use_live};
use crate::ui::{Button, ButtonKind, EmptyState, Resolve, Skeleton};
use domain::pipeline::draft::PipelineStep;
use domain::pipeline::view::PipelineRunView;
use domain::run::RunState;
use leptos::prelude::*;

#[component]
pub(super) fn ApplyStep(ctx: StepContext) -> impl IntoView {
    let Some(run) = ctx.run.clone() else {
        return view! {
            <div class="card">
                <EmptyState title="Nothing was applied yet" body="Review shows what would be made, and Apply starts it.">
                    <Button kind=ButtonKind::Primary href=ctx.path(PipelineStep::Review)>"Review the pipeline"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    };
    let retry = ServerAction::<RetryPipelineRun>::new();
    let resource = Resource::new(move || retry.version().get(), move |_| get_pipeline_run(run.clone()));
    view! {
        <Resolve
            resource
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            failed="The run could not be loaded"
            children=Callback::new(move |first: AsOf<PipelineRunView>| view! { <Applying first retry/> })
        />
    }
    .into_any()
}

#[component]
fn Applying(first: AsOf<PipelineRunView>, retry: ServerAction<RetryPipelineRun>) -> impl IntoView {
    let id = first.view.id.clone();
    let under_way = first.view.state == RunState::Running;
    let live = use_live(first, format!("/events/pipeline-runs/{id}"), move || get_pipeline_run(id.clone()));
    view! {
        <div class="step apply">
            {under_way.then(|| view! { <RefreshWithoutScript/> })}
            <PipelineRunProgress live/>
            // The draft's run is the pipeline's last.
            <RunNext live retry last=true/>
        </div>
    }
}

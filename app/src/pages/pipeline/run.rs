//! A run that makes a pipeline or takes it away, as it goes; and the pipeline's other runs.

use super::overview::pipeline_in_address;
use crate::api::pipeline::operate::list_pipelines;
use crate::api::pipeline::run::{RetryPipelineRun, get_pipeline_run, list_pipeline_runs};
use crate::api::runs::AsOf;
use crate::components::{
    PipelineRunProgress, RefreshWithoutScript, Revised as _, RunNext, run_kind_words, run_state_words, use_live,
};
use crate::error::{AppError, ErrorKind};
use crate::ui::{Badge, Button, Card, EmptyState, PageHeader, Resolve, Skeleton, Time, Tone, duration_ms};
use domain::names::{PipelineId, RunId};
use domain::pipeline::view::{PipelineRunView, PipelineSummary};
use domain::run::RunState;
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

/// A pipeline as the list has it: its name and its accounts, without asking AWS.
pub(super) async fn summary_of(pipeline: &PipelineId) -> Result<Option<PipelineSummary>, AppError> {
    let list = list_pipelines().await?;
    Ok(list.view.pipelines.into_iter().find(|summary| summary.id == *pipeline))
}

/// What the page is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    run: AsOf<PipelineRunView>,
    /// All of the pipeline's, the newest first.
    runs: Vec<PipelineRunView>,
    summary: Option<PipelineSummary>,
}

async fn find(pipeline: PipelineId, run: RunId) -> Result<Option<Found>, AppError> {
    let run = match get_pipeline_run(run).await {
        Ok(run) if run.view.pipeline == pipeline => run,
        Ok(_) => return Ok(None),
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let runs = list_pipeline_runs(pipeline.clone()).await?.view;
    Ok(Some(Found { run, runs, summary: summary_of(&pipeline).await? }))
}

/// A run that makes a pipeline or takes it away, as it goes.
#[component]
pub fn PipelineRunPage() -> impl IntoView {
    let pipeline = pipeline_in_address();
    let params = use_params_map();
    let run = Memo::new(move |_| RunId::parse(&params.read().get("run").unwrap_or_default()).ok());
    let retry = ServerAction::<RetryPipelineRun>::new();
    let found = Resource::new(
        move || (pipeline.get(), run.get(), retry.version().get()),
        async |(pipeline, run, _)| match (pipeline, run) {
            (Ok(pipeline), Some(run)) => find(pipeline, run).await,
            _ => Ok(None),
        },
    );
    view! {
        <Resolve
            resource=found
            failed="The run could not be loaded"
            skeleton=|| {
                view! {
                    <PageHeader title="Run"/>
                    <div class="card"><Skeleton lines=8/></div>
                }
            }
            children=Callback::new(move |found: Option<Found>| match found {
                Some(found) => view! { <Run found retry/> }.into_any(),
                None => view! { <NoSuchRun/> }.into_any(),
            })
        />
    }
}

#[component]
fn NoSuchRun() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <PageHeader title="No such run"/>
        <div class="card">
            <EmptyState
                title="This console knows no run at this address"
                body="The pipeline may have been forgotten, or the address has a typing mistake."
            >
                <Button href="/pipelines">"Go to the pipelines"</Button>
            </EmptyState>
        </div>
    }
}

#[component]
fn Run(found: Found, retry: ServerAction<RetryPipelineRun>) -> impl IntoView {
    let Found { run, runs, summary } = found;
    let now = run.now;
    let (id, kind, pipeline) = (run.view.id.clone(), run.view.kind, run.view.pipeline.clone());
    let under_way = run.view.state == RunState::Running;
    let last = runs.first().is_none_or(|newest| newest.id == id);
    let name = summary.map_or_else(|| "pipeline".to_owned(), |summary| summary.prefix);
    let title = format!("{} {name}", run_kind_words(kind));
    let sub = format!("Started by {} {}", run.view.by, run.view.started.ago(now));
    let poll = id.clone();
    let live = use_live(run, format!("/events/pipeline-runs/{id}"), move || get_pipeline_run(poll.clone()));
    let listed = RwSignal::new(runs);
    // The list says how this one ended, too.
    let finished = Memo::new(move |_| live.view.with(|run| run.finished()));
    Effect::new(move |_| {
        if finished.get() {
            let ended = live.view.get_untracked();
            listed.update(|runs| {
                if let Some(run) = runs.iter_mut().find(|run| run.id == ended.id) {
                    *run = ended;
                }
            });
        }
    });
    view! {
        <PageHeader title sub>
            <Button href=format!("/pipelines/{pipeline}")>"Go to the pipeline"</Button>
        </PageHeader>
        <div class="stack">
            {under_way.then(|| view! { <RefreshWithoutScript/> })}
            <PipelineRunProgress live/>
            <Runs runs=listed this=id now/>
            <RunNext live retry last/>
        </div>
    }
}

/// All runs over the pipeline.
#[component]
fn Runs(runs: RwSignal<Vec<PipelineRunView>>, this: RunId, now: Timestamp) -> impl IntoView {
    let rows = move || {
        let rows = runs.get().into_iter().map(|run| {
            let here = run.id == this;
            view! { <RunLine run here now/> }
        });
        rows.collect_view()
    };
    view! {
        <Card title=|| "Runs of this pipeline">
            <ul class="lines">{rows}</ul>
        </Card>
    }
}

#[component]
fn RunLine(run: PipelineRunView, here: bool, now: Timestamp) -> impl IntoView {
    let tone = match run.state {
        RunState::Running => Tone::Accent,
        RunState::Succeeded => Tone::Ok,
        RunState::Failed => Tone::Bad,
    };
    let (done, all) = run.progress();
    let took = run.finished.map(|finished| format!(" · took {}", duration_ms(finished.since(run.started))));
    let href = format!("/pipelines/{}/run/{}", run.pipeline, run.id);
    view! {
        <li class="line">
            <div class="line-text">
                <a class="line-title" href=href aria-current=here.then_some("page")>{run_kind_words(run.kind)}</a>
                <p class="line-detail">
                    {format!("{done} of {all} steps done · {} · ", run.by)} <Time at=run.started now/> {took}
                </p>
            </div>
            <div class="line-aside"><Badge tone>{run_state_words(run.state)}</Badge></div>
        </li>
    }
}

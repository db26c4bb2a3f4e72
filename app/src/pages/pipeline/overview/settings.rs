//! What can be said about the pipeline as a whole: who approves, and the ways to change it and take it away.

use super::{Live, again_after};
use crate::api::pipeline::operate::SetApprovalRules;
use crate::api::pipeline::run::list_pipeline_runs;
use crate::api::pipeline::wizard::EditPipeline;
use crate::api::runs::AsOf;
use crate::components::run_kind_words;
use crate::error::{AppError, failure_of};
use crate::ui::{ActionProblem, Badge, Button, ButtonKind, Card, Checkbox, IconName, Resolve, Skeleton, Time, Tone};
use domain::names::PipelineId;
use domain::pipeline::view::{PipelineRunKind, PipelineStatus};
use domain::run::RunState;
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A run in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    id: String,
    kind: PipelineRunKind,
    state: RunState,
    by: String,
    started: Timestamp,
}

/// Rules, edit, tear-down and runs.
#[component]
pub(super) fn Settings(live: Live, runs: ListedRuns) -> impl IntoView {
    let (id, status) = live.shown.view.with_untracked(|shown| (shown.pipeline.id.clone(), shown.pipeline.status));
    let gone = status == PipelineStatus::Removed;
    let edit = ServerAction::<EditPipeline>::new();
    let tear_down = format!("/pipelines/{id}/tear-down");
    view! {
        {(!gone).then(|| view! { <Rules live id=id.clone()/> })}
        <Runs id=id.clone() runs/>
        <Card title=|| "Change or take away" id="change">
            <div class="card-body form-actions">
                <ActionForm action=edit>
                    <input type="hidden" name="pipeline" value=id.to_string()/>
                    <Button icon=IconName::Edit submit=true busy=edit.pending()>"Edit pipeline"</Button>
                    <ActionProblem error=failure_of(edit)/>
                </ActionForm>
                {(!gone).then(|| view! {
                    <Button kind=ButtonKind::Quiet icon=IconName::Undo href=tear_down>"Take the pipeline away"</Button>
                })}
            </div>
        </Card>
    }
}

#[component]
fn Rules(live: Live, id: PipelineId) -> impl IntoView {
    let set = ServerAction::<SetApprovalRules>::new();
    again_after(set, live.shown.ask);
    let rules = Memo::new(move |_| live.shown.view.with(|shown| shown.pipeline.rules));
    let saved = move || set.value().with(|value| matches!(value, Some(Ok(())))).then_some("Saved.");
    view! {
        <Card title=|| "Who approves">
            <ActionForm action=set>
                <div class="card-body">
                    <input type="hidden" name="pipeline" value=id.to_string()/>
                    <Checkbox
                        name="someone_else"
                        label="Somebody else than the one who started it approves"
                        checked=Signal::derive(move || rules.get().someone_else)
                        description="Whoever starts an execution, or applies the pipeline for those that start by themselves, can reject its model and not approve it. It holds in this console: who may call PutApprovalResult in AWS is up to IAM."
                    />
                    <Checkbox
                        name="comment"
                        label="A verdict needs a comment"
                        checked=Signal::derive(move || rules.get().comment)
                    />
                    <div class="form-actions">
                        <Button submit=true busy=set.pending()>"Save rules"</Button>
                        <span class="muted" role="status">{saved}</span>
                        <ActionProblem error=failure_of(set)/>
                    </div>
                </div>
            </ActionForm>
        </Card>
    }
}

/// The runs that made, changed or took away, as the page has them.
pub(super) type ListedRuns = Resource<Result<AsOf<Vec<Run>>, AppError>>;

/// Asks for the runs.
pub(super) fn listed_runs(id: PipelineId) -> ListedRuns {
    Resource::new(
        || (),
        move |()| {
            let id = id.clone();
            async move {
                let AsOf { view, now } = list_pipeline_runs(id).await?;
                let runs = view.into_iter().map(|run| Run {
                    id: run.id.to_string(),
                    kind: run.kind,
                    state: run.state,
                    by: run.by,
                    started: run.started,
                });
                Ok::<_, AppError>(AsOf { view: runs.collect::<Vec<_>>(), now })
            }
        },
    )
}

#[component]
fn Runs(id: PipelineId, runs: ListedRuns) -> impl IntoView {
    let row = move |run: Run, now: Timestamp| {
        let what = run_kind_words(run.kind);
        let (tone, words) = match run.state {
            RunState::Running => (Tone::Accent, "Under way"),
            RunState::Succeeded => (Tone::Ok, "Done"),
            RunState::Failed => (Tone::Bad, "Failed"),
        };
        view! {
            <li class="line">
                <div class="line-text">
                    <a class="line-title" href=format!("/pipelines/{id}/run/{}", run.id)>{what}</a>
                    <p class="line-detail"><Time at=run.started now/> " by " {run.by}</p>
                </div>
                <Badge tone>{words}</Badge>
            </li>
        }
    };
    view! {
        <Card title=|| "Runs of the wizard">
            <Resolve
                resource=runs
                failed="The runs could not be loaded"
                skeleton=|| view! { <Skeleton lines=2/> }
                children=Callback::new(move |runs: AsOf<Vec<Run>>| {
                    let row = row.clone();
                    let rows = runs.view.into_iter().map(move |run| row(run, runs.now)).collect_view();
                    view! { <ul class="lines">{rows}</ul> }
                })
            />
        </Card>
    }
}

//! Pipelines: all of them, and wizards to go on with.

use super::parts::{Discard, DraftRow, StartPipelineButton};
use super::pipeline::pipeline_words;
use crate::api::pipeline::operate::{PipelineList, list_pipelines};
use crate::api::pipeline::wizard::DeletePipelineDraft;
use crate::api::runs::AsOf;
use crate::error::failure_of;
use crate::ui::{ActionProblem, Badge, Card, Column, EmptyState, PageHeader, Resolve, Rows, Skeleton, Table, Time};
use domain::pipeline::view::{PipelineDraftSummary, PipelineSummary};
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

const COLUMNS: [Column; 6] = [
    Column::new("Pipeline"),
    Column::new("Shared services"),
    Column::new("Training"),
    Column::new("Production"),
    Column::new("State"),
    Column::new("Changed"),
];

/// All pipelines.
#[component]
pub fn PipelinesPage() -> impl IntoView {
    let list = Resource::new(|| (), |()| list_pipelines());
    let changed = Callback::new(move |()| list.refetch());
    view! {
        <Resolve
            resource=list
            failed="The pipelines could not be loaded"
            skeleton=|| {
                view! {
                    <Head/>
                    <div class="card">
                        <Skeleton lines=4/>
                    </div>
                }
            }
            children=Callback::new(move |list: AsOf<PipelineList>| view! { <Pipelines list changed/> })
        />
    }
}

/// The header; without pipelines the empty state has the page's one action.
#[component]
fn Head(#[prop(optional)] start: bool) -> impl IntoView {
    view! {
        <PageHeader title="Pipelines" sub="Each trains a model, asks for approval, and deploys it, over three accounts.">
            {start.then(|| view! { <StartPipelineButton/> })}
        </PageHeader>
    }
}

#[component]
fn Pipelines(list: AsOf<PipelineList>, changed: Callback<()>) -> impl IntoView {
    let AsOf { view: PipelineList { pipelines, doing, drafts }, now } = list;
    let row = Callback::new(move |pipeline: PipelineSummary| {
        let href = format!("/pipelines/{}", pipeline.id);
        let (tone, words) = pipeline_words(pipeline.status, doing.get(&pipeline.id));
        let [shared, training, production] = pipeline.accounts;
        view! {
            <td>
                <a class="cell-main" href=href>{pipeline.prefix}</a>
            </td>
            <td><code class="hue-shared">{shared.to_string()}</code></td>
            <td><code class="hue-training">{training.to_string()}</code></td>
            <td><code class="hue-production">{production.to_string()}</code></td>
            <td><Badge tone>{words}</Badge></td>
            <td class="nowrap"><Time at=pipeline.changed now/></td>
        }
    });
    view! {
        <Head start=!pipelines.is_empty()/>
        <div class="stack">
            {(!drafts.is_empty()).then(|| view! {
                <Card title=|| "Go on with">
                    <Drafts drafts now changed/>
                </Card>
            })}
            <div class="card">
                <Table
                    label="Pipelines"
                    columns=COLUMNS.to_vec()
                    rows=Rows::Ready(pipelines)
                    failed="The pipelines could not be loaded"
                    empty=|| view! {
                        <EmptyState
                            title="No pipelines yet"
                            body="A pipeline trains a model in one account from the data of another, asks for approval, and deploys it in a third. The wizard makes all of it: stacks, key, bucket, roles and the pipeline itself."
                        >
                            <StartPipelineButton/>
                        </EmptyState>
                    }
                    children=row
                />
            </div>
        </div>
    }
}

#[component]
fn Drafts(drafts: Vec<PipelineDraftSummary>, now: Timestamp, changed: Callback<()>) -> impl IntoView {
    let delete = ServerAction::<DeletePipelineDraft>::new();
    Effect::new(move |_| {
        if matches!(delete.value().get(), Some(Ok(()))) {
            changed.run(());
        }
    });
    let rows = drafts
        .into_iter()
        .map(|draft| {
            let PipelineDraftSummary { id, title, step, changed, .. } = draft;
            let href = format!("/pipelines/new/{id}/{}", step.slug());
            let to_discard = title.clone();
            let discard = view! {
                <ActionForm action=delete>
                    <Discard draft=id.to_string() title=to_discard/>
                </ActionForm>
            };
            view! { <DraftRow title step=step.label() changed now href discard=discard.into_any()/> }
        })
        .collect_view();
    view! {
        <ul class="lines">{rows}</ul>
        <ActionProblem error=failure_of(delete)/>
    }
}

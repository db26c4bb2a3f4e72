//! What a model that waits is judged by, and the decision.

mod decide;
mod evidence;

use super::overview::{NoSuchPipeline, pipeline_in_address};
use super::words::{short, stage_label, started_by};
use crate::api::pipeline::operate::{get_evidence, get_pipeline, list_executions};
use crate::api::runs::AsOf;
use crate::error::{AppError, ErrorKind};
use crate::ui::{Button, EmptyState, PageHeader, Resolve, Skeleton};
use decide::Decide;
use domain::names::PipelineId;
use domain::pipeline::approval::starter;
use domain::pipeline::evidence::Evidence as Found;
use domain::pipeline::execution::{Execution, ExecutionStatus};
use domain::pipeline::view::PipelineView;
use evidence::{Evidence, evidence_sentence};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The execution with what its model is judged by.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Judged {
    pipeline: PipelineView,
    execution: String,
    /// None where it is older than what CodePipeline lists first.
    known: Option<Execution>,
    evidence: Option<Found>,
}

async fn judged(id: PipelineId, execution: String) -> Result<Option<AsOf<Judged>>, AppError> {
    let (pipeline, executions, evidence) = futures::join!(
        get_pipeline(id.clone()),
        list_executions(id.clone(), String::new()),
        get_evidence(id.clone(), execution.clone())
    );
    let AsOf { view: pipeline, now } = match pipeline {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
        pipeline => pipeline?,
    };
    let known = executions?.view.items.into_iter().find(|one| one.id == execution);
    let evidence = evidence?.view;
    Ok(Some(AsOf { view: Judged { pipeline, execution, known, evidence }, now }))
}

/// What a model that waits is judged by, and the decision.
#[component]
pub fn ApprovePage() -> impl IntoView {
    let (id, params) = (pipeline_in_address(), use_params_map());
    let execution = Memo::new(move |_| params.read().get("execution").unwrap_or_default());
    let page = Resource::new(
        move || (id.get(), execution.get()),
        async |(id, execution)| match id {
            Ok(id) => judged(id, execution).await,
            Err(_) => Ok(None),
        },
    );
    view! {
        <Resolve
            resource=page
            failed="What the model is judged by could not be loaded"
            skeleton=|| {
                view! {
                    <PageHeader title="Judge the model"/>
                    <div class="stack">
                        <div class="card"><Skeleton lines=2/></div>
                        <div class="card"><Skeleton lines=8/></div>
                    </div>
                }
            }
            children=Callback::new(move |found: Option<AsOf<Judged>>| match found {
                Some(judged) => view! { <Judge judged/> }.into_any(),
                None => view! { <NoSuchPipeline/> }.into_any(),
            })
        />
    }
}

#[component]
fn Judge(judged: AsOf<Judged>) -> impl IntoView {
    let AsOf { view: Judged { pipeline, execution, known, evidence }, now } = judged;
    let back = format!("/pipelines/{}", pipeline.id);
    let waits = pipeline.waiting.clone().filter(|waiting| waiting.execution == execution);
    let trigger = known.as_ref().and_then(|known| known.trigger.as_ref());
    let person = starter(&pipeline.started, &pipeline.applied_by, &execution, trigger).map(str::to_owned);
    let by = known.as_ref().map(|known| {
        let here = pipeline.started.get(&execution).map(|by| if *by == pipeline.you { "you" } else { by.as_str() });
        format!(" Started {}.", started_by(known, here, &super::overview::source_words(&pipeline.intent)))
    });
    let sub = format!("Execution {} of {}.{}", short(&execution), pipeline.intent.prefix, by.unwrap_or_default());
    let said = evidence.as_ref().map(evidence_sentence);
    let shown = match evidence {
        Some(evidence) => {
            let log = format!("{back}?execution={execution}#execution");
            view! { <Evidence evidence now log/> }.into_any()
        }
        None => view! {
            <div class="card">
                <EmptyState
                    title="Nothing to judge yet"
                    body="The training of this execution has not begun, or SageMaker knows its job no more."
                />
            </div>
        }
        .into_any(),
    };
    let decision = match waits {
        Some(waiting) => {
            let itself = pipeline.rules.someone_else && person.as_deref() == Some(pipeline.you.as_str());
            view! { <Decide pipeline=pipeline.id.to_string() waiting rules=pipeline.rules itself prefix=pipeline.intent.deployment.endpoint.to_string()/> }
                .into_any()
        }
        None => view! { <Decided pipeline=pipeline.clone() execution known/> }.into_any(),
    };
    view! {
        <PageHeader title="Judge the model" sub=sub>
            <Button href=back>"Back to the pipeline"</Button>
        </PageHeader>
        <div class="stack">
            {said.map(|said| view! { <p class="say">{said}</p> })}
            {shown}
            {decision}
        </div>
    }
}

/// There is nothing to decide (any more).
#[component]
fn Decided(pipeline: PipelineView, execution: String, known: Option<Execution>) -> impl IntoView {
    let stages = pipeline.state.iter().flat_map(|state| &state.stages);
    let at = stages.rev().find(|stage| stage.execution.as_deref() == Some(execution.as_str()));
    let at = at.map(|stage| stage_label(&stage.name).to_owned());
    let words = match (known.map(|known| known.status), at) {
        (Some(ExecutionStatus::InProgress), Some(at)) if at != "Approval" => {
            format!("This model does not wait for approval: its execution is at {at}.")
        }
        (Some(ExecutionStatus::Succeeded), _) => "This model was approved and deployed.".into(),
        (Some(ExecutionStatus::Superseded), _) => {
            "A newer execution has taken the place of this one: its model is not asked about any more.".into()
        }
        (Some(ExecutionStatus::Failed), Some(at)) if at == "Approval" => "This model was rejected.".into(),
        (Some(ExecutionStatus::Failed), Some(at)) => format!("This execution failed at {at}."),
        (Some(ExecutionStatus::Stopped | ExecutionStatus::Stopping), _) => "This execution was stopped.".into(),
        _ => "This model does not wait for approval.".into(),
    };
    view! { <div class="pipeline-banner" role="status"><p>{words}</p></div> }
}

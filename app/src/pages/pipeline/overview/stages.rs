//! The pipeline as a drawing: its stages as boxes in their accounts' hues, with what goes from one to the next.

use super::super::words::{APPROVE, DEPLOY, lane_class, short, stage_label, stage_lane};
use super::Live;
use crate::components::elapsed;
use crate::ui::{Icon, IconName};
use domain::pipeline::execution::{ExecutionStatus, StageState};
use domain::time::Timestamp;
use leptos::prelude::*;

/// A stage of the pipeline as it stands.
pub(super) fn stage_of(live: Live, name: &str) -> Memo<StageState> {
    let name = name.to_owned();
    Memo::new(move |_| {
        let found = live.shown.view.with(|shown| {
            let stages = shown.pipeline.state.iter().flat_map(|state| &state.stages);
            stages.into_iter().find(|stage| stage.name == name).cloned()
        });
        found.unwrap_or_else(|| StageState { name: name.clone(), ..StageState::default() })
    })
}

/// The names of the stages, in order.
pub(super) fn stage_names(live: Live) -> Memo<Vec<String>> {
    Memo::new(move |_| {
        let names = |shown: &super::Shown| {
            let stages = shown.pipeline.state.iter().flat_map(|state| &state.stages);
            stages.map(|stage| stage.name.clone()).collect()
        };
        live.shown.view.with(names)
    })
}

/// How a stage stands: a sign, a key for its colours, and words.
pub(super) fn stands(stage: &StageState) -> (&'static str, Option<IconName>, &'static str) {
    let waits = stage.actions.iter().any(|action| action.token.is_some());
    match stage.status {
        None => ("mark mark-pending", None, "Not run yet"),
        Some(ExecutionStatus::InProgress) if waits => {
            ("mark mark-waiting", Some(IconName::Clock), "Waits for approval")
        }
        Some(ExecutionStatus::InProgress) => ("mark mark-running", None, "Under way"),
        Some(ExecutionStatus::Stopping) => ("mark mark-running", None, "Stopping"),
        Some(ExecutionStatus::Succeeded) => ("mark mark-create", Some(IconName::Check), "Succeeded"),
        Some(ExecutionStatus::Failed) if stage.name == APPROVE => {
            ("mark mark-conflict", Some(IconName::Cross), "Rejected")
        }
        Some(ExecutionStatus::Failed) => ("mark mark-conflict", Some(IconName::Cross), "Failed"),
        Some(ExecutionStatus::Stopped) => ("mark mark-keep", Some(IconName::Cross), "Stopped"),
        Some(ExecutionStatus::Skipped) => ("mark mark-keep", None, "Skipped"),
        Some(ExecutionStatus::Cancelled | ExecutionStatus::Superseded) => ("mark mark-keep", None, "Superseded"),
    }
}

/// When that began or ended: `for 20 s`, `5 min ago`.
pub(super) fn stood(stage: &StageState, now: Timestamp) -> Option<String> {
    let at = stage.actions.iter().filter_map(|action| action.at).max()?;
    let going = stage.status.is_some_and(ExecutionStatus::is_going);
    Some(if going { format!("for {}", elapsed(now.since(at))) } else { at.ago(now) })
}

/// The drawing.
#[component]
pub(super) fn Stages(live: Live) -> impl IntoView {
    let names = stage_names(live);
    let any = Memo::new(move |_| names.with(|names| !names.is_empty()));
    move || {
        any.get().then(|| {
            view! {
                <nav class="pipeline-drawing" aria-label="Stages of the pipeline">
                    <ol class="pipeline-stages">
                        <For each=move || names.get() key=String::clone children=move |name| view! { <StageBox live name/> }/>
                    </ol>
                </nav>
            }
        })
    }
}

/// What a stage hands on to the next.
fn hands_on(name: &str) -> Option<&'static str> {
    match name {
        DEPLOY => None,
        "Source" => Some("template"),
        "DeployTraining" => Some("state machine"),
        "Train" => Some("model"),
        "Approve" => Some("approved model"),
        _ => Some(""),
    }
}

#[component]
fn StageBox(live: Live, name: String) -> impl IntoView {
    let stage = stage_of(live, &name);
    let lane = stage_lane(&name);
    let account = live.shown.view.with_untracked(|shown| lane.place(&shown.pipeline.intent).account.to_string());
    let newest = Memo::new(move |_| live.shown.view.with(|shown| shown.newest().map(|newest| newest.id.clone())));
    // What it shows is of an execution before the newest.
    let old = move || stage.with(|stage| stage.execution.is_some() && stage.execution != newest.get());
    let sign = move || {
        let (class, icon, _) = stage.with(stands);
        view! { <span class=class aria-hidden="true">{icon.map(|name| view! { <Icon name/> })}</span> }
    };
    let words = Memo::new(move |_| stage.with(stands).2);
    let time = move || stage.with(|stage| stood(stage, live.shown.now.get()));
    let execution = move || {
        stage.with(|stage| stage.execution.clone()).map(|id| {
            let title = format!("Execution {id}");
            view! { <span class="stage-execution" title=title>{short(&id).to_owned()}</span> }
        })
    };
    let href = format!("?stage={name}#stage-{name}");
    let arrow = hands_on(&name).map(|what| {
        view! {
            <span class="stage-arrow" aria-hidden="true">
                <span class="stage-arrow-word">{what}</span>
            </span>
        }
    });
    view! {
        <li class=format!("pipeline-stage {}", lane_class(lane))>
            <a class="stage-box" class:is-old=old href=href data-state=move || words.get()>
                <span class="stage-lane">{lane.label()} " " <code>{account}</code></span>
                <span class="stage-name">{sign} {stage_label(&name).to_owned()}</span>
                <span class="stage-state">
                    {move || words.get()} " " <span class="stage-time">{time}</span>
                </span>
                {execution}
            </a>
            {arrow}
        </li>
    }
}

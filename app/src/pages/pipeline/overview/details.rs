//! A stage in detail: why it failed and what to do about it, what it ran elsewhere, its events, metrics and log.

use super::super::words::{APPROVE, SOURCE, TRAIN, lane_class, retry_label, short, stage_label, stage_lane};
use super::log::{FirstLogs, StageLog, has_log};
use super::said::source_words;
use super::stages::{stage_names, stage_of, stands, stood};
use super::{Live, again_after};
use crate::api::pipeline::operate::RetryStage;
use crate::error::failure_of;
use crate::ui::{ActionProblem, ArnText, Button, ButtonKind, Icon, IconName, Words, heard_early};
use domain::pipeline::cause::{Cause, cause};
use domain::pipeline::execution::{ActionState, ActionStatus, ExecutionStatus, StageState};
use domain::pipeline::view::ActionLogView;
use leptos::form::ActionForm;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// All stages, each to be unfolded. Those that failed are at first.
#[component]
pub(super) fn StageCards(live: Live, logs: FirstLogs) -> impl IntoView {
    let names = stage_names(live);
    let retry = ServerAction::<RetryStage>::new();
    again_after(retry, live.shown.ask);
    let logs = StoredValue::new(logs);
    let card = move |name: String| {
        let first = logs.with_value(|logs| logs.iter().find(|(stage, _)| *stage == name).map(|(_, log)| log.clone()));
        view! { <StageCard live name first retry/> }
    };
    view! {
        <section class="stage-cards" aria-label="Stages in detail">
            <For each=move || names.get() key=String::clone children=card/>
        </section>
    }
}

#[component]
fn StageCard(live: Live, name: String, first: Option<ActionLogView>, retry: ServerAction<RetryStage>) -> impl IntoView {
    let stage = stage_of(live, &name);
    let query = use_query_map();
    let wanted = {
        let name = name.clone();
        Memo::new(move |_| query.with(|query| query.get("stage")).as_deref() == Some(name.as_str()))
    };
    let failed = Memo::new(move |_| stage.with(|stage| stage.status == Some(ExecutionStatus::Failed)));
    let open = RwSignal::new(wanted.get_untracked() || failed.get_untracked());
    let fold = heard_early::<html::Details>();
    Effect::new(move |before: Option<(bool, bool)>| {
        let now = (wanted.get(), failed.get());
        // A stage that fails, or is asked for, unfolds itself; nothing is ever folded under somebody's eyes.
        if before.is_some_and(|before| (now.0 && !before.0) || (now.1 && !before.1))
            && let Some(fold) = fold.get_untracked()
        {
            fold.set_open(true);
        }
        now
    });
    let going = Signal::derive(move || stage.with(|stage| stage.status.is_some_and(ExecutionStatus::is_going)));
    let execution = Memo::new(move |_| stage.with(|stage| stage.execution.clone()));
    let sign = move || {
        let (class, icon, _) = stage.with(stands);
        view! { <span class=class aria-hidden="true">{icon.map(|name| view! { <Icon name/> })}</span> }
    };
    let words = Memo::new(move |_| stage.with(stands).2);
    let time = move || stage.with(|stage| stood(stage, live.shown.now.get()));
    let lane = stage_lane(&name);
    let pipeline = live.shown.view.with_untracked(|shown| shown.pipeline.id.clone());
    let log = has_log(&name).then(|| {
        let (pipeline, stage) = (pipeline.clone(), name.clone());
        // As text: in a browser with scripts the content of `noscript` is no element. The name is one of three.
        let link = format!(r##"<p><a href="?stage={name}#stage-{name}">Show what is written about it</a></p>"##);
        let unread = first.is_none();
        view! {
            <StageLog pipeline stage execution going open first/>
            {unread.then(|| view! { <noscript inner_html=link></noscript> })}
        }
    });
    let anchor = format!("stage-{name}");
    view! {
        <details
            class=format!("card stage-card {}", lane_class(lane))
            node_ref=fold
            open=open.get_untracked()
            on:toggle:target=move |event| open.set(event.target().open())
        >
            <summary class="card-head">
                {sign}
                <h2>{stage_label(&name).to_owned()}</h2>
                <span class="card-aside">{move || words.get()} " " {time}</span>
            </summary>
            // The anchor is inside the fold, so that following it unfolds.
            <div class="card-body" id=anchor>
                <About live stage pipeline=pipeline.to_string() retry/>
                {log}
            </div>
        </details>
    }
}

/// What a stage's actions say of themselves.
#[component]
fn About(live: Live, stage: Memo<StageState>, pipeline: String, retry: ServerAction<RetryStage>) -> impl IntoView {
    let source = live.shown.view.with_untracked(|shown| source_words(&shown.pipeline.intent));
    let last = stage;
    move || {
        let stage = last.get();
        if stage.execution.is_none() {
            return view! { <p class="muted">"No execution has come here yet."</p> }.into_any();
        }
        let execution = stage.execution.clone().unwrap_or_default();
        let failed = stage.status == Some(ExecutionStatus::Failed);
        let failures = stage.actions.iter().filter(|action| action.status == Some(ActionStatus::Failed));
        let failures = failures.map(|action| failure(action.clone())).collect_view();
        let again = failed.then(|| {
            let (pipeline, execution, stage) = (pipeline.clone(), execution.clone(), stage.name.clone());
            let trains = stage == TRAIN;
            view! {
                <Retry retry pipeline execution stage/>
                {trains.then(|| view! {
                    <p class="prose muted">
                        "A retry trains with the same hyperparameters and the same data. For others, "
                        <a href="#change">"edit the pipeline"</a> "."
                    </p>
                })}
            }
        });
        let verdict = (stage.name == APPROVE).then(|| approval(&pipeline, &stage));
        let from = (stage.name == SOURCE).then(|| format!("Training template from {source}"));
        let facts = stage.actions.iter().map(|action| facts(action.clone())).collect_view();
        view! {
            {failures}
            {again}
            {verdict}
            {from.map(|from| view! { <p>{from}</p> })}
            <dl class="stage-facts">
                <div>
                    <dt>"Execution"</dt>
                    <dd>
                        <a href=format!("?execution={execution}#execution")><code>{short(&execution).to_owned()}</code></a>
                    </dd>
                </div>
                {facts}
            </dl>
        }
        .into_any()
    }
}

fn failure(action: ActionState) -> impl IntoView {
    let summary = action.summary.filter(|text| !text.trim().is_empty());
    let (code, told) = match (action.error, summary) {
        (Some(error), _) => (Some(error.code), error.message),
        (None, Some(summary)) => (None, summary),
        (None, None) => return ().into_any(),
    };
    view! { <Failure code told/> }.into_any()
}

/// A failure in a service's words: the reason, and all that was handed on with it to unfold.
#[component]
pub(super) fn Failure(
    /// AWS's code, where there is one.
    code: Option<String>,
    /// The message.
    told: String,
) -> impl IntoView {
    let Cause { said, whole } = cause(&told);
    let whole = whole.map(|whole| {
        view! {
            <details class="stage-more">
                <summary>"All that AWS says of it"</summary>
                <pre class="log-lines" tabindex="0">{whole}</pre>
            </details>
        }
    });
    view! {
        <div class="failure">
            <p class="failure-message">{code.map(|code| view! { <code>{code}</code> " " })} <Words text=said/></p>
            {whole}
        </div>
    }
}

fn facts(action: ActionState) -> impl IntoView {
    let ActionState { summary, external_id, revision, percent, status, .. } = action;
    // A source runs as the revision that it found.
    let external_id = external_id.filter(|id| revision.as_ref() != Some(id));
    let summary = summary.filter(|text| !text.trim().is_empty() && status != Some(ActionStatus::Failed));
    view! {
        {revision.map(|revision| view! {
            <div><dt>"Revision"</dt><dd><ArnText arn=revision label="Copy the revision"/></dd></div>
        })}
        {external_id.map(|id| view! {
            <div><dt>"Runs as"</dt><dd><ArnText arn=id label="Copy what it runs as"/></dd></div>
        })}
        {percent.filter(|percent| *percent < 100).map(|percent| view! {
            <div><dt>"Done"</dt><dd>{format!("{percent} %")}</dd></div>
        })}
        {summary.map(|summary| view! { <div><dt>"It says"</dt><dd>{summary}</dd></div> })}
    }
}

/// To the evidence: before the verdict to give it, afterwards to read what it was given by.
fn approval(pipeline: &str, stage: &StageState) -> impl IntoView + use<> {
    let waits = stage.actions.iter().any(|action| action.token.is_some());
    let href = stage.execution.as_ref().map(|execution| format!("/pipelines/{pipeline}/approve/{execution}"));
    href.map(|href| {
        let words = if waits {
            "Compare it with the model that serves, then approve or reject it"
        } else {
            "What it was judged by"
        };
        view! { <p><a href=href>{words}</a></p> }
    })
}

/// Runs the failed actions of a stage once more.
#[component]
pub(super) fn Retry(
    retry: ServerAction<RetryStage>,
    pipeline: String,
    execution: String,
    stage: String,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    let label = retry_label(&stage);
    let (kind, small) = if primary { (ButtonKind::Primary, false) } else { (ButtonKind::Secondary, true) };
    view! {
        <ActionForm action=retry>
            <input type="hidden" name="pipeline" value=pipeline/>
            <input type="hidden" name="execution" value=execution/>
            <input type="hidden" name="stage" value=stage/>
            <Button kind small icon=IconName::Refresh submit=true busy=retry.pending()>{label}</Button>
            <ActionProblem error=failure_of(retry)/>
        </ActionForm>
    }
}

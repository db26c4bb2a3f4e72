//! What ran and runs: each execution with what started it, what its actions did, and a way to stop it.

use super::super::words::{short, stage_label, started_by, status_words};
use super::details::Failure;
use super::log::{StageLog, has_log};
use super::said::source_words;
use super::{Live, again_after};
use crate::api::pipeline::operate::{StopExecution, get_actions, list_executions};
use crate::error::{AppError, failure_of};
use crate::ui::{
    ActionProblem, Badge, Button, ButtonKind, Card, Checkbox, Resolve, Skeleton, TextInput, Time, Tone, changing,
    duration_ms, heard_early,
};
use domain::endpoint::Page;
use domain::names::PipelineId;
use domain::pipeline::execution::{ActionExecution, ActionStatus, Execution};
use domain::pipeline::view::{IdleRule, Trigger};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The executions, the newest first, and the one that is asked for.
#[component]
pub(super) fn Executions(live: Live, idle: Vec<IdleRule>) -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| query.get("execution")).filter(|id| !id.is_empty()));
    let after = Memo::new(move |_| query.with(|query| query.get("after")).unwrap_or_default());
    let id = live.shown.view.with_untracked(|shown| shown.pipeline.id.clone());
    let stop = ServerAction::<StopExecution>::new();
    again_after(stop, live.shown.ask);
    let there = Memo::new(move |_| live.shown.view.with(|shown| shown.executions.is_some()));
    // Made here, not by the parts that show them, which the server and the browser make in another order.
    let of = id.clone();
    let actions = Resource::new(
        move || asked.get(),
        move |execution| {
            let id = of.clone();
            async move {
                match execution {
                    Some(execution) => get_actions(id, execution).await,
                    None => Ok(Vec::new()),
                }
            }
        },
    );
    let of = id.clone();
    let older = Resource::new(
        move || after.get(),
        move |after| {
            let id = of.clone();
            async move {
                match after.as_str() {
                    "" => Ok(Page { items: Vec::new(), next: None }),
                    _ => list_executions(id, after).await.map(|page| page.view),
                }
            }
        },
    );
    let one = {
        let id = id.clone();
        move || asked.get().map(|execution| view! { <One pipeline=id.clone() execution actions/> })
    };
    let list = move || {
        let id = id.clone();
        let newest = after.with(String::is_empty);
        there.get().then(|| {
            if newest {
                view! { <Newest live id stop/> }.into_any()
            } else {
                view! { <Older live id older stop/> }.into_any()
            }
        })
    };
    view! {
        {changing(one)}
        {(!idle.is_empty()).then(|| view! { <Idle idle/> })}
        {changing(list)}
    }
}

/// Rules that start nothing.
#[component]
fn Idle(idle: Vec<IdleRule>) -> impl IntoView {
    let told = idle.into_iter().map(|IdleRule { trigger, rule, there }| {
        let what = match trigger {
            Trigger::Data => "New training data starts no execution: the rule ",
            Trigger::Template => "A change of the template starts no execution: the rule ",
        };
        let why = if there {
            " is disabled in EventBridge. Enable it there."
        } else {
            " was deleted in EventBridge. Make it there again as the stack's template has it, or take the pipeline away and build it anew."
        };
        view! { <p>{what} <code>{rule}</code> {why}</p> }
    });
    view! { <div class="pipeline-banner is-list" role="note">{told.collect_view()}</div> }
}

#[component]
fn Newest(live: Live, id: PipelineId, stop: ServerAction<StopExecution>) -> impl IntoView {
    let page = Memo::new(move |_| {
        live.shown.view.with(|shown| shown.executions.clone()).unwrap_or(Page { items: Vec::new(), next: None })
    });
    let items = Memo::new(move |_| page.with(|page| page.items.clone()));
    let next = Memo::new(move |_| page.with(|page| page.next.clone()));
    view! { <List live id items next stop/> }
}

/// A page of older ones; it changes no more.
#[component]
fn Older(
    live: Live,
    id: PipelineId,
    older: Resource<Result<Page<Execution>, AppError>>,
    stop: ServerAction<StopExecution>,
) -> impl IntoView {
    view! {
        <Resolve
            resource=older
            failed="The executions could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=6/></div> }
            children=Callback::new(move |page: Page<Execution>| {
                let Page { items, next } = page;
                let (items, next) = (Memo::new(move |_| items.clone()), Memo::new(move |_| next.clone()));
                view! { <List live id=id.clone() items next stop/> }
            })
        />
    }
}

#[component]
fn List(
    live: Live,
    id: PipelineId,
    items: Memo<Vec<Execution>>,
    next: Memo<Option<String>>,
    stop: ServerAction<StopExecution>,
) -> impl IntoView {
    let none =
        move || items.with(Vec::is_empty).then(|| view! { <p class="card-body muted">"It has not run yet."</p> });
    let older = move || {
        next.get().map(|next| {
            let href = format!("?after={}#executions", crate::api::encoded(&next));
            view! { <div class="pager"><Button small=true href>"Older executions"</Button></div> }
        })
    };
    let row = move |id_of: String| {
        let first = items.with_untracked(|all| all.iter().find(|one| one.id == id_of).cloned());
        first.map(|first| {
            let execution = Memo::new(move |before: Option<&Execution>| {
                let found = items.with(|all| all.iter().find(|one| one.id == id_of).cloned());
                found.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
            });
            view! { <Row live pipeline=id.to_string() execution stop/> }
        })
    };
    view! {
        <Card title=|| "Executions" id="executions">
            <p class="card-body muted executions-note">
                "New training data, a change of the template and a person start one. A newer one takes the place of an older one that waits."
            </p>
            <ActionProblem error=failure_of(stop)/>
            {none}
            <ul class="lines" aria-label="Executions">
                <For each=move || items.get().into_iter().map(|one| one.id) key=String::clone children=row/>
            </ul>
            {older}
        </Card>
    }
}

#[component]
fn Row(live: Live, pipeline: String, execution: Memo<Execution>, stop: ServerAction<StopExecution>) -> impl IntoView {
    let id = execution.with_untracked(|execution| execution.id.clone());
    let badge = move || {
        let (tone, words) = status_words(execution.with(|execution| execution.status));
        view! { <Badge tone>{words}</Badge> }
    };
    let by = {
        let id = id.clone();
        Memo::new(move |_| {
            live.shown.view.with(|shown| {
                let pipeline = &shown.pipeline;
                let by = pipeline.started.get(&id).map(|by| if *by == pipeline.you { "you" } else { by.as_str() });
                execution.with(|execution| started_by(execution, by, &source_words(&pipeline.intent)))
            })
        })
    };
    let going = Memo::new(move |_| execution.with(|execution| execution.status.is_going()));
    let waits = {
        let id = id.clone();
        Memo::new(move |_| {
            live.shown.view.with(|shown| shown.pipeline.waiting.as_ref().is_some_and(|waiting| waiting.execution == id))
        })
    };
    let took = move || {
        execution.with(|execution| {
            let took = duration_ms(execution.updated.since(execution.started));
            if execution.status.is_going() { String::new() } else { format!(" · took {took}") }
        })
    };
    let why = move || execution.with(|execution| execution.stopped_because.clone()).map(|why| format!(" · {why}"));
    let started = execution.with_untracked(|execution| execution.started);
    let ending = {
        let (pipeline, id) = (pipeline.clone(), id.clone());
        move || {
            let waits = waits.get();
            going.get().then(|| view! { <Stop pipeline=pipeline.clone() execution=id.clone() waits stop/> })
        }
    };
    view! {
        <li class="line">
            <div class="line-text">
                <a
                    class="line-title"
                    href=format!("?execution={id}#execution")
                    aria-label=format!("Execution {}", short(&id))
                >
                    <code>{short(&id).to_owned()}</code>
                </a>
                <p class="line-detail">
                    "Started " {move || view! { <Time at=started now=live.shown.now.get()/> }} " " {move || by.get()} {took} {why}
                </p>
            </div>
            {badge}
            {ending}
        </li>
    }
}

/// Stops an execution, with a reason, waiting for what is under way or not.
#[component]
fn Stop(
    pipeline: String,
    execution: String,
    /// Whether its model waits for a verdict.
    waits: bool,
    stop: ServerAction<StopExecution>,
) -> impl IntoView {
    let verdict = waits.then(|| {
        view! {
            <p>
                "What is under way is the approval: the execution stops only after the verdict, unless it is not waited for. "
                "Rejecting the model ends it as well."
            </p>
        }
    });
    let field = format!("stop-{execution}");
    view! {
        <ActionForm action=stop attr:class="stop-form">
            <input type="hidden" name="pipeline" value=pipeline/>
            <input type="hidden" name="execution" value=execution/>
            <details class="confirm">
                <summary>"Stop it…"</summary>
                <div class="card-body stop-body">
                    {verdict}
                    <TextInput name="reason" label="Reason" id=format!("{field}-reason") description="It stands in the pipeline's history. At most 200 characters."/>
                    <Checkbox
                        name="abandon"
                        label="Don't wait for what is under way"
                        id=format!("{field}-abandon")
                        description="The action under way is left to itself: a training may go on and be billed, and a stack may be left half-way."
                    />
                    <div><Button kind=ButtonKind::Danger submit=true busy=stop.pending()>"Stop execution"</Button></div>
                </div>
            </details>
        </ActionForm>
    }
}

/// One execution: what each of its actions did.
#[component]
fn One(
    pipeline: PipelineId,
    execution: String,
    actions: Resource<Result<Vec<ActionExecution>, AppError>>,
) -> impl IntoView {
    let title = format!("Execution {}", short(&execution));
    view! {
        <Card title=move || title.clone() id="execution" aside=|| view! { <a href="?#executions">"Close"</a> }>
            <Resolve
                resource=actions
                failed="What it did could not be loaded"
                skeleton=|| view! { <Skeleton lines=4/> }
                children=Callback::new(move |actions: Vec<ActionExecution>| {
                    if actions.is_empty() {
                        return view! { <p class="card-body muted">"None of its actions has begun, or CodePipeline has forgotten them."</p> }.into_any();
                    }
                    // In the order in which they were done.
                    let rows = actions.into_iter().rev().map(|action| {
                        view! { <Action pipeline=pipeline.clone() execution=execution.clone() action/> }
                    });
                    view! { <ul class="lines">{rows.collect_view()}</ul> }.into_any()
                })
            />
        </Card>
    }
}

#[component]
fn Action(pipeline: PipelineId, execution: String, action: ActionExecution) -> impl IntoView {
    let (tone, words) = match action.status {
        ActionStatus::InProgress => (Tone::Accent, "Under way"),
        ActionStatus::Abandoned => (Tone::Neutral, "Abandoned"),
        ActionStatus::Succeeded => (Tone::Ok, "Succeeded"),
        ActionStatus::Failed => (Tone::Bad, "Failed"),
    };
    let going = action.status == ActionStatus::InProgress;
    let took = (!going).then(|| format!("took {}", duration_ms(action.updated.since(action.started))));
    let began = format!("{} UTC", action.started.rfc3339().replace('T', " ").trim_end_matches('Z'));
    let said = action.summary.filter(|text| !text.trim().is_empty()).map(|text| format!(" · {text}"));
    let error = action.error.map(|error| view! { <Failure code=Some(error.code) told=error.message/> });
    let open = RwSignal::new(false);
    let log = has_log(&action.stage).then(|| {
        let (stage, one) = (action.stage.clone(), Signal::stored(Some(execution)));
        view! {
            <details class="stage-more" node_ref=heard_early() on:toggle:target=move |event| open.set(event.target().open())>
                <summary>"What is written about it"</summary>
                <StageLog pipeline stage execution=one going=Signal::stored(going) open first=None/>
            </details>
        }
    });
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">{stage_label(&action.stage).to_owned()}</p>
                <p class="line-detail">"Began " {began} {took.map(|took| format!(" · {took}"))} {said}</p>
            </div>
            <Badge tone>{words}</Badge>
            <div class="line-whole">{error} {log}</div>
        </li>
    }
}

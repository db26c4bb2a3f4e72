//! What can be read of an action: the events of its stack, its training, lines of a log; followed while it goes.

use super::super::words::{DEPLOY, DEPLOY_TRAINING, TRAIN};
use super::details::Failure;
use super::training::Training;
use crate::api::pipeline::operate::get_action_log;
use crate::error::AppError;
use crate::ui::{ErrorPanel, Skeleton};
use domain::names::PipelineId;
use domain::pipeline::execution::{ExecutionStatus, LogLine, MachineExecution};
use domain::pipeline::observed::StackEvent;
use domain::pipeline::rounds::rounds;
use domain::pipeline::view::{ActionLogView, PipelineView};
use leptos::prelude::*;
use std::time::Duration;

/// How often a log that grows is read.
const FOLLOW: Duration = Duration::from_secs(2);

/// Logs that the page begins with, by their stages.
pub(super) type FirstLogs = Vec<(String, ActionLogView)>;

/// Whether a stage has more to read than its state.
pub(super) fn has_log(stage: &str) -> bool {
    matches!(stage, DEPLOY_TRAINING | TRAIN | DEPLOY)
}

/// The logs of the stage that is asked for, and of those that failed: what is open at first. One that can't be read is
/// asked for again by its own part of the page.
pub(super) async fn first_logs(id: &PipelineId, pipeline: &PipelineView, asked: &str) -> FirstLogs {
    let stages = pipeline.state.iter().flat_map(|state| &state.stages);
    let mut logs = Vec::new();
    for stage in stages.filter(|stage| has_log(&stage.name)) {
        let Some(execution) = &stage.execution else { continue };
        if stage.name == asked || stage.status == Some(ExecutionStatus::Failed) {
            let log = get_action_log(id.clone(), execution.clone(), stage.name.clone(), String::new()).await;
            logs.extend(log.ok().map(|log| (stage.name.clone(), log)));
        }
    }
    logs
}

/// What was read so far.
#[derive(Clone, Copy)]
struct Read {
    /// Events, execution and job; no lines.
    told: RwSignal<Option<ActionLogView>>,
    /// The lines, as they came.
    pages: RwSignal<Vec<Vec<LogLine>>>,
    trouble: RwSignal<Option<AppError>>,
    /// The reading that counts.
    round: StoredValue<u64>,
}

impl Read {
    fn new(first: Option<ActionLogView>) -> Self {
        let read = Self {
            told: RwSignal::new(None),
            pages: RwSignal::new(Vec::new()),
            trouble: RwSignal::new(None),
            round: StoredValue::new(0),
        };
        if let Some(first) = first {
            read.take(first);
        }
        read
    }

    fn take(&self, mut log: ActionLogView) {
        let lines = std::mem::take(&mut log.lines);
        if !lines.is_empty() {
            self.pages.update(|pages| pages.push(lines));
        }
        self.told.set(Some(log));
        self.trouble.set(None);
    }

    fn clear(&self) {
        self.told.set(None);
        self.pages.set(Vec::new());
    }
}

/// The log of a stage's action in an execution, read once it is open.
#[component]
pub(super) fn StageLog(
    pipeline: PipelineId,
    /// The stage.
    stage: String,
    /// The execution; another one begins another log.
    #[prop(into)]
    execution: Signal<Option<String>>,
    /// Whether it may grow.
    #[prop(into)]
    going: Signal<bool>,
    /// Whether it is to be read.
    #[prop(into)]
    open: Signal<bool>,
    /// What the page began with.
    first: Option<ActionLogView>,
) -> impl IntoView {
    let begun = first.is_some();
    let read = Read::new(first);
    let place = (pipeline, stage.clone());
    let again = Callback::new(move |()| {
        if let Some(execution) = execution.get_untracked() {
            read_on(place.clone(), execution, read, going, open);
        }
    });
    Effect::new(move |before: Option<(Option<String>, bool, bool)>| {
        let now = (execution.get(), going.get(), open.get());
        let other = before.as_ref().is_some_and(|before| before.0 != now.0);
        if other {
            read.clear();
        }
        // What the page began with needs no second reading, unless it grows.
        let known = before.is_none() && begun && !now.1;
        if now.2 && !known && before.as_ref() != Some(&now) {
            again.run(());
        }
        now
    });
    let label = format!("Log of {}", super::super::words::stage_label(&stage));
    let job = Memo::new(move |_| read.told.with(|told| told.as_ref().and_then(|told| told.job.clone())));
    let job_failed = move || job.with(|job| job.as_ref().is_some_and(|job| job.failure.is_some()));
    let rounds = Memo::new(move |_| read.pages.with(|pages| rounds(pages.iter().flatten())));
    let events =
        Memo::new(move |_| read.told.with(|told| told.as_ref().map(|told| told.events.clone()).unwrap_or_default()));
    let machine = Memo::new(move |_| read.told.with(|told| told.as_ref().and_then(|told| told.execution.clone())));
    let unread = Memo::new(move |_| read.told.with(Option::is_none));
    let nothing = Memo::new(move |_| {
        let empty = |told: &ActionLogView| told.events.is_empty() && told.job.is_none();
        read.told.with(|told| told.as_ref().is_some_and(empty)) && read.pages.with(Vec::is_empty)
    });
    let trouble =
        move || read.trouble.get().map(|error| view! { <ErrorPanel error title="It could not be read" retry=again/> });
    let waiting = move || {
        let has_execution = execution.with(Option::is_some);
        (unread.get() && has_execution && read.trouble.with(Option::is_none)).then(|| view! { <Skeleton lines=3/> })
    };
    view! {
        <div class="stage-log">
            {trouble}
            {waiting}
            // A job that failed says why in its own facts; the state machine only repeats it.
            {move || (!job_failed()).then(|| machine.get().and_then(machine_failure))}
            <Training job rounds/>
            <Events events/>
            <Lines label pages=read.pages/>
            {move || nothing.get().then(|| view! { <p class="muted">"Nothing is written about it yet."</p> })}
        </div>
    }
}

/// Reads what is new; and again after a while, as long as it goes on and is looked at.
fn read_on(place: (PipelineId, String), execution: String, read: Read, going: Signal<bool>, open: Signal<bool>) {
    let Some(mine) = read.round.try_update_value(|round| {
        *round += 1;
        *round
    }) else {
        return;
    };
    let counts = move || read.round.try_get_value() == Some(mine);
    leptos::task::spawn_local(async move {
        loop {
            let next = read.told.with_untracked(|told| told.as_ref().and_then(|told| told.next.clone()));
            let (pipeline, stage) = place.clone();
            let answer = get_action_log(pipeline, execution.clone(), stage, next.unwrap_or_default()).await;
            if !counts() {
                return;
            }
            match answer {
                Ok(log) => {
                    let more = log.more;
                    read.take(log);
                    if !more {
                        break;
                    }
                }
                Err(error) => {
                    read.trouble.set(Some(error));
                    break;
                }
            }
        }
        if going.try_get_untracked() == Some(true) && open.try_get_untracked() == Some(true) {
            set_timeout(
                move || {
                    if counts() {
                        read_on(place, execution, read, going, open);
                    }
                },
                FOLLOW,
            );
        }
    });
}

/// Why the state machine's execution failed.
fn machine_failure(execution: MachineExecution) -> Option<AnyView> {
    let error = execution.error?;
    let told = execution.cause.unwrap_or_default();
    Some(view! { <div role="alert"><Failure code=Some(error) told/></div> }.into_any())
}

/// Events of a stack, the oldest first; what failed stands out.
#[component]
fn Events(events: Memo<Vec<StackEvent>>) -> impl IntoView {
    let any = Memo::new(move |_| events.with(|events| !events.is_empty()));
    let rows = move || {
        view! {
            <For each=move || events.get() key=|event| event.id.clone() children=event_row/>
        }
    };
    move || {
        any.get().then(|| {
            view! {
                <div class="table-scroll" role="region" aria-label="Events of the stack" tabindex="0">
                    <table class="table event-table">
                        <thead>
                            <tr>
                                <th scope="col">"Time"</th>
                                <th scope="col">"Resource"</th>
                                <th scope="col">"Type"</th>
                                <th scope="col">"State"</th>
                            </tr>
                        </thead>
                        <tbody>{rows()}</tbody>
                    </table>
                </div>
            }
        })
    }
}

fn event_row(event: StackEvent) -> impl IntoView {
    let class = if event.status.ends_with("FAILED") { "is-failed" } else { "" };
    view! {
        <tr class=class>
            <td class="nowrap num">{clock(event.at)}</td>
            <td><code>{event.logical_id}</code></td>
            <td class="nowrap">{event.resource_type}</td>
            <td>
                <span class="nowrap">{event.status}</span>
                {event.reason.map(|reason| view! { <p class="event-reason">{reason}</p> })}
            </td>
        </tr>
    }
}

/// Lines of a log. What comes is added below; what is there stays, selected or not.
#[component]
fn Lines(label: String, pages: RwSignal<Vec<Vec<LogLine>>>) -> impl IntoView {
    let any = Memo::new(move |_| pages.with(|pages| !pages.is_empty()));
    move || {
        any.get().then(|| {
            view! {
                <pre class="log-lines" role="region" aria-label=label.clone() tabindex="0">
                    <For
                        each=move || 0..pages.with(Vec::len)
                        key=|at| *at
                        children=move |at| pages.with_untracked(|pages| pages.get(at).map(|page| text_of(page)))
                    />
                </pre>
            }
        })
    }
}

fn text_of(lines: &[LogLine]) -> String {
    lines.iter().map(|line| format!("{}  {}\n", clock(line.at), line.text.trim_end())).collect()
}

/// The time of day, in UTC.
fn clock(at: domain::time::Timestamp) -> String {
    at.rfc3339().get(11..19).unwrap_or_default().to_owned()
}

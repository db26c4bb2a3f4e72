//! One step of a run.

use super::words::{is_upload, progress_words, step_detail};
use crate::components::run::RequestId;
use crate::ui::{Icon, IconName, Words};
use domain::pipeline::observed::StackEvent;
use domain::pipeline::view::PipelineStepView;
use domain::run::{StepError, StepState};
use domain::time::Timestamp;
use leptos::prelude::*;

#[component]
pub(super) fn StepRow(step: Memo<PipelineStepView>, now: RwSignal<Timestamp>) -> impl IntoView {
    let state = Memo::new(move |_| step.with(|step| step.state));
    let error = Memo::new(move |_| step.with(|step| step.error.clone()));
    let told = Memo::new(move |_| step.with(|step| !step.events.is_empty()));
    let title = step.with_untracked(|step| step.title.clone());
    let detail = move || {
        // The clock matters to what is under way only.
        let now = if state.get() == StepState::Running { now.get() } else { now.get_untracked() };
        step.with(|step| step_detail(step, now))
    };
    view! {
        <li class="lane-item">
            {move || view! { <StateMark state=state.get()/> }}
            <div class="lane-what">
                <p class="lane-name">{title.clone()}</p>
                <p class="lane-detail">{detail}</p>
                <Uploading step title=title/>
                {move || error.get().map(|error| view! { <StepFailure error/> })}
                {move || told.get().then(|| view! { <Events step/> })}
            </div>
        </li>
    }
}

#[component]
fn StateMark(state: StepState) -> impl IntoView {
    let (class, sign, said): (_, Option<IconName>, _) = match state {
        StepState::Pending => ("mark mark-pending", None, "Waiting"),
        StepState::Running => ("mark mark-running", None, "Under way"),
        StepState::Done => ("mark mark-create", Some(IconName::Check), "Done"),
        StepState::Failed => ("mark mark-conflict", Some(IconName::Cross), "Failed"),
    };
    view! {
        <span class=class title=said>
            {sign.map(|name| view! { <Icon name/> })}
            <span class="visually-hidden">{format!("{said}: ")}</span>
        </span>
    }
}

/// How far an upload or a deletion is, while it goes.
#[component]
fn Uploading(step: Memo<PipelineStepView>, title: String) -> impl IntoView {
    let going = Memo::new(move |_| {
        step.with(|step| {
            let progress = step.progress.filter(|_| matches!(step.state, StepState::Running | StepState::Failed));
            progress.map(|progress| (progress, is_upload(step)))
        })
    });
    let shown = Memo::new(move |_| going.with(Option::is_some));
    move || {
        let title = title.clone();
        shown.get().then(|| {
            let of = move || going.get().and_then(|(progress, _)| progress.all.map(|all| (progress.done, all)));
            let words = move || going.get().map(|(progress, upload)| progress_words(progress, upload));
            let bar = Memo::new(move |_| of().is_some());
            view! {
                <div class="run-part">
                    {move || {
                        let title = title.clone();
                        bar.get().then(|| view! {
                            <progress
                                class="run-progress"
                                max=move || of().map(|(_, all)| all)
                                value=move || of().map(|(done, _)| done)
                                aria-label=title
                            ></progress>
                        })
                    }}
                    <span class="run-part-words">{words}</span>
                </div>
            }
        })
    }
}

#[component]
fn StepFailure(error: StepError) -> impl IntoView {
    view! {
        <div class="failure" role="alert">
            <p class="failure-message"><code>{error.code}</code> " " <Words text=error.message/></p>
            <p class="failure-hint"><Words text=error.hint/></p>
            {error.request_id.map(|id| view! { <p class="failure-request"><RequestId id/></p> })}
        </div>
    }
}

/// What CloudFormation tells, the newest last. Its fold says the newest.
#[component]
fn Events(step: Memo<PipelineStepView>) -> impl IntoView {
    let last = move || {
        step.with(|step| step.events.last().map(|event| (event.logical_id.clone(), event.status.clone())))
            .map(|(what, status)| view! { {what} " " <code>{status}</code> })
    };
    let events = move || step.with(|step| step.events.clone());
    let label = step.with_untracked(|step| format!("Events of “{}”, the newest last", step.title));
    view! {
        <details class="run-events">
            <summary><span class="run-last">"CloudFormation: " {last}</span></summary>
            <div class="run-event-list" tabindex="0" role="region" aria-label=label>
                <ol>
                    <For each=events key=|event| event.id.clone() children=|event| view! { <Event event/> }/>
                </ol>
            </div>
        </details>
    }
}

#[component]
fn Event(event: StackEvent) -> impl IntoView {
    let exact = event.at.rfc3339();
    // The day is known: hours, minutes and seconds.
    let time = exact.get(11..19).unwrap_or_default().to_owned();
    let failed = event.status.ends_with("FAILED");
    view! {
        <li class="run-event" class:is-failed=failed>
            <time datetime=exact.clone() title=exact>{time}</time>
            <span class="run-event-what">
                <span class="run-event-name">{event.logical_id}</span>
                " "
                <code>{event.status}</code>
                <span class="run-event-type">{event.resource_type}</span>
                {event.reason.map(|reason| view! { <span class="run-event-why">{reason}</span> })}
            </span>
        </li>
    }
}

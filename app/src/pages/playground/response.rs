//! The response: what came back, how long it took, or why there is none. Everything a model answers is a text node, or the
//! pixels of an image.

mod body;
mod download;
mod failure;
mod head;
mod pager;
mod rows;
mod sight;
mod tree;
mod views;

pub(super) use failure::Failure as Failed;
pub(super) use head::{Fact, Facts, Span, Spent};
pub(super) use pager::Pager;
pub(super) use rows::range;

use super::Typed;
use super::later::{Awaited, Later};
use super::request::{ms_since, now_ms};
use super::streaming::{Live, Streamed};
use crate::api::playground::InvokeEndpoint;
use crate::error::AppError;
use crate::ui::{ErrorPanel, Icon, IconName, Skeleton, size};
use body::Body;
use domain::invoke::{InvokeAnswer, InvokeFailure, InvokeOutcome};
use failure::Failure;
use leptos::prelude::*;
use views::Answer;

/// What came back.
#[component]
pub(super) fn Response(
    endpoint: String,
    invoke: ServerAction<InvokeEndpoint>,
    kept: Option<Result<InvokeOutcome, AppError>>,
    typed: Typed,
    live: Live,
    later: Later,
) -> impl IntoView {
    let value = invoke.value();
    let pending = invoke.pending();
    // Which of the two was asked for last.
    let streams = Memo::new(move |_| live.is_on());
    let awaited = Memo::new(move |_| later.is_on());
    sight::bring(Signal::derive(move || pending.get() || streams.get() || awaited.get()));
    let cancelled = cancelled(invoke);
    let (name, calling) = (endpoint.clone(), endpoint);
    let state = {
        let kept = kept.clone();
        move || match value.get().or_else(|| kept.clone()) {
            None => view! { <Nothing /> }.into_any(),
            Some(Err(error)) => view! { <ErrorPanel error=error title="The endpoint was not called" /> }.into_any(),
            Some(Ok(outcome)) => view! { <Outcome outcome endpoint=name.clone() typed /> }.into_any(),
        }
    };
    let endpoint = calling.clone();
    let shown = move || {
        if streams.get() {
            return view! { <Streamed live endpoint=endpoint.clone() typed /> }.into_any();
        }
        if awaited.get() {
            return view! { <Awaited later endpoint=endpoint.clone() typed /> }.into_any();
        }
        if pending.get() {
            return view! { <Waiting endpoint=endpoint.clone() /> }.into_any();
        }
        match cancelled.get() {
            Some(seconds) => view! { <Cancelled seconds /> }.into_any(),
            None => state(),
        }
    };
    // Read aloud in a sentence: the answer itself may have thousands of rows.
    let said = move || match (streams.get(), pending.get(), cancelled.get()) {
        _ if awaited.get() => later.in_a_sentence(),
        (true, ..) => live.in_a_sentence(),
        (_, true, _) => format!("Calling {calling}"),
        (.., Some(seconds)) => format!("Cancelled after {seconds} s"),
        _ => value.with(|value| match value.as_ref().or(kept.as_ref()) {
            Some(Ok(InvokeOutcome { result: Ok(InvokeAnswer { status, content_type, bytes, .. }), .. })) => {
                in_a_sentence(*status, content_type, *bytes)
            }
            // Failures are alerts.
            _ => String::new(),
        }),
    };
    view! {
        <section class="pane" id="response" aria-label="Response">
            <p class="visually-hidden" role="status">{said}</p>
            {shown}
        </section>
    }
}

/// After how many seconds the last call ended without an answer, where it did: it was taken back before one came.
fn cancelled(invoke: ServerAction<InvokeEndpoint>) -> RwSignal<Option<u64>> {
    let cancelled = RwSignal::new(None);
    let (pending, version) = (invoke.pending(), invoke.version());
    Effect::new(move |before: Option<Option<(usize, f64)>>| {
        if pending.get() {
            cancelled.set(None);
            return Some((version.get_untracked(), now_ms()));
        }
        if let Some((before, began)) = before.flatten()
            && before == version.get_untracked()
        {
            cancelled.set(Some(ms_since(began) / 1000));
        }
        None
    });
    cancelled
}

fn in_a_sentence(status: u16, content_type: &str, bytes: usize) -> String {
    let content_type = content_type.trim();
    let kind = if content_type.is_empty() { String::new() } else { format!(", {content_type}") };
    format!("Answered with {status}{kind}, {}", size(bytes))
}

#[component]
fn Heading() -> impl IntoView {
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Heading />
        <div class="pane-empty">
            <Icon name=IconName::Playground />
            <p>"The model's answer appears here, with the time each part took."</p>
        </div>
    }
}

#[component]
fn Cancelled(seconds: u64) -> impl IntoView {
    view! {
        <Heading />
        <div class="pane-empty">
            <p>
                <strong>{format!("Cancelled after {seconds} s")}</strong>
            </p>
            <p>"No answer had come; the model may have run all the same. What was typed is kept."</p>
        </div>
    }
}

#[component]
fn Waiting(endpoint: String) -> impl IntoView {
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
            <span class="muted">{format!("Calling {endpoint}")}</span>
        </div>
        <Skeleton lines=6 />
    }
}

/// An answer without the times of a call.
#[component]
pub(super) fn Answered(answer: InvokeAnswer, endpoint: String) -> impl IntoView {
    let facts = of_answer(&answer);
    let status = answer.status;
    view! {
        <Answer body=Body::of(answer, &endpoint) status heading=None/>
        <Facts facts/>
    }
}

/// What a call came to.
#[component]
pub(super) fn Outcome(
    outcome: InvokeOutcome,
    endpoint: String,
    /// The request, where it can be sent again with one click.
    #[prop(optional)]
    typed: Option<Typed>,
    /// Instead of the pane's own heading, where there is more than one answer: it is shown in one way then.
    #[prop(optional)]
    heading: Option<String>,
) -> impl IntoView {
    let InvokeOutcome { result, role_us, role_cached, call_us, request_id } = outcome;
    let mut spans = vec![Span::role(role_us, role_cached)];
    let (content, mut facts) = match result {
        Ok(answer) => {
            let waiting = call_us.saturating_sub(answer.transfer_us);
            spans.extend([
                Span::wait(waiting, "waiting for the first byte"),
                Span::transfer(answer.transfer_us, "transfer"),
            ]);
            let facts = of_answer(&answer);
            let status = answer.status;
            let body = Body::of(answer, &endpoint);
            (view! { <Answer body status heading /> }.into_any(), facts)
        }
        Err(failure) => {
            let called = failure.operation != "AssumeRole" && call_us > 0;
            spans.extend(called.then(|| Span::wait(call_us, "until it failed")));
            let facts = of_failure(&failure);
            (view! { <Failure failure typed heading /> }.into_any(), facts)
        }
    };
    facts.push(Fact::id("Request ID", request_id));
    view! {
        {content}
        <Spent spans />
        <Facts facts />
    }
}

fn of_answer(answer: &InvokeAnswer) -> Vec<Fact> {
    vec![
        Fact::text(
            "Content type",
            Some(answer.content_type.clone()).filter(|kind| !kind.is_empty()).or(Some("none".into())),
        ),
        Fact::text("Size", Some(size(answer.bytes))),
        Fact::text("Variant", answer.variant.clone()),
        Fact::id("Custom attributes", answer.custom_attributes.clone()),
        Fact::id("Session opened", answer.new_session.clone()),
        Fact::id("Session closed", answer.closed_session.clone()),
    ]
}

fn of_failure(failure: &InvokeFailure) -> Vec<Fact> {
    vec![Fact::text("Operation", Some(failure.operation.clone()).filter(|name| !name.is_empty()))]
}

#[cfg(test)]
mod tests {
    use super::in_a_sentence;

    #[test]
    fn what_an_answer_does_not_have_is_not_read_aloud() {
        assert_eq!(in_a_sentence(200, "text/csv", 6), "Answered with 200, text/csv, 6 B");
        assert_eq!(in_a_sentence(200, " ", 0), "Answered with 200, 0 B");
    }
}

//! What the function said. Everything it returns and logs is a text node.

use crate::api::function::KeptCall;
use crate::components::DenialWhy;
use crate::ui::{Badge, ErrorPanel, Tone, Words, duration_ms};
use domain::share::function::{FunctionFailure, FunctionOutcome, FunctionReport, Prediction};
use leptos::prelude::*;

#[component]
pub(super) fn Called(call: KeptCall) -> impl IntoView {
    match call.result {
        Err(error) => view! { <ErrorPanel error title="The function was not called"/> }.into_any(),
        Ok(outcome) => view! { <Outcome outcome/> }.into_any(),
    }
}

#[component]
fn Outcome(outcome: FunctionOutcome) -> impl IntoView {
    let FunctionOutcome { result, took_ms, tries, waited_ms, request_id } = outcome;
    let waited = (tries > 1).then(|| {
        let text = format!(
            "Called {tries} times over {}: the documents allowed it before IAM had told everybody.",
            duration_ms(waited_ms)
        );
        view! { <p class="pane-note">{text}</p> }
    });
    let content = match result {
        Ok(report) => view! { <Report report/> }.into_any(),
        Err(failure) => view! { <NotCalled failure/> }.into_any(),
    };
    view! {
        {content}
        {waited}
        <div class="pane-foot">
            <span>{duration_ms(took_ms)}</span>
            {request_id.map(|id| view! { <span>"request " <code>{id}</code></span> })}
        </div>
    }
}

#[component]
fn Report(report: FunctionReport) -> impl IntoView {
    let FunctionReport { prediction, error_type, error, payload, log, explanation } = report;
    let (tone, badge) = match (&prediction, &error_type) {
        (Some(_), _) => (Tone::Ok, "Answered".to_owned()),
        (None, Some(kind)) => (Tone::Bad, kind.clone()),
        (None, None) => (Tone::Neutral, "Returned".to_owned()),
    };
    let said = match (prediction, error) {
        (Some(prediction), _) => view! { <Answer prediction/> }.into_any(),
        (None, Some(error)) => {
            let why = explanation.map(|why| view! { <DenialWhy why/> });
            view! {
                <div class="failure-body" role="alert">
                    <p class="failure-words">{error}</p>
                    {why}
                </div>
            }
            .into_any()
        }
        (None, None) => view! { <pre class="code-block" tabindex="0" aria-label="Returned">{payload}</pre> }.into_any(),
    };
    let log = log.map(|log| {
        view! {
            <details class="function-log" open=true>
                <summary>"End of the log"</summary>
                <pre class="code-block" tabindex="0" aria-label="End of the log">{log}</pre>
            </details>
        }
    });
    view! {
        <div class="pane-head">
            <h2>"Result"</h2>
            <Badge tone=tone>{badge}</Badge>
        </div>
        {said}
        {log}
    }
}

#[component]
fn Answer(prediction: Prediction) -> impl IntoView {
    let Prediction { status, content_type, variant, body, is_text } = prediction;
    let about: Vec<String> = [Some(status.to_string()), content_type, variant].into_iter().flatten().collect();
    let note = (!is_text).then_some("The body is not text: it is shown in base64.");
    view! {
        <div class="function-answer">
            <h3>"Prediction"</h3>
            <p class="muted">{about.join(" · ")}</p>
            {note.map(|note| view! { <p class="muted">{note}</p> })}
            <pre class="code-block" tabindex="0" aria-label="Prediction">{body}</pre>
        </div>
    }
}

#[component]
fn NotCalled(failure: FunctionFailure) -> impl IntoView {
    view! {
        <div class="pane-head">
            <h2>"Result"</h2>
            <Badge tone=Tone::Bad>{failure.code}</Badge>
        </div>
        <div class="failure-body" role="alert">
            <p class="failure-words"><Words text=failure.message/></p>
            <p class="failure-hint"><Words text=failure.hint/></p>
        </div>
    }
}

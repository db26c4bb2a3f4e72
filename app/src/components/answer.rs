//! What came of a call, in a few lines: for people who filled in a form and want the answer.

use super::DenialWhy;
use crate::ui::{Badge, CopyButton, Tone, Words, duration_us, size};
use domain::invoke::{InvokeAnswer, InvokeFailure, InvokeOutcome};
use leptos::prelude::*;

/// The longest text that is drawn, in bytes; Copy takes all of it.
const MOST_DRAWN: usize = 200_000;

/// An answer as text, or why there is none. Nothing that a model says is ever more than text.
#[component]
pub fn PlainAnswer(
    /// What came of it.
    outcome: InvokeOutcome,
) -> impl IntoView {
    let took = duration_us(outcome.role_us.saturating_add(outcome.call_us));
    match outcome.result {
        Ok(answer) => view! { <Answered answer took/> }.into_any(),
        Err(failure) => view! { <Failed failure took/> }.into_any(),
    }
}

#[component]
fn Answered(answer: InvokeAnswer, took: String) -> impl IntoView {
    let InvokeAnswer { content_type, text, bytes, .. } = answer;
    let about =
        format!("{} · {} · {took}", if content_type.is_empty() { "no type" } else { &content_type }, size(bytes));
    let body = match text {
        Some(text) => view! { <PlainText text label="Copy the answer"/> }.into_any(),
        None => {
            let said = format!("The answer is {} of something else than text.", size(bytes));
            view! { <p class="card-body">{said}</p> }.into_any()
        }
    };
    view! {
        <p class="answer-about" role="status">
            <Badge tone=Tone::Ok dot=true>"Answered"</Badge>
            <span class="muted">{about}</span>
        </p>
        {body}
    }
}

#[component]
fn Failed(failure: InvokeFailure, took: String) -> impl IntoView {
    let InvokeFailure { operation, code, message, model, hint, explanation, .. } = failure;
    let model = model.map(|model| view! { <PlainText text=model.message label="Copy the model's message"/> });
    view! {
        <p class="answer-about">
            <Badge tone=Tone::Bad dot=true>{code}</Badge>
            <span class="muted">{format!("{operation} · {took}")}</span>
        </p>
        <div class="card-body" role="alert">
            <p><Words text=message/></p>
            <p class="field-about"><Words text=hint/></p>
            {explanation.map(|why| view! { <DenialWhy why/> })}
        </div>
        {model}
    }
}

/// Text as it is, to read and to copy.
#[component]
pub fn PlainText(
    /// All of it.
    text: String,
    /// The copy button's label.
    label: &'static str,
) -> impl IntoView {
    let cut = text.len() > MOST_DRAWN;
    let drawn = text[..text.floor_char_boundary(MOST_DRAWN)].to_owned();
    view! {
        <div class="code-frame plain-text">
            <CopyButton text=text label=label compact=true/>
            <pre class="code-block" tabindex="0">{drawn}</pre>
        </div>
        {cut.then(|| view! { <p class="field-about card-body">{format!("The first {} are shown; Copy takes all.", size(MOST_DRAWN))}</p> })}
    }
}

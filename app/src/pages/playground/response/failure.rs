//! Why there is no answer: AWS's words, the model's own, what they mean, what to do next, and where the log is.

use super::super::Typed;
use super::super::request::send_again;
use crate::components::DenialWhy;
use crate::ui::{ArnText, Badge, Tone, Words, pressed_early};
use domain::invoke::accepted::{Retry, TypeHeader, retries};
use domain::invoke::body::{json, visible};
use domain::invoke::{InvokeFailure, ModelFailure, log_page};
use leptos::prelude::*;

/// More of a model's message than this is not drawn.
const LONGEST: usize = 20_000;

/// A call that failed.
#[component]
pub(in super::super) fn Failure(
    failure: InvokeFailure,
    /// The request, where it can be sent again with one click.
    typed: Option<Typed>,
    /// Instead of the pane's own.
    heading: Option<String>,
) -> impl IntoView {
    let status = match (failure.status, failure.code.as_str()) {
        (Some(status), "") => status.to_string(),
        // Where AWS gives no code the status stands for it.
        (Some(status), code) if code == status.to_string() => status.to_string(),
        (Some(status), code) => format!("{status} · {code}"),
        (None, "") => "No answer".into(),
        (None, code) => code.to_owned(),
    };
    let offered = failure.model.as_ref().zip(typed).map(|(model, typed)| {
        let (sent, asked) = (typed.content_type.get_untracked(), typed.accept.get_untracked());
        (retries(model.status, &model.message, &sent, &asked), typed)
    });
    // SageMaker's own message repeats the model's: what is said once is enough.
    let words = match &failure.model {
        Some(model) => failure.message.replacen(model.message.as_str(), "…", usize::from(model.message.len() > 40)),
        None => failure.message.clone(),
    };
    view! {
        <div class="pane-head">
            <h2>{heading.unwrap_or_else(|| "Response".into())}</h2>
            <Badge tone=Tone::Bad>{status}</Badge>
        </div>
        <div class="failure-body">
            <div class="failure-what" role="alert">
                <p class="failure-words">{visible(&words).into_owned()}</p>
                <p class="failure-hint">
                    <Words text=as_sentence(&failure.hint) />
                </p>
            </div>
            {offered
                .filter(|(offered, _)| !offered.is_empty())
                .map(|(offered, typed)| view! { <Retries offered typed /> })}
            {failure.model.map(|model| view! { <ModelWords model /> })}
            {failure.explanation.map(|why| view! { <DenialWhy why=why /> })}
        </div>
    }
}

/// A hint, which ends without a full stop as errors do, as the sentence that it is on the page.
fn as_sentence(hint: &str) -> String {
    let hint = hint.trim_end();
    let ended = hint.is_empty() || hint.ends_with(['.', '!', '?', ':']);
    format!("{hint}{}", if ended { "" } else { "." })
}

/// What the container said. It may be JSON, or a whole page of HTML: it is text.
#[component]
fn ModelWords(model: ModelFailure) -> impl IntoView {
    let ModelFailure { status, message, log_stream_arn } = model;
    let heading = match status {
        Some(status) if status > 0 => format!("The model answered {status}"),
        _ => "The model's container".into(),
    };
    let is_json = message.trim_start().starts_with(['{', '[']) && json::check(&message).is_ok();
    let message = if is_json { json::pretty(&message, LONGEST).0 } else { message };
    let shown = visible(&message[..message.floor_char_boundary(LONGEST)]).into_owned();
    let shown = if shown.trim().is_empty() { "(no message)".to_owned() } else { shown };
    let log = log_stream_arn.map(|arn| {
        let page = log_page(&arn).map(|page| {
            view! {
                <a href=page target="_blank" rel="noopener noreferrer external">
                    "Open its log in CloudWatch"
                    <span class="visually-hidden">" (in a new tab)"</span>
                </a>
            }
        });
        view! { <p class="log-line">{page} <ArnText arn label="Copy the log's ARN" /></p> }
    });
    view! {
        <h3>{heading}</h3>
        <pre class="code-block" tabindex="0"><span>{shown}</span></pre>
        {log}
    }
}

/// The types that the model names: one click sends the same again as one of them.
#[component]
fn Retries(offered: Vec<Retry>, typed: Typed) -> impl IntoView {
    let buttons = offered.into_iter().map(|Retry { header, value }| {
        let (label, signal) = match header {
            TypeHeader::ContentType => (format!("Invoke again as {value}"), typed.content_type),
            TypeHeader::Accept if value.is_empty() => ("Invoke again and accept any type".to_owned(), typed.accept),
            TypeHeader::Accept => (format!("Invoke again and accept {value}"), typed.accept),
        };
        let on_click = move |_| {
            signal.set(value.clone());
            typed.touched.set(true);
            send_again();
        };
        view! {
            <button type="button" node_ref=pressed_early() data-early="" class="btn btn-small" on:click=on_click>
                {label}
            </button>
        }
    });
    view! { <div class="retries with-script">{buttons.collect_view()}</div> }
}

#[cfg(test)]
mod tests {
    use super::as_sentence;

    #[test]
    fn a_hint_ends_with_one_full_stop() {
        assert_eq!(as_sentence("try again in a moment"), "try again in a moment.");
        assert_eq!(as_sentence("name one, such as `a.tar.gz`"), "name one, such as `a.tar.gz`.");
        assert_eq!(as_sentence("It is whole."), "It is whole.");
        assert_eq!(as_sentence(""), "");
    }
}

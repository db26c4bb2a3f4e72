//! The response: what came back, how long it took, or why there is none. Everything a model answers is a text node.

use super::Typed;
use super::format::{self, Grid};
use super::request::send_again;
use super::streaming::{Live, Streamed};
use crate::api::playground::InvokeEndpoint;
use crate::components::DenialWhy;
use crate::error::AppError;
use crate::ui::{
    Badge, CopyButton, ErrorPanel, Icon, IconName, Skeleton, Tab, TabPanel, Tabs, Tone, Words, duration_us, size,
};
use domain::invoke::{InvokeAnswer, InvokeFailure, InvokeOutcome};
use leptos::prelude::*;

/// More text than this is cut: the browser would stand still, and nobody reads on.
const MOST_TEXT: usize = 200_000;

/// What came back.
#[component]
pub(super) fn Response(
    endpoint: String,
    invoke: ServerAction<InvokeEndpoint>,
    kept: Option<Result<InvokeOutcome, AppError>>,
    typed: Typed,
    live: Live,
) -> impl IntoView {
    let value = invoke.value();
    let pending = invoke.pending();
    // Which of the two was asked for last.
    let streams = Memo::new(move |_| live.is_on());
    let shown = move || {
        if streams.get() {
            return view! { <Streamed live typed /> }.into_any();
        }
        if pending.get() {
            return view! { <Waiting endpoint=endpoint.clone() /> }.into_any();
        }
        match value.get().or_else(|| kept.clone()) {
            None => view! { <Nothing /> }.into_any(),
            Some(Err(error)) => view! { <ErrorPanel error=error title="The endpoint was not called" /> }.into_any(),
            Some(Ok(outcome)) => view! { <Outcome outcome=outcome typed=typed /> }.into_any(),
        }
    };
    view! {
        <section class="pane" id="response" aria-label="Response" aria-live="polite">
            {shown}
        </section>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
        </div>
        <div class="pane-empty">
            <Icon name=IconName::Playground />
            <p>"The model's answer appears here, with the time each part took."</p>
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

#[component]
pub(super) fn Outcome(outcome: InvokeOutcome, typed: Typed) -> impl IntoView {
    let InvokeOutcome { result, role_us, role_cached, call_us, request_id } = outcome;
    let foot = match &result {
        Ok(answer) => format!("{} · {}", answer.content_type, size(answer.bytes)),
        Err(failure) => failure.operation.clone(),
    };
    let content = match result {
        Ok(answer) => view! { <Answer answer=answer /> }.into_any(),
        Err(failure) => view! { <Failure failure=failure typed=typed /> }.into_any(),
    };
    view! {
        {content}
        <Spent role_us=role_us role_cached=role_cached call_us=call_us />
        <div class="pane-foot">
            <span>{foot}</span>
            {request_id
                .map(|id| {
                    view! {
                        <span class="request-id-line">
                            "request " <code>{id.clone()}</code> <CopyButton text=id label="Copy the request ID" compact=true />
                        </span>
                    }
                })}
        </div>
    }
}

/// Which ways of showing an answer there are for it.
enum Shown {
    Scores(Vec<(String, f64)>),
    Table(Grid),
    Json(String),
}

fn best(answer: &InvokeAnswer) -> Option<Shown> {
    let text = answer.text.as_deref().filter(|text| text.len() <= MOST_TEXT)?;
    let kind = answer.content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("text/csv") {
        return Some(match format::scores(text) {
            Some(scores) => Shown::Scores(scores),
            None => Shown::Table(format::csv(text)?),
        });
    }
    format::pretty_json(text).map(Shown::Json)
}

#[component]
fn Answer(answer: InvokeAnswer) -> impl IntoView {
    let status = match &answer.variant {
        Some(variant) => format!("{} · {variant}", answer.status),
        None => answer.status.to_string(),
    };
    let badge = view! { <Badge tone=Tone::Ok>{status}</Badge> };
    let raw = view! { <Raw text=answer.text.clone() bytes=answer.bytes /> };
    let attributes = answer.custom_attributes.clone().map(|attributes| {
        view! {
            <p class="pane-note">"Custom attributes " <code>{attributes}</code></p>
        }
    });
    let (label, content) = match best(&answer) {
        None => {
            return view! {
                <div class="pane-head">
                    <h2>"Response"</h2>
                    {badge}
                </div>
                {attributes}
                <div class="pane-result">{raw}</div>
            }
            .into_any();
        }
        Some(Shown::Scores(scores)) => ("Chart", view! { <Scores scores=scores /> }.into_any()),
        Some(Shown::Table(grid)) => ("Table", view! { <GridTable grid=grid /> }.into_any()),
        Some(Shown::Json(text)) => ("JSON", view! { <pre class="code-block" tabindex="0">{text}</pre> }.into_any()),
    };
    let selected = RwSignal::new("best");
    let tabs = vec![Tab { key: "best", label }, Tab { key: "raw", label: "Raw" }];
    view! {
        <div class="pane-head pane-head-tabs">
            <h2 class="visually-hidden">"Response"</h2>
            <Tabs label="How to show the response" tabs=tabs selected=selected />
            {badge}
        </div>
        {attributes}
        <div class="pane-result">
            <TabPanel key="best" selected=selected>
                {content}
            </TabPanel>
            <TabPanel key="raw" selected=selected>
                {raw}
            </TabPanel>
        </div>
    }
    .into_any()
}

/// Numbers between 0 and 1, one a line: what classifiers answer.
#[component]
fn Scores(scores: Vec<(String, f64)>) -> impl IntoView {
    let rows = scores
        .into_iter()
        .enumerate()
        .map(|(i, (text, score))| {
            view! {
                <li class="score">
                    <span class="score-row">{i + 1}</span>
                    <svg class="score-bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                        <rect class="score-fill" width=format!("{:.2}", score * 100.0) height="1" />
                    </svg>
                    <code class="score-value">{text}</code>
                </li>
            }
        })
        .collect_view();
    view! {
        <ol class="scores" aria-label="Scores by row">
            {rows}
        </ol>
    }
}

#[component]
fn GridTable(grid: Grid) -> impl IntoView {
    let cut = grid.cut;
    let rows = grid
        .rows
        .into_iter()
        .enumerate()
        .map(|(i, row)| {
            let cells = row.into_iter().map(|cell| {
                let number = cell.parse::<f64>().is_ok();
                view! { <td class:num=number>{cell}</td> }
            });
            view! {
                <tr>
                    <th scope="row">{i + 1}</th>
                    {cells.collect_view()}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" role="region" aria-label="Rows of the answer" tabindex="0">
            <table class="grid">
                <tbody>{rows}</tbody>
            </table>
        </div>
        {cut.then(|| view! { <p class="pane-note">"Only the first rows are shown. Raw has all of it."</p> })}
    }
}

#[component]
fn Raw(text: Option<String>, bytes: usize) -> impl IntoView {
    let Some(text) = text else {
        return view! { <p class="pane-note">{format!("{} that are not text.", size(bytes))}</p> }.into_any();
    };
    let cut = text.len() > MOST_TEXT;
    let copy = text.clone();
    let end = (0..=MOST_TEXT.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let shown = text[..end].to_owned();
    view! {
        <div class="code-frame">
            <CopyButton text=copy label="Copy the response" compact=true />
            <pre class="code-block" tabindex="0">
                {shown}
            </pre>
        </div>
        {cut.then(|| view! { <p class="pane-note">{format!("The first {} are shown; Copy takes all.", size(MOST_TEXT))}</p> })}
    }
    .into_any()
}

#[component]
fn Failure(failure: InvokeFailure, typed: Typed) -> impl IntoView {
    let status = match (failure.status, failure.code.as_str()) {
        (Some(status), code) => format!("{status} · {code}"),
        (None, "") => "No answer".into(),
        (None, code) => code.to_owned(),
    };
    // Containers name what they take in their 415: offering it saves the typing.
    let offered = failure
        .model
        .as_ref()
        .and_then(|model| format::offered_type(&model.message, &typed.content_type.get_untracked()));
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
            <Badge tone=Tone::Bad>{status}</Badge>
        </div>
        <div class="failure-body" role="alert">
            <p class="failure-words">{failure.message}</p>
            {failure
                .model
                .map(|model| {
                    let heading = match model.status {
                        Some(status) => format!("The model answered {status}"),
                        None => "The model answered".into(),
                    };
                    view! {
                        <h3>{heading}</h3>
                        <pre class="code-block" tabindex="0">{model.message}</pre>
                        {model.log_stream_arn.map(|arn| view! { <p class="muted">"Log " <code>{arn}</code></p> })}
                    }
                })}
            <p class="failure-hint">
                <Words text=failure.hint />
            </p>
            {offered
                .map(|kind| {
                    let label = format!("Invoke again as {kind}");
                    view! {
                        <div>
                            <button
                                type="button"
                                class="btn btn-small with-script"
                                on:click=move |_| {
                                    typed.content_type.set(kind.clone());
                                    typed.touched.set(true);
                                    send_again();
                                }
                            >
                                {label}
                            </button>
                        </div>
                    }
                })}
            {failure.explanation.map(|why| view! { <DenialWhy why=why /> })}
        </div>
    }
}

/// The time, split into getting the role's credentials and the call.
#[component]
fn Spent(role_us: u64, role_cached: bool, call_us: u64) -> impl IntoView {
    let total = role_us.saturating_add(call_us);
    // In thousandths of the whole.
    let role = role_us.saturating_mul(1000).checked_div(total).unwrap_or(0);
    let role_words = if role_cached { "role, cached" } else { "assuming the role" };
    view! {
        <div class="spent">
            <p class="spent-total">{duration_us(total)}</p>
            <svg class="spent-bar" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <rect class="spent-role" width=role.to_string() height="1" />
                <rect class="spent-call" x=role.to_string() width=(1000 - role.min(1000)).to_string() height="1" />
            </svg>
            <ul class="legend">
                <li class="legend-role">{format!("{role_words} {}", duration_us(role_us))}</li>
                <li class="legend-call">{format!("call {}", duration_us(call_us))}</li>
            </ul>
        </div>
    }
}

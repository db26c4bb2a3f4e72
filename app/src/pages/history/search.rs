//! What is looked for: a form that works as it is.

use crate::error::problem_at;
use crate::ui::{Button, Choice, IconName, Select, TextInput};
use domain::history::{CallClass, HistoryForm, KnownTargets, ResultFilter};
use domain::wizard::FieldProblem;
use leptos::prelude::*;

/// The search.
#[component]
pub(super) fn Search(form: HistoryForm, known: KnownTargets, problems: Vec<FieldProblem>) -> impl IntoView {
    let error = |field: &str| Signal::stored(problem_at(&problems, field));
    let narrowed = form.is_narrowed();
    let more = [&form.through, &form.code, &form.who, &form.from, &form.to].iter().any(|value| !value.is_empty());
    let endpoints = with(
        &known.endpoints.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>(),
        "All endpoints",
        &form.endpoint,
    );
    let throughs: Vec<_> = known.throughs.into_iter().map(|(through, label)| (through.to_string(), label)).collect();
    let throughs = with(&throughs, "All shares and connections", &form.through);
    view! {
        <form class="card history-search" method="get" action="/history" role="search" aria-label="Calls">
            <div class="history-search-main">
                <TextInput
                    name="text"
                    label="Search"
                    kind="search"
                    placeholder="Part of an endpoint, an account or a role"
                    value=Signal::stored(form.text)
                    error=error("text")
                />
                <Select name="endpoint" label="Endpoint" choices=endpoints value=Signal::stored(form.endpoint) error=error("endpoint")/>
                <Select name="result" label="Result" choices=results() value=Signal::stored(form.result) error=error("result")/>
            </div>
            <details class="more-options" open=more>
                <summary>"More to search by"</summary>
                <div class="history-search-more">
                    <Select name="through" label="Through" choices=throughs value=Signal::stored(form.through) error=error("through")/>
                    <TextInput name="code" label="Error code" placeholder="ModelError" value=Signal::stored(form.code) error=error("code")/>
                    <TextInput name="who" label="Who" placeholder="session 3f2a91bc" value=Signal::stored(form.who) error=error("who")/>
                    <TextInput name="from" label="From (UTC)" kind="date" value=Signal::stored(form.from) error=error("from")/>
                    <TextInput name="to" label="To (UTC)" kind="date" value=Signal::stored(form.to) error=error("to")/>
                </div>
            </details>
            <div class="form-actions">
                <Button submit=true icon=IconName::Search>"Search calls"</Button>
                {narrowed.then(|| view! { <Button href="/history">"Show all"</Button> })}
            </div>
        </form>
    }
}

/// All, those that are known, and the chosen one if it is not among them.
fn with(known: &[(String, String)], all: &str, chosen: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", all)];
    choices.extend(known.iter().map(|(value, label)| Choice::new(value.clone(), label.clone())));
    if choices.iter().all(|choice| choice.value != chosen) {
        choices.push(Choice::new(chosen, chosen));
    }
    choices
}

fn results() -> Vec<Choice> {
    let classes = CallClass::ALL.into_iter().map(|class| Choice::new(class.key(), class.label()));
    let first = [Choice::new("", "Any"), Choice::new(ResultFilter::NOT_ANSWERED, "All but answered")];
    first.into_iter().chain(classes).collect()
}

//! Choosing several from a long live list: filter, pages, ticks. What is ticked is never lost: entries that are chosen
//! but not on the part that is shown stand above it, ticked.
//!
//! Without a script the filter and `Load more` submit the form, which comes back with the part that was asked for.

mod rows;

use crate::api::wizard::ListPlace;
use crate::error::AppError;
use crate::pages::step::{FieldProblemText, until_touched};
use crate::ui::{Button, ErrorPanel, FieldError, Skeleton, changing, heard_early};
use domain::endpoint::Page;
use leptos::prelude::*;
use rows::PickRows;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

/// An entry to tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PickItem {
    /// The form value: an ARN.
    pub value: String,
    /// The name.
    pub label: String,
    /// A line below it.
    pub detail: String,
    /// The line in full, for whoever points at it: `created 2026-11-19 01:51:21 UTC`.
    pub exact: Option<String>,
    /// A badge at the right, with whether it is good news.
    pub badge: Option<(bool, String)>,
    /// Something to know before choosing it.
    pub warning: Option<String>,
}

type Loading = Pin<Box<dyn Future<Output = Result<Page<PickItem>, AppError>> + Send>>;

/// Loads a part of a list: which part of a name, and where it starts.
pub(super) type Load = Callback<(String, String), Loading>;

/// The words around a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct PickWords {
    /// The filter's label: `Filter endpoints by name`.
    pub filter: &'static str,
    /// When it could not be loaded: `The endpoints could not be loaded`.
    pub failed: &'static str,
    /// When there is nothing: `No endpoints in this region`.
    pub empty: &'static str,
    /// What to do then.
    pub empty_hint: &'static str,
}

/// The chooser.
#[component]
pub(super) fn Picker(
    /// The form value's name: `form[arns][]`.
    name: &'static str,
    /// The group's label.
    #[prop(into)]
    label: Signal<String>,
    /// What is ticked; kept by the caller, who counts it.
    chosen: RwSignal<BTreeSet<String>>,
    /// Loads a part. What it depends on is in `key`.
    load: Load,
    /// Changes when the list is another one.
    #[prop(into)]
    key: Signal<String>,
    /// Where the address says the list stands.
    place: ListPlace,
    words: PickWords,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<FieldError>>,
    /// In the label's place: a switch between lists.
    #[prop(optional, into)]
    switch: Option<ViewFn>,
) -> impl IntoView {
    let touched = RwSignal::new(false);
    let error = until_touched(error, touched);
    let contains = RwSignal::new(place.contains.clone());
    let start = place.after.clone();
    let first = Resource::new(
        move || (key.get(), contains.get()),
        move |(_, contains)| {
            // Only the part that the address asks for starts in the middle.
            let after = if contains == place.contains { start.clone() } else { String::new() };
            load.run((contains, after))
        },
    );
    let problem = format!("{name}-problem");
    let described = problem.clone();
    view! {
        <fieldset
            class="picker"
            class:has-problem=move || error.with(Option::is_some)
            aria-describedby=move || error.with(Option::is_some).then(|| described.clone())
        >
            <legend class="visually-hidden">{move || label.get()}</legend>
            <PickHead label words contains switch/>
            <div class="picker-problem">
                <FieldProblemText id=problem error/>
            </div>
            <Transition fallback=|| view! { <Skeleton lines=6/> }>
                {changing(move || Suspend::new(async move {
                    match first.await {
                        Ok(page) => view! { <PickRows name page chosen touched contains load words/> }.into_any(),
                        Err(error) => {
                            let retry = Callback::new(move |()| first.refetch());
                            view! { <ErrorPanel error title=words.failed retry/> }.into_any()
                        }
                    }
                }))}
            </Transition>
        </fieldset>
    }
}

#[component]
fn PickHead(
    label: Signal<String>,
    words: PickWords,
    contains: RwSignal<String>,
    switch: Option<ViewFn>,
) -> impl IntoView {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(waiting) = timer.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
    };
    let on_input = move |text: String| {
        // A call to AWS for each pause, not for each letter.
        stop();
        let later = move || _ = contains.try_set(text.clone());
        timer.set_value(set_timeout_with_handle(later, std::time::Duration::from_millis(250)).ok());
    };
    // Enter filters; it would leave the step otherwise.
    let on_enter = move |event: leptos::ev::KeyboardEvent, text: String| {
        if event.key() == "Enter" {
            event.prevent_default();
            stop();
            contains.set(text);
        }
    };
    view! {
        <div class="picker-head">
            <div class="picker-title">
                {match switch {
                    Some(switch) => switch.run(),
                    None => view! { <h2 aria-hidden="true">{move || label.get()}</h2> }.into_any(),
                }}
            </div>
            <div class="picker-filter">
                <input
                    class="input"
                    type="search"
                    name="list[contains]"
                    aria-label=words.filter
                    placeholder=words.filter
                    autocomplete="off"
                    spellcheck="false"
                    value=contains.get_untracked()
                    node_ref=heard_early()
                    on:input:target=move |event| on_input(event.target().value())
                    on:keydown:target=move |event| {
                        let text = event.target().value();
                        on_enter(event.into_inner(), text);
                    }
                />
                <div class="script-none">
                    <Button submit=true name="go" value="stay">"Filter"</Button>
                </div>
            </div>
        </div>
    }
}

//! Choosing several from a long live list: filter, pages, ticks. What is ticked is never lost: entries that are chosen
//! but not on the part that is shown stand above it, ticked.
//!
//! Without a script the filter and `Load more` submit the form, which comes back with the part that was asked for.

use crate::api::wizard::ListPlace;
use crate::error::AppError;
use crate::ui::{Badge, Button, ErrorPanel, FieldError, Skeleton, Tone, Words};
use domain::endpoint::Page;
use leptos::html;
use leptos::prelude::*;
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
    // What was wrong may be put right by now; saving says so again if it is not.
    let touched = RwSignal::new(false);
    let error = Signal::derive(move || error.get().filter(|_| !touched.get()));
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
    let problem_id = format!("{name}-problem");
    let described = problem_id.clone();
    view! {
        <fieldset
            class="picker"
            class:has-problem=move || error.with(Option::is_some)
            aria-describedby=move || error.with(Option::is_some).then(|| described.clone())
        >
            <legend class="visually-hidden">{move || label.get()}</legend>
            <PickHead label words contains switch/>
            {move || {
                error.get().map(|error| {
                    view! {
                        <p class="field-problem picker-problem" id=problem_id.clone()>
                            <Words text=error.message/>
                            {error.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
                        </p>
                    }
                })
            }}
            <Transition fallback=|| view! { <Skeleton lines=6/> }>
                {move || Suspend::new(async move {
                    match first.await {
                        Ok(page) => view! { <PickRows name page chosen touched contains load words/> }.into_any(),
                        Err(error) => {
                            let retry = Callback::new(move |()| first.refetch());
                            view! { <ErrorPanel error title=words.failed retry/> }.into_any()
                        }
                    }
                })}
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

#[component]
fn PickRows(
    name: &'static str,
    page: Page<PickItem>,
    chosen: RwSignal<BTreeSet<String>>,
    touched: RwSignal<bool>,
    contains: RwSignal<String>,
    load: Load,
    words: PickWords,
) -> impl IntoView {
    // Ticks are shown once they are made, even when they are taken back: rows must not vanish under the pointer.
    let seen = RwSignal::new(chosen.get_untracked());
    let items = RwSignal::new(page.items);
    let next = RwSignal::new(page.next);
    let more = Action::new_unsync(move |(contains, after): &(String, String)| {
        let loading = load.run((contains.clone(), after.clone()));
        async move {
            let answer = loading.await;
            if let Ok(page) = &answer {
                items.update(|all| {
                    let new: Vec<_> =
                        page.items.iter().filter(|i| all.iter().all(|a| a.value != i.value)).cloned().collect();
                    all.extend(new);
                });
                next.set(page.next.clone());
            }
            answer.map(|_| ())
        }
    });
    let on_more = Callback::new(move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if let Some(after) = next.get_untracked() {
            more.dispatch((contains.get_untracked(), after));
        }
    });
    let elsewhere = move || {
        items.with(|items| {
            seen.with(|seen| {
                seen.iter().filter(|v| items.iter().all(|i| i.value != **v)).map(|v| chosen_item(v)).collect::<Vec<_>>()
            })
        })
    };
    let on_tick = Callback::new(move |(value, ticked): (String, bool)| {
        touched.set(true);
        seen.update(|all| _ = all.insert(value.clone()));
        chosen.update(|all| _ = if ticked { all.insert(value) } else { all.remove(&value) });
    });
    let list = NodeRef::<html::Div>::new();
    follow_browser(list, on_tick);
    let nothing = move || items.with(Vec::is_empty);
    let count = move || match items.with(Vec::len) {
        0 => String::new(),
        n if next.with(Option::is_some) => format!("{n} shown, there are more"),
        1 => "1 shown".to_owned(),
        n => format!("{n} shown"),
    };
    let filtered = move || contains.with(|c| !c.trim().is_empty());
    view! {
        <div class="picker-rows" node_ref=list>
            <For each=elsewhere key=|item| item.value.clone() let:item>
                <PickRow name item chosen on_tick/>
            </For>
            <For each=move || items.get() key=|item| item.value.clone() let:item>
                <PickRow name item chosen on_tick/>
            </For>
        </div>
        {move || nothing().then(|| {
            let (title, hint) = if filtered() {
                ("Nothing matches the filter", "Change or clear it to see the others.")
            } else {
                (words.empty, words.empty_hint)
            };
            view! {
                <div class="empty picker-empty">
                    <h2>{title}</h2>
                    <p>{hint}</p>
                </div>
            }
        })}
        <div class="picker-foot">
            {move || next.get().map(|after| {
                view! {
                    <input type="hidden" name="list[after]" value=after/>
                    <Button submit=true name="go" value="more" busy=more.pending() on_click=on_more>"Load more"</Button>
                }
            })}
            <p class="picker-count" role="status">{count}</p>
        </div>
        {move || more.value().get().and_then(Result::err).map(|error| view! { <ErrorPanel error title=words.failed/> })}
    }
}

/// An entry that is chosen but not on the part that is shown: all that is known is its ARN.
fn chosen_item(value: &str) -> PickItem {
    let label = value.rsplit('/').next().unwrap_or(value).to_owned();
    PickItem { value: value.to_owned(), label, detail: "chosen before".into(), exact: None, badge: None, warning: None }
}

#[component]
fn PickRow(
    name: &'static str,
    item: PickItem,
    chosen: RwSignal<BTreeSet<String>>,
    on_tick: Callback<(String, bool)>,
) -> impl IntoView {
    let checked = chosen.with_untracked(|all| all.contains(&item.value));
    let value = item.value.clone();
    let title = item.value.clone();
    // The name at its end is what tells ARNs apart: the middle gives way when there is no room.
    let (head, tail) = item.value.split_at(item.value.rfind('/').unwrap_or(0));
    let (head, tail) = (head.to_owned(), tail.to_owned());
    view! {
        <label class="check-row">
            <input
                type="checkbox"
                class="check-box"
                name=name
                value=item.value.clone()
                checked=checked
                on:change:target=move |event| on_tick.run((value.clone(), event.target().checked()))
            />
            <span class="check-row-text">
                <span class="check-row-label">{item.label}</span>
                <span class="check-row-detail" title=item.exact>{item.detail}</span>
                <code class="picker-arn" title=title>
                    <span class="arn-head">{head}</span>
                    <span class="arn-tail">{tail}</span>
                </code>
                {item.warning.map(|text| view! { <span class="picker-warning"><Words text/></span> })}
            </span>
            {item.badge.map(|(good, text)| {
                let tone = if good { Tone::Ok } else { Tone::Warn };
                view! { <span class="check-row-aside"><Badge tone dot=true>{text}</Badge></span> }
            })}
        </label>
    }
}

/// Takes over what was ticked before the script had loaded.
fn follow_browser(list: NodeRef<html::Div>, on_tick: Callback<(String, bool)>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use wasm_bindgen::JsCast;
        let Some(list) = list.get() else { return };
        let Ok(boxes) = list.query_selector_all("input[type=checkbox]") else { return };
        for at in 0..boxes.length() {
            let found = boxes.item(at).and_then(|node| node.dyn_into::<web_sys::HtmlInputElement>().ok());
            if let Some(found) = found.filter(|f| f.checked() != f.default_checked()) {
                on_tick.run((found.value(), found.checked()));
            }
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (list, on_tick);
}

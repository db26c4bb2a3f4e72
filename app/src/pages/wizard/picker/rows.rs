//! The rows of a list to tick, with what was ticked elsewhere, and `Load more`.

use super::{Load, PickItem, PickWords};
use crate::pages::step::on_early_ticks;
use crate::ui::{Badge, Button, ErrorPanel, Tone, Words, heard_early};
use domain::endpoint::Page;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// What is shown of the list, and what of it is ticked.
#[derive(Clone, Copy)]
struct Listed {
    items: RwSignal<Vec<PickItem>>,
    next: RwSignal<Option<String>>,
    chosen: RwSignal<BTreeSet<String>>,
    // Ticks are shown once they are made, even when they are taken back: rows must not vanish under the pointer.
    seen: RwSignal<BTreeSet<String>>,
}

impl Listed {
    fn new(page: Page<PickItem>, chosen: RwSignal<BTreeSet<String>>) -> Self {
        let seen = RwSignal::new(chosen.get_untracked());
        Self { items: RwSignal::new(page.items), next: RwSignal::new(page.next), chosen, seen }
    }
    fn append(self, page: &Page<PickItem>) {
        self.items.update(|all| {
            let known: BTreeSet<String> = all.iter().map(|item| item.value.clone()).collect();
            all.extend(page.items.iter().filter(|item| !known.contains(&item.value)).cloned());
        });
        self.next.set(page.next.clone());
    }
    fn tick(self, value: String, ticked: bool) {
        self.seen.update(|all| _ = all.insert(value.clone()));
        self.chosen.update(|all| _ = if ticked { all.insert(value) } else { all.remove(&value) });
    }
    /// What is ticked but not among the rows.
    fn elsewhere(self) -> Vec<PickItem> {
        let shown: BTreeSet<String> = self.items.with(|all| all.iter().map(|item| item.value.clone()).collect());
        self.seen.with(|seen| seen.difference(&shown).map(|value| chosen_item(value)).collect())
    }
    fn count(self) -> Option<String> {
        Some(match self.items.with(Vec::len) {
            0 => return None,
            n if self.next.with(Option::is_some) => format!("{n} shown, there are more"),
            1 => "1 shown".to_owned(),
            n => format!("{n} shown"),
        })
    }
}

/// The rows.
#[component]
pub(super) fn PickRows(
    name: &'static str,
    page: Page<PickItem>,
    chosen: RwSignal<BTreeSet<String>>,
    touched: RwSignal<bool>,
    contains: RwSignal<String>,
    load: Load,
    words: PickWords,
) -> impl IntoView {
    let listed = Listed::new(page, chosen);
    let on_tick = Callback::new(move |(value, ticked): (String, bool)| {
        touched.set(true);
        listed.tick(value, ticked);
    });
    let list = NodeRef::new();
    on_early_ticks(list, move |value, ticked| on_tick.run((value, ticked)));
    view! {
        <div class="picker-rows" node_ref=list>
            <For each=move || listed.elsewhere() key=|item| item.value.clone() let:item>
                <PickRow name item chosen on_tick/>
            </For>
            <For each=move || listed.items.get() key=|item| item.value.clone() let:item>
                <PickRow name item chosen on_tick/>
            </For>
        </div>
        <Nothing listed contains words/>
        <MoreRows listed contains load words/>
    }
}

/// Why there are no rows, when there are none.
#[component]
fn Nothing(listed: Listed, contains: RwSignal<String>, words: PickWords) -> impl IntoView {
    move || {
        let (title, hint) = if contains.with(|c| c.trim().is_empty()) {
            (words.empty, words.empty_hint)
        } else {
            ("Nothing matches the filter", "Change or clear it to see the others.")
        };
        listed.items.with(Vec::is_empty).then(|| {
            view! {
                <div class="empty picker-empty">
                    <h2>{title}</h2>
                    <p>{hint}</p>
                </div>
            }
        })
    }
}

/// How many rows there are, and the way to more.
#[component]
fn MoreRows(listed: Listed, contains: RwSignal<String>, load: Load, words: PickWords) -> impl IntoView {
    let more = Action::new_unsync(move |(contains, after): &(String, String)| {
        let loading = load.run((contains.clone(), after.clone()));
        async move { loading.await.map(|page| listed.append(&page)) }
    });
    let on_more = Callback::new(move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if let Some(after) = listed.next.get_untracked() {
            more.dispatch((contains.get_untracked(), after));
        }
    });
    view! {
        <div class="picker-foot">
            {move || listed.next.get().map(|after| {
                view! {
                    <input type="hidden" name="list[after]" value=after/>
                    <Button submit=true name="go" value="more" busy=more.pending() on_click=on_more>"Load more"</Button>
                }
            })}
            <p class="picker-count" role="status">{move || listed.count()}</p>
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
                node_ref=heard_early()
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

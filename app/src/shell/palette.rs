//! The command palette (Ctrl or Cmd and K): jump to a page, a share, an endpoint.

use super::navigation::PAGES;
use crate::api::shell::{Destination, ListDestinations};
use crate::ui::{Dialog, Icon, IconName, focus, pressed_early};
use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

const INPUT: &str = "palette-input";
/// More than fit on a screen help nobody; typing narrows them.
const MOST: usize = 40;

/// Opens the palette. Not shown without a script.
#[component]
pub(super) fn PaletteButton(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            node_ref=pressed_early()
            data-early=""
            class="palette-button"
            aria-keyshortcuts="Control+K Meta+K"
            on:click=move |_| open.set(true)
        >
            <Icon name=IconName::Search />
            <span>"Jump to"</span>
            <kbd aria-hidden="true">"Ctrl K"</kbd>
        </button>
    }
}

/// The dialog itself; once, in the frame.
#[component]
pub(super) fn Palette(open: RwSignal<bool>) -> impl IntoView {
    let listing = ServerAction::<ListDestinations>::new();
    let found = listing.value();
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0usize);
    let matches = Memo::new(move |_| {
        let mut all = pages();
        if let Some(Ok(more)) = found.get() {
            all.extend(more);
        }
        typed.with(|typed| matching(all, typed))
    });
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                open.update(|open| *open = !*open);
            }
        });
        on_cleanup(move || handle.remove());
    });
    Effect::new(move |_| {
        if open.get() {
            typed.set(String::new());
            at.set(0);
            listing.dispatch(ListDestinations {});
            request_animation_frame(|| focus(INPUT));
        }
    });
    let navigate = use_navigate();
    let go = Callback::new(move |href: String| {
        open.set(false);
        navigate(&href, NavigateOptions::default());
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let last = matches.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = if *at >= last { 0 } else { *at + 1 }),
            "ArrowUp" => at.update(|at| *at = if *at == 0 { last } else { *at - 1 }),
            "Enter" => {
                let href = matches.with_untracked(|m| m.get(at.get_untracked()).map(|d| d.href.clone()));
                if let Some(href) = href {
                    go.run(href);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <Dialog open=open title="Jump to">
            <input
                class="input"
                id=INPUT
                type="text"
                role="combobox"
                aria-label="Page, share or endpoint"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-autocomplete="list"
                aria-activedescendant=move || option_id(at.get())
                placeholder="A page, a share or an endpoint"
                autocomplete="off"
                spellcheck="false"
                on:input:target=move |event| {
                    typed.set(event.target().value());
                    at.set(0);
                }
                on:keydown=on_key
            />
            <ul class="palette-list" id="palette-list" role="listbox" aria-label="Places">
                {move || {
                    matches
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(i, place)| {
                            let href = place.href.clone();
                            view! {
                                <li
                                    class="palette-option"
                                    role="option"
                                    id=option_id(i)
                                    aria-selected=move || if at.get() == i { "true" } else { "false" }
                                    on:click=move |_| go.run(href.clone())
                                    on:mousemove=move |_| at.set(i)
                                >
                                    <span class="palette-label">{place.label}</span>
                                    <span class="palette-detail">{place.detail}</span>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
            {move || matches.with(Vec::is_empty).then(|| view! { <p class="palette-none">"Nothing of that name."</p> })}
        </Dialog>
    }
}

fn option_id(i: usize) -> String {
    format!("palette-option-{i}")
}

fn pages() -> Vec<Destination> {
    let page = |href: &str, name: &str| Destination { label: name.into(), detail: "Page".into(), href: href.into() };
    let more = [page("/accept", "Accept a share"), page("/shares/import", "Find shares in your accounts")];
    PAGES.iter().map(|(href, name, _)| page(href, name)).chain(more).collect()
}

/// The places that hold every typed word, in label or detail.
fn matching(all: Vec<Destination>, typed: &str) -> Vec<Destination> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    all.into_iter()
        .filter(|place| {
            let text = format!("{} {}", place.label, place.detail).to_lowercase();
            words.iter().all(|word| text.contains(word))
        })
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_typed_word_narrows_the_places() {
        let labels = |typed: &str| matching(pages(), typed).into_iter().map(|p| p.label).collect::<Vec<_>>();
        let all = ["Overview", "Shares", "Map", "Playground", "Pipelines", "Doctor", "Accounts", "Activity"];
        assert_eq!(labels("A page"), [&all[..], &["Accept a share", "Find shares in your accounts"]].concat());
        assert_eq!(labels("acco PAGE"), ["Accounts", "Find shares in your accounts"]);
        assert!(labels("nothing").is_empty());
    }
}

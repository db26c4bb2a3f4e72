//! From one page of a long answer to the next.

use crate::ui::pressed_early;
use leptos::prelude::*;

/// Where one is, and the ways on. Without a script the first page is shown, and said to be it.
#[component]
pub(in super::super) fn Pager(
    /// The page that is shown, from 0.
    page: RwSignal<usize>,
    /// How many there are.
    #[prop(into)]
    pages: Signal<usize>,
    /// What is shown: `Rows 1 to 100 of 1,234`.
    #[prop(into)]
    shown: Signal<String>,
) -> impl IntoView {
    let step = move |label: &'static str, to: fn(usize, usize) -> Option<usize>| {
        let target = move || to(page.get(), pages.get());
        view! {
            <button
                type="button"
                node_ref=pressed_early()
                data-early=""
                class="btn btn-small btn-quiet"
                // Stays where it is and keeps the focus at the end.
                aria-disabled=move || target().is_none().then_some("true")
                on:click=move |_| {
                    if let Some(to) = to(page.get_untracked(), pages.get_untracked()) {
                        page.set(to);
                    }
                }
            >
                {label}
            </button>
        }
    };
    let back: fn(usize, usize) -> Option<usize> = |page, _| page.checked_sub(1);
    let on: fn(usize, usize) -> Option<usize> = |page, pages| (page + 1 < pages).then_some(page + 1);
    let last: fn(usize, usize) -> Option<usize> = |page, pages| (page + 1 < pages).then(|| pages - 1);
    let first: fn(usize, usize) -> Option<usize> = |page, _| (page > 0).then_some(0);
    let buttons = move || {
        (pages.get() > 1).then(|| {
            view! {
                <span class="pager-steps with-script">
                    {step("First", first)} {step("Previous", back)} {step("Next", on)} {step("Last", last)}
                </span>
            }
        })
    };
    view! {
        <div class="pager">
            <span role="status">{shown}</span>
            {buttons}
        </div>
    }
}

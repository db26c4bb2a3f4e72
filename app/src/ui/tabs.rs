//! Tabs after the ARIA pattern. Without a script all panels are shown, one below the other.

use super::pressed_early;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its key, unique on the page; the panel of the same key belongs to it.
    pub key: &'static str,
    /// Its label.
    pub label: &'static str,
}

fn tab_id(key: &str) -> String {
    format!("tab-{key}")
}
fn panel_id(key: &str) -> String {
    format!("panel-{key}")
}

/// The row of tabs.
#[component]
pub fn Tabs(
    /// What they choose between, for assistive technology.
    #[prop(into)]
    label: String,
    /// The tabs.
    tabs: Vec<Tab>,
    /// The key of the chosen one.
    selected: RwSignal<&'static str>,
) -> impl IntoView {
    let keys: Vec<&'static str> = tabs.iter().map(|tab| tab.key).collect();
    let on_key = move |event: KeyboardEvent| {
        let Some(at) = keys.iter().position(|key| *key == selected.get_untracked()) else { return };
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % keys.len(),
            "ArrowLeft" => (at + keys.len() - 1) % keys.len(),
            "Home" => 0,
            "End" => keys.len() - 1,
            _ => return,
        };
        event.prevent_default();
        selected.set(keys[next]);
        focus(&tab_id(keys[next]));
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=on_key>
            {tabs
                .into_iter()
                .map(|Tab { key, label }| {
                    view! {
                        <button
                            type="button"
                            node_ref=pressed_early()
                            data-early=""
                            role="tab"
                            id=tab_id(key)
                            class="tab"
                            aria-controls=panel_id(key)
                            aria-selected=move || if selected.get() == key { "true" } else { "false" }
                            tabindex=move || if selected.get() == key { "0" } else { "-1" }
                            on:click=move |_| selected.set(key)
                        >
                            {label}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// What a tab shows.
#[component]
pub fn TabPanel(
    /// The tab's key.
    key: &'static str,
    /// The key of the chosen tab.
    selected: RwSignal<&'static str>,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <div
            class="tab-panel"
            role="tabpanel"
            id=panel_id(key)
            aria-labelledby=tab_id(key)
            hidden=move || selected.get() != key
        >
            {children()}
        </div>
    }
}

/// Moves the focus to the element with this `id`, in the browser.
pub fn focus(id: &str) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        if let Some(element) = document().get_element_by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
        {
            _ = element.focus();
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = id;
}

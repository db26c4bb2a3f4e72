//! Toasts: short messages about what was just done, for failures and results that have no place on the page.

use super::{Icon, IconName, Tone, Words};
use leptos::prelude::*;

#[derive(Clone)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
}

/// Shows toasts; had with `Toasts::use_toasts()`.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    last: RwSignal<u32>,
}

impl Toasts {
    /// Makes toasts available to everything below. Once, at the root.
    pub fn provide() -> Self {
        let toasts = Self { list: RwSignal::new(Vec::new()), last: RwSignal::new(0) };
        provide_context(toasts);
        toasts
    }
    /// The toasts of this app.
    pub fn use_toasts() -> Self {
        use_context().unwrap_or_else(Self::provide)
    }
    /// Says something; it goes by itself unless it is bad news.
    pub fn say(self, tone: Tone, text: impl Into<String>) {
        self.last.update(|id| *id += 1);
        let id = self.last.get_untracked();
        self.list.update(|list| list.push(Toast { id, tone, text: text.into() }));
        #[cfg(feature = "hydrate")]
        if tone != Tone::Bad {
            set_timeout(move || self.dismiss(id), std::time::Duration::from_secs(6));
        }
    }
    fn dismiss(self, id: u32) {
        self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Where toasts appear; once, at the root.
#[component]
pub fn Toaster() -> impl IntoView {
    let toasts = Toasts::use_toasts();
    view! {
        <div class="toaster" role="status" aria-live="polite">
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <div class=format!("toast {}", toast.tone.class())>
                    <p>
                        <Words text=toast.text />
                    </p>
                    <button
                        type="button"
                        class="toast-close"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.dismiss(toast.id)
                    >
                        <Icon name=IconName::Cross />
                    </button>
                </div>
            </For>
        </div>
    }
}

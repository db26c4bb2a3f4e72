//! Sending, waiting, and not waiting any longer.

use crate::api::playground::{InvokeEndpoint, StartAsync, StreamEndpoint};
use crate::pages::playground::later::Later;
use crate::pages::playground::streaming::Live;
use crate::ui::Button;
use domain::invoke::{InvokeParams, limits};
use domain::share::intent::InvokeAction;
use leptos::prelude::*;
use leptos::reactive::actions::ActionAbortHandle;
use std::time::Duration;

/// What is under way.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    invoke: ServerAction<InvokeEndpoint>,
    live: Live,
    later: Later,
    handle: StoredValue<Option<ActionAbortHandle>>,
    /// Since the call began, in seconds.
    seconds: RwSignal<u64>,
}

impl Sending {
    pub(super) fn new(invoke: ServerAction<InvokeEndpoint>, live: Live, later: Later) -> Self {
        let sending = Self { invoke, live, later, handle: StoredValue::new(None), seconds: RwSignal::new(0) };
        sending.count();
        sending
    }

    /// Whether an answer is waited for or comes.
    pub(super) fn is_busy(self) -> bool {
        self.invoke.pending().get() || self.live.is_going() || self.later.is_starting()
    }

    pub(super) fn is_busy_now(self) -> bool {
        untrack(|| self.is_busy())
    }

    pub(super) fn send(self, params: InvokeParams, way: InvokeAction) {
        self.invoke.value().set(None);
        match way {
            InvokeAction::Stream => {
                self.later.clear();
                return self.live.start(StreamEndpoint { params });
            }
            InvokeAction::Async => {
                self.live.clear();
                return self.later.start(StartAsync { params });
            }
            InvokeAction::Invoke => {
                self.live.clear();
                self.later.clear();
            }
        }
        let handle = self.invoke.dispatch(InvokeEndpoint { params, way: way.key().into() });
        self.handle.set_value(Some(handle));
    }

    /// Drops the request: the console's server notices, and drops its call. The response's place says so.
    fn cancel(self) {
        if let Some(handle) = self.handle.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    }

    /// Counts the seconds of a call.
    fn count(self) {
        let pending = self.invoke.pending();
        Effect::new(move |_| {
            if !pending.get() {
                return;
            }
            self.seconds.set(0);
            let began = now_ms();
            let tick = move || _ = self.seconds.try_set(ms_since(began) / 1000);
            if let Ok(handle) = set_interval_with_handle(tick, Duration::from_millis(500)) {
                on_cleanup(move || handle.clear());
            }
        });
    }
}

/// The browser's clock, in milliseconds. Counting ticks would fall behind in a tab that nobody looks at.
pub(in crate::pages::playground) fn now_ms() -> f64 {
    #[cfg(feature = "hydrate")]
    return js_sys::Date::now();
    #[cfg(not(feature = "hydrate"))]
    0.0
}

/// Since a moment of [`now_ms`], in milliseconds.
pub(in crate::pages::playground) fn ms_since(began: f64) -> u64 {
    (now_ms() - began).max(0.0) as u64
}

/// How long it takes so far, and the way out.
#[component]
pub(super) fn Waiting(sending: Sending) -> impl IntoView {
    let pending = sending.invoke.pending();
    let left = move || {
        let seconds = sending.seconds.get();
        match limits::MODEL_SECONDS.checked_sub(seconds) {
            Some(left) => format!("{seconds} s · the model has {left} s left of {} s", limits::MODEL_SECONDS),
            None => format!("{seconds} s · the model's {} s are over, its refusal should come", limits::MODEL_SECONDS),
        }
    };
    let waiting = move || {
        let on_click = Callback::new(move |_| sending.cancel());
        view! {
            <div class="waiting">
                <progress
                    class="waiting-bar"
                    aria-label="Time of the model"
                    max=limits::MODEL_SECONDS.to_string()
                    value=move || sending.seconds.get().min(limits::MODEL_SECONDS).to_string()
                ></progress>
                <span class="muted" aria-live="off">{left}</span>
                <Button small=true on_click>"Cancel call"</Button>
            </div>
        }
    };
    move || pending.get().then(waiting)
}

//! Things that change while one looks: runs, verifications, batches, load checks and tables, streamed by the server as server-sent events.
//!
//! The first render shows what the server knew; only then the browser listens, so both renders are the same. When the
//! stream can't be had the state is asked for every two seconds. Without JavaScript the page reloads itself.

use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::batch::BatchView;
use domain::load::LoadView;
use domain::pipeline::view::{PipelineRunView, PreparationState, PreparationView};
use domain::run::{RunState, RunView};
use domain::time::Timestamp;
use domain::verification::VerificationView;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use std::future::Future;

/// A state with a number that rises, so that late or repeated news is dropped.
pub trait Revised: Clone + PartialEq + DeserializeOwned + Send + Sync + 'static {
    /// Rises with every change.
    fn revision(&self) -> u64;
    /// Whether nothing more will come.
    fn finished(&self) -> bool;
}

impl Revised for RunView {
    fn revision(&self) -> u64 {
        self.revision
    }
    fn finished(&self) -> bool {
        self.state != RunState::Running
    }
}

impl Revised for VerificationView {
    fn revision(&self) -> u64 {
        self.revision
    }
    fn finished(&self) -> bool {
        !self.running
    }
}

impl Revised for BatchView {
    fn revision(&self) -> u64 {
        self.revision
    }
    fn finished(&self) -> bool {
        !self.state.is_going()
    }
}

impl Revised for LoadView {
    fn revision(&self) -> u64 {
        self.revision
    }
    fn finished(&self) -> bool {
        !self.state.is_going()
    }
}

impl Revised for PipelineRunView {
    fn revision(&self) -> u64 {
        self.revision
    }
    fn finished(&self) -> bool {
        self.state != RunState::Running
    }
}

impl Revised for PreparationView {
    fn revision(&self) -> u64 {
        // Bytes only grow, and the last word comes when there are no more.
        self.read + u64::from(self.finished())
    }
    fn finished(&self) -> bool {
        self.state != PreparationState::Reading
    }
}

/// What is shown and the time to show it against.
#[derive(Debug)]
pub struct Live<T: Send + Sync + 'static> {
    /// The newest state.
    pub view: RwSignal<T>,
    /// The server's time, by the second while something is under way.
    pub now: RwSignal<Timestamp>,
}

// Derived, these would ask the state itself to be `Copy`.
impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Live<T> {}

/// Follows `first` over the event stream at `url`; `poll` asks once, for when there is no stream.
pub fn use_live<T, F>(first: AsOf<T>, url: String, poll: impl Fn() -> F + Clone + 'static) -> Live<T>
where
    T: Revised,
    F: Future<Output = Result<AsOf<T>, AppError>> + 'static,
{
    let view = RwSignal::new(first.view);
    let now = use_now(first.now, Signal::derive(move || !view.with(Revised::finished)));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if !view.with_untracked(Revised::finished) {
            browser::follow(view, &url, poll.clone());
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (url, poll);
    Live { view, now }
}

/// The server's time: at first as it was when the page was made, then going on by the second while `running`.
pub fn use_now(first: Timestamp, running: Signal<bool>) -> RwSignal<Timestamp> {
    let now = RwSignal::new(first);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| browser::tick(now, running));
    #[cfg(not(feature = "hydrate"))]
    let _ = running;
    now
}

/// How long something has been going on, in whole seconds: `4 s`, `1 min 20 s`.
pub fn elapsed(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::*;
    use std::time::Duration;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{EventSource, MessageEvent};

    const POLL: Duration = Duration::from_secs(2);

    /// Keeps `now` going by the browser's clock, shifted to the server's.
    pub(super) fn tick(now: RwSignal<Timestamp>, running: Signal<bool>) {
        let shift = now.get_untracked().0 - browser_ms();
        let handle = set_interval_with_handle(
            move || {
                if running.try_get_untracked() == Some(true) {
                    now.try_set(Timestamp(browser_ms() + shift));
                }
            },
            Duration::from_secs(1),
        );
        on_cleanup(move || {
            if let Ok(handle) = handle {
                handle.clear();
            }
        });
    }

    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    fn browser_ms() -> i64 {
        js_sys::Date::now() as i64
    }

    /// Takes `news` if it is news; says whether more will come.
    fn take<T: Revised>(view: RwSignal<T>, news: T) -> bool {
        let more = !news.finished();
        if view.try_with_untracked(|now| news.revision() > now.revision()) == Some(true) {
            view.set(news);
        }
        more
    }

    pub(super) fn follow<T, F>(view: RwSignal<T>, url: &str, poll: impl Fn() -> F + Clone + 'static)
    where
        T: Revised,
        F: Future<Output = Result<AsOf<T>, AppError>> + 'static,
    {
        let Ok(source) = EventSource::new(url) else {
            return ask_again(view, poll);
        };
        let for_messages = source.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let news = event.data().as_string().and_then(|text| serde_json::from_str::<T>(&text).ok());
            if news.is_some_and(|news| !take(view, news)) {
                for_messages.close();
            }
        });
        let for_errors = source.clone();
        let on_error = Closure::<dyn Fn()>::new(move || {
            // The browser reconnects by itself unless the server refused.
            if for_errors.ready_state() == EventSource::CLOSED && !view.with_untracked(Revised::finished) {
                ask_again(view, poll.clone());
            }
        });
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let kept = StoredValue::new_local((source, on_message, on_error));
        on_cleanup(move || {
            kept.try_with_value(|(source, _, _)| {
                source.set_onmessage(None);
                source.set_onerror(None);
                source.close();
            });
        });
    }

    /// Asks until nothing more will come, or until the page has gone.
    fn ask_again<T, F>(view: RwSignal<T>, poll: impl Fn() -> F + Clone + 'static)
    where
        T: Revised,
        F: Future<Output = Result<AsOf<T>, AppError>> + 'static,
    {
        set_timeout(
            move || {
                if view.is_disposed() {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let more = match poll().await {
                        Ok(news) => take(view, news.view),
                        Err(_) => true,
                    };
                    if more && !view.is_disposed() {
                        ask_again(view, poll);
                    }
                });
            },
            POLL,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::elapsed;

    #[test]
    fn what_goes_on_is_counted_in_whole_seconds() {
        assert_eq!([0, 999, 4_200, 60_000, 80_500].map(elapsed), ["0 s", "0 s", "4 s", "1 min", "1 min 20 s"]);
    }
}

/// Without a script the page asks again by itself, every two seconds; for what is under way when the page is made.
#[component]
pub fn RefreshWithoutScript() -> impl IntoView {
    // As text: in a browser with scripts the content of `noscript` is no element, so there would be nothing to hydrate.
    view! { <noscript inner_html=r#"<meta http-equiv="refresh" content="2">"#></noscript> }
}

//! Things that AWS does by itself and tells nobody: they are asked for again and again, often while something goes on and
//! seldom otherwise.
//!
//! The first render shows what the server knew; only then the browser asks. A question that fails is asked again, and what
//! is shown stays.

use super::live::use_now;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::time::Timestamp;
use leptos::prelude::*;
use std::future::Future;

/// What is shown, the time to show it against, and how to ask at once.
#[derive(Debug)]
pub struct Polled<T: Send + Sync + 'static> {
    /// The newest state.
    pub view: RwSignal<T>,
    /// The server's time, by the second while something goes on.
    pub now: RwSignal<Timestamp>,
    /// Why the last question had no answer.
    pub trouble: RwSignal<Option<AppError>>,
    /// Asks at once.
    pub ask: Callback<()>,
}

// Derived, these would ask the state itself to be `Copy`.
impl<T: Send + Sync + 'static> Clone for Polled<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Polled<T> {}

/// Asks every two seconds while `going` says that something goes on, else every ten.
pub fn use_polled<T, F>(
    first: AsOf<T>,
    going: impl Fn(&T) -> bool + Copy + Send + Sync + 'static,
    ask: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> Polled<T>
where
    T: PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<AsOf<T>, AppError>> + 'static,
{
    let view = RwSignal::new(first.view);
    let trouble = RwSignal::new(None);
    let now = use_now(first.now, Signal::derive(move || view.with(going)));
    #[cfg(feature = "hydrate")]
    let ask = browser::keep_asking(view, now, trouble, going, ask);
    #[cfg(not(feature = "hydrate"))]
    let ask = {
        let _ = ask;
        Callback::new(|()| ())
    };
    Polled { view, now, trouble, ask }
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::*;
    use std::time::Duration;

    const OFTEN: Duration = Duration::from_secs(2);
    const SELDOM: Duration = Duration::from_secs(10);

    pub(super) fn keep_asking<T, F>(
        view: RwSignal<T>,
        now: RwSignal<Timestamp>,
        trouble: RwSignal<Option<AppError>>,
        going: impl Fn(&T) -> bool + Copy + Send + Sync + 'static,
        ask: impl Fn() -> F + Clone + Send + Sync + 'static,
    ) -> Callback<()>
    where
        T: PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<AsOf<T>, AppError>> + 'static,
    {
        // The round that counts: asking at once begins another, and the answer of the one before is dropped.
        let round = StoredValue::new(0_u64);
        let once = Callback::new(move |()| {
            let Some(mine) = round.try_update_value(|round| {
                *round += 1;
                *round
            }) else {
                return;
            };
            let ask = ask.clone();
            leptos::task::spawn_local(async move {
                let answer = ask().await;
                if round.try_get_value() != Some(mine) || view.is_disposed() {
                    return;
                }
                match answer {
                    Ok(AsOf { view: news, now: at }) => {
                        trouble.set(None);
                        now.set(at);
                        if view.with_untracked(|shown| *shown != news) {
                            view.set(news);
                        }
                    }
                    Err(error) => trouble.set(Some(error)),
                }
            });
        });
        Effect::new(move |_| next(view, going, once));
        once
    }

    /// After a while asks, and so on until the page has gone.
    fn next<T: Send + Sync + 'static>(
        view: RwSignal<T>,
        going: impl Fn(&T) -> bool + Copy + Send + Sync + 'static,
        once: Callback<()>,
    ) {
        let Some(going_on) = view.try_with_untracked(going) else { return };
        set_timeout(
            move || {
                if view.is_disposed() {
                    return;
                }
                // A page that nobody looks at asks nothing.
                if !document().hidden() {
                    once.run(());
                }
                next(view, going, once);
            },
            if going_on { OFTEN } else { SELDOM },
        );
    }
}

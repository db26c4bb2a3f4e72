//! Where the answer comes is brought in sight when it is asked for: below a long form nobody would see it come.

use leptos::prelude::*;

/// Scrolls to the answer's pane as soon as something is under way, where it stands below the request; beside it, it stays
/// in sight by itself.
pub(super) fn bring(busy: Signal<bool>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |before: Option<bool>| {
        let now = busy.get();
        // The width at which style/pages/_playground.scss sets one below the other.
        let stacked = window().match_media("(max-width: 980px)").ok().flatten().is_some_and(|query| query.matches());
        if let (true, true, Some(false), Some(pane)) = (stacked, now, before, document().get_element_by_id("response"))
        {
            pane.scroll_into_view();
        }
        now
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = busy;
}

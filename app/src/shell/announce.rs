//! After a navigation in the browser: the focus goes to the page, and its title is read out.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The live region that says which page this is.
#[component]
pub(super) fn Announcer() -> impl IntoView {
    let said = RwSignal::new(String::new());
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            crate::ui::focus("main");
            // The title follows the page's data; what is read a moment later is the new one.
            set_timeout(move || said.set(document().title()), std::time::Duration::from_millis(400));
        }
        now
    });
    view! {
        <p class="visually-hidden" role="status">
            {said}
        </p>
    }
}

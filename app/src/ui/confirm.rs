//! What can't be brought back takes two presses: the first unfolds what would be lost. Works without a script.

use super::{Button, ButtonKind};
use leptos::prelude::*;

/// A fold with a dangerous button inside a form.
#[component]
pub fn Confirm(
    /// What unfolds it: `Delete this call…`.
    label: &'static str,
    /// What would be lost.
    lost: &'static str,
    /// The button's label.
    button: &'static str,
    /// Whether it is being done.
    #[prop(into)]
    busy: Signal<bool>,
) -> impl IntoView {
    view! {
        <details class="confirm">
            <summary>{label}</summary>
            <div class="confirm-body">
                <p>{lost}</p>
                <Button kind=ButtonKind::Danger submit=true busy>
                    {button}
                </Button>
            </div>
        </details>
    }
}

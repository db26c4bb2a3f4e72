//! One share.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// One share.
#[component]
pub fn SharePage() -> impl IntoView {
    view! { <PageHeader title="Share" /> }
}

/// Taking a share back.
#[component]
pub fn UndoPage() -> impl IntoView {
    view! { <PageHeader title="Undo" /> }
}

//! What happened in the console.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// What happened in the console.
#[component]
pub fn ActivityPage() -> impl IntoView {
    view! { <PageHeader title="Activity" /> }
}

//! There is no such page.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// There is no such page.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <PageHeader title="Page not found" /> }
}

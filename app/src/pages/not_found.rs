//! There is no such page.

use crate::ui::{Button, EmptyState, PageHeader};
use leptos::prelude::*;

/// There is no such page.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <PageHeader title="Page not found" />
        <div class="card">
            <EmptyState title="There is nothing at this address" body="The page may have moved, or the address has a typing mistake.">
                <Button href="/">"Go to the overview"</Button>
            </EmptyState>
        </div>
    }
}

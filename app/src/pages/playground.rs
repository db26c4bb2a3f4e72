//! Invoke an endpoint through a share.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// Invoke an endpoint through a share.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    view! { <PageHeader title="Playground" /> }
}

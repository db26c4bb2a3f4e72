//! Where things stand.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// Where things stand.
#[component]
pub fn OverviewPage() -> impl IntoView {
    view! { <PageHeader title="Overview" /> }
}

//! All shares.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// All shares.
#[component]
pub fn SharesPage() -> impl IntoView {
    view! { <PageHeader title="Shares" /> }
}

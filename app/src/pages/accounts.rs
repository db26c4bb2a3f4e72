//! The connections and who the console is in each account.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// The connections and who the console is in each account.
#[component]
pub fn AccountsPage() -> impl IntoView {
    view! { <PageHeader title="Accounts" /> }
}

//! How to get in.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// How to get in.
#[component]
pub fn SignInPage() -> impl IntoView {
    view! { <PageHeader title="Sign in" /> }
}

//! The share wizard.

use crate::ui::PageHeader;
use leptos::prelude::*;

/// The share wizard.
#[component]
pub fn WizardPage() -> impl IntoView {
    view! { <PageHeader title="Share an endpoint" /> }
}

//! Step 1: the three accounts and their region.

use leptos::prelude::*;

#[component]
pub(super) fn AccountsStep() -> impl IntoView {}

//! Step 3: the table.

use leptos::prelude::*;

#[component]
pub(super) fn DataStep() -> impl IntoView {}

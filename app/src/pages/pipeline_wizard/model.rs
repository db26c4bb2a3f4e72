//! Step 2: names, how the model is trained, and how it serves.

use leptos::prelude::*;

#[component]
pub(super) fn ModelStep() -> impl IntoView {}

//! Step 4: everything that is about to be made.

use leptos::prelude::*;

#[component]
pub(super) fn ReviewStep() -> impl IntoView {}

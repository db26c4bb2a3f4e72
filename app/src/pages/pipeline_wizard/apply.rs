//! Step 5: the run that makes it.

use leptos::prelude::*;

#[component]
pub(super) fn ApplyStep() -> impl IntoView {}

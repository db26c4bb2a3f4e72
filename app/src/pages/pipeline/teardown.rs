//! What would be taken away, before it is.

use leptos::prelude::*;

/// What would be taken away, before it is.
#[component]
pub fn PipelineTearDownPage() -> impl IntoView {}

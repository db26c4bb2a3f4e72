//! A run that makes a pipeline or takes it away, as it goes.

use leptos::prelude::*;

/// A run that makes a pipeline or takes it away, as it goes.
#[component]
pub fn PipelineRunPage() -> impl IntoView {}

//! The pipeline with its stages as they stand.

use leptos::prelude::*;

/// The pipeline with its stages as they stand.
#[component]
pub fn PipelinePage() -> impl IntoView {}

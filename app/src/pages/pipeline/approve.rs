//! What a model that waits is judged by, and the decision.

use leptos::prelude::*;

/// What a model that waits is judged by, and the decision.
#[component]
pub fn ApprovePage() -> impl IntoView {}

//! Step 4: everything that is about to be made.

use super::StepContext;
use leptos::prelude::*;

#[component]
pub(super) fn ReviewStep(ctx: StepContext) -> impl IntoView {
    let _ = ctx;
}

//! Step 5: the run that makes it.

use super::StepContext;
use leptos::prelude::*;

#[component]
pub(super) fn ApplyStep(ctx: StepContext) -> impl IntoView {
    let _ = ctx;
}

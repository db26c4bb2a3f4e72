//! Step 3: the table.

use super::{Actions, StepContext};
use leptos::prelude::*;

#[component]
pub(super) fn DataStep(ctx: StepContext, actions: Actions) -> impl IntoView {
    let _ = (ctx, actions);
}

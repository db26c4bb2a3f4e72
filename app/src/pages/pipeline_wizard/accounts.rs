//! Step 1: the three accounts and their region.

use super::StepContext;
use crate::api::pipeline::wizard::SavePipelineAccounts;
use leptos::prelude::*;

#[component]
pub(super) fn AccountsStep(ctx: StepContext, save: ServerAction<SavePipelineAccounts>) -> impl IntoView {
    let _ = (ctx, save);
}

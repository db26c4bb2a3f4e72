//! Step 2: names, how the model is trained, and how it serves.

use super::StepContext;
use crate::api::pipeline::wizard::SavePipelineModel;
use leptos::prelude::*;

#[component]
pub(super) fn ModelStep(ctx: StepContext, save: ServerAction<SavePipelineModel>) -> impl IntoView {
    let _ = (ctx, save);
}

//! The wizard *Build a training pipeline*: one page a step. As in the share's wizard the step is in the address and the
//! answers are on the server.

mod accounts;
mod apply;
mod data;
mod model;
mod review;

use leptos::prelude::*;

/// The wizard.
#[component]
pub fn PipelineWizardPage() -> impl IntoView {
    view! {
        <accounts::AccountsStep/>
        <model::ModelStep/>
        <data::DataStep/>
        <review::ReviewStep/>
        <apply::ApplyStep/>
    }
}

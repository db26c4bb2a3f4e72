//! Steps of a plan before they are made.

use super::lanes::ChangeMark;
use domain::share::Side;
use domain::share::diff::Change;
use domain::share::view::StepView;
use leptos::prelude::*;

/// Steps in their order, each with the account it is made in.
#[component]
pub fn StepLines(
    /// The steps.
    steps: Vec<StepView>,
    /// What they do, all of them.
    change: Change,
) -> impl IntoView {
    let rows = steps
        .into_iter()
        .map(|step| {
            let (side, hue) = match step.side {
                Side::Parent => ("Parent", "hue-parent"),
                Side::Child => ("Child", "hue-child"),
            };
            view! {
                <li class="line">
                    <ChangeMark change/>
                    <div class="line-text"><p class="line-title">{step.title}</p></div>
                    <span class="line-aside muted">{side} " " <code class=hue>{step.account.to_string()}</code></span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="lines">{rows}</ol> }
}

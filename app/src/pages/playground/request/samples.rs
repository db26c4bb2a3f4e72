//! Something to send: the endpoint's own sample, and one for each kind of container that AWS offers.

use super::typed::Typed;
use crate::ui::{Button, ButtonKind};
use domain::endpoint::Sample;
use domain::endpoint::samples;
use leptos::prelude::*;

/// Brings the sample back, once something else is typed.
#[component]
pub(super) fn UseSample(sample: Sample, typed: Typed) -> impl IntoView {
    let other = {
        let sample = sample.clone();
        Memo::new(move |_| {
            typed.body.with(|body| *body != sample.body) || typed.content_type.with(|kind| *kind != sample.content_type)
        })
    };
    let on_click = Callback::new(move |_| {
        typed.take(&sample);
        typed.touched.set(false);
    });
    let button = move || view! { <Button kind=ButtonKind::Quiet small=true on_click>"Use sample"</Button> };
    view! { <span class="with-script">{move || other.get().then(button)}</span> }
}

/// All samples by name.
#[component]
pub(super) fn Samples(typed: Typed) -> impl IntoView {
    let choices = samples::ALL.iter().enumerate();
    let choices =
        choices.map(|(at, known)| view! { <option value=at.to_string()>{known.name}</option> }).collect_view();
    view! {
        <select
            class="input select samples with-script"
            aria-label="Samples"
            on:change:target=move |event| {
                let list = event.target();
                if let Some(known) = list.value().parse::<usize>().ok().and_then(|at| samples::ALL.get(at)) {
                    typed.take_known(known);
                    typed.touched.set(true);
                }
                // A menu, not a choice: the same one can be taken again.
                list.set_value("");
            }
        >
            <option value="">"Samples"</option>
            {choices}
        </select>
    }
}

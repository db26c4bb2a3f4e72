//! Something to send: the endpoint's own sample, and one for each kind of container that AWS offers.

use super::typed::Typed;
use crate::api::encoded;
use crate::ui::{Button, ButtonKind, size};
use domain::endpoint::{Sample, samples};
use domain::history::EarlierRequest;
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

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

/// Requests of before, and what they are as old as of.
pub(in crate::pages::playground) struct Earlier {
    pub(in crate::pages::playground) requests: Vec<EarlierRequest>,
    pub(in crate::pages::playground) now: Timestamp,
}

/// All samples by name, and what was sent before.
#[component]
pub(super) fn Samples(
    typed: Typed,
    earlier: Earlier,
    /// Through what, and the endpoint.
    at: (String, String),
) -> impl IntoView {
    let navigate = use_navigate();
    let Earlier { requests, now } = earlier;
    let before = requests.into_iter().map(|EarlierRequest { id, at, content_type, sent, class }| {
        let label = format!("{}, {content_type}, {}, {}", at.ago(now), size(sent), class.label().to_lowercase());
        view! { <option value=format!("history/{id}")>{label}</option> }
    });
    let before = before.collect_view();
    let before = (!before.is_empty()).then(|| view! { <optgroup label="Sent before">{before}</optgroup> });
    let choices = samples::ALL.iter().enumerate();
    let choices =
        choices.map(|(at, known)| view! { <option value=at.to_string()>{known.name}</option> }).collect_view();
    view! {
        <select
            class="input select samples with-script"
            aria-label="Samples"
            on:change:target=move |event| {
                let list = event.target();
                if list.value().starts_with("history/") {
                    let (through, endpoint) = (encoded(&at.0), encoded(&at.1));
                    let to = format!("/playground?through={through}&endpoint={endpoint}&from={}", list.value());
                    navigate(&to, NavigateOptions::default());
                }
                if let Some(known) = list.value().parse::<usize>().ok().and_then(|at| samples::ALL.get(at)) {
                    typed.take_known(known);
                    typed.touched.set(true);
                }
                // A menu, not a choice: the same one can be taken again.
                list.set_value("");
            }
        >
            <option value="">"Samples"</option>
            {before}
            <optgroup label="For a kind of container">{choices}</optgroup>
        </select>
    }
}

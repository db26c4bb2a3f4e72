//! How the answer is asked for, and why it can't be asked for otherwise.

use super::typed::Typed;
use crate::ui::{Choice, Select, Words};
use domain::invoke::TargetView;
use domain::share::intent::InvokeAction;
use leptos::prelude::*;

fn label(way: InvokeAction) -> &'static str {
    match way {
        InvokeAction::Invoke => "As a whole",
        InvokeAction::Stream => "Piece by piece",
        InvokeAction::Async => "Asynchronously",
    }
}

/// Why the endpoint can't be called this way from here; none where it can.
pub(super) fn hindrance(target: &TargetView, way: InvokeAction) -> Option<String> {
    target.offers(way).err()
}

/// The ways to choose from.
#[component]
pub(super) fn Ways(typed: Typed, target: TargetView) -> impl IntoView {
    let choices: Vec<_> = InvokeAction::ALL
        .into_iter()
        .map(|way| {
            let choice = Choice::new(way.key(), label(way));
            hindrance(&target, way).map_or(choice.clone(), |why| choice.disabled(why))
        })
        .collect();
    let on_change = Callback::new(move |way| typed.way.set(way));
    view! { <Select name="way" label="Answer" choices value=typed.way on_change/> }
}

/// The ways that are not offered, in words that can be read without opening a list.
#[component]
pub(super) fn WaysNot(target: TargetView) -> impl IntoView {
    let reasons: Vec<_> = InvokeAction::ALL
        .into_iter()
        .filter_map(|way| Some(format!("{}: {}.", label(way), hindrance(&target, way)?)))
        .collect();
    (!reasons.is_empty()).then(|| {
        let lines = reasons.into_iter().map(|text| view! { <li><Words text/></li> }).collect_view();
        view! { <ul class="ways-not" aria-label="Ways that are not offered">{lines}</ul> }
    })
}

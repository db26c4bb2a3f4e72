//! The sentence every page about a share begins with.

use domain::share::view::Span;
use leptos::prelude::*;

/// What is or will be true, in plain words; what it is about stands out.
#[component]
pub fn Sentence(
    /// The words, in order, with the spaces between them.
    spans: Vec<Span>,
) -> impl IntoView {
    view! { <p class="say">{words(spans)}</p> }
}

/// The words alone, for places that are a paragraph already.
pub(super) fn words(spans: Vec<Span>) -> impl IntoView {
    spans
        .into_iter()
        .map(|span| match span.strong {
            true => view! { <strong>{span.text}</strong> }.into_any(),
            false => span.text.into_any(),
        })
        .collect_view()
}

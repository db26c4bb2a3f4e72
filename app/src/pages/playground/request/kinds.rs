//! Which kind of body: a row of choices that the content type follows, and that follows the content type.

use super::typed::Typed;
use crate::ui::heard_early;
use domain::body::BodyKind;
use leptos::prelude::*;

/// The kinds to choose from. Without a script a body is text: whatever the content type says.
#[component]
pub(super) fn Kinds(typed: Typed) -> impl IntoView {
    let choice = move |kind: BodyKind| {
        view! {
            <label class="kind">
                <input
                    type="radio"
                    name="body_kind"
                    value=kind.key()
                    checked=move || typed.kind.get() == kind
                    prop:checked=move || typed.kind.get() == kind
                    node_ref=heard_early()
                    on:change=move |_| {
                        typed.touched.set(true);
                        typed.turn(kind);
                    }
                />
                <span>{kind.label()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="kinds with-script">
            <legend class="visually-hidden">"Kind of body"</legend>
            {BodyKind::ALL.map(choice).collect_view()}
        </fieldset>
    }
}

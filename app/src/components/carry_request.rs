//! Going on with the request that is in a form, on a page of its own: within that form, so that it works without a script.

use crate::api::compare::CarryRequest as Carry;
use crate::error::failure_of;
use crate::ui::ActionProblem;
use domain::invoke::InvokeParams;
use leptos::prelude::*;

/// Where a plain form sends it.
const ACTION: &str = "/api/carry_request";

/// Buttons that lead to a comparison and to a load check of what the form around them would send.
#[component]
pub fn CarryRequest(
    /// The request as it stands, with its way; none where it is none yet.
    request: Callback<(), Option<(InvokeParams, String)>>,
) -> impl IntoView {
    let carry = ServerAction::<Carry>::new();
    let pending = carry.pending();
    let buttons = [("compare", "Compare…"), ("load", "Load check…")].map(|(to, label)| {
        let on_click = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            if let (false, Some((params, way))) = (pending.get_untracked(), request.run(())) {
                carry.dispatch(Carry { params, way, to: to.to_owned() });
            }
        };
        view! {
            <button
                type="submit"
                class="btn btn-small"
                name="to"
                value=to
                formaction=ACTION
                formmethod="post"
                aria-busy=move || pending.get().then_some("true")
                on:click=on_click
            >
                <span class="btn-label">{label}</span>
            </button>
        }
    });
    view! {
        <div class="carry-request">
            {buttons.into_iter().collect_view()} <ActionProblem error=failure_of(carry)/>
        </div>
    }
}

//! What a pasted message says.

use super::found::stopped;
use crate::api::doctor::ToldView;
use crate::ui::Words;
use leptos::prelude::*;

/// AWS's words, why it says it denied the call, and what they mean.
#[component]
pub(super) fn Told(told: ToldView) -> impl IntoView {
    let ToldView { text, reason, advice, counts, .. } = told;
    let reason = reason.map(|reason| view! { <p><Words text=stopped(&format!("AWS says that {reason}"))/></p> });
    let advice = advice.map(|advice| view! { <p><Words text=stopped(&advice)/></p> });
    let apart = (!counts).then(|| {
        view! { <p class="doctor-note">"The call described below is another one, so this message says nothing about it."</p> }
    });
    view! {
        <section class="card doctor-told" aria-labelledby="doctor-told">
            <div class="card-head">
                <h2 id="doctor-told">"The message"</h2>
            </div>
            <div class="card-body">
                <blockquote class="doctor-quote">{text}</blockquote>
                {reason}
                {advice}
                {apart}
            </div>
        </section>
    }
}

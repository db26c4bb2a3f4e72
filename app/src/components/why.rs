//! Why a call was denied, in short, with the way to the doctor, who says the rest and mends it.

use crate::api::doctor::doctor_address;
use crate::ui::{Words, sentence_case};
use domain::invoke::DenialExplanation;
use leptos::prelude::*;

/// An explanation of a denial.
#[component]
pub fn DenialWhy(
    /// What was found.
    why: DenialExplanation,
) -> impl IntoView {
    let DenialExplanation { sentence, details, fix, question } = why;
    let doctor = question.map(|question| {
        let href = doctor_address(&question, &[]);
        view! { <p class="why-doctor"><a href=href>"Open this call in the doctor"</a></p> }
    });
    view! {
        <div class="why">
            <h3>"Why"</h3>
            <p>
                <Words text=sentence />
            </p>
            {fix.map(|fix| view! { <p class="why-fix"><strong>"Smallest change: "</strong><Words text=fix /></p> })}
            {(!details.is_empty())
                .then(|| {
                    view! {
                        <details>
                            <summary>"Link by link"</summary>
                            <ol class="why-details">
                                {details.into_iter().map(|line| view! { <li>{sentence_case(&line)}</li> }).collect_view()}
                            </ol>
                        </details>
                    }
                })}
            {doctor}
        </div>
    }
}

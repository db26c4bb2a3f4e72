//! Accept a share: the file that another account's administrator sent becomes the child's half of the wizard.

use super::parts::HandOffForm;
use crate::api::handoff::{OPEN_OFFER, Refused, get_refused_offer};
use crate::ui::{PageHeader, Resolve, Skeleton};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Opens an offer.
#[component]
pub fn AcceptPage() -> impl IntoView {
    let query = use_query_map();
    let kept = Memo::new(move |_| query.read().get("kept").unwrap_or_default());
    let refused = Resource::new(move || kept.get(), get_refused_offer);
    view! {
        <PageHeader
            title="Accept a share"
            sub="Another account's administrator offers you endpoints. Open their file to set up your side."
        />
        <Resolve
            resource=refused
            failed="The form could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            children=Callback::new(move |refused: Refused| view! { <Open refused/> })
        />
    }
}

#[component]
fn Open(refused: Refused) -> impl IntoView {
    view! {
        <div class="stack">
            <p class="say">
                "Opening the file changes nothing: you choose who calls, and see every change to your account before it is made."
            </p>
            <section class="card" aria-labelledby="accept-offer">
                <div class="card-head">
                    <h2 id="accept-offer">"Offer"</h2>
                </div>
                <HandOffForm
                    action=OPEN_OFFER
                    begins="share-offer-"
                    label="What the file says"
                    refused
                    button="Open offer"
                />
            </section>
        </div>
    }
}

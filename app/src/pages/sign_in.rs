//! Sign in: the way in is the address the console prints; its token can be typed here too.

use crate::ui::{Button, ButtonKind, FieldError, TextInput};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// How to get in.
#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let refused = Signal::derive(move || {
        query.read().get("refused").map(|_| FieldError {
            message: "this token is wrong, or it was used before".into(),
            hint: Some("Each token works once. The console prints a new one after every sign-in.".into()),
        })
    });
    view! {
        <Title text="Sign in" />
        <div class="sign-in">
            <svg class="brand-sign" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                <path d="M2 18h20M5 18V6M19 18V6M2 12c2-1 3-3 3-6 1.500 5 4 7 7 7s5.500-2 7-7c0 3 1 5 3 6M9.500 12.700V18M14.500 12.700V18" />
            </svg>
            <h1>"Sign in to Sagebridge"</h1>
            <p class="muted">
                "Open the address that the console printed when it started. It holds a token that works once and signs this browser in."
            </p>
            <form class="card card-body" method="post" action="/sign-in">
                <TextInput
                    name="token"
                    label="Launch token"
                    description="The part after token= in the printed address, or the whole address."
                    kind="password"
                    mono=true
                    error=refused
                />
                <Button kind=ButtonKind::Primary submit=true>
                    "Sign in"
                </Button>
            </form>
        </div>
    }
}

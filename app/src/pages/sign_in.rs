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
        query.read().get("refused").map(|why| FieldError {
            message: match why.as_str() {
                "expired" => "this token came too late".into(),
                _ => "this token is wrong, or it was used before".into(),
            },
            hint: Some(
                "Each token works once, and for 15 minutes. For a new address send `SIGHUP` to the console's process, by \
                 `kill -HUP` and its number: it prints the address on its standard output. In a terminal it prints the \
                 next one by itself."
                    .into(),
            ),
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
                "Open the address that the console printed when it started. It holds a token that works once, for 15 minutes, and signs this browser in."
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

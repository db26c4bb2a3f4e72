//! The document and the frame around every page: navigation, theme, command palette.

use crate::routes::App;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// The whole HTML document, rendered on the server.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options />
                <link rel="stylesheet" href="/pkg/sagebridge.css" />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Navigation at the left, the page in the middle.
#[component]
pub fn Frame(
    /// The page.
    children: Children,
) -> impl IntoView {
    view! { <main id="main">{children()}</main> }
}

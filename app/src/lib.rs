//! The console's pages, for the server (`ssr`) and the browser (`hydrate`).
//!
//! `ui` is the kit: it knows nothing of shares. `components` know the domain, `pages` are one a file, `api` holds the
//! server functions and nothing else.

// Leptos nests a type for each element of a view; the default limit is short of a page.
#![recursion_limit = "512"]

pub mod api;
pub mod components;
pub mod error;
pub mod pages;
pub mod routes;
pub mod shell;
pub mod ui;

/// Makes the server's HTML interactive. Called by the script that leptos puts into each page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    #[cfg(feature = "split")]
    leptos::mount::hydrate_lazy(routes::App);
    #[cfg(not(feature = "split"))]
    leptos::mount::hydrate_body(routes::App);
}

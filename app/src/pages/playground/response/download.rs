//! An answer's exact bytes as a file.

use super::body::Body;
use crate::ui::{pressed_early, size};
use leptos::prelude::*;
use std::sync::Arc;

/// Saves the answer: from the server where it has the whole of it, which needs no script; else out of the page.
#[component]
pub(super) fn Download(body: Arc<Body>) -> impl IntoView {
    let name = body.file_name.clone();
    if let Some(address) = body.address.clone() {
        let words = format!("Download {}", size(body.total));
        return Some(view! { <a class="btn btn-small" href=address download=name>{words}</a> }.into_any());
    }
    (body.is_whole() && body.total > 0).then(|| {
        let title = format!("Save as {name}");
        let on_click = move |_| save(&body);
        view! {
            <button
                type="button"
                node_ref=pressed_early()
                data-early=""
                class="btn btn-small with-script"
                title=title
                on:click=on_click
            >
                "Download"
            </button>
        }
        .into_any()
    })
}

/// Hands the bytes to the browser as a file of no type that it would open.
#[cfg(feature = "hydrate")]
fn save(body: &Body) {
    use wasm_bindgen::JsCast as _;
    let bytes = js_sys::Array::of1(&js_sys::Uint8Array::from(body.shown()));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    let address = web_sys::Blob::new_with_u8_array_sequence_and_options(&bytes, &options)
        .and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
    let link = document().create_element("a").ok().and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    if let (Ok(address), Some(link)) = (address, link) {
        link.set_href(&address);
        link.set_download(&body.file_name);
        link.click();
        // The browser has read it by then.
        let gone = move || _ = web_sys::Url::revoke_object_url(&address);
        set_timeout(gone, std::time::Duration::from_secs(60));
    }
}

#[cfg(not(feature = "hydrate"))]
fn save(_: &Body) {}

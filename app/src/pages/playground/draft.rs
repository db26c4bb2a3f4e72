//! What was typed for an endpoint and not sent, while the browser's tab is open: it is there again after a reload, after
//! going back, and on the way from one page of the playground to another. An address that is opened begins anew.

use super::Typed;
use domain::invoke::TargetView;

/// Where it is kept, before through what and for which endpoint.
#[cfg(feature = "hydrate")]
const KEY: &str = "sagebridge.draft";
/// Where the last address is.
#[cfg(feature = "hydrate")]
const LAST: &str = "sagebridge.playground";
/// More than this is not kept: a tab has a few megabytes for everything.
#[cfg(feature = "hydrate")]
const MOST: usize = 200_000;

/// Keeps what is typed for a target, and brings back what was; not where something else is to be begun with.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "tabs are browsers'"))]
pub(super) fn keep(typed: Typed, target: &TargetView, bring_back: bool) {
    #[cfg(feature = "hydrate")]
    browser::keep(typed, target, bring_back);
}

/// Goes on at the endpoint that was looked at last, where the address names none.
pub(super) fn go_on() {
    #[cfg(feature = "hydrate")]
    browser::go_on();
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::{KEY, LAST, MOST};
    use crate::api::encoded;
    use crate::pages::playground::Typed;
    use domain::invoke::TargetView;
    use leptos::prelude::*;
    use leptos_router::NavigateOptions;
    use leptos_router::hooks::{use_location, use_navigate};
    use wasm_bindgen::JsValue;

    /// The kinds of `performance.navigation`. Source: W3C Navigation Timing, section 5.2.
    const RELOAD: f64 = 1.0;
    const BACK_FORWARD: f64 = 2.0;

    pub(super) fn keep(typed: Typed, target: &TargetView, bring_back: bool) {
        let Some(endpoint) = &target.endpoint else { return };
        let key = format!("{KEY}:{}:{endpoint}", target.through);
        let here = format!("?through={}&endpoint={endpoint}", encoded(&target.through.to_string()));
        let again = bring_back && continues() && !typed.touched.get_untracked();
        Effect::new(move |before: Option<()>| {
            let Some(storage) = storage() else { return };
            if before.is_none() {
                let _ = storage.set_item(LAST, &here);
                let kept = storage.get_item(&key).ok().flatten().filter(|_| again);
                if let Some(kept) = kept.and_then(|kept| serde_json::from_str(&kept).ok()) {
                    // Once the page stands: what draws it first is what the server drew.
                    request_animation_frame(move || typed.restore(kept));
                }
            }
            // What nobody changed is the endpoint's own sample.
            match typed.draft().filter(|_| typed.touched.get()) {
                Some(draft) if draft.bytes() <= MOST => {
                    let text = serde_json::to_string(&draft).unwrap_or_default();
                    let _ = storage.set_item(&key, &text);
                }
                _ => {
                    if before.is_some() {
                        let _ = storage.remove_item(&key);
                    }
                }
            }
        });
    }

    pub(super) fn go_on() {
        let (navigate, location) = (use_navigate(), use_location());
        let bare = location.search.with_untracked(String::is_empty) && continues();
        Effect::new(move |_| {
            let last = storage().and_then(|storage| storage.get_item(LAST).ok().flatten()).filter(|_| bare);
            if let Some(last) = last {
                let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
                navigate(&format!("/playground{last}"), options);
            }
        });
    }

    /// Whether the person was here before: the page came by the script, by a reload, or by going back.
    fn continues() -> bool {
        let hydrates = Owner::current_shared_context().is_some_and(|context| context.during_hydration());
        !hydrates || matches!(kind_of_load(), Some(RELOAD | BACK_FORWARD))
    }

    fn kind_of_load() -> Option<f64> {
        let part = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &JsValue::from_str(name)).ok();
        part(&part(&part(window().as_ref(), "performance")?, "navigation")?, "type")?.as_f64()
    }

    fn storage() -> Option<web_sys::Storage> {
        window().session_storage().ok().flatten()
    }
}

//! What people type or choose before the page's script has come.

use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

/// A node reference for a control. Once the script has the control, what was typed or chosen in it before is told to
/// its `on:input` and `on:change` as if it came now; until then the browser alone knew.
pub fn heard_early<E>() -> NodeRef<E>
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    let control = NodeRef::new();
    #[cfg(feature = "hydrate")]
    control.on_load(|control: E::Output| {
        if is_changed(control.unchecked_ref()) {
            for kind in ["input", "change"] {
                tell(control.unchecked_ref(), kind);
            }
        }
    });
    control
}

/// Whether the control's value is another than the one it came with.
#[cfg(feature = "hydrate")]
fn is_changed(control: &web_sys::Element) -> bool {
    if let Some(input) = control.dyn_ref::<web_sys::HtmlInputElement>() {
        return match input.type_().as_str() {
            "checkbox" => input.checked() != input.default_checked(),
            // Of a group the one that is chosen now tells.
            "radio" => input.checked() && !input.default_checked(),
            _ => input.value() != input.default_value(),
        };
    }
    if let Some(area) = control.dyn_ref::<web_sys::HtmlTextAreaElement>() {
        return area.default_value().is_ok_and(|came| came.replace("\r\n", "\n") != area.value());
    }
    if let Some(select) = control.dyn_ref::<web_sys::HtmlSelectElement>() {
        let came = select.query_selector("option[selected]").ok().flatten();
        return came.is_some_and(|option| option.get_attribute("value").as_ref() != Some(&select.value()));
    }
    false
}

#[cfg(feature = "hydrate")]
fn tell(control: &web_sys::EventTarget, kind: &str) {
    let bubbling = web_sys::EventInit::new();
    bubbling.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict(kind, &bubbling) {
        let _ = control.dispatch_event(&event);
    }
}

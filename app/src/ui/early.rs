//! What people type, choose or press before the page's script has come.

use leptos::html::{Button, ElementType};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

/// A node reference for a control or a fold. Once the script has it, what was typed or chosen in it before is told to its
/// `on:input` and `on:change`, and that it stands open to its `on:toggle`, as if it came now; until then the browser alone
/// knew.
pub fn heard_early<E>() -> NodeRef<E>
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    let control = NodeRef::new();
    #[cfg(feature = "hydrate")]
    control.on_load(|control: E::Output| {
        if control.unchecked_ref::<web_sys::Element>().matches("details[open]").unwrap_or_default() {
            tell(control.unchecked_ref(), "toggle", false);
        } else if is_changed(control.unchecked_ref()) {
            for kind in ["input", "change"] {
                tell(control.unchecked_ref(), kind, true);
            }
        }
    });
    control
}

/// Remembers that a button with `data-early` was pressed; for the document's head, before everything that can be pressed.
pub const REMEMBER_PRESSED: &str = r#"addEventListener("click",e=>{const b=e.target.closest?.("button[data-early]");if(b)b.dataset.early="pressed"},true)"#;

/// A node reference for a button that does nothing without the script, and so has an empty `data-early`. If it was
/// pressed before the script had it, it is pressed once more now.
pub fn pressed_early() -> NodeRef<Button> {
    let button = NodeRef::new();
    #[cfg(feature = "hydrate")]
    button.on_load(|button: web_sys::HtmlButtonElement| {
        let pressed = button.get_attribute("data-early").is_some_and(|early| early == "pressed");
        let _ = button.remove_attribute("data-early");
        if pressed {
            button.click();
        }
    });
    button
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
fn tell(control: &web_sys::EventTarget, kind: &str, bubbles: bool) {
    let way = web_sys::EventInit::new();
    way.set_bubbles(bubbles);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict(kind, &way) {
        let _ = control.dispatch_event(&event);
    }
}

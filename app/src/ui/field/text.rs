//! Fields to type in.

use super::{FieldError, Ids, about, problem};
use crate::ui::heard_early;
use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlInputElement, HtmlTextAreaElement};

/// One line of text.
#[component]
pub fn TextInput(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// The initial value.
    #[prop(optional, into)]
    value: Signal<String>,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<FieldError>>,
    /// `text`, `search`, `password` …
    #[prop(default = "text")]
    kind: &'static str,
    /// Set in mono: names, ids, ARNs.
    #[prop(optional)]
    mono: bool,
    /// An example in the empty field.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Suggestions.
    #[prop(optional)]
    suggestions: Vec<String>,
    /// `numeric`, for digits.
    #[prop(optional, into)]
    inputmode: Option<&'static str>,
    /// The `autocomplete` attribute.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Follows what is typed.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
    /// Instead of `field-{name}`, where a page has two forms with the same names.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let description = description.filter(|text| !text.is_empty());
    let ids = Ids::new(&name, id, description.is_some());
    let control = set_later(value, HtmlInputElement::value, HtmlInputElement::set_value);
    let list = (!suggestions.is_empty()).then(|| format!("{}-list", ids.control));
    view! {
        <div class="field" class:has-problem=move || error.with(Option::is_some)>
            <label class="field-label" for=ids.control.clone()>
                {label}
            </label>
            {about(ids.description(), description)}
            <input
                class="input"
                class:mono=mono
                id=ids.control.clone()
                type=kind
                name=name
                value=move || value.get()
                placeholder=placeholder
                list=list.clone()
                inputmode=inputmode
                autocomplete=autocomplete
                spellcheck="false"
                aria-describedby=ids.described_by(error)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                node_ref=control
                on:input:target=move |event| {
                    if let Some(on_input) = on_input {
                        on_input.run(event.target().value());
                    }
                }
            />
            {list.map(|id| {
                view! {
                    <datalist id=id>
                        {suggestions.into_iter().map(|value| view! { <option value=value></option> }).collect_view()}
                    </datalist>
                }
            })}
            {problem(ids.error(), error)}
        </div>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// The initial value.
    #[prop(optional, into)]
    value: Signal<String>,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<FieldError>>,
    /// Visible lines.
    #[prop(default = 4)]
    rows: u32,
    /// Set in mono: bodies, lists of ARNs.
    #[prop(optional)]
    mono: bool,
    /// An example in the empty field.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Follows what is typed.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
    /// Instead of `field-{name}`.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let description = description.filter(|text| !text.is_empty());
    let ids = Ids::new(&name, id, description.is_some());
    let control = set_later(value, HtmlTextAreaElement::value, HtmlTextAreaElement::set_value);
    view! {
        <div class="field" class:has-problem=move || error.with(Option::is_some)>
            <label class="field-label" for=ids.control.clone()>
                {label}
            </label>
            {about(ids.description(), description)}
            <textarea
                class="input textarea"
                class:mono=mono
                id=ids.control.clone()
                name=name
                rows=rows
                placeholder=placeholder
                spellcheck="false"
                autocomplete="off"
                aria-describedby=ids.described_by(error)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                node_ref=control
                on:input:target=move |event| {
                    if let Some(on_input) = on_input {
                        on_input.run(event.target().value());
                    }
                }
            >
                {as_drawn(value.get_untracked())}
            </textarea>
            {problem(ids.error(), error)}
        </div>
    }
}

/// What stands between the tags. The server's HTML is written without escaping there, as the framework takes a text area's
/// content for raw text, which it is not: an end tag in it would end it. The browser makes a text node of it.
fn as_drawn(text: String) -> String {
    if cfg!(feature = "ssr") { in_html(&text) } else { text }
}

/// A text as the content of a text area in HTML, whose first line break the parser drops.
fn in_html(text: &str) -> String {
    let first = if text.starts_with('\n') { "\n" } else { "" };
    format!("{first}{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// Where `value` turns into another one, the control's text does, too. The first is in the page as it came: what was typed
/// over it before the script came stands. An attribute would not do: a control does not look at it once someone typed.
fn set_later<E>(
    value: Signal<String>,
    text: impl Fn(&E::Output) -> String + 'static,
    set: impl Fn(&E::Output, &str) + 'static,
) -> NodeRef<E>
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    let control = heard_early::<E>();
    Effect::new(move |before: Option<String>| {
        let wanted = value.get();
        let changed = before.is_some_and(|before| before != wanted);
        if let Some(control) = control.get_untracked().filter(|control| changed && text(control) != wanted) {
            set(&control, &wanted);
        }
        wanted
    });
    control
}

#[cfg(test)]
mod tests {
    use super::in_html;

    #[test]
    fn nothing_that_is_typed_ends_a_text_area() {
        assert_eq!(in_html("</textarea><img src=x>"), "&lt;/textarea>&lt;img src=x>");
        assert_eq!(in_html("&lt; 1"), "&amp;lt; 1");
        assert_eq!(in_html("\na\n"), "\n\na\n");
    }
}

//! Form fields. A field owns its id, label, description and error; the caller gives a name and a value.
//!
//! Values are initial values (`value=`, `checked=`): the browser keeps what is typed, before and after the script has
//! loaded. Give `on_input` to follow it.

mod choice;
mod file;
mod text;

pub use choice::{Checkbox, CheckboxRow, Choice, RadioCards, Select};
pub use file::FileInput;
pub use text::{TextArea, TextInput};

use super::Words;
use leptos::prelude::*;

/// What is wrong with a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// What is wrong, with the input in backticks.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// The ids of a field's parts.
#[derive(Clone)]
struct Ids {
    control: String,
    described: bool,
}

impl Ids {
    fn new(name: &str, id: Option<String>, described: bool) -> Self {
        Self { control: id.unwrap_or_else(|| format!("field-{}", name.replace(['[', ']'], "-"))), described }
    }
    fn description(&self) -> String {
        format!("{}-about", self.control)
    }
    fn error(&self) -> String {
        format!("{}-problem", self.control)
    }
    fn described_by(&self, error: Signal<Option<FieldError>>) -> impl Fn() -> Option<String> + Clone + Send + use<> {
        let ids = self.clone();
        move || match (ids.described, error.with(Option::is_some)) {
            (true, true) => Some(format!("{} {}", ids.description(), ids.error())),
            (true, false) => Some(ids.description()),
            (false, true) => Some(ids.error()),
            (false, false) => None,
        }
    }
}

fn problem(id: String, error: Signal<Option<FieldError>>) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! {
                <p class="field-problem" id=id.clone()>
                    <Words text=error.message />
                    {error.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint /></span> })}
                </p>
            }
        })
    }
}

fn about(id: String, description: Option<String>) -> impl IntoView {
    description.map(|text| view! { <p class="field-about" id=id><Words text=text /></p> })
}

/// A field around any one control, for controls the kit has not: it gives the label's `for`; the control must have
/// the `id` `control_id`.
#[component]
pub fn Field(
    /// The control's id.
    #[prop(into)]
    control_id: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<FieldError>>,
    /// The control.
    children: Children,
) -> impl IntoView {
    let ids = Ids { control: control_id, described: description.is_some() };
    view! {
        <div class="field" class:has-problem=move || error.with(Option::is_some)>
            <label class="field-label" for=ids.control.clone()>
                {label}
            </label>
            {about(ids.description(), description)}
            {children()}
            {problem(ids.error(), error)}
        </div>
    }
}

//! Form fields. A field owns its id, label, description and error; the caller gives a name and a value.
//!
//! Values are initial values (`value=`, `checked=`): the browser keeps what is typed, before and after the script has
//! loaded. Give `on_input` to follow it.

use super::{Words, heard_early};
use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlInputElement, HtmlTextAreaElement};

/// What is wrong with a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// What is wrong, with the input in backticks.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// One thing to choose, in a select or among radio cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The form value.
    pub value: String,
    /// The label.
    pub label: String,
    /// A line below it: what choosing it means.
    pub detail: Option<String>,
    /// Why it can't be chosen; shown in its detail's place.
    pub disabled_reason: Option<String>,
}

impl Choice {
    /// A choice that can be made.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), detail: None, disabled_reason: None }
    }
    /// With a line below the label.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
    /// That can't be made, because.
    #[must_use]
    pub fn disabled(mut self, reason: impl Into<String>) -> Self {
        self.disabled_reason = Some(reason.into());
        self
    }
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
                {value.get_untracked()}
            </textarea>
            {problem(ids.error(), error)}
        </div>
    }
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

/// A file to choose. Its text is sent with the form; nothing of it is read before.
#[component]
pub fn FileInput(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// Which files are offered: media types and endings.
    accept: &'static str,
    /// The largest file that is taken, in bytes. A larger one is refused before it is sent.
    most: usize,
) -> impl IntoView {
    let ids = Ids::new(&name, None, description.is_some());
    let control = heard_early::<leptos::html::Input>();
    let described_by = ids.described.then(|| ids.description());
    view! {
        <div class="field">
            <label class="field-label" for=ids.control.clone()>
                {label}
            </label>
            {about(ids.description(), description)}
            <input
                class="input file-input"
                id=ids.control.clone()
                type="file"
                name=name
                accept=accept
                aria-describedby=described_by
                node_ref=control
                on:change=move |_| refuse_larger(control, most)
            />
        </div>
    }
}

/// Says at the field that the chosen file is too large; the form is not sent until another is chosen.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "files are chosen in browsers"))]
fn refuse_larger(control: NodeRef<leptos::html::Input>, most: usize) {
    #[cfg(feature = "hydrate")]
    if let Some(input) = control.get_untracked() {
        let larger = input.files().and_then(|files| files.get(0)).is_some_and(|file| file.size() > most as f64);
        let said = || format!("This file is larger than {}: choose another.", super::size(most));
        input.set_custom_validity(&if larger { said() } else { String::new() });
        input.report_validity();
    }
}

/// A choice from a list that folds.
#[component]
pub fn Select(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// What there is to choose.
    #[prop(into)]
    choices: Signal<Vec<Choice>>,
    /// The chosen value.
    #[prop(optional, into)]
    value: Signal<String>,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<FieldError>>,
    /// Follows the choice.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
    /// Instead of `field-{name}`.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let ids = Ids::new(&name, id, description.is_some());
    let control = heard_early();
    view! {
        <div class="field" class:has-problem=move || error.with(Option::is_some)>
            <label class="field-label" for=ids.control.clone()>
                {label}
            </label>
            {about(ids.description(), description)}
            <select
                class="input select"
                id=ids.control.clone()
                name=name
                aria-describedby=ids.described_by(error)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                node_ref=control
                on:change:target=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event.target().value());
                    }
                }
            >
                {move || {
                    let chosen = value.get();
                    choices
                        .get()
                        .into_iter()
                        .map(|choice| {
                            let why = choice.disabled_reason.map(|why| format!(" ({why})")).unwrap_or_default();
                            view! {
                                <option value=choice.value.clone() selected=chosen == choice.value disabled=!why.is_empty()>
                                    {format!("{}{why}", choice.label)}
                                </option>
                            }
                        })
                        .collect_view()
                }}
            </select>
            {problem(ids.error(), error)}
        </div>
    }
}

/// A lone yes or no, with its explanation.
#[component]
pub fn Checkbox(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// What saying yes means.
    #[prop(into)]
    label: String,
    /// Whether it is ticked at first.
    #[prop(optional, into)]
    checked: Signal<bool>,
    /// The form value when ticked.
    #[prop(into, default = "on".into())]
    value: String,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<FieldError>>,
    /// Follows it.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
    /// Instead of `field-{name}`.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let ids = Ids::new(&name, id, description.is_some());
    let control = heard_early();
    view! {
        <div class="field check" class:has-problem=move || error.with(Option::is_some)>
            <input
                type="checkbox"
                class="check-box"
                id=ids.control.clone()
                name=name
                value=value
                checked=move || checked.get()
                aria-describedby=ids.described_by(error)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                node_ref=control
                on:change:target=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event.target().checked());
                    }
                }
            />
            <div class="check-text">
                <label for=ids.control.clone()>{label}</label>
                {about(ids.description(), description)}
                {problem(ids.error(), error)}
            </div>
        </div>
    }
}

/// One row of a list of many to tick: a box, a name, a line below, something at the right. The whole row can be
/// clicked.
#[component]
pub fn CheckboxRow(
    /// The form value's name; the same on every row: `form[arns][]`.
    #[prop(into)]
    name: String,
    /// The form value when ticked.
    #[prop(into)]
    value: String,
    /// The name of what is ticked.
    #[prop(into)]
    label: String,
    /// A line below it.
    #[prop(optional, into)]
    detail: Option<String>,
    /// Whether it is ticked at first.
    #[prop(optional, into)]
    checked: Signal<bool>,
    /// Why it can't be ticked.
    #[prop(optional, into)]
    disabled_reason: Option<String>,
    /// Follows it.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
    /// At the right: a status badge.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let disabled = disabled_reason.is_some();
    let control = heard_early();
    view! {
        <label class="check-row" class:is-disabled=disabled>
            <input
                type="checkbox"
                class="check-box"
                name=name
                value=value
                checked=move || checked.get()
                disabled=disabled
                node_ref=control
                on:change:target=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event.target().checked());
                    }
                }
            />
            <span class="check-row-text">
                <span class="check-row-label">{label}</span>
                {disabled_reason.or(detail).map(|detail| view! { <span class="check-row-detail">{detail}</span> })}
            </span>
            {children.map(|children| view! { <span class="check-row-aside">{children()}</span> })}
        </label>
    }
}

/// A choice of a few, each with what it means.
#[component]
pub fn RadioCards(
    /// The form value's name.
    #[prop(into)]
    name: String,
    /// What is chosen, as the group's label.
    #[prop(into)]
    label: String,
    /// What there is to choose.
    choices: Vec<Choice>,
    /// The chosen value.
    #[prop(optional, into)]
    value: Signal<String>,
    /// A line below the label.
    #[prop(optional, into)]
    description: Option<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<FieldError>>,
    /// Follows the choice.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let ids = Ids::new(&name, None, description.is_some());
    view! {
        <fieldset
            class="field radio-cards"
            class:has-problem=move || error.with(Option::is_some)
            id=ids.control.clone()
            aria-describedby=ids.described_by(error)
        >
            <legend class="field-label">{label}</legend>
            {about(ids.description(), description)}
            <div class="radio-grid">
                {choices
                    .into_iter()
                    .map(|choice| {
                        let disabled = choice.disabled_reason.is_some();
                        let this = choice.value.clone();
                        view! {
                            <label class="radio-card" class:is-disabled=disabled>
                                <input
                                    type="radio"
                                    name=name.clone()
                                    value=choice.value
                                    checked=move || value.with(|value| *value == this)
                                    disabled=disabled
                                    node_ref=heard_early()
                                    on:change:target=move |event| {
                                        if let Some(on_change) = on_change {
                                            on_change.run(event.target().value());
                                        }
                                    }
                                />
                                <span class="radio-card-text">
                                    <span class="radio-card-label">{choice.label}</span>
                                    {choice
                                        .disabled_reason
                                        .or(choice.detail)
                                        .map(|detail| view! { <span class="radio-card-detail">{detail}</span> })}
                                </span>
                            </label>
                        }
                    })
                    .collect_view()}
            </div>
            {problem(ids.error(), error)}
        </fieldset>
    }
}

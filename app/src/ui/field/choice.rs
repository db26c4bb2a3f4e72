//! Fields to choose in: lists, boxes, cards.

use super::{FieldError, Ids, about, problem};
use crate::ui::heard_early;
use leptos::prelude::*;

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
    let description = description.filter(|text| !text.is_empty());
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

//! The choice of an endpoint, in forms that are not the playground's own.

use crate::error::problem_at;
use crate::ui::{Choice, Select, TextInput};
use domain::invoke::TargetView;
use domain::wizard::FieldProblem;
use leptos::prelude::*;

/// Through what, and which endpoint; known endpoints are suggested, any other may be typed.
#[component]
pub fn TargetFields(
    /// What can be called.
    targets: Vec<TargetView>,
    /// What the names of the fields begin with.
    #[prop(default = "form".into(), into)]
    group: String,
    /// As typed; the first target's where it is empty.
    through: String,
    /// As typed; the first of `through` where both are empty.
    endpoint: String,
    /// What is wrong.
    problems: Vec<FieldProblem>,
) -> impl IntoView {
    let mut ways: Vec<Choice> = Vec::new();
    for target in &targets {
        let value = target.through.to_string();
        if ways.iter().all(|choice| choice.value != value) {
            let choice = Choice::new(value, target.label.clone());
            ways.push(match &target.blocked {
                Some(why) => choice.disabled(why.clone()),
                None => choice,
            });
        }
    }
    let open = |target: &&TargetView| target.blocked.is_none();
    let free =
        targets.iter().filter(open).find(|target| target.endpoint.is_some()).or_else(|| targets.iter().find(open));
    let untouched = through.is_empty();
    let through = if untouched { free.map(|target| target.through.to_string()).unwrap_or_default() } else { through };
    let of_it = || targets.iter().filter(|target| target.through.to_string() == through);
    let first = of_it().find_map(|target| target.endpoint.as_ref().map(ToString::to_string));
    let endpoint = if untouched && endpoint.is_empty() { first.unwrap_or_default() } else { endpoint };
    let mut suggestions: Vec<String> =
        targets.iter().filter_map(|target| target.endpoint.clone().map(Into::into)).collect();
    suggestions.sort();
    suggestions.dedup();
    view! {
        <Select
            name=format!("{group}[through]")
            label="Through"
            choices=ways
            value=Signal::stored(through)
            error=Signal::stored(problem_at(&problems, "through"))
        />
        <TextInput
            name=format!("{group}[endpoint]")
            label="Endpoint"
            placeholder="The endpoint's name"
            suggestions
            value=Signal::stored(endpoint)
            error=Signal::stored(problem_at(&problems, "endpoint"))
        />
    }
}

//! What is said beside the body: the headers that SageMaker Runtime takes, those first that mean something here.

use super::typed::Typed;
use crate::ui::{FieldError, TextInput, sentence_case};
use domain::endpoint::Variant;
use domain::invoke::{HeaderRule, TargetView};
use domain::share::intent::InvokeAction;
use leptos::prelude::*;

/// What a header is for, in a line.
fn about(field: &str) -> &'static str {
    match field {
        "custom_attributes" => "Passed on to the model's container as they are, at most 1,024 ASCII characters.",
        "target_model" => "Which of the endpoint's models, by its path in S3: `tenant-a.tar.gz`.",
        "target_variant" => "Which production variant; without it SageMaker chooses by their weights.",
        "target_container" => "Which container, by its hostname.",
        "inference_component" => "Which inference component, by its name.",
        "inference_id" => "Names this call in captured data, at most 64 characters.",
        "explanations" => "For Clarify: which records to explain, as a JMESPath expression.",
        "session" => "Of a stateful session; `NEW_SESSION` asks for one.",
        _ => "",
    }
}

/// Whether a header is shown: it means something to this endpoint, or something was typed.
fn shown(rule: &HeaderRule, target: &TargetView, value: &str) -> bool {
    let fits = target.shape.as_ref().is_none_or(|shape| shape.takes(rule.field).is_ok());
    fits || !value.is_empty()
}

/// Why what is typed is not sent.
fn why_not_sent(rule: &HeaderRule, way: InvokeAction) -> Option<String> {
    (!rule.ways.contains(&way)).then(|| format!("not sent: {} takes no {}", way.operation(), rule.noun))
}

/// That something is wrong with a header that would be sent, in short: what it is stands at the field.
pub(super) fn problem(typed: Typed) -> Option<String> {
    let way = typed.way();
    let mut rules = HeaderRule::ALL.iter().filter(|rule| rule.ways.contains(&way));
    let wrong = rules.find(|rule| typed.header(rule.field).with(|value| rule.problem(value).is_some()))?;
    Some(format!("the {} can't be sent so", wrong.noun))
}

/// The header that is empty and without which SageMaker refuses the call, in words.
pub(super) fn missing(typed: Typed, target: &TargetView) -> Option<String> {
    let rule = HeaderRule::of(target.shape.as_ref()?.needs()?)?;
    let sent = rule.ways.contains(&typed.way());
    let empty = typed.header(rule.field).with(|value| value.trim().is_empty());
    let article = if rule.noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    (sent && empty).then(|| format!("needs {article} {}", rule.noun))
}

/// What is wrong with a header's value, for its field.
pub(super) fn at_field(typed: Typed, field: &'static str) -> Signal<Option<FieldError>> {
    let value = typed.header(field);
    Signal::derive(move || {
        let rule = HeaderRule::of(field)?;
        let problem = value.with(|value| rule.problem(value))?;
        Some(FieldError { message: format!("{} {problem}", sentence_case(rule.noun)), hint: None })
    })
}

fn suggestions(rule: &HeaderRule, target: &TargetView) -> Vec<String> {
    let variants = || target.shape.iter().flat_map(|shape| &shape.variants).map(|variant| variant.name.clone());
    match rule.field {
        "target_variant" => variants().collect(),
        "target_container" => target.shape.iter().flat_map(|shape| shape.containers.clone()).collect(),
        "inference_component" => target.shape.iter().flat_map(|shape| shape.component_names.clone()).collect(),
        "session" => vec!["NEW_SESSION".into()],
        _ => Vec::new(),
    }
}

/// The headers beyond content type and Accept. Open where one of them has a value.
#[component]
pub(super) fn Options(typed: Typed, target: TargetView) -> impl IntoView {
    let rules = || HeaderRule::ALL.iter().filter(|rule| !matches!(rule.field, "content_type" | "accept"));
    let open = rules().any(|rule| typed.header(rule.field).with_untracked(|value| !value.is_empty()))
        || target.shape.as_ref().is_some_and(|shape| shape.multi_model || shape.components);
    let fields = rules()
        .filter(|rule| typed.header(rule.field).with_untracked(|value| shown(rule, &target, value)))
        .map(|rule| view! { <Header typed rule=rule.field target=target.clone()/> })
        .collect_view();
    let filled = move || rules().filter(|rule| typed.header(rule.field).with(|value| !value.is_empty())).count();
    view! {
        <details class="more-options" open=open>
            <summary>
                "Options"
                {move || Some(filled()).filter(|n| *n > 0).map(|n| view! { <span class="muted">{format!(" · {n} set")}</span> })}
            </summary>
            <div class="option-fields">{fields}</div>
        </details>
    }
}

#[component]
fn Header(typed: Typed, rule: &'static str, target: TargetView) -> impl IntoView {
    let value = typed.header(rule);
    let Some(rule) = HeaderRule::of(rule) else { return ().into_any() };
    let error = at_field(typed, rule.field);
    let on_input = Callback::new(move |text| {
        value.set(text);
        typed.touched.set(true);
    });
    let misfit = target.shape.as_ref().and_then(|shape| shape.takes(rule.field).err());
    let here = target.shape.as_ref().map(|shape| match rule.field {
        "target_variant" => in_words(&shape.variants),
        "inference_component" => names(&shape.component_names),
        _ => String::new(),
    });
    let description = match here.filter(|here| !here.is_empty()) {
        Some(here) => format!("{} Here: {here}.", about(rule.field)),
        None => about(rule.field).to_owned(),
    };
    let note = move || {
        let typed_something = value.with(|value| !value.is_empty());
        let why = why_not_sent(rule, typed.way()).or(misfit.map(str::to_owned))?;
        Some(view! { <p class="option-note" class:is-loud=typed_something>{sentence_case(&why)}"."</p> })
    };
    view! {
        <div class="option">
            <TextInput
                name=rule.field
                label=sentence_case(rule.noun)
                description=description
                suggestions=suggestions(rule, &target)
                value
                error
                mono=true
                on_input
            />
            {note}
        </div>
    }
    .into_any()
}

/// `writer, echo`
fn names(components: &[String]) -> String {
    components.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// `Champion 90 %, Challenger 10 %`
fn in_words(variants: &[Variant]) -> String {
    let one = |variant: &Variant| format!("`{}` {}", variant.name, variant.percent());
    variants.iter().map(one).collect::<Vec<_>>().join(", ")
}

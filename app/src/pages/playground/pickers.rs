//! Which endpoint, through what. A form of its own: without a script it is sent by its button.

use super::later::Later;
use super::streaming::Live;
use crate::api::encoded;
use crate::api::playground::InvokeEndpoint;
use crate::error::AppError;
use crate::pages::parts::REGIONS;
use crate::ui::{Badge, Button, Choice, FieldError, Select, TextInput, Tone};
use domain::endpoint::EndpointStatus;
use domain::invoke::{TargetView, Through};
use domain::names::Region;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

/// Up to so many endpoints are a list to open; of more one types a part of the name.
const LISTED: usize = 30;

/// The pickers.
#[component]
pub(super) fn Pickers(
    targets: Vec<TargetView>,
    chosen: TargetView,
    invoke: ServerAction<InvokeEndpoint>,
    live: Live,
    later: Later,
    /// What is wrong with the endpoint's name as typed.
    problem: Option<AppError>,
) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |(through, endpoint): (String, String)| {
        invoke.value().set(None);
        live.clear();
        later.clear();
        let (through, endpoint) = (encoded(&through), encoded(&endpoint));
        navigate(&format!("/playground?through={through}&endpoint={endpoint}"), NavigateOptions::default());
    });
    let through = chosen.through.to_string();
    let ways = through_choices(&targets, &chosen);
    let error = problem.map(|error| FieldError { message: error.message, hint: error.hint });
    let (status, direct) = (chosen.status, matches!(chosen.through, Through::Direct { .. }));
    let by_name = is_typed(&chosen, targets.iter().filter(|target| target.through == chosen.through).count());
    view! {
        <form class="pickers" class:has-region=direct method="get" action="/playground">
            <EndpointPicker targets chosen=chosen.clone() error go/>
            <Select
                name="through"
                label="Through"
                choices=ways
                value=through
                on_change=move |through| go.run((through, String::new()))
            />
            <RegionPicker through=chosen.through go/>
            <div class="picker-status">
                <StatusBadge status/>
            </div>
            <div class="picker-button" class:without-script=!by_name>
                <Button submit=true>"Choose endpoint"</Button>
            </div>
        </form>
    }
}

/// Whether the endpoint's name is typed rather than chosen from a list.
fn is_typed(chosen: &TargetView, known: usize) -> bool {
    chosen.any_endpoint || known > LISTED
}

/// Shares and connections, each once; which account each leads to is in its label.
fn through_choices(targets: &[TargetView], chosen: &TargetView) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    // What is chosen may be a connection in another region than it is listed with.
    let listed = targets.iter().any(|target| target.through == chosen.through);
    for target in (!listed).then_some(chosen).into_iter().chain(targets) {
        let through = target.through.to_string();
        if choices.iter().all(|choice| choice.value != through) {
            let not = if target.blocked.is_some() { " · not from here" } else { "" };
            choices.push(Choice::new(through, format!("{}{not}", target.label)));
        }
    }
    choices
}

/// The endpoint: chosen from a list, or typed where any may be named or there are many, with those known to complete it.
#[component]
fn EndpointPicker(
    targets: Vec<TargetView>,
    chosen: TargetView,
    error: Option<FieldError>,
    go: Callback<(String, String)>,
) -> impl IntoView {
    let through = chosen.through.to_string();
    let asked = move || use_query_map().with_untracked(|query| query.get("endpoint")).unwrap_or_default();
    let of_it: Vec<_> = targets.into_iter().filter(|target| target.through == chosen.through).collect();
    let by_name = is_typed(&chosen, of_it.len());
    let value = Signal::stored(chosen.endpoint.map_or_else(asked, Into::into));
    let error = Signal::stored(error);
    let known = || of_it.iter().filter_map(|target| Some((target.endpoint.clone()?, target.status)));
    if by_name {
        let suggestions: Vec<String> = known().map(|(name, _)| name.into()).collect();
        let names = StoredValue::new(suggestions.clone());
        // A name that was picked, or that nothing known goes on from: there is nothing left to press for.
        let on_input = Callback::new(move |text: String| {
            let goes_on = |names: &Vec<String>| names.iter().filter(|name| name.starts_with(&text)).count();
            if names.with_value(|names| names.contains(&text) && goes_on(names) == 1) {
                go.run((through.clone(), text));
            }
        });
        let about = Signal::stored(asleep(known()));
        return view! {
            <div class="picker-endpoint">
                <TextInput
                    name="endpoint"
                    label="Endpoint"
                    placeholder="Type a part of its name"
                    value
                    suggestions
                    error
                    on_input
                />
                {move || Some(about.get()).filter(|text| !text.is_empty()).map(|text| view! { <p class="muted">{text}</p> })}
            </div>
        }
        .into_any();
    }
    let with_status = |status: Option<EndpointStatus>| status.map(|s| format!(" · {}", s.as_str())).unwrap_or_default();
    let choices: Vec<_> =
        known().map(|(name, status)| Choice::new(name.as_str(), format!("{name}{}", with_status(status)))).collect();
    let on_change = Callback::new(move |name| go.run((through.clone(), name)));
    view! { <Select name="endpoint" label="Endpoint" choices value error on_change/> }.into_any()
}

/// Of the endpoints that are suggested by name, those that would not answer.
fn asleep<N: AsRef<str>>(known: impl Iterator<Item = (N, Option<EndpointStatus>)>) -> String {
    let asleep: Vec<_> = known
        .filter_map(|(name, status)| {
            status.filter(|s| !s.answers()).map(|s| format!("{} {}", name.as_ref(), s.as_str()))
        })
        .collect();
    match asleep.as_slice() {
        [] => String::new(),
        few if few.len() <= 3 => format!("Not in service: {}", few.join(", ")),
        many => format!("{} of these endpoints are not in service", many.len()),
    }
}

/// The region to call a connection's endpoints in.
#[component]
fn RegionPicker(through: Through, go: Callback<(String, String)>) -> impl IntoView {
    let Through::Direct { connection, region } = through else { return ().into_any() };
    let typed = RwSignal::new(region.to_string());
    let error = Signal::derive(move || {
        let why = typed.with(|text| Region::parse(text).err())?;
        Some(FieldError { message: why.to_string(), hint: None })
    });
    let suggestions = REGIONS.iter().map(|(code, _)| (*code).to_owned()).collect();
    let on_input = Callback::new(move |text: String| {
        let known = REGIONS.iter().any(|(code, _)| *code == text) && text != region.as_str();
        if let (true, Ok(region)) = (known, Region::parse(&text)) {
            let through = Through::Direct { connection: connection.clone(), region };
            go.run((through.to_string(), String::new()));
        }
        typed.set(text);
    });
    view! { <TextInput name="region" label="Region" value=typed suggestions error on_input/> }.into_any()
}

#[component]
fn StatusBadge(status: Option<EndpointStatus>) -> impl IntoView {
    status.map(|status| {
        let tone = match status {
            EndpointStatus::InService => Tone::Ok,
            status if status.answers() => Tone::Warn,
            EndpointStatus::Creating => Tone::Warn,
            _ => Tone::Bad,
        };
        view! {
            <Badge tone=tone dot=true>
                {status.as_str()}
            </Badge>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::asleep;
    use domain::endpoint::EndpointStatus::{Creating, Failed, InService};

    #[test]
    fn those_that_would_not_answer_are_named_while_they_are_few() {
        let one = [("a", Some(InService)), ("b", Some(Creating)), ("c", None)];
        assert_eq!(asleep(one.into_iter()), "Not in service: b Creating");
        assert_eq!(asleep([("a", Some(InService))].into_iter()), "");
        assert_eq!(asleep((0..5).map(|_| ("x", Some(Failed)))), "5 of these endpoints are not in service");
    }
}

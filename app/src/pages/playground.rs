//! Playground: invoke an endpoint, through a share or directly. The choice is in the address; what is typed survives it.

mod compare;
mod draft;
mod format;
mod later;
mod pickers;
mod request;
mod response;
mod streaming;

pub use compare::ComparePage;

use super::parts::StartShareButton;
use crate::api::encoded;
use crate::api::playground::{InvokeEndpoint, PlaygroundView, get_playground};
use crate::api::saved::SAVED_NAME;
use crate::components::{CopyAsCode, PlaygroundTabs};
use crate::ui::{ButtonKind, EmptyState, ErrorPanel, PageHeader, Resolve, Skeleton};
use domain::invoke::{TargetView, Through};
use later::Later;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use pickers::Pickers;
use request::{Earlier, Request, Typed};
use response::Response;
use streaming::Live;

/// So many endpoints with the typed part in their names are offered.
const NEAR: usize = 8;

/// Invoke an endpoint, through a share or directly.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let query = use_query_map();
    let chosen = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        ["through", "endpoint", "result", "region", "from", "later"].map(part)
    });
    let playground = Resource::new(
        move || chosen.get(),
        |[through, endpoint, result, region, from, later]| {
            get_playground(through, endpoint, result, region, from, later)
        },
    );
    let typed = Typed::new();
    let invoke = ServerAction::<InvokeEndpoint>::new();
    let live = Live::new();
    let later = Later::new();
    on_cleanup(move || live.clear());
    draft::go_on();
    view! {
        <PageHeader title="Playground" sub="Calls go through a share's role, or directly as a connection. Your credentials stay on the server." />
        <PlaygroundTabs/>
        <Resolve
            resource=playground
            failed="The playground could not be loaded"
            skeleton=|| {
                view! {
                    <div class="card">
                        <Skeleton lines=10 />
                    </div>
                }
            }
            children=Callback::new(move |view: PlaygroundView| {
                view! { <Playground view=view typed=typed invoke=invoke live later /> }
            })
        />
    }
}

#[component]
fn Playground(
    view: PlaygroundView,
    typed: Typed,
    invoke: ServerAction<InvokeEndpoint>,
    live: Live,
    later: Later,
) -> impl IntoView {
    let PlaygroundView { targets, chosen, problem, kept, filled, later: taken, earlier, now } = view;
    let earlier = Earlier { requests: earlier, now };
    let Some(target) = chosen else {
        return view! {
            <div class="card">
                <EmptyState
                    title="Nothing to invoke yet"
                    body="The playground calls endpoints through a share: share one with an account of yours, and it is offered here with a sample to send."
                >
                    <StartShareButton kind=ButtonKind::Primary />
                </EmptyState>
            </div>
        }
        .into_any();
    };
    let (kept_params, kept_result) = kept.map(|kept| ((kept.params, kept.way), kept.result)).unzip();
    // A call that was taken has no result yet: what was kept of it is what was typed.
    let kept_result = kept_result.filter(|_| taken.is_none());
    // Nothing was called where only its saving was refused.
    let (kept_result, not_saved) = match kept_result {
        Some(Err(error)) if error.field.as_deref() == Some(SAVED_NAME) => (None, Some(error)),
        other => (other, None),
    };
    if let Some(taken) = taken {
        later.resume(taken);
    }
    draft::keep(typed, &target, kept_params.is_none() && filled.is_none());
    let drawn = target.clone();
    typed.begin(move |typed| match kept_params {
        None if filled.is_some() => {
            if let Some(filled) = filled {
                typed.fill(filled.params, filled.way);
                typed.touched.set(true);
            }
        }
        // What was sent belongs to the endpoint it was sent to.
        Some((params, way)) if drawn.endpoint.as_ref() == Some(&params.endpoint) && params.through == drawn.through => {
            typed.fill(params, way);
        }
        _ => typed.offer(&drawn),
    });
    let Some(endpoint) = target.endpoint.clone() else {
        let body = match target.through {
            _ if problem.is_some() => "Choose one from the list, or type its name as SageMaker shows it.",
            Through::Direct { .. } => {
                "This connection sees no endpoint in the region: choose another region, or type the name of one."
            }
            Through::Share(_) => {
                "The share is of every endpoint in its region, and this console can't list them: type the name of one, as the parent's administrator gave it to you."
            }
        };
        // What is wrong with the name stands at its field, anything else by itself.
        let (at_name, other) = match problem {
            Some(error) if error.field.as_deref() == Some("endpoint") => (Some(error), None),
            other => (None, other),
        };
        return view! {
            <Pickers targets=targets chosen=target invoke=invoke live later problem=at_name />
            {other.map(|error| view! { <ErrorPanel error=error title="The endpoints could not be listed" /> })}
            <div class="card">
                <EmptyState
                    title="No endpoint named yet"
                    body=body
                />
            </div>
        }
        .into_any();
    };
    let name = endpoint.to_string();
    let unknown = problem.is_none().then(|| unknown(&targets, &target)).flatten();
    let asked = StoredValue::new(target.clone());
    let as_typed = Callback::new(move |()| asked.with_value(|target| typed.as_it_stands(target)));
    view! {
        <Pickers targets=targets chosen=target.clone() invoke=invoke live later problem=None />
        {problem
            .map(|error| view! { <ErrorPanel error=error title="The endpoint's status could not be read" /> })}
        {unknown}
        <div class="playground">
            <Request target=target endpoint=endpoint typed=typed invoke=invoke live later as_typed earlier not_saved />
            <Response endpoint=name invoke=invoke kept=kept_result typed=typed live later />
        </div>
        <CopyAsCode form=request::FORM request=as_typed />
    }
    .into_any()
}

/// That a connection sees no endpoint of the name, with those whose names are near it.
fn unknown(targets: &[TargetView], chosen: &TargetView) -> Option<impl IntoView + use<>> {
    let name = chosen.endpoint.as_ref()?;
    let of_it: Vec<_> = targets.iter().filter(|target| target.through == chosen.through).collect();
    let known = || of_it.iter().filter_map(|target| target.endpoint.as_ref());
    let is_direct = matches!(chosen.through, Through::Direct { .. });
    if !is_direct || chosen.status.is_some() || known().next().is_none() || known().any(|known| known == name) {
        return None;
    }
    let part = name.as_str().to_lowercase();
    let near = known().filter(|known| known.as_str().to_lowercase().contains(&part)).take(NEAR).map(|known| {
        let to = format!("/playground?through={}&endpoint={known}", encoded(&chosen.through.to_string()));
        view! { <li><a href=to>{known.to_string()}</a></li> }
    });
    let near = near.collect_view();
    let meant =
        (!near.is_empty()).then(|| view! { <p>"These have it in their names:"</p> <ul class="near-names">{near}</ul> });
    Some(view! {
        <div class="card card-body stack unknown-endpoint" role="status">
            <p>
                "This connection sees no endpoint " <code>{name.to_string()}</code> ": a call of it would be refused."
            </p>
            {meant}
        </div>
    })
}

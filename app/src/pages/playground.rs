//! Playground: invoke an endpoint, through a share or directly. The choice is in the address; what is typed survives it.

mod compare;
mod format;
mod later;
mod pickers;
mod request;
mod response;
mod streaming;

pub use compare::ComparePage;

use super::parts::StartShareButton;
use crate::api::playground::{InvokeEndpoint, PlaygroundView, get_playground};
use crate::components::{CopyAsCode, PlaygroundTabs};
use crate::ui::{ButtonKind, EmptyState, ErrorPanel, PageHeader, Resolve, Skeleton};
use domain::invoke::Through;
use later::Later;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use pickers::Pickers;
use request::{Earlier, Request, Typed};
use response::Response;
use streaming::Live;

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
    if let Some(taken) = taken {
        later.resume(taken);
    }
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
            Through::Direct { .. } => {
                "This connection sees no endpoint in the region: choose another region, or type the name of one."
            }
            Through::Share(_) => {
                "The share is of every endpoint in its region, and this console can't list them: type the name of one, as the parent's administrator gave it to you."
            }
        };
        return view! {
            <Pickers targets=targets chosen=target invoke=invoke live later problem />
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
    let asked = StoredValue::new(target.clone());
    let as_typed = Callback::new(move |()| asked.with_value(|target| typed.as_it_stands(target)));
    view! {
        <Pickers targets=targets chosen=target.clone() invoke=invoke live later problem=None />
        {problem
            .map(|error| view! { <ErrorPanel error=error title="The endpoint's status could not be read" /> })}
        <div class="playground">
            <Request target=target endpoint=endpoint typed=typed invoke=invoke live later as_typed earlier />
            <Response endpoint=name invoke=invoke kept=kept_result typed=typed live later />
        </div>
        <CopyAsCode form=request::FORM request=as_typed />
    }
    .into_any()
}

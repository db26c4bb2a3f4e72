//! What serves: the endpoint, its versions, the way back to an earlier one, and the ways out to those who call it.

use super::{Live, again_after};
use crate::api::pipeline::operate::{ServeVersion, SharePipeline};
use crate::error::failure_of;
use crate::ui::{ActionProblem, Badge, Button, ButtonKind, Card, ErrorPanel, IconName, Time, Tone, Words};
use domain::invoke::Through;
use domain::pipeline::view::{EndpointState, VersionView, VersionsView};
use leptos::form::ActionForm;
use leptos::prelude::*;

/// The endpoint with its versions.
#[component]
pub(super) fn Versions(live: Live) -> impl IntoView {
    let (id, endpoint, through) = live.shown.view.with_untracked(|shown| {
        let intent = &shown.pipeline.intent;
        let (connection, region) = (intent.production.connection.clone(), intent.region.clone());
        (shown.pipeline.id.to_string(), intent.deployment.endpoint.to_string(), Through::Direct { connection, region })
    });
    let serve = ServerAction::<ServeVersion>::new();
    again_after(serve, live.versions.ask);
    let state =
        Memo::new(move |_| live.versions.view.with(|versions| versions.as_ref().and_then(|all| all.endpoint.clone())));
    let all = Memo::new(move |_| {
        live.versions.view.with(|versions| versions.as_ref().map(|all| all.versions.clone()).unwrap_or_default())
    });
    let unknown = Memo::new(move |_| live.versions.view.with(Option::is_none));
    let known = move |versions: &Option<VersionsView>| versions.is_some();
    let playground = format!("/playground?through={}&endpoint={endpoint}", crate::api::encoded(&through.to_string()));
    let title = format!("Endpoint {endpoint}");
    let trouble = move || {
        live.versions.trouble.get().map(|error| {
            view! { <ErrorPanel error title="The endpoint could not be asked" retry=live.versions.ask/> }
        })
    };
    let shared = id.clone();
    let ways = move || {
        state.get().is_some_and(|endpoint| endpoint.status != "Failed").then(|| {
            view! { <Ways pipeline=shared.clone() playground=playground.clone()/> }
        })
    };
    let row = move |version: VersionView| {
        view! { <Version version live state pipeline=id.clone() endpoint=endpoint.clone() serve/> }
    };
    let none = move || {
        (live.versions.view.with(known) && all.with(Vec::is_empty)).then(|| {
            view! { <p class="card-body muted">"No model was deployed yet. The first approved one makes the endpoint."</p> }
        })
    };
    let missing = move || {
        (live.versions.view.with(known) && !all.with(Vec::is_empty) && state.get().is_none()).then(|| {
            view! {
                <p class="card-body muted">
                    "There is no such endpoint any more: it was deleted past this console. The next model that is approved makes it anew."
                </p>
            }
        })
    };
    view! {
        <Card title=move || title.clone() aside=move || move || state.get().map(badge)>
            {trouble}
            {move || state.get().and_then(failure)}
            {ways}
            <ActionProblem error=failure_of(serve)/>
            {move || (!unknown.get()).then(none)}
            {missing}
            <ul class="lines" aria-label="Versions">
                <For each=move || all.get() key=|version| (version.name.clone(), version.live) children=row/>
            </ul>
        </Card>
    }
}

fn badge(endpoint: EndpointState) -> impl IntoView {
    let tone = match endpoint.status.as_str() {
        "InService" => Tone::Ok,
        "Failed" | "OutOfService" | "UpdateRollbackFailed" => Tone::Bad,
        _ => Tone::Accent,
    };
    view! { <Badge tone>{endpoint.status}</Badge> }
}

/// Why it failed, or why an update was taken back.
fn failure(endpoint: EndpointState) -> Option<AnyView> {
    let reason = endpoint.failure?;
    let said = if endpoint.status == "Failed" {
        "The endpoint failed."
    } else {
        "The last update was taken back; the version before it serves on."
    };
    Some(
        view! {
            <div class="card-body">
                <div class="failure">
                    <p class="failure-message">{said}</p>
                    <p class="failure-hint"><Words text=reason/></p>
                </div>
            </div>
        }
        .into_any(),
    )
}

#[component]
fn Ways(pipeline: String, playground: String) -> impl IntoView {
    let share = ServerAction::<SharePipeline>::new();
    view! {
        <div class="card-body endpoint-ways">
            <Button icon=IconName::Playground href=playground>"Invoke it"</Button>
            <ActionForm action=share>
                <input type="hidden" name="pipeline" value=pipeline/>
                <Button icon=IconName::Shares submit=true busy=share.pending()>"Share it with another account"</Button>
                <ActionProblem error=failure_of(share)/>
            </ActionForm>
        </div>
    }
}

#[component]
fn Version(
    version: VersionView,
    live: Live,
    state: Memo<Option<EndpointState>>,
    pipeline: String,
    endpoint: String,
    serve: ServerAction<ServeVersion>,
) -> impl IntoView {
    let VersionView { name, created, live: serves } = version;
    let can = Memo::new(move |_| {
        !serves && state.with(|state| state.as_ref().is_some_and(|state| state.status == "InService"))
    });
    let shown = name.clone();
    let back = move || {
        let (pipeline, name, endpoint) = (pipeline.clone(), name.clone(), endpoint.clone());
        let now =
            state.with_untracked(|state| state.as_ref().map(|state| state.configuration.clone())).unwrap_or_default();
        can.get().then(|| {
            view! {
                <ActionForm action=serve>
                    <input type="hidden" name="pipeline" value=pipeline/>
                    <input type="hidden" name="version" value=name.clone()/>
                    <details class="confirm version-back">
                        <summary>"Go back to it…"<span class="visually-hidden">" "{name.clone()}</span></summary>
                        <div class="confirm-body">
                            <p>
                                {format!("{endpoint} then serves ")} <code>{name.clone()}</code> " instead of " <code>{now}</code>
                                ", all traffic at once as soon as its instances are up. Nothing is trained anew, and no request is dropped. The next approved model takes its place."
                            </p>
                            <Button kind=ButtonKind::Danger submit=true busy=serve.pending()>"Serve this version again"</Button>
                        </div>
                    </details>
                </ActionForm>
            }
        })
    };
    view! {
        <li class="line version">
            <div class="line-text">
                <code class="line-title">{shown}</code>
                <p class="line-detail">"Deployed first " {move || view! { <Time at=created now=live.versions.now.get()/> }}</p>
            </div>
            {serves.then(|| view! { <Badge tone=Tone::Ok dot=true>"Serves"</Badge> })}
            {back}
        </li>
    }
}

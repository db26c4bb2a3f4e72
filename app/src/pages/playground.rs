//! Playground: invoke an endpoint through a share. The choice is in the address; what is typed survives it.

mod format;
mod request;
mod response;
mod streaming;

use super::parts::{EndpointField, StartShareButton};
use crate::api::encoded;
use crate::api::playground::{InvokeEndpoint, PlaygroundView, get_playground};
use crate::components::CopyAsCode;
use crate::error::AppError;
use crate::ui::{
    Badge, Button, ButtonKind, Choice, EmptyState, ErrorPanel, FieldError, PageHeader, Resolve, Select, Skeleton, Tone,
};
use domain::endpoint::{EndpointStatus, Sample};
use domain::invoke::{InvokeParams, TargetView};
use domain::share::intent::InvokeAction;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use request::Request;
use response::Response;
use streaming::Live;

/// What is typed. Outlives the choice of an endpoint, so that nothing typed is lost.
#[derive(Clone, Copy)]
struct Typed {
    content_type: RwSignal<String>,
    accept: RwSignal<String>,
    custom_attributes: RwSignal<String>,
    body: RwSignal<String>,
    /// The key of an [`InvokeAction`].
    way: RwSignal<String>,
    /// Whether the person changed anything: then no sample takes its place.
    touched: RwSignal<bool>,
    /// Whether it is in a page already.
    drawn: StoredValue<bool>,
}

impl Typed {
    fn new() -> Self {
        Self {
            content_type: RwSignal::new("text/csv".into()),
            accept: RwSignal::default(),
            custom_attributes: RwSignal::default(),
            body: RwSignal::default(),
            way: RwSignal::new(InvokeAction::Invoke.key().into()),
            touched: RwSignal::new(false),
            drawn: StoredValue::new(false),
        }
    }
    /// Changes it for the endpoint that is being drawn. The first time at once, as the page that the server draws needs it;
    /// later only once the page stands: the one it takes the place of still listens, with signals that are gone.
    fn begin(self, change: impl FnOnce(Self) + 'static) {
        if !self.drawn.get_value() {
            self.drawn.set_value(true);
            return change(self);
        }
        let change = std::cell::Cell::new(Some(change));
        Effect::new(move |_| {
            if let Some(change) = change.take() {
                request_animation_frame(move || change(self));
            }
        });
    }
    fn fill(self, params: InvokeParams, way: InvokeAction) {
        self.way.set(way.key().into());
        self.content_type.set(params.headers.content_type);
        self.accept.set(params.headers.accept);
        self.custom_attributes.set(params.headers.custom_attributes);
        self.body.set(params.body);
    }
    fn offer(self, target: &TargetView) {
        if let (false, Some(sample)) = (self.touched.get_untracked(), &target.sample) {
            self.take(sample);
        }
    }
    fn take(self, sample: &Sample) {
        self.content_type.set(sample.content_type.clone());
        self.body.set(sample.body.clone());
    }
}

/// Invoke an endpoint through a share.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let query = use_query_map();
    let chosen = Memo::new(move |_| {
        let query = query.read();
        let part = |name: &str| query.get(name).unwrap_or_default();
        (part("through"), part("endpoint"), part("result"))
    });
    let playground =
        Resource::new(move || chosen.get(), |(through, endpoint, result)| get_playground(through, endpoint, result));
    let typed = Typed::new();
    let invoke = ServerAction::<InvokeEndpoint>::new();
    let live = Live::new();
    on_cleanup(move || live.clear());
    view! {
        <PageHeader title="Playground" sub="Calls go through the role of the share. Your credentials stay on the server." />
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
                view! { <Playground view=view typed=typed invoke=invoke live /> }
            })
        />
    }
}

#[component]
fn Playground(view: PlaygroundView, typed: Typed, invoke: ServerAction<InvokeEndpoint>, live: Live) -> impl IntoView {
    let PlaygroundView { targets, chosen, problem, kept } = view;
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
    let drawn = target.clone();
    typed.begin(move |typed| match kept_params {
        // What was sent belongs to the endpoint it was sent to.
        Some((params, way)) if drawn.endpoint.as_ref() == Some(&params.endpoint) && params.through == drawn.through => {
            typed.fill(params, way);
        }
        _ => typed.offer(&drawn),
    });
    let Some(endpoint) = target.endpoint.clone() else {
        return view! {
            <Pickers targets=targets chosen=target invoke=invoke live problem />
            <div class="card">
                <EmptyState
                    title="No endpoint named yet"
                    body="The share is of every endpoint in its region, and this console can't list them: type the name of one, as the parent's administrator gave it to you."
                />
            </div>
        }
        .into_any();
    };
    let name = endpoint.to_string();
    view! {
        <Pickers targets=targets chosen=target.clone() invoke=invoke live problem=None />
        {problem
            .map(|error| view! { <ErrorPanel error=error title="The endpoint's status could not be read" /> })}
        <div class="playground">
            <Request target=target endpoint=endpoint typed=typed invoke=invoke live />
            <Response endpoint=name invoke=invoke kept=kept_result typed=typed live />
        </div>
        <CopyAsCode form=request::FORM />
    }
    .into_any()
}

/// Which endpoint, through which share. A form of its own: without a script it is sent by its button.
#[component]
fn Pickers(
    targets: Vec<TargetView>,
    chosen: TargetView,
    invoke: ServerAction<InvokeEndpoint>,
    live: Live,
    /// What is wrong with the endpoint's name as typed.
    problem: Option<AppError>,
) -> impl IntoView {
    let mut ways: Vec<Choice> = Vec::new();
    for target in &targets {
        let through = target.through.to_string();
        if ways.iter().all(|choice| choice.value != through) {
            ways.push(Choice::new(through, target.label.clone()));
        }
    }
    let of_it = targets.iter().filter(|target| target.through == chosen.through);
    let endpoints = of_it.filter_map(|target| target.endpoint.clone()).collect();
    let navigate = use_navigate();
    let go = Callback::new(move |(through, endpoint): (String, String)| {
        invoke.value().set(None);
        live.clear();
        let through = encoded(&through);
        navigate(&format!("/playground?through={through}&endpoint={endpoint}"), NavigateOptions::default());
    });
    let through = chosen.through.to_string();
    let through_now = through.clone();
    let by_name = chosen.any_endpoint;
    let typed = move || use_query_map().with_untracked(|query| query.get("endpoint")).unwrap_or_default();
    let endpoint = chosen.endpoint.map_or_else(typed, Into::into);
    let error = problem.map(|error| FieldError { message: error.message, hint: error.hint });
    view! {
        <form class="pickers" method="get" action="/playground">
            <EndpointField
                endpoints
                any=by_name
                value=endpoint
                error
                on_choose=Callback::new(move |endpoint| go.run((through.clone(), endpoint)))
            />
            <Select
                name="through"
                label="Through"
                choices=ways
                value=through_now
                on_change=move |through| go.run((through, String::new()))
            />
            <div class="picker-status">
                <StatusBadge status=chosen.status />
            </div>
            <div class:without-script=!by_name>
                <Button submit=true>"Choose endpoint"</Button>
            </div>
        </form>
    }
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

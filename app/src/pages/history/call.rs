//! One call: all that is known of it, and how to make it again.

use super::ClassBadge;
use crate::api::history::{DeleteCall, get_call};
use crate::components::{PlainText, PlaygroundTabs};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, Confirm, CopyButton, EmptyState, IconName, PageHeader, Resolve, Skeleton,
    Time, Words, duration_us, size,
};
use domain::history::{Call, CallBodies, CallClass, CallDetail, CallView, KeptBody};
use domain::invoke::{HeaderRule, InvokeHeaders, Through};
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// One call.
#[component]
pub fn CallPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<i64>().ok()));
    let call = Resource::new(
        move || id.get(),
        async |id| match id {
            None => Ok(None),
            Some(id) => match get_call(id).await {
                Err(AppError { kind: ErrorKind::NotFound, .. }) => Ok(None),
                found => found.map(Some),
            },
        },
    );
    let delete = ServerAction::<DeleteCall>::new();
    view! {
        <Resolve
            resource=call
            failed="The call could not be loaded"
            skeleton=|| view! { <PageHeader title="Call"/> <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(move |detail: Option<CallDetail>| match detail {
                Some(detail) => view! { <Detail detail delete/> }.into_any(),
                None => view! { <NoSuchCall/> }.into_any(),
            })
        />
    }
}

/// It was deleted, or its days are over.
#[component]
fn NoSuchCall() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <PageHeader title="No such call"/>
        <div class="card">
            <EmptyState
                title="The history has no call of this number"
                body="It was deleted, or its days are over: calls are kept for as long as the settings say."
            >
                <Button href="/history">"Go to the history"</Button>
            </EmptyState>
        </div>
    }
}

#[component]
fn Detail(detail: CallDetail, delete: ServerAction<DeleteCall>) -> impl IntoView {
    let CallDetail { view: CallView { id, call }, bodies, bodies_until, until, now } = detail;
    let again = format!("/playground?from=history/{id}");
    let compare = format!("/playground/compare?from=history/{id}");
    let whole = matches!(bodies, Some(CallBodies { request: KeptBody::Text(_) | KeptBody::Base64(_), .. }));
    let endpoint = call.endpoint.to_string();
    let headers = bodies.as_ref().map_or_else(|| call.headers.clone(), |bodies| bodies.headers.clone());
    let note = (!whole && call.sent > 0).then(|| {
        view! { <p class="field-about">"Its body was not kept: the new request is empty, and without custom attributes, inference ID, explanations and session."</p> }
    });
    let bodies = bodies.map(|bodies| view! { <Bodies bodies until=bodies_until now/> });
    view! {
        <PageHeader title=format!("Call to {endpoint}")>
            <Button href=compare>"Compare…"</Button>
            <Button kind=ButtonKind::Primary icon=IconName::Play href=again>"Open as a new request"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        <div class="stack">
            {note}
            <Facts call headers until now/>
            {bodies}
            <ActionForm action=delete>
                <input type="hidden" name="id" value=id.to_string()/>
                <Confirm
                    label="Delete this call…"
                    lost="The call and what was kept of it are gone then, for everybody."
                    button="Delete this call"
                    busy=delete.pending()
                />
                <ActionProblem error=failure_of(delete)/>
            </ActionForm>
        </div>
    }
}

#[component]
fn Facts(call: Call, headers: InvokeHeaders, until: Timestamp, now: Timestamp) -> impl IntoView {
    let through = match &call.through {
        Through::Share(share) => view! { <a href=format!("/shares/{share}")>{call.label.clone()}</a> }.into_any(),
        Through::Direct { .. } => call.label.clone().into_any(),
    };
    let status = call.status.map(|status| format!(" {status}")).unwrap_or_default();
    let role = match (call.role_us, call.role_cached) {
        // Only where there is none it takes no time at all.
        (0, true) => "no role assumed".to_owned(),
        (us, true) => format!("role, cached {}", duration_us(us)),
        (us, false) => format!("assuming the role {}", duration_us(us)),
    };
    let first = call.first_us.map(|first| format!(" · first byte after {}", duration_us(first))).unwrap_or_default();
    let spent = format!("{role} · call {}{first}", duration_us(call.call_us));
    let received = match (call.received, call.class) {
        (Some(bytes), _) => size(bytes),
        // What a model says about its failure comes in AWS's own message.
        (None, CallClass::Refused | CallClass::Failed) => "an error message".into(),
        (None, _) => "nothing".into(),
    };
    let said = HeaderRule::ALL.iter().map(|rule| (rule.noun, rule.value(&headers).to_owned()));
    let said = said.filter(|(_, value)| !value.is_empty()).map(|(noun, value)| {
        view! {
            <dt>{crate::ui::sentence_case(noun)}</dt>
            <dd class="cell-wide"><code>{value}</code></dd>
        }
    });
    let said = said.collect_view();
    let message = (call.class == CallClass::Taken, call.message);
    let told = match message {
        (_, message) if message.is_empty() => None,
        (true, place) => {
            Some(view! { <dt>"Answer goes to"</dt> <dd class="cell-wide"><code>{place}</code></dd> }.into_any())
        }
        (false, message) => Some(view! { <dt>"AWS said"</dt> <dd><Words text=message/></dd> }.into_any()),
    };
    let fact =
        |name: &'static str, value: String| (!value.is_empty()).then(|| view! { <dt>{name}</dt> <dd>{value}</dd> });
    view! {
        <Card title=|| "What is known">
            <dl class="facts">
                <dt>"Result"</dt>
                <dd><ClassBadge ended=call.class/> {status} " " {call.code}</dd>
                {told}
                <dt>"When"</dt>
                <dd><Time at=call.at now=now/> {format!(" · {}", call.at.rfc3339())}</dd>
                {fact("Who", call.who)}
                <dt>"Through"</dt>
                <dd>{through}</dd>
                {fact("Operation", call.way.operation().to_owned())}
                {said}
                {fact("Answer's type", call.answer_type)}
                {fact("Variant", call.variant.unwrap_or_default())}
                {fact("Sent", size(call.sent))}
                {fact("Received", received)}
                {fact("Took", spent)}
                {call.request_id.map(|id| view! {
                    <dt>"AWS request"</dt>
                    <dd><code>{id.clone()}</code> <CopyButton text=id label="Copy the request ID" compact=true/></dd>
                })}
                {fact("Kept until", until.rfc3339())}
            </dl>
        </Card>
    }
}

#[component]
fn Bodies(bodies: CallBodies, until: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    let days = until.map_or(0, |until| until.since(now).div_ceil(86_400_000));
    let goes = if days <= 1 { "Goes within a day".to_owned() } else { format!("Goes within {days} days") };
    let (one, other) = (goes.clone(), goes);
    view! {
        <Card title=|| "Request body" aside=move || one.clone()>
            <Body body=bodies.request label="Copy the request body"/>
        </Card>
        <Card title=|| "Answer" aside=move || other.clone()>
            <Body body=bodies.answer label="Copy the answer"/>
        </Card>
    }
}

#[component]
fn Body(body: KeptBody, label: &'static str) -> impl IntoView {
    match body {
        KeptBody::Text(text) if text.is_empty() => view! { <p class="card-body muted">"Empty."</p> }.into_any(),
        KeptBody::Text(text) => view! { <PlainText text label/> }.into_any(),
        KeptBody::Base64(text) => view! {
            <p class="card-body muted">"Not text: in base64."</p>
            <PlainText text label/>
        }
        .into_any(),
        KeptBody::TooLarge => {
            view! { <p class="card-body muted">"Not kept: larger than the settings allow."</p> }.into_any()
        }
        KeptBody::Absent => {
            view! { <p class="card-body muted">"There is none, or it is not whole text."</p> }.into_any()
        }
    }
}

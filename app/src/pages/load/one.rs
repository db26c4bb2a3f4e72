//! One load check: what it would call, what it measures, and what it came to.

use super::compare::Compare;
use super::form::Form;
use super::plots::Plots;
use super::{StateBadge, pace_in_words, tenths, took};
use crate::api::load::{DeleteLoad, LoadPageView, PrepareLoad, StartLoad, StopLoad, get_load, get_load_page};
use crate::api::runs::AsOf;
use crate::components::{Live, PlaygroundTabs, RefreshWithoutScript, elapsed, use_live};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, Confirm, IconName, PageHeader, Resolve, Skeleton, Words, size, thousands,
};
use domain::load::{LoadEnd, LoadErrors, LoadPace, LoadSetup, LoadState, LoadView};
use domain::names::LoadId;
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// What can be done on the page.
#[derive(Clone, Copy)]
struct Actions {
    prepare: ServerAction<PrepareLoad>,
    start: ServerAction<StartLoad>,
    stop: ServerAction<StopLoad>,
    delete: ServerAction<DeleteLoad>,
    /// It is over: the page is made anew.
    over: Callback<()>,
}

/// One load check.
#[component]
pub fn LoadPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let (prepare, start) = (ServerAction::<PrepareLoad>::new(), ServerAction::<StartLoad>::new());
    let (stop, delete) = (ServerAction::<StopLoad>::new(), ServerAction::<DeleteLoad>::new());
    let started = start.version();
    let page = Resource::new(
        move || (id.get(), started.get()),
        async |(id, _)| {
            let id = LoadId::parse(&id).map_err(|error| {
                AppError::new(ErrorKind::NotFound, error.to_string()).hint("Go back to the list and pick a load check.")
            })?;
            get_load_page(id).await
        },
    );
    let actions = Actions { prepare, start, stop, delete, over: Callback::new(move |()| page.refetch()) };
    view! {
        <PageHeader title="Load check" sub="How long answers take, and how many come in a second.">
            <Button href="/playground/load">"All load checks"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        <Resolve
            resource=page
            failed="The load check could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10 /></div> }
            children=Callback::new(move |page: AsOf<LoadPageView>| {
                let AsOf { view: LoadPageView { load, through, others, targets, limits }, now } = page;
                match (load.state, load.setup.clone()) {
                    (LoadState::Ready, None) => {
                        view! { <Form form=load.form targets limits prepare=actions.prepare check=true /> }.into_any()
                    }
                    (LoadState::Ready, Some(setup)) => {
                        view! { <Review load setup through actions /> }.into_any()
                    }
                    _ => view! { <Measured load others now actions /> }.into_any(),
                }
            })
        />
    }
}

/// What would be called, before anything is.
#[component]
fn Review(load: LoadView, setup: LoadSetup, through: String, actions: Actions) -> impl IntoView {
    let LoadSetup { params, seconds, at_once, .. } = &setup;
    let said = format!(
        "This makes at most {} to {} within {}: {}, and never more than {at_once} under way.",
        in_calls(setup.most_calls()),
        params.endpoint,
        elapsed(u64::from(*seconds) * 1000),
        match setup.pace {
            LoadPace::AtOnce => format!("{at_once} at once"),
            LoadPace::Rate(rate) => format!("{rate} begun each second"),
        },
    );
    let bytes = params.bytes();
    let most = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(setup.most_calls());
    let sends = format!("{} a call, {} in all", size(bytes), size(most));
    let (id, back) = (load.id.to_string(), format!("/playground/load?like={}", load.id));
    let kind = params.headers.content_type.clone();
    view! {
        <Card title=|| "Before it begins">
            <div class="card-body">
                <p class="say">{said}</p>
                <dl class="facts">
                    <dt>"Through"</dt>
                    <dd class="batch-error">{through}</dd>
                    <dt>"Sends at most"</dt>
                    <dd>{sends}</dd>
                    <dt>"Content type"</dt>
                    <dd>{kind}</dd>
                </dl>
                <p class="muted">
                    "Each call is a real one: it is billed like any other, others who use the endpoint may have to wait, and an endpoint that scales may do so. Calls under way when time is up are waited for."
                </p>
                <div class="form-actions">
                    <ActionForm action=actions.start>
                        <input type="hidden" name="load" value=id />
                        <Button kind=ButtonKind::Primary icon=IconName::Play submit=true busy=actions.start.pending()>
                            "Start load check"
                        </Button>
                    </ActionForm>
                    <Button href=back>"Change it"</Button>
                    <ActionProblem error=failure_of(actions.start) />
                </div>
            </div>
        </Card>
    }
}

#[component]
fn Measured(load: LoadView, others: Vec<LoadView>, now: Timestamp, actions: Actions) -> impl IntoView {
    let url = format!("/events/loads/{}", load.id);
    let polled = load.id.clone();
    let live = use_live(AsOf { view: load.clone(), now }, url, move || get_load(polled.clone()));
    let Live { view, .. } = live;
    let going = Memo::new(move |_| view.with(|load| load.state.is_going()));
    Effect::new(move |before: Option<bool>| {
        let now = going.get();
        if before == Some(true) && !now {
            actions.over.run(());
        }
        now
    });
    let name = load.setup.as_ref().map(|setup| setup.params.endpoint.to_string()).unwrap_or_default();
    let said = Memo::new(move |_| view.with(sentence));
    let facts = move || {
        let facts = view.with(facts).into_iter().map(|(name, value)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        });
        facts.collect_view()
    };
    let why = move || {
        let said = view.with(|load| match (load.end(), &load.why) {
            (Some(LoadEnd::Stopped), _) => Some("It was stopped before its time was up.".to_owned()),
            (_, Some(why)) => Some(format!("It ended early: {why}")),
            (_, None) => None,
        });
        said.map(|said| view! { <p class="batch-why"><Words text=said /></p> })
    };
    let plots = move || view.with(|load| view! { <Plots load=load.clone() /> });
    let errors = move || view.with(|load| view! { <Errors errors=load.errors.clone() /> });
    let over = !load.state.is_going();
    let compared = over.then(|| view! { <Compare load=load.clone() others now /> });
    let delete = over.then(|| view! { <Delete load=load.clone() actions /> });
    view! {
        <div class="stack">
            {load.state.is_going().then(|| view! { <RefreshWithoutScript /> })}
            <Card
                title=move || name.clone()
                aside=move || move || {
                    let (state, end, failed) = view.with(|load| (load.state, load.end(), load.failed));
                    view! { <StateBadge state end failed /> }
                }
            >
                <div class="card-body batch-progress">
                    <p class="say" role="status">{said}</p>
                    <dl class="batch-counts">{facts}</dl>
                    {why}
                    <Controls load=load.clone() going actions />
                </div>
            </Card>
            {plots}
            {errors}
            {compared}
            {delete}
        </div>
    }
}

#[component]
fn Controls(load: LoadView, going: Memo<bool>, actions: Actions) -> impl IntoView {
    let id = load.id.to_string();
    let again = format!("/playground/load?like={id}");
    let action = move || {
        let id = id.clone();
        if going.get() {
            return view! {
                <ActionForm action=actions.stop>
                    <input type="hidden" name="load" value=id />
                    <Button submit=true busy=actions.stop.pending()>
                        "Stop load check"
                    </Button>
                </ActionForm>
            }
            .into_any();
        }
        view! { <Button href=again.clone()>"Set up the same again"</Button> }.into_any()
    };
    view! { <div class="form-actions">{action} <ActionProblem error=failure_of(actions.stop) /></div> }
}

#[component]
fn Delete(load: LoadView, actions: Actions) -> impl IntoView {
    view! {
        <ActionForm action=actions.delete>
            <input type="hidden" name="load" value=load.id.to_string() />
            <Confirm
                label="Delete this load check…"
                lost="What was measured is gone then, for everybody, and no later check stands beside it."
                button="Delete load check"
                busy=actions.delete.pending()
            />
            <ActionProblem error=failure_of(actions.delete) />
        </ActionForm>
    }
}

#[component]
fn Errors(errors: Vec<LoadErrors>) -> impl IntoView {
    if errors.is_empty() {
        return ().into_any();
    }
    let rows = errors.into_iter().map(|LoadErrors { kind, message, count }| {
        view! {
            <tr>
                <th scope="row">
                    <code>{kind}</code>
                </th>
                <td class="num">{thousands(count)}</td>
                <td class="cell-wide batch-error">{message}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card title=|| "Failures by kind">
            <div class="table-scroll" role="region" aria-label="Failures by kind" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Kind"</th>
                            <th scope="col" class="num">"Calls"</th>
                            <th scope="col">"The first of them said"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

/// `1 call`, `1,000 calls`.
fn in_calls(calls: u64) -> String {
    if calls == 1 { "1 call".into() } else { format!("{} calls", thousands(calls)) }
}

/// Where a check stands, in a sentence.
fn sentence(load: &LoadView) -> String {
    let pace = load.setup.as_ref().map(pace_in_words).unwrap_or_default();
    let calls = in_calls(load.calls);
    if load.calls == 0 {
        let running = "No call has come back yet.".to_owned();
        return if load.state.is_going() { running } else { "No call came back.".into() };
    }
    let half = if load.took.p50 == 0 {
        String::new()
    } else {
        format!(" half of the answers took at most {},", took(load.took.p50))
    };
    let failed = match load.failed {
        0 => "none failed".to_owned(),
        failed => format!("{} failed", thousands(failed)),
    };
    match load.state {
        LoadState::Ready => "Nothing is sent yet.".into(),
        LoadState::Running => format!("{calls} so far, {pace}:{half} {failed}."),
        LoadState::Stopping => format!("The last calls are waited for. {calls} came back, {pace}:{half} {failed}."),
        LoadState::Done => format!("{calls}, {pace}:{half} {failed}."),
    }
}

/// The numbers, and what they cost in calls.
fn facts(load: &LoadView) -> Vec<(&'static str, String)> {
    let bytes = |bytes: u64| size(usize::try_from(bytes).unwrap_or(usize::MAX));
    let mut facts = vec![
        ("p50", took(load.took.p50)),
        ("p95", took(load.took.p95)),
        ("p99", took(load.took.p99)),
        ("Longest", took(load.took.max)),
        ("Answers a second", tenths(load.tenths_a_second())),
        ("Calls made", thousands(load.calls)),
        ("Failed", thousands(load.failed)),
        ("Sent", bytes(load.sent_bytes)),
        ("Received", bytes(load.got_bytes)),
        ("Time", elapsed(load.spent_ms)),
    ];
    if load.left_out > 0 {
        facts.push(("Left out, too many at once", thousands(load.left_out)));
    }
    facts
}

//! One load check: what it would call, what it measures, and what it came to.

use super::compare::Compare;
use super::form::Form;
use super::{StateBadge, pace_in_words, tenths, took};
use crate::api::load::{DeleteLoad, LoadPageView, PrepareLoad, StartLoad, StopLoad, get_load, get_load_page};
use crate::api::runs::AsOf;
use crate::components::{Live, PlaygroundTabs, RefreshWithoutScript, elapsed, use_live};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, Bar, Button, ButtonKind, Card, IconName, Line, LinePlot, PageHeader, Resolve, Skeleton, Words,
    duration_us, size, thousands,
};
use domain::load::{LoadBucket, LoadErrors, LoadPace, LoadSecond, LoadSetup, LoadState, LoadView};
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
                let AsOf { view: LoadPageView { load, others, targets, limits }, now } = page;
                match (load.state, load.setup.clone()) {
                    (LoadState::Ready, None) => {
                        view! { <Form form=load.form targets limits prepare=actions.prepare check=true /> }.into_any()
                    }
                    (LoadState::Ready, Some(setup)) => view! { <Confirm load setup actions /> }.into_any(),
                    _ => view! { <Measured load others now actions /> }.into_any(),
                }
            })
        />
    }
}

/// What would be called, before anything is.
#[component]
fn Confirm(load: LoadView, setup: LoadSetup, actions: Actions) -> impl IntoView {
    let LoadSetup { params, seconds, at_once, .. } = &setup;
    let said = format!(
        "This makes at most {} calls to {} within {}: {}, and never more than {at_once} under way.",
        thousands(setup.most_calls()),
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
    let (through, kind) = (params.through.to_string(), params.headers.content_type.clone());
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
        view.with(|load| load.why.clone())
            .map(|why| view! { <p class="batch-why"><Words text=format!("It ended early: {why}") /></p> })
    };
    let plots = move || view.with(|load| view! { <Plots seconds=load.seconds.clone() buckets=load.buckets.clone() /> });
    let errors = move || view.with(|load| view! { <Errors errors=load.errors.clone() /> });
    let compared = (!load.state.is_going()).then(|| view! { <Compare load=load.clone() others now /> });
    view! {
        <div class="stack">
            {load.state.is_going().then(|| view! { <RefreshWithoutScript /> })}
            <Card
                title=move || name.clone()
                aside=move || move || {
                    let (state, failed) = view.with(|load| (load.state, load.failed));
                    view! { <StateBadge state failed /> }
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
        view! {
            <Button href=again.clone()>"Set up the same again"</Button>
            <ActionForm action=actions.delete>
                <input type="hidden" name="load" value=id />
                <Button kind=ButtonKind::Danger submit=true busy=actions.delete.pending()>
                    "Delete load check"
                </Button>
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <div class="form-actions">
            {action} <ActionProblem error=failure_of(actions.stop) /> <ActionProblem error=failure_of(actions.delete) />
        </div>
    }
}

fn milliseconds(value: f64) -> String {
    // Not negative, and far below what would be cut off.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in microseconds")]
    duration_us((value * 1000.0) as u64)
}

fn number(value: f64) -> String {
    format!("{value}")
}

/// Latency and throughput over time, and how the answers spread; with the tables behind.
#[component]
fn Plots(seconds: Vec<LoadSecond>, buckets: Vec<LoadBucket>) -> impl IntoView {
    if seconds.is_empty() {
        return view! { <Card title=|| "Over time"><p class="card-body muted">"No call has come back yet."</p></Card> }
            .into_any();
    }
    let of = |value: fn(&LoadSecond) -> u64| {
        let at = |second: &LoadSecond| (second.answered > 0).then(|| value(second) as f64 / 1000.0);
        seconds.iter().map(at).collect::<Vec<_>>()
    };
    let latency = vec![
        Line { label: "p50", look: 1, values: of(|second| second.took.p50) },
        Line { label: "p95", look: 2, values: of(|second| second.took.p95) },
        Line { label: "p99", look: 3, values: of(|second| second.took.p99) },
    ];
    let count =
        |value: fn(&LoadSecond) -> u64| seconds.iter().map(|second| Some(value(second) as f64)).collect::<Vec<_>>();
    let throughput = vec![
        Line { label: "answered", look: 1, values: count(|second| second.answered) },
        Line { label: "failed", look: 4, values: count(|second| second.failed) },
    ];
    let end = format!("{} s", seconds.len());
    let rows = seconds.iter().enumerate().map(|(at, second)| {
        view! {
            <tr>
                <th scope="row" class="num">{at + 1}</th>
                <td class="num">{thousands(second.answered)}</td>
                <td class="num">{thousands(second.failed)}</td>
                <td class="num nowrap">{took(second.took.p50)}</td>
                <td class="num nowrap">{took(second.took.p95)}</td>
                <td class="num nowrap">{took(second.took.p99)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card title=|| "Over time">
            <div class="card-body plots">
                <LinePlot label="How long answers took" lines=latency words=milliseconds end=end.clone() />
                <LinePlot label="Calls a second" lines=throughput words=number end />
            </div>
            <details class="plot-table">
                <summary>"Second by second"</summary>
                <div class="table-scroll" role="region" aria-label="Second by second" tabindex="0">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col" class="num">"Second"</th>
                                <th scope="col" class="num">"Answered"</th>
                                <th scope="col" class="num">"Failed"</th>
                                <th scope="col" class="num">"p50"</th>
                                <th scope="col" class="num">"p95"</th>
                                <th scope="col" class="num">"p99"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        </Card>
        <Spread buckets />
    }
    .into_any()
}

/// The histogram is a table with bars in it.
#[component]
fn Spread(buckets: Vec<LoadBucket>) -> impl IntoView {
    let all = buckets.iter().map(|bucket| bucket.count).sum::<u64>().max(1);
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).max(1);
    let rows = buckets.into_iter().map(|LoadBucket { to_us, count }| {
        view! {
            <tr>
                <th scope="row" class="num nowrap">"up to " {duration_us(to_us)}</th>
                <td class="bar-cell">
                    <Bar thousandths={count * 1000 / most} />
                </td>
                <td class="num">{thousands(count)}</td>
                <td class="num nowrap">{format!("{:.1} %", count as f64 * 100.0 / all as f64)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card title=|| "How answers spread">
            <div class="table-scroll" role="region" aria-label="How answers spread" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col" class="num">"Took"</th>
                            <th scope="col">
                                <span class="visually-hidden">"As a bar"</span>
                            </th>
                            <th scope="col" class="num">"Answers"</th>
                            <th scope="col" class="num">"Share"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Card>
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

/// Where a check stands, in a sentence.
fn sentence(load: &LoadView) -> String {
    let pace = load.setup.as_ref().map(pace_in_words).unwrap_or_default();
    let calls = thousands(load.calls);
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
        LoadState::Running => format!("{calls} calls so far, {pace}:{half} {failed}."),
        LoadState::Stopping => format!("The last calls are waited for. {calls} came back, {pace}:{half} {failed}."),
        LoadState::Done => format!("{calls} calls, {pace}:{half} {failed}."),
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

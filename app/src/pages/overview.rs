//! Overview: where things stand.

use super::parts::{ActivityWhat, DraftRows, OutcomeBadge, ShareStateBadge, SmallLanes, StartShareButton};
use super::pipeline::pipeline_words;
use crate::api::pipeline::operate::GetDoing;
use crate::api::shares::{OverviewPageView, get_overview};
use crate::ui::{Badge, Button, ButtonKind, Card, EmptyState, PageHeader, Resolve, Skeleton, Time, Tone};
use domain::activity::ActivityView;
use domain::connection::{ConnectionState, ConnectionView};
use domain::pipeline::view::PipelineSummary;
use domain::share::drift::DriftState;
use domain::share::view::{OverviewView, ShareSummary};
use domain::time::Timestamp;
use leptos::prelude::*;

const SHARES: usize = 4;
const ACTIVITIES: usize = 6;

/// Where things stand.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let overview = Resource::new(|| (), |()| get_overview());
    let changed = Callback::new(move |()| overview.refetch());
    view! {
        <Resolve
            resource=overview
            failed="The overview could not be loaded"
            skeleton=|| {
                view! {
                    <Head />
                    <div class="card">
                        <Skeleton lines=8 />
                    </div>
                }
            }
            children=Callback::new(move |view: OverviewPageView| view! { <Overview view=view changed=changed /> })
        />
    }
}

/// The header; without shares the empty state has the page's one action.
#[component]
fn Head(#[prop(optional)] start: bool) -> impl IntoView {
    view! {
        <PageHeader title="Overview" sub="Who can invoke which endpoint, across your accounts.">
            {start
                .then(|| {
                    view! {
                        <Button href="/accept">"Accept a share"</Button>
                        <StartShareButton kind=ButtonKind::Primary />
                    }
                })}
        </PageHeader>
    }
}

#[component]
fn Overview(view: OverviewPageView, changed: Callback<()>) -> impl IntoView {
    let OverviewPageView { overview: OverviewView { connections, shares, drafts, activity, now, .. }, pipelines } =
        view;
    view! {
        <Head start=!shares.is_empty() />
        <div class="stack">
            <Drifted shares=shares.clone() />
            <Shares shares=shares now=now />
            <Pipelines pipelines=pipelines now=now />
            {(!drafts.is_empty())
                .then(|| {
                    view! {
                        <Card title=|| "Go on with">
                            <DraftRows drafts=drafts now=now discarded=changed />
                        </Card>
                    }
                })} <div class="two-columns">
                <Connections connections=connections />
                <RecentActivity activity=activity now=now />
            </div>
        </div>
    }
}

/// How many shares are not as they were left, and which; nothing where all are.
#[component]
fn Drifted(shares: Vec<ShareSummary>) -> impl IntoView {
    let is = |state| move |share: &&ShareSummary| share.drift.as_ref().is_some_and(|check| check.state == state);
    let drifted: Vec<&ShareSummary> = shares.iter().filter(is(DriftState::Drifted)).collect();
    let unknown = shares.iter().filter(is(DriftState::Unknown)).count();
    let (one, href) = match drifted.as_slice() {
        [] => return None,
        [one] => (Some(one.role_name.clone()), format!("/shares/{}/drift", one.id)),
        _ => (None, "/shares".to_owned()),
    };
    let found = match one {
        Some(role) => view! { <a href=href>"One share has drifted: " {role}</a> }.into_any(),
        None => view! { <a href=href>{format!("{} shares have drifted", drifted.len())}</a> }.into_any(),
    };
    let rest = match unknown {
        0 => String::new(),
        1 => " One more could not be read.".to_owned(),
        more => format!(" {more} more could not be read."),
    };
    Some(view! { <p class="say is-bad">{found} ". Someone changed in AWS what was applied." {rest}</p> })
}

#[component]
fn Shares(shares: Vec<ShareSummary>, now: Timestamp) -> impl IntoView {
    if shares.is_empty() {
        return view! {
            <div class="card">
                <EmptyState
                    title="Let another account invoke your models"
                    body="Choose endpoints in one account and callers in another. Sagebridge makes the role and the policies on both sides, shows you every change before it is made, and then proves that the share works and that nothing else does."
                >
                    <StartShareButton kind=ButtonKind::Primary />
                    <Button href="/accept">"Accept a share"</Button>
                    <p class="empty-other">
                        "No model yet? "<a href="/pipelines">"Build a training pipeline"</a>
                    </p>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let count = shares.len();
    let cards = shares
        .into_iter()
        .take(SHARES)
        .map(|share| {
            let href = format!("/shares/{}", share.id);
            let made = share.created;
            let verified = share.verified;
            view! {
                <li class="share-card card">
                    <div class="card-head">
                        <h2>
                            <a href=href>{share.role_name.clone()}</a>
                        </h2>
                        <ShareStateBadge state=share.state />
                        <div class="card-aside">
                            <span>
                                {match verified {
                                    Some(at) => view! { "Verified " <Time at=at now=now /> }.into_any(),
                                    None => view! { "Made " <Time at=made now=now /> }.into_any(),
                                }}
                            </span>
                        </div>
                    </div>
                    <SmallLanes share=share />
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-label="Shares">
            <ul class="share-cards">{cards}</ul>
            {(count > SHARES).then(|| view! { <p class="more"><a href="/shares">{format!("All {count} shares")}</a></p> })}
        </section>
    }
    .into_any()
}

/// The newest pipelines; nothing without any. What they are at is asked of AWS once the page is there: it does not wait.
#[component]
fn Pipelines(pipelines: Vec<PipelineSummary>, now: Timestamp) -> impl IntoView {
    if pipelines.is_empty() {
        return ().into_any();
    }
    let doing = ServerAction::<GetDoing>::new();
    let of: Vec<_> = pipelines.iter().take(SHARES).map(|pipeline| pipeline.id.clone()).collect();
    Effect::new(move |_| _ = doing.dispatch(GetDoing { of: of.clone() }));
    let doing = Memo::new(move |_| doing.value().get().and_then(Result::ok).unwrap_or_default());
    let rows = pipelines
        .into_iter()
        .take(SHARES)
        .map(|pipeline| {
            let href = format!("/pipelines/{}", pipeline.id);
            let badge = move || {
                let (tone, words) = doing.with(|doing| pipeline_words(pipeline.status, doing.get(&pipeline.id)));
                view! { <Badge tone=tone>{words}</Badge> }
            };
            let [shared, training, production] = pipeline.accounts;
            view! {
                <li class="line">
                    <div class="line-text">
                        <a class="line-title" href=href>
                            {pipeline.prefix}
                        </a>
                        <p class="line-detail">
                            <code class="hue-shared">{shared.to_string()}</code>
                            " → "
                            <code class="hue-training">{training.to_string()}</code>
                            " → "
                            <code class="hue-production">{production.to_string()}</code>
                        </p>
                    </div>
                    <div class="line-aside">
                        {badge}
                        <span class="line-time">
                            <Time at=pipeline.changed now=now />
                        </span>
                    </div>
                </li>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <Card title=|| "Pipelines" aside=|| view! { <a href="/pipelines">"All pipelines"</a> }>
            <ul class="lines">{rows}</ul>
        </Card>
    }
    .into_any()
}

#[component]
fn Connections(connections: Vec<ConnectionView>) -> impl IntoView {
    let rows = connections
        .into_iter()
        .map(|connection| {
            let account = connection.account().map(ToString::to_string);
            let badge = match connection.state {
                ConnectionState::Ready { .. } => (Tone::Ok, "Connected"),
                ConnectionState::Failed { .. } => (Tone::Bad, "Not connected"),
            };
            view! {
                <li class="line">
                    <div class="line-text">
                        <p class="line-title">{connection.id.to_string()}</p>
                        <p class="line-detail">
                            {account.map(|account| view! { <code>{account}</code> })}
                            {connection.region.map(|region| format!(" · {region}"))}
                        </p>
                    </div>
                    <Badge tone=badge.0 dot=true>
                        {badge.1}
                    </Badge>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let none = rows.is_empty();
    view! {
        <Card title=|| "Accounts" aside=|| view! { <a href="/accounts">"All accounts"</a> }>
            {if none {
                view! { <p class="card-body muted">"No AWS profile was found on the machine the console runs on."</p> }.into_any()
            } else {
                view! { <ul class="lines">{rows}</ul> }.into_any()
            }}
        </Card>
    }
}

#[component]
fn RecentActivity(activity: Vec<ActivityView>, now: Timestamp) -> impl IntoView {
    let rows = activity
        .into_iter()
        .take(ACTIVITIES)
        .map(|activity| {
            let (at, outcome) = (activity.at, activity.outcome);
            let detail = activity.detail.clone();
            view! {
                <li class="line">
                    <div class="line-text">
                        <p class="line-title">
                            <ActivityWhat activity=activity />
                        </p>
                        <p class="line-detail">{detail}</p>
                    </div>
                    <div class="line-aside">
                        <OutcomeBadge outcome=outcome />
                        <span class="line-time">
                            <Time at=at now=now />
                        </span>
                    </div>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let none = rows.is_empty();
    view! {
        <Card title=|| "Recent activity" aside=|| view! { <a href="/activity">"All activity"</a> }>
            {if none {
                view! { <p class="card-body muted">"Nothing has been done yet. Applied shares and invocations will be listed here."</p> }
                    .into_any()
            } else {
                view! { <ul class="lines">{rows}</ul> }.into_any()
            }}
        </Card>
    }
}

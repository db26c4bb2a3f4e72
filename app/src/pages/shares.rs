//! Shares: all of them, and wizards to go on with.

use super::parts::{DraftRows, DriftLine, ShareStateBadge, StartShareButton, endpoints_in_words};
use crate::api::runs::AsOf;
use crate::api::shares::{ShareList, list_shares};
use crate::ui::{
    Button, ButtonKind, Card, Column, EmptyState, IconName, PageHeader, Resolve, Rows, Skeleton, Table, Time,
};
use domain::share::view::{ShareState, ShareSummary};
use leptos::prelude::*;

const COLUMNS: [Column; 8] = [
    Column::new("Share"),
    Column::new("From child"),
    Column::new("To parent"),
    Column::new("Endpoints"),
    Column::new("State"),
    Column::new("Verified"),
    Column::new("Drift"),
    Column::new("Made"),
];

/// All shares.
#[component]
pub fn SharesPage() -> impl IntoView {
    let shares = Resource::new(|| (), |()| list_shares());
    let changed = Callback::new(move |()| shares.refetch());
    view! {
        <Resolve
            resource=shares
            failed="The shares could not be loaded"
            skeleton=|| {
                view! {
                    <Head />
                    <div class="card">
                        <Skeleton lines=6 />
                    </div>
                }
            }
            children=Callback::new(move |list: AsOf<ShareList>| view! { <Shares list=list changed=changed /> })
        />
    }
}

/// The header; without shares the empty state has the page's one action.
#[component]
fn Head(#[prop(optional)] start: bool) -> impl IntoView {
    view! {
        <PageHeader title="Shares" sub="Each share lets callers of one account invoke endpoints of another.">
            {start
                .then(|| {
                    view! {
                        <Button href="/accept">"Accept a share"</Button>
                        <Button icon=IconName::Search href="/shares/import">"Find shares"</Button>
                        <StartShareButton kind=ButtonKind::Primary />
                    }
                })}
        </PageHeader>
    }
}

#[component]
fn Shares(list: AsOf<ShareList>, changed: Callback<()>) -> impl IntoView {
    let AsOf { view: ShareList { shares, drafts }, now } = list;
    let row = Callback::new(move |share: ShareSummary| {
        let href = format!("/shares/{}", share.id);
        let endpoints = endpoints_in_words(&share);
        view! {
            <td>
                <a class="cell-main" href=href>
                    {share.role_name}
                </a>
                <p class="cell-sub">{share.region.to_string()}</p>
            </td>
            <td>
                <code class="hue-child">{share.child.to_string()}</code>
                <p class="cell-sub">{share.callers}</p>
            </td>
            <td>
                <code class="hue-parent">{share.parent.to_string()}</code>
            </td>
            <td>{endpoints}</td>
            <td>
                <ShareStateBadge state=share.state />
            </td>
            <td class="nowrap">
                // A change to the share makes what was proven before void, and forgets it.
                {match (share.verified, share.state) {
                    (Some(at), _) => view! { <Time at=at now=now /> }.into_any(),
                    (None, ShareState::Undone) => view! { <span class="muted">"–"</span> }.into_any(),
                    (None, _) => view! { <span class="muted">"Not yet"</span> }.into_any(),
                }}
            </td>
            <td class="nowrap">
                {match share.state {
                    ShareState::Undone => view! { <span class="muted">"–"</span> }.into_any(),
                    _ => view! { <DriftLine share=share.id check=share.drift now=now /> }.into_any(),
                }}
            </td>
            <td class="nowrap">
                <Time at=share.created now=now />
            </td>
        }
    });
    view! {
        <Head start=!shares.is_empty() />
        <div class="stack">
            {(!drafts.is_empty())
                .then(|| {
                    view! {
                        <Card title=|| "Go on with">
                            <DraftRows drafts=drafts now=now discarded=changed />
                        </Card>
                    }
                })}
            <div class="card">
                <Table
                    label="Shares"
                    columns=COLUMNS.to_vec()
                    rows=Rows::Ready(shares)
                    failed="The shares could not be loaded"
                    empty=|| {
                        view! {
                            <EmptyState
                                title="No shares yet"
                                body="A share lets named roles and users of another account invoke endpoints of yours, through one role that asks for an external ID."
                            >
                                <StartShareButton kind=ButtonKind::Primary />
                                <Button href="/accept">"Accept a share"</Button>
                                <p class="empty-other">
                                    "Made some before? "<a href="/shares/import">"Find shares in your accounts"</a>
                                </p>
                            </EmptyState>
                        }
                    }
                    children=row
                />
            </div>
        </div>
    }
}

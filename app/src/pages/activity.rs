//! Activity: the audit trail, a page at a time; the place in it is in the address.

use super::parts::{ActivityWhat, OutcomeBadge};
use crate::api::activity::list_activity;
use crate::api::runs::AsOf;
use crate::ui::{Button, Column, EmptyState, PageHeader, Resolve, Rows, Skeleton, Table, Time, duration_ms};
use domain::activity::ActivityView;
use domain::endpoint::Page;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const COLUMNS: [Column; 6] = [
    Column::new("When"),
    Column::new("What"),
    Column::new("Outcome"),
    Column::new("Details"),
    Column::number("Took"),
    Column::new("Who"),
];

/// What happened.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let query = use_query_map();
    let before = Memo::new(move |_| query.read().get("before").and_then(|text| text.parse::<i64>().ok()));
    let activity = Resource::new(move || before.get(), list_activity);
    view! {
        <PageHeader title="Activity" sub="What was done through this console, newest first. Bodies and credentials are never written down." />
        <div class="card">
            <Resolve
                resource=activity
                failed="The activity could not be loaded"
                skeleton=|| view! { <Skeleton lines=10 /> }
                children=Callback::new(move |page: AsOf<Page<ActivityView>>| {
                    view! { <ActivityTable page=page first=before.get_untracked().is_none() /> }
                })
            />
        </div>
    }
}

#[component]
fn ActivityTable(page: AsOf<Page<ActivityView>>, first: bool) -> impl IntoView {
    let AsOf { view: Page { items, next }, now } = page;
    let row = Callback::new(move |activity: ActivityView| {
        let ActivityView { at, outcome, .. } = activity;
        let (who, detail) = (activity.who.clone(), activity.detail.clone());
        let took = activity.took_ms.map(duration_ms);
        view! {
            <td class="nowrap">
                <Time at=at now=now />
            </td>
            <td>
                <ActivityWhat activity=activity />
            </td>
            <td>
                <OutcomeBadge outcome=outcome />
            </td>
            <td class="cell-wide">{detail}</td>
            <td class="num nowrap">{took}</td>
            <td class="nowrap muted">{who}</td>
        }
    });
    view! {
        <Table
            label="Activity"
            columns=COLUMNS.to_vec()
            rows=Rows::Ready(items)
            failed="The activity could not be loaded"
            empty=|| {
                view! {
                    <EmptyState
                        title="Nothing has been done yet"
                        body="Every share that is applied, verified or undone and every invocation is listed here: when, by which session, and how it ended."
                    />
                }
            }
            children=row
        />
        {(!first || next.is_some())
            .then(|| {
                view! {
                    <nav class="pager" aria-label="Pages">
                        {(!first)
                            .then(|| {
                                view! {
                                    <Button small=true href="/activity">
                                        "Newest"
                                    </Button>
                                }
                            })}
                        {next
                            .map(|next| {
                                view! {
                                    <Button small=true href=format!("/activity?before={next}")>
                                        "Older"
                                    </Button>
                                }
                            })}
                    </nav>
                }
            })}
    }
}

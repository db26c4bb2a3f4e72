//! The rows of a batch that failed, as they come.

use crate::api::batch::get_batch_page;
use crate::ui::{Button, Card, Column, EmptyState, Rows, Table, thousands};
use domain::batch::{BatchError, BatchView, limits};
use leptos::prelude::*;

const PAGE: usize = limits::ERRORS_PAGE as usize;
const COLUMNS: [Column; 3] = [Column::number("Row"), Column::number("Status"), Column::new("What went wrong")];

/// The rows that failed, a page at a time; those that fail while one looks are added.
#[component]
pub(super) fn Failed(
    /// The batch as it goes.
    view: RwSignal<BatchView>,
    /// Those that failed before the page was made.
    first: Vec<BatchError>,
    /// After which row the page begins.
    after: u64,
) -> impl IntoView {
    let failed = Memo::new(move |_| view.with(|batch| batch.failed));
    let errors = as_they_come(view, failed, first, after);
    let here = format!("/playground/batch/{}", view.with_untracked(|batch| batch.id.to_string()));
    let row = Callback::new(|error: BatchError| {
        view! {
            <td class="num">{thousands(error.row)}</td>
            <td class="num">{error.status}</td>
            <td class="cell-wide batch-error">{error.error}</td>
        }
    });
    let table = move || {
        view! {
            <Table
                label="Failed rows"
                columns=COLUMNS.to_vec()
                rows=Rows::Ready(errors.get())
                failed="The failed rows could not be loaded"
                empty=|| view! { <EmptyState title="No more failed rows" body="All of them are on the pages before this one." /> }
                children=row
            />
        }
    };
    let pager = move || {
        let next = errors.with(|errors| (errors.len() >= PAGE).then(|| errors.last().map(|last| last.row)).flatten());
        (after > 0 || next.is_some()).then(|| {
            let first = (after > 0).then(|| view! { <Button small=true href=here.clone()>"First"</Button> });
            let next = next.map(|row| view! { <Button small=true href=format!("{here}?after={row}")>"Next"</Button> });
            view! {
                <nav class="pager" aria-label="Pages of failed rows">
                    {first} {next}
                </nav>
            }
        })
    };
    let listed = move || {
        (failed.get() > limits::ERRORS_KEPT).then(|| {
            format!("The first {} are listed here; the result has all of them.", thousands(limits::ERRORS_KEPT))
        })
    };
    let any = Memo::new(move |_| failed.get() > 0);
    move || {
        let (table, pager) = (table, pager.clone());
        any.get().then(move || {
            view! {
                <Card title=|| "Failed rows" aside=move || listed>
                    {table}
                    {pager}
                </Card>
            }
        })
    }
}

/// The page's failed rows, asked for anew when more have failed, until the page is full. The number of them changes once a
/// second at most.
fn as_they_come(
    view: RwSignal<BatchView>,
    failed: Memo<u64>,
    first: Vec<BatchError>,
    after: u64,
) -> RwSignal<Vec<BatchError>> {
    let errors = RwSignal::new(first);
    // Effects are for browsers: what the server sends is as it was asked for, and so is the first pass over it.
    Effect::new(move |before: Option<u64>| {
        let now = failed.get();
        let more = before.is_some_and(|before| before < now) && errors.with_untracked(|errors| errors.len() < PAGE);
        if more {
            let id = view.with_untracked(|batch| batch.id.clone());
            leptos::task::spawn_local(async move {
                // What could not be had now comes with the next ones, and at the end with the whole page.
                if let Ok(page) = get_batch_page(id, after).await {
                    let come = page.view.errors;
                    // An answer may be overtaken by a later one, which has as many at least.
                    errors.try_update(|errors| {
                        if come.len() > errors.len() {
                            *errors = come;
                        }
                    });
                }
            });
        }
        now
    });
    errors
}

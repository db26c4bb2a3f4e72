//! Batches: a file's rows as requests. Here a file is sent and past batches are listed; a batch has a page of its own.

mod failed;
mod one;
mod setup;
mod target;

pub use one::BatchPage;
pub(super) use target::TargetFields;

use crate::api::batch::{BatchesView, UPLOAD_BATCH, list_batches};
use crate::api::runs::AsOf;
use crate::components::PlaygroundTabs;
use crate::ui::{
    Badge, Button, ButtonKind, Card, Column, EmptyState, FieldError, FileInput, PageHeader, Resolve, Rows, Skeleton,
    Table, Time, Tone, size, thousands,
};
use domain::batch::{BatchLimits, BatchState, BatchView};
use domain::time::Timestamp;
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const COLUMNS: [Column; 5] = [
    Column::new("File"),
    Column::new("Endpoint"),
    Column::new("State"),
    Column::number("Rows"),
    Column::new("Uploaded"),
];

/// A new batch, and those there are.
#[component]
pub fn BatchesPage() -> impl IntoView {
    let query = use_query_map();
    let kept = Memo::new(move |_| query.read().get("kept").unwrap_or_default());
    let batches = Resource::new(move || kept.get(), list_batches);
    view! {
        <PageHeader title="Batch" sub="Send every row of a file to an endpoint, and get a file with the predictions beside the inputs." />
        <PlaygroundTabs/>
        <Resolve
            resource=batches
            failed="The batches could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=8 /></div> }
            children=Callback::new(|page: AsOf<BatchesView>| {
                let AsOf { view: BatchesView { batches, limits, problem }, now } = page;
                view! {
                    <div class="stack">
                        <Upload limits problem />
                        <Past batches now />
                    </div>
                }
            })
        />
    }
}

/// The form is a plain one, with a script too: the file goes as it is, and straight to the console's disk.
#[component]
fn Upload(limits: BatchLimits, problem: Option<FieldProblem>) -> impl IntoView {
    let about = format!(
        "A row a request: CSV, with a header or without, or JSON Lines. At most {}; kept in the console's data folder for {} days.",
        size(limits.file_bytes),
        limits.keep_days
    );
    let problem = problem.map(|problem| FieldError { message: problem.message, hint: problem.hint });
    let problem = problem.map(|FieldError { message, hint }| {
        view! {
            <p class="field-problem" role="alert">
                <crate::ui::Words text=message />
                {hint.map(|hint| view! { " " <span class="field-hint"><crate::ui::Words text=hint /></span> })}
            </p>
        }
    });
    view! {
        <Card title=|| "New batch">
            <form method="post" action=UPLOAD_BATCH enctype="multipart/form-data" class="card-body batch-upload">
                <FileInput
                    name="file"
                    label="File"
                    description=about
                    accept=".csv,.tsv,.txt,.jsonl,.ndjson,text/csv,application/jsonlines"
                    most=limits.file_bytes
                />
                {problem}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true>
                        "Upload file"
                    </Button>
                    <span class="muted">"Nothing is sent to an endpoint yet."</span>
                </div>
            </form>
        </Card>
    }
}

#[component]
fn Past(batches: Vec<BatchView>, now: Timestamp) -> impl IntoView {
    let row = Callback::new(move |batch: BatchView| {
        let href = format!("/playground/batch/{}", batch.id);
        let endpoint = batch.setup.as_ref().map(|setup| setup.endpoint.to_string());
        let rows = format!("{} of {}", thousands(batch.done), thousands(batch.rows()));
        let failed = (batch.failed > 0).then(|| view! { <p class="cell-sub">{thousands(batch.failed)} " failed"</p> });
        view! {
            <td class="cell-wide">
                <a href=href>{batch.file.name}</a>
            </td>
            <td>{endpoint}</td>
            <td>
                <StateBadge state=batch.state failed=batch.failed />
            </td>
            <td class="num nowrap">{rows} {failed}</td>
            <td class="nowrap">
                <Time at=batch.created now />
            </td>
        }
    });
    view! {
        <Card title=|| "Batches">
            <Table
                label="Batches"
                columns=COLUMNS.to_vec()
                rows=Rows::Ready(batches)
                failed="The batches could not be loaded"
                empty=|| {
                    view! {
                        <EmptyState
                            title="No batches yet"
                            body="Upload a file above: you choose the endpoint and what of each row is sent before the first request goes out."
                        />
                    }
                }
                children=row
            />
        </Card>
    }
}

/// Where a batch is, in a word.
#[component]
fn StateBadge(state: BatchState, failed: u64) -> impl IntoView {
    let (tone, words) = match state {
        BatchState::Ready => (Tone::Neutral, "Not begun"),
        BatchState::Running => (Tone::Accent, "Sending"),
        BatchState::Pausing => (Tone::Accent, "Pausing"),
        BatchState::Paused => (Tone::Warn, "Paused"),
        BatchState::Done if failed > 0 => (Tone::Warn, "Done"),
        BatchState::Done => (Tone::Ok, "Done"),
    };
    view! {
        <Badge tone dot=true>
            {words}
        </Badge>
    }
}

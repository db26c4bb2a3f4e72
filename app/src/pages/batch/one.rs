//! One batch: how to send it, how far it is, what failed, and its result.

use super::StateBadge;
use super::failed::Failed;
use super::setup::Setup;
use crate::api::batch::{BatchPageView, DeleteBatch, PauseBatch, ResumeBatch, StartBatch, get_batch, get_batch_page};
use crate::api::runs::AsOf;
use crate::components::{Live, PlaygroundTabs, RefreshWithoutScript, elapsed, use_live};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, Confirm, IconName, PageHeader, Resolve, Skeleton, Time, Words, thousands,
};
use domain::batch::{BatchError, BatchState, BatchView};
use domain::names::BatchId;
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// What can be done on the page.
#[derive(Clone, Copy)]
struct Actions {
    start: ServerAction<StartBatch>,
    pause: ServerAction<PauseBatch>,
    resume: ServerAction<ResumeBatch>,
    delete: ServerAction<DeleteBatch>,
    /// It has come to rest: the page is made anew, with the rows that failed.
    rests: Callback<()>,
}

/// One batch.
#[component]
pub fn BatchPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let actions = (ServerAction::<StartBatch>::new(), ServerAction::<PauseBatch>::new());
    let (resume, delete) = (ServerAction::<ResumeBatch>::new(), ServerAction::<DeleteBatch>::new());
    let (started, resumed) = (actions.0.version(), resume.version());
    let asked = Memo::new(move |_| {
        let query = query.read();
        let after = query.get("after").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        (params.read().get("id").unwrap_or_default(), after, query.get("check").is_some())
    });
    let page = Resource::new(
        move || (asked.get(), started.get(), resumed.get()),
        async |((id, after, check), ..)| {
            let id = BatchId::parse(&id).map_err(|error| {
                AppError::new(ErrorKind::NotFound, error.to_string()).hint("Go back to the list and pick a batch.")
            })?;
            get_batch_page(id, after).await.map(|page| (page, after, check))
        },
    );
    let rests = Callback::new(move |()| page.refetch());
    let actions = Actions { start: actions.0, pause: actions.1, resume, delete, rests };
    view! {
        <PageHeader title="Batch" sub="A file's rows as requests, with their predictions beside them.">
            <Button href="/playground/batch">"All batches"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        <Resolve
            resource=page
            failed="The batch could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10 /></div> }
            children=Callback::new(move |(page, after, check): (AsOf<BatchPageView>, u64, bool)| {
                let AsOf { view: page, now } = page;
                if page.batch.state == BatchState::Ready {
                    view! {
                        <Setup page=page.clone() start=actions.start check />
                        <Delete batch=page.batch now actions />
                    }
                        .into_any()
                } else {
                    view! { <Progress batch=page.batch errors=page.errors after now actions /> }.into_any()
                }
            })
        />
    }
}

#[component]
fn Progress(batch: BatchView, errors: Vec<BatchError>, after: u64, now: Timestamp, actions: Actions) -> impl IntoView {
    let url = format!("/events/batches/{}", batch.id);
    let polled = batch.id.clone();
    let live = use_live(AsOf { view: batch.clone(), now }, url, move || get_batch(polled.clone()));
    let Live { view, .. } = live;
    let going = Memo::new(move |_| view.with(|batch| batch.state.is_going()));
    Effect::new(move |before: Option<bool>| {
        let now = going.get();
        if before == Some(true) && !now {
            actions.rests.run(());
        }
        now
    });
    let said = Memo::new(move |_| view.with(sentence));
    let facts =
        move || view.with(|batch| counts(batch).into_iter().map(|(name, value)| fact(name, value)).collect_view());
    let why = move || {
        view.with(|batch| batch.why.clone()).map(|why| {
            view! {
                <div class="failure" role="alert">
                    <p class="failure-message">
                        <Words text=why.message />
                    </p>
                    <p class="failure-hint">
                        <Words text=why.hint />
                    </p>
                </div>
            }
        })
    };
    let name = batch.file.name.clone();
    let note = note(&batch);
    let sending = Memo::new(move |_| view.with(|batch| batch.state == BatchState::Running));
    view! {
        <div class="stack">
            {batch.state.is_going().then(|| view! { <RefreshWithoutScript /> })}
            <Card
                title=move || name.clone()
                aside=move || move || {
                    let (state, failed) = view.with(|batch| (batch.state, batch.failed));
                    view! { <StateBadge state failed /> }
                }
            >
                <div class="card-body batch-progress">
                    <p class="say" role="status">{said}</p>
                    <progress
                        class="run-progress"
                        max=move || view.with(BatchView::rows)
                        value=move || view.with(BatchView::answered)
                        aria-label="Rows answered"
                    ></progress>
                    <dl class="batch-counts">{facts}</dl>
                    {why}
                    <Controls view actions />
                    {move || sending.get().then(|| view! { <p class="muted batch-note">{note.clone()}</p> })}
                </div>
            </Card>
            <Failed view first=errors after />
            <Delete batch now actions />
        </div>
    }
}

fn fact(name: &'static str, value: String) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

/// Pause or go on, and the result so far.
#[component]
fn Controls(view: RwSignal<BatchView>, actions: Actions) -> impl IntoView {
    let state = Memo::new(move |_| view.with(|batch| batch.state));
    let any = Memo::new(move |_| view.with(|batch| batch.done > 0));
    let id = view.with_untracked(|batch| batch.id.to_string());
    let (download, saved_as) =
        (format!("/playground/batch/{id}/result"), view.with_untracked(|batch| batch.file.result_name()));
    let action = move || {
        let id = id.clone();
        match state.get() {
            BatchState::Running => view! {
                <ActionForm action=actions.pause>
                    <input type="hidden" name="batch" value=id />
                    <Button submit=true busy=actions.pause.pending()>
                        "Pause batch"
                    </Button>
                </ActionForm>
            }
            .into_any(),
            BatchState::Paused => view! {
                <ActionForm action=actions.resume>
                    <input type="hidden" name="batch" value=id />
                    <Button kind=ButtonKind::Primary icon=IconName::Play submit=true busy=actions.resume.pending()>
                        "Go on with batch"
                    </Button>
                </ActionForm>
            }
            .into_any(),
            _ => ().into_any(),
        }
    };
    let result = move || {
        let (href, saved_as) = (download.clone(), saved_as.clone());
        any.get().then(move || {
            // A real file of the server: the page's own navigation leaves it alone.
            view! {
                <a class="btn" href=href download=saved_as rel="external">
                    <span class="btn-label">
                        {move || if state.get() == BatchState::Done { "Download result" } else { "Download result so far" }}
                    </span>
                </a>
            }
        })
    };
    view! {
        <div class="form-actions">
            {action} {result} <ActionProblem error=failure_of(actions.pause) />
            <ActionProblem error=failure_of(actions.resume) />
        </div>
    }
}

#[component]
fn Delete(batch: BatchView, now: Timestamp, actions: Actions) -> impl IntoView {
    let ends = format!("in {} days", batch.expires.since(now).div_ceil(24 * 60 * 60 * 1000));
    let delete = if batch.state.is_going() {
        view! { <p class="muted">"Pause it before you delete it."</p> }.into_any()
    } else {
        view! {
            <ActionForm action=actions.delete>
                <input type="hidden" name="batch" value=batch.id.to_string() />
                <Confirm
                    label="Delete this batch…"
                    lost="The file, its result and the list of failed rows are gone then, for everybody. Download the result first to keep it."
                    button="Delete batch and files"
                    busy=actions.delete.pending()
                />
                <ActionProblem error=failure_of(actions.delete) />
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <div class="batch-delete">
            <p class="muted">
                "Uploaded " <Time at=batch.created now /> " by " {batch.by} ". Its files are deleted " {ends} "."
            </p>
            {delete}
        </div>
    }
}

/// What holds while it goes.
fn note(batch: &BatchView) -> String {
    format!(
        "It goes on when you close this page, and after a restart of the console. A pause sends no row twice; where the console is killed, the rows under way and those that wait for an earlier one are sent again, {} at most.",
        thousands(batch.at_risk())
    )
}

/// Where a batch stands, in a sentence.
fn sentence(batch: &BatchView) -> String {
    let endpoint = batch.setup.as_ref().map(|setup| setup.endpoint.to_string()).unwrap_or_default();
    let (done, answered, rows) = (thousands(batch.done), thousands(batch.answered()), thousands(batch.rows()));
    let failed = match batch.failed {
        0 => "none failed".to_owned(),
        1 => "1 failed".to_owned(),
        failed => format!("{} failed", thousands(failed)),
    };
    match batch.state {
        BatchState::Ready => "Nothing is sent yet.".into(),
        BatchState::Running => format!("{answered} of {rows} rows are answered by {endpoint}, {failed}."),
        BatchState::Pausing => {
            format!("Pausing: the rows under way are waited for. {answered} of {rows} are answered, {failed}.")
        }
        BatchState::Paused => format!("Paused: {done} of {rows} rows are done, {failed}."),
        BatchState::Done if batch.rows() == 1 => format!("The only row is done, {failed}."),
        BatchState::Done => format!("All {rows} rows are done, {failed}."),
    }
}

/// The numbers behind the sentence.
fn counts(batch: &BatchView) -> Vec<(&'static str, String)> {
    let mut counts = if batch.state.is_going() {
        vec![("Answered", thousands(batch.answered())), ("In the result so far", thousands(batch.done))]
    } else {
        vec![("Done", thousands(batch.done))]
    };
    counts.extend([
        ("Failed", thousands(batch.failed)),
        ("Sent again", thousands(batch.retried)),
        ("Time", elapsed(batch.spent_ms)),
    ]);
    if batch.pace > 0 {
        counts.push(("Rows a second", format!("{}.{}", batch.pace / 10, batch.pace % 10)));
    }
    if let Some(left) = batch.left_ms() {
        counts.push(("Left", elapsed(left.div_ceil(1000) * 1000)));
    }
    counts
}

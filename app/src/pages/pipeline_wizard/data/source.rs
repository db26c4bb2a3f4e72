//! Where the table comes from: the shipped one, or a file. The file's form is a plain one; with a script it shows how far
//! it is, can be stopped, and takes a file that is dropped on it.

mod sending;

use crate::api::pipeline::wizard::{UPLOAD_DATA, UsePipelineSample};
use crate::error::failure_of;
use crate::pages::pipeline_wizard::StepContext;
use crate::ui::{ActionProblem, Button, ButtonKind, FileInput, IconName, Words, size};
use domain::pipeline::view::DataView;
use domain::wizard::FieldProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;
use sending::{Sending, State};

#[component]
pub(super) fn Source(
    ctx: StepContext,
    data: Option<DataView>,
    /// Why the file that was sent just now was refused.
    problem: Option<FieldProblem>,
    most_bytes: u64,
    sample: ServerAction<UsePipelineSample>,
) -> impl IntoView {
    let refused = problem.is_some();
    let ways = view! {
        <div class="data-ways">
            <Upload ctx=ctx.clone() problem most_bytes first=data.is_none()/>
            <Sample ctx sample/>
        </div>
    };
    match data {
        None => view! {
            <section class="card" aria-labelledby="table-title">
                <div class="card-head"><h2 id="table-title">"Table"</h2></div>
                <div class="card-body">{ways}</div>
            </section>
        }
        .into_any(),
        Some(data) => view! {
            <details class="card data-other" open=refused>
                <summary>
                    <span class="data-file">{data.file}</span>
                    <span class="muted">{size(data.bytes)}</span>
                    <span class="data-change">"Use another table"</span>
                </summary>
                <div class="card-body">{ways}</div>
            </details>
        }
        .into_any(),
    }
}

#[component]
fn Sample(ctx: StepContext, sample: ServerAction<UsePipelineSample>) -> impl IntoView {
    view! {
        <ActionForm action=sample attr:class="data-way">
            <input type="hidden" name="draft" value=ctx.id()/>
            <h3>"The sample"</h3>
            <p class="field-about">
                "Customers of a telephone company: who left, and who stayed. It is shipped with the console and fits the usual answers."
            </p>
            <div>
                <Button submit=true busy=sample.pending()>"Use the sample"</Button>
            </div>
            <ActionProblem error=failure_of(sample)/>
        </ActionForm>
    }
}

#[component]
fn Upload(ctx: StepContext, problem: Option<FieldProblem>, most_bytes: u64, first: bool) -> impl IntoView {
    let about = format!(
        "CSV with commas, semicolons or tabs; with a header or without; numbers only but for columns that are left out. At most {}.",
        size(most_bytes)
    );
    let sending = Sending::new(ctx.reload);
    let over = RwSignal::new(false);
    let draft = ctx.id();
    let (of_form, of_drop) = (draft.clone(), draft.clone());
    let kind = if first { ButtonKind::Primary } else { ButtonKind::Secondary };
    let problem = problem.map(|problem| {
        view! {
            <p class="field-problem" role="alert">
                <Words text=problem.message/>
                {problem.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
            </p>
        }
    });
    let busy = Signal::derive(move || sending.state.with(|state| matches!(state, State::Under { .. })));
    view! {
        <form
            method="post"
            action=UPLOAD_DATA
            enctype="multipart/form-data"
            class="data-way data-drop"
            class:is-over=over
            on:submit=move |event| sending.submit(&event, &of_form)
            on:dragover=move |event| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                event.prevent_default();
                over.set(false);
                sending.dropped(&event, &of_drop, most_bytes);
            }
        >
            <h3>"A file of your own"</h3>
            <input type="hidden" name="draft" value=draft/>
            <FileInput name="file" label="CSV file" description=about accept=".csv,.tsv,.txt,text/csv" most=most_bytes/>
            {problem}
            <div class="form-actions">
                <Button kind submit=true icon=IconName::Plus busy>"Upload file"</Button>
                <span class="muted script-only">"or drop it here"</span>
            </div>
            <Progress sending/>
        </form>
    }
}

/// How far the file is.
#[component]
fn Progress(sending: Sending) -> impl IntoView {
    let percent = Memo::new(move |_| {
        sending.state.with(|state| match state {
            State::Under { sent, all, .. } => super::reading::percent(*sent, *all),
            State::Idle | State::Failed(_) => 0,
        })
    });
    let under_way = Memo::new(move |_| sending.state.with(|state| matches!(state, State::Under { .. })));
    let said = move || {
        sending.state.with(|state| match state {
            State::Under { name, sent, all } if sent < all => {
                Some(format!("{name}: {} of {} sent, {} %", size(*sent), size(*all), percent.get()))
            }
            State::Under { name, .. } => Some(format!("{name} is sent, and looked at")),
            State::Idle | State::Failed(_) => None,
        })
    };
    let failed = move || {
        sending.state.with(|state| match state {
            State::Failed(why) => Some(view! { <p class="field-problem" role="alert"><Words text=why.clone()/></p> }),
            State::Idle | State::Under { .. } => None,
        })
    };
    view! {
        <div class="data-sending" class:is-under-way=under_way>
            <p role="status">{said}</p>
            {move || under_way.get().then(|| view! {
                <progress class="run-progress" max=100 value=percent aria-label="Sent"></progress>
                <Button small=true on_click=Callback::new(move |_| sending.cancel())>"Cancel upload"</Button>
            })}
            {failed}
        </div>
    }
}

//! Step 3: the table: where it comes from, how it is to be read, and what came of reading all of it.

mod columns;
mod reading;
mod source;

use super::{Actions, StepContext};
use crate::api::pipeline::wizard::{DataStepView, get_pipeline_data};
use crate::error::failure_of;
use crate::pages::step::{StepEnd, StepStart};
use crate::ui::{ActionProblem, Card, Checkbox, Resolve, Skeleton, TextInput, Words, thousands};
use domain::pipeline::data::Preview;
use domain::pipeline::view::{DataView, PreparationState, PreparationView};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The shipped table's name: whoever uploads one of that name has said the same.
const SAMPLE: &str = "churn.csv";

/// The forms that stand beside the step's own, for buttons inside it.
const STOP: &str = "stop-reading";
const READ: &str = "read-table";

#[component]
pub(super) fn DataStep(ctx: StepContext, actions: Actions) -> impl IntoView {
    let kept = use_query_map().get_untracked().get("kept").unwrap_or_default();
    let id = ctx.draft.id.clone();
    let data = Resource::new(|| (), move |()| get_pipeline_data(id.clone(), kept.clone()));
    view! {
        <Resolve
            resource=data
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            failed="The table could not be loaded"
            children=Callback::new(move |view: DataStepView| view! { <DataBody ctx=ctx.clone() view actions/> })
        />
    }
}

#[component]
fn DataBody(ctx: StepContext, view: DataStepView, actions: Actions) -> impl IntoView {
    let DataStepView { data, reading, problem, most_bytes } = view;
    let going = reading.as_ref().is_some_and(|reading| reading.state == PreparationState::Reading);
    let ready = data.as_ref().is_some_and(|data| data.tally.is_some() && data.problem.is_none());
    let unfit = data.as_ref().is_some_and(|data| data.problem.is_some());
    let says = match (going, ready, unfit) {
        (true, ..) => "The table is being read: you can leave this page.",
        (_, true, _) => "The table is read, and can be trained with.",
        (_, _, true) => "Upload a table that is put right, or change the answers.",
        _ => "The whole table is read before the review.",
    };
    let fields = data.clone().map(|data| view! { <Fields ctx=ctx.clone() data reading/> });
    let missing = data.is_none().then(|| view! { <p class="data-missing">{missing(&ctx)}</p> });
    let (id, bar) = (StoredValue::new(ctx.id()), ctx.bar("Review the pipeline"));
    let untouched = data.is_none().then(|| view! { <Untouched ctx=ctx.clone()/> });
    let source = source_of(data.as_ref());
    view! {
        <div class="step step-data">
            <source::Source ctx data problem most_bytes sample=actions.sample/>
            {missing}
            <ActionForm action=actions.data attr:class="step" attr:novalidate="">
                <StepStart draft=id.get_value()/>
                <input type="hidden" name="form[source]" value=source/>
                {untouched}
                {fields}
                <StepEnd
                    bar
                    known=&["file", "label", "left_out", "validation"]
                    says
                    busy=actions.data.pending()
                    saved=actions.data.value()
                />
            </ActionForm>
            <ActionForm action=actions.stop attr:id=STOP attr:class="data-aside">
                <input type="hidden" name="draft" value=id.get_value()/>
                <ActionProblem error=failure_of(actions.stop)/>
            </ActionForm>
            <ActionForm action=actions.read attr:id=READ attr:class="data-aside">
                <input type="hidden" name="draft" value=id.get_value()/>
                <ActionProblem error=failure_of(actions.read)/>
            </ActionForm>
        </div>
    }
}

/// What stands at the table's place before there is one; a problem only once it was asked for.
fn missing(ctx: &StepContext) -> AnyView {
    let problem = ctx.problem("file").get_untracked();
    match problem {
        Some(error) => view! {
            <span class="field-problem" role="alert">
                <Words text=error.message/>
                {error.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
            </span>
        }
        .into_any(),
        None => "Columns, label and split come here once there is a table.".into_any(),
    }
}

/// Answers that can't be given yet, kept as they are.
#[component]
fn Untouched(ctx: StepContext) -> impl IntoView {
    let form = ctx.draft.data;
    view! {
        <input type="hidden" name="form[label]" value=form.label/>
        <input type="hidden" name="form[header]" value=form.header/>
        <input type="hidden" name="form[validation]" value=form.validation/>
    }
}

fn source_of(data: Option<&DataView>) -> &'static str {
    if data.is_none_or(|data| data.file == SAMPLE) { "sample" } else { "upload" }
}

#[component]
fn Fields(ctx: StepContext, data: DataView, reading: Option<PreparationView>) -> impl IntoView {
    let form = ctx.draft.data.clone();
    let said = said(&data);
    let faults = data.tally.as_ref().map(|tally| tally.faults.clone()).unwrap_or_default();
    let preview = data.preview.clone();
    let header_about = if preview.header {
        "The first row looks like names. Without them columns are called by their place, and the first row is one like any other."
    } else {
        "The first row looks like values, not like names."
    };
    let columns = view! { <columns::Columns ctx=ctx.clone() preview faults/> };
    let (header_error, validation_error) = (ctx.problem("header"), ctx.problem("validation"));
    view! {
        <reading::Reading ctx data reading/>
        <Card title=|| "Columns" aside=move || view! { <span>{said.clone()}</span> }>
            {columns}
            <div class="card-body data-header">
                <Checkbox
                    name="form[header]"
                    label="The first row has the columns' names"
                    description=header_about
                    checked=Signal::stored(!form.header.is_empty())
                    error=header_error
                />
            </div>
        </Card>
        <Card title=|| "Validation">
            <div class="card-body">
                <div class="step-narrow">
                    <TextInput
                        name="form[validation]"
                        label="Rows to try the model on, of a hundred"
                        description="The model is not trained with them, so its metric on them says how good it is on rows it has not seen. The same rows each time; 1 to 50."
                        inputmode="numeric"
                        value=Signal::stored(form.validation)
                        error=validation_error
                    />
                </div>
            </div>
        </Card>
    }
}

/// How large the table is.
fn said(data: &DataView) -> String {
    let Preview { columns, rows, .. } = &data.preview;
    let columns = match columns.len() {
        1 => "1 column".to_owned(),
        many => format!("{many} columns"),
    };
    let looked = match &data.tally {
        Some(tally) => format!("{} rows", thousands(tally.train + tally.validation + tally.faulty)),
        None => format!("by the first {} rows", thousands(*rows)),
    };
    format!("{columns} · {looked}")
}

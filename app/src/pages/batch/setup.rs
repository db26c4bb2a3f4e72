//! How a file is to be sent: its first rows, what of them goes, to where, and how fast.

use super::TargetFields;
use crate::api::batch::{BatchPageView, StartBatch};
use crate::error::{failure_of, problem_at};
use crate::ui::{
    ActionProblem, Badge, Button, ButtonKind, Card, Checkbox, CheckboxRow, IconName, TextArea, TextInput, Tone, size,
    thousands,
};
use domain::batch::{BatchFile, BatchForm, BatchFormat, limits};
use domain::wizard::FieldProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;

const TYPES: [&str; 4] = ["text/csv", "application/json", "application/jsonlines", "text/plain"];

/// The form. It takes the same way with a script and without.
#[component]
pub(super) fn Setup(
    page: BatchPageView,
    start: ServerAction<StartBatch>,
    /// Whether what is wrong is said: only once it was sent.
    check: bool,
) -> impl IntoView {
    let BatchPageView { batch, targets, limits: allowed, .. } = page;
    let problems = if check { batch.form.read(&batch.file, &allowed).err().unwrap_or_default() } else { Vec::new() };
    let unseen = problems.iter().find(|problem| problem.field == "columns").cloned();
    let BatchForm { through, endpoint, .. } = batch.form.clone();
    let (form, file) = (batch.form, batch.file);
    let bytes = usize::try_from(file.bytes).unwrap_or(usize::MAX);
    let rows = match file.rows(form.header == "on") {
        1 => "1 row".to_owned(),
        rows => format!("{} rows", thousands(rows)),
    };
    let said = format!("{} has {rows} and {}. Nothing is sent before you start it.", file.name, size(bytes));
    let csv = file.format == BatchFormat::Csv;
    let named = form.header == "on";
    let sample = view! { <Sample file=file.clone() header=named /> };
    let header_problem = problem_at(&problems, "header");
    let header = csv.then(|| {
        view! {
            <div class="card-body">
                <Checkbox
                    name="form[header]"
                    label="The first row has the columns' names"
                    description="Without names the columns are called `c1`, `c2` and so on, and the first row is sent like any other."
                    checked=Signal::stored(named)
                    error=Signal::stored(header_problem)
                />
            </div>
        }
    });
    let target = view! { <TargetFields targets through endpoint problems=problems.clone() /> };
    let columns = csv.then(|| view! { <Columns file form=form.clone() problem=unseen /> });
    let request = view! { <Request form=form.clone() problems=problems.clone() csv /> };
    let speed = view! { <Speed form most=allowed.at_once problems /> };
    view! {
        <ActionForm action=start attr:class="stack" attr:novalidate="">
            <input type="hidden" name="batch" value=batch.id.to_string() />
            <p class="say">{said}</p>
            <Card title=|| "First rows">{sample} {header}</Card>
            <Card title=|| "Endpoint">
                <div class="card-body">
                    <div class="batch-fields">{target}</div>
                </div>
            </Card>
            <Card title=|| "What is sent of each row">
                <div class="card-body">{columns} {request}</div>
            </Card>
            <Card title=|| "How it is sent">{speed}</Card>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true icon=IconName::Play busy=start.pending()>
                    "Start batch"
                </Button>
                <ActionProblem error=failure_of(start) />
            </div>
        </ActionForm>
    }
}

/// The first rows as they stand in the file.
#[component]
fn Sample(file: BatchFile, header: bool) -> impl IntoView {
    let lines = file.format == BatchFormat::JsonLines;
    let names = if lines { vec!["Line".to_owned()] } else { file.columns(header) };
    let first = (!header && !lines).then(|| file.first.clone());
    let rows = first.into_iter().chain(file.sample).take(limits::SHOWN_ROWS);
    let rows = rows.map(|row| if lines { line(row).into_any() } else { record(row).into_any() }).collect_view();
    view! {
        <div class="table-scroll" role="region" aria-label="First rows" tabindex="0">
            <table class="table batch-sample">
                <thead>
                    <tr>{names.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view()}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn record(fields: Vec<String>) -> impl IntoView {
    let cells = fields.into_iter().map(|cell| view! { <td class="batch-cell">{cell}</td> }).collect_view();
    view! { <tr>{cells}</tr> }
}

/// A line with what is wrong with it, where it is not JSON.
fn line(line_and_why: Vec<String>) -> impl IntoView {
    let mut parts = line_and_why.into_iter();
    let line = parts.next();
    let why = parts.next().map(|why| {
        view! {
            <p class="batch-not-json">
                <Badge tone=Tone::Warn>"Not JSON"</Badge>
                {format!("Its row will fail: {why}")}
            </p>
        }
    });
    view! {
        <tr>
            <td class="batch-cell">{line} {why}</td>
        </tr>
    }
}

/// Which columns go, in the file's order.
#[component]
fn Columns(file: BatchFile, form: BatchForm, problem: Option<FieldProblem>) -> impl IntoView {
    let names = file.columns(form.header == "on");
    let values = file.sample.first().cloned().unwrap_or_default();
    let rows = names
        .into_iter()
        .enumerate()
        .map(|(at, name)| {
            let value = at.to_string();
            let checked = Signal::stored(form.columns.contains(&value));
            let detail = values.get(at).cloned().unwrap_or_default();
            view! { <CheckboxRow name="form[columns][]" value label=name detail checked /> }
        })
        .collect_view();
    view! {
        <fieldset class="batch-columns" id="field-columns">
            <legend class="field-label">"Columns that are sent"</legend>
            <p class="field-about">
                "The ticked ones go as a line of CSV, with commas between them. Leave out an id: it stays beside its prediction in the result all the same."
            </p>
            {problem.map(|problem| view! { <p class="field-problem">{crate::ui::sentence_case(&problem.message)} "."</p> })}
            <div class="batch-column-list">{rows}</div>
        </fieldset>
    }
}

#[component]
fn Request(form: BatchForm, problems: Vec<FieldProblem>, csv: bool) -> impl IntoView {
    let about = if csv {
        "Empty: the ticked columns as a line of CSV. Otherwise the body itself, with `{{column}}` where a value goes: quoted in JSON and CSV as it has to be."
    } else {
        "Empty: the line as it is. Otherwise the body itself, with `{{key}}` where a value of the line's object goes."
    };
    let open = [&form.custom_attributes, &form.target_model, &form.target_variant, &form.inference_id];
    let open = open.iter().any(|text| !text.is_empty());
    let types: Vec<String> = TYPES.map(str::to_owned).into();
    let error = |field: &str| Signal::stored(problem_at(&problems, field));
    view! {
        <div class="batch-fields">
            <TextInput
                name="form[content_type]"
                label="Content type"
                suggestions=types.clone()
                value=Signal::stored(form.content_type)
                error=error("content_type")
            />
            <TextInput
                name="form[accept]"
                label="Accept"
                placeholder="Any"
                suggestions=types
                value=Signal::stored(form.accept)
                error=error("accept")
            />
        </div>
        <TextArea
            name="form[template]"
            label="Body"
            description=about
            rows=3
            mono=true
            value=Signal::stored(form.template)
            error=error("template")
        />
        <details class="more-options" open=open>
            <summary>"More headers"</summary>
            <p class="field-about">"Each may have " <code>"{{column}}"</code> " in it, too: a target model a row, say."</p>
            <div class="batch-fields">
                <TextInput
                    name="form[custom_attributes]"
                    label="Custom attributes"
                    mono=true
                    value=Signal::stored(form.custom_attributes)
                    error=error("custom_attributes")
                />
                <TextInput
                    name="form[inference_id]"
                    label="Inference id"
                    mono=true
                    value=Signal::stored(form.inference_id)
                    error=error("inference_id")
                />
                <TextInput
                    name="form[target_model]"
                    label="Target model"
                    mono=true
                    value=Signal::stored(form.target_model)
                    error=error("target_model")
                />
                <TextInput
                    name="form[target_variant]"
                    label="Target variant"
                    mono=true
                    value=Signal::stored(form.target_variant)
                    error=error("target_variant")
                />
            </div>
        </details>
    }
}

#[component]
fn Speed(form: BatchForm, most: u16, problems: Vec<FieldProblem>) -> impl IntoView {
    let error = |field: &str| Signal::stored(problem_at(&problems, field));
    view! {
        <div class="card-body">
            <div class="batch-fields">
                <TextInput
                    name="form[at_once]"
                    label="Requests at once"
                    description=format!("1 to {most}.")
                    inputmode="numeric"
                    value=Signal::stored(form.at_once)
                    error=error("at_once")
                />
                <TextInput
                    name="form[tries]"
                    label="Tries of a row"
                    description="A row that is throttled, or meets a failure that passes, is sent again after growing pauses."
                    inputmode="numeric"
                    value=Signal::stored(form.tries)
                    error=error("tries")
                />
                <TextInput
                    name="form[stop_after]"
                    label="Pause after failed rows in a row"
                    description="0 for never."
                    inputmode="numeric"
                    value=Signal::stored(form.stop_after)
                    error=error("stop_after")
                />
            </div>
        </div>
    }
}

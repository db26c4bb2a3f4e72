//! What a load check is to do. Sending the form calls nothing: the next page says what would be called.

use crate::api::load::PrepareLoad;
use crate::error::{failure_of, problem_at};
use crate::pages::batch::TargetFields;
use crate::ui::{ActionProblem, Button, ButtonKind, Card, Choice, RadioCards, TextArea, TextInput, thousands};
use domain::invoke::TargetView;
use domain::load::{LoadForm, LoadLimits};
use leptos::form::ActionForm;
use leptos::prelude::*;

const TYPES: [&str; 4] = ["text/csv", "application/json", "application/jsonlines", "text/plain"];

/// The form. It takes the same way with a script and without.
#[component]
pub(super) fn Form(
    form: LoadForm,
    targets: Vec<TargetView>,
    limits: LoadLimits,
    prepare: ServerAction<PrepareLoad>,
    /// Whether what is wrong is said: only once it was sent.
    check: bool,
) -> impl IntoView {
    let problems = if check { form.read(&limits).err().unwrap_or_default() } else { Vec::new() };
    let at = problems.clone();
    let error = move |field: &str| Signal::stored(problem_at(&at, field));
    let types: Vec<String> = TYPES.map(str::to_owned).into();
    let open = [&form.custom_attributes, &form.target_variant, &form.accept].iter().any(|text| !text.is_empty());
    let pace = if form.pace == "rate" { "rate" } else { "at_once" };
    view! {
        <Card title=|| "New load check">
            <ActionForm action=prepare attr:class="card-body" attr:novalidate="">
                <div class="batch-fields">
                    <TargetFields targets through=form.through endpoint=form.endpoint problems />
                    <TextInput
                        name="form[content_type]"
                        label="Content type"
                        suggestions=types.clone()
                        value=Signal::stored(form.content_type)
                        error=error("content_type")
                    />
                </div>
                <TextArea
                    name="form[body]"
                    label="Body"
                    description="The same for every call."
                    rows=4
                    mono=true
                    value=Signal::stored(form.body)
                    error=error("body")
                />
                <details class="more-options" open=open>
                    <summary>"More headers"</summary>
                    <div class="batch-fields">
                        <TextInput
                            name="form[accept]"
                            label="Accept"
                            placeholder="Any"
                            suggestions=types
                            value=Signal::stored(form.accept)
                            error=error("accept")
                        />
                        <TextInput
                            name="form[custom_attributes]"
                            label="Custom attributes"
                            mono=true
                            value=Signal::stored(form.custom_attributes)
                            error=error("custom_attributes")
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
                <RadioCards
                    name="form[pace]"
                    label="How calls follow each other"
                    choices=vec![
                        Choice::new("at_once", "So many at once")
                            .detail("As soon as one is answered the next one goes out: how much the endpoint can do."),
                        Choice::new("rate", "So many a second")
                            .detail("Whether others are answered or not: how long answers take under that load."),
                    ]
                    value=Signal::stored(pace.to_owned())
                />
                <div class="batch-fields">
                    <TextInput
                        name="form[at_once]"
                        label="At once, at most"
                        description=format!("1 to {}.", limits.at_once)
                        inputmode="numeric"
                        value=Signal::stored(form.at_once)
                        error=error("at_once")
                    />
                    <TextInput
                        name="form[rate]"
                        label="A second"
                        description=format!("1 to {}, for the second way.", thousands(limits.rate))
                        inputmode="numeric"
                        value=Signal::stored(form.rate)
                        error=error("rate")
                    />
                    <TextInput
                        name="form[seconds]"
                        label="Seconds"
                        description=format!("1 to {}.", limits.seconds)
                        inputmode="numeric"
                        value=Signal::stored(form.seconds)
                        error=error("seconds")
                    />
                    <TextInput
                        name="form[calls]"
                        label="Calls, at most"
                        description=format!("1 to {}.", thousands(limits.calls))
                        inputmode="numeric"
                        value=Signal::stored(form.calls)
                        error=error("calls")
                    />
                </div>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=prepare.pending()>
                        "Review load check"
                    </Button>
                    <span class="muted">"No call is made yet."</span>
                    <ActionProblem error=failure_of(prepare) />
                </div>
            </ActionForm>
        </Card>
    }
}

//! What is sent, and where to.

use crate::api::compare::CompareRequests;
use crate::error::{failure_of, problem_at};
use crate::pages::batch::TargetFields;
use crate::ui::{ActionProblem, Button, ButtonKind, Card, IconName, TextArea, TextInput, size};
use domain::invoke::TargetView;
use domain::invoke::compare::{CompareForm, CompareSide};
use domain::wizard::FieldProblem;
use leptos::ev::SubmitEvent;
use leptos::form::{ActionForm, FromFormData as _};
use leptos::prelude::*;
use leptos::reactive::actions::ActionAbortHandle;
use std::time::Duration;

const TYPES: [&str; 4] = ["application/json", "text/csv", "application/jsonlines", "text/plain"];

/// The form. It takes the same way with a script and without; with one the calls can be broken off.
#[component]
pub(super) fn Form(
    form: CompareForm,
    /// The size of a body that is bytes.
    file: Option<usize>,
    problems: Vec<FieldProblem>,
    targets: Vec<TargetView>,
    compare: ServerAction<CompareRequests>,
    /// What names a body that stayed on the server.
    kept: String,
) -> impl IntoView {
    let at = problems.clone();
    let error = move |field: &str| Signal::stored(problem_at(&at, field));
    let types: Vec<String> = TYPES.map(str::to_owned).into();
    let handle = StoredValue::new(None::<ActionAbortHandle>);
    let pending = compare.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let (false, Ok(asked)) = (pending.get_untracked(), CompareRequests::from_event(&event)) {
            handle.set_value(Some(compare.dispatch(asked)));
        }
    };
    let (seconds, cancelled) = (seconds_of(pending.into()), RwSignal::new(None::<u64>));
    Effect::new(move |_| {
        if pending.get() {
            cancelled.set(None);
        }
    });
    let cancel = move || {
        let on_click = Callback::new(move |_| {
            if let Some(handle) = handle.try_update_value(Option::take).flatten() {
                handle.abort();
                cancelled.set(Some(seconds.get_untracked()));
            }
        });
        view! {
            <Button on_click>"Cancel both"</Button>
            <span class="comparing" aria-live="off">{move || format!("Calling both · {} s", seconds.get())}</span>
        }
    };
    let after = move || {
        cancelled.get().map(|after| {
            format!("Cancelled after {after} s: both calls were broken off. The models may have run all the same.")
        })
    };
    let CompareForm { left, right, content_type, accept, custom_attributes, body, .. } = form;
    let more = !accept.is_empty() || !custom_attributes.is_empty();
    view! {
        <div on:submit:capture=submit>
            <Card title=|| "Request">
                <ActionForm action=compare attr:class="card-body stack" attr:novalidate="">
                    <div class="compare-targets">
                        <Target which="left" title="First target" side=left targets=targets.clone() problems=problems.clone() />
                        <Target which="right" title="Second target" side=right targets problems />
                    </div>
                    <div class="batch-fields">
                        <TextInput
                            name="form[content_type]"
                            label="Content type"
                            suggestions=types.clone()
                            value=Signal::stored(content_type)
                            error=error("content_type")
                        />
                    </div>
                    <SentBody body file kept error=error("body") />
                    <details class="more-options" open=more>
                        <summary>"More headers"</summary>
                        <div class="batch-fields">
                            <TextInput
                                name="form[accept]"
                                label="Accept"
                                placeholder="Any"
                                suggestions=types
                                value=Signal::stored(accept)
                                error=error("accept")
                            />
                            <TextInput
                                name="form[custom_attributes]"
                                label="Custom attributes"
                                mono=true
                                value=Signal::stored(custom_attributes)
                                error=error("custom_attributes")
                            />
                        </div>
                    </details>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true icon=IconName::Play busy=pending>
                            "Invoke both"
                        </Button>
                        {move || pending.get().then(cancel)}
                        <span class="comparing" role="status">{after}</span>
                        <ActionProblem error=failure_of(compare) />
                    </div>
                </ActionForm>
            </Card>
        </div>
    }
}

/// For how long something has been going on, in seconds.
fn seconds_of(pending: Signal<bool>) -> RwSignal<u64> {
    let seconds = RwSignal::new(0);
    Effect::new(move |_| {
        if !pending.get() {
            return;
        }
        seconds.set(0);
        let tick = move || _ = seconds.try_update(|seconds| *seconds += 1);
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    seconds
}

/// The body, or what it is where it is a file.
#[component]
fn SentBody(
    body: String,
    file: Option<usize>,
    kept: String,
    error: Signal<Option<crate::ui::FieldError>>,
) -> impl IntoView {
    match file {
        Some(bytes) => view! {
            <input type="hidden" name="form[encoding]" value="base64" />
            <input type="hidden" name="kept" value=kept />
            <p>{format!("The body is the file from the playground, {}.", size(bytes))}</p>
        }
        .into_any(),
        None => view! {
            <TextArea name="form[body]" label="Body" rows=6 mono=true value=Signal::stored(body) error />
        }
        .into_any(),
    }
}

/// One side: an endpoint, and who in it shall answer.
#[component]
fn Target(
    /// `left` or `right`.
    which: &'static str,
    title: &'static str,
    side: CompareSide,
    targets: Vec<TargetView>,
    problems: Vec<FieldProblem>,
) -> impl IntoView {
    let name = |field: &str| format!("form[{which}][{field}]");
    let of_it = problems.into_iter().filter_map(|problem| {
        let field = problem.field.strip_prefix(which)?.strip_prefix('.')?.to_owned();
        Some(FieldProblem { field, ..problem })
    });
    let problems: Vec<FieldProblem> = of_it.collect();
    let narrowed = side.is_narrowed() || problems.iter().any(|problem| problem.field != "endpoint");
    let CompareSide { through, endpoint, target_variant, target_model, inference_component, target_container } = side;
    let narrow = [
        ("target_variant", "Variant", target_variant),
        ("target_model", "Model", target_model),
        ("inference_component", "Inference component", inference_component),
        ("target_container", "Container hostname", target_container),
    ];
    let narrow = narrow.map(|(field, label, value)| {
        let error = Signal::stored(problem_at(&problems, field));
        view! { <TextInput name=name(field) label mono=true value=Signal::stored(value) error /> }
    });
    view! {
        <fieldset class="compare-target">
            <legend>{title}</legend>
            <TargetFields targets group=format!("form[{which}]") through endpoint problems=problems.clone() />
            <details class="more-options" open=narrowed>
                <summary>"Who in the endpoint answers"</summary>
                <div class="batch-fields">{narrow.into_iter().collect_view()}</div>
            </details>
        </fieldset>
    }
}

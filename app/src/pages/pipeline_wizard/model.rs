//! Step 2: names, how the model is trained, and how it serves.

mod hyperparameters;
mod lines;
mod names;
mod serving;
mod training;

use super::StepContext;
use super::preflight::{Asked, Preflight};
use crate::api::pipeline::wizard::SavePipelineModel;
use crate::pages::step::{StepEnd, StepStart};
use crate::ui::FieldError;
use domain::pipeline::draft::{ModelForm, PipelineStep};
use domain::pipeline::view::{PreflightItem, Standpoint};
use leptos::form::ActionForm;
use leptos::prelude::*;

const KNOWN: [&str; 19] = [
    "prefix",
    "source",
    "repository",
    "branch",
    "bucket",
    "version",
    "objective",
    "classes",
    "hyperparameters",
    "training_instance",
    "training_count",
    "volume",
    "minutes",
    "endpoint",
    "endpoint_instance",
    "endpoint_count",
    "update",
    "wait",
    "alarms",
];

/// Instance types that are offered; others can be typed.
const INSTANCES: [&str; 8] = [
    "ml.m5.large",
    "ml.m5.xlarge",
    "ml.m5.2xlarge",
    "ml.m5.4xlarge",
    "ml.c5.xlarge",
    "ml.c5.2xlarge",
    "ml.r5.large",
    "ml.t3.medium",
];

/// What on this step other parts follow.
#[derive(Clone, Copy)]
struct Typed {
    prefix: RwSignal<String>,
    repository: RwSignal<String>,
    bucket: RwSignal<String>,
    endpoint: RwSignal<String>,
    objective: RwSignal<String>,
    hyperparameters: RwSignal<String>,
    /// What the accounts say to the names.
    found: RwSignal<Vec<PreflightItem>>,
}

#[component]
pub(super) fn ModelStep(ctx: StepContext, save: ServerAction<SavePipelineModel>) -> impl IntoView {
    let form = &ctx.draft.model;
    let typed = Typed {
        prefix: RwSignal::new(form.prefix.clone()),
        repository: RwSignal::new(form.repository.clone()),
        bucket: RwSignal::new(form.bucket.clone()),
        endpoint: RwSignal::new(form.endpoint.clone()),
        objective: RwSignal::new(form.objective.clone()),
        hyperparameters: RwSignal::new(form.hyperparameters.clone()),
        found: RwSignal::new(Vec::new()),
    };
    let unsaved = RwSignal::new(None::<ModelForm>);
    let ready = ctx.problems.iter().all(|(step, _)| *step != PipelineStep::Accounts);
    let asked = Signal::derive(move || match (ready, unsaved.get()) {
        (false, _) => Asked::Nothing,
        (true, None) => Asked::Saved,
        (true, Some(form)) => Asked::Model(Box::new(form)),
    });
    let timer = StoredValue::new(None::<TimeoutHandle>);
    view! {
        <ActionForm action=save attr:class="step step-model" attr:novalidate="">
            <StepStart draft=ctx.id()/>
            <div class="stack" on:input=move |event| ask_later(&event, timer, unsaved)>
                <names::Names ctx=ctx.clone() typed/>
                <training::Training ctx=ctx.clone() typed/>
                <hyperparameters::HyperparametersCard ctx=ctx.clone() typed/>
                <serving::Serving ctx=ctx.clone() typed/>
            </div>
            <Preflight
                draft=ctx.draft.id.clone()
                asked
                missing="Choose the three accounts first: names and quotas are looked at in them."
                found=typed.found
            />
            <StepEnd
                bar=ctx.bar("Choose data")
                known=&KNOWN
                says="Nothing is changed before you apply."
                busy=save.pending()
                saved=save.value()
            />
        </ActionForm>
    }
}

/// Asks the accounts once somebody stops typing, with the form as it stands.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "forms are filled in in browsers"))]
fn ask_later(
    event: &leptos::ev::Event,
    timer: StoredValue<Option<TimeoutHandle>>,
    unsaved: RwSignal<Option<ModelForm>>,
) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::form::FromFormData as _;
        use wasm_bindgen::JsCast as _;
        let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let form = element.and_then(|element| element.closest("form").ok().flatten());
        let Some(form) = form.and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok()) else { return };
        if let Some(waiting) = timer.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
        let later = move || {
            let data = web_sys::FormData::new_with_form(&form).ok();
            let typed = data.and_then(|data| SavePipelineModel::from_form_data(&data).ok());
            if let Some(typed) = typed {
                unsaved.try_set(Some(typed.form));
            }
        };
        timer.set_value(set_timeout_with_handle(later, std::time::Duration::from_millis(500)).ok());
    }
}

/// What is wrong with a field: what saving said until it is changed, then what can be told while it is typed.
fn live(
    ctx: &StepContext,
    field: &str,
    value: RwSignal<String>,
    check: impl Fn(&str) -> Option<FieldError> + Send + Sync + 'static,
) -> Signal<Option<FieldError>> {
    let (said, first) = (ctx.problem(field), value.get_untracked());
    Signal::derive(move || value.with(|value| if *value == first { said.get() } else { check(value) }))
}

/// What stands in a name's way in its account, as a problem of its field.
fn in_the_way(found: &[PreflightItem], key: &str) -> Option<FieldError> {
    let wrong = found.iter().find(|item| item.key == key && item.standpoint == Standpoint::Wrong)?;
    Some(FieldError { message: wrong.message.clone(), hint: wrong.hint.clone() })
}

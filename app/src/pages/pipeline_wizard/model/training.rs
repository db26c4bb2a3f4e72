//! How the model is trained: container, objective, machines.

use super::{INSTANCES, Typed, lines};
use crate::pages::pipeline_wizard::StepContext;
use crate::ui::{Card, Choice, RadioCards, Select, TextInput};
use domain::names::Region;
use domain::pipeline::hyperparameters::Objective;
use domain::pipeline::images::{Image, Version};
use leptos::prelude::*;

#[component]
pub(super) fn Training(ctx: StepContext, typed: Typed) -> impl IntoView {
    let form = ctx.draft.model.clone();
    let number = |field: &'static str, label: &'static str, about: &'static str, value: String| {
        view! {
            <TextInput
                name=format!("form[{field}]")
                label
                description=about
                inputmode="numeric"
                value=Signal::stored(value)
                error=ctx.problem(field)
            />
        }
    };
    let count = number("training_count", "Instances", "1 to 20.", form.training_count.clone());
    let volume = number("volume", "Volume, GB", "For the data and the model; 1 to 16384.", form.volume.clone());
    let minutes =
        number("minutes", "Longest training, minutes", "A job that takes longer is stopped.", form.minutes.clone());
    let classes = number("classes", "Number of classes", "Labels are then 0, 1, 2 and so on.", form.classes.clone());
    let (instance_error, objective_error) = (ctx.problem("training_instance"), ctx.problem("objective"));
    let container = view! { <Container ctx=ctx.clone()/> };
    view! {
        <Card title=|| "What the model predicts">
            <div class="card-body">
                <RadioCards
                    name="form[objective]"
                    label="Objective"
                    choices=objectives()
                    value=typed.objective
                    on_change=Callback::new(move |now: String| follow_objective(typed, now))
                    error=objective_error
                />
                <div class="step-narrow only-classes">{classes}</div>
            </div>
        </Card>
        <Card title=|| "Training">
            <div class="card-body">
                {container}
                <div class="batch-fields">
                    <TextInput
                        name="form[training_instance]"
                        label="Instance type"
                        description="What the job runs on."
                        mono=true
                        suggestions=INSTANCES.map(str::to_owned).to_vec()
                        value=Signal::stored(form.training_instance)
                        error=instance_error
                    />
                    {count}
                    {volume}
                    {minutes}
                </div>
            </div>
        </Card>
    }
}

/// The container's version, and the image that this comes to in the region.
#[component]
fn Container(ctx: StepContext) -> impl IntoView {
    let chosen = RwSignal::new(ctx.draft.model.version.clone());
    let region = ctx.draft.accounts.region.parse::<Region>().ok();
    let image = move || {
        let version = Version::try_from(chosen.get()).ok()?;
        Some(Image::of(region.as_ref()?, &version)?.uri())
    };
    let choices: Vec<Choice> =
        Version::all().map(|version| Choice::new(version.to_string(), format!("XGBoost {version}"))).collect();
    view! {
        <div class="container-fields">
            <Select
                name="form[version]"
                label="Container"
                choices=Signal::stored(choices)
                value=chosen
                description="SageMaker's own image of XGBoost, in the registry of the region."
                error=ctx.problem("version")
                on_change=Callback::new(move |now: String| chosen.set(now))
            />
            <p class="container-image">
                {move || image().map(|uri| view! { <span class="field-label">"Image"</span> <code>{uri}</code> })}
            </p>
        </div>
    }
}

/// What is measured follows what is predicted, unless something else is measured.
fn follow_objective(typed: Typed, now: String) {
    let of = |key: &str| Objective::ALL.into_iter().find(|objective| objective.key() == key);
    let before = typed.objective.get_untracked();
    if let (Some(before), Some(after)) = (of(&before), of(&now)) {
        typed.hyperparameters.update(|text| {
            if lines::value(text, "eval_metric") == before.metric() {
                *text = lines::with_value(text, "eval_metric", after.metric());
            }
        });
    }
    typed.objective.set(now);
}

fn objectives() -> Vec<Choice> {
    let choice = |objective: Objective| {
        let (label, about) = match objective {
            Objective::Binary => ("Yes or no", "The probability of yes. Labels are 0 and 1."),
            Objective::Classes => {
                ("One of several classes", "The probability of each class. Labels are 0, 1, 2 and so on.")
            }
            Objective::Number => ("A number", "Any number, such as a price or a duration."),
        };
        Choice::new(objective.key(), label).detail(format!("{about} {}", objective.key()))
    };
    Objective::ALL.map(choice).into()
}

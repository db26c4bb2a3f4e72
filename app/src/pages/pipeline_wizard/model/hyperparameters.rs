//! What the container is told. In the form it is one text, `name=value` a line; with a script each value has a field.

use super::{Typed, lines};
use crate::pages::pipeline_wizard::StepContext;
use crate::ui::{Card, FieldError, TextArea, TextInput};
use domain::pipeline::hyperparameters::{check, expected};
use leptos::prelude::*;

/// Name, label, what it does, and what the container takes where nothing is said.
type Known = (&'static str, &'static str, &'static str, &'static str);

/// Source: SageMaker developer guide, "XGBoost hyperparameters".
const KNOWN: [Known; 13] = [
    ("num_round", "Rounds", "How many trees are added, one after another.", ""),
    ("max_depth", "Greatest depth", "Deeper trees fit more, and overfit sooner.", "6"),
    ("eta", "Learning rate", "How much each tree counts: smaller needs more rounds.", "0.3"),
    ("subsample", "Rows per tree", "The part of the rows that each tree sees.", "1"),
    ("colsample_bytree", "Columns per tree", "The part of the columns that each tree sees.", "1"),
    ("min_child_weight", "Least weight of a leaf", "More makes the model more careful.", "1"),
    ("gamma", "Least gain of a split", "More makes fewer splits.", "0"),
    ("lambda", "L2 regularisation", "Keeps leaves small.", "1"),
    ("alpha", "L1 regularisation", "Takes leaves to zero.", "0"),
    ("scale_pos_weight", "Weight of yes", "For labels of which few are yes.", "1"),
    ("early_stopping_rounds", "Stop early after", "Rounds without a better validation.", "never"),
    ("eval_metric", "Metric", "What is measured on the validation data.", "by the objective"),
    ("seed", "Seed", "Other numbers draw other rows and columns.", "0"),
];

#[component]
pub(super) fn HyperparametersCard(ctx: StepContext, typed: Typed) -> impl IntoView {
    let text = typed.hyperparameters;
    let first = text.get_untracked();
    let said = ctx.problem("hyperparameters");
    let in_lines = {
        let first = first.clone();
        Signal::derive(move || said.get().map(|error| with_line(error, &first)))
    };
    let fields = KNOWN.map(|known| view! { <Value known text first=first.clone() said/> }.into_any()).collect_view();
    let names = KNOWN.map(|(name, ..)| name);
    let first_others = lines::others(&text.get_untracked(), &names);
    let others = RwSignal::new(first_others.clone());
    let others_error = Signal::derive(move || {
        let said = said.get().filter(|error| about(error).is_none_or(|name| !names.contains(&name)));
        let live = || others.with(|others| lines::problem(others, &names));
        said.or_else(|| live().map(|message| FieldError { message, hint: None }))
    });
    let on_others = Callback::new(move |now: String| {
        text.update(|text| *text = others.with_untracked(|before| lines::with_others(text, before, &now)));
        others.set(now);
    });
    view! {
        <Card
            title=|| "Hyperparameters"
            aside=|| view! { <span>"Empty: as the container has it"</span> }
        >
            <div class="card-body">
                <div class="hyperparameters-fields">
                    <div class="batch-fields">{fields}</div>
                    <TextArea
                        name=""
                        id="field-other-hyperparameters"
                        label="Others"
                        description="`name=value` a line, passed on as they are: the container has the last word."
                        rows=2
                        mono=true
                        value=Signal::stored(first_others)
                        on_input=on_others
                        error=others_error
                    />
                </div>
                <div class="hyperparameters-text">
                    <TextArea
                        name="form[hyperparameters]"
                        label="Hyperparameters"
                        description="`name=value` a line. The objective and the number of classes have fields of their own."
                        rows=8
                        mono=true
                        value=text
                        error=in_lines
                    />
                </div>
            </div>
        </Card>
    }
}

/// One of those that are known, as a field.
#[component]
fn Value(known: Known, text: RwSignal<String>, first: String, said: Signal<Option<FieldError>>) -> impl IntoView {
    let (name, label, what, usual) = known;
    let before = lines::value(&first, name);
    let now = Memo::new(move |_| text.with(|text| lines::value(text, name)));
    let error = Signal::derive(move || {
        let now = now.get();
        if now == before {
            return said.get().filter(|error| about(error) == Some(name));
        }
        let error = check(name, &now).err().filter(|_| !now.is_empty())?;
        Some(FieldError { message: error.to_string(), hint: None })
    });
    let range = expected(name).map(|expected| format!(" {}.", crate::ui::sentence_case(expected))).unwrap_or_default();
    let id = format!("field-hyperparameter-{name}");
    view! {
        <TextInput
            name=""
            id
            label=format!("{label} ({name})")
            description=format!("{what}{range}")
            placeholder=usual
            mono=true
            value=now
            on_input=Callback::new(move |value: String| text.update(|text| *text = lines::with_value(text, name, &value)))
            error
        />
    }
}

/// The hyperparameter that a problem is about: the first name in its message.
fn about(error: &FieldError) -> Option<&str> {
    error.message.strip_prefix('`')?.split('`').next()
}

/// The problem with the line to look at.
fn with_line(error: FieldError, text: &str) -> FieldError {
    let at = about(&error).and_then(|name| lines::line(text, name));
    let hint = at.map(|line| format!("look at line {line}")).or(error.hint);
    FieldError { hint, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_line() {
        let error = |message: &str| FieldError { message: message.into(), hint: Some("a value a line".into()) };
        let text = "num_round=10\neta=2";
        assert_eq!(with_line(error("`eta` must be a number"), text).hint.as_deref(), Some("look at line 2"));
        assert_eq!(with_line(error("`gamma` is required"), text).hint.as_deref(), Some("a value a line"));
    }
}

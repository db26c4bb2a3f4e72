//! A saved request as a form: for people who know the values and need nothing else.

use super::{NothingSaved, id_in_address, if_there_is};
use crate::api::saved::{FilledForm, InvokeSaved, SavedFormView, get_saved_form};
use crate::components::{PlainAnswer, PlaygroundTabs};
use crate::error::{failure_of, problem_at};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Choice, ErrorPanel, IconName, PageHeader, Resolve, Select, Skeleton, TextArea,
    TextInput, Words,
};
use domain::saved::{SavedView, Variable, VariableKind};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A saved request to fill in.
#[component]
pub fn SavedFormPage() -> impl IntoView {
    let id = id_in_address();
    let query = use_query_map();
    let result = Memo::new(move |_| query.read().get("result").unwrap_or_default());
    let saved = Resource::new(
        move || (id.get(), result.get()),
        async |(id, result)| match id {
            Ok(id) => if_there_is(get_saved_form(id, result).await),
            Err(_) => Ok(None),
        },
    );
    view! {
        <Resolve
            resource=saved
            failed="The form could not be loaded"
            skeleton=|| view! { <PageHeader title="Form"/> <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(move |view: Option<SavedFormView>| match view {
                Some(view) => view! { <FillIn view/> }.into_any(),
                None => view! { <NothingSaved/> }.into_any(),
            })
        />
    }
}

#[component]
fn FillIn(view: SavedFormView) -> impl IntoView {
    let SavedFormView { saved, filled } = view;
    let id = saved.request.id.to_string();
    let what = saved.request.what.clone();
    let invoke = ServerAction::<InvokeSaved>::new();
    let first = StoredValue::new(filled.clone());
    // What the last press came to, or the form before this page.
    let told = Memo::new(move |_| match invoke.value().get() {
        Some(Ok(filled)) => Some(filled),
        Some(Err(_)) => None,
        None => first.get_value(),
    });
    let values = filled.map_or_else(|| what.defaults(), |filled| filled.values);
    let inputs = what.variables.iter().map(|variable| {
        let value = values.get(variable.name.as_str()).unwrap_or(&variable.default).clone();
        view! { <Input variable=variable.clone() value told/> }
    });
    let inputs = inputs.collect_view();
    let nothing =
        what.variables.is_empty().then(|| view! { <p class="field-about">"There is nothing to fill in."</p> });
    let names: Vec<String> = what.variables.iter().map(|variable| format!("values[{}]", variable.name)).collect();
    let (edit, choose) = (format!("/saved/{id}"), format!("/saved/{id}"));
    view! {
        <PageHeader title=what.name.clone() sub=what.description.clone()>
            <Button href=edit>"Edit"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        <div class="stack fill-in">
            <Sentence saved edit=choose/>
            <section class="card" aria-labelledby="values-title">
                <div class="card-head">
                    <h2 id="values-title">"Values"</h2>
                </div>
                <ActionForm action=invoke>
                    <div class="card-body stack">
                        <input type="hidden" name="id" value=id/>
                        {nothing}
                        {inputs}
                        <OtherProblems told names/>
                        <ActionProblem error=failure_of(invoke)/>
                        <div class="form-actions">
                            <Button kind=ButtonKind::Primary submit=true icon=IconName::Play busy=invoke.pending()>
                                "Invoke endpoint"
                            </Button>
                        </div>
                    </div>
                </ActionForm>
            </section>
            <section class="card" id="answer" aria-labelledby="answer-title">
                <div class="card-head">
                    <h2 id="answer-title">"Answer"</h2>
                </div>
                {move || answer(told.get())}
            </section>
        </div>
    }
}

/// What the button does, in a sentence.
#[component]
fn Sentence(saved: SavedView, edit: String) -> impl IntoView {
    let endpoint = saved.request.what.endpoint.to_string();
    let way = saved.through().and_then(|through| saved.ways_there.iter().find(|target| target.through == *through));
    let Some(target) = way else {
        return view! {
            <p class="say">
                "This form is for the endpoint " <code>{endpoint}</code> ", and it is not said through what it is called. "
                <a href=edit>"Choose that first"</a> "."
            </p>
        }
        .into_any();
    };
    let blocked = target.blocked.clone().map(|why| view! { <p class="action-problem"><Words text=why/></p> });
    view! {
        <p class="say">"The values below are sent to the endpoint " <code>{endpoint}</code> " (" {target.label.clone()} ")."</p>
        {blocked}
    }
    .into_any()
}

#[component]
fn Input(variable: Variable, value: String, told: Memo<Option<FilledForm>>) -> impl IntoView {
    let field = format!("values[{}]", variable.name);
    let (name, label, help) = (field.clone(), variable.label(), variable.help.clone());
    let error = Signal::derive(move || told.with(|told| problem_at(&told.as_ref()?.problems, &field)));
    let value = Signal::stored(value);
    match variable.kind {
        VariableKind::Text => view! { <TextInput name label description=help value error/> }.into_any(),
        VariableKind::Number => {
            view! { <TextInput name label description=help value error inputmode="decimal"/> }.into_any()
        }
        VariableKind::LongText => view! { <TextArea name label description=help value error rows=5/> }.into_any(),
        VariableKind::Choice => {
            let mut choices: Vec<Choice> =
                variable.choices.iter().map(|choice| Choice::new(choice.clone(), choice.clone())).collect();
            if value.with_untracked(|value| !variable.choices.contains(value)) {
                choices.insert(0, Choice::new("", "Choose one"));
            }
            view! { <Select name label description=help choices=choices value error/> }.into_any()
        }
    }
}

/// What is wrong with the request as it is filled in, and with none of its values alone.
#[component]
fn OtherProblems(told: Memo<Option<FilledForm>>, names: Vec<String>) -> impl IntoView {
    move || {
        let problems = told.get().map(|told| told.problems).unwrap_or_default();
        let others = problems.into_iter().filter(|problem| !names.contains(&problem.field)).map(|problem| {
            view! {
                <p class="action-problem" role="alert">
                    <Words text=problem.message/>
                    {problem.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
                </p>
            }
        });
        others.collect_view()
    }
}

fn answer(told: Option<FilledForm>) -> AnyView {
    match told.and_then(|told| told.result) {
        Some(Ok(outcome)) => view! { <PlainAnswer outcome/> }.into_any(),
        Some(Err(error)) => view! { <ErrorPanel error title="The endpoint was not called"/> }.into_any(),
        None => view! { <p class="card-body muted">"The answer will be here."</p> }.into_any(),
    }
}

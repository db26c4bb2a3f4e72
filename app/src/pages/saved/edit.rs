//! One saved request: what it is called, what it sends, and what is said of its variables.

use super::{NothingSaved, export_address, id_in_address, if_there_is};
use crate::api::saved::{DeleteSaved, UpdateSaved, get_saved};
use crate::components::PlaygroundTabs;
use crate::error::{failure_of, problem_at};
use crate::ui::{
    ActionProblem, Button, ButtonKind, Card, Choice, Confirm, PageHeader, Resolve, Select, Skeleton, TextArea,
    TextInput, sentence_case,
};
use domain::invoke::{BodyEncoding, HeaderRule, TargetView};
use domain::saved::{SavedForm, SavedView, VariableForm, VariableKind};
use domain::wizard::FieldProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A saved request to change.
#[component]
pub fn SavedPage() -> impl IntoView {
    let id = id_in_address();
    let query = use_query_map();
    // A change makes another address, so that the page is read anew.
    let at = Memo::new(move |_| {
        let query = query.read();
        (query.get("kept").unwrap_or_default(), query.get("changed"))
    });
    let saved = Resource::new(
        move || (id.get(), at.get()),
        async |(id, (kept, _))| match id {
            Ok(id) => if_there_is(get_saved(id, kept).await),
            Err(_) => Ok(None),
        },
    );
    let new = move || query.with_untracked(|query| query.get("new").is_some());
    let update = ServerAction::<UpdateSaved>::new();
    let delete = ServerAction::<DeleteSaved>::new();
    view! {
        <Resolve
            resource=saved
            failed="The saved request could not be loaded"
            skeleton=|| view! { <PageHeader title="Saved request"/> <div class="card"><Skeleton lines=12/></div> }
            children=Callback::new(move |view: Option<SavedView>| match view {
                Some(view) => {
                    let said = match at.get_untracked() {
                        (kept, _) if !kept.is_empty() => None,
                        (_, Some(_)) => Some("The changes are saved."),
                        _ => new().then_some("The request is saved. Say what its values are called, then open the form."),
                    };
                    view! { <Edit view said update delete/> }.into_any()
                }
                None => view! { <NothingSaved/> }.into_any(),
            })
        />
    }
}

#[component]
fn Edit(
    view: SavedView,
    said: Option<&'static str>,
    update: ServerAction<UpdateSaved>,
    delete: ServerAction<DeleteSaved>,
) -> impl IntoView {
    let SavedView { request, version, ways_there, form, problems } = view;
    let id = request.id.to_string();
    let about = format!("{} to {}, saved by {}", request.what.way.operation(), request.what.endpoint, request.by);
    let SavedForm { name, description, through, headers, body, variables } = form;
    let text = request.what.encoding == BodyEncoding::Text;
    let problem = |field: &str| Signal::stored(problem_at(&problems, field));
    let wrong = (!problems.is_empty()).then(|| {
        view! { <p class="action-problem" role="alert">"Nothing was changed yet: mend what is marked below."</p> }
    });
    let header_fields = HeaderRule::ALL.iter().map(|rule| {
        view! {
            <TextInput
                name=format!("form[headers][{}]", rule.field)
                label=sentence_case(rule.noun)
                value=Signal::stored(rule.value(&headers).to_owned())
                error=problem(rule.field)
                mono=true
            />
        }
    });
    let header_fields = header_fields.collect_view();
    let body = if text {
        view! {
            <TextArea
                name="form[body]"
                label="Body"
                value=Signal::stored(body)
                error=problem("body")
                rows=10
                mono=true
            />
        }
        .into_any()
    } else {
        view! { <p class="field-about">"The body is a file of bytes: it is sent as it is."</p> }.into_any()
    };
    let headers_wrong = HeaderRule::ALL.iter().any(|rule| problem_at(&problems, rule.field).is_some());
    let all = StoredValue::new(problems.clone());
    let variables = variables.into_iter().enumerate().map(|(at, form)| view! { <Variable at form problems=all/> });
    let variables = variables.collect_view();
    let [wrong_name, wrong_about, wrong_way] = ["name", "description", "through"].map(problem);
    let (form, again) = (format!("/saved/{id}/form"), format!("/playground?from=saved/{id}"));
    let (export, deleted) = (export_address(std::slice::from_ref(&request.id)), id.clone());
    view! {
        <PageHeader title=request.what.name.clone() sub=about>
            <Button kind=ButtonKind::Primary href=form>"Open the form"</Button>
        </PageHeader>
        <PlaygroundTabs/>
        {said.map(|said| view! { <p class="say" role="status">{said}</p> })}
        {wrong}
        <ActionForm action=update>
            <div class="stack">
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="version" value=version.to_string()/>
                <Card title=|| "The request">
                    <div class="card-body stack">
                        <TextInput name="form[name]" label="Name" value=Signal::stored(name) error=wrong_name/>
                        <TextArea
                            name="form[description]"
                            label="Description"
                            value=Signal::stored(description)
                            error=wrong_about
                            rows=2
                        />
                        <Through through ways_there error=wrong_way/>
                        {body}
                        <details class="more-options" open=headers_wrong>
                            <summary>"Headers"</summary>
                            <div class="saved-headers">{header_fields}</div>
                        </details>
                        <p class="field-about">
                            "What stands in double braces, such as " <code>"{{customer_id}}"</code>
                            ", is filled in by the form; write " <code>"\\{{"</code> " for the braces themselves."
                        </p>
                    </div>
                </Card>
                {variables}
                <ActionProblem error=failure_of(update)/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=update.pending()>"Save changes"</Button>
                    <Button href=again>"Open in the playground"</Button>
                    <a class="btn" href=export rel="external" download="">
                        <span class="btn-label">"Export as a file"</span>
                    </a>
                </div>
            </div>
        </ActionForm>
        <ActionForm action=delete>
            <input type="hidden" name="id" value=deleted/>
            <div class="saved-delete">
                <Confirm
                    label="Delete this request…"
                    lost="The request and its form are gone then, for everybody. Export it first to keep it."
                    button="Delete this request"
                    busy=delete.pending()
                />
            </div>
            <ActionProblem error=failure_of(delete)/>
        </ActionForm>
    }
}

/// Through what it goes; what is not there any more is still shown.
#[component]
fn Through(
    through: String,
    ways_there: Vec<TargetView>,
    error: Signal<Option<crate::ui::FieldError>>,
) -> impl IntoView {
    let mut choices = vec![Choice::new("", "Not chosen: the only way there is, if there is one")];
    choices.extend(ways_there.into_iter().map(|target| Choice::new(target.through.to_string(), target.label)));
    if choices.iter().all(|choice| choice.value != through) {
        choices.push(Choice::new(through.clone(), format!("{through} (not there any more)")));
    }
    view! {
        <Select
            name="form[through]"
            label="Through"
            description="Whose credentials the form uses."
            choices=choices
            value=Signal::stored(through)
            error
        />
    }
}

#[component]
fn Variable(at: usize, form: VariableForm, problems: StoredValue<Vec<FieldProblem>>) -> impl IntoView {
    let VariableForm { name, kind, label, help, default, choices } = form;
    let field = move |part: &str| format!("form[variables][{at}][{part}]");
    let problem = move |part: &str| {
        let field = format!("variables[{at}][{part}]");
        Signal::stored(problems.with_value(|problems| problem_at(problems, &field)))
    };
    let kinds: Vec<Choice> = VariableKind::ALL.into_iter().map(|kind| Choice::new(kind.key(), kind.label())).collect();
    let chosen = RwSignal::new(kind.clone());
    let title = format!("{{{{{name}}}}}");
    let choices_field = move || {
        (chosen.get() == VariableKind::Choice.key()).then(|| {
            view! {
                <TextArea
                    name=field("choices")
                    label="Values"
                    description="One in each line."
                    value=Signal::stored(choices.clone())
                    error=problem("choices")
                    rows=4
                />
            }
        })
    };
    let long = kind == VariableKind::LongText.key();
    let (value, error) = (Signal::stored(default), problem("default"));
    let default = if long {
        view! { <TextArea name=field("default") label="Filled in at first" value error rows=3/> }.into_any()
    } else {
        view! { <TextInput name=field("default") label="Filled in at first" value error/> }.into_any()
    };
    view! {
        <Card title=move || view! { <code>{title.clone()}</code> }>
            <div class="card-body saved-variable">
                <input type="hidden" name=field("name") value=name/>
                <TextInput
                    name=field("label")
                    label="Label"
                    description="What the form calls it."
                    value=Signal::stored(label)
                    error=problem("label")
                />
                <Select
                    name=field("kind")
                    label="What it is"
                    choices=kinds
                    value=Signal::stored(kind)
                    on_change=Callback::new(move |kind| chosen.set(kind))
                />
                {default}
                <TextInput name=field("help") label="Help text" value=Signal::stored(help) error=problem("help")/>
                {choices_field}
            </div>
        </Card>
    }
}

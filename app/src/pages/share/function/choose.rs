//! Before there is a function: what to make, and what that would do.

use super::{FormFields, FunctionLanes};
use crate::api::function::MakeTestFunction;
use crate::components::{ArrowTone, DocumentDiffView, Sentence, StepLines};
use crate::error::{failure_of, problem_at};
use crate::pages::parts::EndpointField;
use crate::ui::{ActionProblem, Button, ButtonKind, Card, Choice, IconName, RadioCards, Select, TextInput, Words};
use domain::share::diff::{Change, LaneItem};
use domain::share::function::{FunctionPageView, PlannedView};
use leptos::form::ActionForm;
use leptos::prelude::*;

#[component]
pub(super) fn Choose(
    page: FunctionPageView,
    planned: PlannedView,
    make: ServerAction<MakeTestFunction>,
) -> impl IntoView {
    let ready = planned.problems.is_empty() && !planned.steps.is_empty();
    let open = !planned.problems.is_empty();
    let plan = ready.then(|| view! { <Plan page=page.clone() planned=planned.clone() make/> });
    view! {
        {plan}
        <Choices page planned open/>
    }
}

/// What making it would do, and the button that does it.
#[component]
fn Plan(page: FunctionPageView, planned: PlannedView, make: ServerAction<MakeTestFunction>) -> impl IntoView {
    let form = planned.form;
    let role = if form.role == "existing" {
        item("child-role", last_part(&form.role_arn), "execution role · is there already", Change::Keep)
    } else {
        item(
            "child-role",
            form.role_name.clone(),
            "execution role · may write its own log, nothing else",
            Change::Create,
        )
    };
    let child_lane = vec![
        item("child-function", form.name.clone(), "function · Python, assumes the role once", Change::Create),
        role,
    ];
    let (share, steps) = (page.share.to_string(), planned.steps);
    let count = steps.len();
    let calls = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
    let documents = planned
        .documents
        .into_iter()
        .enumerate()
        .map(|(at, document)| view! { <DocumentDiffView document id=format!("function-document-{at}") open=false/> })
        .collect_view();
    view! {
        <Sentence spans=planned.sentence/>
        <FunctionLanes page child_lane tone=ArrowTone::Plain/>
        <Card title=|| "What will be made" aside=move || calls.clone()>
            <StepLines steps change=Change::Create/>
            <div class="card-body">
                <ActionForm action=make>
                    <input type="hidden" name="share" value=share/>
                    <FormFields form/>
                    <input type="hidden" name="fingerprint" value=planned.fingerprint/>
                    <ActionProblem error=failure_of(make)/>
                    <Button kind=ButtonKind::Primary submit=true icon=IconName::Plus busy=make.pending()>
                        "Make test function"
                    </Button>
                </ActionForm>
            </div>
        </Card>
        {documents}
    }
}

/// A form that gets the page: the choices end up in the address.
#[component]
fn Choices(page: FunctionPageView, planned: PlannedView, open: bool) -> impl IntoView {
    let PlannedView { form, problems, roles, roles_unread, .. } = planned;
    let unnamed = problem_at(&problems, "endpoint");
    let error = move |field: &str| Signal::stored(problem_at(&problems, field));
    let none = if roles.is_empty() { "No role that Lambda may assume" } else { "Choose a role" };
    let mut choices = vec![Choice::new("", none)];
    choices.extend(roles.into_iter().map(|role| Choice::new(role.arn, role.label)));
    let unread = roles_unread
        .map(|why| view! { <p class="muted"><Words text=format!("the roles could not be listed: {why}")/></p> });
    view! {
        <details class="card doc function-choices" open=open>
            <summary class="card-head doc-head">
                <span class="doc-title">"Choose another name or role"</span>
            </summary>
            <form method="get" action=format!("/shares/{}/function", page.share) class="card-body function-form">
                <TextInput name="name" label="Function" value=form.name error=error("name") mono=true/>
                <EndpointField endpoints=page.endpoints any=page.any_endpoint value=form.endpoint error=unnamed/>
                <RadioCards
                    name="role"
                    label="Execution role"
                    choices=vec![
                        Choice::new("new", "A new role").detail("Made for the function and deleted with it. At first it may not assume the share's role."),
                        Choice::new("existing", "A role that is there").detail("The role that your own functions run as. It stays when the function is deleted."),
                    ]
                    value=form.role
                    error=error("role")
                />
                <TextInput name="role_name" label="New role" value=form.role_name error=error("role_name") mono=true/>
                <Select
                    name="role_arn"
                    label="Existing role"
                    description="Roles of the child account that Lambda may assume."
                    choices=choices
                    value=form.role_arn
                    error=error("role_arn")
                />
                {unread}
                <div class="form-actions">
                    <Button submit=true>"Show what will be made"</Button>
                </div>
            </form>
        </details>
    }
}

fn item(key: &str, name: String, detail: &str, change: Change) -> LaneItem {
    LaneItem { key: key.into(), name, detail: detail.into(), change, arn: None, documents: Vec::new() }
}

fn last_part(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

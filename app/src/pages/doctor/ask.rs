//! Asking: an error message is pasted, a share is chosen, or the call is described.

use crate::api::doctor::{ReadMessage, RefusedText};
use crate::error::{failure_of, problem_at};
use crate::ui::{ActionProblem, Button, ButtonKind, Choice, FieldError, Select, TextArea, TextInput};
use domain::doctor::QuestionForm;
use domain::names::ShareId;
use domain::wizard::FieldProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// The page before anything was found: three ways to ask.
#[component]
pub(super) fn FirstQuestion(
    form: QuestionForm,
    problems: Vec<FieldProblem>,
    shares: Vec<(ShareId, String)>,
    message: String,
    refused: RefusedText,
) -> impl IntoView {
    let described = form != QuestionForm::default();
    let paste = (!described).then(|| view! { <PasteMessage refused/> });
    let choose = (!described && !shares.is_empty()).then(|| view! { <ChooseShare shares/> });
    view! {
        {paste}
        {choose}
        <section class="card" aria-labelledby="doctor-describe">
            <div class="card-head">
                <h2 id="doctor-describe">"Describe the call"</h2>
            </div>
            <Describe form problems message/>
        </section>
    }
}

/// The question once more, folded, to change it.
#[component]
pub(super) fn AskAgain(
    form: QuestionForm,
    shares: Vec<(ShareId, String)>,
    message: String,
    refused: RefusedText,
) -> impl IntoView {
    let was_refused = refused.problem.is_some();
    view! {
        <details class="card doctor-again">
            <summary class="card-head">
                <span class="doc-title">"Ask about another call"</span>
            </summary>
            <Describe form problems=Vec::new() message/>
        </details>
        <details class="card doctor-again" open=was_refused>
            <summary class="card-head">
                <span class="doc-title">"Read an error message"</span>
            </summary>
            <MessageForm refused/>
        </details>
        {(!shares.is_empty()).then(|| view! { <ChooseShare shares/> })}
    }
}

#[component]
fn PasteMessage(refused: RefusedText) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="doctor-paste">
            <div class="card-head">
                <h2 id="doctor-paste">"Read an error message"</h2>
            </div>
            <MessageForm refused/>
        </section>
    }
}

/// `refused`: what was pasted just now and could not be read, where no script kept it in the field.
#[component]
fn MessageForm(refused: RefusedText) -> impl IntoView {
    let read = ServerAction::<ReadMessage>::new();
    let problem = refused.problem.map(|problem| FieldError { message: problem.message, hint: problem.hint });
    view! {
        <ActionForm action=read>
            <div class="card-body doctor-form">
                <TextArea
                    name="message"
                    label="Error message"
                    description="From a function's log, a traceback or the AWS CLI; with whatever is around it."
                    value=Signal::stored(refused.text)
                    error=Signal::stored(problem)
                    placeholder="User: arn:aws:sts::222222222222:assumed-role/scoring-lambda/fn is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/SageMakerExternal"
                    mono=true
                    rows=4
                />
                <ActionProblem error=failure_of(read)/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=read.pending()>"Read message"</Button>
                </div>
            </div>
        </ActionForm>
    }
}

#[component]
fn ChooseShare(shares: Vec<(ShareId, String)>) -> impl IntoView {
    let choices: Vec<Choice> = shares.into_iter().map(|(id, label)| Choice::new(id.as_str(), label)).collect();
    view! {
        <section class="card" aria-labelledby="doctor-share">
            <div class="card-head">
                <h2 id="doctor-share">"Diagnose a share"</h2>
            </div>
            <form method="get" action="/doctor" class="card-body doctor-share">
                <Select name="share" label="Share" choices=choices/>
                <Button submit=true>"Diagnose share"</Button>
            </form>
        </section>
    }
}

/// The call in full. A form that gets a page: the question ends up in the address.
#[component]
fn Describe(form: QuestionForm, problems: Vec<FieldProblem>, message: String) -> impl IntoView {
    let error = move |field: &str| {
        let problem = problem_at(&problems, field);
        Signal::stored(problem)
    };
    let actions = vec![
        Choice::new("invoke", "InvokeEndpoint"),
        Choice::new("stream", "InvokeEndpointWithResponseStream"),
        Choice::new("async", "InvokeEndpointAsync"),
    ];
    let action = if form.action.is_empty() { "invoke".to_owned() } else { form.action };
    let more_open = !form.session_policy.is_empty() || !form.duration_seconds.is_empty();
    view! {
        <form method="get" action="/doctor" class="card-body doctor-form">
            {(!message.is_empty()).then(|| view! { <input type="hidden" name="message" value=message/> })}
            <TextInput
                name="caller"
                label="Caller"
                description="The ARN of the role, the role's session or the user that calls."
                placeholder="arn:aws:iam::222222222222:role/scoring-lambda"
                value=Signal::stored(form.caller)
                error=error("caller")
                mono=true
            />
            <TextInput
                name="role"
                label="Role"
                description="The ARN of the role it assumes."
                placeholder="arn:aws:iam::111111111111:role/SageMakerExternal"
                value=Signal::stored(form.role)
                error=error("role")
                mono=true
            />
            <div class="doctor-row">
                <TextInput
                    name="endpoint"
                    label="Endpoint"
                    description="Its name or its ARN."
                    value=Signal::stored(form.endpoint)
                    error=error("endpoint")
                    mono=true
                />
                <TextInput
                    name="region"
                    label="Region"
                    description="Where the call goes."
                    placeholder="eu-west-1"
                    value=Signal::stored(form.region)
                    error=error("region")
                    mono=true
                />
            </div>
            <div class="doctor-row">
                <TextInput
                    name="external_id"
                    label="External ID"
                    description="As the caller sends it; empty for none."
                    value=Signal::stored(form.external_id)
                    error=error("external_id")
                    mono=true
                />
                <Select
                    name="action"
                    label="Operation"
                    description="How the endpoint is invoked."
                    choices=actions
                    value=Signal::stored(action)
                    error=error("action")
                />
            </div>
            <details class="doctor-more" open=more_open>
                <summary>"Session"</summary>
                <TextInput
                    name="duration_seconds"
                    label="Session duration"
                    description="DurationSeconds as the caller asks for it; empty for the default of an hour."
                    inputmode="numeric"
                    value=Signal::stored(form.duration_seconds)
                    error=error("duration_seconds")
                />
                <TextArea
                    name="session_policy"
                    label="Session policy"
                    description="The JSON document passed with AssumeRole; empty for none."
                    value=Signal::stored(form.session_policy)
                    error=error("session_policy")
                    mono=true
                    rows=4
                />
            </details>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true>"Diagnose call"</Button>
            </div>
        </form>
    }
}

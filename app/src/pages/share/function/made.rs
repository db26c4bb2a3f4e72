//! The function as it stands: run it, let it call, delete it.

use super::called::Called;
use super::{Actions, FormFields, FunctionLanes};
use crate::api::function::{AllowTestFunction, DeleteTestFunction, KeptCall, MakeTestFunction, RunTestFunction};
use crate::components::{ArrowTone, StepLines};
use crate::error::failure_of;
use crate::pages::parts::EndpointField;
use crate::ui::{ActionProblem, Badge, Button, ButtonKind, Card, IconName, Skeleton, TextArea, TextInput, Tone, Words};
use domain::function::FunctionState;
use domain::share::diff::{Change, LaneItem};
use domain::share::function::{ChangeView, FunctionPageView, MadeView, RemovalView};
use leptos::form::ActionForm;
use leptos::prelude::*;

/// What is left to the parent's administrator.
const OFFERED: &str = " Where the role names its callers, the parent's administrator has to let it in: send them the new acceptance from the hand-off page.";

#[component]
pub(super) fn Made(page: FunctionPageView, made: MadeView, call: Option<KeptCall>, actions: Actions) -> impl IntoView {
    let predicted = call.as_ref().is_some_and(|call| {
        call.result.as_ref().is_ok_and(|outcome| outcome.result.as_ref().is_ok_and(|said| said.prediction.is_some()))
    });
    let tone = match (&call, predicted) {
        (None, _) => ArrowTone::Plain,
        (Some(_), true) => ArrowTone::Done,
        (Some(_), false) => ArrowTone::Failed,
    };
    let share = page.share.to_string();
    let callable = page.blocked.is_none() && made.arn.is_some();
    let offered = page.offered;
    let allow = made
        .allow
        .clone()
        .map(|allow| view! { <Allow share=share.clone() allow made=made.clone() offered action=actions.allow/> });
    let update = made
        .update
        .clone()
        .map(|update| view! { <Update share=share.clone() update made=made.clone() action=actions.make/> });
    let child_lane = lane(&made);
    let sentence = standing(&made, &page);
    let run = callable.then(|| {
        let again = call.is_some();
        view! {
            <div class="playground function-run">
                <Run page=page.clone() call=call.clone() action=actions.run again/>
                <Result call=call action=actions.run name=made.name.clone()/>
            </div>
        }
    });
    view! {
        <p class="say"><Words text=sentence/></p>
        <FunctionLanes page=page.clone() child_lane tone/>
        {update}
        {run}
        {allow}
        <Delete share removal=made.removal.clone() action=actions.delete/>
    }
}

fn standing(made: &MadeView, page: &FunctionPageView) -> String {
    let (name, role) = (&made.name, last_part(&made.role));
    match (&made.arn, made.allowed) {
        (None, _) => format!("`{name}` is half made: what is there can be finished or deleted."),
        (Some(_), false) => format!(
            "`{name}` runs as `{role}`, which the share does not let call: run it, and see what AWS says to that."
        ),
        (Some(_), true) => {
            let told = if page.offered { OFFERED } else { "" };
            format!(
                "`{name}` runs as `{role}`, which may assume `{}` of account {}.{told}",
                page.role_name, page.parent
            )
        }
    }
}

fn lane(made: &MadeView) -> Vec<LaneItem> {
    let state = made.state.map_or("not there", FunctionState::as_str);
    let why = made.state_reason.as_ref().map(|why| format!(" · {why}")).unwrap_or_default();
    let function = LaneItem {
        key: "child-function".into(),
        name: made.name.clone(),
        detail: format!("function · {state}{why}"),
        change: Change::Keep,
        arn: made.arn.clone(),
        documents: Vec::new(),
    };
    let may = if made.allowed { "may assume the role" } else { "may not assume the role yet" };
    let role = LaneItem {
        key: "child-role".into(),
        name: last_part(&made.role),
        detail: format!("execution role · {may}"),
        change: Change::Keep,
        arn: Some(made.role.clone()),
        documents: Vec::new(),
    };
    vec![function, role]
}

/// What to send.
#[component]
fn Run(
    page: FunctionPageView,
    call: Option<KeptCall>,
    action: ServerAction<RunTestFunction>,
    again: bool,
) -> impl IntoView {
    let sample = page.endpoint.as_ref().and_then(|endpoint| endpoint.sample.clone());
    let chosen = call.as_ref().map(|call| call.endpoint.clone());
    let endpoint = chosen.or_else(|| page.endpoint.as_ref().map(|one| one.name.to_string())).unwrap_or_default();
    let (content_type, body) = match (call, sample) {
        (Some(call), _) => (call.content_type, call.body),
        (None, Some(sample)) => (sample.content_type, sample.body),
        (None, None) => ("application/json".to_owned(), "{}".to_owned()),
    };
    view! {
        <section class="pane" aria-labelledby="function-event">
            <div class="pane-head">
                <h2 id="function-event">"Event"</h2>
            </div>
            <ActionForm action=action>
                <input type="hidden" name="share" value=page.share.to_string()/>
                <div class="pane-fields">
                    <EndpointField endpoints=page.endpoints any=page.any_endpoint value=endpoint error=None/>
                    <TextInput name="content_type" label="Content type" value=content_type mono=true/>
                </div>
                <div class="pane-body">
                    <TextArea name="body" label="Body" value=body rows=6 mono=true/>
                    <ActionProblem error=failure_of(action)/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true icon=IconName::Play busy=action.pending()>
                            {if again { "Run function again" } else { "Run function" }}
                        </Button>
                    </div>
                </div>
            </ActionForm>
        </section>
    }
}

/// What came of it.
#[component]
fn Result(call: Option<KeptCall>, action: ServerAction<RunTestFunction>, name: String) -> impl IntoView {
    let pending = action.pending();
    let shown = move || {
        if pending.get() {
            return view! {
                <div class="pane-head">
                    <h2>"Result"</h2>
                    <span class="muted">{format!("Running {name}")}</span>
                </div>
                <Skeleton lines=6/>
                <p class="pane-note">"A denial that the documents do not explain is tried again for up to 40 s, while IAM catches up."</p>
            }
            .into_any();
        }
        match call.clone() {
            Some(call) => view! { <Called call/> }.into_any(),
            None => view! {
                <div class="pane-head"><h2>"Result"</h2></div>
                <div class="pane-empty">
                    <p>"What the function returns appears here, with the end of its log."</p>
                </div>
            }
            .into_any(),
        }
    };
    view! {
        <section class="pane" id="result" aria-label="Result" aria-live="polite">{shown}</section>
    }
}

#[component]
fn Allow(
    share: String,
    allow: ChangeView,
    made: MadeView,
    offered: bool,
    action: ServerAction<AllowTestFunction>,
) -> impl IntoView {
    let ChangeView { steps, fingerprint, blocked } = allow;
    let role = last_part(&made.role);
    let about = if offered {
        format!("`{role}` becomes a caller of the share and gets the child's policy.{OFFERED}")
    } else {
        format!(
            "`{role}` becomes a caller of the share: it gets the child's policy, and where the share names its callers, the trust policy names it too."
        )
    };
    let button = match blocked {
        Some(why) => view! { <p class="action-problem"><Words text=why/></p> }.into_any(),
        None => view! {
            <ActionForm action=action>
                <input type="hidden" name="share" value=share/>
                <input type="hidden" name="fingerprint" value=fingerprint/>
                <ActionProblem error=failure_of(action)/>
                <Button kind=ButtonKind::Primary submit=true icon=IconName::Key busy=action.pending()>
                    "Let the function call"
                </Button>
            </ActionForm>
        }
        .into_any(),
    };
    view! {
        <Card title=|| "Let the function call" id="allow">
            <div class="card-body"><p><Words text=about/></p></div>
            <StepLines steps change=Change::Update/>
            <div class="card-body">{button}</div>
        </Card>
    }
}

#[component]
fn Update(share: String, update: ChangeView, made: MadeView, action: ServerAction<MakeTestFunction>) -> impl IntoView {
    let half = made.arn.is_none();
    let (title, label, badge) = match half {
        true => ("Finish making it", "Finish function", "Half made"),
        false => ("Bring it up to date", "Update function", "Out of date"),
    };
    let about = if half {
        "An earlier run did not come to its end."
    } else {
        "The share has changed since the function was made: it still sends what was right then."
    };
    view! {
        <Card title=move || title aside=move || view! { <Badge tone=Tone::Warn>{badge}</Badge> }>
            <div class="card-body"><p>{about}</p></div>
            <StepLines steps=update.steps change=Change::Update/>
            <div class="card-body">
                <ActionForm action=action>
                    <input type="hidden" name="share" value=share/>
                    <FormFields form=made.form/>
                    <input type="hidden" name="fingerprint" value=update.fingerprint/>
                    <ActionProblem error=failure_of(action)/>
                    <Button submit=true busy=action.pending()>{label}</Button>
                </ActionForm>
            </div>
        </Card>
    }
}

#[component]
fn Delete(
    share: String,
    removal: std::result::Result<RemovalView, String>,
    action: ServerAction<DeleteTestFunction>,
) -> impl IntoView {
    let content = match removal {
        Err(why) => view! { <div class="card-body"><p><Words text=why/></p></div> }.into_any(),
        Ok(RemovalView { steps, stays, fingerprint }) => {
            let stays = stays.into_iter().map(|text| view! { <li><Words text/></li> }).collect_view();
            view! {
                <StepLines steps change=Change::Remove/>
                <div class="card-body">
                    <ul class="function-stays">{stays}</ul>
                    <ActionForm action=action>
                        <input type="hidden" name="share" value=share/>
                        <input type="hidden" name="fingerprint" value=fingerprint/>
                        <ActionProblem error=failure_of(action)/>
                        <Button kind=ButtonKind::Danger submit=true busy=action.pending()>"Delete test function"</Button>
                    </ActionForm>
                </div>
            }
            .into_any()
        }
    };
    view! {
        <details class="card doc function-delete">
            <summary class="card-head doc-head">
                <span class="doc-title">"Delete the test function"</span>
            </summary>
            {content}
        </details>
    }
}

fn last_part(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

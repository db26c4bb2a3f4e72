//! Changing the external ID: what to change it to, the change as a plan, and where a change that is under way stands.
//!
//! What was chosen is in the address, so that the review can be reloaded, left and come back to, without a script too.

use super::{if_there_is, share_in_address, there_is};
use crate::api::rotation::{RotateExternalId, get_rotation};
use crate::components::{ChecksList, DocumentList, PlanLanes, Sentence};
use crate::error::{AppError, failure_of};
use crate::ui::{
    ActionProblem, ArnText, BottomBar, Button, ButtonKind, Card, EmptyState, FieldError, IconName, PageHeader, Resolve,
    Skeleton, TextInput, Time, Words, sentence_case,
};
use domain::names::ShareId;
use domain::share::checks::Severity;
use domain::share::rotate::{RotationPageView, RotationView};
use domain::share::view::ReviewView;
use domain::time::Timestamp;
use domain::wizard::FieldProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What the address says was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Chosen {
    change: String,
    to: String,
}

/// Changing a share's external ID.
#[component]
pub fn RotationPage() -> impl IntoView {
    let id = share_in_address();
    let query = use_query_map();
    let chosen = Memo::new(move |_| {
        let query = query.read();
        Chosen { change: query.get("change").unwrap_or_default(), to: query.get("to").unwrap_or_default() }
    });
    let page = Resource::new(
        move || (id.get(), chosen.get()),
        async |(id, chosen): (Result<ShareId, AppError>, Chosen)| match id {
            Ok(id) => if_there_is(get_rotation(id, chosen.change, chosen.to).await),
            // What can't be a share's name is no share's.
            Err(_) => Ok(None),
        },
    );
    let share = move || id.get().map(|id| id.to_string()).unwrap_or_default();
    view! {
        <PageHeader
            title="Change the external ID"
            sub="The old one is accepted beside the new one until every caller has switched."
        />
        <Resolve
            resource=page
            failed="The external ID could not be looked at"
            skeleton=|| view! { <div class="card"><Skeleton lines=6/></div> }
            children=Callback::new(move |page: Option<RotationPageView>| {
                there_is(page, move |page| view! { <Stands page share=share() chosen=chosen.get_untracked()/> })
            })
        />
    }
}

#[component]
fn Stands(page: RotationPageView, share: String, chosen: Chosen) -> impl IntoView {
    let back = format!("/shares/{share}");
    if let Some((message, hint)) = page.blocked {
        return view! {
            <div class="card">
                <EmptyState title="The external ID can't be changed now" body=sentence_case(&format!("{message}: {hint}."))>
                    <Button href=back>"Back to the share"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let problem = match page.review {
        Some(Ok(review)) => return view! { <Reviewed review share chosen/> }.into_any(),
        Some(Err(problem)) => Some(problem),
        None => None,
    };
    match page.under_way {
        Some(rotation) => {
            let (parent, now) = (page.parent, page.now);
            view! { <UnderWay rotation presented=page.presented parent share problem now/> }.into_any()
        }
        None => {
            let current = page.external_id.unwrap_or_default();
            let typed = if problem.is_some() { chosen.to } else { String::new() };
            view! { <Begin current offered=page.offered typed share problem/> }.into_any()
        }
    }
}

/// No change is under way: to what?
#[component]
fn Begin(
    current: String,
    offered: String,
    typed: String,
    share: String,
    problem: Option<FieldProblem>,
) -> impl IntoView {
    let value = if typed.is_empty() { offered } else { typed };
    let (action, back) = (format!("/shares/{share}/external-id"), format!("/shares/{share}"));
    let (field, other) = match problem {
        Some(problem) if problem.field == "to" => {
            (Some(FieldError { message: problem.message, hint: problem.hint }), None)
        }
        other => (None, other),
    };
    view! {
        <form class="stack" method="get" action=action>
            <input type="hidden" name="change" value="begin"/>
            <Problem problem=other/>
            <Card title=|| "A new external ID">
                <div class="card-body stack">
                    <p class="field-about">
                        "In force now: " <ArnText arn=current label="Copy the external ID in force"/>
                    </p>
                    <TextInput
                        name="to"
                        label="New external ID"
                        mono=true
                        value=Signal::stored(value)
                        error=Signal::stored(field)
                        description="Generated for this share. It is no secret: it tells the role for whom it is assumed. 2 to 1224 letters, digits and _+=,.@:/-"
                    />
                </div>
            </Card>
            <BottomBar says="Nothing is changed yet">
                <Button href=back>"Back to the share"</Button>
                <Button kind=ButtonKind::Primary submit=true>"Review the change"</Button>
            </BottomBar>
        </form>
    }
}

/// Both are accepted: what to give to callers, and the two ways out.
#[component]
fn UnderWay(
    rotation: RotationView,
    presented: Option<String>,
    parent: String,
    share: String,
    problem: Option<FieldProblem>,
    now: Timestamp,
) -> impl IntoView {
    let RotationView { current, previous, since, .. } = rotation;
    let sends = match presented {
        Some(id) if id == previous => "This console still sends the old one: the role does not accept the new one yet.",
        _ => "This console sends the new one already.",
    };
    let trail = format!(
        "To find callers that still send the old one, look at the AssumeRole events of account {parent} in CloudTrail: \
         each names its `externalId`."
    );
    let action = format!("/shares/{share}/external-id");
    let (end, off) = (action.clone(), action);
    view! {
        <div class="stack">
            <Problem problem/>
            <p class="say">
                "Since " <Time at=since now/> " both external IDs are accepted. Give the new one to every caller, then end the \
                change."
            </p>
            <Card title=|| "Accepted now">
                <dl class="facts">
                    <dt>"New"</dt>
                    <dd><ArnText arn=current label="Copy the new external ID"/></dd>
                    <dt>"Old"</dt>
                    <dd><ArnText arn=previous label="Copy the old external ID"/></dd>
                    <dt>"This console"</dt>
                    <dd>{sends}</dd>
                    <dt>"Who is left"</dt>
                    <dd><Words text=trail/></dd>
                </dl>
            </Card>
            <div class="form-actions">
                <form method="get" action=end>
                    <input type="hidden" name="change" value="end"/>
                    <Button kind=ButtonKind::Primary submit=true icon=IconName::Check>"End the change"</Button>
                </form>
                <form method="get" action=off>
                    <input type="hidden" name="change" value="call_off"/>
                    <Button submit=true icon=IconName::Undo>"Go back to the old one"</Button>
                </form>
                <Button kind=ButtonKind::Quiet href=format!("/shares/{share}")>"Back to the share"</Button>
            </div>
        </div>
    }
}

#[component]
fn Problem(problem: Option<FieldProblem>) -> impl IntoView {
    problem.map(|problem| {
        view! {
            <p class="action-problem" role="alert">
                <Words text=sentence_case(&problem.message)/>
                {problem.hint.map(|hint| view! { " " <span class="field-hint"><Words text=hint/></span> })}
            </p>
        }
    })
}

#[component]
fn Reviewed(review: ReviewView, share: String, chosen: Chosen) -> impl IntoView {
    let rotate = ServerAction::<RotateExternalId>::new();
    let items: Vec<_> = review.parent_lane.iter().chain(&review.child_lane).cloned().collect();
    let changes = review.to_create + review.to_change;
    let label = match changes {
        0 => "Take note of it".to_owned(),
        1 => "Apply 1 change".to_owned(),
        many => format!("Apply {many} changes"),
    };
    let failed = review.checks.iter().any(|check| check.severity == Severity::Error);
    let refusal = match (review.conflicts.is_empty(), failed) {
        (true, false) => None,
        (false, _) => Some("edit the share to resolve its conflict first".to_owned()),
        (true, true) => Some("a check failed".to_owned()),
    };
    let says = match changes {
        0 => "The accounts are like that already".to_owned(),
        _ => format!("{changes} to change · {} unchanged", review.unchanged),
    };
    view! {
        <div class="step review">
            <Sentence spans=review.sentence/>
            <PlanLanes
                child=review.child
                parent=review.parent
                arrow=review.arrow
                child_lane=review.child_lane
                parent_lane=review.parent_lane
            />
            <ChecksList checks=review.checks/>
            <h2 class="review-title">"Documents"</h2>
            <DocumentList items/>
            <ActionForm action=rotate>
                <input type="hidden" name="share" value=share.clone()/>
                <input type="hidden" name="change" value=chosen.change/>
                <input type="hidden" name="to" value=chosen.to/>
                <input type="hidden" name="fingerprint" value=review.fingerprint/>
                <ActionProblem error=failure_of(rotate)/>
                <BottomBar says=Signal::stored(says)>
                    <Button href=format!("/shares/{share}/external-id")>"Back"</Button>
                    <Button
                        kind=ButtonKind::Primary
                        submit=true
                        busy=rotate.pending()
                        disabled_reason=Signal::stored(refusal)
                    >
                        {label}
                    </Button>
                </BottomBar>
            </ActionForm>
        </div>
    }
}

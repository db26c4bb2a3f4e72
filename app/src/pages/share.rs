//! One share: what it allows, what was made for it, whether it is proven, and how to take it back.

mod drift;
mod function;
mod hand_off;
mod rotation;
mod undo;

pub use drift::DriftPage;
pub use function::FunctionPage;
pub use hand_off::{HandOffPage, NextHandOff};
pub use rotation::RotationPage;
pub use undo::UndoPage;

use super::parts::{ShareStateBadge, drift_word};
use crate::api::runs::{AsOf, RetryRun, get_run};
use crate::api::shares::get_share;
use crate::api::verification::{VerifyShare, get_verification};
use crate::api::wizard::EditShare;
use crate::components::{
    ArrowTone, DocumentList, PlanLanes, ProofList, RefreshWithoutScript, RunProgress, Sentence, proofs_sentence,
    use_live,
};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, ArnText, Button, ButtonKind, Card, EmptyState, IconName, PageHeader, Resolve, Skeleton, Time,
};
use domain::names::ShareId;
use domain::run::{RunKind, RunState, RunView};
use domain::share::Side;
use domain::share::rotate::RotationView;
use domain::share::view::{ShareState, ShareSummary, ShareView};
use domain::time::Timestamp;
use domain::verification::VerificationView;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The share in the address; the error is for the page.
fn share_in_address() -> Memo<Result<ShareId, AppError>> {
    let params = use_params_map();
    Memo::new(move |_| {
        let id = params.read().get("id").unwrap_or_default();
        ShareId::parse(&id).map_err(|error| {
            AppError::new(ErrorKind::NotFound, error.to_string()).hint("Go back to the list and pick a share.")
        })
    })
}

/// One share.
#[component]
pub fn SharePage() -> impl IntoView {
    let id = share_in_address();
    let verify = ServerAction::<VerifyShare>::new();
    let retry = ServerAction::<RetryRun>::new();
    let (verified, retried) = (verify.version(), retry.version());
    let share = Resource::new(
        move || (id.get(), verified.get(), retried.get()),
        async |(id, ..)| match id {
            Ok(id) => get_share(id).await,
            Err(error) => Err(error),
        },
    );
    view! {
        <Resolve
            resource=share
            failed="The share could not be loaded"
            skeleton=|| {
                view! {
                    <PageHeader title="Share" />
                    <div class="card">
                        <Skeleton lines=8 />
                    </div>
                }
            }
            children=Callback::new(move |share: AsOf<ShareView>| view! { <Share share=share verify=verify retry=retry /> })
        />
    }
}

#[component]
fn Share(share: AsOf<ShareView>, verify: ServerAction<VerifyShare>, retry: ServerAction<RetryRun>) -> impl IntoView {
    let AsOf { view: share, now } = share;
    let ShareView {
        summary,
        sentence,
        role_arn,
        external_id,
        rotation,
        child_lane,
        parent_lane,
        arrow,
        run,
        verification,
        targets,
        elsewhere,
        not_trusted_yet,
    } = share;
    let tone = match summary.state {
        ShareState::Applying => ArrowTone::Running,
        ShareState::Verified => ArrowTone::Done,
        ShareState::Incomplete | ShareState::NotWorking => ArrowTone::Failed,
        ShareState::Applied | ShareState::Undone => ArrowTone::Plain,
    };
    let documents = parent_lane.iter().chain(&child_lane).cloned().collect::<Vec<_>>();
    let undone = summary.state == ShareState::Undone;
    let sub = format!("{} → {} · {}", summary.child, summary.parent, summary.region);
    let endpoint = targets.first().map(ToString::to_string).unwrap_or_default();
    // A run that went well is told by the lanes already.
    let drift_page = format!("/shares/{}/drift", summary.id);
    let function_page = format!("/shares/{}/function", summary.id);
    let running = run.filter(|run| run.state != RunState::Succeeded || run.kind == RunKind::Undo);
    let (title, state, made) = (summary.role_name.clone(), summary.state, summary.created);
    let checked = summary.drift.clone();
    let progress = running.map(|run| {
        view! { <LastRun run=run now=now summary=summary.clone() arrow=arrow.clone() retry=retry /> }
    });
    let account = if elsewhere == Some(Side::Parent) { &summary.parent } else { &summary.child };
    let next = (!undone).then(|| {
        let (share, account) = (summary.id.clone(), account.to_string());
        view! { <NextHandOff share elsewhere account not_trusted_yet /> }
    });
    // Where one side is not connected the way there has a place of its own.
    let by_hand = (!undone && elsewhere.is_none())
        .then(|| view! { <a href=format!("/shares/{}/hand-off", summary.id)>"As files and code"</a> });
    let callable = elsewhere != Some(Side::Child);
    let actions = view! { <Actions summary=summary.clone() endpoint=endpoint callable=callable /> };
    let made_things = (!undone).then(|| {
        view! {
            <PlanLanes
                label="What was made"
                child=summary.child.clone()
                parent=summary.parent.clone()
                arrow=arrow
                child_lane=child_lane
                parent_lane=parent_lane
                tone=Signal::stored(tone)
                child_empty="Nothing was made here: its own administrator allows the callers."
            />
            <Facts share=summary.id.clone() role_arn=role_arn external_id=external_id rotation=rotation now=now />
            <Proofs share=summary.id verification=verification now=now verify=verify />
            <section class="stack" aria-label="Documents">
                <DocumentList items=documents />
            </section>
        }
    });
    let drift = (!undone).then(|| {
        let last = checked.map(|check| {
            view! { <span class="muted">{drift_word(check.state)} ", " <Time at=check.at now=now /></span> }
        });
        view! {
            <a href=drift_page>"Check for drift"</a>
            {last}
            <a href=function_page>"Test function"</a>
        }
    });
    view! {
        <PageHeader title=title sub=sub>
            {actions}
        </PageHeader>
        <div class="stack">
            <div class="state-line">
                <ShareStateBadge state=state />
                <span class="muted">"Made " <Time at=made now=now /></span>
                {drift}
                {by_hand}
            </div>
            <Sentence spans=sentence />
            {next}
            {progress}
            {made_things}
        </div>
    }
}

/// What can be done with the share; the primary one first in the page's order, last in the row.
#[component]
fn Actions(
    summary: ShareSummary,
    endpoint: String,
    /// Whether this console has an identity in the child to call with.
    callable: bool,
) -> impl IntoView {
    let edit = ServerAction::<EditShare>::new();
    let id = summary.id.to_string();
    let undone = summary.state == ShareState::Undone;
    let playground = format!("/playground?share={id}&endpoint={endpoint}");
    view! {
        {(!undone)
            .then(|| {
                view! {
                    <Button kind=ButtonKind::Quiet icon=IconName::Undo href=format!("/shares/{id}/undo")>
                        "Undo share"
                    </Button>
                    <Button icon=IconName::Doctor href=format!("/doctor?share={id}")>
                        "Diagnose share"
                    </Button>
                }
            })}
        <ActionForm action=edit>
            <input type="hidden" name="share" value=id.clone() />
            <Button submit=true icon=IconName::Edit busy=edit.pending()>
                {if undone { "Share again" } else { "Edit share" }}
            </Button>
            <ActionProblem error=failure_of(edit) />
        </ActionForm>
        {(!undone && callable)
            .then(|| {
                view! {
                    <Button kind=ButtonKind::Primary icon=IconName::Playground href=playground>
                        "Invoke in the playground"
                    </Button>
                }
            })}
    }
}

#[component]
fn Facts(
    share: ShareId,
    role_arn: String,
    external_id: Option<String>,
    rotation: Option<RotationView>,
    now: Timestamp,
) -> impl IntoView {
    let change = format!("/shares/{share}/external-id");
    let change = external_id.is_some().then(|| view! { <a href=change>"Change the external ID"</a> });
    let old = rotation.map(|rotation| {
        view! {
            <dt>"Old external ID"</dt>
            <dd>
                <ArnText arn=rotation.previous label="Copy the old external ID" />
                " "
                <span class="muted">"accepted too, since " <Time at=rotation.since now=now /></span>
            </dd>
        }
    });
    view! {
        <Card title=|| "What a caller needs">
            <dl class="facts">
                <dt>"Role"</dt>
                <dd>
                    <ArnText arn=role_arn label="Copy the role's ARN" />
                </dd>
                <dt>"External ID"</dt>
                <dd>
                    {match external_id {
                        Some(id) => view! { <ArnText arn=id label="Copy the external ID" /> }.into_any(),
                        None => view! { <span class="muted">"Not required"</span> }.into_any(),
                    }}
                    " "
                    {change}
                </dd>
                {old}
            </dl>
        </Card>
    }
}

#[component]
fn LastRun(
    run: RunView,
    now: Timestamp,
    summary: ShareSummary,
    arrow: String,
    retry: ServerAction<RetryRun>,
) -> impl IntoView {
    let id = run.id.clone();
    let under_way = run.state == RunState::Running;
    let live = use_live(AsOf { view: run, now }, format!("/events/runs/{id}"), move || get_run(id.clone()));
    view! {
        {under_way.then(|| view! { <RefreshWithoutScript/> })}
        <RunProgress live=live child=summary.child parent=summary.parent arrow=arrow retry=retry />
    }
}

#[component]
fn Proofs(
    share: ShareId,
    verification: Option<VerificationView>,
    now: Timestamp,
    verify: ServerAction<VerifyShare>,
) -> impl IntoView {
    let value = share.to_string();
    let again = verification.is_some();
    let (said, proofs) = match verification {
        None => {
            let empty = view! {
                <div class="card">
                    <EmptyState
                        title="Not proven yet"
                        body="Verify assumes the role and calls the endpoint, then shows that the same call is denied without the external ID, from others, and on endpoints that were not shared."
                    />
                </div>
            };
            (().into_any(), empty.into_any())
        }
        Some(view) => {
            let url = format!("/events/verifications/{share}");
            let poll = move || {
                let share = share.clone();
                async move {
                    let AsOf { view, now } = get_verification(share).await?;
                    let missing = || AppError::new(ErrorKind::NotFound, "there is no verification of this share");
                    Ok(AsOf { view: view.ok_or_else(missing)?, now })
                }
            };
            let live = use_live(AsOf { view, now }, url, poll);
            let said = view! { <p role="status">{move || live.view.with(proofs_sentence)}</p> };
            (said.into_any(), view! { <ProofList live=live /> }.into_any())
        }
    };
    view! {
        <section class="verification" id="verification" aria-labelledby="verification-title">
            <div class="section-head">
                <div>
                    <h2 id="verification-title">"Verification"</h2>
                    {said}
                </div>
                <ActionForm action=verify>
                    <input type="hidden" name="share" value=value />
                    <Button small=true submit=true icon=IconName::Check busy=verify.pending()>
                        {if again { "Verify again" } else { "Verify share" }}
                    </Button>
                    <ActionProblem error=failure_of(verify) />
                </ActionForm>
            </div>
            {proofs}
        </section>
    }
}

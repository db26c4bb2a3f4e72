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
    ArrowTone, DocumentList, Live, PlanLanes, ProofList, RefreshWithoutScript, Revised, RunProgress, Sentence,
    proofs_sentence, use_live,
};
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{
    ActionProblem, ArnText, Button, ButtonKind, Card, EmptyState, IconName, PageHeader, Resolve, Skeleton, Time,
};
use domain::names::{RunId, ShareId};
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

/// What can be done on the page, and what it shows live: at the end of either it is made anew.
#[derive(Clone, Copy)]
struct Page {
    verify: ServerAction<VerifyShare>,
    retry: ServerAction<RetryRun>,
    /// The run that ended while it was looked at: what it came to stays to be read.
    followed: RwSignal<Option<RunId>>,
    /// A run or a verification has ended.
    ended: Callback<()>,
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
            Ok(id) => if_there_is(get_share(id).await),
            // What can't be a share's name is no share's.
            Err(_) => Ok(None),
        },
    );
    let ended = Callback::new(move |()| share.refetch());
    let page = Page { verify, retry, followed: RwSignal::new(None), ended };
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
            children=Callback::new(move |share: Option<AsOf<ShareView>>| match share {
                Some(share) => view! { <Share share=share page=page /> }.into_any(),
                None => view! {
                    <PageHeader title="No such share" />
                    <NoSuchShare />
                }
                .into_any(),
            })
        />
    }
}

/// A share that is not there is an answer, not a failure to try again.
fn if_there_is<T>(found: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a page of a share is about, or that there is none.
fn there_is<T, V: IntoView>(found: Option<T>, show: impl FnOnce(T) -> V) -> AnyView {
    match found {
        Some(found) => show(found).into_any(),
        None => view! { <NoSuchShare/> }.into_any(),
    }
}

/// The address is no share's.
#[component]
fn NoSuchShare() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <div class="card">
            <EmptyState
                title="This console knows no share at this address"
                body="It may be another console's, or the address has a typing mistake."
            >
                <Button href="/shares">"Go to the shares"</Button>
            </EmptyState>
        </div>
    }
}

/// Does something when what is followed live comes to its end; nothing for what had ended before.
fn at_the_end<T: Revised>(live: Live<T>, then: impl Fn() + 'static) {
    let finished = Memo::new(move |_| live.view.with(Revised::finished));
    Effect::new(move |before: Option<bool>| {
        let finished = finished.get();
        if before == Some(false) && finished {
            then();
        }
        finished
    });
}

#[component]
fn Share(share: AsOf<ShareView>, page: Page) -> impl IntoView {
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
        accepted,
        imported,
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
    let drift_page = format!("/shares/{}/drift", summary.id);
    let function_page = format!("/shares/{}/function", summary.id);
    // A run that went well is told by the lanes already, unless someone was watching it.
    let watched = |run: &RunView| page.followed.get_untracked().as_ref() == Some(&run.id);
    let running = run.filter(|run| run.state != RunState::Succeeded || run.kind == RunKind::Undo || watched(run));
    let (title, state, made) = (summary.role_name.clone(), summary.state, summary.created);
    let checked = summary.drift.clone();
    let progress = running.map(|run| {
        view! { <LastRun run=run now=now summary=summary.clone() arrow=arrow.clone() page=page /> }
    });
    let account = if elsewhere == Some(Side::Parent) { &summary.parent } else { &summary.child };
    let next = (!undone).then(|| {
        let (share, account) = (summary.id.clone(), account.to_string());
        view! { <NextHandOff share elsewhere account accepted not_trusted_yet /> }
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
            <Proofs share=summary.id verification=verification now=now page=page />
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
                <span class="muted">{if imported { "Imported " } else { "Made " }} <Time at=made now=now /></span>
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
    let playground = format!("/playground?through={id}&endpoint={endpoint}");
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
fn LastRun(run: RunView, now: Timestamp, summary: ShareSummary, arrow: String, page: Page) -> impl IntoView {
    let (id, watched) = (run.id.clone(), run.id.clone());
    let under_way = run.state == RunState::Running;
    let live = use_live(AsOf { view: run, now }, format!("/events/runs/{id}"), move || get_run(id.clone()));
    at_the_end(live, move || {
        page.followed.set(Some(watched.clone()));
        page.ended.run(());
    });
    view! {
        {under_way.then(|| view! { <RefreshWithoutScript/> })}
        <RunProgress live=live child=summary.child parent=summary.parent arrow=arrow retry=page.retry />
    }
}

#[component]
fn Proofs(share: ShareId, verification: Option<VerificationView>, now: Timestamp, page: Page) -> impl IntoView {
    let verify = page.verify;
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
            at_the_end(live, move || page.ended.run(()));
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

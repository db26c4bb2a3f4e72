//! Step 7: the changes being made, live.

use super::step::StepContext;
use crate::api::runs::{AsOf, RetryRun, get_run};
use crate::api::verification::VerifyShare;
use crate::components::{Live, RefreshWithoutScript, RunProgress, use_live};
use crate::ui::{BottomBar, Button, ButtonKind, EmptyState, ErrorPanel, IconName, Resolve, Skeleton};
use domain::names::{AccountId, RunId};
use domain::run::{RunKind, RunState, RunView};
use domain::share::Side;
use domain::wizard::WizardStep;
use leptos::form::ActionForm;
use leptos::prelude::*;

#[component]
pub(super) fn ApplyStep(ctx: StepContext) -> impl IntoView {
    let Some(run) = ctx.run.clone() else {
        return view! {
            <div class="card">
                <EmptyState title="Nothing was applied yet" body="Review shows what would be changed, and Apply starts it.">
                    <Button kind=ButtonKind::Primary href=ctx.path(WizardStep::Review)>"Review the share"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    };
    let retry = ServerAction::<RetryRun>::new();
    let resource = Resource::new(move || retry.version().get(), move |_| get_run(run.clone()));
    view! {
        <Resolve
            resource
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            failed="The run could not be loaded"
            children=Callback::new(move |first: AsOf<RunView>| view! { <Applying ctx=ctx.clone() first retry/> })
        />
    }
    .into_any()
}

#[component]
fn Applying(ctx: StepContext, first: AsOf<RunView>, retry: ServerAction<RetryRun>) -> impl IntoView {
    let id: RunId = first.view.id.clone();
    let under_way = first.view.state == RunState::Running;
    let child = account(ctx.draft.child(), &first.view, Side::Child);
    let parent = account(ctx.draft.parent_account.clone(), &first.view, Side::Parent);
    let arrow = if ctx.draft.requires_external_id() { "external ID required" } else { "no external ID" };
    let live = use_live(first, format!("/events/runs/{id}"), move || get_run(id.clone()));
    let failed = move || {
        retry
            .value()
            .get()
            .and_then(Result::err)
            .map(|error| view! { <ErrorPanel error title="The step was not retried"/> })
    };
    view! {
        <div class="step apply">
            {under_way.then(|| view! { <RefreshWithoutScript/> })}
            {match (child, parent) {
                (Some(child), Some(parent)) => view! { <RunProgress live child parent arrow retry/> }.into_any(),
                _ => ().into_any(),
            }}
            {failed}
            <ApplyBar ctx live/>
        </div>
    }
}

/// An account of the share, from the draft, else from the run's own steps.
fn account(known: Option<AccountId>, run: &RunView, side: Side) -> Option<AccountId> {
    known
        .or_else(|| run.steps.iter().find(|s| s.side == side).map(|s| s.account.clone()))
        .or_else(|| run.steps.first().map(|s| s.account.clone()))
}

/// What can be done next: nothing while it runs, Verify when it is done, Undo when it failed.
#[component]
fn ApplyBar(ctx: StepContext, live: Live<RunView>) -> impl IntoView {
    let verify = ServerAction::<VerifyShare>::new();
    let state = Memo::new(move |_| live.view.with(|run| (run.state, run.kind)));
    let theirs = ctx.not_connected() == Some(Side::Child);
    let accepted = ctx.draft.accepted;
    let by_hand = (theirs && !accepted).then(|| ctx.hand_off());
    let says = Signal::derive(move || {
        match state.get() {
            (RunState::Running, _) => "You can leave this page: it goes on.",
            (RunState::Succeeded, RunKind::Apply | RunKind::Repair) if theirs && accepted => {
                "The callers that were accepted can call now: their administrator can prove it."
            }
            (RunState::Succeeded, RunKind::Apply | RunKind::Repair) if theirs => {
                "Next: hand the share over to the child's administrator."
            }
            (RunState::Succeeded, RunKind::Undo) => "The share is undone.",
            (RunState::Succeeded, _) => "Next: prove that the share works.",
            (RunState::Failed, _) => "Retry the failed step, or undo what was made.",
        }
        .to_owned()
    });
    let share = ctx.draft.share.to_string();
    let draft = ctx.id();
    let buttons = move || {
        let page = format!("/shares/{share}");
        let (share, draft) = (share.clone(), draft.clone());
        match state.get() {
            (RunState::Running, _) => view! { <Button href=page>"Go to the share"</Button> }.into_any(),
            (RunState::Succeeded, RunKind::Undo) => {
                view! { <Button kind=ButtonKind::Primary href=page>"Go to the share"</Button> }.into_any()
            }
            (RunState::Succeeded, _) => {
                let kind = if by_hand.is_some() { ButtonKind::Secondary } else { ButtonKind::Primary };
                let hand_over = by_hand
                    .clone()
                    .map(|href| view! { <Button kind=ButtonKind::Primary href>"Hand over share"</Button> });
                view! {
                    <Button href=page>"Go to the share"</Button>
                    <ActionForm action=verify>
                        <input type="hidden" name="share" value=share/>
                        <input type="hidden" name="draft" value=draft/>
                        <Button kind submit=true busy=verify.pending()>"Verify the share"</Button>
                    </ActionForm>
                    {hand_over}
                }
                .into_any()
            }
            (RunState::Failed, _) => view! {
                <Button href=page.clone()>"Go to the share"</Button>
                <Button icon=IconName::Undo href=format!("{page}/undo")>"Undo what was made"</Button>
            }
            .into_any(),
        }
    };
    let failed = move || {
        verify
            .value()
            .get()
            .and_then(Result::err)
            .map(|error| view! { <ErrorPanel error title="The share was not verified"/> })
    };
    view! {
        {failed}
        <BottomBar says>{buttons}</BottomBar>
    }
}

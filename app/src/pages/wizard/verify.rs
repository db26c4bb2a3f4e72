//! Step 8: real calls that show what works, and what does not.

use super::step::StepContext;
use crate::api::runs::AsOf;
use crate::api::shares::get_share;
use crate::api::verification::{VerifyShare, get_verification};
use crate::components::{
    ArrowTone, Live, PlanLanes, ProofList, RefreshWithoutScript, elapsed, proofs_sentence, use_live,
};
use crate::error::{AppError, ErrorKind};
use crate::pages::share::NextHandOff;
use crate::ui::{BottomBar, Button, ButtonKind, EmptyState, ErrorPanel, Resolve, Skeleton, duration_ms};
use domain::share::Side;
use domain::share::view::ShareView;
use domain::verification::VerificationView;
use domain::wizard::WizardStep;
use leptos::form::ActionForm;
use leptos::prelude::*;

#[component]
pub(super) fn VerifyStep(ctx: StepContext) -> impl IntoView {
    if !ctx.share_exists && ctx.run.is_none() {
        return view! {
            <div class="card">
                <EmptyState title="There is nothing to verify yet" body="Once the share is applied, real calls prove that it works.">
                    <Button kind=ButtonKind::Primary href=ctx.path(WizardStep::Review)>"Review the share"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let verify = ServerAction::<VerifyShare>::new();
    let id = ctx.draft.share.clone();
    let resource = Resource::new(
        move || verify.version().get(),
        move |_| {
            let id = id.clone();
            async move { Ok((get_share(id.clone()).await?.view, get_verification(id).await?)) }
        },
    );
    view! {
        <Resolve
            resource
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            failed="The verification could not be loaded"
            children=Callback::new(move |(share, last): (ShareView, AsOf<Option<VerificationView>>)| {
                let failed = verify.value().get_untracked().and_then(Result::err);
                let now = last.now;
                match last.view {
                    Some(view) => view! { <Verified share first=AsOf { view, now } verify failed/> }.into_any(),
                    None => view! { <NotVerified share verify failed/> }.into_any(),
                }
            })
        />
    }
    .into_any()
}

#[component]
fn NotVerified(share: ShareView, verify: ServerAction<VerifyShare>, failed: Option<AppError>) -> impl IntoView {
    let id = share.summary.id.to_string();
    let by_hand = share.elsewhere == Some(Side::Child);
    let kind = if by_hand { ButtonKind::Secondary } else { ButtonKind::Primary };
    view! {
        <Next share/>
        <div class="card">
            <EmptyState
                title="Not verified yet"
                body="The console assumes the role and calls the endpoint as a caller would, then tries what must be denied. \
                      Nothing is changed."
            >
                <VerifyForm id verify label="Verify the share" kind/>
            </EmptyState>
        </div>
        {failed.map(|error| view! { <ErrorPanel error title="The share was not verified"/> })}
    }
}

/// What is next when the other account's administrator has to do something.
#[component]
fn Next(share: ShareView) -> impl IntoView {
    let account = if share.elsewhere == Some(Side::Parent) { share.summary.parent } else { share.summary.child };
    view! {
        <NextHandOff
            share=share.summary.id
            elsewhere=share.elsewhere
            account=account.to_string()
            not_trusted_yet=share.not_trusted_yet
        />
    }
}

#[component]
fn VerifyForm(id: String, verify: ServerAction<VerifyShare>, label: &'static str, kind: ButtonKind) -> impl IntoView {
    view! {
        <ActionForm action=verify>
            <input type="hidden" name="share" value=id/>
            <Button kind submit=true busy=verify.pending()>{label}</Button>
        </ActionForm>
    }
}

#[component]
fn Verified(
    share: ShareView,
    first: AsOf<VerificationView>,
    verify: ServerAction<VerifyShare>,
    failed: Option<AppError>,
) -> impl IntoView {
    let under_way = first.view.running;
    let id = share.summary.id.clone();
    let poll = {
        let id = id.clone();
        move || {
            let id = id.clone();
            async move {
                let AsOf { view, now } = get_verification(id).await?;
                view.map(|view| AsOf { view, now })
                    .ok_or_else(|| AppError::new(ErrorKind::NotFound, "the verification is gone"))
            }
        }
    };
    let live = use_live(first, format!("/events/verifications/{id}"), poll);
    let said = Memo::new(move |_| live.view.with(proofs_sentence));
    let tone = Signal::derive(move || {
        live.view.with(|v| match (v.running, v.passed()) {
            (true, _) => ArrowTone::Running,
            (false, true) => ArrowTone::Done,
            (false, false) => ArrowTone::Failed,
        })
    });
    view! {
        <div class="step verify">
            {under_way.then(|| view! { <RefreshWithoutScript/> })}
            <p class="say" role="status">{said}</p>
            <Next share=share.clone()/>
            <PlanLanes
                label="The share"
                child=share.summary.child
                parent=share.summary.parent
                arrow=share.arrow
                tone
                child_lane=share.child_lane
                parent_lane=share.parent_lane
                linked=false
            />
            <ProofList live/>
            {failed.map(|error| view! { <ErrorPanel error title="The share was not verified"/> })}
            <VerifyBar live id=id.to_string() verify/>
        </div>
    }
}

#[component]
fn VerifyBar(live: Live<VerificationView>, id: String, verify: ServerAction<VerifyShare>) -> impl IntoView {
    let running = Memo::new(move |_| live.view.with(|v| v.running));
    let passed = Memo::new(move |_| live.view.with(VerificationView::passed));
    let says = Signal::derive(move || {
        live.view.with(|v| match v.finished {
            Some(finished) => {
                format!("Verified {} in {}", finished.ago(live.now.get()), duration_ms(finished.since(v.started)))
            }
            None => format!(
                "Under way for {}. You can leave this page: it goes on.",
                elapsed(live.now.get().since(v.started))
            ),
        })
    });
    let buttons = move || {
        let page = format!("/shares/{id}");
        let again = (!running.get()).then(|| {
            let kind = if passed.get() { ButtonKind::Secondary } else { ButtonKind::Primary };
            view! { <VerifyForm id=id.clone() verify label="Verify again" kind/> }
        });
        let open = passed.get().then(|| {
            let href = format!("/playground?through={id}");
            view! { <Button kind=ButtonKind::Primary href>"Open in the playground"</Button> }
        });
        view! {
            <Button kind=ButtonKind::Quiet href=page>"Go to the share"</Button>
            {again}
            {open}
        }
    };
    view! { <BottomBar says>{buttons}</BottomBar> }
}

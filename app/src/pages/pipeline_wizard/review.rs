//! Step 4: everything that is about to be made, before it is.

mod facts;
mod lanes;
mod parts;

use super::StepContext;
use super::preflight::InTheWay;
use crate::api::pipeline::wizard::{ApplyPipeline, review_pipeline};
use crate::components::{
    AccessMatrix, Asked, ChecksList, PipelineMap, PipelineMapCard, Sentence, ThreeLanes, asked_in, explanation,
};
use crate::error::AppError;
use crate::ui::{BottomBar, Button, ButtonKind, ErrorPanel, Resolve, Skeleton};
use domain::evaluate::Explanation;
use domain::pipeline::apply::{Lane, Part};
use domain::pipeline::draft::PipelineStep;
use domain::pipeline::view::PipelineReviewView;
use facts::{Facts, Tense};
use leptos::form::ActionForm;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// What is asked of the table of access, and its answer. It lives as long as the step, so that a new review keeps it.
#[derive(Clone, Copy)]
struct Access {
    asked: RwSignal<Asked>,
    why: Resource<Result<Option<Explanation>, AppError>>,
}

#[component]
pub(super) fn ReviewStep(ctx: StepContext) -> impl IntoView {
    if !ctx.problems.is_empty() {
        return view! { <Unfinished ctx/> }.into_any();
    }
    let id = ctx.draft.id.clone();
    let review = Resource::new(|| (), move |()| review_pipeline(id.clone()));
    let query = leptos_router::hooks::use_query_map().get_untracked();
    let asked = RwSignal::new(query.get("explain").as_deref().and_then(asked_in));
    let access = Access { asked, why: explanation(ctx.draft.id.clone(), asked) };
    let apply = ServerAction::<ApplyPipeline>::new();
    // Apply is refused when the accounts have changed since: what is shown then is shown afresh.
    Effect::new(move |_| {
        if matches!(apply.value().get(), Some(Err(_))) {
            review.refetch();
        }
    });
    view! {
        <Resolve
            resource=review
            skeleton=|| view! { <ReviewSkeleton/> }
            failed="The plan could not be made"
            children=Callback::new(move |review: PipelineReviewView| {
                view! { <Reviewed ctx=ctx.clone() review apply access/> }
            })
        />
    }
    .into_any()
}

#[component]
fn Reviewed(
    ctx: StepContext,
    review: PipelineReviewView,
    apply: ServerAction<ApplyPipeline>,
    access: Access,
) -> impl IntoView {
    let facts = Facts::of(&review);
    let prefix = ctx.draft.model.prefix.trim().to_owned();
    let sentence =
        facts::sentence(&ctx.draft, &review, if facts.nothing() { Tense::Is } else { Tense::of(ctx.exists) });
    let accounts = Lane::ALL
        .map(|lane| review.stacks.iter().find(|stack| stack.part.lane() == lane).map(|stack| stack.account.clone()));
    let role_lanes = facts::role_lanes(&review);
    let map = PipelineMap::of(&review.matrix, &role_lanes, &prefix);
    let crossings = map.crossings();
    let checks = facts::checks(&review);
    let lanes = Lane::ALL.map(|lane| lanes::lane_items(&review, lane));
    let same = facts::steps_that_change_nothing(&review);
    let PipelineReviewView { stacks, documents, matrix, plan, tally, files, fingerprint, blockers, .. } = review;
    let blocked = !blockers.is_empty();
    // Where it is there the pipeline has run before.
    let workflow = stacks.iter().find(|stack| stack.part == Part::Workflow && !stack.exists);
    let workflow = workflow.map(|stack| stack.name.clone());
    let pipeline = format!("/pipelines/{}", ctx.draft.pipeline);
    let failed = move || {
        let error = apply.value().get().and_then(Result::err);
        error.map(|error| view! { <ErrorPanel error title="The pipeline was not applied"/> })
    };
    view! {
        <div class="step review">
            {blocked.then(|| view! { <InTheWay blockers/> })}
            {facts.nothing().then(|| view! {
                <p class="review-nothing" role="status">
                    "Nothing to change: the three accounts are as the answers want them."
                </p>
            })}
            {failed}
            <Sentence spans=sentence/>
            <ThreeLanes label="Plan" accounts=accounts.clone() crossings lanes/>
            <parts::Order plan same workflow/>
            <parts::Data tally files/>
            <ChecksList checks/>
            <PipelineMapCard map accounts/>
            <AccessMatrix matrix lanes=role_lanes prefix asked=access.asked why=access.why/>
            <h2 class="review-title">"Documents"</h2>
            <parts::Documents stacks documents/>
            <ActionForm action=apply>
                <input type="hidden" name="draft" value=ctx.id()/>
                <input type="hidden" name="fingerprint" value=fingerprint/>
                <BottomBar says=Signal::stored(facts.says())>
                    <Button kind=ButtonKind::Quiet href="/pipelines">"Save for later"</Button>
                    <Button href=ctx.path(PipelineStep::Data)>"Back"</Button>
                    {(facts.nothing() && ctx.exists).then(|| view! { <Button href=pipeline>"Open the pipeline"</Button> })}
                    <Button
                        kind=ButtonKind::Primary
                        submit=true
                        busy=apply.pending()
                        disabled_reason=Signal::stored(facts.refusal())
                    >
                        {facts.label()}
                    </Button>
                </BottomBar>
            </ActionForm>
        </div>
    }
}

/// Leads back to the steps that are not finished.
#[component]
fn Unfinished(ctx: StepContext) -> impl IntoView {
    let steps: BTreeSet<PipelineStep> = ctx.problems.iter().map(|(step, _)| *step).collect();
    let first = steps.first().copied().unwrap_or(PipelineStep::Accounts);
    let address = |step| format!("{}?check=1", ctx.path(step));
    let href = address(first);
    let links = steps.iter().map(|step| view! { <li><a href=address(*step)>{step.label()}</a></li> }).collect_view();
    view! {
        <div class="card">
            <div class="empty">
                <h2>"Some answers are missing"</h2>
                <p>"The plan can be made once these steps are finished:"</p>
                <ul class="unfinished">{links}</ul>
                <div class="empty-action">
                    <Button kind=ButtonKind::Primary href>{format!("Go to {}", first.label())}</Button>
                </div>
            </div>
        </div>
    }
}

/// In the shape of what is to come: sentence, three lanes, the order.
#[component]
fn ReviewSkeleton() -> impl IntoView {
    view! {
        <div class="step review">
            <div class="say"><Skeleton lines=2/></div>
            <div class="three-lanes">
                <div class="lane"><Skeleton lines=6/></div>
                <div class="lane"><Skeleton lines=6/></div>
                <div class="lane"><Skeleton lines=6/></div>
            </div>
            <div class="card"><Skeleton lines=6/></div>
        </div>
    }
}

//! Step 6: everything Apply would do, before it does it.

use super::step::StepContext;
use crate::api::wizard::{ApplyShare, ResolveConflict, review_share};
use crate::components::{ChecksList, ConflictPanel, DocumentList, PlanLanes, Sentence};
use crate::ui::{BottomBar, Button, ButtonKind, CopyButton, ErrorPanel, Resolve, Skeleton, Tab, TabPanel, Tabs};
use domain::share::checks::Severity;
use domain::share::render::Program;
use domain::share::view::ReviewView;
use domain::wizard::WizardStep;
use leptos::form::ActionForm;
use leptos::prelude::*;

#[component]
pub(super) fn ReviewStep(ctx: StepContext, resolve: ServerAction<ResolveConflict>) -> impl IntoView {
    if let Some((step, _)) = ctx.problems.first() {
        let step = *step;
        return view! { <Unfinished ctx step/> }.into_any();
    }
    let id = ctx.draft.id.clone();
    let review = Resource::new(|| (), move |()| review_share(id.clone()));
    let apply = ServerAction::<ApplyShare>::new();
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
            children=Callback::new(move |review: ReviewView| {
                view! { <Reviewed ctx=ctx.clone() review apply resolve/> }
            })
        />
    }
    .into_any()
}

#[component]
fn Reviewed(
    ctx: StepContext,
    review: ReviewView,
    apply: ServerAction<ApplyShare>,
    resolve: ServerAction<ResolveConflict>,
) -> impl IntoView {
    let plan = PlanFacts::of(&review);
    let items: Vec<_> = review.parent_lane.iter().chain(&review.child_lane).cloned().collect();
    let draft = ctx.id();
    let base = ctx.path(WizardStep::Review);
    let base = base.rsplit_once('/').map_or_else(String::new, |(base, _)| base.to_owned());
    let conflicts = review
        .conflicts
        .into_iter()
        .map(|conflict| view! { <ConflictPanel conflict draft=draft.clone() base=base.clone() resolve/> })
        .collect_view();
    let fingerprint = review.fingerprint;
    let nothing = match ctx.not_connected() {
        None => "Nothing to change: both accounts are as the share wants them.",
        Some(_) => "Nothing to change: this side is as the share wants it.",
    };
    let failed = move || {
        let applied = apply.value().get().and_then(Result::err);
        let resolved = resolve.value().get().and_then(Result::err);
        let one = applied.map(|error| view! { <ErrorPanel error title="The share was not applied"/> });
        let two = resolved.map(|error| view! { <ErrorPanel error title="The conflict was not resolved"/> });
        (one, two)
    };
    view! {
        <div class="step review">
            {plan.nothing().then(|| view! {
                <p class="review-nothing" role="status">{nothing}</p>
            })}
            <Sentence spans=review.sentence/>
            {conflicts}
            {review.child_by_hand.then(|| view! { <ByHand/> })}
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
            <AsCode programs=review.programs/>
            {failed}
            <ActionForm action=apply>
                <input type="hidden" name="draft" value=draft.clone()/>
                <input type="hidden" name="fingerprint" value=fingerprint/>
                <BottomBar says=Signal::stored(plan.says())>
                    <Button kind=ButtonKind::Quiet href="/shares">"Save for later"</Button>
                    <Button href=ctx.path(WizardStep::Child)>"Back"</Button>
                    <Button
                        kind=ButtonKind::Primary
                        submit=true
                        busy=apply.pending()
                        disabled_reason=Signal::stored(plan.refusal())
                    >
                        {plan.label()}
                    </Button>
                </BottomBar>
            </ActionForm>
        </div>
    }
}

/// The parent's side for those who keep their infrastructure as code. It is made there in place of Apply: once it is,
/// the review finds the role and the policy by the share's tag, and keeps them.
#[component]
fn AsCode(programs: Vec<Program>) -> impl IntoView {
    let selected = RwSignal::new(programs.first().map_or("", |first| first.language.key()));
    if programs.is_empty() {
        return ().into_any();
    }
    let tabs = programs.iter().map(|one| Tab { key: one.language.key(), label: one.language.label() }).collect();
    let panels = programs
        .into_iter()
        .map(|Program { language, file_name, text }| {
            let copy = format!("Copy {file_name}");
            view! {
                <TabPanel key=language.key() selected>
                    <div class="hand-off-file">
                        <span class="hand-off-name"><code>{file_name}</code></span>
                        <CopyButton text=text.clone() label=copy/>
                    </div>
                    <pre class="hand-off-text" tabindex="0"><code>{text}</code></pre>
                </TabPanel>
            }
        })
        .collect_view();
    view! {
        <details class="card review-code">
            <summary class="card-head"><span class="doc-title">"The parent's side as code"</span></summary>
            <p class="card-body muted">
                "To run in place of Apply, where infrastructure is kept as code. Come back to this page afterwards: it finds the role and the policy by their tag, and applies what is left."
            </p>
            <Tabs label="The parent's side as code" tabs selected/>
            {panels}
        </details>
    }
    .into_any()
}

/// What the bar needs to know of a plan.
#[derive(Debug, Clone, Copy)]
struct PlanFacts {
    create: usize,
    change: usize,
    keep: usize,
    conflicts: usize,
    errors: usize,
}

impl PlanFacts {
    fn of(review: &ReviewView) -> Self {
        Self {
            create: review.to_create,
            change: review.to_change,
            keep: review.unchanged,
            conflicts: review.conflicts.len(),
            errors: review.checks.iter().filter(|c| c.severity == Severity::Error).count(),
        }
    }
    fn nothing(self) -> bool {
        self.create + self.change + self.conflicts == 0
    }
    /// `2 to create · 2 to change · 1 unchanged`
    fn says(self) -> String {
        let parts = [(self.create, "to create"), (self.change, "to change"), (self.keep, "unchanged")];
        let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        parts.join(" · ")
    }
    fn label(self) -> String {
        match self.create + self.change {
            0 if self.conflicts == 0 => "Verify the share".to_owned(),
            0 => "Apply".to_owned(),
            1 => "Apply 1 change".to_owned(),
            n => format!("Apply {n} changes"),
        }
    }
    fn refusal(self) -> Option<String> {
        match (self.conflicts, self.errors) {
            (0, 0) => None,
            (0, 1) => Some("1 check failed".to_owned()),
            (0, n) => Some(format!("{n} checks failed")),
            (1, _) => Some("resolve the conflict first".to_owned()),
            (n, _) => Some(format!("resolve the {n} conflicts first")),
        }
    }
}

#[component]
fn ByHand() -> impl IntoView {
    view! {
        <p class="step-note">
            "The child account is not connected. Apply makes the parent's side; the child's lane shows what its own \
             administrator makes, with what you hand over after that."
        </p>
    }
}

#[component]
fn Unfinished(ctx: StepContext, step: WizardStep) -> impl IntoView {
    let href = format!("{}?check=1", ctx.path(step));
    let steps: std::collections::BTreeSet<WizardStep> = ctx.problems.iter().map(|(step, _)| *step).collect();
    let links = steps
        .into_iter()
        .map(|step| {
            let href = format!("{}?check=1", ctx.path(step));
            view! { <li><a href=href>{step.label()}</a></li> }
        })
        .collect_view();
    view! {
        <div class="card">
            <div class="empty">
                <h2>"Some answers are missing"</h2>
                <p>"The plan can be made once these steps are finished:"</p>
                <ul class="unfinished">{links}</ul>
                <div class="empty-action">
                    <Button kind=ButtonKind::Primary href>{format!("Go to {}", step.label())}</Button>
                </div>
            </div>
        </div>
    }
}

/// In the shape of what is to come: sentence, two lanes, checks.
#[component]
fn ReviewSkeleton() -> impl IntoView {
    view! {
        <div class="step review">
            <div class="say"><Skeleton lines=2/></div>
            <div class="lanes">
                <div class="lane"><Skeleton lines=5/></div>
                <div class="lanes-arrow"></div>
                <div class="lane"><Skeleton lines=5/></div>
            </div>
            <div class="card"><Skeleton lines=4/></div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: PlanFacts = PlanFacts { create: 2, change: 2, keep: 1, conflicts: 0, errors: 0 };

    #[test]
    fn the_bar_says_what_will_happen() {
        assert_eq!(PLAN.says(), "2 to create · 2 to change · 1 unchanged");
        assert_eq!(PLAN.label(), "Apply 4 changes");
        assert_eq!(PLAN.refusal(), None);
    }

    #[test]
    fn an_empty_plan_goes_on_to_verify() {
        let empty = PlanFacts { create: 0, change: 0, ..PLAN };
        assert!(empty.nothing());
        assert_eq!(empty.label(), "Verify the share");
    }

    #[test]
    fn apply_is_not_offered_over_a_conflict_or_a_failed_check() {
        assert!(PlanFacts { conflicts: 1, ..PLAN }.refusal().is_some());
        assert!(PlanFacts { errors: 1, ..PLAN }.refusal().is_some());
    }
}

//! What can be done about a run: nothing while it goes, retry or roll back when it failed, go on when it is done.

use crate::api::pipeline::run::{ForgetPipeline, RetryPipelineRun, RollBackPipeline};
use crate::components::Live;
use crate::error::{AppError, ErrorKind, failure_of};
use crate::ui::{BottomBar, Button, ButtonKind, Card, Confirm, ErrorPanel, IconName};
use domain::pipeline::view::{PipelineRunKind, PipelineRunView};
use domain::run::RunState;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// The bar below a run, with what else a failed one offers.
#[component]
pub fn RunNext(
    /// The run.
    live: Live<PipelineRunView>,
    /// Goes on with what failed.
    retry: ServerAction<RetryPipelineRun>,
    /// Whether it is the pipeline's last run: others can't be gone on with.
    last: bool,
) -> impl IntoView {
    let (run, pipeline) = live.view.with_untracked(|run| (run.id.to_string(), run.pipeline.to_string()));
    let state = Memo::new(move |_| live.view.with(|run| (run.state, run.kind)));
    let says = Signal::derive(move || {
        let (state, kind) = state.get();
        says(state, kind, last).to_owned()
    });
    let forget = ServerAction::<ForgetPipeline>::new();
    let page = format!("/pipelines/{pipeline}");
    let buttons = {
        let (pipeline, page) = (pipeline.clone(), page.clone());
        move || {
            let (run, pipeline, page) = (run.clone(), pipeline.clone(), page.clone());
            match state.get() {
                (RunState::Failed, kind) if last => view! { <Again run page kind retry/> }.into_any(),
                (RunState::Succeeded, PipelineRunKind::RollBack | PipelineRunKind::TearDown) if last => {
                    view! { <Gone pipeline forget/> }.into_any()
                }
                (RunState::Succeeded, PipelineRunKind::Apply) => {
                    view! { <Button kind=ButtonKind::Primary href=page>"Open the pipeline"</Button> }.into_any()
                }
                _ => view! { <Button href=page>"Go to the pipeline"</Button> }.into_any(),
            }
        }
    };
    let failed = Memo::new(move |_| last && state.get() == (RunState::Failed, PipelineRunKind::Apply));
    let way_back = move || {
        let (pipeline, page) = (pipeline.clone(), page.clone());
        failed.get().then(|| view! { <WayBack pipeline page/> })
    };
    let refused = move || {
        let retried = failure_of(retry).get();
        let forgotten = failure_of(forget).get();
        let one = retried.map(|error| view! { <ErrorPanel error title="The run was not gone on with"/> });
        let two = forgotten.map(|error| view! { <ErrorPanel error title="The pipeline was not forgotten"/> });
        (one, two)
    };
    view! {
        {way_back}
        {refused}
        <BottomBar says>{buttons}</BottomBar>
    }
}

/// Going on with what failed.
#[component]
fn Again(run: String, page: String, kind: PipelineRunKind, retry: ServerAction<RetryPipelineRun>) -> impl IntoView {
    let tear_down = (kind != PipelineRunKind::Apply)
        .then(|| view! { <Button href=format!("{page}/tear-down")>"See what stands"</Button> });
    view! {
        {tear_down}
        <ActionForm action=retry>
            <input type="hidden" name="run" value=run/>
            <Button kind=ButtonKind::Primary submit=true icon=IconName::Refresh busy=retry.pending()>
                "Retry what failed"
            </Button>
        </ActionForm>
    }
}

/// Nothing stands any more: what is left is the console's own record.
#[component]
fn Gone(pipeline: String, forget: ServerAction<ForgetPipeline>) -> impl IntoView {
    view! {
        <Button href="/pipelines">"All pipelines"</Button>
        <ActionForm action=forget>
            <input type="hidden" name="pipeline" value=pipeline/>
            <Button submit=true busy=forget.pending()>"Forget the pipeline"</Button>
        </ActionForm>
    }
}

/// Taking away what an unfinished run has made; where names have to be typed for that, it is a page of its own.
#[component]
fn WayBack(pipeline: String, page: String) -> impl IntoView {
    let roll_back = ServerAction::<RollBackPipeline>::new();
    let refused = failure_of(roll_back);
    let tear_down = format!("{page}/tear-down");
    view! {
        <Card title=|| "Or give it up">
            <div class="card-body stack">
                <p class="prose">
                    "What this run has made stays until you say otherwise. Rolling back takes all of it away again. "
                    <a href=tear_down>"Taking the pipeline away"</a>
                    " shows first what stands, and asks for names where something else is lost with it."
                </p>
                <ActionForm action=roll_back>
                    <input type="hidden" name="pipeline" value=pipeline/>
                    <Confirm
                        label="Roll back to nothing…"
                        lost="The stacks in all three accounts go, with the bucket and what was uploaded to it; the key is scheduled for deletion. Your answers stay in the wizard."
                        button="Roll back to nothing"
                        busy=roll_back.pending()
                    />
                </ActionForm>
                {move || refused.get().map(|error| view! { <ErrorPanel error=in_words(error) title="It was not rolled back"/> })}
            </div>
        </Card>
    }
}

/// A roll-back has no fields to type names into: where they have to be, it is the tear-down's to do.
fn in_words(error: AppError) -> AppError {
    match error.field {
        Some(_) => AppError::new(ErrorKind::Invalid, "more would be lost with it than applying makes again")
            .hint("Tear it down instead: that shows what stands, and asks for the names of what is lost."),
        None => error,
    }
}

fn says(state: RunState, kind: PipelineRunKind, last: bool) -> &'static str {
    match (state, kind) {
        (RunState::Running, _) => "You can leave this page: it goes on.",
        (RunState::Succeeded, PipelineRunKind::Apply) => "Next: watch the pipeline train its model.",
        (RunState::Succeeded, _) => "The console still has its record: forget it, or apply it anew from its wizard.",
        (RunState::Failed, _) if !last => "A later run has gone on from here.",
        (RunState::Failed, PipelineRunKind::Apply) => "Retry what failed, or roll back to nothing.",
        (RunState::Failed, _) => "Retry what failed: what is gone already stays gone.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_back_that_needs_names_leads_to_the_tear_down() {
        let untyped =
            AppError { field: Some("bucket".into()), ..AppError::new(ErrorKind::Invalid, "`` is not the name") };
        assert!(in_words(untyped).hint.is_some_and(|hint| hint.starts_with("Tear it down instead")));
        let busy = AppError::new(ErrorKind::Conflict, "another run is under way");
        assert_eq!(in_words(busy.clone()), busy);
    }

    #[test]
    fn only_the_last_run_is_gone_on_with() {
        assert_eq!(says(RunState::Failed, PipelineRunKind::Apply, false), "A later run has gone on from here.");
        assert!(says(RunState::Failed, PipelineRunKind::Apply, true).starts_with("Retry what failed"));
    }
}

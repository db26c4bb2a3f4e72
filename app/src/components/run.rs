//! A run while it goes: its steps in their lanes, with states, tries, durations, request ids and reasons.

use super::lanes::{ArrowTone, Lanes};
use super::live::{Live, elapsed};
use crate::api::runs::RetryRun;
use crate::ui::{Button, ButtonKind, CopyButton, Icon, IconName, Words, duration_ms, sentence_case};
use domain::names::AccountId;
use domain::run::{RunKind, RunState, RunStepView, RunView, StepError, StepState};
use domain::share::Side;
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// A run, followed live.
#[component]
pub fn RunProgress(
    /// The run.
    live: Live<RunView>,
    /// The child account.
    child: AccountId,
    /// The parent account.
    parent: AccountId,
    /// The condition on the arrow.
    #[prop(into)]
    arrow: String,
    /// Goes on with a failed run.
    retry: ServerAction<RetryRun>,
) -> impl IntoView {
    let Live { view, now } = live;
    let said = Memo::new(move |_| view.with(run_sentence));
    let took = move || {
        view.with(|run| match run.finished {
            Some(finished) => duration_ms(finished.since(run.started)),
            None => elapsed(now.get().since(run.started)),
        })
    };
    let done = move || view.with(|run| run.progress().0);
    let all = move || view.with(|run| run.progress().1);
    let tone = Signal::derive(move || {
        view.with(|run| match run.state {
            RunState::Running => ArrowTone::Running,
            RunState::Succeeded => ArrowTone::Done,
            RunState::Failed => ArrowTone::Failed,
        })
    });
    let run_id = view.with_untracked(|run| run.id.to_string());
    let side = move |side: Side| {
        let run_id = run_id.clone();
        let steps = Signal::derive(move || {
            view.with(|run| run.steps.iter().filter(|s| s.side == side).cloned().collect::<Vec<_>>())
        });
        // A repair is planned anew instead.
        let failed =
            Signal::derive(move || view.with(|run| run.state == RunState::Failed && run.kind != RunKind::Repair));
        view! { <StepList steps now run_id failed retry/> }.into_any()
    };
    let child_lane = side.clone()(Side::Child);
    let parent_lane = side(Side::Parent);
    view! {
        <div class="run" data-state=move || view.with(|run| state_key(run.state))>
            <p class="say" role="status">{said}</p>
            <div class="run-bar">
                <progress class="run-progress" max=all value=done aria-label="Steps done"></progress>
                <p class="run-counts">{move || format!("{} of {} done · {}", done(), all(), took())}</p>
            </div>
            <Lanes label="Progress" child parent arrow tone child_lane parent_lane/>
        </div>
    }
}

#[component]
fn StepList(
    steps: Signal<Vec<RunStepView>>,
    now: RwSignal<Timestamp>,
    run_id: String,
    failed: Signal<bool>,
    retry: ServerAction<RetryRun>,
) -> impl IntoView {
    move || {
        let steps = steps.get();
        if steps.is_empty() {
            return view! { <p class="lane-empty">"Nothing to do here."</p> }.into_any();
        }
        let rows = steps
            .into_iter()
            .map(|step| {
                let run_id = run_id.clone();
                view! { <StepRow step now run_id can_retry=failed retry/> }
            })
            .collect_view();
        view! { <ul class="lane-items">{rows}</ul> }.into_any()
    }
}

#[component]
fn StepRow(
    step: RunStepView,
    now: RwSignal<Timestamp>,
    run_id: String,
    can_retry: Signal<bool>,
    retry: ServerAction<RetryRun>,
) -> impl IntoView {
    let (class, sign, said): (_, Option<IconName>, _) = match step.state {
        StepState::Pending => ("mark mark-pending", None, "Waiting"),
        StepState::Running => ("mark mark-running", None, "Under way"),
        StepState::Done => ("mark mark-create", Some(IconName::Check), "Done"),
        StepState::Failed => ("mark mark-conflict", Some(IconName::Cross), "Failed"),
    };
    let detail = {
        let step = step.clone();
        move || step_detail(&step, now.get())
    };
    let request = step.request_id.clone().filter(|_| step.error.is_none()).map(|id| view! { <RequestId id/> });
    let error = step.error.clone().map(|error| {
        let run_id = run_id.clone();
        view! { <StepFailure error run_id can_retry retry/> }
    });
    view! {
        <li class="lane-item">
            <span class=class title=said>
                {sign.map(|name| view! { <Icon name/> })}
                <span class="visually-hidden">{format!("{said}: ")}</span>
            </span>
            <div class="lane-what">
                <p class="lane-name">{step.title}</p>
                <p class="lane-detail">{detail}{request.map(|request| (" · ", request))}</p>
                {error}
            </div>
        </li>
    }
}

/// `done in 210 ms · 2 tries · already there from an earlier try`
fn step_detail(step: &RunStepView, now: Timestamp) -> String {
    let mut parts = vec![match (step.state, step.took_ms, step.started) {
        (StepState::Pending, _, _) => "waiting".to_owned(),
        (StepState::Running, _, Some(started)) if now.since(started) >= 1_000 => {
            format!("under way for {}", elapsed(now.since(started)))
        }
        (StepState::Running, _, _) => "under way".to_owned(),
        (StepState::Done, Some(ms), _) => format!("done in {}", duration_ms(ms)),
        (StepState::Done, None, _) => "done".to_owned(),
        (StepState::Failed, Some(ms), _) => format!("failed after {}", duration_ms(ms)),
        (StepState::Failed, None, _) => "failed".to_owned(),
    }];
    if step.attempts > 1 {
        parts.push(format!("{} tries", step.attempts));
    }
    parts.extend(step.note.clone());
    parts.join(" · ")
}

/// AWS's request id, short, with the whole of it to copy.
#[component]
pub(in crate::components) fn RequestId(id: String) -> impl IntoView {
    let short = shorten(&id);
    view! {
        <span class="request-id">
            "request "
            <code title=id.clone()>{short}</code>
            <CopyButton text=id label="Copy the request ID" compact=true/>
        </span>
    }
}

fn shorten(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    match chars.len() {
        0..=12 => id.to_owned(),
        n => chars[..4].iter().chain(&['…']).chain(&chars[n - 4..]).collect(),
    }
}

#[component]
fn StepFailure(
    error: StepError,
    run_id: String,
    can_retry: Signal<bool>,
    retry: ServerAction<RetryRun>,
) -> impl IntoView {
    let busy = retry.pending();
    let again = move || {
        let run_id = run_id.clone();
        can_retry.get().then(|| {
            view! {
                <ActionForm action=retry>
                    <input type="hidden" name="run" value=run_id/>
                    <Button kind=ButtonKind::Primary submit=true busy>"Retry failed step"</Button>
                </ActionForm>
            }
        })
    };
    view! {
        <div class="failure" role="alert">
            <p class="failure-message"><code>{error.code}</code> " " <Words text=error.message/></p>
            <p class="failure-hint"><Words text=error.hint/></p>
            {error.request_id.map(|id| view! { <p class="failure-request"><RequestId id/></p> })}
            {again}
        </div>
    }
}

fn state_key(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
    }
}

/// Where a run is, in a sentence.
pub fn run_sentence(run: &RunView) -> String {
    let (done, all) = run.progress();
    // Steps, not changes: a change that a review shows may take several.
    let steps = if all == 1 { "the one step is".to_owned() } else { format!("all {all} steps are") };
    let failed = run.steps.iter().find(|s| s.state == StepState::Failed);
    match (run.state, run.kind) {
        (RunState::Running, RunKind::Apply) => format!("Making the changes: {done} of {all} done."),
        (RunState::Running, RunKind::Undo) => format!("Taking the changes back: {done} of {all} done."),
        (RunState::Running, RunKind::MakeFunction) => format!("Making the test function: {done} of {all} done."),
        (RunState::Running, RunKind::DeleteFunction) => format!("Deleting the test function: {done} of {all} done."),
        (RunState::Succeeded, RunKind::MakeFunction) => "The test function can be called.".to_owned(),
        (RunState::Succeeded, RunKind::DeleteFunction) => "The test function is deleted.".to_owned(),
        (RunState::Running, RunKind::Repair) => format!("Repairing the handshake: {done} of {all} done."),
        (RunState::Succeeded, RunKind::Apply | RunKind::Repair) => sentence_case(&format!("{steps} done.")),
        (RunState::Succeeded, RunKind::Undo) => "Everything the share made is taken back.".to_owned(),
        (RunState::Failed, RunKind::Repair) => match failed {
            Some(step) => format!(
                "“{}” failed in account {}. {done} of {all} are done; diagnose again to see what is left.",
                step.title, step.account
            ),
            None => format!("The repair stopped after {done} of {all}. Diagnose again to see what is left."),
        },
        (RunState::Failed, RunKind::MakeFunction | RunKind::DeleteFunction) => match failed {
            Some(step) => format!(
                "“{}” failed in account {}. {done} of {all} are done, and nothing more is changed until you retry.",
                step.title, step.account
            ),
            None => format!("The run stopped after {done} of {all}. Nothing more is changed until you retry."),
        },
        (RunState::Failed, _) => match failed {
            Some(step) => format!(
                "“{}” failed in account {}. {done} of {all} are done, and nothing more is changed until you retry or undo.",
                step.title, step.account
            ),
            None => format!("The run stopped after {done} of {all}. Nothing more is changed until you retry or undo."),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::names::{RunId, ShareId};

    fn step(state: StepState) -> RunStepView {
        RunStepView {
            id: "parent-role".into(),
            title: "Create role SageMakerExternal".into(),
            side: Side::Parent,
            account: AccountId::parse("111111111111").unwrap(),
            state,
            attempts: 1,
            started: Some(Timestamp(0)),
            took_ms: Some(210),
            request_id: None,
            note: None,
            error: None,
        }
    }

    fn run(state: RunState, steps: Vec<RunStepView>) -> RunView {
        RunView {
            id: RunId::parse("r1").unwrap(),
            share: ShareId::parse("s1").unwrap(),
            kind: RunKind::Apply,
            state,
            revision: 1,
            by: "session 3f2a".into(),
            started: Timestamp(0),
            finished: None,
            steps,
        }
    }

    #[test]
    fn a_run_is_told_in_a_sentence() {
        let going = run(RunState::Running, vec![step(StepState::Done), step(StepState::Running)]);
        assert_eq!(run_sentence(&going), "Making the changes: 1 of 2 done.");
        let done = run(RunState::Succeeded, vec![step(StepState::Done), step(StepState::Done)]);
        assert_eq!(run_sentence(&done), "All 2 steps are done.");
        let one = run(RunState::Succeeded, vec![step(StepState::Done)]);
        assert_eq!(run_sentence(&one), "The one step is done.");
    }

    #[test]
    fn a_failed_run_names_the_step_and_the_account() {
        let failed = run(RunState::Failed, vec![step(StepState::Done), step(StepState::Failed)]);
        let said = run_sentence(&failed);
        assert!(said.contains("Create role SageMakerExternal") && said.contains("111111111111"), "{said}");
    }

    #[test]
    fn a_step_tells_its_tries_and_its_note() {
        let mut done = step(StepState::Done);
        done.attempts = 2;
        done.note = Some("already there from an earlier try".into());
        assert_eq!(step_detail(&done, Timestamp(0)), "done in 210 ms · 2 tries · already there from an earlier try");
        assert_eq!(step_detail(&step(StepState::Running), Timestamp(4_000)), "under way for 4 s");
    }

    #[test]
    fn long_request_ids_are_cut_in_the_middle() {
        assert_eq!(shorten("7f3c0000-1111-2222-3333-4444444444a1"), "7f3c…44a1");
        assert_eq!(shorten("short"), "short");
    }
}

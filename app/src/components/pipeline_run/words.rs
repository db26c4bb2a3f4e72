//! Where a run is, in words.

use crate::components::elapsed;
use crate::ui::{duration_ms, size, thousands};
use domain::pipeline::view::{PipelineRunKind, PipelineRunView, PipelineStepView, Progress};
use domain::run::{RunState, StepState};
use domain::time::Timestamp;

/// Where a run is, in a sentence.
pub(super) fn run_sentence(run: &PipelineRunView) -> String {
    let (done, all) = run.progress();
    let what = match run.kind {
        PipelineRunKind::Apply if changes(run) => "Changing the pipeline",
        PipelineRunKind::Apply => "Making the pipeline",
        PipelineRunKind::RollBack => "Rolling back to nothing",
        PipelineRunKind::TearDown => "Taking the pipeline away",
    };
    match (run.state, run.kind) {
        (RunState::Running, _) => match under_way(run) {
            Some(now) => format!("{what}: {done} of {all} steps done, now {now}."),
            None => format!("{what}: {done} of {all} steps done."),
        },
        (RunState::Succeeded, PipelineRunKind::Apply) if changes(run) => {
            "The pipeline is changed. New data and another template start an execution by themselves.".into()
        }
        (RunState::Succeeded, PipelineRunKind::Apply) => "The pipeline is made. It trains its first model now.".into(),
        (RunState::Succeeded, PipelineRunKind::RollBack) => {
            "Everything that the unfinished run had made is taken away.".into()
        }
        (RunState::Succeeded, PipelineRunKind::TearDown) => "The pipeline is taken away.".into(),
        (RunState::Failed, kind) => {
            let rest = match kind {
                PipelineRunKind::Apply => "nothing more is changed until you retry or roll back",
                _ => "nothing more is taken away until you retry",
            };
            match first_failure(run) {
                Some(step) => format!(
                    "“{}” failed in the {} {}. {done} of {all} steps are done, and {rest}.",
                    step.title,
                    step.lane.noun(),
                    step.account
                ),
                None => format!("The run stopped after {done} of {all} steps; {rest}."),
            }
        }
    }
}

/// Whether it changes a pipeline that stands: one that is made is wired up first.
fn changes(run: &PipelineRunView) -> bool {
    let wires = |step: &PipelineStepView| ["shared-first", "shared-wired"].contains(&step.id.as_str());
    run.kind == PipelineRunKind::Apply && !run.steps.iter().any(wires)
}

/// The step that failed first: others beside it may have failed after it.
fn first_failure(run: &PipelineRunView) -> Option<&PipelineStepView> {
    let ended = |step: &&PipelineStepView| {
        let took = i64::try_from(step.took_ms.unwrap_or_default()).unwrap_or(i64::MAX);
        step.started.map(|at| at.plus_ms(took))
    };
    run.steps.iter().filter(|step| step.state == StepState::Failed).min_by_key(ended)
}

/// What is under way, as part of a sentence.
fn under_way(run: &PipelineRunView) -> Option<String> {
    let mut running = run.steps.iter().filter(|step| step.state == StepState::Running);
    let first = format!("“{}”", running.next()?.title);
    Some(match running.count() {
        0 => first,
        1 => format!("{first} and 1 other"),
        more => format!("{first} and {more} others"),
    })
}

/// What a run does, as a heading: verb and object.
pub fn run_kind_words(kind: PipelineRunKind) -> &'static str {
    match kind {
        PipelineRunKind::Apply => "Apply",
        PipelineRunKind::RollBack => "Roll back",
        PipelineRunKind::TearDown => "Take away",
    }
}

/// Where a run is, in a word.
pub fn run_state_words(state: RunState) -> &'static str {
    match state {
        RunState::Running => "Under way",
        RunState::Succeeded => "Done",
        RunState::Failed => "Failed",
    }
}

/// `done in 2.1 s · 2 tries · there already`
pub(super) fn step_detail(step: &PipelineStepView, now: Timestamp) -> String {
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

/// Whether a step's progress is told in bytes: an upload's is, a deletion's counts pieces.
pub(super) fn is_upload(step: &PipelineStepView) -> bool {
    step.id.starts_with("data-") || step.id == "source"
}

/// `12 MB of 40 MB`, `120 of 400 deleted`, `120 deleted`
pub(super) fn progress_words(progress: Progress, upload: bool) -> String {
    match (progress.all, upload) {
        (Some(all), true) => format!("{} of {}", size(progress.done), size(all)),
        (None, true) => size(progress.done),
        (Some(all), false) => format!("{} of {} deleted", thousands(progress.done), thousands(all)),
        (None, false) => format!("{} deleted", thousands(progress.done)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::names::{AccountId, PipelineId, RunId};
    use domain::pipeline::apply::Lane;

    fn step(id: &str, title: &str, state: StepState) -> PipelineStepView {
        PipelineStepView {
            id: id.into(),
            title: title.into(),
            lane: Lane::Training,
            account: AccountId::parse("222222222222").unwrap(),
            state,
            attempts: 1,
            started: Some(Timestamp(0)),
            took_ms: Some(2_100),
            note: None,
            error: None,
            progress: None,
            events: Vec::new(),
        }
    }

    fn run(kind: PipelineRunKind, state: RunState, steps: Vec<PipelineStepView>) -> PipelineRunView {
        PipelineRunView {
            id: RunId::parse("r1").unwrap(),
            pipeline: PipelineId::parse("p1").unwrap(),
            kind,
            state,
            revision: 1,
            by: "session 3f2a".into(),
            started: Timestamp(0),
            finished: None,
            steps,
        }
    }

    #[test]
    fn a_run_that_goes_on_says_what_it_is_at() {
        let steps = vec![
            step("shared-first", "Make stack a", StepState::Done),
            step("training", "Make stack b", StepState::Running),
            step("production", "Make stack c", StepState::Running),
        ];
        let going = run(PipelineRunKind::Apply, RunState::Running, steps);
        assert_eq!(run_sentence(&going), "Making the pipeline: 1 of 3 steps done, now “Make stack b” and 1 other.");
        let waiting = run(PipelineRunKind::TearDown, RunState::Running, vec![step("stop", "Stop", StepState::Pending)]);
        assert_eq!(run_sentence(&waiting), "Taking the pipeline away: 0 of 1 steps done.");
    }

    #[test]
    fn what_stands_is_changed_and_what_does_not_is_made() {
        let said =
            |id: &str, state| run_sentence(&run(PipelineRunKind::Apply, state, vec![step(id, "S", StepState::Done)]));
        assert_eq!(said("shared-wired", RunState::Succeeded), "The pipeline is made. It trains its first model now.");
        assert!(said("training", RunState::Succeeded).starts_with("The pipeline is changed."));
        assert_eq!(said("training", RunState::Running), "Changing the pipeline: 1 of 1 steps done.");
    }

    #[test]
    fn a_run_that_failed_names_what_failed_first() {
        let mut later = step("training", "Make stack b", StepState::Failed);
        later.took_ms = Some(9_000);
        let steps = vec![later, step("production", "Make stack c", StepState::Failed)];
        let said = run_sentence(&run(PipelineRunKind::Apply, RunState::Failed, steps.clone()));
        assert_eq!(
            said,
            "“Make stack c” failed in the training account 222222222222. 0 of 2 steps are done, and nothing more is \
             changed until you retry or roll back."
        );
        let said = run_sentence(&run(PipelineRunKind::TearDown, RunState::Failed, steps));
        assert!(said.ends_with("nothing more is taken away until you retry."), "{said}");
    }

    #[test]
    fn a_step_tells_its_tries_and_its_note() {
        let mut done = step("training", "x", StepState::Done);
        done.attempts = 2;
        done.note = Some("there already".into());
        assert_eq!(step_detail(&done, Timestamp(0)), "done in 2.1 s · 2 tries · there already");
    }

    #[test]
    fn an_upload_is_told_in_bytes_and_a_deletion_in_pieces() {
        assert!(is_upload(&step("data-train", "x", StepState::Running)));
        assert!(!is_upload(&step("empty", "x", StepState::Running)));
        let some = Progress { done: 1_536, all: Some(3_072) };
        assert_eq!(progress_words(some, true), "1.5 kB of 3 kB");
        assert_eq!(progress_words(some, false), "1,536 of 3,072 deleted");
        assert_eq!(progress_words(Progress { all: None, ..some }, false), "1,536 deleted");
    }
}

//! The candidate's answers beside those of the endpoint that serves.

use crate::api::pipeline::operate::{ClearTrials, TryModel, get_trial};
use crate::api::runs::AsOf;
use crate::components::{Polled, elapsed, use_polled};
use crate::error::{AppError, failure_of};
use crate::ui::{ActionProblem, Button, Card, ErrorPanel, IconName, Words};
use domain::invoke::compare::Difference;
use domain::names::PipelineId;
use domain::pipeline::trial::{Trial, TrialAnswer, TrialRequest, TrialState, TrialView};
use leptos::form::ActionForm;
use leptos::prelude::*;

/// What the page begins with.
pub(super) type FirstTrial = Result<AsOf<TrialView>, AppError>;

/// Tries the candidate, and shows what both answered.
#[component]
pub(super) fn Tried(pipeline: PipelineId, execution: String, endpoint: String, first: FirstTrial) -> impl IntoView {
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            return view! { <ErrorPanel error title="Whether the candidate was tried could not be found out"/> }
                .into_any();
        }
    };
    let going = |view: &TrialView| view.trial.as_ref().is_some_and(|trial| trial.state.is_going());
    let asked = (pipeline.clone(), execution.clone());
    let trial = use_polled(first, going, move || get_trial(asked.0.clone(), asked.1.clone()));
    let (try_it, clear) = (ServerAction::<TryModel>::new(), ServerAction::<ClearTrials>::new());
    super::super::overview::again_after(try_it, trial.ask);
    super::super::overview::again_after(clear, trial.ask);
    let said = Memo::new(move |_| trial.view.with(|view| view.trial.as_ref().map(sentence)));
    let busy = Memo::new(move |_| trial.view.with(going));
    let requests = Memo::new(move |_| {
        trial.view.with(|view| view.trial.as_ref().map(|trial| trial.requests.clone()).unwrap_or_default())
    });
    let skipped = Memo::new(move |_| {
        trial.view.with(|view| view.trial.as_ref().map(|trial| trial.skipped.clone()).unwrap_or_default())
    });
    let for_try = (pipeline.to_string(), execution.clone());
    let button = move || {
        let (pipeline, execution) = for_try.clone();
        let again = said.with(Option::is_some);
        (!busy.get()).then(|| {
            view! {
                <ActionForm action=try_it>
                    <input type="hidden" name="pipeline" value=pipeline/>
                    <input type="hidden" name="execution" value=execution/>
                    <Button icon=IconName::Play submit=true busy=try_it.pending()>
                        {if again { "Try the candidate again" } else { "Try the candidate" }}
                    </Button>
                    <ActionProblem error=failure_of(try_it)/>
                </ActionForm>
            }
        })
    };
    let about = format!(
        "This makes an endpoint of its own in the production account with the candidate's model and one instance, sends the saved requests of {endpoint} to both, and deletes it again. It is billed while it stands, and takes some minutes on AWS. Without a saved request the first rows that the model was tried on are sent."
    );
    view! {
        <Card title=|| "Answers of the candidate and of the endpoint that serves" id="try">
            <div class="card-body">
                <p class="muted">{about}</p>
                <p role="status">{move || said.get().map(|text| view! { <Words text/> })}</p>
                {move || busy.get().then(|| view! { <p class="muted">{move || since(trial)}</p> })}
                {button}
                <Left trial pipeline=pipeline.to_string() execution clear/>
            </div>
            <For
                each=move || requests.get().into_iter().enumerate()
                key=|(at, _)| *at
                children=|(_, request)| view! { <Both request/> }
            />
            {move || skipped.with(|all| !all.is_empty()).then(|| {
                let all = skipped.get().into_iter().map(|why| view! { <li>{why}</li> }).collect_view();
                view! { <div class="card-body"><p class="muted">"Not sent:"</p><ul class="skipped">{all}</ul></div> }
            })}
        </Card>
    }
    .into_any()
}

fn since(trial: Polled<TrialView>) -> Option<String> {
    let started = trial.view.with(|view| view.trial.as_ref().map(|trial| trial.started))?;
    Some(format!("for {}", elapsed(trial.now.get().since(started))))
}

fn sentence(trial: &Trial) -> String {
    let name = &trial.name;
    match &trial.state {
        TrialState::Starting => format!("Making the temporary endpoint `{name}`"),
        TrialState::Asking => "Asking both".into(),
        TrialState::Cleaning => format!("Taking the temporary endpoint `{name}` away"),
        TrialState::Failed { message } => format!("The candidate could not be tried: {message}"),
        TrialState::Done => {
            let all = trial.requests.len();
            if trial.requests.iter().all(|request| request.live.is_none()) {
                return format!("The candidate was asked {}; no endpoint serves yet.", times(all));
            }
            let same = trial.requests.iter().filter(|request| request.difference == Some(Difference::Same)).count();
            format!("Both were asked {}; {same} of {all} answers are the same.", times(all))
        }
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// What is left in the account, and a way to take it away.
#[component]
fn Left(
    trial: Polled<TrialView>,
    pipeline: String,
    execution: String,
    clear: ServerAction<ClearTrials>,
) -> impl IntoView {
    let left = Memo::new(move |_| trial.view.with(|view| view.left.clone()));
    move || {
        let (left, pipeline, execution) = (left.get(), pipeline.clone(), execution.clone());
        (!left.is_empty()).then(|| {
            let names = left.join(", ");
            view! {
                <div class="pipeline-banner">
                    <p>"A try has left in the production account: " <code>{names}</code> ". It is billed as long as it stands."</p>
                    <ActionForm action=clear>
                        <input type="hidden" name="pipeline" value=pipeline/>
                        <input type="hidden" name="execution" value=execution/>
                        <Button small=true submit=true busy=clear.pending()>"Delete what is left"</Button>
                        <ActionProblem error=failure_of(clear)/>
                    </ActionForm>
                </div>
            }
        })
    }
}

/// A request with both answers side by side.
#[component]
fn Both(request: TrialRequest) -> impl IntoView {
    let TrialRequest { name, sent, live, candidate, difference } = request;
    let (differs, label, shown) = (difference.as_ref().map(in_words), name.clone(), name.clone());
    view! {
        <section class="tried" aria-label=label>
            <h3>{shown}</h3>
            <details class="stage-more">
                <summary>"What was sent"</summary>
                <pre class="log-lines" role="region" aria-label=of(&name, "what was sent") tabindex="0">{sent}</pre>
            </details>
            <div class="tried-both">
                {live.map(|live| answer(&name, "Serving", live))}
                {answer(&name, "Candidate", candidate)}
            </div>
            {differs.map(|differs| view! { <p class="muted">{differs}</p> })}
        </section>
    }
}

/// Regions of a page need names of their own: each names the request that it belongs to.
fn of(request: &str, part: &str) -> String {
    format!("{request}: {part}")
}

fn answer(request: &str, who: &'static str, answer: TrialAnswer) -> impl IntoView {
    let (class, text) = match answer {
        TrialAnswer::Answered(text) => ("log-lines", text),
        TrialAnswer::Refused(text) => ("log-lines is-refused", text),
    };
    view! {
        <div>
            <h4>{who}</h4>
            <pre class=class role="region" aria-label=of(request, who) tabindex="0">{text}</pre>
        </div>
    }
}

/// How far apart the answers are.
fn in_words(difference: &Difference) -> String {
    match difference {
        Difference::Same => "The same, byte for byte.".into(),
        Difference::Json(changes) | Difference::Table(changes) => {
            let count = changes.changes.len() + changes.more;
            let far = changes
                .changes
                .iter()
                .filter_map(|change| change.relative)
                .fold(None, |most: Option<f64>, now| Some(most.map_or(now, |most| most.max(now))));
            let far = far.map(|far| format!(", {:.2} % apart at most", far * 100.0)).unwrap_or_default();
            match count {
                0 => "They say the same.".into(),
                1 => format!("One value differs{far}."),
                count => format!("{count} values differ{far}."),
            }
        }
        Difference::Lines { .. } => "They are text that differs.".into(),
        Difference::Untold => "They differ.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::invoke::compare::{Change, Changes};

    #[test]
    fn how_far_answers_are_apart_is_told() {
        let change = |relative| Change { at: "row 1, column 1".into(), left: None, right: None, relative };
        let told = |changes| in_words(&Difference::Table(Changes { changes, more: 0 }));
        assert_eq!(told(vec![change(Some(0.5))]), "One value differs, 50.00 % apart at most.");
        assert_eq!(told(vec![change(Some(0.5)), change(None)]), "2 values differ, 50.00 % apart at most.");
        assert_eq!(in_words(&Difference::Same), "The same, byte for byte.");
    }
}

//! A candidate is tried on an endpoint of its own, which goes again whatever happens.

use super::Factory;
use super::approving::started;
use super::world::now;
use domain::invoke::compare::Difference;
use domain::invoke::{InvokeParams, Through};
use domain::names::PipelineId;
use domain::pipeline::execution::LogLine;
use domain::pipeline::trial::{Trial, TrialAnswer, TrialState};
use domain::share::intent::InvokeAction;
use std::time::Duration;

/// Keeps a request for the endpoint that serves.
async fn save(factory: &Factory, name: &str, body: &str) {
    let through = Through::parse("direct/eu-west-1/production").unwrap();
    let params = InvokeParams {
        through,
        endpoint: "churn-live".parse().unwrap(),
        headers: domain::invoke::InvokeHeaders { content_type: "text/csv".into(), ..Default::default() },
        body: body.into(),
        encoding: Default::default(),
    };
    factory.bench.services.save_request(&factory.operator, params, InvokeAction::Invoke, name).await.unwrap();
}

/// What the temporary endpoint is called, with its configuration and its model.
const NAME: &str = "churn-try-0f8fad5bd9cb469fa165";

/// The try, once it is over. The clock is the test's own: nothing is waited for.
async fn over(factory: &Factory, pipeline: &PipelineId, execution: &str) -> Trial {
    loop {
        let view = factory.pipelines.trial(&factory.operator, pipeline, execution).await.unwrap();
        match view.trial {
            Some(trial) if !trial.state.is_going() => return trial,
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn both_are_asked_what_is_saved_and_nothing_is_left() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    save(&factory, "Usual", "1,2,3").await;
    save(&factory, "With a variable", "{{age}},2").await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    pipelines.try_model(operator, &pipeline, &execution).await.unwrap();
    let trial = over(&factory, &pipeline, &execution).await;
    assert_eq!((trial.state, trial.name.as_str()), (TrialState::Done, NAME));
    let [request] = &trial.requests[..] else { panic!("{:?}", trial.requests) };
    assert_eq!((request.name.as_str(), request.sent.as_str()), ("Usual", "1,2,3"));
    assert_eq!(request.live, Some(TrialAnswer::Answered("1,2,3".into())));
    assert_eq!(request.difference, Some(Difference::Same));
    assert_eq!(trial.skipped, ["With a variable: its variables have no values of their own"]);
    let world = factory.aws.world();
    let made = format!("create model {NAME} of s3://churn-111111111111-eu-west-1/models/churn-");
    assert!(world.calls[0].starts_with(&made), "{:?}", world.calls);
    let gone = ["endpoint", "configuration", "model"].map(|what| format!("delete {what} {NAME}"));
    assert_eq!(world.calls[1..], gone);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_goes_too_and_why_is_told() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    save(&factory, "Usual", "1,2,3").await;
    factory.aws.world().trial_fails = Some("the image can't be read");
    factory.pipelines.try_model(&factory.operator, &pipeline, &execution).await.unwrap();
    let trial = over(&factory, &pipeline, &execution).await;
    let message = "the temporary endpoint could not be made: the image can't be read".to_owned();
    assert_eq!(trial.state, TrialState::Failed { message });
    let world = factory.aws.world();
    assert!(world.trials.is_empty() && !world.models.contains_key(NAME));
}

#[tokio::test(start_paused = true)]
async fn without_anything_to_send_nothing_is_made() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    factory.pipelines.try_model(&factory.operator, &pipeline, &execution).await.unwrap();
    let trial = over(&factory, &pipeline, &execution).await;
    assert!(matches!(trial.state, TrialState::Failed { message } if message.contains("there is nothing to send")));
    assert_eq!(factory.aws.world().calls, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_process_left_is_listed_taken_away_and_part_of_the_tear_down() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    {
        let mut world = factory.aws.world();
        world.trials.insert(NAME.into(), ("InService".into(), NAME.into()));
        world.configurations.insert(NAME.into(), now());
    }
    let view = pipelines.trial(operator, &pipeline, &execution).await.unwrap();
    assert_eq!((view.trial, view.left), (None, vec![NAME.to_owned()]));
    let versions = pipelines.versions(operator, &pipeline).await.unwrap().versions;
    assert!(versions.iter().all(|version| version.name != NAME), "no version");
    let dry_run = pipelines.teardown(operator, &pipeline).await.unwrap();
    assert_eq!(dry_run.standing.trials, [NAME]);
    assert!(dry_run.plan.steps.iter().any(|step| step.id == "trials"));
    pipelines.clear_trials(operator, &pipeline).await.unwrap();
    assert_eq!(pipelines.trial(operator, &pipeline, &execution).await.unwrap().left, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_log_is_followed_line_by_line() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    let line = |ms: i64, text: &str| LogLine { at: now().plus_ms(ms), text: text.into() };
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let mut read = Vec::new();
    let mut after = None::<String>;
    for lines in [vec![line(0, "a"), line(1, "b"), line(1, "c")], vec![line(1, "d"), line(2, "e")]] {
        factory.aws.world().lines.extend(lines);
        loop {
            let log = pipelines.action_log(operator, &pipeline, &execution, "Train", after.as_deref()).await.unwrap();
            read.extend(log.lines.into_iter().map(|line| line.text));
            after = log.next;
            if !log.more {
                break;
            }
        }
    }
    assert_eq!(read, ["a", "b", "c", "d", "e"]);
}

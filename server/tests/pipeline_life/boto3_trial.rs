//! A model is tried before it is approved, beside the one that serves, and leaves nothing behind.

use crate::inventory::Inventory;
use crate::world::{CUSTOMER, ENDPOINT, World, eventually};
use domain::invoke::{InvokeParams, Through};
use domain::names::PipelineId;
use domain::pipeline::approval::Verdict;
use domain::pipeline::execution::ExecutionStatus;
use domain::pipeline::trial::{Trial, TrialAnswer, TrialState};
use domain::share::intent::InvokeAction;

/// The try of an execution's model, at its end.
async fn tried(world: &World, pipeline: &PipelineId, execution: &str) -> Trial {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    pipelines.try_model(operator, pipeline, execution).await.unwrap();
    let trial = eventually("the end of a try", async || {
        let view = pipelines.trial(operator, pipeline, execution).await.unwrap();
        view.trial.filter(|trial| !trial.state.is_going())
    })
    .await;
    assert_eq!(trial.state, TrialState::Done);
    let left = pipelines.trial(operator, pipeline, execution).await.unwrap().left;
    assert_eq!(left, Vec::<String>::new());
    trial
}

/// The inventory, once all that is seen is on disk: what is confirmed is, and everything before it.
async fn inventory(world: &World) -> Inventory {
    let tag = [("UserName", "admin"), ("Tags.member.1.Key", "seen"), ("Tags.member.1.Value", "yes")];
    world.client("shared").iam_ok("TagUser", &tag).await;
    world.inventory()
}

fn answered(answer: &TrialAnswer) -> f64 {
    let TrialAnswer::Answered(text) = answer else { panic!("{answer:?}") };
    text.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_answers_saved_requests_beside_the_model_that_serves_and_leaves_nothing() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let pipeline = world.made(|_| {}).await;
    let first = world.waiting(&pipeline, &[]).await;

    // Where nothing serves and nothing is saved, the model alone is asked the first rows of the validation data.
    let before = inventory(&world).await;
    let alone = tried(&world, &pipeline, &first.execution).await;
    assert_eq!(alone.requests.len(), 5, "{alone:#?}");
    for (at, request) in alone.requests.iter().enumerate() {
        assert_eq!(request.name, format!("Row {} of the validation data", at + 1));
        assert_eq!((&request.live, &request.difference), (&None, &None));
        assert!((0.0..1.0).contains(&answered(&request.candidate)), "{request:#?}");
    }
    world.inventory().is_as(&before, &[]);

    world.decide(&pipeline, &first, Verdict::Approved, "good enough").await;
    assert_eq!(world.execution_ends(&pipeline, &first.execution).await, ExecutionStatus::Succeeded);
    let serving = world.serves(&pipeline).await;

    // The next model knows less, so that one can tell who answers.
    let draft = pipelines.edit(operator, &pipeline).await.unwrap();
    world.model(&draft, |model| model.hyperparameters = model.hyperparameters.replace("=20", "=2")).await;
    world.succeeds(&world.apply(&draft).await).await;
    let second = world.waiting(&pipeline, &[&first.execution]).await;

    let save = async |body: &str, way: InvokeAction, name: &str| {
        let through = Through::parse("direct/eu-west-1/production").unwrap();
        let params = InvokeParams::text(through, ENDPOINT.parse().unwrap(), "text/csv", body);
        world.services.save_request(operator, params, way, name).await.unwrap();
    };
    save(CUSTOMER, InvokeAction::Invoke, "Mrs Smith").await;
    save("{{months}},0,0,138.2,78,25.4,106.7,2,9.1", InvokeAction::Invoke, "Somebody").await;

    let before = inventory(&world).await;
    let trial = tried(&world, &pipeline, &second.execution).await;
    assert_eq!(trial.execution, second.execution);
    assert_eq!(trial.skipped, ["Somebody: its variables have no values of their own"]);
    let [request] = &trial.requests[..] else { panic!("{trial:#?}") };
    assert_eq!((request.name.as_str(), request.sent.as_str()), ("Mrs Smith", CUSTOMER));
    let (live, candidate) = (answered(request.live.as_ref().unwrap()), answered(&request.candidate));
    let answer = world.client("production").invoke(ENDPOINT, &[("content-type", "text/csv")], CUSTOMER).await;
    assert_eq!(live, answer.text().trim().parse::<f64>().unwrap(), "the one that serves");
    // Two rounds of many are not far from where every model begins.
    assert!((candidate - 0.5).abs() < (live - 0.5).abs(), "{candidate} {live}");
    assert!(request.difference.is_some());
    world.inventory().is_as(&before, &[]);
    assert_eq!(world.serves(&pipeline).await, serving);

    world.decide(&pipeline, &second, Verdict::Rejected, "it knows too little").await;
    assert_eq!(world.execution_ends(&pipeline, &second.execution).await, ExecutionStatus::Failed);
}

//! Rolling back, and tearing down.

use super::world::now;
use super::{FIRST, Factory, SECOND};
use domain::pipeline::apply::Part;
use domain::pipeline::execution::{Execution, ExecutionStatus};
use domain::pipeline::view::{PipelineStatus, TeardownForm};
use domain::run::{RunState, StepState};
use services::ServiceError;

/// A version of the pipeline `churn-2`.
const OTHER: &str = "churn-2-0f8fad5b-d9cb-469f-a165-000000000001";

#[tokio::test(start_paused = true)]
async fn rolling_back_leaves_the_accounts_as_they_were() {
    let factory = Factory::new().await;
    let before = factory.summary();
    let draft = factory.draft().await;
    let why = (2, "Role", "AWS::IAM::Role", "no".to_owned());
    factory.aws.world().fails.insert("churn-production".into(), why);
    let pipeline = factory.ended(&factory.apply(&draft).await).await.pipeline;
    assert_ne!(factory.summary(), before);

    let run = factory.pipelines.roll_back(&factory.operator, &pipeline).await.unwrap();
    let view = factory.ended(&run).await;
    assert_eq!(view.state, RunState::Failed, "the deletion fails once, as told");
    factory.pipelines.retry_run(&factory.operator, &run).await.unwrap();
    assert_eq!(factory.ended(&run).await.state, RunState::Succeeded);
    assert_eq!(factory.summary(), before);
    let status = factory.pipelines.pipelines(&factory.operator).await.unwrap()[0].status;
    assert_eq!(status, PipelineStatus::Removed);

    // The draft is as it was: what was wrong is mended, and it is applied again.
    let again = factory.apply(&draft).await;
    assert_eq!(factory.ended(&again).await.state, RunState::Succeeded);
    let refused = factory.pipelines.roll_back(&factory.operator, &pipeline).await.unwrap_err();
    assert_eq!(refused.to_string(), "only what an unfinished run has made is rolled back");
}

fn live(factory: &Factory) {
    let mut world = factory.aws.world();
    world.endpoint = Some(("InService".into(), SECOND.into()));
    for name in [FIRST, SECOND, OTHER] {
        world.configurations.insert(name.into(), now());
        world.models.insert(name.into(), now());
    }
    world.put(&format!("models/{SECOND}/output/model.tar.gz"), 9, "m", "k");
    world.put(&format!("models/{SECOND}/output/model.tar.gz"), 9, "m", "k");
    world.executions.push(Execution {
        id: "e-1".into(),
        status: ExecutionStatus::InProgress,
        started: now(),
        updated: now(),
        trigger: None,
        revision: None,
        stopped_because: None,
    });
    world.calls.clear();
}

#[tokio::test(start_paused = true)]
async fn a_tear_down_lists_everything_asks_for_names_and_goes_in_order() {
    let factory = Factory::new().await;
    let before = factory.summary();
    let pipeline = factory.made().await;
    live(&factory);
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let dry_run = pipelines.teardown(operator, &pipeline).await.unwrap();
    assert!(factory.aws.world().calls.is_empty(), "a dry run changes nothing");
    assert_eq!(dry_run.type_bucket.as_deref(), Some("churn-111111111111-eu-west-1"));
    assert_eq!(dry_run.type_endpoint.as_deref(), Some("churn-live"));
    assert_eq!(dry_run.standing.configurations, [SECOND, FIRST], "and none of another's");
    assert_eq!(dry_run.standing.stacks[&Part::SharedServices].resources["Key"], "k-1");
    assert!(dry_run.stays.iter().any(|what| what.contains("30 days")), "{:?}", dry_run.stays);

    let fingerprint = &dry_run.fingerprint;
    let untyped = pipelines.tear_down(operator, &pipeline, fingerprint, &TeardownForm::default()).await.unwrap_err();
    let ServiceError::Invalid { problems } = untyped else { panic!("{untyped}") };
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["bucket", "endpoint"]);
    assert!(factory.bench.memory.leases.lock().unwrap().is_empty());

    let form = TeardownForm { bucket: "churn-111111111111-eu-west-1".into(), endpoint: "churn-live".into() };
    let run = pipelines.tear_down(operator, &pipeline, fingerprint, &form).await.unwrap();
    let view = factory.ended(&run).await;
    assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
    let gone = view.steps.iter().find(|step| step.id == "delete-shared").unwrap();
    assert!(gone.note.as_deref().unwrap().starts_with("its key is deleted on 20"), "{:?}", gone.note);
    let calls = factory.aws.world().calls.clone();
    let versions = [format!("delete configuration {SECOND}"), format!("delete model {FIRST}")];
    let [configuration, model] = versions.each_ref().map(String::as_str);
    let order = ["stop e-1", "delete endpoint churn-live", configuration, model];
    let stacks = ["delete churn-shared-services", "delete churn-training"];
    let positions: Vec<_> =
        order.iter().chain(&stacks).map(|call| calls.iter().position(|made| made == call).unwrap()).collect();
    assert!(positions.is_sorted(), "{calls:?}");
    let emptied = calls.iter().rposition(|call| call.ends_with("versions")).unwrap();
    assert!(emptied < positions[4], "{calls:?}");
    {
        let mut world = factory.aws.world();
        assert_eq!(world.models.keys().collect::<Vec<_>>(), [OTHER]);
        (world.models, world.configurations) = Default::default();
    }
    assert_eq!(factory.summary(), before);
    assert_eq!(std::fs::read_dir(factory.folder.path()).unwrap().count(), 0, "its files are gone too");
    pipelines.forget(operator, &pipeline).await.unwrap();
    assert!(pipelines.pipelines(operator).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn versions_are_listed_though_somebody_deleted_the_stack_of_what_made_them() {
    let factory = Factory::new().await;
    let pipeline = factory.made().await;
    live(&factory);
    {
        let mut world = factory.aws.world();
        world.endpoint = None;
        world.stacks.retain(|(_, name), _| name != "churn-production");
    }
    let dry_run = factory.pipelines.teardown(&factory.operator, &pipeline).await.unwrap();
    assert_eq!(dry_run.standing.configurations, [SECOND, FIRST]);
    assert_eq!(dry_run.standing.models, [SECOND, FIRST]);
    assert!(dry_run.plan.steps.iter().any(|step| step.title == "Delete 2 endpoint configurations and 2 models"));
}

#[tokio::test(start_paused = true)]
async fn a_tear_down_that_stops_half_way_lists_what_is_left() {
    let factory = Factory::new().await;
    let pipeline = factory.made().await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let dry_run = pipelines.teardown(operator, &pipeline).await.unwrap();
    let form = TeardownForm { bucket: dry_run.type_bucket.clone().unwrap(), endpoint: String::new() };
    let why = (1, "Repository", "AWS::CodeCommit::Repository", "it is in use".to_owned());
    factory.aws.world().fails.insert("churn-shared-services".into(), why);
    let run = pipelines.tear_down(operator, &pipeline, &dry_run.fingerprint, &form).await.unwrap();
    let view = factory.ended(&run).await;
    let failed = view.steps.iter().find(|step| step.state == StepState::Failed).unwrap();
    assert_eq!(
        failed.error.as_ref().unwrap().message,
        "`Repository` of the stack `churn-shared-services`: it is in use"
    );
    assert!(pipelines.forget(operator, &pipeline).await.is_err(), "something of it stands");

    let left = pipelines.teardown(operator, &pipeline).await.unwrap();
    assert_eq!(left.plan.steps.len(), 3, "{:?}", left.plan);
    let run = pipelines.tear_down(operator, &pipeline, &left.fingerprint, &TeardownForm::default()).await.unwrap();
    assert_eq!(factory.ended(&run).await.state, RunState::Succeeded);
    assert!(factory.aws.world().stacks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_the_dry_run_is_not_taken_away() {
    let factory = Factory::new().await;
    let pipeline = factory.made().await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let dry_run = pipelines.teardown(operator, &pipeline).await.unwrap();
    live(&factory);
    let form = TeardownForm { bucket: dry_run.type_bucket.unwrap(), endpoint: String::new() };
    let refused = pipelines.tear_down(operator, &pipeline, &dry_run.fingerprint, &form).await.unwrap_err();
    assert_eq!(refused.to_string(), "the accounts have changed since this was shown");
}

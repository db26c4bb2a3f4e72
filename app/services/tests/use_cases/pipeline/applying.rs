//! Review and apply.

use super::Factory;
use domain::pipeline::apply::Part;
use domain::pipeline::draft::{PipelineForm, PipelineStep};
use domain::pipeline::view::{PipelineStatus, Standpoint, Trigger};
use domain::run::{RunState, StepState};
use domain::share::diff::Change;
use services::ServiceError;
use services::ports::gateway::StackRequest;

#[tokio::test(start_paused = true)]
async fn a_pipeline_is_made_in_passes_and_its_data_goes_up_encrypted() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let review = factory.pipelines.review(&factory.operator, &draft).await.unwrap();
    assert_eq!(review.faults, Vec::<String>::new());
    assert_eq!(review.stacks.iter().map(|stack| stack.exists).collect::<Vec<_>>(), [false; 4]);
    assert_eq!(review.documents.len(), 5);
    assert_eq!(review.tally.train + review.tally.validation, 60);

    let run = factory.pipelines.apply(&factory.operator, &draft, &review.fingerprint).await.unwrap();
    let run = factory.ended(&run).await;
    assert_eq!((run.state, run.progress()), (RunState::Succeeded, (8, 8)), "{run:#?}");
    assert!(run.steps[0].events.iter().any(|event| event.status == "CREATE_IN_PROGRESS"), "told as it went");

    let world = factory.aws.world().clone();
    let position = |call: &str| world.calls.iter().position(|made| made == call).unwrap_or_else(|| panic!("{call}"));
    assert_eq!(position("create churn-shared-services"), 0);
    let updates: Vec<_> = world.calls.iter().filter(|call| call.starts_with("update")).collect();
    assert_eq!(updates.len(), 2, "{:?}", world.calls);
    assert!(position("create churn-production") < position("update churn-shared-services"));
    let last = world.calls.last().unwrap();
    assert_eq!(last, "update churn-shared-services", "the pipeline comes when all it needs is there");
    assert!(world.pipeline.is_some());
    assert_eq!(world.files.keys().collect::<Vec<_>>(), ["training.json", "training.yaml"]);
    for channel in ["train", "validation"] {
        let object = &world.objects[&format!("data/{channel}/{channel}.csv")];
        assert_eq!(object[0].key, "arn:aws:kms:eu-west-1:111111111111:key/k-1");
    }
    let record = factory.pipelines.pipeline(&factory.operator, &run.pipeline).await.unwrap();
    assert_eq!(record.status, PipelineStatus::Ready);
    assert_eq!(record.outputs.keys().collect::<Vec<_>>(), [&Part::SharedServices, &Part::Training, &Part::Production]);
    assert!(factory.bench.memory.leases.lock().unwrap().is_empty());
    assert!(factory.pipelines.drafts(&factory.operator).await.unwrap().is_empty(), "it is no draft any more");
}

#[tokio::test(start_paused = true)]
async fn a_source_in_the_bucket_is_put_as_a_zip_file() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    factory.aws.world().no_repositories = true;
    let mut model = factory.pipelines.draft(&factory.operator, &draft).await.unwrap().draft.model;
    model.source = "bucket".into();
    let form = PipelineForm::Model(model.into());
    assert_eq!(factory.pipelines.save_step(&factory.operator, &draft, form).await.unwrap(), []);
    let run = factory.ended(&factory.apply(&draft).await).await;
    assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
    let world = factory.aws.world();
    assert_eq!((world.commits, world.objects["source/training.zip"].len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_is_shown_with_its_cause_and_a_retry_begins_the_stack_anew() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let denied = "User admin is not authorized to perform: iam:CreateRole".to_owned();
    factory.aws.world().fails.insert("churn-production".into(), (1, "ModelRole", "AWS::IAM::Role", denied));
    let run = factory.apply(&draft).await;
    let view = factory.ended(&run).await;
    assert_eq!(view.state, RunState::Failed);
    let failed = view.steps.iter().find(|step| step.state == StepState::Failed).unwrap();
    assert_eq!(failed.events.last().unwrap().status, "CREATE_FAILED", "told to the end");
    let error = failed.error.clone().unwrap();
    assert_eq!(
        (failed.id.as_str(), error.code.as_str(), error.message.as_str()),
        (
            "production",
            "CREATE_FAILED",
            "`ModelRole` of the stack `churn-production`: User admin is not authorized to perform: iam:CreateRole"
        )
    );
    assert_eq!(error.hint, "give the connection's identity the permission that is named, then retry");
    assert_eq!(view.steps.iter().filter(|step| step.state == StepState::Pending).count(), 2, "what waits for it");
    let pipeline = factory.pipelines.pipeline(&factory.operator, &view.pipeline).await.unwrap();
    assert_eq!(pipeline.status, PipelineStatus::Incomplete);
    let left = factory.pipelines.teardown(&factory.operator, &view.pipeline).await.unwrap().standing;
    assert_eq!(left.stacks[&Part::Production].state.as_str(), "ROLLBACK_COMPLETE", "half-made, and listed");

    factory.pipelines.retry_run(&factory.operator, &run).await.unwrap();
    let view = factory.ended(&run).await;
    assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
    let step = view.steps.iter().find(|step| step.id == "production").unwrap();
    assert_eq!(step.note.as_deref(), Some("made anew: what an earlier try left was deleted first"));
    assert_eq!(step.attempts, 2);
    let calls = factory.aws.world().calls.clone();
    let of_production: Vec<_> = calls.iter().filter(|call| call.ends_with("churn-production")).collect();
    assert_eq!(of_production, ["create churn-production", "delete churn-production", "create churn-production"]);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_another_has_is_refused_before_anything_is_made_and_explained_when_it_comes_too_late() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let fingerprint = factory.pipelines.review(&factory.operator, &draft).await.unwrap().fingerprint;
    let bucket = "churn-111111111111-eu-west-1";
    factory.aws.world().taken.insert(bucket.into());
    let preflight = factory.pipelines.preflight(&factory.operator, &draft).await.unwrap();
    assert_eq!(preflight.wrong().next().unwrap().key, "bucket");
    let refused = factory.pipelines.apply(&factory.operator, &draft, &fingerprint).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("another account has a bucket `{bucket}`"));
    assert!(factory.aws.world().calls.is_empty() && factory.bench.memory.leases.lock().unwrap().is_empty());

    factory.aws.world().taken.clear();
    let already = format!("{bucket} already exists");
    factory.aws.world().fails.insert("churn-shared-services".into(), (1, "Bucket", "AWS::S3::Bucket", already));
    let run = factory.apply(&draft).await;
    let error = factory.ended(&run).await.steps[0].error.clone().unwrap();
    assert_eq!(error.message, format!("`Bucket` of the stack `churn-shared-services`: {bucket} already exists"));
    assert!(error.hint.starts_with("bucket names are unique in all of AWS"), "{}", error.hint);
}

#[tokio::test(start_paused = true)]
async fn preflight_tells_of_accounts_source_and_quotas() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let fine = factory.pipelines.preflight(&factory.operator, &draft).await.unwrap();
    assert!(fine.items.iter().all(|item| item.standpoint == Standpoint::Fine), "{fine:#?}");
    assert_eq!(fine.accounts[1].identity.as_deref(), Some("arn:aws:iam::222222222222:user/admin"));
    {
        let mut world = factory.aws.world();
        world.no_repositories = true;
        world.quotas.insert("ml.m5.large for training job usage".into(), 0.0);
        world.quotas.insert("ml.m5.large for endpoint usage".into(), 3.0);
    }
    factory.aws.moved.lock().unwrap().insert("training", "999999999999");
    let told = factory.pipelines.preflight(&factory.operator, &draft).await.unwrap();
    let said = |key: &str, standpoint| {
        let found = told.items.iter().find(|item| item.key == key && item.standpoint == standpoint);
        found.unwrap_or_else(|| panic!("{key}: {told:#?}")).message.clone()
    };
    assert_eq!(said("source", Standpoint::Wrong), "account 111111111111 can't make repositories");
    assert_eq!(
        said("training_quota", Standpoint::Wrong),
        "the quota `ml.m5.large for training job usage` is 0, and 1 are needed"
    );
    assert_eq!(
        said("endpoint_quota", Standpoint::Unclear),
        "the quota `ml.m5.large for endpoint usage` is 3, and an update needs 4"
    );
    assert!(said("account", Standpoint::Wrong).contains("now leads to account 999999999999"));
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_the_review_is_not_applied_and_a_second_run_waits() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let stale = factory.pipelines.apply(&factory.operator, &draft, "another").await.unwrap_err();
    assert_eq!(stale.to_string(), "the accounts or the answers have changed since this review");
    let fingerprint = factory.pipelines.review(&factory.operator, &draft).await.unwrap().fingerprint;
    let run = factory.pipelines.apply(&factory.operator, &draft, &fingerprint).await.unwrap();
    let second = factory.pipelines.apply(&factory.operator, &draft, &fingerprint).await.unwrap_err();
    assert!(matches!(second, ServiceError::Conflict { .. }), "{second}");
    assert_eq!(factory.ended(&run).await.state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_leads_elsewhere_by_then_stops_its_step() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let denied = (1, "Role", "AWS::IAM::Role", "no".to_owned());
    factory.aws.world().fails.insert("churn-training".into(), denied);
    let run = factory.apply(&draft).await;
    assert_eq!(factory.ended(&run).await.state, RunState::Failed);
    factory.aws.moved.lock().unwrap().insert("training", "999999999999");
    let refused = factory.pipelines.retry_run(&factory.operator, &run).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "connection `training` now leads to account 999999999999, and the pipeline's training account is 222222222222"
    );
    assert!(factory.bench.memory.leases.lock().unwrap().is_empty());
    factory.aws.moved.lock().unwrap().clear();
    factory.pipelines.retry_run(&factory.operator, &run).await.unwrap();
    assert_eq!(factory.ended(&run).await.state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_shown_as_one_and_leaves_alone_what_stays() {
    let factory = Factory::new().await;
    let pipeline = factory.made().await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let draft = pipelines.edit(operator, &pipeline).await.unwrap();
    let mut view = pipelines.draft(operator, &draft).await.unwrap();
    assert_eq!((view.problems, view.exists), (Vec::new(), true));
    view.draft.model.endpoint_count = "3".into();
    view.draft.model.prefix = "other".into();
    let form = |model: &domain::pipeline::draft::ModelForm| PipelineForm::Model(model.clone().into());
    let wrong = pipelines.save_step(operator, &draft, form(&view.draft.model)).await.unwrap();
    assert_eq!(wrong[0].message, "this pipeline was made with `churn`, not `other`");
    (view.draft.model.prefix, view.draft.model.source) = ("churn".into(), "bucket".into());
    let wrong = pipelines.save_step(operator, &draft, form(&view.draft.model)).await.unwrap();
    assert_eq!(wrong[0].message, "this pipeline was made with `repository`, not `bucket`");
    view.draft.model.source = "repository".into();
    assert_eq!(pipelines.save_step(operator, &draft, form(&view.draft.model)).await.unwrap(), []);

    let review = pipelines.review(operator, &draft).await.unwrap();
    let notes: Vec<_> = review.stacks.iter().map(|stack| (stack.part, stack.parameters.note.as_str())).collect();
    assert_eq!(
        notes[..3],
        [(Part::SharedServices, "unchanged"), (Part::Training, "unchanged"), (Part::Production, "changed")]
    );
    assert_eq!(review.stacks[2].template.note, "unchanged");
    // What the pipeline itself makes comes with its first execution.
    let applied = review.stacks.iter().filter(|stack| stack.part != Part::Workflow);
    let changed = applied.flat_map(|stack| &stack.resources).filter(|resource| resource.change != Change::Keep);
    let changed: Vec<_> = changed.map(|resource| (resource.logical_id.as_str(), resource.change)).collect();
    assert_eq!(changed, [("DeployFunction", Change::Update)]);
    assert!(review.files.iter().all(|file| file.change == Change::Keep), "{:?}", review.files);
    assert_eq!(review.source, Change::Keep);
    factory.aws.world().calls.clear();
    let run = pipelines.apply(operator, &draft, &review.fingerprint).await.unwrap();
    assert_eq!(factory.ended(&run).await.state, RunState::Succeeded);
    assert_eq!(factory.aws.world().calls, ["update churn-production"], "neither data nor commit nor another stack");
    let reached = pipelines.draft(operator, &draft).await.unwrap().draft.reached;
    assert_eq!(reached, PipelineStep::Apply);
}

#[tokio::test(start_paused = true)]
async fn a_busy_aws_is_asked_again() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    factory.aws.world().throttled = 3;
    let run = factory.ended(&factory.apply(&draft).await).await;
    assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
    let created = factory.aws.world().calls.iter().filter(|call| *call == "create churn-shared-services").count();
    assert_eq!(created, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_others_made_is_left_alone() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let fingerprint = factory.pipelines.review(&factory.operator, &draft).await.unwrap().fingerprint;
    let strangers = StackRequest {
        name: "churn-training".into(),
        template: "Resources: {}".into(),
        parameters: [("Prefix".to_owned(), "churn".to_owned())].into(),
        tags: Default::default(),
    };
    let there = |factory: &Factory| factory.aws.world().create("222222222222", &strangers).unwrap();
    there(&factory);
    let refused = factory.pipelines.apply(&factory.operator, &draft, &fingerprint).await.unwrap_err();
    let said = "account 222222222222 has a stack `churn-training` that this pipeline did not make";
    assert_eq!(refused.to_string(), said);

    factory.aws.world().stacks.clear();
    let run = factory.pipelines.apply(&factory.operator, &draft, &fingerprint).await.unwrap();
    there(&factory);
    let view = factory.ended(&run).await;
    let failed = view.steps.iter().find(|step| step.id == "training").unwrap().error.clone().unwrap();
    assert_eq!((failed.code.as_str(), failed.message.as_str()), ("NotOurs", said));
    let rolled_back = factory.pipelines.roll_back(&factory.operator, &view.pipeline).await.unwrap();
    assert_eq!(factory.ended(&rolled_back).await.state, RunState::Succeeded);
    let left: Vec<_> = factory.aws.world().stacks.keys().map(|(_, name)| name.clone()).collect();
    assert_eq!(left, ["churn-training"], "and no more");
}

#[tokio::test(start_paused = true)]
async fn rules_that_start_nothing_are_told() {
    let factory = Factory::new().await;
    let pipeline = factory.made().await;
    let idle = async || factory.pipelines.idle_rules(&factory.operator, &pipeline).await.unwrap();
    assert_eq!(idle().await, []);
    factory.aws.world().rules = [("churn-data".into(), Some(false)), ("churn-template".into(), None)].into();
    let told = idle().await;
    let told: Vec<_> = told.iter().map(|rule| (rule.trigger, rule.rule.as_str(), rule.there)).collect();
    assert_eq!(told, [(Trigger::Data, "churn-data", true), (Trigger::Template, "churn-template", false)]);
}

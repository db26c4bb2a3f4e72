//! The test function of a share: made, failed, resumed and taken away. What it does when it runs is in
//! `boto3_functions`.

use crate::world::{CHILD, LAMBDA, World, ended};
use domain::arn::CallerArn;
use domain::function::FunctionState;
use domain::names::{ConnectionId, FunctionName, Region, RoleName, RunId, ShareId};
use domain::policy::PolicyDocument;
use domain::run::{RunState, StepState};
use domain::share::function::{FunctionForm, FunctionPageView, MadeView, PlannedView};
use domain::share::plan::Holder;
use domain::share::render::lambda;
use serde_json::json;
use services::ServiceError;
use services::ports::gateway::{NewFunction, NewRole, Piece, Tags, Variables};

pub fn child() -> ConnectionId {
    "child".parse().unwrap()
}

pub fn ireland() -> Region {
    "eu-west-1".parse().unwrap()
}

pub async fn page(world: &World, share: &ShareId) -> FunctionPageView {
    world.services.test_function(&world.operator, share, FunctionForm::default()).await.unwrap()
}

pub async fn planned(world: &World, share: &ShareId, form: FunctionForm) -> PlannedView {
    world.services.test_function(&world.operator, share, form).await.unwrap().planned.unwrap()
}

pub async fn made(world: &World, share: &ShareId) -> MadeView {
    page(world, share).await.made.unwrap()
}

/// Starts making it by the page's own defaults.
pub async fn make(world: &World, share: &ShareId) -> RunId {
    let planned = planned(world, share, FunctionForm::default()).await;
    assert_eq!(planned.problems, []);
    world.services.make_function(&world.operator, share, planned.form, &planned.fingerprint).await.unwrap()
}

pub async fn delete(world: &World, share: &ShareId) -> RunId {
    let removal = made(world, share).await.removal.unwrap();
    world.services.delete_function(&world.operator, share, &removal.fingerprint).await.unwrap()
}

pub async fn allow(world: &World, share: &ShareId) -> RunId {
    let allow = made(world, share).await.allow.unwrap();
    assert_eq!(allow.blocked, None);
    let allowed = world.services.allow_function(&world.operator, share, &allow.fingerprint).await.unwrap();
    allowed.run.unwrap()
}

/// A share with nothing of a function, and what both accounts look like.
pub async fn shared() -> (World, ShareId, String) {
    let world = World::new().await;
    world.control("PUT", "/settings", json!({ "function_activation_ms": 0 })).await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let before = everything(&world, &share).await;
    (world, share, before)
}

/// What a share and its function could leave behind, in words.
pub async fn everything(world: &World, share: &ShareId) -> String {
    let (function, role) = (lambda::function_name(share), lambda::execution_role_name(share));
    let function = world.gateways.lambda.function(&child(), &ireland(), &function).await.unwrap();
    let role = world.gateways.iam.role(&child(), &role).await.unwrap();
    let role = role.map(|role| (role.attached, role.inline, role.trust, role.tags));
    let function = function.map(|f| (f.view.role, f.state, f.code_sha256, f.environment.read().cloned(), f.tags));
    format!("{}\n{role:?}\n{function:?}", world.seen().await)
}

#[tokio::test]
async fn a_function_is_made_with_a_role_that_may_only_write_its_log() {
    let (world, share, _) = shared().await;
    let planned = planned(&world, &share, FunctionForm::default()).await;
    let titles: Vec<&str> = planned.steps.iter().map(|step| step.title.split(' ').next().unwrap()).collect();
    assert_eq!(titles, ["Create", "Put", "Create", "Wait"]);
    assert!(planned.steps.iter().all(|step| step.account.as_str() == CHILD));
    assert_eq!(planned.documents.len(), 2);

    world.succeeds(&make(&world, &share).await).await;
    let page = page(&world, &share).await;
    assert_eq!((&page.planned, &page.run, &page.blocked), (&None, &None, &None));
    let made = page.made.unwrap();
    assert_eq!((made.state, made.allowed, &made.update), (Some(FunctionState::Active), false, &None));
    // The handler that is shown is the one that runs, with what the share asks for.
    assert!(page.handler.contains("arn:aws:iam::111111111111:role/SageMakerExternal"));
    assert!(page.handler.contains("sagebridge-fixed") && page.handler.contains("churn-classifier"));
    let name: FunctionName = made.name.parse().unwrap();
    let found = world.gateways.lambda.function(&child(), &ireland(), &name).await.unwrap().unwrap();
    let packed = services::archive::of_one_file(lambda::FILE_NAME, &page.handler);
    assert_eq!(found.code_sha256, services::archive::sha256(&packed));
    let tagged = |tags: &Tags| tags.get("sagebridge:share").is_some_and(|id| id == share.as_str());
    assert!(matches!(&found.tags, Piece::Read(tags) if tagged(tags)));
    let role: RoleName = CallerArn::parse(&made.role).unwrap().name().parse().unwrap();
    let role = world.gateways.iam.role(&child(), &role).await.unwrap().unwrap();
    assert!(tagged(&role.tags));
    assert_eq!((role.attached.len(), role.inline), (0, vec![lambda::logs_policy_name()]));
}

#[tokio::test]
async fn making_it_again_has_nothing_to_do_and_making_another_is_refused() {
    let (world, share, _) = shared().await;
    let first = planned(&world, &share, FunctionForm::default()).await;
    world.succeeds(&make(&world, &share).await).await;
    let (services, operator) = (&world.services, &world.operator);
    let stale = services.make_function(operator, &share, first.form, &first.fingerprint).await.unwrap_err();
    assert!(stale.to_string().contains("changed since"), "{stale}");
    let form = FunctionForm { name: "another".into(), ..FunctionForm::default() };
    let second = services.make_function(operator, &share, form, "").await.unwrap_err();
    assert!(second.to_string().contains("has a test function"), "{second}");
}

#[tokio::test]
async fn a_failure_at_any_step_is_told_and_a_retry_ends_the_same() {
    let (world, share, before) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    let expected = everything(&world, &share).await;
    world.succeeds(&delete(&world, &share).await).await;
    assert_eq!(everything(&world, &share).await, before);
    for (service, operation, step) in [
        ("iam", "CreateRole", "function-role"),
        ("iam", "PutRolePolicy", "function-role-logs"),
        ("lambda", "CreateFunction", "function-create"),
        ("lambda", "GetFunction", "function-active"),
    ] {
        let refused = json!({ "kind": "error", "status": 400, "code": "LimitExceeded", "message": "injected" });
        let run = {
            let planned = planned(&world, &share, FunctionForm::default()).await;
            // Planning under the lease looks once more before the run does.
            let skip = u64::from(operation == "GetFunction");
            let rule = json!({ "service": service, "operation": operation, "account": CHILD, "skip": skip, "times": 1, "effect": refused });
            world.fault(rule).await;
            let made = world.services.make_function(&world.operator, &share, planned.form, &planned.fingerprint).await;
            made.unwrap()
        };
        assert_eq!(world.fails(&run).await, [step]);
        assert_eq!(page(&world, &share).await.run.unwrap().id, run, "the page shows what failed");
        world.services.retry_run(&world.operator, &run).await.unwrap();
        world.succeeds(&run).await;
        assert_eq!(everything(&world, &share).await, expected, "{step}");
        world.succeeds(&delete(&world, &share).await).await;
        assert_eq!(everything(&world, &share).await, before, "{step}");
        world.no_faults().await;
    }
}

#[tokio::test]
async fn what_is_half_made_can_be_deleted_as_it_is_or_finished() {
    let (world, share, before) = shared().await;
    let refused = json!({ "kind": "error", "status": 400, "code": "LimitExceeded", "message": "injected" });
    for finish in [false, true] {
        let planned = planned(&world, &share, FunctionForm::default()).await;
        world.fault(json!({ "service": "lambda", "operation": "CreateFunction", "times": 1, "effect": refused })).await;
        let (services, operator) = (&world.services, &world.operator);
        let run = services.make_function(operator, &share, planned.form, &planned.fingerprint).await.unwrap();
        assert_eq!(world.fails(&run).await, ["function-create"]);
        let half = made(&world, &share).await;
        assert_eq!((half.arn, half.state), (None, None));
        if finish {
            let update = half.update.unwrap();
            let run = services.make_function(operator, &share, half.form, &update.fingerprint).await.unwrap();
            world.succeeds(&run).await;
            assert_eq!(made(&world, &share).await.state, Some(FunctionState::Active));
        }
        world.succeeds(&delete(&world, &share).await).await;
        assert_eq!(everything(&world, &share).await, before);
    }
}

#[tokio::test]
async fn an_answer_that_gets_lost_at_any_step_doubles_nothing() {
    let (world, share, before) = shared().await;
    for (service, operation) in [("iam", "CreateRole"), ("iam", "PutRolePolicy"), ("lambda", "CreateFunction")] {
        let lost = json!({ "kind": "lose_reply" });
        world.fault(json!({ "service": service, "operation": operation, "times": 3, "effect": lost })).await;
        world.succeeds(&make(&world, &share).await).await;
        world.no_faults().await;
        assert_eq!(made(&world, &share).await.state, Some(FunctionState::Active), "{operation}");
        for operation in ["DeleteFunction", "DeleteRolePolicy", "DeleteRole"] {
            let service = if operation == "DeleteFunction" { "lambda" } else { "iam" };
            world.fault(json!({ "service": service, "operation": operation, "times": 3, "effect": lost })).await;
        }
        world.succeeds(&delete(&world, &share).await).await;
        world.no_faults().await;
        assert_eq!(everything(&world, &share).await, before, "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_goes_down_in_between_goes_on_at_the_next_start() {
    let (world, share, _) = shared().await;
    world.fault(json!({ "service": "iam", "operation": "CreateRole", "times": 1, "effect": { "kind": "latency", "ms": 200 } })).await;
    let run = make(&world, &share).await;
    world.services.shutdown().await;
    let (services, operator) = world.restarted().await;
    let stopped = services.run(&operator, &run).await.unwrap();
    assert_eq!(stopped.state, RunState::Running, "{stopped:#?}");
    assert!(stopped.steps.iter().any(|step| step.state == StepState::Pending), "{stopped:#?}");
    services.resume_runs().await.unwrap();
    let view = ended(&services, &operator, &run).await;
    assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
    // The share was neither touched nor taken for something to be applied.
    let shown = services.share(&operator, &share).await.unwrap();
    assert_eq!(shown.summary.state, domain::share::view::ShareState::Applied);
    let made = services.test_function(&operator, &share, FunctionForm::default()).await.unwrap().made.unwrap();
    assert_eq!(made.state, Some(FunctionState::Active));
}

#[tokio::test]
async fn a_role_that_lambda_does_not_know_yet_and_a_function_that_starts_are_waited_for() {
    let (world, share, _) = shared().await;
    world.control("PUT", "/settings", json!({ "iam_propagation_ms": 400, "function_activation_ms": 300 })).await;
    let run = make(&world, &share).await;
    world.succeeds(&run).await;
    let view = world.services.run(&world.operator, &run).await.unwrap();
    for id in ["function-create", "function-active"] {
        let step = view.steps.iter().find(|step| step.id == id).unwrap();
        assert!(step.attempts > 1, "{step:?}");
    }
}

#[tokio::test]
async fn names_that_others_have_are_told_at_their_fields() {
    let (world, share, _) = shared().await;
    let form = FunctionForm { role_name: "scoring-lambda".into(), ..FunctionForm::default() };
    let taken = planned(&world, &share, form).await;
    assert_eq!((taken.problems[0].field.as_str(), taken.steps.len()), ("role_name", 0));
    let form = FunctionForm { name: "not a name".into(), role: "existing".into(), ..FunctionForm::default() };
    let fields: Vec<String> = planned(&world, &share, form).await.problems.into_iter().map(|p| p.field).collect();
    assert_eq!(fields, ["name", "role_arn"]);
    let nobody = "arn:aws:iam::222222222222:role/nobody";
    let form = FunctionForm { role: "existing".into(), role_arn: nobody.into(), ..FunctionForm::default() };
    assert_eq!(planned(&world, &share, form).await.problems[0].field, "role_arn");

    // A function of the name that another share made.
    world.succeeds(&make(&world, &share).await).await;
    let name = made(&world, &share).await.name;
    let other = world
        .draft(|answers| {
            answers.role = Box::new(|role| domain::wizard::RoleForm {
                role_name: "Other".into(),
                policy_name: "OtherInvoke".into(),
                ..role
            });
            answers.child.grant_name = "OtherGrant".into();
        })
        .await;
    let other = world.applied(&other).await;
    let taken = planned(&world, &other, FunctionForm { name, ..FunctionForm::default() }).await;
    assert_eq!(taken.problems[0].field, "name");
    assert!(taken.problems[0].message.contains("was not made for this share"), "{:?}", taken.problems);
}

#[tokio::test]
async fn an_existing_role_is_offered_runs_the_function_and_stays() {
    let (world, share, before) = shared().await;
    let offered = planned(&world, &share, FunctionForm::default()).await.roles;
    assert!(offered.iter().any(|role| role.arn == LAMBDA), "{offered:?}");
    let form = FunctionForm { role: "existing".into(), role_arn: LAMBDA.into(), ..FunctionForm::default() };
    let planned = planned(&world, &share, form).await;
    assert_eq!(planned.documents, []);
    let run = world.services.make_function(&world.operator, &share, planned.form, &planned.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    let standing = made(&world, &share).await;
    assert_eq!((standing.role.as_str(), standing.allowed), (LAMBDA, true));
    assert!(standing.removal.unwrap().stays[0].contains("was there before the function"));
    world.succeeds(&delete(&world, &share).await).await;
    assert_eq!(everything(&world, &share).await, before);
}

#[tokio::test]
async fn letting_it_call_makes_it_a_caller_of_the_share_and_deleting_it_takes_that_back() {
    let (world, share, before) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    world.succeeds(&allow(&world, &share).await).await;
    let standing = made(&world, &share).await;
    assert!(standing.allowed && standing.allow.is_none());
    assert!(world.seen().await.contains(&standing.role), "the trust policy names it");
    // The share's record is true: nothing has drifted, and an edit keeps the function's role.
    assert!(world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift.is_clean());
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let callers = world.services.draft(&world.operator, &draft).await.unwrap().draft.callers.arns;
    assert!(callers.contains(&standing.role), "{callers:?}");
    world.succeeds(&delete(&world, &share).await).await;
    assert_eq!(everything(&world, &share).await, before);
    assert!(world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift.is_clean());
    let left = page(&world, &share).await.left.join(" ");
    assert!(left.contains("is gone") && left.contains("/aws/lambda/"), "{left}");
}

#[tokio::test]
async fn a_deletion_that_fails_at_any_step_is_finished_by_a_retry() {
    let (world, share, before) = shared().await;
    for (service, operation) in [
        ("iam", "UpdateAssumeRolePolicy"),
        ("iam", "DetachRolePolicy"),
        ("lambda", "DeleteFunction"),
        ("iam", "DeleteRolePolicy"),
        ("iam", "DeleteRole"),
    ] {
        world.succeeds(&make(&world, &share).await).await;
        world.succeeds(&allow(&world, &share).await).await;
        let refused = json!({ "kind": "error", "status": 400, "code": "LimitExceeded", "message": "injected" });
        world.fault(json!({ "service": service, "operation": operation, "times": 1, "effect": refused })).await;
        let run = delete(&world, &share).await;
        world.fails(&run).await;
        world.services.retry_run(&world.operator, &run).await.unwrap();
        world.succeeds(&run).await;
        assert_eq!(everything(&world, &share).await, before, "{operation}");
    }
}

#[tokio::test]
async fn a_function_whose_share_has_changed_is_brought_up_to_date() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let role = Box::new(|role| domain::wizard::RoleForm { external_id: "another-id".into(), ..role });
    world.fill(&draft, crate::world::Answers { role, ..crate::world::Answers::default() }).await;
    world.succeeds(&world.apply(&draft).await.run.unwrap()).await;
    let standing = made(&world, &share).await;
    let update = standing.update.unwrap();
    let run = world.services.make_function(&world.operator, &share, standing.form, &update.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    assert_eq!(made(&world, &share).await.update, None);
}

#[tokio::test]
async fn a_role_that_others_have_built_on_stays() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    let role = lambda::execution_role_name(&share);
    let basics = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole".parse().unwrap();
    world.gateways.iam.attach_role_policy(&child(), &role, &basics).await.unwrap();
    let removal = made(&world, &share).await.removal.unwrap();
    assert_eq!(removal.steps.len(), 1, "only the function goes");
    assert!(removal.stays.iter().any(|text| text.contains("AWSLambdaBasicExecutionRole")), "{:?}", removal.stays);
}

/// Takes the role that was made for the function away by hand, as IAM asks for it.
async fn drop_execution_role(world: &World, share: &ShareId) {
    let (iam, role) = (&world.gateways.iam, lambda::execution_role_name(share));
    let found = iam.role(&child(), &role).await.unwrap().unwrap();
    for policy in &found.attached {
        iam.detach_role_policy(&child(), &role, policy).await.unwrap();
    }
    for policy in &found.inline {
        iam.delete_inline_policy(&child(), &Holder::Role(role.clone()), policy).await.unwrap();
    }
    iam.delete_role(&child(), &role).await.unwrap();
}

#[tokio::test]
async fn a_function_that_was_deleted_by_hand_is_in_nobodys_way() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    world.gateways.lambda.delete_function(&child(), &ireland(), &lambda::function_name(&share)).await.unwrap();
    drop_execution_role(&world, &share).await;
    let form = FunctionForm { name: "another".into(), ..FunctionForm::default() };
    let planned = planned(&world, &share, form).await;
    let run = world.services.make_function(&world.operator, &share, planned.form, &planned.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    assert_eq!(made(&world, &share).await.name, "another");
}

#[tokio::test]
async fn a_role_that_was_deleted_by_hand_is_no_caller_once_its_function_is_deleted() {
    let (world, share, before) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    world.succeeds(&allow(&world, &share).await).await;
    drop_execution_role(&world, &share).await;
    world.succeeds(&delete(&world, &share).await).await;
    assert_eq!(everything(&world, &share).await, before);
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let callers = world.services.draft(&world.operator, &draft).await.unwrap().draft.callers.arns;
    assert_eq!(callers, [LAMBDA]);
    assert!(world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift.is_clean());
}

#[tokio::test]
async fn a_strangers_function_of_its_name_is_neither_shown_nor_called() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    let (gateway, name) = (&world.gateways.lambda, lambda::function_name(&share));
    gateway.delete_function(&child(), &ireland(), &name).await.unwrap();
    let stranger = NewFunction {
        name,
        description: String::new(),
        role: LAMBDA.parse().unwrap(),
        runtime: lambda::RUNTIME.into(),
        handler: lambda::HANDLER.into(),
        package: services::archive::of_one_file(lambda::FILE_NAME, "def lambda_handler(event, context): return 1"),
        environment: Variables::default(),
        timeout_seconds: 3,
        memory_mb: 128,
        tags: Tags::new(),
    };
    gateway.create_function(&child(), &ireland(), &stranger).await.unwrap();
    let half = made(&world, &share).await;
    assert_eq!((half.arn, half.state), (None, None));
    let called =
        world.services.run_function(&world.operator, &share, "churn-classifier", "text/csv", "1").await.unwrap_err();
    assert!(called.to_string().contains("was not made for this share"), "{called}");
    assert_eq!(world.calls("Invoke").await, 0);
    world.succeeds(&delete(&world, &share).await).await;
    assert!(gateway.function(&child(), &ireland(), &stranger.name).await.unwrap().is_some(), "it stays");
}

/// Roles of the child with names so long that a trust policy that names them all has room for nobody else.
async fn crowd(world: &World) -> Vec<String> {
    let role = world.gateways.iam.role(&"parent".parse().unwrap(), &crate::world::ROLE.parse().unwrap()).await;
    let size = PolicyDocument::size(&role.unwrap().unwrap().trust);
    // A caller takes its ARN, quotes and a comma; a few characters stay free.
    let (prefix, mut free) = (format!("arn:aws:iam::{CHILD}:role/"), 2048 - 10 - size);
    let mut arns = vec![LAMBDA.to_owned()];
    while free > prefix.len() + 3 + 2 {
        let length = (free - prefix.len() - 3).min(64);
        let name = format!("{:0length$}", arns.len());
        free -= prefix.len() + 3 + length;
        let role = NewRole {
            name: name.parse().unwrap(),
            trust: lambda::execution_trust(),
            description: String::new(),
            max_session_seconds: 3600,
            tags: Tags::new(),
        };
        world.gateways.iam.create_role(&child(), &role).await.unwrap();
        arns.push(format!("{prefix}{name}"));
    }
    arns
}

#[tokio::test]
async fn a_share_whose_trust_policy_is_full_is_not_broken_by_letting_the_function_call() {
    let (world, share, _) = shared().await;
    let arns = crowd(&world).await;
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let mut answers = crate::world::Answers::default();
    answers.callers.arns = arns;
    world.fill(&draft, answers).await;
    world.succeeds(&world.apply(&draft).await.run.unwrap()).await;
    world.succeeds(&make(&world, &share).await).await;
    let before = everything(&world, &share).await;
    let blocked = made(&world, &share).await.allow.unwrap().blocked.unwrap();
    assert!(blocked.contains("at most 2048"), "{blocked}");
    let refused = world.services.allow_function(&world.operator, &share, "").await.unwrap_err();
    assert!(refused.to_string().contains("Policy sizes"), "{refused}");
    assert_eq!(everything(&world, &share).await, before);
    let state = world.services.share(&world.operator, &share).await.unwrap().summary.state;
    assert_eq!(state, domain::share::view::ShareState::Applied);
}

#[tokio::test]
async fn without_the_child_there_is_a_handler_and_no_function() {
    let world = World::new().await;
    let draft = world
        .draft(|answers| {
            answers.callers = domain::wizard::CallersForm {
                source: "typed".into(),
                account: CHILD.into(),
                scope: "named".into(),
                typed: LAMBDA.into(),
                ..domain::wizard::CallersForm::default()
            };
        })
        .await;
    let share = world.applied(&draft).await;
    let page = page(&world, &share).await;
    assert!(page.blocked.unwrap().contains("is not connected"));
    assert!(page.handler.contains("def lambda_handler"));
    assert_eq!((page.planned, page.made), (None, None));
    let refused = world.services.make_function(&world.operator, &share, FunctionForm::default(), "").await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })));
}

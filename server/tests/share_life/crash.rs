//! The process dies at each call, before or after it takes effect; the next one goes on.

use crate::world::{World, ended, open};
use async_trait::async_trait;
use domain::arn::{Arn, CallerArn};
use domain::connection::CallerView;
use domain::endpoint::Page;
use domain::names::{ConnectionId, PolicyName, RoleName, RunId, ShareId, UserName};
use domain::run::{RunState, StepState};
use domain::share::inventory::{ObservedPolicy, ObservedRole};
use domain::share::view::UndoConsent;
use services::ports::gateway::{
    Answered, CallerDocuments, GatewayResult, Holder, IamGateway, IdentityPolicies, ListedPolicy, ListedRole, NewRole,
    RoleDocuments, Tags,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Dies {
    Before,
    After,
}

/// IAM whose `at`th changing call never comes back.
struct Dying {
    inner: Arc<dyn IamGateway>,
    dies: Dies,
    at: usize,
    calls: AtomicUsize,
    reached: Arc<Notify>,
}

impl Dying {
    async fn call<T>(&self, call: impl Future<Output = GatewayResult<T>> + Send) -> GatewayResult<T> {
        if self.calls.fetch_add(1, Ordering::SeqCst) != self.at {
            return call.await;
        }
        if self.dies == Dies::After {
            let _ = call.await;
        }
        self.reached.notify_one();
        std::future::pending().await
    }
}

macro_rules! dying {
    (reads { $(fn $read:ident($($ra:ident: $rt:ty),*) -> $rr:ty;)* } changes { $(fn $name:ident($($a:ident: $t:ty),*) -> $r:ty;)* }) => {
        #[async_trait]
        impl IamGateway for Dying {
            $(async fn $read(&self, via: &ConnectionId, $($ra: $rt),*) -> GatewayResult<$rr> { self.inner.$read(via, $($ra),*).await })*
            $(async fn $name(&self, via: &ConnectionId, $($a: $t),*) -> GatewayResult<Answered<$r>> { self.call(self.inner.$name(via, $($a),*)).await })*
        }
    };
}

dying! {
    reads {
        fn policy(arn: &Arn) -> Option<ObservedPolicy>;
        fn role(name: &RoleName) -> Option<ObservedRole>;
        fn attached(caller: &CallerArn) -> Option<Vec<Arn>>;
        fn identity_policies(caller: &CallerArn) -> Option<IdentityPolicies>;
        fn roles(after: Option<&str>) -> Page<CallerView>;
        fn users(after: Option<&str>) -> Page<CallerView>;
        fn caller_documents(caller: &CallerArn) -> Option<CallerDocuments>;
        fn role_documents(name: &RoleName) -> Option<RoleDocuments>;
        fn tagged_roles(after: Option<&str>) -> Page<ListedRole>;
        fn tagged_policies(after: Option<&str>) -> Page<ListedPolicy>;
        fn inline_policy(holder: &Holder, name: &PolicyName) -> Option<String>;
        fn inline_policies(holder: &Holder) -> Option<Vec<String>>;
    }
    changes {
        fn create_policy(name: &PolicyName, document: &str, description: &str, tags: &Tags) -> Arn;
        fn create_policy_version(policy: &Arn, document: &str) -> String;
        fn set_default_policy_version(policy: &Arn, version: &str) -> ();
        fn delete_policy_version(policy: &Arn, version: &str) -> ();
        fn delete_policy(policy: &Arn) -> ();
        fn tag_policy(policy: &Arn, tags: &Tags) -> ();
        fn untag_policy(policy: &Arn, keys: &[String]) -> ();
        fn create_role(role: &NewRole) -> Arn;
        fn update_trust(role: &RoleName, trust: &str) -> ();
        fn update_max_session(role: &RoleName, seconds: u32) -> ();
        fn delete_role(role: &RoleName) -> ();
        fn tag_role(role: &RoleName, tags: &Tags) -> ();
        fn untag_role(role: &RoleName, keys: &[String]) -> ();
        fn attach_role_policy(role: &RoleName, policy: &Arn) -> ();
        fn detach_role_policy(role: &RoleName, policy: &Arn) -> ();
        fn attach_user_policy(user: &UserName, policy: &Arn) -> ();
        fn detach_user_policy(user: &UserName, policy: &Arn) -> ();
        fn put_inline_policy(holder: &Holder, name: &PolicyName, document: &str) -> ();
        fn delete_inline_policy(holder: &Holder, name: &PolicyName) -> ();
        fn delete_role_permissions_boundary(role: &RoleName) -> ();
    }
}

/// What the dying process is to do.
enum Work {
    Apply(domain::names::DraftId),
    Undo(ShareId),
}

/// Runs a console of its own in a runtime of its own, which goes down the moment the call is reached.
async fn dies(world: &World, work: Work, when: Dies, at: usize) -> RunId {
    let (store, aws) = (world.store(), world.aws());
    let process = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let run = runtime.block_on(async {
            let mut gateways = aws_gateway::connect(aws).await.unwrap();
            let reached = Arc::new(Notify::new());
            let calls = AtomicUsize::new(0);
            gateways.iam = Arc::new(Dying { inner: gateways.iam, dies: when, at, calls, reached: reached.clone() });
            let (services, operator) = open(&gateways, &store).await;
            let run = match work {
                Work::Apply(draft) => {
                    let review = services.review(&operator, &draft).await.unwrap();
                    services.apply(&operator, &draft, &review.fingerprint).await.unwrap().run.unwrap()
                }
                Work::Undo(share) => {
                    services.undo(&operator, &share, &UndoConsent::default()).await.unwrap().run.unwrap()
                }
            };
            reached.notified().await;
            run
        });
        runtime.shutdown_background();
        run
    });
    tokio::task::spawn_blocking(move || process.join().unwrap()).await.unwrap()
}

async fn resumes(world: &World, run: &RunId) {
    let (services, operator) = world.restarted().await;
    services.resume_runs().await.unwrap();
    let view = ended(&services, &operator, run).await;
    assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_call_of_an_apply_resumes_to_the_same_end() {
    let world = World::new().await;
    let before = world.seen().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let expected = world.seen().await.replace(share.as_str(), "SHARE");
    world.undone(&share).await;
    for at in 0..5 {
        for when in [Dies::Before, Dies::After] {
            let draft = world.draft(|_| {}).await;
            let share = world.services.draft(&world.operator, &draft).await.unwrap().draft.share;
            let run = dies(&world, Work::Apply(draft), when, at).await;
            resumes(&world, &run).await;
            assert_eq!(world.seen().await.replace(share.as_str(), "SHARE"), expected, "{when:?} {at}");
            world.undone(&share).await;
            assert_eq!(world.seen().await, before, "{when:?} {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_call_of_an_undo_resumes_to_nothing_left() {
    let world = World::new().await;
    let before = world.seen().await;
    for at in 0..5 {
        for when in [Dies::Before, Dies::After] {
            let share = world.applied(&world.draft(|_| {}).await).await;
            let run = dies(&world, Work::Undo(share), when, at).await;
            resumes(&world, &run).await;
            assert_eq!(world.seen().await, before, "{when:?} {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_a_version_is_made_makes_no_second_one() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    for (when, versions) in [(Dies::Before, 2), (Dies::After, 3)] {
        let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
        let mut answers = crate::world::Answers::default();
        answers.endpoints.arns.push(crate::world::endpoint_arn(if versions == 2 {
            "echo"
        } else {
            "Fraud-Detector-EU"
        }));
        world.fill(&draft, answers).await;
        let run = dies(&world, Work::Apply(draft), when, 0).await;
        resumes(&world, &run).await;
        let (parent, arn) = ("parent".parse().unwrap(), crate::world::POLICY.parse().unwrap());
        let policy = world.gateways.iam.policy(&parent, &arn).await.unwrap().unwrap();
        assert_eq!(policy.versions.len(), versions);
    }
    world.undone(&share).await;
    assert!(world.seen().await.starts_with("no policy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_is_stopped_in_good_order_goes_on_at_the_next_start() {
    let world = World::new().await;
    let fault = serde_json::json!({ "service": "iam", "operation": "CreateRole", "times": 1, "effect": { "kind": "latency", "ms": 200 } });
    world.fault(fault).await;
    let applied = world.apply(&world.draft(|_| {}).await).await;
    let run = applied.run.unwrap();
    world.services.shutdown().await;
    let (services, operator) = world.restarted().await;
    let stopped = services.run(&operator, &run).await.unwrap();
    assert_eq!(stopped.state, RunState::Running, "{stopped:#?}");
    // What was under way came back and was written down; nothing was begun after that.
    assert!(stopped.steps.iter().all(|s| s.state != StepState::Running), "{stopped:#?}");
    assert!(stopped.steps.iter().any(|s| s.state == StepState::Pending), "{stopped:#?}");
    resumes(&world, &run).await;
}

//! Drift of each kind: made behind the console's back, told for what it is, mended, and proven by the share's calls.

use crate::world::{Answers, GRANT, LAMBDA, POLICY, ROLE, World, endpoint_arn};
use domain::arn::Arn;
use domain::names::{ConnectionId, RoleName, ShareId};
use domain::run::RunState;
use domain::share::Side;
use domain::share::drift::{Drift, DriftState, Finding, FindingKind, Mend};
use domain::share::plan::Holder;
use domain::share::view::ShareState;
use domain::time::Timestamp;
use domain::wizard::EndpointsForm;
use serde_json::{Value, json};
use services::Mended;
use services::ports::gateway::{IamGateway, NewRole, Tags};

const BASICS: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
const WIDE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:*","Resource":"*"}]}"#;
const TRUSTS_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn parent() -> ConnectionId {
    "parent".parse().unwrap()
}

fn child() -> ConnectionId {
    "child".parse().unwrap()
}

fn role() -> RoleName {
    ROLE.parse().unwrap()
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

/// Keeps what the share's role says, for somebody who makes it again.
async fn drop_role(iam: &dyn IamGateway) -> NewRole {
    let found = iam.role(&parent(), &role()).await.unwrap().unwrap();
    iam.detach_role_policy(&parent(), &role(), &arn(POLICY)).await.unwrap();
    iam.delete_role(&parent(), &role()).await.unwrap();
    NewRole {
        name: role(),
        trust: found.trust,
        description: found.description,
        max_session_seconds: found.max_session_seconds,
        tags: Tags::new(),
    }
}

/// The caller is deleted, as IAM asks for it: without what is attached.
pub async fn drop_caller(iam: &dyn IamGateway) {
    let name: RoleName = "scoring-lambda".parse().unwrap();
    for policy in [BASICS, GRANT] {
        iam.detach_role_policy(&child(), &name, &arn(policy)).await.unwrap();
    }
    iam.delete_role(&child(), &name).await.unwrap();
}

async fn trust(iam: &dyn IamGateway, change: impl Fn(&mut Value)) {
    let mut trust: Value = serde_json::from_str(&iam.role(&parent(), &role()).await.unwrap().unwrap().trust).unwrap();
    let statement = if trust["Statement"].is_array() { &mut trust["Statement"][0] } else { &mut trust["Statement"] };
    change(statement);
    iam.update_trust(&parent(), &role(), &trust.to_string()).await.unwrap();
}

/// Does something to the share that nobody told the console of.
async fn tamper(world: &World, how: &str) {
    let iam = world.gateways.iam.as_ref();
    let (parent, child) = (parent(), child());
    match how {
        "the trust policy opens the whole child account" => {
            trust(iam, |s| s["Principal"] = json!({ "AWS": "arn:aws:iam::222222222222:root" })).await;
        }
        "the trust policy forgets the external ID" => {
            trust(iam, |s| drop(s.as_object_mut().unwrap().remove("Condition"))).await;
        }
        "the caller is made again, so that its id in the trust policy is nobody's" => {
            drop_caller(iam).await;
            let new = NewRole {
                name: "scoring-lambda".parse().unwrap(),
                trust: TRUSTS_LAMBDA.into(),
                description: String::new(),
                max_session_seconds: 3600,
                tags: Tags::new(),
            };
            iam.create_role(&child, &new).await.unwrap();
            iam.attach_role_policy(&child, &new.name, &arn(BASICS)).await.unwrap();
        }
        "the role is made again" => {
            let new = drop_role(iam).await;
            iam.create_role(&parent, &new).await.unwrap();
        }
        "the role is deleted" => drop(drop_role(iam).await),
        "the session duration is changed" => drop(iam.update_max_session(&parent, &role(), 7200).await.unwrap()),
        "the tag of the role is taken off" => {
            drop(iam.untag_role(&parent, &role(), &["sagebridge:share".into()]).await.unwrap());
        }
        "another policy is attached to the role" => {
            let (name, tags) = ("Stranger".parse().unwrap(), Tags::new());
            let stranger = iam.create_policy(&parent, &name, WIDE, "", &tags).await.unwrap().value;
            iam.attach_role_policy(&parent, &role(), &stranger).await.unwrap();
        }
        "an inline policy is put on the role" => {
            let holder = Holder::Role(role());
            iam.put_inline_policy(&parent, &holder, &"More".parse().unwrap(), WIDE).await.unwrap();
        }
        "the policy is detached" => drop(iam.detach_role_policy(&parent, &role(), &arn(POLICY)).await.unwrap()),
        "the policy is opened" => drop(iam.create_policy_version(&parent, &arn(POLICY), WIDE).await.unwrap()),
        "the policy is rolled back" => {
            drop(iam.set_default_policy_version(&parent, &arn(POLICY), "v1").await.unwrap());
        }
        "the policy is deleted" => {
            iam.detach_role_policy(&parent, &role(), &arn(POLICY)).await.unwrap();
            iam.delete_policy_version(&parent, &arn(POLICY), "v1").await.unwrap();
            iam.delete_policy(&parent, &arn(POLICY)).await.unwrap();
        }
        "the child's policy is detached" => {
            let caller = "scoring-lambda".parse().unwrap();
            iam.detach_role_policy(&child, &caller, &arn(GRANT)).await.unwrap();
        }
        "the child's policy names another role" => {
            let other = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/Other"}]}"#;
            iam.create_policy_version(&child, &arn(GRANT), other).await.unwrap();
        }
        "the child's policy is deleted" => {
            for version in iam.policy(&child, &arn(GRANT)).await.unwrap().unwrap().versions {
                if !version.is_default {
                    iam.delete_policy_version(&child, &arn(GRANT), &version.id).await.unwrap();
                }
            }
            iam.detach_role_policy(&child, &"scoring-lambda".parse().unwrap(), &arn(GRANT)).await.unwrap();
            iam.delete_policy(&child, &arn(GRANT)).await.unwrap();
        }
        other => unreachable!("{other}"),
    }
}

/// A share that was changed once, so that its policy has a version to go back to.
async fn shared(world: &World) -> ShareId {
    let share = world.applied(&world.draft(|_| {}).await).await;
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let arns = vec![endpoint_arn("churn-classifier"), endpoint_arn("echo")];
    let endpoints = EndpointsForm { scope: "named".into(), arns };
    world.fill(&draft, Answers { endpoints, ..Answers::default() }).await;
    world.applied(&draft).await
}

async fn drift(world: &World, share: &ShareId) -> Drift {
    world.services.drift(&world.operator, share, Vec::new()).await.unwrap().drift
}

fn kinds(found: &Drift) -> Vec<FindingKind> {
    let mut kinds: Vec<FindingKind> = found.findings.iter().map(|finding| finding.kind).collect();
    kinds.sort();
    kinds
}

/// Mends everything that was found, what has to be asked for included.
async fn mend(world: &World, share: &ShareId, found: &Drift) {
    let keys = found.findings.iter().map(Finding::key).collect();
    world.mended(share, keys).await;
}

/// What there is, but for the numbers and count of policy versions: a repair puts a new one in force.
async fn essence(world: &World) -> String {
    let seen = world.seen().await;
    let without = |line: &str| match (line.find("[(\"v"), line.find(")] ")) {
        (Some(from), Some(to)) => format!("{}{}", &line[..from], &line[to + 3..]),
        _ => line.to_owned(),
    };
    seen.lines().map(without).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn drift_of_each_kind_is_told_and_mended_and_the_share_is_proven_again() {
    use FindingKind::*;
    for (how, expected) in [
        ("the trust policy opens the whole child account", vec![TrustChanged]),
        ("the trust policy forgets the external ID", vec![TrustChanged]),
        (
            "the caller is made again, so that its id in the trust policy is nobody's",
            vec![TrustOrphaned, GrantDetached],
        ),
        ("the role is made again", vec![RoleRecreated, PolicyDetached, TagsLost]),
        ("the role is deleted", vec![RoleMissing]),
        ("the session duration is changed", vec![SessionChanged]),
        ("the tag of the role is taken off", vec![TagsLost]),
        ("another policy is attached to the role", vec![ExtraPolicy]),
        ("an inline policy is put on the role", vec![ExtraInline]),
        ("the policy is detached", vec![PolicyDetached]),
        ("the policy is opened", vec![PolicyChanged]),
        ("the policy is rolled back", vec![PolicyRolledBack]),
        ("the policy is deleted", vec![PolicyMissing]),
        ("the child's policy is detached", vec![GrantDetached]),
        ("the child's policy names another role", vec![GrantChanged]),
        ("the child's policy is deleted", vec![GrantMissing]),
    ] {
        let world = World::new().await;
        let share = shared(&world).await;
        let before = essence(&world).await;
        assert!(drift(&world, &share).await.is_clean(), "{how}: before");

        tamper(&world, how).await;
        let found = drift(&world, &share).await;
        let mut expected = expected;
        expected.sort();
        assert_eq!(kinds(&found), expected, "{how}: {found:#?}");
        assert!(found.findings.iter().all(|f| f.sentence.ends_with('.') && f.hint.ends_with('.')), "{how}: {found:#?}");
        mend(&world, &share, &found).await;

        let after = drift(&world, &share).await;
        assert!(after.is_clean(), "{how}: {after:#?}");
        assert_eq!(essence(&world).await, before, "{how}");
        assert!(world.verified(&share).await.passed(), "{how}");
    }
}

#[tokio::test]
async fn a_caller_that_is_gone_comes_off_the_share_when_someone_says_so() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    drop_caller(world.gateways.iam.as_ref()).await;
    let found = drift(&world, &share).await;
    assert_eq!(kinds(&found), [FindingKind::TrustOrphaned, FindingKind::CallerGone], "{found:#?}");
    // IAM refuses a trust policy that names who is gone, so that without saying so nothing is planned there.
    mend(&world, &share, &found).await;
    assert!(drift(&world, &share).await.is_clean());
    let trust = world.gateways.iam.role(&parent(), &role()).await.unwrap().unwrap().trust;
    assert!(!trust.contains("AROA") && trust.contains("user/admin"), "{trust}");
    let edit = world.services.edit_share(&world.operator, &share).await.unwrap();
    let callers = world.services.draft(&world.operator, &edit).await.unwrap().draft.callers;
    assert!(!callers.arns.contains(&LAMBDA.to_owned()), "{callers:?}");
}

/// All of an account's calls are refused.
fn refused(account: &str, code: &str) -> Value {
    json!({ "account": account, "effect": { "kind": "error", "status": 403, "code": code, "message": "injected" } })
}

#[tokio::test]
async fn a_child_that_cant_be_read_is_unknown_and_the_parents_drift_is_found_and_mended_all_the_same() {
    for (code, says) in [("AccessDenied", "give the identity of connection `child`"), ("ExpiredToken", "aws sso login")]
    {
        let world = World::new().await;
        let share = world.applied(&world.draft(|_| {}).await).await;
        world.fault(refused("222222222222", code)).await;
        let unread = drift(&world, &share).await;
        assert_eq!((unread.findings.len(), unread.unknown.len()), (0, 1), "{unread:#?}");
        assert_eq!(unread.unknown[0].side, Side::Child);
        assert!(unread.unknown[0].reason.contains(says), "{}", unread.unknown[0].reason);
        let listed = world.services.shares(&world.operator).await.unwrap().remove(0).drift.unwrap();
        let brief = "as it was left, the child's side unknown";
        assert_eq!((listed.state, listed.brief.as_str()), (DriftState::Unknown, brief));

        tamper(&world, "the role is made again").await;
        let found = drift(&world, &share).await;
        assert_eq!((found.findings.len(), found.unknown.len()), (3, 1), "{found:#?}");
        mend(&world, &share, &found).await;
        world.no_faults().await;
        let after = drift(&world, &share).await;
        assert!(after.is_clean(), "{code}: {after:#?}");
    }
}

#[tokio::test]
async fn a_parent_that_cant_be_read_is_unknown_and_nothing_is_planned_there() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    tamper(&world, "the child's policy is detached").await;
    world.fault(refused("111111111111", "ExpiredToken")).await;
    let view = world.services.drift(&world.operator, &share, Vec::new()).await.unwrap();
    assert_eq!(kinds(&view.drift), [FindingKind::GrantDetached]);
    assert_eq!(view.drift.unknown[0].side, Side::Parent);
    assert_eq!(view.steps, []);
    let refused =
        world.services.repair_share(&world.operator, &share, Vec::new(), &view.fingerprint).await.unwrap_err();
    assert_eq!(view.refused, Some(refused.to_string()));
    assert!(refused.to_string().starts_with("account 111111111111 could not be read: "), "{refused}");
}

#[tokio::test]
async fn only_what_was_shown_is_mended() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let share = world.applied(&world.draft(|_| {}).await).await;
    tamper(&world, "the policy is opened").await;
    tamper(&world, "another policy is attached to the role").await;
    let shown = services.drift(operator, &share, Vec::new()).await.unwrap();
    let asked = shown.drift.findings.iter().find(|finding| finding.mend == Mend::Asked).unwrap().key();
    let before = world.seen().await;

    // What was ticked after the steps were shown is shown first.
    let ticked = services.repair_share(operator, &share, vec![asked.clone()], &shown.fingerprint).await.unwrap();
    assert_eq!((ticked, world.seen().await == before), (Mended::NotShown, true));
    let with = services.drift(operator, &share, vec![asked.clone()]).await.unwrap();
    assert_eq!(with.chosen, [asked.as_str()]);
    assert!(with.steps.len() > shown.steps.len());

    // So is what changed in AWS since.
    tamper(&world, "the child's policy is detached").await;
    let stale = services.repair_share(operator, &share, vec![asked.clone()], &with.fingerprint).await.unwrap();
    assert_eq!(stale, Mended::NotShown);
    world.mended(&share, vec![asked]).await;
    assert!(drift(&world, &share).await.is_clean());
}

/// Long enough after now that every share is due.
fn later(world: &World, hours: i64) -> Timestamp {
    world.services.now().plus_ms(hours * 60 * 60 * 1000)
}

#[tokio::test]
async fn shares_are_compared_when_they_are_due_and_new_drift_is_told_once() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let share = world.applied(&world.draft(|_| {}).await).await;
    // IAM may still show what was there before.
    assert_eq!(services.check_due_shares(services.now()).await.unwrap(), 0);
    let listed = async || services.shares(operator).await.unwrap().remove(0).drift;
    assert_eq!(listed().await, None);

    assert_eq!(services.check_due_shares(later(&world, 1)).await.unwrap(), 1);
    assert_eq!(listed().await.unwrap().state, DriftState::Clean);
    assert_eq!(services.check_due_shares(later(&world, 2)).await.unwrap(), 0);

    tamper(&world, "the policy is opened").await;
    let told = async || {
        let trail = services.activity(operator, None, 100).await.unwrap().items;
        trail.into_iter().filter(|a| a.what == "found drift in a share").collect::<Vec<_>>()
    };
    for (hours, found) in [(8, 1), (15, 1)] {
        let now = later(&world, hours);
        assert_eq!(services.check_due_shares(now).await.unwrap(), 1);
        let check = listed().await.unwrap();
        assert_eq!((check.at, check.state, check.brief.as_str()), (now, DriftState::Drifted, "one change"));
        assert_eq!(told().await.len(), found);
    }
    assert_eq!((told().await[0].who.as_str(), &told().await[0].share), ("schedule", &Some(share.clone())));

    // Another change, of a share that has drifted already, is news too.
    tamper(&world, "the child's policy is detached").await;
    // Whoever looks at the page meanwhile leaves it news for the audit trail.
    assert_eq!(drift(&world, &share).await.findings.len(), 2);
    assert_eq!(services.check_due_shares(later(&world, 22)).await.unwrap(), 1);
    assert_eq!(told().await.len(), 2);

    world.mended(&share, Vec::new()).await;
    assert_eq!(listed().await, None, "what was seen before says nothing about what was mended");
}

#[tokio::test]
async fn what_is_not_applied_or_switched_off_is_not_compared() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let off = services::Settings { check_shares: None, ..crate::world::settings() };
    let stores = store::open(&world.store()).await.unwrap();
    let clock = std::sync::Arc::new(services::SystemClock);
    let off = services::Services::new(world.gateways.clone(), stores, off, clock);
    assert_eq!(off.check_due_shares(later(&world, 100)).await.unwrap(), 0);

    world.undone(&share).await;
    assert_eq!(world.services.check_due_shares(later(&world, 100)).await.unwrap(), 0);
    let state = world.services.share(&world.operator, &share).await.unwrap().summary.state;
    assert_eq!(state, ShareState::Undone);
}

#[tokio::test]
async fn an_unreadable_share_does_not_keep_the_others_from_being_compared_and_is_tried_again_soon() {
    let world = World::new().await;
    world.applied(&world.draft(|_| {}).await).await;
    world.fault(refused("222222222222", "ExpiredToken")).await;
    world.fault(refused("111111111111", "ExpiredToken")).await;
    assert_eq!(world.services.check_due_shares(later(&world, 1)).await.unwrap(), 1);
    let check = world.services.shares(&world.operator).await.unwrap().remove(0).drift.unwrap();
    assert_eq!((check.state, check.brief.as_str()), (DriftState::Unknown, "both sides unknown"));
    world.no_faults().await;
    assert_eq!(world.services.check_due_shares(later(&world, 2)).await.unwrap(), 1);
    let check = world.services.shares(&world.operator).await.unwrap().remove(0).drift.unwrap();
    assert_eq!(check.state, DriftState::Clean);
}

#[tokio::test]
async fn the_timer_ends_at_once_when_it_is_told_to_also_in_the_midst_of_a_look() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let every =
        services::Settings { check_shares: Some(std::time::Duration::from_millis(1)), ..crate::world::settings() };
    let stores = store::open(&world.store()).await.unwrap();
    let clock = std::sync::Arc::new(services::SystemClock);
    let often = services::Services::new(world.gateways.clone(), stores, every, clock);
    world.control("DELETE", "/counters", json!(null)).await;
    world.fault(json!({ "operation": "GetPolicy", "effect": { "kind": "latency", "ms": 60_000 } })).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let timer = server::upkeep::start(often, stopped, std::time::Duration::from_millis(1));
    let begun = async { while world.calls("GetRole").await == 0 {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), begun).await.unwrap();
    assert!(!timer.is_finished());
    stop.send_replace(true);
    tokio::time::timeout(std::time::Duration::from_secs(20), timer).await.unwrap().unwrap();
    let run = world.services.share(&world.operator, &share).await.unwrap().run.unwrap();
    assert_eq!(run.state, RunState::Succeeded);
}

#[tokio::test]
async fn a_connection_that_leads_elsewhere_or_is_gone_is_a_side_that_cant_be_read() {
    for (profile, says) in [
        ("[child]\n", "connection `child` now leads to account 444444444444"),
        ("[another]\n", "look at the profile of connection `child`"),
    ] {
        let world = World::new().await;
        let share = world.applied(&world.draft(|_| {}).await).await;
        let (credentials, config) = (world.sandbox.credentials_file(), world.sandbox.config_file());
        let text = std::fs::read_to_string(credentials).unwrap();
        let training = section(&text, "training");
        let child = format!("[child]\n{}", section(&text, "child"));
        std::fs::write(credentials, text.replace(&child, &format!("{profile}{training}"))).unwrap();
        if profile != "[child]\n" {
            let text = std::fs::read_to_string(config).unwrap();
            std::fs::write(config, text.replace("[profile child]", "[profile another]")).unwrap();
        }
        let found = drift(&world, &share).await;
        assert_eq!((found.findings.len(), found.unknown.len()), (0, 1), "{found:#?}");
        assert!(found.unknown[0].reason.contains(says), "{}", found.unknown[0].reason);
    }
}

/// A profile's lines without its heading.
fn section(text: &str, profile: &str) -> String {
    let (_, rest) = text.split_once(&format!("[{profile}]\n")).unwrap();
    rest.split("\n[").next().unwrap().to_owned()
}

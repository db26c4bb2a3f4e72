//! What a repair does is taken back by its own plan, or by the undo of the share it belongs to.

use domain::arn::{Arn, CallerArn};
use domain::share::Side;
use domain::share::inventory::{ObservedPolicy, ObservedRole, ObservedVersion, ShareInventory};
use domain::share::plan::{
    Action, DryRun, Elsewhere, Holder, PastRun, Plan, Standing, Step, Touched, VersionRef, dry_run, take_back, undo,
};

fn step(id: &str, side: Side, action: Action) -> Step {
    let account = if side == Side::Parent { "111111111111" } else { "222222222222" };
    Step {
        id: id.into(),
        title: action.title(),
        side,
        account: account.parse().unwrap(),
        connection: "any".parse().unwrap(),
        action,
        after: Vec::new(),
    }
}

fn run(steps: Vec<Step>, results: &[(&str, &str)]) -> PastRun {
    PastRun {
        attempted: steps.iter().map(|step| step.id.clone()).collect(),
        results: results.iter().map(|(id, result)| ((*id).to_owned(), (*result).to_owned())).collect(),
        plan: Plan { steps },
    }
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.steps.iter().map(|step| step.action.clone()).collect()
}

fn put(document: &str, previous: Option<&str>) -> Action {
    Action::PutInlinePolicy {
        holder: Holder::Role("scoring-lambda".parse().unwrap()),
        name: "Assume-SageMakerExternal".parse().unwrap(),
        document: document.into(),
        previous: previous.map(str::to_owned),
    }
}

#[test]
fn an_inline_policy_that_was_new_is_deleted_and_one_that_was_there_is_restored() {
    let holder = Holder::Role("scoring-lambda".parse().unwrap());
    let name = "Assume-SageMakerExternal".parse().unwrap();
    let made = take_back(&[run(vec![step("a", Side::Child, put("new", None))], &[])]);
    assert_eq!(actions(&made), [Action::DeleteInlinePolicy { holder, name, previous: "new".into() }]);
    let changed = take_back(&[run(vec![step("a", Side::Child, put("new", Some("old")))], &[])]);
    assert_eq!(actions(&changed), [put("old", Some("new"))]);
    // Taking back what took something back leads to the same again.
    let mut again = changed.clone();
    again.steps[0].id = "a".into();
    assert_eq!(actions(&take_back(&[run(again.steps, &[])])), [put("new", Some("old"))]);
}

#[test]
fn changes_of_one_thing_are_taken_back_in_turn() {
    let steps = vec![step("a", Side::Child, put("b", Some("a"))), step("b", Side::Child, put("c", Some("b")))];
    let back = take_back(&[run(steps, &[])]);
    assert_eq!(actions(&back), [put("b", Some("c")), put("a", Some("b"))]);
    assert_eq!(back.steps[1].after, [back.steps[0].id.clone()]);
}

#[test]
fn a_new_version_gives_way_to_the_one_before_and_a_restored_one_too() {
    let policy: Arn = "arn:aws:iam::222222222222:policy/own".parse().unwrap();
    let version = Action::CreatePolicyVersion {
        policy: policy.clone(),
        document: "new".into(),
        previous: ("v2".into(), "old".into()),
    };
    let back = take_back(&[run(vec![step("a", Side::Child, version)], &[("a", "v3")])]);
    let restore = |version: &str, previous: &str| Action::SetDefaultPolicyVersion {
        policy: policy.clone(),
        version: version.into(),
        previous: Some(previous.into()),
    };
    let delete = Action::DeletePolicyVersion { policy: policy.clone(), version: VersionRef::Id("v3".into()) };
    assert_eq!(actions(&back), [restore("v2", "v3"), delete]);
    let back = take_back(&[run(vec![step("a", Side::Child, restore("v4", "v2"))], &[])]);
    assert_eq!(actions(&back), [restore("v2", "v4")]);
}

#[test]
fn trust_and_attachments_go_back_to_what_they_were() {
    let to = CallerArn::parse("arn:aws:iam::222222222222:role/scoring-lambda").unwrap();
    let policy: Arn = "arn:aws:iam::222222222222:policy/own".parse().unwrap();
    let role = domain::names::RoleName::parse("SageMakerExternal").unwrap();
    let trust = |trust: &str, previous: &str| Action::UpdateTrust {
        role: role.clone(),
        trust: trust.into(),
        previous: previous.into(),
    };
    let steps = vec![
        step("a", Side::Parent, trust("new", "old")),
        step("b", Side::Child, Action::Attach { to: to.clone(), policy: policy.clone() }),
    ];
    let back = take_back(&[run(steps, &[])]);
    assert_eq!(actions(&back), [Action::Detach { from: to, policy }, trust("old", "new")]);
    assert!(back.steps.iter().all(|step| step.after.is_empty()), "two accounts wait for nothing of each other");
}

#[test]
fn a_step_that_was_never_begun_is_not_taken_back() {
    let mut past = run(vec![step("a", Side::Child, put("new", None))], &[]);
    past.attempted.clear();
    assert_eq!(take_back(&[past]).steps, []);
}

#[test]
fn undoing_a_share_takes_back_its_repairs_and_empties_its_role_before_deleting_it() {
    let intent = crate::form::intent();
    let role = intent.role_name.clone();
    let made = Action::CreateRole {
        name: role.clone(),
        arn: intent.role_arn(),
        trust: "{}".into(),
        description: String::new(),
        max_session_seconds: 3600,
        tags: Default::default(),
    };
    let inline = Action::PutInlinePolicy {
        holder: Holder::Role(role.clone()),
        name: "Invoke-churn-classifier".parse().unwrap(),
        document: "{}".into(),
        previous: None,
    };
    let steps = vec![
        step("role", Side::Parent, made),
        step("inline", Side::Parent, inline),
        step("guard", Side::Child, put("narrow", Some("wide"))),
    ];
    let inventory = ShareInventory {
        role: Some(ObservedRole {
            arn: intent.role_arn(),
            unique_id: "AROAROLEEXAMPLE000001".into(),
            trust: "{}".into(),
            max_session_seconds: 3600,
            description: String::new(),
            attached: Vec::new(),
            inline: vec!["Invoke-churn-classifier".parse().unwrap()],
            boundary: None,
            tags: [("sagebridge:share".to_owned(), intent.id.to_string())].into(),
        }),
        elsewhere: vec![now(&put("narrow", None), Standing::Text("narrow".into()))],
        ..ShareInventory::default()
    };
    let back = undo(&intent, &[run(steps, &[])], &inventory);
    let titles: Vec<&str> = back.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Delete policy Invoke-churn-classifier of role SageMakerExternal",
            "Delete role SageMakerExternal",
            "Put policy Assume-SageMakerExternal in role scoring-lambda",
        ]
    );
    assert_eq!(back.steps[1].after, [back.steps[0].id.clone()]);
    assert_eq!(back.steps[2].action, put("wide", Some("narrow")));
}

/// What is there of what `action` changed, in the child.
fn now(action: &Action, standing: Standing) -> Elsewhere {
    Elsewhere { account: "222222222222".parse().unwrap(), touched: Touched::by(action).unwrap(), standing }
}

fn text(text: &str) -> Standing {
    Standing::Text(text.into())
}

/// Undoing a share whose repairs in the child were `repairs`, with what is there now.
fn tried(repairs: &[Action], standing: Option<Standing>, consent: &[&str]) -> DryRun {
    let steps: Vec<Step> = repairs
        .iter()
        .enumerate()
        .map(|(at, action)| step(&format!("repair-{at}"), Side::Child, action.clone()))
        .collect();
    let elsewhere = standing.map(|standing| now(&repairs[0], standing)).into_iter().collect();
    let inventory = ShareInventory { elsewhere, ..ShareInventory::default() };
    let consent = consent.iter().map(|key| (*key).to_owned()).collect();
    dry_run(&crate::form::intent(), &[run(steps, &[])], &inventory, &consent)
}

#[test]
fn a_repair_is_taken_back_only_where_what_it_changed_was_read_and_is_there() {
    let guard = [put("narrow", Some("wide"))];
    assert_eq!(tried(&guard, None, &[]).plan.steps, [], "nobody looked");
    assert_eq!(tried(&guard, Some(Standing::Gone), &[]).plan.steps, [], "its role was deleted");
    assert_eq!(tried(&guard, Some(text("wide")), &[]).plan.steps, [], "it is as it was before");
    let back = tried(&guard, Some(text("narrow")), &[]);
    assert_eq!((actions(&back.plan), back.blockers.len()), (vec![put("wide", Some("narrow"))], 0));
    // A repair that wrote it anew, and never came to its end.
    let again = [guard[0].clone(), put("narrower", Some("narrow"))];
    assert_eq!(actions(&tried(&again, Some(text("narrow")), &[]).plan), [put("wide", Some("narrow"))]);
}

#[test]
fn what_others_changed_since_a_repair_is_theirs_until_the_person_consents() {
    let guard = [put("narrow", Some("wide"))];
    let theirs = tried(&guard, Some(text("narrow and theirs")), &[]);
    assert_eq!(theirs.plan.steps, []);
    assert!(theirs.ready(), "nothing of the share depends on it");
    let blocker = &theirs.blockers[0];
    assert_eq!(
        blocker.sentence,
        "Policy `Assume-SageMakerExternal` of role `scoring-lambda` was changed by others since this share changed it."
    );
    assert!(theirs.stays[0].contains("stays as it is now"), "{:?}", theirs.stays);
    let agreed = tried(&guard, Some(text("narrow and theirs")), &[&blocker.key]);
    assert_eq!(actions(&agreed.plan), [put("wide", Some("narrow and theirs"))]);
    assert!(agreed.blockers[0].cleared && agreed.stays.is_empty());

    let new = [put("new", None)];
    let hint = &tried(&new, Some(text("new and theirs")), &[]).blockers[0].hint;
    assert!(hint.contains("it is deleted with what was added since"), "{hint}");
    assert_eq!(tried(&new, Some(Standing::Nothing), &[]).blockers, [], "they took away what goes anyway");
    let deleted = tried(&guard, Some(Standing::Nothing), &[]);
    assert!(deleted.blockers[0].sentence.contains("was deleted by others"), "{:?}", deleted.blockers);
}

#[test]
fn what_others_left_between_two_repairs_is_what_it_goes_back_to() {
    let twice = [put("b", Some("a")), put("d", Some("c"))];
    let back = tried(&twice, Some(text("d")), &[]);
    assert_eq!((actions(&back.plan), back.blockers.len()), (vec![put("c", Some("d"))], 0));
}

#[test]
fn a_version_that_others_put_in_force_stays_without_consent() {
    let arn: Arn = "arn:aws:iam::222222222222:policy/own".parse().unwrap();
    let previous = ("v1".to_owned(), "old".to_owned());
    let repair = Action::CreatePolicyVersion { policy: arn.clone(), document: "new".into(), previous };
    let tried = |in_force: &str, document: &str, consent: &[String]| {
        let versions =
            ["v1", "v2", "v3"].map(|id| ObservedVersion { id: id.into(), is_default: id == in_force, created: None });
        let policy = ObservedPolicy {
            arn: arn.clone(),
            document: document.into(),
            versions: versions.into(),
            tags: Default::default(),
            attached_roles: Vec::new(),
            attached_users: Vec::new(),
            attached_groups: Vec::new(),
            bounding: Vec::new(),
            description: String::new(),
        };
        let elsewhere = vec![now(&repair, Standing::Policy(Box::new(policy)))];
        let inventory = ShareInventory { elsewhere, ..ShareInventory::default() };
        let past = run(vec![step("a", Side::Child, repair.clone())], &[("a", "v2")]);
        dry_run(&crate::form::intent(), &[past], &inventory, &consent.iter().cloned().collect())
    };
    let restore = |from: &str| Action::SetDefaultPolicyVersion {
        policy: arn.clone(),
        version: "v1".into(),
        previous: Some(from.into()),
    };
    let delete = Action::DeletePolicyVersion { policy: arn.clone(), version: VersionRef::Id("v2".into()) };
    let ours = tried("v2", "new", &[]);
    assert_eq!((actions(&ours.plan), ours.blockers.len()), (vec![restore("v2"), delete.clone()], 0));
    assert!(ours.ready());
    let theirs = tried("v3", "theirs", &[]);
    assert_eq!((theirs.plan.steps.len(), theirs.blockers.len()), (0, 1));
    let agreed = tried("v3", "theirs", &[theirs.blockers[0].key.clone()]);
    assert_eq!(actions(&agreed.plan), [restore("v3"), delete]);
}

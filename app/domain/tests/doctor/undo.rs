//! What a repair does is taken back by its own plan, or by the undo of the share it belongs to.

use domain::arn::{Arn, CallerArn};
use domain::share::Side;
use domain::share::inventory::{ObservedRole, ShareInventory};
use domain::share::plan::{Action, Holder, PastRun, Plan, Step, VersionRef, take_back, undo};

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

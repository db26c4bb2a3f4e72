//! The test function's plans: made, brought up to date, taken away; and the share with and without its role.

use crate::intent;
use domain::arn::{Arn, CallerArn};
use domain::function::FunctionState;
use domain::names::EndpointName;
use domain::share::function::{
    ExecutionRole, FoundFunction, FunctionCode, FunctionForm, FunctionInventory, Going, MadeFunction, TestFunction,
    admits, admitted, dismissed, leaving, make, removal, tags,
};
use domain::share::intent::{CallerScope, ShareIntent};
use domain::share::inventory::ObservedRole;
use domain::share::plan::{Action, Plan, Step, plan};
use domain::share::render::lambda;
use std::collections::{BTreeMap, BTreeSet};

fn wanted() -> TestFunction {
    TestFunction {
        name: lambda::function_name(&intent().id),
        role: ExecutionRole::New(lambda::execution_role_name(&intent().id)),
        endpoint: "Churn-Classifier".parse().unwrap(),
        code: FunctionCode {
            text: "code".into(),
            sha256: "sum".into(),
            environment: BTreeMap::from([("A".into(), "1".into())]),
        },
    }
}

fn role() -> CallerArn {
    let name = lambda::execution_role_name(&intent().id);
    CallerArn::parse(&format!("arn:aws:iam::{}:role/{name}", intent().child)).unwrap()
}

fn found_role(tags: BTreeMap<String, String>) -> ObservedRole {
    ObservedRole {
        arn: role().arn().clone(),
        unique_id: "AROA1".into(),
        trust: lambda::execution_trust(),
        max_session_seconds: 3600,
        description: String::new(),
        attached: Vec::new(),
        inline: vec![lambda::logs_policy_name()],
        boundary: None,
        tags,
    }
}

fn found() -> FunctionInventory {
    let name = lambda::function_name(&intent().id);
    let arn = format!("arn:aws:lambda:{}:{}:function:{name}", intent().region, intent().child);
    FunctionInventory {
        function: Some(FoundFunction {
            arn: Arn::parse(&arn).unwrap(),
            role: role().arn().clone(),
            state: FunctionState::Active,
            state_reason: None,
            code_sha256: "sum".into(),
            environment: Some(wanted().code.environment),
            tags: Some(tags(&intent())),
        }),
        role: Some(found_role(tags(&intent()))),
    }
}

fn made() -> MadeFunction {
    MadeFunction { name: lambda::function_name(&intent().id), region: intent().region, role: role(), made_role: true }
}

fn ids(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.id.as_str()).collect()
}

fn child() -> domain::names::ConnectionId {
    "child".parse().unwrap()
}

#[test]
fn from_nothing_everything_is_made_in_the_child_and_tagged() {
    let making = make(&intent(), &child(), &wanted(), &FunctionInventory::default());
    assert_eq!(making.problems, []);
    let steps = &making.plan.steps;
    assert_eq!(ids(steps), ["function-role", "function-role-logs", "function-create", "function-active"]);
    assert!(steps.iter().all(|step| step.account == intent().child));
    assert_eq!(steps[2].after, ["function-role", "function-role-logs"]);
    for step in steps {
        if let Action::CreateRole { tags: with, .. } | Action::CreateFunction { tags: with, .. } = &step.action {
            assert_eq!(*with, tags(&intent()));
        }
    }
    assert_eq!(MadeFunction::of(steps.iter().map(|step| &step.action)), Some(made()));
}

#[test]
fn where_everything_is_there_is_nothing_to_do() {
    assert_eq!(make(&intent(), &child(), &wanted(), &found()).plan, Plan::default());
}

#[test]
fn only_what_differs_is_brought_up_to_date() {
    let mut wanted = wanted();
    wanted.code.environment.insert("A".into(), "2".into());
    let making = make(&intent(), &child(), &wanted, &found());
    assert_eq!(ids(&making.plan.steps), ["function-environment", "function-active"]);
    wanted.code.sha256 = "other".into();
    let making = make(&intent(), &child(), &wanted, &found());
    assert_eq!(ids(&making.plan.steps), ["function-code", "function-environment", "function-active"]);
    assert_eq!(making.plan.steps[1].after, ["function-code"]);
}

#[test]
fn what_others_made_is_told_at_its_field_and_left_alone() {
    let mut others = found();
    others.function.as_mut().unwrap().tags = Some(BTreeMap::new());
    others.role = Some(found_role(BTreeMap::new()));
    let making = make(&intent(), &child(), &wanted(), &others);
    let fields: Vec<&str> = making.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["role_name", "name"]);
    let removal = removal(&intent(), &child(), &made(), &others, &[], Going::Function);
    assert_eq!(removal.steps, []);
    assert_eq!(removal.stays.len(), 3);
}

#[test]
fn a_role_that_lambda_may_not_assume_is_refused() {
    let mut there = FunctionInventory { function: None, ..found() };
    let existing = TestFunction { role: ExecutionRole::Existing(role()), ..wanted() };
    assert_eq!(make(&intent(), &child(), &existing, &there).problems, []);
    there.role.as_mut().unwrap().trust = lambda::execution_trust().replace("lambda", "ec2");
    assert_eq!(make(&intent(), &child(), &existing, &there).problems[0].field, "role_arn");
}

#[test]
fn a_role_that_is_admitted_is_a_caller_and_a_dismissed_one_is_none() {
    assert!(!admits(&intent(), &role()));
    let with = admitted(&intent(), &role());
    assert!(admits(&with, &role()));
    assert_eq!(dismissed(&with, &role()), Some(intent()));
    let whole = ShareIntent { callers: CallerScope::WholeAccount, ..intent() };
    assert_eq!(admitted(&whole, &role()).callers, CallerScope::WholeAccount);
    let alone = ShareIntent { callers: CallerScope::Named(BTreeSet::from([role()])), ..intent() };
    assert_eq!(dismissed(&alone, &role()), None, "IAM takes no trust policy without a principal");
}

#[test]
fn leaving_takes_the_role_off_the_share_and_mends_nothing_else() {
    let mut model = crate::model::Model::default();
    let with = admitted(&intent(), &role());
    model.execute(&plan(&with, &model.inventory(&with)).plan);
    let mut inventory = model.inventory(&intent());
    inventory.child.as_mut().unwrap().attached_by_us.insert(role());
    inventory.role.as_mut().unwrap().max_session_seconds = 43_200;
    let steps = leaving(&intent(), &role(), plan(&intent(), &inventory).plan);
    assert!(steps.iter().all(|step| !matches!(step.action, Action::UpdateMaxSession { .. })), "{steps:#?}");
    let removal = removal(&with, &child(), &made(), &found(), &steps, Going::Function);
    let last = removal.steps.last().unwrap();
    assert!(matches!(&last.action, Action::DeleteRole { role: name } if name.as_str() == role().name()));
    for step in &steps {
        assert!(last.after.contains(&step.id), "the role goes when nothing names it: {:?}", last.after);
    }
}

#[test]
fn the_forms_defaults_are_the_shares_own_and_nothing_typed_is_lost() {
    let endpoints: Vec<EndpointName> = vec!["Churn-Classifier".parse().unwrap(), "echo".parse().unwrap()];
    let form = FunctionForm::default().filled(&intent(), &endpoints);
    let choice = form.parse(&intent()).unwrap();
    assert_eq!((choice.name, choice.endpoint), (wanted().name, wanted().endpoint));
    assert_eq!(choice.role, wanted().role);
    let typed = FunctionForm { name: "a b".into(), endpoint: "echo".into(), ..FunctionForm::default() };
    let filled = typed.filled(&intent(), &endpoints);
    assert_eq!((filled.name.as_str(), filled.endpoint.as_str()), ("a b", "echo"));
    let other = FunctionForm {
        role: "existing".into(),
        role_arn: "arn:aws:iam::999999999999:role/x".into(),
        ..FunctionForm::default()
    };
    let problems = other.filled(&intent(), &endpoints).parse(&intent()).unwrap_err();
    assert!(problems[0].message.contains("999999999999"), "{problems:?}");
}

//! Drift: every change behind a share's back is found and told, and mended where it can be.

use crate::model::{Model, Policy, Role, owned};
use crate::{CHILD, PARENT, caller, endpoint, intent};
use domain::arn::{Arn, CallerArn};
use domain::endpoint::EndpointStatus;
use domain::share::Side;
use domain::share::checks::Severity;
use domain::share::drift::{
    Choices, Drift, DriftCheck, DriftState, FindingKind, Mend, Recorded, RepairError, drift, repair,
};
use domain::share::intent::{CallerScope, EndpointScope, ShareIntent};
use domain::share::plan::{PastRun, plan, undo};
use domain::share::render;
use serde_json::{Value, json};

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// Two callers, two endpoints.
fn wide() -> ShareIntent {
    let callers = [caller("role/scoring-lambda"), caller("user/analyst")];
    ShareIntent {
        callers: CallerScope::Named(callers.clone().into()),
        grantees: callers.into(),
        endpoints: EndpointScope::Named([endpoint("a"), endpoint("b")].into()),
        ..intent()
    }
}

fn applied(intent: &ShareIntent) -> (Model, Recorded, PastRun) {
    let mut model = Model::default();
    let run = model.execute(&plan(intent, &model.inventory(intent)).plan);
    let recorded = Recorded::of(intent, &model.inventory(intent));
    (model, recorded, run)
}

fn after(change: impl Fn(&mut Model)) -> (Drift, Model, Recorded) {
    let (mut model, recorded, _) = applied(&wide());
    change(&mut model);
    (drift(&wide(), &model.inventory(&wide()), &recorded), model, recorded)
}

fn told(drift: &Drift) -> String {
    let line = |f: &domain::share::drift::Finding| {
        format!("{:?} {} [{:?}] {}\n  → {}", f.severity, f.key(), f.mend, f.sentence, f.hint)
    };
    drift.findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn role_arn() -> CallerArn {
    CallerArn::parse(intent().role_arn().as_str()).unwrap()
}

fn policy(model: &mut Model) -> &mut Policy {
    model.policies.get_mut(intent().policy_arn().as_str()).unwrap()
}

fn grant(model: &mut Model) -> &mut Policy {
    model.policies.get_mut(intent().grant_arn().as_str()).unwrap()
}

fn role(model: &mut Model) -> &mut Role {
    model.roles.get_mut("SageMakerExternal").unwrap()
}

const OTHER: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

#[test]
fn a_share_as_it_was_left_has_no_findings() {
    let (drift, ..) = after(|_| {});
    assert!(drift.is_clean() && drift.worst() == Severity::Passed && !drift.can_repair());
    assert_eq!(drift.brief(), "as it was left");
}

#[test]
fn changes_of_the_parents_policy_are_told() {
    let gone = after(|m| {
        m.attached.retain(|(_, arn)| arn != intent().policy_arn().as_str());
        m.policies.remove(intent().policy_arn().as_str());
    });
    let wider = after(|m| {
        let all = ShareIntent { endpoints: EndpointScope::All, ..wide() };
        policy(m).change(&render::invoke_policy(&all));
    });
    let narrower = after(|m| {
        let one = ShareIntent { endpoints: EndpointScope::Named([endpoint("a")].into()), ..wide() };
        policy(m).change(&render::invoke_policy(&one));
    });
    let detached = after(|m| {
        m.attached.remove(&(role_arn(), intent().policy_arn().to_string()));
    });
    let elsewhere = after(|m| {
        let other = CallerArn::parse(&format!("arn:aws:iam::{PARENT}:role/analytics")).unwrap();
        m.attached.insert((other, intent().policy_arn().to_string()));
        policy(m).groups.push("data".into());
    });
    let recreated = after(|m| policy(m).born = 1000);
    let all = [gone, wider, narrower, detached, elsewhere, recreated].map(|(drift, ..)| told(&drift));
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_version_rolled_back_is_told_by_its_number() {
    let old = ShareIntent { endpoints: EndpointScope::Named([endpoint("a")].into()), ..wide() };
    let (mut model, _, _) = applied(&old);
    model.execute(&plan(&wide(), &model.inventory(&wide())).plan);
    let recorded = Recorded::of(&wide(), &model.inventory(&wide()));
    policy(&mut model).default = 1;
    let drift = drift(&wide(), &model.inventory(&wide()), &recorded);
    assert_eq!(
        told(&drift),
        "Error parent:policy_rolled_back:SageMakerExternalInvokeEndpoint [Plan] Policy `SageMakerExternalInvokeEndpoint` \
         was put back to version 1: it no longer allows InvokeEndpoint on `b`.\n  → The repair puts a new version in \
         force that says what was asked for."
    );
    let diff = drift.findings[0].diff().unwrap();
    assert_eq!(diff.note, "changed in AWS");
    assert!(diff.lines.iter().any(|l| l.text.contains("endpoint/b")));
}

#[test]
fn changes_of_the_role_are_told() {
    let gone = after(|m| {
        m.attached.retain(|(who, _)| *who != role_arn());
        m.roles.clear();
    });
    let recreated = after(|m| role(m).id = "AROAEXAMPLEEXAMPLE02".into());
    let session = after(|m| role(m).seconds = 7200);
    let extra = after(|m| {
        m.attached.insert((role_arn(), ADMIN.into()));
        role(m).inline.insert("more".parse().unwrap(), OTHER.into());
        role(m).boundary = Some(format!("arn:aws:iam::{PARENT}:policy/limit").parse().unwrap());
    });
    let tags = after(|m| {
        role(m).tags.clear();
        policy(m).tags = owned(&[("sagebridge:share", "lost")]);
        grant(m).tags.clear();
    });
    let all = [gone, recreated, session, extra, tags].map(|(drift, ..)| told(&drift));
    insta::assert_snapshot!(all.join("\n\n"));
}

/// A trust policy with its first statement a second time, changed.
fn with_another(trust: &str, change: impl Fn(&mut Value)) -> String {
    let mut trust: Value = serde_json::from_str(trust).unwrap();
    let mut another = trust["Statement"][0].clone();
    another["Sid"] = json!("Another");
    change(&mut another);
    trust["Statement"].as_array_mut().unwrap().push(another);
    trust.to_string()
}

#[test]
fn changes_of_the_trust_policy_are_told_by_their_effect() {
    let trusts = |change: &dyn Fn(&str) -> String| {
        let (drift, ..) = after(|m| role(m).trust = change(&role(m).trust));
        told(&drift)
    };
    let analyst = "\"arn:aws:iam::222222222222:user/analyst\"";
    let stranger = "\"arn:aws:iam::333333333333:root\"";
    let all = [
        trusts(&|t| t.replace(analyst, stranger)),
        trusts(&|t| t.replace("sagebridge-external-id", "guessed")),
        trusts(&|t| t.replace("\"sagebridge-external-id\"", "[\"sagebridge-external-id\", \"second\"]")),
        trusts(&|t| t.replace("StringEquals", "StringLikeIfExists")),
        trusts(&|t| t.replace("ChildMayAssume", "Renamed")),
        trusts(&|t| t.replace("StringEquals", "StringLike").replace("sagebridge-external-id", "*")),
        trusts(&|t| t.replace("StringEquals", "StringLike").replace("sagebridge-external-id", "sagebridge-*")),
        trusts(&|t| t.replace("StringEquals", "StringNotEquals").replace("sagebridge-external-id", "x-1")),
        trusts(&|t| {
            let two = "[\"sagebridge-external-id\", \"second\"]";
            t.replace("StringEquals", "StringLike").replace("\"sagebridge-external-id\"", two)
        }),
        trusts(&|t| t.replace("StringEquals", "StringLike")),
        trusts(&|t| with_another(t, |one| one["Condition"] = json!({"StringLike": {"sts:ExternalId": "*"}}))),
        trusts(&|t| with_another(t, |one| one["Condition"] = json!({"Null": {"sts:ExternalId": "false"}}))),
        trusts(&|t| t.replace(analyst, "\"*\"")),
        trusts(&|_| "{".into()),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn an_orphaned_principal_is_told_and_mended_by_rewriting_the_trust_policy() {
    let (drifted, mut model, recorded) = after(|m| {
        m.bury(&caller("user/analyst"));
        m.gone.clear();
    });
    insta::assert_snapshot!(told(&drifted));
    let repaired = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::default()).unwrap();
    assert!(repaired.planned.plan.steps.iter().any(|s| s.id == "parent-role-trust"));
    model.execute(&repaired.planned.plan);
    assert!(drift(&wide(), &model.inventory(&wide()), &recorded).is_clean());
}

#[test]
fn an_orphan_that_was_never_a_caller_is_a_change_too() {
    let (drift, ..) = after(|m| {
        let trust = role(m).trust.replace("\"AWS\": [", "\"AWS\": [\n\"AIDASTRANGER00000001\",");
        role(m).trust = trust;
    });
    let kinds: Vec<_> = drift.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FindingKind::TrustOrphaned, FindingKind::TrustChanged]);
    assert_eq!(drift.findings[0].severity, Severity::Warning);
}

#[test]
fn a_caller_that_is_gone_comes_off_the_share_when_the_person_says_so() {
    let (drifted, mut model, recorded) = after(|m| m.bury(&caller("user/analyst")));
    insta::assert_snapshot!(told(&drifted));
    let repaired = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::of(&drifted.findings)).unwrap();
    assert_eq!(repaired.intent.callers, CallerScope::Named([caller("role/scoring-lambda")].into()));
    model.execute(&repaired.planned.plan);
    let again = drift(&repaired.intent, &model.inventory(&repaired.intent), &recorded);
    assert!(again.is_clean(), "{}", told(&again));
}

#[test]
fn the_last_caller_and_the_last_endpoint_stay() {
    let (mut model, recorded, _) = applied(&intent());
    model.bury(&caller("role/scoring-lambda"));
    model.endpoints.insert(endpoint("churn-classifier").to_string(), None);
    let drifted = drift(&intent(), &model.inventory(&intent()), &recorded);
    let left =
        drifted.findings.iter().filter(|f| matches!(f.kind, FindingKind::CallerGone | FindingKind::EndpointGone));
    assert!(left.into_iter().all(|f| f.mend == Mend::Person));
    let choices = Choices { drop_callers: [caller("role/scoring-lambda")].into(), ..Choices::default() };
    let refused = repair(&intent(), &model.inventory(&intent()), &recorded, &choices);
    assert_eq!(refused, Err(RepairError::NoCaller));
}

#[test]
fn changes_of_the_childs_side_are_told() {
    let gone = after(|m| {
        m.attached.retain(|(_, arn)| arn != intent().grant_arn().as_str());
        m.policies.remove(intent().grant_arn().as_str());
    });
    let changed = after(|m| grant(m).change(OTHER));
    let detached = after(|m| {
        m.attached.remove(&(caller("user/analyst"), intent().grant_arn().to_string()));
    });
    let elsewhere = after(|m| {
        m.attached.insert((caller("role/someone"), intent().grant_arn().to_string()));
    });
    let all = [gone, changed, detached, elsewhere].map(|(drift, ..)| told(&drift));
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn changes_of_endpoints_are_told() {
    let gone = after(|m| {
        m.endpoints.insert(endpoint("a").to_string(), None);
    });
    let failed = after(|m| {
        m.endpoints.insert(endpoint("a").to_string(), Some((EndpointStatus::Failed, 0)));
        m.endpoints.insert(endpoint("b").to_string(), Some((EndpointStatus::Creating, 0)));
    });
    let recreated = after(|m| {
        m.endpoints.insert(endpoint("a").to_string(), Some((EndpointStatus::InService, 5000)));
    });
    let all = [gone, failed, recreated].map(|(drift, ..)| told(&drift));
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_side_that_cant_be_read_is_unknown_and_nothing_is_said_or_planned_there() {
    let (model, recorded, _) = applied(&wide());
    let mut inventory = model.inventory(&wide());
    inventory.child = None;
    inventory.unread.insert(Side::Child, "AccessDenied: iam:GetPolicy".into());
    let drifted = drift(&wide(), &inventory, &recorded);
    assert_eq!(drifted.brief(), "as it was left, the child's side unknown");
    assert_eq!(drifted.unknown[0].reason, "AccessDenied: iam:GetPolicy");
    assert!(!drifted.is_clean() && drifted.findings.is_empty());

    let by_hand = ShareIntent { child_connection: None, ..wide() };
    let unconnected = drift(&by_hand, &model.inventory(&by_hand), &recorded);
    assert_eq!(
        unconnected.unknown[0].reason,
        format!("Account {CHILD} is not connected: its side can't be looked at.")
    );

    inventory.role = None;
    inventory.policy = None;
    inventory.unread.insert(Side::Parent, "the session has expired".into());
    assert_eq!(drift(&wide(), &inventory, &recorded).brief(), "both sides unknown");
    assert_eq!(plan(&wide(), &inventory).plan.steps, []);
    let refused = repair(&wide(), &inventory, &recorded, &Choices::default()).unwrap_err();
    assert_eq!(refused.to_string(), "account 111111111111 could not be read: the session has expired");
}

#[test]
fn what_a_role_had_when_it_was_taken_over_is_no_finding() {
    let intent = ShareIntent { adopt: true, ..wide() };
    let mut model = Model::default();
    let mut before = Role::of(OTHER_TRUST, 3600, &[]);
    before.inline.insert("logs".parse().unwrap(), OTHER.into());
    before.boundary = Some(format!("arn:aws:iam::{PARENT}:policy/limit").parse().unwrap());
    model.roles.insert("SageMakerExternal".into(), before);
    model.attached.insert((role_arn(), ADMIN.into()));
    model.execute(&plan(&intent, &model.inventory(&intent)).plan);
    let recorded = Recorded::of(&intent, &model.inventory(&intent));
    assert!(drift(&intent, &model.inventory(&intent), &recorded).is_clean());
    role(&mut model).boundary = None;
    let changed = drift(&intent, &model.inventory(&intent), &recorded);
    assert_eq!(changed.findings[0].kind, FindingKind::BoundaryChanged);
}

const OTHER_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

#[test]
fn a_repair_touches_only_the_extras_it_was_told_to() {
    let (drifted, mut model, recorded) = after(|m| {
        m.attached.insert((role_arn(), ADMIN.into()));
        m.attached.insert((role_arn(), format!("arn:aws:iam::{PARENT}:policy/AdministratorAccess")));
        role(m).inline.insert("more".parse().unwrap(), OTHER.into());
    });
    let untold = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::default()).unwrap();
    assert_eq!(untold.planned.plan.steps, []);
    let own: Arn = intent().policy_arn();
    let choices = Choices { detach: [ADMIN.parse().unwrap(), own].into(), ..Choices::default() };
    let one = repair(&wide(), &model.inventory(&wide()), &recorded, &choices).unwrap();
    let titles: Vec<_> = one.planned.plan.steps.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(titles, ["Detach AdministratorAccess from SageMakerExternal"]);
    let all = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::of(&drifted.findings)).unwrap();
    assert_eq!(all.planned.plan.steps.len(), 3);
    model.execute(&all.planned.plan);
    assert!(drift(&wide(), &model.inventory(&wide()), &recorded).is_clean());
}

#[test]
fn an_inline_policy_nobody_could_read_is_not_deleted() {
    let (drifted, model, recorded) = after(|m| {
        role(m).inline.insert("more".parse().unwrap(), OTHER.into());
    });
    let mut inventory = model.inventory(&wide());
    inventory.role_documents.clear();
    let refused = repair(&wide(), &inventory, &recorded, &Choices::of(&drifted.findings)).unwrap_err();
    assert_eq!(refused.to_string(), "inline policy `more` could not be read");
    assert_eq!(drifted.findings[0].diff().unwrap().note, "not of this share");
}

#[test]
fn a_tag_given_back_leaves_undo_knowing_what_the_share_made() {
    let (mut model, recorded, first) = applied(&wide());
    role(&mut model).tags.clear();
    policy(&mut model).tags.clear();
    let before = drift(&wide(), &model.inventory(&wide()), &recorded);
    let kept = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::default()).unwrap();
    assert_eq!(kept.planned.conflicts.len(), 2, "without a word nothing is tagged");
    let repaired = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::of(&before.findings)).unwrap();
    let second = model.execute(&repaired.planned.plan);
    assert!(drift(&wide(), &model.inventory(&wide()), &recorded).is_clean());
    model.execute(&undo(&wide(), &[first, second], &model.inventory(&wide())));
    assert_eq!((model.roles.len(), model.policies.len(), model.attached.len()), (0, 0, 0));
}

#[test]
fn a_role_that_someone_made_again_is_given_back_not_deleted() {
    let (mut model, recorded, first) = applied(&wide());
    role(&mut model).tags.clear();
    role(&mut model).id = "AROAEXAMPLEEXAMPLE02".into();
    let drifted = drift(&wide(), &model.inventory(&wide()), &recorded);
    let repaired = repair(&wide(), &model.inventory(&wide()), &recorded, &Choices::of(&drifted.findings)).unwrap();
    let second = model.execute(&repaired.planned.plan);
    model.execute(&undo(&wide(), &[first, second], &model.inventory(&wide())));
    assert_eq!((model.roles.len(), model.policies.len()), (1, 0));
}

#[test]
fn a_run_takes_for_right_what_it_did_itself_and_nothing_that_others_did() {
    let (mut model, recorded, _) = applied(&wide());
    model.attached.insert((role_arn(), ADMIN.into()));
    role(&mut model).boundary = Some(format!("arn:aws:iam::{PARENT}:policy/limit").parse().unwrap());
    policy(&mut model).groups.push("data".into());
    let longer = ShareIntent { session_seconds: 7200, ..wide() };
    let edit = plan(&longer, &model.inventory(&longer)).plan;
    model.execute(&edit);
    let after = recorded.after(&edit, &longer, &model.inventory(&longer));
    let found = drift(&longer, &model.inventory(&longer), &after);
    let kinds: Vec<_> = found.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FindingKind::ExtraPolicy, FindingKind::BoundaryAdded, FindingKind::AttachedElsewhere]);
    let noted = after.noting(&found.findings, &model.inventory(&longer));
    assert!(drift(&longer, &model.inventory(&longer), &noted).is_clean(), "left as it is when a person says so");
}

#[test]
fn a_first_run_remembers_what_it_made_and_took_over() {
    let mut model = Model::default();
    let adopting = ShareIntent { adopt: true, ..wide() };
    let mut before = Role::of(OTHER_TRUST, 3600, &[]);
    before.inline.insert("logs".parse().unwrap(), OTHER.into());
    model.roles.insert("SageMakerExternal".into(), before);
    let first = plan(&adopting, &model.inventory(&adopting)).plan;
    model.execute(&first);
    let inventory = model.inventory(&adopting);
    assert_eq!(Recorded::default().after(&first, &adopting, &inventory), Recorded::of(&adopting, &inventory));
}

#[test]
fn a_share_without_a_record_gets_one_that_accepts_nothing() {
    let (mut model, _, _) = applied(&wide());
    role(&mut model).inline.insert("more".parse().unwrap(), OTHER.into());
    let inventory = model.inventory(&wide());
    let after = Recorded::default().after(&Default::default(), &wide(), &inventory);
    assert_eq!(drift(&wide(), &inventory, &after).findings.len(), 1);
    role(&mut model).id = "AROAEXAMPLEEXAMPLE02".into();
    let found = drift(&wide(), &model.inventory(&wide()), &after);
    assert_eq!(found.findings[0].kind, FindingKind::RoleRecreated);
}

#[test]
fn a_record_keeps_what_could_not_be_read_this_time() {
    let (model, recorded, _) = applied(&wide());
    let mut inventory = model.inventory(&wide());
    inventory.child = None;
    inventory.policy = None;
    assert_eq!(recorded.after(&Default::default(), &wide(), &inventory), recorded);
    let kept: Recorded = serde_json::from_str("{}").unwrap();
    assert_eq!(kept, Recorded::default());
}

#[test]
fn an_endpoint_that_came_off_a_share_is_forgotten() {
    let (model, recorded, _) = applied(&wide());
    let one = ShareIntent { endpoints: EndpointScope::Named([endpoint("a")].into()), ..wide() };
    let after = recorded.after(&Default::default(), &one, &model.inventory(&one));
    assert_eq!(after.endpoints.into_keys().collect::<Vec<_>>(), [endpoint("a")]);
}

#[test]
fn what_a_look_came_to_is_kept_in_a_word() {
    let (model, recorded, _) = applied(&wide());
    let at = domain::time::Timestamp(7);
    let kept = |intent: &ShareIntent, inventory: &domain::share::inventory::ShareInventory| {
        let check = DriftCheck::of(&drift(intent, inventory, &recorded), intent, at);
        (check.state, check.brief)
    };
    let mut inventory = model.inventory(&wide());
    assert_eq!(kept(&wide(), &inventory), (DriftState::Clean, "as it was left".into()));
    inventory.child = None;
    inventory.unread.insert(Side::Child, "the session has expired".into());
    assert_eq!(kept(&wide(), &inventory), (DriftState::Unknown, "as it was left, the child's side unknown".into()));
    inventory.role = None;
    let (state, brief) = kept(&wide(), &inventory);
    assert_eq!((state, brief.as_str()), (DriftState::Drifted, "one change, the child's side unknown"));
    // Nobody expects to read an account that was never connected.
    let by_hand = ShareIntent { child_connection: None, ..wide() };
    assert_eq!(kept(&by_hand, &model.inventory(&by_hand)).0, DriftState::Clean);
}

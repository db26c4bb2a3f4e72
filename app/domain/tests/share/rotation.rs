//! Changing the external ID: nobody is locked out on the way, and the old one is worth nothing after it.

use crate::model::{Model, Role};
use crate::{CHILD, PARENT, caller, intent};
use domain::evaluate::{Context, Decision, NamedPolicy, Policies, Principal, Request, ResourceKind, decide};
use domain::names::ExternalId;
use domain::policy::PolicyDocument;
use domain::share::checks::{Severity, checks};
use domain::share::diff::lanes;
use domain::share::drift::{Recorded, drift};
use domain::share::intent::{CallerScope, ShareIntent};
use domain::share::plan::{Action, plan, undo};
use domain::share::rotate::{self, RotateError, RotationChange};
use domain::share::sentence::{Tense, arrow, sentence};
use domain::share::{TAG_SHARE, render};
use domain::time::Timestamp;
use domain::wizard::ShareDraft;

const SINCE: Timestamp = Timestamp(1_764_000_000_000);

fn id(text: &str) -> ExternalId {
    ExternalId::parse(text).unwrap()
}

fn widened() -> ShareIntent {
    rotate::widen(&intent(), &id("new-id"), SINCE).unwrap()
}

/// Whether the caller gets in with this external ID, by the evaluator, under the role's trust policy and the grant.
fn assumes(trust: &str, external_id: Option<&str>) -> bool {
    let named = |name: &str, text: &str| NamedPolicy::new(name, PolicyDocument::parse(text).unwrap());
    let identity = [named("grant", &render::grant_policy(&intent().role_arn()))];
    let trust = named("trust", trust);
    let mut context = Context::new();
    if let Some(id) = external_id {
        context = context.with("sts:ExternalId", id);
    }
    let request = Request {
        principal: Principal::role(caller("role/scoring-lambda").arn().clone(), None).unwrap(),
        action: "sts:AssumeRole".into(),
        resource: intent().role_arn().to_string(),
        resource_account: PARENT.parse().unwrap(),
        context,
    };
    let policies = Policies {
        identity: &identity,
        resource: Some(&trust),
        resource_kind: ResourceKind::Trust,
        ..Policies::default()
    };
    decide(&request, &policies) == Decision::Allowed
}

fn trust_in(model: &Model) -> String {
    model.roles["SageMakerExternal"].trust.clone()
}

#[test]
fn old_and_new_both_get_in_during_the_change_and_only_the_new_one_after_it() {
    let old = "sagebridge-external-id";
    let mut model = Model::default();
    model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    let gets_in =
        |model: &Model| [Some(old), Some("new-id"), Some("guess"), None].map(|id| assumes(&trust_in(model), id));
    assert_eq!(gets_in(&model), [true, false, false, false]);

    let widen = plan(&widened(), &model.inventory(&widened())).plan;
    assert_eq!(widen.steps.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["parent-role-trust"]);
    model.execute(&widen);
    assert_eq!(gets_in(&model), [true, true, false, false]);
    assert_eq!(plan(&widened(), &model.inventory(&widened())).plan.steps, []);

    let narrowed = rotate::narrow(&widened()).unwrap();
    let narrow = plan(&narrowed, &model.inventory(&narrowed)).plan;
    assert_eq!(narrow.steps.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["parent-role-trust"]);
    model.execute(&narrow);
    assert_eq!(gets_in(&model), [false, true, false, false]);
    assert_eq!(narrowed.external_id, Some(id("new-id")));
}

#[test]
fn a_change_called_off_leaves_the_share_as_it_was() {
    assert_eq!(rotate::call_off(&widened()).unwrap(), intent());
}

#[test]
fn the_trust_policy_during_the_change_says_since_when() {
    insta::assert_snapshot!(render::trust_policy(&widened()));
}

#[test]
fn one_change_at_a_time_and_only_where_there_is_something_to_change() {
    let without = ShareIntent { external_id: None, ..intent() };
    let present = intent().external_id.unwrap();
    assert_eq!(rotate::widen(&without, &id("new-id"), SINCE), Err(RotateError::NoExternalId));
    assert_eq!(rotate::widen(&intent(), &present, SINCE), Err(RotateError::Same(present.clone())));
    assert_eq!(rotate::widen(&widened(), &id("third"), SINCE), Err(RotateError::UnderWay(SINCE)));
    assert_eq!(rotate::narrow(&intent()), Err(RotateError::NoneUnderWay));
    assert_eq!(rotate::call_off(&intent()), Err(RotateError::NoneUnderWay));
    let message = RotateError::UnderWay(SINCE).to_string();
    assert_eq!(message, "a change of the external ID is under way since 2025-11-24T16:00:00Z");
}

#[test]
fn the_console_presents_the_new_id_as_soon_as_it_is_accepted() {
    let old = intent().external_id.unwrap();
    let (before, after) = (render::trust_policy(&intent()), render::trust_policy(&widened()));
    assert_eq!(rotate::presented(&widened(), Some(&before)), Some(&old));
    assert_eq!(rotate::presented(&widened(), Some(&after)), Some(&id("new-id")));
    assert_eq!(rotate::presented(&widened(), None), Some(&id("new-id")));
    assert_eq!(rotate::presented(&widened(), Some("{}")), Some(&id("new-id")));
    assert_eq!(rotate::presented(&intent(), Some(&before)), Some(&old));
    let whole = ShareIntent { callers: CallerScope::WholeAccount, ..widened() };
    let steady = ShareIntent { rotation: None, external_id: Some(old.clone()), ..whole.clone() };
    assert_eq!(rotate::presented(&whole, Some(&render::trust_policy(&steady))), Some(&old));
}

#[test]
fn an_open_change_is_told_wherever_the_share_is() {
    let words: String = sentence(&widened(), &[], Tense::Present).into_iter().map(|s| s.text).collect();
    assert!(words.ends_with(
        "and only when the external ID is presented, the new one or, until its change is ended, the old one."
    ));
    assert_eq!(arrow(&widened()), "external ID required, old or new");
    let mut model = Model::default();
    model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    let inventory = model.inventory(&widened());
    let planned = plan(&widened(), &inventory);
    let found = checks(&widened(), &inventory, &planned);
    let reminder = found.iter().find(|c| c.id == "rotation").unwrap();
    assert_eq!(reminder.severity, Severity::Warning);
    assert_eq!(
        reminder.reason,
        "The old external ID is accepted beside the new one since 2025-11-24T16:00:00Z. Give the new one to every \
         caller, then end the change."
    );
    assert!(!found.iter().any(|c| c.id == "id-in-use"), "nobody is locked out by widening");
    assert_eq!(rotate::view(&widened()).unwrap().reminder, reminder.reason);
    assert_eq!(rotate::view(&intent()), None);
    let role = &lanes(&widened(), &inventory, &planned).parent[0];
    assert_eq!(role.detail, "role · trust policy updated");
    let made = domain::share::diff::made_lanes(&widened(), &[], false);
    assert_eq!(made.parent[0].detail, "role · trusts scoring-lambda, 1 h sessions, old and new external ID");
}

#[test]
fn an_id_that_changes_at_once_is_warned_about_and_the_end_of_a_change_is_noted() {
    let found = |from: &ShareIntent, to: &ShareIntent| {
        let mut model = Model::default();
        model.execute(&plan(from, &model.inventory(from)).plan);
        let inventory = model.inventory(to);
        checks(to, &inventory, &plan(to, &inventory)).into_iter().find(|c| c.id == "id-in-use").map(|c| c.severity)
    };
    let other = ShareIntent { external_id: Some(id("other")), ..intent() };
    let none = ShareIntent { external_id: None, ..intent() };
    assert_eq!(found(&intent(), &other), Some(Severity::Warning));
    assert_eq!(found(&widened(), &rotate::narrow(&widened()).unwrap()), Some(Severity::Note));
    assert_eq!(found(&intent(), &none), None);
    assert_eq!(found(&none, &intent()), None);
    assert_eq!(found(&intent(), &intent()), None);
}

#[test]
fn an_open_change_is_no_drift_and_losing_the_old_id_in_it_is() {
    let mut model = Model::default();
    model.execute(&plan(&widened(), &model.inventory(&widened())).plan);
    let recorded = Recorded::of(&widened(), &model.inventory(&widened()));
    assert!(drift(&widened(), &model.inventory(&widened()), &recorded).is_clean());
    let narrowed = render::trust_policy(&rotate::narrow(&widened()).unwrap());
    model.roles.insert("SageMakerExternal".into(), Role::of(&narrowed, 3600, &[(TAG_SHARE, "share-1")]));
    let found = drift(&widened(), &model.inventory(&widened()), &recorded);
    assert_eq!(found.worst(), Severity::Error);
    assert!(found.findings[0].sentence.contains("it asks for another external ID"), "{}", found.findings[0].sentence);
}

#[test]
fn undoing_in_the_middle_of_a_change_leads_back_to_what_was_there_before_the_share() {
    let before = render::trust_policy(&ShareIntent { child: CHILD.parse().unwrap(), external_id: None, ..intent() });
    let mut model = Model::default();
    model.roles.insert("SageMakerExternal".into(), Role::of(&before, 3600, &[]));
    let original = model.clone();
    let adopting = ShareIntent { adopt: true, ..intent() };
    let widened = rotate::widen(&adopting, &id("new-id"), SINCE).unwrap();
    let runs = [&adopting, &widened].map(|i| {
        let planned = plan(i, &model.inventory(i)).plan;
        model.execute(&planned)
    });
    let back = undo(&widened, &runs, &model.inventory(&widened));
    assert!(back.steps.iter().any(|s| matches!(&s.action, Action::UpdateTrust { .. })));
    model.execute(&back);
    assert_eq!(model, original);
}

#[test]
fn the_wizard_keeps_an_open_change_for_as_long_as_its_answer_is_the_new_id() {
    let draft = ShareDraft::of_share("d-1".parse().unwrap(), &widened(), &id("fresh"));
    assert_eq!(draft.intent().unwrap(), widened());
    let mut back = draft.clone();
    back.role.external_id = intent().external_id.unwrap().to_string();
    assert_eq!(back.intent().unwrap(), intent());
    let mut without = draft;
    without.role.require_external_id = String::new();
    let intent = without.intent().unwrap();
    assert_eq!((intent.external_id, intent.rotation), (None, None));
}

#[test]
fn a_share_kept_by_an_earlier_version_has_no_change_under_way() {
    let mut value = serde_json::to_value(intent()).unwrap();
    value.as_object_mut().unwrap().remove("rotation");
    assert_eq!(serde_json::from_value::<ShareIntent>(value).unwrap(), intent());
    let round: ShareIntent = serde_json::from_value(serde_json::to_value(widened()).unwrap()).unwrap();
    assert_eq!(round, widened());
}

#[test]
fn a_wizard_follows_the_share_unless_another_id_was_typed() {
    let (old, new) = ("sagebridge-external-id", "new-id");
    let draft = ShareDraft::of_share("d-1".parse().unwrap(), &intent(), &id("fresh"));
    let followed = |mut draft: ShareDraft, share: &ShareIntent| {
        draft.follow(share);
        draft
    };
    assert_eq!(followed(draft.clone(), &widened()).intent().unwrap(), widened());
    let narrowed = rotate::narrow(&widened()).unwrap();
    assert_eq!(followed(draft.clone(), &narrowed).intent().unwrap(), narrowed);
    // Opened in the midst of a change that has been ended or called off since.
    let during = followed(draft.clone(), &widened());
    assert_eq!(followed(during.clone(), &narrowed).intent().unwrap(), narrowed);
    assert_eq!(followed(during, &rotate::call_off(&widened()).unwrap()).intent().unwrap(), intent());

    let mut typed = draft.clone();
    typed.role.external_id = "typed".into();
    assert_eq!(followed(typed, &widened()).role.external_id, "typed");
    // A draft of an earlier version does not say what it was opened with.
    let earlier = |answer: &str| {
        let mut earlier = ShareDraft { opened_with: None, ..draft.clone() };
        earlier.role.external_id = answer.into();
        followed(earlier, &widened()).role.external_id
    };
    assert_eq!([earlier(old), earlier(new), earlier("typed")], [new, new, "typed"]);
    let without = ShareIntent { external_id: None, ..intent() };
    assert_eq!(followed(draft, &without).role.external_id, old);
}

#[test]
fn a_change_is_read_from_a_form_and_told_in_a_sentence() {
    let told = |change: &RotationChange, intent: &ShareIntent| {
        change.sentence(intent).into_iter().map(|span| span.text).collect::<String>()
    };
    let begin = RotationChange::parse("begin", " new-id ").unwrap();
    assert_eq!(begin, RotationChange::Begin(id("new-id")));
    assert_eq!(begin.of(&intent(), SINCE).unwrap(), widened());
    assert_eq!(
        told(&begin, &intent()),
        "new-id will be accepted beside sagebridge-external-id: callers go on with the one they have, and switch when it \
         suits them."
    );
    let end = RotationChange::parse("end", "").unwrap();
    assert_eq!(end.of(&widened(), SINCE).unwrap(), rotate::narrow(&widened()).unwrap());
    assert_eq!(
        told(&end, &widened()),
        "Only new-id will be accepted: whoever still sends sagebridge-external-id is denied."
    );
    let off = RotationChange::parse("call_off", "").unwrap();
    assert_eq!(off.of(&widened(), SINCE).unwrap(), intent());
    assert_eq!(
        told(&off, &widened()),
        "Only sagebridge-external-id will be accepted again: whoever sends new-id already is denied."
    );
    for (change, to, field) in [("begin", "x", "to"), ("begin", "", "to"), ("rotate", "new-id", "change")] {
        assert_eq!(RotationChange::parse(change, to).unwrap_err().field, field, "{change} {to}");
    }
    for change in [begin, end, off] {
        assert!(RotationChange::KEYS.contains(&change.key()));
    }
}

//! Shares that were offered: the child's side alone, with nothing guessed of the parent's.

use crate::model::Model;
use crate::{CHILD, PARENT, caller, endpoint, intent};
use domain::connection::Identity;
use domain::handoff::ShareOffer;
use domain::share::Side;
use domain::share::checks::{Severity, checks};
use domain::share::diff::{Change, lanes, made_lanes};
use domain::share::drift::{Choices, Recorded, drift, repair};
use domain::share::intent::{CallerScope, EndpointScope, ParentSide, ShareIntent};
use domain::share::inventory::ShareInventory;
use domain::share::plan::{dry_run, plan, undo};
use domain::share::sentence::{review_sentence, undo_sentence};
use domain::share::view::Span;
use domain::wizard::{ShareDraft, WizardStep};

fn offer() -> ShareOffer {
    let whole = ShareIntent { callers: CallerScope::WholeAccount, ..intent() };
    ShareOffer::of(&whole, &["Churn-Classifier".parse().unwrap()])
}

fn identity() -> Identity {
    Identity {
        account: CHILD.parse().unwrap(),
        arn: caller("user/admin").arn().clone(),
        caller: Some(caller("user/admin")),
    }
}

fn draft_of(offer: &ShareOffer) -> ShareDraft {
    let mut draft = ShareDraft::of_offer("draft-1".parse().unwrap(), offer, &"child".parse().unwrap(), &identity());
    draft.callers.arns = vec![caller("role/scoring-lambda").to_string()];
    draft.callers.console = String::new();
    draft.child.grantees = draft.callers.arns.clone();
    draft
}

/// The share as accepted in the child's console.
fn accepted(offer: &ShareOffer) -> ShareIntent {
    draft_of(offer).intent().unwrap()
}

fn text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// The child's account as its own console sees it.
fn seen(model: &Model, intent: &ShareIntent) -> ShareInventory {
    let both = model.inventory(intent);
    ShareInventory { child: both.child, ..ShareInventory::default() }
}

#[test]
fn an_accepted_offer_says_what_was_offered_and_who_was_chosen() {
    let share = accepted(&offer());
    assert_eq!(share.parent_connection(), None);
    assert_eq!((share.id.as_str(), share.parent.as_str(), share.child.as_str()), ("share-1", PARENT, CHILD));
    assert_eq!(share.role_arn(), intent().role_arn());
    assert_eq!(share.external_id, intent().external_id);
    assert_eq!(share.endpoints, EndpointScope::Named([endpoint("churn-classifier")].into()));
    assert_eq!(share.callers, CallerScope::Named([caller("role/scoring-lambda")].into()));
    assert_eq!(share.elsewhere(), Some(Side::Parent));
    // Its own offer is the one that was opened, and stored it comes back as it is.
    assert_eq!(ShareOffer::of(&share, &offer().names().into_iter().collect::<Vec<_>>()), offer());
    let stored = serde_json::to_string(&share).unwrap();
    assert_eq!(serde_json::from_str::<ShareIntent>(&stored).unwrap(), share);
}

#[test]
fn a_share_stored_before_there_were_offers_is_read_as_connected() {
    let stored = serde_json::to_value(intent()).unwrap();
    assert_eq!(stored["parent_connection"], "parent");
    assert_eq!(serde_json::from_value::<ShareIntent>(stored).unwrap(), intent());
}

#[test]
fn accepting_asks_for_the_childs_half_only() {
    let draft = draft_of(&offer());
    use WizardStep::{Apply, Callers, Child, Parent, Review, Verify};
    assert_eq!(draft.steps(), [Callers, Child, Review, Apply, Verify]);
    assert_eq!((draft.next(Callers), draft.next(Parent), draft.next(Verify)), (Some(Child), Some(Callers), None));
    assert_eq!((draft.previous(Child), draft.previous(Callers)), (Some(Callers), None));
    assert_eq!(draft.path(Child), "/shares/accept/draft-1/child");
    assert_eq!(draft.all_problems(), []);
    let again = ShareDraft::of_share("draft-2".parse().unwrap(), &accepted(&offer()), &"xx".parse().unwrap());
    assert_eq!(again.offer, Some(offer()));
    assert_eq!(again.intent().unwrap(), accepted(&offer()));
}

#[test]
fn whom_the_role_trusts_already_is_chosen_at_first() {
    let named = ShareOffer { callers: CallerScope::Named([caller("role/a"), caller("user/admin")].into()), ..offer() };
    let draft = ShareDraft::of_offer("d".parse().unwrap(), &named, &"child".parse().unwrap(), &identity());
    assert_eq!(draft.callers.arns, [caller("role/a").to_string()]);
    assert!(draft.console_calls());
    let whole = ShareDraft::of_offer("d".parse().unwrap(), &offer(), &"child".parse().unwrap(), &identity());
    assert!(whole.callers.arns.is_empty() && whole.console_calls());
}

#[test]
fn an_offer_for_another_account_or_for_everybody_is_not_accepted() {
    let wrong = |change: &dyn Fn(&mut ShareDraft)| {
        let mut draft = draft_of(&offer());
        change(&mut draft);
        let all = draft.all_problems().into_iter().map(|(step, problem)| (step, problem.field, problem.message));
        all.collect::<Vec<_>>()
    };
    let other = wrong(&|draft| draft.child_account = Some("333333333333".parse().unwrap()));
    assert!(
        other.iter().any(|(step, field, message)| *step == WizardStep::Callers
            && field == "connection"
            && message == "the file names account `222222222222`, the connection is to account `333333333333`"),
        "{other:?}"
    );
    let all = wrong(&|draft| draft.callers.scope = "account".into());
    assert_eq!(all[0].1, "scope");
    let typed = wrong(&|draft| draft.callers.source = "typed".into());
    assert!(!typed.is_empty());
    let nobody = wrong(&|draft| draft.callers.arns.clear());
    assert_eq!(nobody[0].1, "arns");
}

#[test]
fn the_plan_of_an_accepted_offer_makes_the_childs_side_and_nothing_else() {
    let share = accepted(&offer());
    let mut model = Model::default();
    let planned = plan(&share, &seen(&model, &share));
    assert!(planned.plan.steps.iter().all(|step| step.side == Side::Child && step.account.as_str() == CHILD));
    let ids: Vec<&str> = planned.plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["child-grant", "child-attach-role-scoring-lambda"]);
    let past = model.execute(&planned.plan);
    assert_eq!(plan(&share, &seen(&model, &share)).plan.steps, [], "planning again after success is empty");

    let found = drift(&share, &seen(&model, &share), &Recorded::default());
    assert_eq!(found.findings, []);
    assert_eq!(found.brief(), "the parent's side unknown");
    assert_eq!(found.unknown[0].reason, "Account 111111111111 is not connected: its side can't be looked at.");

    let runs = [past];
    let trial = dry_run(&share, &runs, &seen(&model, &share), &Default::default());
    assert!(trial.ready());
    assert_eq!(trial.unknown[0].side, Side::Parent);
    let back = undo(&share, &runs, &seen(&model, &share));
    assert!(back.steps.iter().all(|step| step.side == Side::Child));
    model.execute(&back);
    let rest = undo(&share, &runs, &seen(&model, &share));
    assert_eq!(rest.steps, []);
    assert_eq!(
        text(&undo_sentence(&share, &dry_run(&share, &runs, &seen(&model, &share), &Default::default()))),
        "Nothing of this share is left in account 222222222222; account 111111111111 is not connected, so its side is its \
         own administrator's to take back."
    );
}

#[test]
fn what_was_changed_on_the_childs_side_is_mended_without_the_parents() {
    let share = accepted(&offer());
    let mut model = Model::default();
    model.execute(&plan(&share, &seen(&model, &share)).plan);
    model.attached.clear();
    let found = drift(&share, &seen(&model, &share), &Recorded::default());
    assert_eq!(found.findings.len(), 1, "{found:?}");
    let mending = repair(&share, &seen(&model, &share), &Recorded::default(), &Choices::default()).unwrap();
    model.execute(&mending.planned.plan);
    assert_eq!(drift(&share, &seen(&model, &share), &Recorded::default()).findings, []);
}

#[test]
fn the_parents_lane_shows_the_offer_and_no_document_that_nobody_read() {
    let share = accepted(&offer());
    let inventory = seen(&Model::default(), &share);
    let planned = plan(&share, &inventory);
    let shown = lanes(&share, &inventory, &planned);
    let parent: Vec<_> = shown.parent.iter().map(|i| (i.name.as_str(), i.detail.as_str(), i.change)).collect();
    assert_eq!(
        parent,
        [
            ("SageMakerExternal", "role · by the offer: trusts account 222222222222, 1 h sessions", Change::Keep),
            ("Churn-Classifier", "endpoint · offered", Change::Keep)
        ]
    );
    assert!(shown.parent.iter().all(|item| item.documents.is_empty()));
    let made = made_lanes(&share, &[], true);
    assert!(made.parent.iter().all(|item| item.change == Change::Keep), "the parent's side is not ours to remove");
    assert!(made.child.iter().all(|item| item.change == Change::Remove));
}

#[test]
fn callers_that_the_role_does_not_trust_yet_are_told() {
    let named = ShareOffer { callers: CallerScope::Named([caller("role/other")].into()), ..offer() };
    let share = accepted(&named);
    assert_eq!(share.not_trusted_yet(), [&caller("role/scoring-lambda")]);
    let inventory = seen(&Model::default(), &share);
    let planned = plan(&share, &inventory);
    let said = text(&review_sentence(&share, &inventory, &planned));
    assert!(
        said.ends_with(
            "The role does not trust scoring-lambda before the administrator of account 111111111111 has taken the \
             acceptance."
        ),
        "{said}"
    );
    let trust = |share: &ShareIntent| {
        let all = checks(share, &inventory, &planned);
        all.into_iter().find(|check| check.id == "trust").unwrap().severity
    };
    assert_eq!(trust(&share), Severity::Warning);
    assert_eq!(trust(&accepted(&offer())), Severity::Note);
    let already = ShareOffer { callers: share.callers.clone(), ..offer() };
    assert_eq!(trust(&accepted(&already)), Severity::Passed);
}

#[test]
fn nothing_is_checked_of_a_side_that_nobody_saw() {
    let share = accepted(&offer());
    let inventory = seen(&Model::default(), &share);
    let all = checks(&share, &inventory, &plan(&share, &inventory));
    let ids: Vec<&str> = all.iter().map(|check| check.id.as_str()).collect();
    for absent in ["endpoints-exist", "lower-case", "existing-role", "confused-deputy"] {
        assert!(!ids.contains(&absent), "{absent}");
    }
    assert!(ids.contains(&"parent-offered"));
    assert!(all.iter().all(|check| check.severity < Severity::Error), "{all:?}");
}

#[test]
fn an_offer_of_every_endpoint_is_accepted_as_one() {
    let all = ShareIntent { endpoints: EndpointScope::All, callers: CallerScope::WholeAccount, ..intent() };
    let share = accepted(&ShareOffer::of(&all, &[]));
    assert_eq!(share.endpoints, EndpointScope::All);
    let ParentSide::Offered(offered) = &share.parent_side else { panic!("it was offered") };
    assert!(offered.names.is_empty());
}

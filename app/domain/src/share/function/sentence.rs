//! What making a test function means, in words, and the documents that come with it.

use super::{ExecutionRole, TestFunction, admits};
use crate::share::diff::{DocumentDiff, diff_lines};
use crate::share::intent::ShareIntent;
use crate::share::plan::{Action, Plan};
use crate::share::view::Span;

/// What will be made, where, and what it can do at first.
pub fn making_sentence(intent: &ShareIntent, wanted: &TestFunction) -> Vec<Span> {
    let plain = |text: &str| Span { text: text.into(), strong: false };
    let strong = |text: &str| Span { text: text.into(), strong: true };
    let mut spans = vec![strong(wanted.name.as_str())];
    let place = [plain(" in account "), strong(intent.child.as_str()), plain(", "), strong(intent.region.as_str())];
    match &wanted.role {
        ExecutionRole::New(role) => {
            spans.extend([plain(" and the role "), strong(role.as_str()), plain(" will be made")]);
            spans.extend(place);
            spans.push(plain(
                ". The role may write the function's log and nothing else, so that the first run is denied.",
            ));
        }
        ExecutionRole::Existing(role) => {
            spans.push(plain(" will be made"));
            spans.extend(place);
            spans.extend([plain(", and run as "), strong(role.name())]);
            spans.push(plain(if admits(intent, role) {
                ", which the share lets call already."
            } else {
                ", which the share does not let call, so that the first run is denied unless something else allows it."
            }));
        }
    }
    spans
}

/// The documents that a plan makes, whole.
pub fn documents(plan: &Plan) -> Vec<DocumentDiff> {
    let document = |title: String, text: &str| DocumentDiff { title, note: "new".into(), lines: diff_lines("", text) };
    let made = |action: &Action| match action {
        Action::CreateRole { name, trust, .. } => Some(document(format!("{name} · trust policy"), trust)),
        Action::PutInlinePolicy { holder, name, document: text, .. } => {
            Some(document(format!("{} · {name}", holder.name()), text))
        }
        _ => None,
    };
    plan.steps.iter().filter_map(|step| made(&step.action)).collect()
}

/// What is left of a function that a plan took away, a sentence each.
pub fn left_by(intent: &ShareIntent, plan: &Plan) -> Vec<String> {
    let function = plan.steps.iter().find_map(|step| match &step.action {
        Action::DeleteFunction { name, .. } => Some(name),
        _ => None,
    });
    let Some(name) = function else { return Vec::new() };
    let mut left = vec![format!("Function `{name}` is gone.")];
    let role_went = plan.steps.iter().any(|step| step.id == "function-role-delete");
    left.push(if role_went {
        "So is the role that was made for it.".to_owned()
    } else {
        "The role that it ran as stays.".to_owned()
    });
    // The child's policy was taken from whom the share had let call.
    let dismissed = plan.steps.iter().find_map(|step| match &step.action {
        Action::Detach { from, .. } => Some(from),
        _ => None,
    });
    left.extend(dismissed.and_then(|role| super::plan::named_by_offer(intent, role)));
    left.push(super::plan::log_group_stays(intent, name));
    left
}

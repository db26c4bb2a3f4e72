//! The checks of a share that was offered: what can be said from the child's side alone.

use super::standing::{callers_exist, check, console, grants, names, quoted, region, session, sizes};
use super::{CheckView, Severity};
use crate::share::intent::{CallerScope, Offered, ShareIntent};
use crate::share::inventory::ShareInventory;
use crate::share::plan::Planned;
use Severity::{Note, Passed, Warning};

pub(super) fn checks(
    intent: &ShareIntent,
    offered: &Offered,
    inventory: &ShareInventory,
    planned: &Planned,
) -> Vec<CheckView> {
    let mut found = vec![
        check(
            "least-privilege",
            "Least privilege",
            Passed,
            "The policy allows sts:AssumeRole on one role, nothing else.",
        ),
        trust(intent, offered),
        external_id(intent),
        session(intent),
        sizes(intent),
        names(planned),
        region(intent),
        callers_exist(intent, inventory),
        unseen(intent),
    ];
    found.extend(console(intent, inventory));
    found.extend(grants(intent, inventory));
    found
}

/// Whether the role lets the callers in already.
fn trust(intent: &ShareIntent, offered: &Offered) -> CheckView {
    let title = "Trust";
    let waiting = intent.not_trusted_yet();
    if !waiting.is_empty() {
        let reason = format!(
            "By the offer the role does not trust {}: calls are denied until account {} has taken the acceptance.",
            quoted(waiting.iter().map(|caller| caller.name())),
            intent.parent
        );
        return check("trust", title, Warning, reason);
    }
    if offered.trusts == CallerScope::WholeAccount {
        let reason = format!(
            "By the offer the role trusts the whole of account {}. Send the acceptance back, so that it is narrowed to \
             these callers.",
            intent.child
        );
        return check("trust", title, Note, reason);
    }
    check("trust", title, Passed, "By the offer the role trusts every caller.")
}

fn external_id(intent: &ShareIntent) -> CheckView {
    let title = "External ID";
    if intent.external_id.is_some() {
        return check("external-id", title, Passed, "Callers present the external ID that the offer names.");
    }
    check("external-id", title, Note, "The offer names no external ID, so the role asks for none.")
}

fn unseen(intent: &ShareIntent) -> CheckView {
    let reason = format!(
        "Account {} is not connected: its role and endpoints are as the offer says, and nobody looked at them from here.",
        intent.parent
    );
    check("parent-offered", "Parent's side", Note, reason)
}

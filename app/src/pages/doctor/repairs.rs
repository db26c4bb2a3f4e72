//! What to do: the smallest changes, each in its account and by whom, and the plan that makes those the console can.

use super::found::FormFields;
use crate::api::doctor::RepairHandshake;
use crate::components::{DocumentDiffView, StepLines};
use crate::error::failure_of;
use crate::ui::{ActionProblem, Badge, Button, ButtonKind, Tone, Words, sentence_case};
use domain::doctor::{DiagnosisView, Link, LinkKind, LinkState, Repair, RequestChange, Whose};
use domain::share::Side;
use domain::share::diff::Change;
use leptos::form::ActionForm;
use leptos::prelude::*;

#[component]
pub(super) fn WhatToDo(found: DiagnosisView, live: String, message: String) -> impl IntoView {
    let repairs: Vec<(String, Repair)> = found
        .diagnosis
        .links
        .iter()
        .flat_map(|link: &Link| {
            let key = link.kind.key();
            link.repairs.iter().enumerate().map(move |(at, repair)| (format!("{key}-{at}"), repair.clone()))
        })
        .collect();
    if repairs.is_empty() {
        return ().into_any();
    }
    let alone = repairs.len() == 1;
    let mend = mend(&found);
    let items = repairs.into_iter().map(|(key, repair)| view! { <RepairItem key repair/> }).collect_view();
    view! {
        <section class="stack" aria-labelledby="doctor-repairs">
            <h2 id="doctor-repairs">{if alone { "What to change" } else { "What to change, all of it" }}</h2>
            {mend}
            {items}
            <RepairForm found live message/>
        </section>
    }
    .into_any()
}

/// Where the documents of a share stand in the way of a call that it allows, they may not be as it made them. Repairing
/// the call alone leaves in place whatever was changed: a stranger let in, an external ID that somebody else knows.
fn mend(found: &DiagnosisView) -> Option<impl IntoView + use<>> {
    let made_by_share = [LinkKind::Permission, LinkKind::Trust, LinkKind::RolePermission];
    let denied = made_by_share.iter().any(|kind| found.diagnosis.link(*kind).state == LinkState::Denied);
    let share = found.share.as_ref().filter(|_| denied && found.beyond.is_none())?;
    let href = format!("/shares/{share}/drift?look=again");
    Some(view! {
        <p class="doctor-mend">
            "This role belongs to a share. If none of you changed it on purpose, mend the share instead: "
            <a href=href>"Compare with what was applied"</a>
        </p>
    })
}

#[component]
fn RepairItem(key: String, repair: Repair) -> impl IntoView {
    let (tone, lane) = match repair.side {
        Side::Child => (Tone::Child, "Child account"),
        Side::Parent => (Tone::Parent, "Parent account"),
    };
    let who = match repair.whose {
        Whose::Code => "in the caller's code",
        Whose::Account => "in IAM",
        Whose::Organization => "by the organisation's administrators, in its management account",
        Whose::Owner => "by whoever owns it",
    };
    let account = repair.account.to_string();
    let requests = repair.requests.into_iter().map(|change| view! { <RequestItem change/> }).collect_view();
    let documents = repair
        .changes
        .iter()
        .enumerate()
        .map(|(at, change)| view! { <DocumentDiffView document=change.diff() id=format!("repair-{key}-{at}")/> })
        .collect_view();
    view! {
        <div class="card doctor-repair">
            <div class="card-body">
                <p class="doctor-repair-what"><Words text=sentence_case(&repair.sentence)/></p>
                <p class="doctor-repair-where">
                    <Badge tone=tone>{lane}</Badge> " " <code>{account}</code> " " {who}
                </p>
                {requests}
            </div>
            {documents}
        </div>
    }
}

/// What the caller has to send instead.
#[component]
fn RequestItem(change: RequestChange) -> impl IntoView {
    let label = change.field.label().to_owned();
    let before = change.before.map(|value| view! { <p class="doctor-value is-removed"><span aria-hidden="true">"− "</span><span class="visually-hidden">"instead of "</span><code>{value}</code></p> });
    let after = change.after.map(|value| view! { <p class="doctor-value is-added"><span aria-hidden="true">"+ "</span><span class="visually-hidden">"send "</span><code>{value}</code></p> });
    view! {
        <div class="doctor-request">
            <p><code>{label}</code></p>
            {before}
            {after}
        </div>
    }
}

/// The plan, and the button that runs it.
#[component]
fn RepairForm(found: DiagnosisView, live: String, message: String) -> impl IntoView {
    let repair = ServerAction::<RepairHandshake>::new();
    let left_out = (!found.not_connected.is_empty()).then(|| {
        let accounts: Vec<String> = found.not_connected.iter().map(ToString::to_string).collect();
        view! { <p class="doctor-note">{format!("Not connected, so to be changed by hand: {}.", accounts.join(", "))}</p> }
    });
    if found.steps.is_empty() {
        return left_out.into_any();
    }
    let beyond = found.beyond.zip(found.share).map(|(what, share)| {
        view! {
            <p class="doctor-note">
                <Words text=format!("{what}. Repaired from here, it is no part of the share, and stays until undoing or editing the share takes it back. ")/>
                <a href=format!("/shares/{share}")>"Edit the share"</a>
                " instead to make it part of it."
            </p>
        }
    });
    let count = found.steps.len();
    let label = if count == 1 { "Repair with 1 change".to_owned() } else { format!("Repair with {count} changes") };
    view! {
        <div class="card">
            <div class="card-head">
                <h3>"The console would"</h3>
            </div>
            <StepLines steps=found.steps change=Change::Update/>
            <div class="card-body">
                {left_out}
                {beyond}
                <ActionForm action=repair>
                    <FormFields form=found.form/>
                    <input type="hidden" name="fingerprint" value=found.fingerprint/>
                    <input type="hidden" name="live" value=live/>
                    <input type="hidden" name="message" value=message/>
                    <ActionProblem error=failure_of(repair)/>
                    <Button kind=ButtonKind::Primary submit=true busy=repair.pending()>{label}</Button>
                </ActionForm>
            </div>
        </div>
    }
    .into_any()
}

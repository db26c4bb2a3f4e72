//! Drift: what someone changed in AWS behind the share's back, and mending it.

use super::{if_there_is, share_in_address, there_is};
use crate::api::drift::{RepairShare, get_drift};
use crate::components::{DocumentDiffView, StepLines};
use crate::error::failure_of;
use crate::ui::{
    ActionProblem, Badge, Button, ButtonKind, Card, EmptyState, IconName, PageHeader, Resolve, Skeleton, Tone, Words,
};
use domain::share::Side;
use domain::share::checks::Severity;
use domain::share::diff::Change;
use domain::share::drift::{Finding, Mend};
use domain::share::view::{DriftView, StepView};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What was changed behind a share's back.
#[component]
pub fn DriftPage() -> impl IntoView {
    let id = share_in_address();
    let query = use_query_map();
    let chosen = Memo::new(move |_| query.read().get_all("mend").unwrap_or_default());
    let again = Memo::new(move |_| query.read().get("look").is_some());
    let drift = Resource::new(
        move || (id.get(), chosen.get()),
        async |(id, chosen)| match id {
            Ok(id) => if_there_is(get_drift(id, chosen).await),
            // What can't be a share's name is no share's.
            Err(_) => Ok(None),
        },
    );
    view! {
        <PageHeader
            title="Check for drift"
            sub="Both accounts compared with what the share was applied as. Nothing is changed by looking."
        >
            <Button icon=IconName::Refresh on_click=move |_| drift.refetch()>"Check again"</Button>
        </PageHeader>
        <Resolve
            resource=drift
            failed="The accounts could not be compared"
            skeleton=|| view! { <div class="card"><Skeleton lines=6/></div> }
            children=Callback::new(move |view: Option<DriftView>| {
                let again = again.get_untracked();
                there_is(view, move |view| view! { <Findings view again/> })
            })
        />
    }
}

#[component]
fn Findings(view: DriftView, again: bool) -> impl IntoView {
    let DriftView { share, drift, steps, chosen, refused, fingerprint, .. } = view;
    let back = format!("/shares/{share}");
    let clean = drift.is_clean();
    let brief = drift.brief();
    let sides: Vec<Side> = drift.unknown.iter().map(|unknown| unknown.side).collect();
    let unknown = drift
        .unknown
        .into_iter()
        .map(|unknown| {
            let side = match unknown.side {
                Side::Child => "The child's side is unknown. ",
                Side::Parent => "The parent's side is unknown. ",
            };
            let reason = crate::ui::sentence_case(unknown.reason.trim_end_matches('.'));
            view! { <p class="doctor-note"><strong>{side}</strong> <Words text=reason/> "."</p> }
        })
        .collect_view();
    if clean {
        return view! {
            <div class="card">
                <EmptyState title="As it was left" body="Nothing has changed in either account since the share was last applied.">
                    <Button href=back>"Back to the share"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let can_repair =
        drift.findings.iter().any(|finding| matches!(finding.mend, Mend::Plan | Mend::Asked | Mend::Noted));
    let repair = ServerAction::<RepairShare>::new();
    // What can't be looked at is no finding.
    let (class, said) = if drift.findings.is_empty() {
        ("say", format!("Nothing has changed where the console can look. {}", dark(&sides)))
    } else {
        ("say is-bad", format!("{}.", crate::ui::sentence_case(&brief)))
    };
    let can_repair = can_repair && refused.is_none();
    let refused = refused.map(|why| {
        let why = format!("This can't be mended from here as it is: {why}");
        view! { <p class="say is-bad"><Words text=why/> "."</p> }
    });
    let again = again.then(|| {
        view! {
            <p class="say" role="status">
                "Nothing was changed yet: mending does something else than what was shown. Look through the steps below, then mend."
            </p>
        }
    });
    let findings = drift
        .findings
        .into_iter()
        .map(|finding| {
            let chosen = chosen.contains(&finding.key());
            view! { <FindingItem finding chosen/> }
        })
        .collect_view();
    let planned = (!steps.is_empty()).then(|| view! { <Steps steps/> });
    view! {
        <ActionForm action=repair attr:class="stack doctor">
            <input type="hidden" name="share" value=share.to_string()/>
            <input type="hidden" name="fingerprint" value=fingerprint/>
            {again}
            <p class=class role="status">{said}</p>
            {unknown}
            {findings}
            {planned}
            {refused}
            <ActionProblem error=failure_of(repair)/>
            <div class="form-actions">
                {can_repair.then(|| view! {
                    <Button kind=ButtonKind::Primary submit=true busy=repair.pending()>"Mend the share"</Button>
                })}
                <Button href=back>"Back to the share"</Button>
            </div>
        </ActionForm>
    }
    .into_any()
}

/// Which sides can't be looked at.
fn dark(sides: &[Side]) -> &'static str {
    match sides {
        [Side::Child] => "The child's side is unknown.",
        [Side::Parent] => "The parent's side is unknown.",
        _ => "Both sides are unknown.",
    }
}

#[component]
fn FindingItem(finding: Finding, chosen: bool) -> impl IntoView {
    let (tone, word) = match finding.severity {
        Severity::Error => (Tone::Bad, "Broken or open"),
        Severity::Warning => (Tone::Warn, "Not as asked for"),
        _ => (Tone::Neutral, "To know"),
    };
    let (lane, side) = match finding.side {
        Side::Child => (Tone::Child, "Child account"),
        Side::Parent => (Tone::Parent, "Parent account"),
    };
    let key = finding.key();
    let named = key.clone();
    let id = format!("mend-{}", key.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let mend = match finding.mend {
        Mend::Asked => view! {
            <label class="drift-ask" for=id.clone()>
                <input type="checkbox" id=id.clone() name="keys[]" value=key checked=chosen/>
                " Mend this too"
            </label>
        }
        .into_any(),
        Mend::Plan => view! { <span class="muted">"Mended with the share"</span> }.into_any(),
        Mend::Noted => view! { <span class="muted">"Accepted as it is when the share is mended"</span> }.into_any(),
        Mend::Person => view! { <span class="muted">"Not for the console to change"</span> }.into_any(),
    };
    let document = finding.diff().map(|document| view! { <DocumentDiffView document id=format!("{id}-document")/> });
    view! {
        <div class="card doctor-repair" data-finding=named>
            <div class="card-body">
                <p class="doctor-repair-what"><Words text=finding.sentence/></p>
                <p class="doctor-repair-where"><Words text=finding.hint/></p>
                <p class="doctor-repair-where">
                    <Badge tone>{word}</Badge> " " <Badge tone=lane>{side}</Badge> " " {mend}
                </p>
            </div>
            {document}
        </div>
    }
}

#[component]
fn Steps(steps: Vec<StepView>) -> impl IntoView {
    let count = steps.len();
    let calls = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
    view! {
        <Card title=|| "Mending does" aside=move || calls.clone()>
            <StepLines steps change=Change::Update/>
        </Card>
    }
}

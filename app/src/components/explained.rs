//! Why a request is allowed or not: what was compared with what, statement by statement.

use crate::ui::{Icon, IconName, Words, sentence_case};
use domain::evaluate::{Explanation, Layer, LayerReport, ResourceKind, Says, StatementReport};
use domain::policy::Effect;
use leptos::prelude::*;

/// Its resource policy is a trust policy.
const ASSUME_ROLE: &str = "sts:AssumeRole";

/// The statements that were compared with one action, layer by layer: the one that decided first.
#[component]
pub fn Compared(
    /// The decision with its reasons.
    why: Explanation,
    /// Whether what does not match is folded away: where documents are long and most of them are about something else.
    #[prop(optional)]
    folded: bool,
) -> impl IntoView {
    let kind = if why.action == ASSUME_ROLE { ResourceKind::Trust } else { why.resource_kind };
    let decided_by = why.decided_by;
    let mut layers: Vec<(Layer, Vec<StatementReport>)> = Vec::new();
    for statement in why.statements {
        match layers.iter_mut().find(|(layer, _)| *layer == statement.layer) {
            Some((_, statements)) => statements.push(statement),
            None => layers.push((statement.layer, vec![statement])),
        }
    }
    // A layer without any policy can decide, too, and has no statement to be seen by.
    let lacks = |report: &LayerReport| report.layer == decided_by && report.says == Says::Nothing && report.blocks;
    if why.layers.iter().any(lacks) && layers.iter().all(|(layer, _)| *layer != decided_by) {
        layers.push((decided_by, Vec::new()));
    }
    layers.sort_by_key(|(layer, _)| *layer != decided_by);
    let layers = layers
        .into_iter()
        .map(|(layer, statements)| {
            let decided = (layer == decided_by).then(|| view! { <span class="muted">" · decided"</span> });
            let statements = if statements.is_empty() {
                view! { <p>"There are none."</p> }.into_any()
            } else {
                view! { <Statements statements folded/> }.into_any()
            };
            view! {
                <div class="doctor-layer">
                    <p class="doctor-label">{sentence_case(layer.label(kind))} {decided}</p>
                    {statements}
                </div>
            }
        })
        .collect_view();
    view! {
        <div class="doctor-compared">
            <p class="doctor-asked"><code>{why.action}</code> " on " <code>{why.resource}</code></p>
            {layers}
        </div>
    }
}

#[component]
fn Statements(statements: Vec<StatementReport>, folded: bool) -> impl IntoView {
    let list = |statements: Vec<StatementReport>| {
        let statements = statements.into_iter().map(|one| view! { <Statement one/> }).collect_view();
        view! { <ul class="doctor-statements">{statements}</ul> }
    };
    let (shown, rest): (Vec<_>, Vec<_>) = statements.into_iter().partition(|one| one.matches || !folded);
    let rest = (!rest.is_empty()).then(|| {
        let summary = match rest.len() {
            1 => "1 statement that does not match".to_owned(),
            n => format!("{n} statements that do not match"),
        };
        view! {
            <details class="explained-rest">
                <summary>{summary}</summary>
                {list(rest)}
            </details>
        }
    });
    view! {
        {(!shown.is_empty()).then(|| list(shown))}
        {rest}
    }
}

#[component]
fn Statement(one: StatementReport) -> impl IntoView {
    let deny = one.effect == Effect::Deny;
    let verdict = match (one.matches, deny) {
        (true, false) => "allows",
        (true, true) => "denies",
        (false, _) => "does not match",
    };
    let name = one.name();
    let level = one.level.map(|level| format!(" at level {}", level + 1));
    let elements = one
        .elements
        .into_iter()
        .map(|element| {
            let icon = if element.matches { IconName::Check } else { IconName::Cross };
            let said = if element.matches { "matches: " } else { "does not match: " };
            view! {
                <li class:is-off=!element.matches>
                    <Icon name=icon/>
                    <span>
                        <span class="visually-hidden">{said}</span>
                        <Words text=sentence_case(&element.sentence)/>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <li class="doctor-statement" class:is-deny=deny && one.matches>
            <p><Words text=name/> {level} " " <span class="muted">{verdict}</span></p>
            <ul class="doctor-elements">{elements}</ul>
        </li>
    }
}

//! The review's cards: the order of the steps, the data that goes up, the documents.

use super::facts::waves;
use crate::components::{DocumentDiffView, lane_hue};
use crate::ui::{Card, size, thousands};
use domain::pipeline::apply::{Part, PassKind, Plan, Step};
use domain::pipeline::data::{Channel, Tally};
use domain::pipeline::view::{ReviewedFile, ReviewedStack};
use domain::share::diff::DocumentDiff;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// So many labels are listed; a number that is predicted has as many as rows.
const LABELS: usize = 12;

/// The anchor of a stack's document.
pub(super) fn document_id(part: Part, kind: &str) -> String {
    let part = match part {
        Part::SharedServices => "shared-services",
        Part::Training => "training",
        Part::Production => "production",
        Part::Workflow => "workflow",
    };
    format!("document-{part}-{kind}")
}

/// The plan's steps with their passes. What has the same number goes side by side.
#[component]
pub(super) fn Order(
    plan: Plan,
    /// Steps that find everything as it should be.
    same: BTreeSet<String>,
    workflow: Option<String>,
) -> impl IntoView {
    let waves = waves(&plan);
    let count = plan.steps.len();
    let mut steps: Vec<(Step, usize)> = plan.steps.into_iter().zip(waves).collect();
    steps.sort_by_key(|(_, wave)| *wave);
    let rows = steps
        .into_iter()
        .map(|(step, wave)| {
            let same = same.contains(&step.id);
            view! { <StepLine step wave same/> }
        })
        .collect_view();
    let after = workflow.map(|name| {
        view! {
            <div class="card-body review-after">
                <p>
                    "Then the pipeline runs by itself for the first time: it makes the stack "
                    <code>{name}</code>
                    ", trains, and waits for an approval before it deploys."
                </p>
            </div>
        }
    });
    view! {
        <Card title=|| "In this order" aside=move || format!("{count} steps")>
            <ol class="lines">{rows}</ol>
            {after}
        </Card>
    }
}

#[component]
fn StepLine(step: Step, wave: usize, same: bool) -> impl IntoView {
    let hue = lane_hue(step.lane);
    let about = if same { Some("Looks, and finds nothing to change.") } else { pass(&step) };
    view! {
        <li class="line">
            <span class="review-wave">
                <span class="visually-hidden">"Turn "</span>
                {wave}
            </span>
            <div class="line-text">
                <p class="line-title">{step.title.clone()}</p>
                {about.map(|about| view! { <p class="line-detail">{about}</p> })}
            </div>
            <span class="line-aside muted">{step.lane.label()} " " <code class=hue>{step.account.to_string()}</code></span>
        </li>
    }
}

/// Why account A's stack is gone through more than once.
fn pass(step: &Step) -> Option<&'static str> {
    use domain::pipeline::apply::Action;
    let Action::MakeStack { part: Part::SharedServices, pass } = &step.action else { return None };
    Some(match pass.as_ref()? {
        PassKind::First => "First pass: no policy can name a role that does not exist yet.",
        PassKind::Wired => "Second pass: the policies of key and bucket name the roles of the other accounts.",
        PassKind::WithPipeline => "Last pass: data and template are in place, so the pipeline can begin.",
    })
}

/// What of the table goes up.
#[component]
pub(super) fn Data(tally: Tally, files: Vec<ReviewedFile>) -> impl IntoView {
    let rows = |channel| match channel {
        Channel::Train => tally.train,
        Channel::Validation => tally.validation,
    };
    let lines = files
        .into_iter()
        .map(|file| {
            let about = match file.channel {
                Channel::Train => "The model is trained with them.",
                Channel::Validation => "The model is tried on them.",
            };
            let title = format!("{} rows for {}", thousands(rows(file.channel)), purpose(file.channel));
            view! {
                <li class="line">
                    <div class="line-text">
                        <p class="line-title">{title}</p>
                        <p class="line-detail">{about}</p>
                    </div>
                    <span class="line-aside muted"><code>{file.channel.object()}</code> {size(file.bytes)}</span>
                </li>
            }
        })
        .collect_view();
    let labels = labels(&tally);
    view! {
        <Card title=|| "Training data">
            <ul class="lines">{lines}</ul>
            {labels.map(|labels| view! { <p class="card-body review-labels">{labels}</p> })}
        </Card>
    }
}

fn purpose(channel: Channel) -> &'static str {
    match channel {
        Channel::Train => "training",
        Channel::Validation => "validation",
    }
}

/// `38.5`, `60`
fn percent(rows: u64, all: u64) -> String {
    let thousandths = (rows.saturating_mul(2_000) / all).div_ceil(2);
    let (whole, rest) = (thousandths / 10, thousandths % 10);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest}") }
}

/// How the labels of the training rows are spread, where there are few.
fn labels(tally: &Tally) -> Option<String> {
    if tally.labels.is_empty() || tally.labels.len() > LABELS {
        return None;
    }
    let all = tally.labels.values().sum::<u64>().max(1);
    let one =
        |(label, rows): (&String, &u64)| format!("{label} in {} rows ({} %)", thousands(rows), percent(*rows, all));
    let labels: Vec<String> = tally.labels.iter().map(one).collect();
    Some(format!("Labels of the training rows: {}.", labels.join(", ")))
}

/// Every document, folded: templates and parameters stack by stack, then the policies and definitions with everything
/// resolved.
#[component]
pub(super) fn Documents(stacks: Vec<ReviewedStack>, documents: Vec<DocumentDiff>) -> impl IntoView {
    let stacks = stacks
        .into_iter()
        .flat_map(|stack| {
            let ReviewedStack { part, name, template, parameters, .. } = stack;
            let named = |document: DocumentDiff| {
                let title = format!("{name} · {}", document.title.to_lowercase());
                DocumentDiff { title, ..document }
            };
            [(named(template), "template"), (named(parameters), "parameters")].map(|(document, kind)| {
                view! { <DocumentDiffView document id=document_id(part, kind) open=false json=false/> }
            })
        })
        .collect_view();
    let documents = documents
        .into_iter()
        .map(|document| {
            let id = format!("document-{}", document.title.to_lowercase().replace(' ', "-"));
            // The handler is Python; everything else is JSON.
            let json = document.title != "Deploy handler";
            view! { <DocumentDiffView document id open=false json/> }
        })
        .collect_view();
    view! { <div class="review-documents">{documents} {stacks}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_spread_in_words_as_long_as_they_are_few() {
        let tally = Tally { labels: [("0".into(), 300), ("1".into(), 100)].into(), ..Tally::default() };
        assert_eq!(
            labels(&tally).as_deref(),
            Some("Labels of the training rows: 0 in 300 rows (75 %), 1 in 100 rows (25 %).")
        );
        let odd = Tally { labels: [("0".into(), 1_231), ("1".into(), 769)].into(), ..Tally::default() };
        assert!(labels(&odd).is_some_and(|said| said.contains("(61.6 %)") && said.ends_with("(38.5 %).")));
        let many = Tally { labels: (0..50).map(|n| (n.to_string(), 1)).collect(), ..Tally::default() };
        assert_eq!(labels(&many), None);
    }
}

//! What is told of a call beside its answer: the time each part took, and its facts.

use crate::ui::{CopyButton, duration_us};
use domain::invoke::body::visible;
use leptos::prelude::*;

/// A fact of a call; none where there is nothing to tell.
pub(in super::super) struct Fact {
    name: &'static str,
    value: Option<String>,
    is_id: bool,
}

impl Fact {
    pub(in super::super) fn text(name: &'static str, value: Option<String>) -> Self {
        Self { name, value, is_id: false }
    }
    /// In mono, to be copied.
    pub(in super::super) fn id(name: &'static str, value: Option<String>) -> Self {
        Self { name, value, is_id: true }
    }
}

/// All facts, in one calm block.
#[component]
pub(in super::super) fn Facts(facts: Vec<Fact>) -> impl IntoView {
    let facts = facts.into_iter().filter_map(|Fact { name, value, is_id }| {
        let value = value?;
        let shown = visible(&value).into_owned();
        let value = if is_id {
            let label = format!("Copy: {name}");
            view! { <code>{shown}</code> <CopyButton text=value label compact=true /> }.into_any()
        } else {
            shown.into_any()
        };
        Some(view! {
            <div class="fact">
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        })
    });
    view! { <dl class="call-facts">{facts.collect_view()}</dl> }
}

/// A part of the time.
pub(in super::super) struct Span {
    class: &'static str,
    label: &'static str,
    us: u64,
    /// Whether it took any time, or is only told.
    is_part: bool,
}

impl Span {
    /// Getting the role's credentials.
    pub(in super::super) fn role(us: u64, cached: bool) -> Self {
        let label = match (us, cached) {
            // The services tell zero only where there is none.
            (0, true) => "no role assumed",
            (_, true) => "role, cached",
            (_, false) => "assuming the role",
        };
        Self { class: "role", label, us, is_part: us > 0 }
    }
    /// Until the model answered.
    pub(in super::super) fn wait(us: u64, label: &'static str) -> Self {
        Self { class: "wait", label, us, is_part: true }
    }
    /// Until all of it was here.
    pub(in super::super) fn transfer(us: u64, label: &'static str) -> Self {
        Self { class: "transfer", label, us, is_part: true }
    }
}

/// The time as a bar, with its parts in words and numbers beside it.
#[component]
pub(in super::super) fn Spent(spans: Vec<Span>) -> impl IntoView {
    let total: u64 = spans.iter().fold(0, |sum, span| sum.saturating_add(span.us));
    let mut begin = 0;
    let mut bars = Vec::new();
    let mut legend = Vec::new();
    for Span { class, label, us, is_part } in spans {
        // In thousandths of the whole.
        let width = us.saturating_mul(1000).checked_div(total).unwrap_or(0);
        bars.push(view! {
            <rect class=format!("spent-{class}") x=begin.to_string() width=width.to_string() height="1" />
        });
        begin += width;
        let words = if is_part { format!("{label} {}", duration_us(us)) } else { label.to_owned() };
        legend.push(view! { <li class=format!("legend-{class}")>{words}</li> });
    }
    view! {
        <div class="spent">
            <p class="spent-total">{duration_us(total)}</p>
            <svg class="spent-bar" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                {bars}
            </svg>
            <ul class="legend" aria-label="Where the time went">{legend}</ul>
        </div>
    }
}

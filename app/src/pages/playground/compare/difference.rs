//! What differs between two answers, and which of them came first.

use crate::components::DocumentLines;
use crate::ui::{Card, duration_us, thousands};
use domain::invoke::body::visible;
use domain::invoke::compare::{Change, Changes, Difference};
use domain::invoke::{InvokeAnswer, InvokeOutcome};
use domain::share::diff::DiffLine;
use leptos::prelude::*;

/// What differs in the answers, and in their times.
#[component]
pub(super) fn Differs(
    /// `None` where a side gave no answer.
    difference: Option<Difference>,
    /// The outcomes that are answers.
    spent: [Option<InvokeOutcome>; 2],
) -> impl IntoView {
    let mut sentence = in_a_sentence(difference.as_ref());
    if let (Some(Difference::Untold), [Some(left), Some(right)]) = (&difference, &spent)
        && let (Ok(left), Ok(right)) = (&left.result, &right.result)
        && left.content_type != right.content_type
    {
        sentence = format!("One answer is {}, the other {}.", kind(left), kind(right));
    }
    let told = match difference {
        Some(Difference::Json(changes) | Difference::Table(changes)) if !changes.changes.is_empty() => {
            view! { <Places changes /> }.into_any()
        }
        Some(Difference::Lines { lines }) => view! { <Lines lines /> }.into_any(),
        _ => ().into_any(),
    };
    let times = match spent {
        [Some(left), Some(right)] => Some(view! { <Times left right /> }),
        _ => None,
    };
    view! {
        <Card title=|| "What differs">
            <p class="card-body" role="status">{sentence}</p>
            {told}
            {times}
        </Card>
    }
}

fn kind(answer: &InvokeAnswer) -> String {
    if answer.content_type.is_empty() { "of no type".into() } else { visible(&answer.content_type).into_owned() }
}

fn in_a_sentence(difference: Option<&Difference>) -> String {
    match difference {
        None => "There is nothing to compare: not both of them answered.".into(),
        Some(Difference::Same) => "The answers are the same, byte for byte.".into(),
        Some(Difference::Json(changes)) if changes.changes.is_empty() => {
            "The answers say the same; only white space or the order of members differs.".into()
        }
        Some(Difference::Json(changes)) => places(changes, "place", "places"),
        Some(Difference::Table(changes)) => places(changes, "number", "numbers"),
        Some(Difference::Lines { .. }) => "The answers are text that differs.".into(),
        Some(Difference::Untold) => "The answers differ; they are too large, or no text, to say where.".into(),
    }
}

fn places(changes: &Changes, one: &str, many: &str) -> String {
    let counted = |number: usize| format!("{} {}", thousands(number), if number == 1 { one } else { many });
    if changes.more > 0 {
        return format!("{} differ.", counted(changes.changes.len() + changes.more));
    }
    let only = |missing: fn(&Change) -> bool| changes.changes.iter().filter(|change| missing(change)).count();
    let (first, second) = (only(|change| change.right.is_none()), only(|change| change.left.is_none()));
    let both = changes.changes.len() - first - second;
    let differ = (both > 0).then(|| format!("{} {}", counted(both), if both == 1 { "differs" } else { "differ" }));
    let there = |number: usize, side: &str| {
        let verb = if number == 1 { "is" } else { "are" };
        (number > 0).then(|| format!("{} {verb} only in the {side}", counted(number)))
    };
    let parts: Vec<_> = [differ, there(first, "first"), there(second, "second")].into_iter().flatten().collect();
    format!("{}.", parts.join(", "))
}

/// The places that differ, with how far apart numbers are.
#[component]
fn Places(changes: Changes) -> impl IntoView {
    let Changes { changes, more } = changes;
    let rows = changes.into_iter().map(|Change { at, left, right, relative }| {
        view! {
            <tr>
                <th scope="row"><code>{visible(&at).into_owned()}</code></th>
                <td>{value(left)}</td>
                <td>{value(right)}</td>
                <td class="num nowrap">{relative.map(apart)}</td>
            </tr>
        }
    });
    view! {
        <div class="table-scroll compare-places" role="region" aria-label="Places that differ" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Where"</th>
                        <th scope="col">"First"</th>
                        <th scope="col">"Second"</th>
                        <th scope="col" class="num">"Apart"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        {(more > 0).then(|| view! { <p class="card-body muted">{format!("… and {} more.", thousands(more))}</p> })}
    }
}

fn value(side: Option<String>) -> AnyView {
    match side {
        Some(text) => view! { <code>{visible(&text).into_owned()}</code> }.into_any(),
        None => view! { <span class="muted">"not there"</span> }.into_any(),
    }
}

/// Two numbers' distance as a part of the larger one.
fn apart(relative: f64) -> String {
    match relative * 100.0 {
        0.0 => "only as written".into(),
        percent if percent < 0.01 => "under 0.01 %".into(),
        percent => format!("{percent:.2} %"),
    }
}

#[component]
fn Lines(lines: Vec<DiffLine>) -> impl IntoView {
    view! {
        <div class="compare-lines">
            <DocumentLines lines label="The second answer against the first" />
        </div>
    }
}

/// The parts of the time beside each other, and how many times as long the second one took.
#[component]
fn Times(left: InvokeOutcome, right: InvokeOutcome) -> impl IntoView {
    let parts = [
        ("Getting the role, where there is one", [left.role_us, right.role_us]),
        ("Waiting for the first byte", [&left, &right].map(|side| side.call_us.saturating_sub(transfer(side)))),
        ("Transfer", [&left, &right].map(transfer)),
        ("In all", [&left, &right].map(|side| side.role_us.saturating_add(side.call_us))),
    ];
    let rows = parts.map(|(name, [first, second])| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num nowrap">{took(first)}</td>
                <td class="num nowrap">{took(second)}</td>
                <td class="num nowrap">{times(first, second)}</td>
            </tr>
        }
    });
    view! {
        <div class="table-scroll compare-times" role="region" aria-label="Times" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        <th scope="col" class="num">"First"</th>
                        <th scope="col" class="num">"Second"</th>
                        <th scope="col" class="num">"Second over first"</th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().collect_view()}</tbody>
            </table>
        </div>
    }
}

/// A dash where there was nothing to wait for.
fn took(us: u64) -> String {
    if us == 0 { "–".into() } else { duration_us(us) }
}

fn transfer(outcome: &InvokeOutcome) -> u64 {
    outcome.result.as_ref().map_or(0, |answer| answer.transfer_us)
}

/// `1.5 ×`; a dash where the first took no time that can be measured.
fn times(first: u64, second: u64) -> String {
    match second.saturating_mul(10).checked_div(first) {
        Some(tenths) if first >= 100 => format!("{}.{} ×", thousands(tenths / 10), tenths % 10),
        _ => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_their_units() {
        assert_eq!([0.0, 0.000_01, 0.125].map(apart), ["only as written", "under 0.01 %", "12.50 %"]);
        assert_eq!([(0, 5), (1_000, 1_550), (99, 1)].map(|(a, b)| times(a, b)), ["–", "1.5 ×", "–"]);
        let change = |left: Option<&str>, right: Option<&str>| Change {
            at: String::new(),
            left: left.map(str::to_owned),
            right: right.map(str::to_owned),
            relative: None,
        };
        let both = || change(Some("1"), Some("2"));
        let some = Changes { changes: vec![both()], more: 0 };
        assert_eq!(in_a_sentence(Some(&Difference::Table(some))), "1 number differs.");
        let some = Changes { changes: vec![both(), both(), change(Some("1"), None), change(None, Some("1"))], more: 0 };
        let told = in_a_sentence(Some(&Difference::Json(some)));
        assert_eq!(told, "2 places differ, 1 place is only in the first, 1 place is only in the second.");
        let many = Changes { changes: vec![both()], more: 1_000 };
        assert_eq!(in_a_sentence(Some(&Difference::Json(many))), "1,001 places differ.");
    }
}

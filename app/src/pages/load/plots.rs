//! What a load check measured: how long answers took and how many came, second by second, and how they spread. The tables
//! behind have the numbers.

use super::took;
use crate::ui::{Bar, Card, Line, LinePlot, duration_us, thousands};
use domain::load::{LoadBar, LoadSecond, LoadView};
use leptos::prelude::*;

/// In microseconds.
const SECOND: u64 = 1_000_000;

/// Latency and throughput over time, and how the answers spread.
#[component]
pub(super) fn Plots(load: LoadView) -> impl IntoView {
    if load.answered() == 0 {
        let going = load.state.is_going();
        let said = if going { "No call was answered yet." } else { "No call was answered: there is nothing to plot." };
        return view! { <Card title=|| "Over time"><p class="card-body muted">{said}</p></Card> }.into_any();
    }
    let whole = load.whole_seconds();
    let lines = if whole.is_empty() {
        let over = "It was over within a second: the table has its numbers.";
        let said = if load.state.is_going() { "The first second is not over yet." } else { over };
        view! { <p class="card-body muted">{said}</p> }.into_any()
    } else {
        lines(whole)
    };
    let rows = load.seconds.iter().enumerate().map(|(at, second)| row(at, *second, at >= whole.len())).collect_view();
    let bars = load.bars();
    view! {
        <Card title=|| "Over time">
            {lines}
            <details class="plot-table">
                <summary>"Second by second"</summary>
                <div class="table-scroll" role="region" aria-label="Second by second" tabindex="0">
                    <table class="table load-table">
                        <thead>
                            <tr>
                                <th scope="col" class="num">"Second"</th>
                                <th scope="col" class="num">"Answered"</th>
                                <th scope="col" class="num">"Failed"</th>
                                <th scope="col" class="num">"p50"</th>
                                <th scope="col" class="num load-more">"p95"</th>
                                <th scope="col" class="num">"p99"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        </Card>
        <Spread bars />
    }
    .into_any()
}

/// The plots; of whole seconds only, since the calls of a part of one are no rate.
fn lines(seconds: &[LoadSecond]) -> AnyView {
    let of = |value: fn(&LoadSecond) -> u64| {
        let at = |second: &LoadSecond| (second.answered > 0).then(|| value(second) as f64 / 1000.0);
        seconds.iter().map(at).collect::<Vec<_>>()
    };
    let latency = vec![
        Line { label: "p50".into(), look: 1, values: of(|second| second.took.p50) },
        Line { label: "p95".into(), look: 2, values: of(|second| second.took.p95) },
        Line { label: "p99".into(), look: 3, values: of(|second| second.took.p99) },
    ];
    let count =
        |value: fn(&LoadSecond) -> u64| seconds.iter().map(|second| Some(value(second) as f64)).collect::<Vec<_>>();
    let throughput = vec![
        Line { label: "answered".into(), look: 1, values: count(|second| second.answered) },
        Line { label: "failed".into(), look: 4, values: count(|second| second.failed) },
    ];
    let end = format!("{} s", seconds.len());
    view! {
        <div class="card-body plots">
            <LinePlot label="How long answers took" lines=latency words=milliseconds end=end.clone() />
            <LinePlot label="Calls a second" lines=throughput words=number end />
        </div>
    }
    .into_any()
}

fn milliseconds(value: f64) -> String {
    // Not negative, and far below what would be cut off.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in microseconds")]
    duration_us((value * 1000.0) as u64)
}

fn number(value: f64) -> String {
    format!("{value}")
}

fn row(at: usize, second: LoadSecond, part: bool) -> impl IntoView {
    let name = if part { format!("{} (a part)", at + 1) } else { (at + 1).to_string() };
    view! {
        <tr>
            <th scope="row" class="num">{name}</th>
            <td class="num">{thousands(second.answered)}</td>
            <td class="num">{thousands(second.failed)}</td>
            <td class="num nowrap">{took(second.took.p50)}</td>
            <td class="num nowrap load-more">{took(second.took.p95)}</td>
            <td class="num nowrap">{took(second.took.p99)}</td>
        </tr>
    }
}

/// The histogram is a table with bars in it.
#[component]
fn Spread(bars: Vec<LoadBar>) -> impl IntoView {
    let all = bars.iter().map(|bar| bar.count).sum::<u64>().max(1);
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let rows = bars.into_iter().map(|bar| {
        view! {
            <tr>
                <th scope="row" class="num nowrap">{range(bar)}</th>
                <td class="bar-cell">
                    <Bar thousandths={bar.count * 1000 / most} />
                </td>
                <td class="num">{thousands(bar.count)}</td>
                <td class="num nowrap">{format!("{:.1} %", bar.count as f64 * 100.0 / all as f64)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card title=|| "How answers spread">
            <div class="table-scroll" role="region" aria-label="How answers spread" tabindex="0">
                <table class="table load-table">
                    <thead>
                        <tr>
                            <th scope="col" class="num">"Took"</th>
                            <th scope="col">
                                <span class="visually-hidden">"As a bar"</span>
                            </th>
                            <th scope="col" class="num">"Answers"</th>
                            <th scope="col" class="num">"Share"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Card>
    }
}

/// What a bar stands for: `60–61 ms`, `over 71 ms`.
fn range(bar: LoadBar) -> String {
    // A number of one unit, with as many decimals as it needs.
    let number = |us: u64, unit: u64| {
        let decimals = if unit == SECOND { 6 } else { 3 };
        let text = format!("{}.{:0decimals$}", us / unit, us % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let (unit, name) = if bar.to_us.unwrap_or(bar.from_us) < SECOND { (1_000, "ms") } else { (SECOND, "s") };
    match bar.to_us {
        Some(to_us) => format!("{}–{} {name}", number(bar.from_us, unit), number(to_us, unit)),
        None => format!("over {} {name}", number(bar.from_us, unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_named_by_its_bounds_in_one_unit() {
        for (from_us, to_us, name) in [
            (60_000, Some(61_000), "60–61 ms"),
            (0, Some(500), "0–0.5 ms"),
            (62_050, Some(62_100), "62.05–62.1 ms"),
            (900_000, Some(1_000_000), "0.9–1 s"),
            (10_000_000, Some(20_000_000), "10–20 s"),
            (71_000, None, "over 71 ms"),
            (1_250_000, None, "over 1.25 s"),
        ] {
            assert_eq!(range(LoadBar { from_us, to_us, count: 1 }), name);
        }
    }
}

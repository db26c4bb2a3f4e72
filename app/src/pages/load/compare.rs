//! A load check beside earlier ones of the same endpoint.

use super::{pace_in_words, tenths, took};
use crate::ui::{Card, Time, thousands};
use domain::load::LoadView;
use domain::time::Timestamp;
use leptos::prelude::*;

/// How many are shown beside it.
const SHOWN: usize = 10;

/// The others, each number with the ratio of this check's to it.
#[component]
pub(super) fn Compare(load: LoadView, others: Vec<LoadView>, now: Timestamp) -> impl IntoView {
    if others.is_empty() {
        return view! {
            <Card title=|| "Earlier checks">
                <p class="card-body muted">"There is no other check of this endpoint yet. The next one will stand beside this one."</p>
            </Card>
        }
        .into_any();
    }
    let rows = others.into_iter().take(SHOWN).map(|other| view! { <Row load=load.clone() other now /> }).collect_view();
    let own = view! {
        <tr>
            <th scope="row">"This check" {pace(&load)}</th>
            <td class="num">{thousands(load.calls)} {failed(&load)}</td>
            <td class="num">{tenths(load.tenths_a_second())}</td>
            <td class="num nowrap">{took(load.took.p50)}</td>
            <td class="num nowrap load-more">{took(load.took.p95)}</td>
            <td class="num nowrap">{took(load.took.p99)}</td>
        </tr>
    };
    view! {
        <Card title=|| "Earlier checks" aside=|| "× is this check over that one">
            <div class="table-scroll" role="region" aria-label="Earlier checks" tabindex="0">
                <table class="table load-table">
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col" class="num">"Calls"</th>
                            <th scope="col" class="num">"Answers a second"</th>
                            <th scope="col" class="num">"p50"</th>
                            <th scope="col" class="num load-more">"p95"</th>
                            <th scope="col" class="num">"p99"</th>
                        </tr>
                    </thead>
                    <tbody>{own} {rows}</tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

#[component]
fn Row(load: LoadView, other: LoadView, now: Timestamp) -> impl IntoView {
    let href = format!("/playground/load/{}", other.id);
    let cell = |class: &'static str, words: String, this: u64, that: u64| {
        view! {
            <td class=class>
                {words} {ratio(this, that).map(|ratio| view! { <p class="cell-sub">{ratio}</p> })}
            </td>
        }
    };
    let (this, that) = (load.took, other.took);
    view! {
        <tr>
            <th scope="row">
                <a href=href>
                    <Time at=other.created now />
                </a>
                {pace(&other)}
            </th>
            <td class="num">{thousands(other.calls)} {failed(&other)}</td>
            {cell("num nowrap", tenths(other.tenths_a_second()), load.tenths_a_second(), other.tenths_a_second())}
            {cell("num nowrap", took(that.p50), this.p50, that.p50)}
            {cell("num nowrap load-more", took(that.p95), this.p95, that.p95)}
            {cell("num nowrap", took(that.p99), this.p99, that.p99)}
        </tr>
    }
}

/// How calls followed each other, below what a row is called.
fn pace(load: &LoadView) -> Option<impl IntoView + use<>> {
    let pace = load.setup.as_ref().map(pace_in_words);
    pace.map(|pace| view! { <p class="cell-sub">{pace}</p> })
}

/// How many failed, below the calls.
fn failed(load: &LoadView) -> Option<impl IntoView + use<>> {
    let failed = load.failed;
    (failed > 0).then(|| view! { <p class="cell-sub">{thousands(failed)} " failed"</p> })
}

/// `× 0.85`; `None` where either was not measured.
fn ratio(this: u64, that: u64) -> Option<String> {
    (this > 0 && that > 0).then(|| format!("× {:.2}", this as f64 / that as f64))
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn what_was_not_measured_has_no_ratio() {
        assert_eq!(ratio(85, 100).as_deref(), Some("× 0.85"));
        assert_eq!((ratio(0, 100), ratio(100, 0)), (None, None));
    }
}

//! The reading of the whole table: how far it is, and what came of it.

use super::{READ, STOP};
use crate::api::pipeline::wizard::get_pipeline_data;
use crate::api::runs::AsOf;
use crate::components::{Live, RefreshWithoutScript, use_live};
use crate::error::{AppError, ErrorKind};
use crate::pages::pipeline_wizard::StepContext;
use crate::ui::{Bar, Button, Icon, IconName, Words, size, thousands};
use domain::pipeline::data::{Fault, Tally};
use domain::pipeline::hyperparameters::Objective;
use domain::pipeline::view::{DataView, PreparationState, PreparationView};
use domain::time::Timestamp;
use leptos::prelude::*;

/// So many labels are shown.
const LABELS: usize = 12;

#[component]
pub(super) fn Reading(ctx: StepContext, data: DataView, reading: Option<PreparationView>) -> impl IntoView {
    let going = reading.clone().filter(|reading| reading.state == PreparationState::Reading);
    if let Some(first) = going {
        return view! { <Going ctx first/> }.into_any();
    }
    if let Some(tally) = data.tally {
        let few = ctx.draft.model.objective != Objective::Number.key();
        return view! { <Outcome tally problem=data.problem few/> }.into_any();
    }
    // The last word may be about another table.
    let last = reading.filter(|reading| reading.bytes == data.bytes).map(|reading| reading.state);
    match last {
        Some(PreparationState::Failed { message }) if data.problem.is_none() => view! {
            <section class="card data-outcome is-bad" aria-label="Reading">
                <div class="card-body" role="alert">
                    <p class="data-verdict"><Icon name=IconName::Cross/> "The table can't be used"</p>
                    <p><Words text=message/></p>
                    <p class="muted">"Put it right in the file and upload it again, or change the answers above."</p>
                </div>
            </section>
        }
        .into_any(),
        Some(PreparationState::Cancelled) => view! {
            <section class="card data-outcome" aria-label="Reading">
                <div class="card-body data-stopped">
                    <p role="status">"The reading was stopped."</p>
                    <Button submit=true form=READ icon=IconName::Refresh>"Read table"</Button>
                </div>
            </section>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// While it is read.
#[component]
fn Going(ctx: StepContext, first: PreparationView) -> impl IntoView {
    let id = ctx.draft.id.clone();
    let url = format!("/events/pipeline-data/{id}");
    let first = AsOf { view: first, now: Timestamp(0) };
    let Live { view, .. } = use_live(first, url, move || ask(id.clone()));
    let reload = ctx.reload;
    Effect::new(move |_| {
        // What came of it is in the draft.
        if view.with(|reading| reading.state != PreparationState::Reading) {
            reload.run(());
        }
    });
    let percent = Memo::new(move |_| view.with(|reading| percent(reading.read, reading.bytes)));
    let said = move || {
        view.with(|PreparationView { read, bytes, tally, .. }| {
            let rows = thousands(tally.train + tally.validation + tally.faulty);
            format!("{} of {} · {rows} rows so far", size(*read), size(*bytes))
        })
    };
    let faulty = move || {
        let faulty = view.with(|reading| reading.tally.faulty);
        (faulty > 0)
            .then(|| view! { <p class="data-fault">{format!("{} of them can't be used", thousands(faulty))}</p> })
    };
    view! {
        <section class="card" aria-label="Reading">
            <RefreshWithoutScript/>
            <div class="card-head">
                <h2>"Reading the table"</h2>
                <div class="card-aside">
                    <Button small=true submit=true form=STOP>"Stop reading"</Button>
                </div>
            </div>
            <div class="card-body">
                <p role="status">{move || format!("{} % read", percent.get())}</p>
                <progress class="run-progress" max=100 value=percent aria-label="Read"></progress>
                <p class="muted num-line">{said}</p>
                {faulty}
            </div>
        </section>
    }
}

async fn ask(draft: domain::names::DraftId) -> Result<AsOf<PreparationView>, AppError> {
    let reading = get_pipeline_data(draft, String::new()).await?.reading;
    let view = reading.ok_or_else(|| AppError::new(ErrorKind::NotFound, "the table is not being read any more"))?;
    Ok(AsOf { view, now: Timestamp(0) })
}

/// Whole percents, 100 only at the end.
pub(super) fn percent(done: u64, all: u64) -> u64 {
    done.saturating_mul(100).checked_div(all).unwrap_or(0).min(100)
}

/// The nearest whole percent.
fn rounded(rows: u64, all: u64) -> u64 {
    rows.saturating_mul(100).saturating_add(all / 2).checked_div(all).unwrap_or(0)
}

/// What came of the whole table.
#[component]
fn Outcome(
    tally: Tally,
    problem: Option<String>,
    /// Whether labels are classes, and so can be counted.
    few: bool,
) -> impl IntoView {
    let Tally { train, validation, faulty, faults, labels } = tally;
    let class = if problem.is_some() { "card data-outcome is-bad" } else { "card data-outcome is-ok" };
    let verdict = match problem {
        Some(problem) => view! {
            <div role="alert">
                <p class="data-verdict"><Icon name=IconName::Cross/> "The table can't be trained with"</p>
                <p><Words text=problem/></p>
            </div>
        }
        .into_any(),
        None => view! {
            <p class="data-verdict" role="status"><Icon name=IconName::Check/> "The whole table is read, and can be trained with"</p>
        }
        .into_any(),
    };
    let labels = (few && !labels.is_empty()).then(|| view! { <Labels labels=labels.into_iter().collect() all=train/> });
    let hidden = faulty.saturating_sub(faults.len() as u64);
    let faults = (!faults.is_empty()).then(|| view! { <Faults faults hidden/> });
    let count = |what: &'static str, rows: u64| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>{thousands(rows)}</dd>
            </div>
        }
    };
    view! {
        <section class=class aria-label="Reading">
            <div class="card-body">
                {verdict}
                <dl class="batch-counts">
                    {count("Rows to train with", train)}
                    {count("Rows to try the model on", validation)}
                    {(faulty > 0).then(|| count("Rows that can't be used", faulty))}
                </dl>
                {labels}
            </div>
            {faults}
        </section>
    }
}

/// How many rows have each label.
#[component]
fn Labels(labels: Vec<(String, u64)>, all: u64) -> impl IntoView {
    let more = labels.len().saturating_sub(LABELS);
    let rows = labels
        .into_iter()
        .take(LABELS)
        .map(|(label, rows)| {
            let part = rounded(rows, all);
            view! {
                <tr>
                    <th scope="row"><code>{label}</code></th>
                    <td class="num">{thousands(rows)}</td>
                    <td class="num">{format!("{part} %")}</td>
                    <td class="bar-cell"><Bar thousandths=rows.saturating_mul(1000).checked_div(all).unwrap_or(0)/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table data-labels">
            <caption>"Labels of the rows to train with"</caption>
            <thead class="visually-hidden">
                <tr>
                    <th scope="col">"Label"</th>
                    <th scope="col">"Rows"</th>
                    <th scope="col">"Part"</th>
                    <th scope="col">"Bar"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {(more > 0).then(|| view! { <p class="muted">{format!("{more} more labels")}</p> })}
    }
}

#[component]
fn Faults(faults: Vec<Fault>, hidden: u64) -> impl IntoView {
    let rows = faults
        .into_iter()
        .map(|fault| {
            view! {
                <tr>
                    <td class="num">{fault.line}</td>
                    <td><Words text=fault.fault.to_string()/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" role="region" aria-label="Rows that can't be used" tabindex="0">
            <table class="table data-faults">
                <thead>
                    <tr>
                        <th scope="col" class="num">"Line"</th>
                        <th scope="col">"What is wrong"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {(hidden > 0).then(|| view! { <p class="card-body muted">{format!("And {} more rows.", thousands(hidden))}</p> })}
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn percents_are_whole_and_end_at_a_hundred() {
        assert_eq!(
            [(0, 0), (0, 3), (1, 3), (2, 2), (9, 2)].map(|(done, all)| percent(done, all)),
            [0, 0, 33, 100, 100]
        );
    }
}

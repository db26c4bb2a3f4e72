//! Rows: CSV as a table, JSON Lines as a list, numbers as bars. A page of them at a time.

use super::body::Body;
use super::pager::Pager;
use super::tree::branch;
use crate::ui::thousands;
use domain::invoke::body::csv::{self, MOST_COLUMNS, Sheet};
use domain::invoke::body::json::Member;
use domain::invoke::body::lines::{self, Line, Lines};
use domain::invoke::body::visible;
use leptos::prelude::*;
use std::sync::Arc;

/// `Rows 101 to 200 of 1,234`
pub(in super::super) fn range(noun: &str, page: usize, a_page: usize, all: usize) -> String {
    let (from, to) = (page * a_page + 1, ((page + 1) * a_page).min(all));
    format!("{noun} {} to {} of {}", thousands(from.min(to)), thousands(to), thousands(all))
}

/// CSV.
#[component]
pub(super) fn SheetTable(body: Arc<Body>, sheet: Sheet) -> impl IntoView {
    let page = RwSignal::new(0);
    let (rows, pages, columns) = (sheet.rows, sheet.pages(), sheet.columns);
    let head = sheet.header.clone().map(|names| {
        let names = names.into_iter().map(|name| view! { <th scope="col">{visible(&name).into_owned()}</th> });
        view! {
            <thead>
                <tr>
                    <th scope="col">
                        <span class="visually-hidden">"Row"</span>
                    </th>
                    {names.collect_view()}
                </tr>
            </thead>
        }
    });
    let shown = move || {
        let rows = sheet.page(body.as_text(), page.get());
        let first = page.get() * csv::PAGE + 1;
        rows.into_iter().enumerate().map(|(at, row)| table_row(first + at, row)).collect_view()
    };
    let cut = columns > MOST_COLUMNS;
    view! {
        <div class="table-scroll" role="region" aria-label="Rows of the answer" tabindex="0">
            <table class="grid">
                {head}
                <tbody>{shown}</tbody>
            </table>
        </div>
        <Pager page pages shown=Signal::derive(move || range("Rows", page.get(), csv::PAGE, rows)) />
        {cut.then(|| {
            let words = format!("The first {MOST_COLUMNS} of {} columns are shown. Raw has all of them.", thousands(columns));
            view! { <p class="pane-note">{words}</p> }
        })}
    }
}

fn table_row(number: usize, row: Vec<String>) -> impl IntoView {
    let cells = row.into_iter().map(|cell| {
        let number = cell.trim().parse::<f64>().is_ok();
        view! { <td class:num=number>{visible(&cell).into_owned()}</td> }
    });
    view! {
        <tr>
            <th scope="row">{number}</th>
            {cells.collect_view()}
        </tr>
    }
}

/// JSON Lines.
#[component]
pub(super) fn LineList(body: Arc<Body>) -> impl IntoView {
    let page = RwSignal::new(0);
    let all = Lines::of(body.as_text());
    let (number, pages) = (all.count, all.pages());
    let shown = move || {
        let first = page.get() * lines::PAGE + 1;
        let lines = all.page(body.as_text(), page.get()).into_iter().enumerate();
        let lines = lines.map(|(at, line)| match line {
            Line::Value(value) => branch(&body, &Member { key: None, value }, first + at, false),
            Line::Other(text) => {
                let words = visible(&body.as_text()[text]).chars().take(2_000).collect::<String>();
                view! {
                    <li class="tree-leaf">
                        <span class="tree-index">{first + at}</span>
                        <code>{words}</code>
                    </li>
                }
                .into_any()
            }
        });
        lines.collect_view()
    };
    view! {
        <div class="tree" role="region" aria-label="Lines of the answer" tabindex="0">
            <ul>{shown}</ul>
        </div>
        <Pager page pages shown=Signal::derive(move || range("Lines", page.get(), lines::PAGE, number)) />
    }
}

/// Numbers between 0 and 1, one a line: what classifiers answer.
#[component]
pub(super) fn Scores(scores: Vec<(String, f64)>) -> impl IntoView {
    let rows = scores
        .into_iter()
        .enumerate()
        .map(|(i, (text, score))| {
            view! {
                <li class="score">
                    <span class="score-row">{i + 1}</span>
                    <svg class="score-bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                        <rect class="score-fill" width=format!("{:.2}", score * 100.0) height="1" />
                    </svg>
                    <code class="score-value">{text}</code>
                </li>
            }
        })
        .collect_view();
    // A list that scrolls must be reachable by keyboard.
    view! {
        <ol class="scores" aria-label="Scores by row" tabindex="0">
            {rows}
        </ol>
    }
}

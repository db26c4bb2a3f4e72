//! Tables that scroll in themselves and always have something to show.

use super::{ErrorPanel, Skeleton};
use crate::error::AppError;
use leptos::prelude::*;

/// A column's heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    label: &'static str,
    class: &'static str,
    hidden: bool,
}

impl Column {
    /// A column of words.
    pub const fn new(label: &'static str) -> Self {
        Self { label, class: "", hidden: false }
    }
    /// A column of numbers, right-aligned.
    pub const fn number(label: &'static str) -> Self {
        Self { label, class: "num", hidden: false }
    }
    /// A column whose heading only assistive technology needs: selection boxes, actions.
    pub const fn hidden(label: &'static str) -> Self {
        Self { label, class: "", hidden: true }
    }
}

/// What a table has to show.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows<T> {
    /// Nothing yet; so many lines are expected.
    Loading(usize),
    /// It could not be had.
    Failed(AppError),
    /// These; none shows the empty state.
    Ready(Vec<T>),
}

/// A table. `row` gives the `<td>`s of one row (the kit makes the `<tr>`).
#[component]
pub fn Table<T, V>(
    /// What the table lists, for assistive technology.
    #[prop(into)]
    label: String,
    /// The headings.
    columns: Vec<Column>,
    /// What there is to show.
    rows: Rows<T>,
    /// Shown when there are no rows: an [`super::EmptyState`].
    #[prop(into)]
    empty: ViewFn,
    /// The heading when the rows could not be had.
    failed: &'static str,
    /// Tries to load again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
    /// The cells of one row.
    children: Callback<T, V>,
) -> impl IntoView
where
    T: Send + Sync + 'static,
    V: IntoView + 'static,
{
    let items = match rows {
        Rows::Loading(lines) => return view! { <div class="table-state"><Skeleton lines=lines /></div> }.into_any(),
        Rows::Failed(error) => {
            return match retry {
                Some(retry) => view! { <ErrorPanel error=error title=failed retry=retry /> }.into_any(),
                None => view! { <ErrorPanel error=error title=failed /> }.into_any(),
            };
        }
        Rows::Ready(items) if items.is_empty() => return empty.run(),
        Rows::Ready(items) => items,
    };
    view! {
        // A region that scrolls must be reachable by keyboard.
        <div class="table-scroll" role="region" aria-label=label tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        {columns
                            .into_iter()
                            .map(|column| {
                                view! {
                                    <th scope="col" class=column.class>
                                        <span class:visually-hidden=column.hidden>{column.label}</span>
                                    </th>
                                }
                            })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {items.into_iter().map(|item| view! { <tr>{children.run(item)}</tr> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

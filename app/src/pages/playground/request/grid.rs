//! CSV as a grid of cells, a page of rows at a time: five megabytes of it are a hundred thousand rows.

use super::typed::Typed;
use crate::ui::{Button, Icon, IconName, thousands};
use domain::body::{BodyKind, csv};
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use std::ops::Range;

/// Rows on a page, and the most columns that are shown.
const ROWS: usize = 50;
const COLUMNS: usize = 40;

/// What is shown of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Window {
    /// Rows of the whole table.
    rows: usize,
    /// The cells of this page, all rows equally long.
    cells: Vec<Vec<String>>,
    width: usize,
    /// Columns that are not shown.
    more: usize,
    first: usize,
}

impl Window {
    fn of(text: &str, page: usize) -> Self {
        let table = csv::Table::of(text);
        let first = (page * ROWS).min(table.len().saturating_sub(1) / ROWS * ROWS);
        let shown: Range<usize> = first..(first + ROWS).min(table.len()).max(first + 1);
        let all = table.width(shown.clone()).max(1);
        let width = all.min(COLUMNS);
        let fitted = |row| {
            let mut cells = table.cells(row);
            cells.resize(width, String::new());
            cells
        };
        Self { rows: table.len(), cells: shown.map(fitted).collect(), width, more: all - width, first }
    }

    fn cell(&self, row: usize, column: usize) -> String {
        self.cells.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default()
    }

    fn in_words(&self) -> String {
        let columns = match self.more {
            0 => String::new(),
            more => format!(", the first {} of {} columns", self.width, self.width + more),
        };
        match self.rows {
            0 => "no rows yet".into(),
            1 => format!("1 row{columns}"),
            rows if rows <= ROWS => format!("{rows} rows{columns}"),
            rows => {
                let [first, last, rows] = [self.first + 1, (self.first + ROWS).min(rows), rows].map(thousands);
                format!("rows {first} to {last} of {rows}{columns}")
            }
        }
    }
}

/// The grid. Every change is one of the text.
#[component]
pub(super) fn Grid(typed: Typed) -> impl IntoView {
    let page = RwSignal::new(0_usize);
    let window = Memo::new(move |_| match typed.kind.get() {
        BodyKind::Csv => typed.body.with(|text| Window::of(text, page.get())),
        _ => Window::default(),
    });
    let change = move |with: &dyn Fn(&csv::Table<'_>) -> String| {
        typed.touched.set(true);
        let changed = typed.body.with_untracked(|text| with(&csv::Table::of(text)));
        typed.body.set(changed);
    };
    let rows = Memo::new(move |_| window.with(|window| (window.first, window.cells.len())));
    let width = Memo::new(move |_| window.with(|window| window.width));
    let head = move |column: usize| {
        view! {
            <th scope="col">
                <span class="grid-number">{column + 1}</span>
                <button
                    type="button"
                    class="grid-remove"
                    aria-label=format!("Remove column {}", column + 1)
                    on:click=move |_| change(&|table| table.without_column(column))
                >
                    <Icon name=IconName::Cross/>
                </button>
            </th>
        }
    };
    let row = move |at: usize| {
        let number = move || rows.get().0 + at;
        let first = move || typed.without_header.get() && number() == 0;
        view! {
            <tr class:is-left-out=first>
                <th scope="row">
                    <span class="grid-number">{move || number() + 1}</span>
                    <button
                        type="button"
                        class="grid-remove"
                        aria-label=move || format!("Remove row {}", number() + 1)
                        on:click=move |_| change(&|table| table.without_row(number()))
                    >
                        <Icon name=IconName::Cross/>
                    </button>
                </th>
                <For
                    each=move || 0..width.get()
                    key=|column| *column
                    children=move |column| {
                        let label = move || format!("Row {}, column {}", number() + 1, column + 1);
                        view! {
                            <td>
                                <input
                                    class="cell"
                                    autocomplete="off"
                                    spellcheck="false"
                                    aria-label=label
                                    data-at=format!("{at}-{column}")
                                    prop:value=move || window.with(|window| window.cell(at, column))
                                    on:keydown=move |event| go_down(&event, at, column)
                                    on:paste=move |event| {
                                        if let Some(block) = pasted(&event) {
                                            change(&|table| table.pasted(number(), column, &block));
                                        }
                                    }
                                    on:change:target=move |event| {
                                        let value = event.target().value();
                                        change(&|table| table.with_cell(number(), column, &value));
                                    }
                                />
                            </td>
                        }
                    }
                />
            </tr>
        }
    };
    let add_row = Callback::new(move |_| {
        change(&|table| table.with_row(table.len()));
        page.set(window.with_untracked(|window| window.rows.saturating_sub(1)) / ROWS);
    });
    let add_column = Callback::new(move |_| change(&|table| table.with_column(usize::MAX)));
    view! {
        <div class="grid-scroll" role="region" aria-label="Cells of the body" tabindex="0">
            <table class="cells">
                <thead>
                    <tr>
                        <td></td>
                        <For each=move || 0..width.get() key=|column| *column children=head/>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || 0..rows.get().1 key=|at| *at children=row/>
                </tbody>
            </table>
        </div>
        <div class="grid-foot">
            <span class="muted" role="status">{move || crate::ui::sentence_case(&window.with(Window::in_words))}</span>
            <Pages page window/>
            <Button small=true icon=IconName::Plus on_click=add_row>"Add row"</Button>
            <Button small=true icon=IconName::Plus on_click=add_column>"Add column"</Button>
        </div>
    }
}

#[component]
fn Pages(page: RwSignal<usize>, window: Memo<Window>) -> impl IntoView {
    let many = Memo::new(move |_| window.with(|window| window.rows > ROWS));
    let at = move || window.with(|window| (window.first / ROWS, window.rows.saturating_sub(1) / ROWS));
    let reason = move |end: bool, why: &'static str| Signal::derive(move || end_of(at(), end).then(|| why.to_owned()));
    let go = move |by: isize| Callback::new(move |_: MouseEvent| page.set(at().0.saturating_add_signed(by)));
    move || {
        many.get().then(|| {
            view! {
                <Button small=true disabled_reason=reason(false, "first page") on_click=go(-1)>"Previous rows"</Button>
                <Button small=true disabled_reason=reason(true, "last page") on_click=go(1)>"Next rows"</Button>
            }
        })
    }
}

fn end_of((now, last): (usize, usize), end: bool) -> bool {
    now == if end { last } else { 0 }
}

/// Enter goes to the cell below, as in a spreadsheet; it would send the form otherwise.
fn go_down(event: &KeyboardEvent, row: usize, column: usize) {
    if event.key() != "Enter" || event.ctrl_key() || event.meta_key() {
        return;
    }
    event.prevent_default();
    #[cfg(feature = "hydrate")]
    {
        use leptos::wasm_bindgen::JsCast as _;
        let selector = format!(".cell[data-at='{}-{column}']", row + 1);
        let below = document().query_selector(&selector).ok().flatten();
        if let Some(below) = below.and_then(|cell| cell.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = below.focus();
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (row, column);
}

/// Several cells from a spreadsheet; one alone goes where it is pasted, as ever.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables, reason = "only browsers have clipboards"))]
fn pasted(event: &leptos::ev::ClipboardEvent) -> Option<Vec<Vec<String>>> {
    #[cfg(feature = "hydrate")]
    {
        let text = event.clipboard_data()?.get_data("text/plain").ok()?;
        let block = csv::from_clipboard(&text);
        let several = block.len() > 1 || block.first().is_some_and(|row| row.len() > 1);
        several.then(|| {
            event.prevent_default();
            block
        })
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_shows_a_page_of_rows_equally_long() {
        let text = "1,2\n3\n".repeat(60);
        let window = Window::of(&text, 1);
        assert_eq!((window.rows, window.first, window.cells.len(), window.width), (120, 50, 50, 2));
        assert_eq!((window.cell(1, 0), window.cell(1, 1)), ("3".to_owned(), String::new()));
        assert_eq!(window.in_words(), "rows 51 to 100 of 120");
        // A page that is gone shows the last one.
        assert_eq!((Window::of(&text, 9).first, Window::of(&text, 9).cells.len()), (100, 20));
        assert_eq!(Window::of("", 0).cells, [[""]]);
    }

    #[test]
    fn columns_beyond_those_shown_are_counted() {
        let window = Window::of(&"1,".repeat(49), 0);
        assert_eq!((window.width, window.more), (40, 10));
        assert_eq!(window.in_words(), "1 row, the first 40 of 50 columns");
    }
}

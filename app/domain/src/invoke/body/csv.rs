//! CSV as pages of rows. One pass finds how many rows there are and where each page begins; cells are read when their page
//! is shown.
//!
//! Source: RFC 4180; commas, tabs and semicolons separate, and a quote that is never closed goes to the end.

use std::borrow::Cow;

/// Rows a page.
pub const PAGE: usize = 100;
/// Cells of a row that are shown; the rest are counted.
pub const MOST_COLUMNS: usize = 60;
/// Rows by which a first row is judged.
const JUDGED: usize = 20;

/// What there is in a text of CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The first row, where it names the columns.
    pub header: Option<Vec<String>>,
    /// How many rows there are, without the header and without empty lines.
    pub rows: usize,
    /// The most cells in a row.
    pub columns: usize,
    /// Whether every row has as many cells.
    pub even: bool,
    /// Where each page begins.
    pages: Vec<usize>,
    separator: u8,
}

impl Sheet {
    /// Reads a text. `None` where no row is, or where a quote is never closed.
    pub fn of(text: &str) -> Option<Self> {
        let mut rows = Rows::new(text);
        let first = rows.next_row(MOST_COLUMNS)?;
        let columns = first.count;
        let first: Vec<String> = first.cells.into_iter().map(Cow::into_owned).collect();
        let judged = Rows { at: rows.at, ..rows };
        let header = names(&first, judged).then_some(first);
        if header.is_none() {
            rows = Rows::new(text);
        }
        let mut sheet = Self {
            columns: if header.is_some() { columns } else { 0 },
            header,
            rows: 0,
            even: true,
            pages: Vec::new(),
            separator: rows.separator,
        };
        loop {
            let at = rows.at;
            let Some(row) = rows.next_row(0) else { break };
            if sheet.rows.is_multiple_of(PAGE) {
                sheet.pages.push(at);
            }
            sheet.even &= sheet.columns == 0 || sheet.columns == row.count;
            sheet.columns = sheet.columns.max(row.count);
            sheet.rows += 1;
        }
        (!rows.open).then_some(sheet)
    }

    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.pages.len().max(1)
    }

    /// The rows of a page, from 0, of the text that was read; each with at most [`MOST_COLUMNS`] cells.
    pub fn page(&self, text: &str, page: usize) -> Vec<Vec<String>> {
        let Some(at) = self.pages.get(page) else { return Vec::new() };
        let mut rows = Rows { text, at: *at, separator: self.separator, open: false };
        let rows = std::iter::from_fn(|| rows.next_row(MOST_COLUMNS));
        rows.take(PAGE).map(|row| row.cells.into_iter().map(Cow::into_owned).collect()).collect()
    }
}

/// Whether the first row names columns: words, all different, above rows that have numbers.
fn names(first: &[String], mut rest: Rows<'_>) -> bool {
    let is_number = |cell: &str| cell.trim().parse::<f64>().is_ok();
    let mut seen: Vec<&String> = first.iter().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() == first.len()
        && first.iter().all(|cell| !cell.trim().is_empty() && !is_number(cell))
        && std::iter::from_fn(|| rest.next_row(MOST_COLUMNS))
            .take(JUDGED)
            .any(|row| row.cells.iter().any(|cell| is_number(cell)))
}

struct Rows<'a> {
    text: &'a str,
    at: usize,
    separator: u8,
    /// Whether a quote was never closed.
    open: bool,
}

struct Row<'a> {
    cells: Vec<Cow<'a, str>>,
    count: usize,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let line = text[at..].lines().find(|line| !line.is_empty()).unwrap_or_default();
        let separator = [b',', b'\t', b';'].into_iter().find(|byte| line.as_bytes().contains(byte)).unwrap_or(b',');
        Self { text, at, separator, open: false }
    }

    /// The next row that is not empty, with up to `most` of its cells.
    fn next_row(&mut self, most: usize) -> Option<Row<'a>> {
        while self.at < self.text.len() {
            let mut row = Row { cells: Vec::new(), count: 0 };
            let mut blank = true;
            loop {
                let (cell, more) = self.cell();
                blank &= cell.is_empty();
                row.count += 1;
                if row.cells.len() < most {
                    row.cells.push(cell);
                }
                if !more {
                    break;
                }
            }
            if !blank || row.count > 1 {
                return Some(row);
            }
        }
        None
    }

    /// A cell, and whether another follows in its row.
    fn cell(&mut self) -> (Cow<'a, str>, bool) {
        let rest = &self.text[self.at..];
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = self.end_of(rest);
            return (Cow::Borrowed(self.take(rest, end)), self.goes_on(rest, end));
        };
        let (mut from, mut doubled) = (0, false);
        let inner = loop {
            match quoted[from..].find('"').map(|at| from + at) {
                None => {
                    self.open = true;
                    break quoted.len();
                }
                Some(at) if quoted[at + 1..].starts_with('"') => {
                    doubled = true;
                    from = at + 2;
                }
                Some(at) => break at,
            }
        };
        let text = &quoted[..inner];
        // What stands between the closing quote and the separator belongs to the cell: nothing is lost.
        let tail = quoted.get(inner + 1..).unwrap_or_default();
        let end = self.end_of(tail);
        let extra = self.take(tail, end);
        let begin = rest.len() - tail.len();
        let more = self.goes_on(rest, begin + end);
        let cell = match (doubled, extra.is_empty()) {
            (false, true) => Cow::Borrowed(text),
            _ => Cow::Owned(text.replace("\"\"", "\"") + extra),
        };
        (cell, more)
    }

    fn end_of(&self, rest: &str) -> usize {
        rest.bytes().position(|byte| byte == self.separator || byte == b'\n').unwrap_or(rest.len())
    }

    fn take(&self, rest: &'a str, end: usize) -> &'a str {
        let text = &rest[..end];
        if rest.as_bytes().get(end) == Some(&self.separator) { text } else { text.strip_suffix('\r').unwrap_or(text) }
    }

    /// Steps behind the cell that ends at `end` of `rest`.
    fn goes_on(&mut self, rest: &str, end: usize) -> bool {
        self.at += (end + 1).min(rest.len());
        rest.as_bytes().get(end) == Some(&self.separator)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<Vec<String>> {
        let sheet = Sheet::of(text).unwrap();
        let rows = (0..sheet.pages()).flat_map(|page| sheet.page(text, page));
        sheet.header.clone().into_iter().chain(rows).collect()
    }

    #[test]
    fn cells_keep_quoted_commas_quotes_and_line_ends() {
        assert_eq!(all("a,\"b,\"\"c\"\"\nd\"\r\n1,\r\n\r\n,\n"), [["a", "b,\"c\"\nd"], ["1", ""], ["", ""]]);
        assert_eq!(all("\"a\"x,b"), [["ax", "b"]]);
        assert_eq!(all("1;2\n3;4"), [["1", "2"], ["3", "4"]]);
        assert_eq!(all("\u{feff}1\t2,5"), [["1\t2", "5"]]);
        for nothing in ["", "\n\r\n", "\"open", "1,2\n3,\"open\n"] {
            assert_eq!(Sheet::of(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_first_row_of_names_above_numbers_is_a_header() {
        let header = |text: &str| Sheet::of(text).unwrap().header.map(|cells| cells.join("|"));
        assert_eq!(header("id,score\n1,0.5\n2,0.7\n").as_deref(), Some("id|score"));
        assert_eq!(header("label\n0.5\n").as_deref(), Some("label"));
        for none in ["1,2\n3,4\n", "a,b\nc,d\n", "a,a\n1,2\n", "a,\n1,2\n", "a,b\n", "0.081"] {
            assert_eq!(header(none), None, "{none:?}");
        }
        assert_eq!(Sheet::of("id,score\n1,0.5\n2\n").map(|s| (s.rows, s.columns, s.even)), Some((2, 2, false)));
    }

    #[test]
    fn many_rows_are_paged_and_many_columns_are_counted() {
        let text = "1,2\n".repeat(250);
        let sheet = Sheet::of(&text).unwrap();
        assert_eq!(
            (sheet.rows, sheet.pages(), sheet.page(&text, 2).len(), sheet.page(&text, 3).len()),
            (250, 3, 50, 0)
        );
        let wide = vec!["7"; 100_000].join(",");
        let sheet = Sheet::of(&wide).unwrap();
        assert_eq!((sheet.columns, sheet.page(&wide, 0)[0].len()), (100_000, MOST_COLUMNS));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n\r 0-9]{1,6}", 2..4), 1..8)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let text: String = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect();
            let sheet = Sheet::of(&text).unwrap();
            let mut read: Vec<Vec<String>> = sheet.header.clone().into_iter().collect();
            read.extend(sheet.page(&text, 0));
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,40}|[\",;\t\n\ra1]{0,40}") {
            if let Some(sheet) = Sheet::of(&text) {
                let read: usize = (0..sheet.pages()).map(|page| sheet.page(&text, page).len()).sum();
                prop_assert_eq!(read, sheet.rows);
            }
        }
    }
}

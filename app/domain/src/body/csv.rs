//! CSV as people send it to models: where its rows are, their cells, and what editing one makes of the text. After RFC
//! 4180; lines may also end with a line feed alone. What is not touched stays as it was written.

use super::BodyProblem;
use std::ops::Range;

/// A table of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<'a> {
    text: &'a str,
    rows: Vec<Range<usize>>,
    /// The line on which a quote opens that never closes.
    open_quote: Option<usize>,
}

impl<'a> Table<'a> {
    /// Finds the rows; blank lines are none.
    pub fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let (mut rows, mut from, mut quoted, mut line, mut opened) = (Vec::new(), 0, false, 1, 1);
        let mut end = |from: usize, to: usize| {
            let to = if to > from && bytes[to - 1] == b'\r' { to - 1 } else { to };
            if !text[from..to].trim().is_empty() {
                rows.push(from..to);
            }
        };
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    quoted = !quoted;
                    opened = line;
                }
                b'\n' => {
                    line += 1;
                    if !quoted {
                        end(from, at);
                        from = at + 1;
                    }
                }
                _ => {}
            }
        }
        end(from, bytes.len());
        Self { text, rows, open_quote: quoted.then_some(opened) }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row's cells; none for a row that is not there.
    pub fn cells(&self, row: usize) -> Vec<String> {
        self.rows.get(row).map(|range| cells(&self.text[range.clone()])).unwrap_or_default()
    }

    /// How many cells the longest of the first rows has, and the first row at least.
    pub fn width(&self, window: Range<usize>) -> usize {
        std::iter::once(0).chain(window).map(|row| self.cells(row).len()).max().unwrap_or_default()
    }

    /// The first row, where it looks like a header: words in every cell, above a row that has a number.
    pub fn header(&self) -> Option<Vec<String>> {
        let (first, second) = (self.cells(0), self.cells(1));
        let number = |cell: &String| cell.trim().parse::<f64>().is_ok();
        let header = first.iter().all(|cell| !cell.trim().is_empty() && !number(cell)) && second.iter().any(number);
        header.then_some(first)
    }

    /// The text without its first row.
    pub fn without_first(&self) -> &'a str {
        self.rows.get(1).map_or("", |second| &self.text[second.start..])
    }

    /// The text with another value in a cell; rows and cells up to it are made where there are none.
    pub fn with_cell(&self, row: usize, column: usize, value: &str) -> String {
        self.pasted(row, column, &[vec![value.to_owned()]])
    }

    /// The text with a block of cells laid over it from a cell on.
    pub fn pasted(&self, row: usize, column: usize, block: &[Vec<String>]) -> String {
        let mut lines = Vec::with_capacity(block.len());
        for (down, values) in block.iter().enumerate() {
            let mut cells = self.cells(row + down);
            cells.resize(cells.len().max(column + values.len()), String::new());
            cells[column..column + values.len()].clone_from_slice(values);
            lines.push(row_of(&cells));
        }
        let last = (row + block.len()).min(self.len());
        self.replaced(row.min(self.len())..last, &lines)
    }

    /// The text with a row of empty cells before this row, or at the end.
    pub fn with_row(&self, before: usize) -> String {
        let at = before.min(self.len());
        let width = self.width(0..1).max(1);
        self.replaced(at..at, &[row_of(&vec![String::new(); width])])
    }

    /// The text without a row.
    pub fn without_row(&self, row: usize) -> String {
        self.replaced(row..(row + 1).min(self.len()), &[])
    }

    /// The text with an empty column before this column, or at the end.
    pub fn with_column(&self, before: usize) -> String {
        self.each_row(|cells| cells.insert(before.min(cells.len()), String::new()))
    }

    /// The text without a column.
    pub fn without_column(&self, column: usize) -> String {
        self.each_row(|cells| {
            if column < cells.len() && cells.len() > 1 {
                cells.remove(column);
            }
        })
    }

    fn each_row(&self, change: impl Fn(&mut Vec<String>)) -> String {
        let lines: Vec<_> = (0..self.len())
            .map(|row| {
                let mut cells = self.cells(row);
                change(&mut cells);
                row_of(&cells)
            })
            .collect();
        self.replaced(0..self.len(), &lines)
    }

    /// The text with other lines in the place of some rows.
    fn replaced(&self, rows: Range<usize>, lines: &[String]) -> String {
        let from = match self.rows.get(rows.start) {
            Some(row) => row.start,
            None => self.text.len(),
        };
        let to = match rows.end {
            end if end <= rows.start => from,
            // A row that goes takes its line end along.
            end if lines.is_empty() => self.rows.get(end).map_or(self.text.len(), |next| next.start),
            end => self.rows[end - 1].end,
        };
        let (before, after) = (&self.text[..from], &self.text[to..]);
        let mut out =
            String::with_capacity(before.len() + after.len() + lines.iter().map(|l| l.len() + 1).sum::<usize>());
        out.push_str(before);
        if !lines.is_empty() && !before.is_empty() && !before.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&lines.join("\n"));
        if !lines.is_empty() && !after.is_empty() && !after.starts_with(['\n', '\r']) {
            out.push('\n');
        }
        out.push_str(after);
        out
    }
}

/// What is wrong with CSV: a quote that never closes, else the first row of another length than the first.
pub fn problem(text: &str) -> Option<BodyProblem> {
    let table = Table::of(text);
    if let Some(line) = table.open_quote {
        return Some(BodyProblem { line, column: 1, message: "a quote opens here and never closes".into() });
    }
    let width = table.cells(0).len();
    let odd = (1..table.len()).find(|row| count(&text[table.rows[*row].clone()]) != width)?;
    let range = table.rows[odd].clone();
    let got = count(&text[range.clone()]);
    let line = text[..range.start].matches('\n').count() + 1;
    let message = format!("this row has {}, the first row has {width}", cells_in_words(got));
    Some(BodyProblem { line, column: 1, message })
}

fn cells_in_words(count: usize) -> String {
    if count == 1 { "1 cell".into() } else { format!("{count} cells") }
}

/// Cells that were copied from a spreadsheet: tabs between them, quotes around those with a tab or a line end.
pub fn from_clipboard(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_suffix('\n').map_or(text, |rest| rest.strip_suffix('\r').unwrap_or(rest));
    let mut rows = vec![vec![]];
    let mut scanner = Scanner { text, at: 0, between: b'\t' };
    while let Some((cell, ended_row)) = scanner.next_cell() {
        if let Some(row) = rows.last_mut() {
            row.push(cell);
        }
        if ended_row && !scanner.done() {
            rows.push(vec![]);
        }
    }
    rows
}

/// A row's cells as text, quoted where they have to be.
pub fn row_of(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    match cells {
        // Nothing at all would be no row.
        [only] if only.is_empty() => "\"\"".into(),
        cells => cells.iter().map(quoted).collect::<Vec<_>>().join(","),
    }
}

fn cells(row: &str) -> Vec<String> {
    let mut scanner = Scanner { text: row, at: 0, between: b',' };
    std::iter::from_fn(|| scanner.next_cell().map(|(cell, _)| cell)).collect()
}

/// How many cells a row has, without making them.
fn count(row: &str) -> usize {
    let mut quoted = false;
    let commas = row.bytes().filter(|byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    });
    commas.count() + 1
}

/// Cells one after the other.
struct Scanner<'a> {
    text: &'a str,
    /// Where the next cell begins; past the end once the last was given.
    at: usize,
    between: u8,
}

impl Scanner<'_> {
    fn done(&self) -> bool {
        self.at > self.text.len()
    }

    /// The next cell, and whether its row ends with it.
    fn next_cell(&mut self) -> Option<(String, bool)> {
        if self.done() {
            return None;
        }
        let bytes = self.text.as_bytes();
        let (mut cell, mut at) = (String::new(), self.at);
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            loop {
                let end = self.text[at..].find('"').map_or(self.text.len(), |found| at + found);
                cell.push_str(&self.text[at..end]);
                at = (end + 1).min(self.text.len());
                if bytes.get(at) != Some(&b'"') || end == self.text.len() {
                    break;
                }
                cell.push('"');
                at += 1;
            }
        }
        // What stands after a closing quote belongs to the cell, as spreadsheets read it.
        let inside = |byte: &u8| *byte != self.between && *byte != b'\n';
        let end = at + bytes[at..].iter().take_while(|byte| inside(byte)).count();
        let ends_row = bytes.get(end) != Some(&self.between);
        let rest = &self.text[at..end];
        let windows_end = self.between == b'\t' && ends_row;
        cell.push_str(if windows_end { rest.strip_suffix('\r').unwrap_or(rest) } else { rest });
        self.at = end + 1;
        Some((cell, ends_row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTED: &str = "age,plan\r\n41,\"pro, \"\"annual\"\"\"\r\n\r\n29,\"two\nlines\"\n";

    #[test]
    fn rows_and_cells_follow_rfc_4180() {
        let table = Table::of(QUOTED);
        assert_eq!(table.len(), 3);
        assert_eq!(table.cells(1), ["41", "pro, \"annual\""]);
        assert_eq!(table.cells(2), ["29", "two\nlines"]);
        assert_eq!(Table::of("a,\n,b").cells(0), ["a", ""]);
        assert_eq!(Table::of("a,\n,b").cells(1), ["", "b"]);
        assert!(Table::of("\n \n").is_empty());
    }

    #[test]
    fn a_header_is_words_over_numbers_and_can_be_left_out() {
        let table = Table::of(QUOTED);
        assert_eq!(table.header(), Some(vec!["age".into(), "plan".into()]));
        assert_eq!(table.without_first(), "41,\"pro, \"\"annual\"\"\"\r\n\r\n29,\"two\nlines\"\n");
        assert_eq!(Table::of("1,2\n3,4").header(), None);
        assert_eq!(Table::of("a,b\nc,d").header(), None);
        assert_eq!(Table::of("a,b").without_first(), "");
    }

    #[test]
    fn editing_a_cell_leaves_the_other_rows_as_they_were_written() {
        let table = Table::of(QUOTED);
        let edited = table.with_cell(1, 0, "4,2");
        assert_eq!(edited, "age,plan\r\n\"4,2\",\"pro, \"\"annual\"\"\"\r\n\r\n29,\"two\nlines\"\n");
        assert_eq!(Table::of("").with_cell(0, 1, "x"), ",x");
        assert_eq!(Table::of("1,2").with_cell(1, 0, "3"), "1,2\n3");
        assert_eq!(Table::of("1,2\n").with_cell(1, 0, "3"), "1,2\n3");
    }

    #[test]
    fn rows_and_columns_come_and_go() {
        let table = Table::of("a,b\n1,2\n");
        assert_eq!(table.with_row(1), "a,b\n,\n1,2\n");
        assert_eq!(table.with_row(9), "a,b\n1,2\n,");
        assert_eq!(Table::of("1\n").with_row(9), "1\n\"\"");
        assert_eq!(table.without_row(0), "1,2\n");
        assert_eq!(table.without_row(1), "a,b\n");
        assert_eq!(table.with_column(1), "a,,b\n1,,2\n");
        assert_eq!(table.without_column(0), "b\n2\n");
    }

    #[test]
    fn a_block_from_a_spreadsheet_lands_where_it_was_pasted() {
        let block = from_clipboard("1\t\"a\tb\"\r\n2\t\"say \"\"hi\"\"\"\r\n");
        assert_eq!(block, [["1", "a\tb"], ["2", "say \"hi\""]]);
        assert_eq!(from_clipboard("5"), [["5"]]);
        assert_eq!(from_clipboard("1\t\n\t2"), [["1", ""], ["", "2"]]);
        let text = Table::of("x,y,z\n7,8,9\n").pasted(1, 1, &block);
        assert_eq!(text, "x,y,z\n7,1,a\tb\n,2,\"say \"\"hi\"\"\"\n");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(problem("1,2\n3,4\n"), None);
        assert_eq!(problem("1,2\n\n3,4,5\n").map(|p| (p.line, p.message)), {
            Some((3, "this row has 3 cells, the first row has 2".into()))
        });
        assert_eq!(problem("1,2\n\"3,4\n").map(|p| p.line), Some(2));
    }
}

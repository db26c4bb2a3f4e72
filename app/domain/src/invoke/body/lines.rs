//! JSON Lines as pages of lines.

use super::json::{self, Node};
use std::ops::Range;

/// Lines a page.
pub const PAGE: usize = 100;

/// Where the pages of a text begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// How many lines there are; empty ones don't count.
    pub count: usize,
    pages: Vec<usize>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// JSON.
    Value(Node),
    /// Something else, where it stands.
    Other(Range<usize>),
}

impl Lines {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let mut lines = Self { count: 0, pages: Vec::new() };
        for at in each(text, 0) {
            if lines.count.is_multiple_of(PAGE) {
                lines.pages.push(at.start);
            }
            lines.count += 1;
        }
        lines
    }

    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.pages.len().max(1)
    }

    /// The lines of a page, from 0, of the text that was read.
    pub fn page(&self, text: &str, page: usize) -> Vec<Line> {
        let Some(from) = self.pages.get(page) else { return Vec::new() };
        let line = |at: Range<usize>| match json::check(&text[at.clone()]) {
            Ok(()) => Line::Value(json::part(text, at)),
            Err(_) => Line::Other(at),
        };
        each(text, *from).take(PAGE).map(line).collect()
    }
}

fn each(text: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = from;
    text[from..].split('\n').filter_map(move |line| {
        let begin = at;
        at += line.len() + 1;
        (!line.trim().is_empty()).then(|| begin..begin + line.trim_end().len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_paged_and_what_is_no_json_among_them_stays_text() {
        let text = "{\"a\":1}\r\n\nnope\n".repeat(101) + "[2]";
        let lines = Lines::of(&text);
        assert_eq!((lines.count, lines.pages()), (203, 3));
        let told = |line: &Line| match line {
            Line::Value(node) => text[node.at.clone()].to_owned(),
            Line::Other(at) => format!("no: {}", &text[at.clone()]),
        };
        let last: Vec<String> = lines.page(&text, 2).iter().map(told).collect();
        assert_eq!(last, ["{\"a\":1}", "no: nope", "[2]"]);
        assert_eq!((lines.page(&text, 0).len(), lines.page(&text, 3).len(), Lines::of("").pages()), (100, 0, 1));
    }
}

//! The rows that were begun and are not written. They come back in any order and are written in that of the file: what is
//! finished ahead of an unfinished row waits here, bounded by rows and by bytes.

use super::call::Called;
use super::read::InputRow;
use domain::batch::limits;
use std::collections::BTreeMap;

/// A row that came back.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) number: u64,
    /// What was counted for it when it began.
    pub(super) begun_bytes: usize,
    pub(super) called: Called,
}

impl Finished {
    fn failed(&self) -> bool {
        self.called.as_ref().is_ok_and(|outcome| outcome.answer.is_err())
    }
}

#[derive(Debug)]
pub(super) struct Window {
    /// Which row is written next.
    next: u64,
    begun: usize,
    bytes: usize,
    /// What is finished, with what it takes.
    waiting: BTreeMap<u64, (Finished, usize)>,
}

impl Window {
    /// After so many rows that are written.
    pub(super) fn after(done: u64) -> Self {
        Self { next: done + 1, begun: 0, bytes: 0, waiting: BTreeMap::new() }
    }

    /// Whether another row may begin, where `held` more are finished and not written.
    pub(super) fn has_room(&self, held: usize) -> bool {
        self.begun + held < limits::WINDOW_ROWS && self.bytes < limits::WINDOW_BYTES
    }

    /// Counts a row that begins; gives what is counted for it.
    pub(super) fn begin(&mut self, row: &InputRow) -> usize {
        let bytes = row.source.bytes();
        self.begun += 1;
        self.bytes += bytes;
        bytes
    }

    /// Keeps a row until it is its turn.
    pub(super) fn put(&mut self, finished: Finished) {
        let bytes = finished.called.as_ref().map_or(finished.begun_bytes, super::write::Outcome::bytes);
        self.bytes = self.bytes + bytes - finished.begun_bytes.min(self.bytes);
        self.waiting.insert(finished.number, (finished, bytes));
    }

    /// The row whose turn it is, once it has come back.
    pub(super) fn take(&mut self) -> Option<Called> {
        let (finished, bytes) = self.waiting.remove(&self.next)?;
        self.next += 1;
        self.begun = self.begun.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(finished.called)
    }

    /// How many rows are finished and wait for an earlier one.
    pub(super) fn ahead(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// How many rows failed one after another, with row `number` among them, as far as is known yet.
    pub(super) fn failed_around(&self, number: u64) -> usize {
        let failed = |at: u64| self.waiting.get(&at).is_some_and(|(finished, _)| finished.failed());
        let before = (1..number).rev().take_while(|at| failed(*at)).count();
        before + (number..).take_while(|at| failed(*at)).count()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::read::Source;
    use super::super::write::{Answer, Outcome};
    use super::*;
    use domain::batch::{BatchStop, Predictions};

    fn row(number: u64, text: &str) -> InputRow {
        InputRow { number, source: Source::Line(text.into()), problem: None }
    }

    fn begun(window: &mut Window, number: u64) -> usize {
        window.begin(&row(number, "input"))
    }

    fn finished(number: u64, begun_bytes: usize, answer: Result<&str, &str>) -> Finished {
        let answer = match answer {
            Ok(text) => Ok(Answer { text: text.into(), predictions: Predictions::new(Vec::new(), text) }),
            Err(error) => Err(error.to_owned()),
        };
        let outcome = Outcome { number, source: Source::Line("input".into()), answer, status: None, ms: 1 };
        Finished { number, begun_bytes, called: Ok(outcome) }
    }

    fn taken(window: &mut Window) -> Vec<u64> {
        std::iter::from_fn(|| window.take()).map(|called| called.unwrap().number).collect()
    }

    #[test]
    fn rows_come_out_in_their_order_whatever_order_they_come_back_in() {
        let mut window = Window::after(10);
        let bytes: Vec<_> = (11..=14).map(|number| begun(&mut window, number)).collect();
        for number in [13, 12, 14] {
            window.put(finished(number, bytes[0], Ok("yes")));
            assert_eq!(taken(&mut window), [0; 0], "row 11 is still under way");
        }
        assert_eq!(window.ahead(), 3);
        window.put(finished(11, bytes[0], Err("no")));
        assert_eq!(taken(&mut window), [11, 12, 13, 14]);
        assert_eq!((window.ahead(), window.begun, window.bytes), (0, 0, 0));
    }

    #[test]
    fn no_row_begins_while_as_many_or_as_much_as_may_wait_do() {
        let mut window = Window::after(0);
        for number in 1..=limits::WINDOW_ROWS as u64 {
            assert!(window.has_room(0), "{number}");
            begun(&mut window, number);
        }
        assert!(!window.has_room(0));
        window.put(finished(1, 5, Ok("yes")));
        assert!(!window.has_room(0), "it waits until it is taken");
        window.take().unwrap().unwrap();
        assert!(window.has_room(0) && !window.has_room(1));

        let mut window = Window::after(0);
        for number in [1, 2] {
            begun(&mut window, number);
        }
        let large = "x".repeat(limits::WINDOW_BYTES);
        window.put(finished(2, 5, Ok(&large)));
        assert!(!window.has_room(0));
        window.put(finished(1, 5, Ok("yes")));
        assert_eq!(taken(&mut window), [1, 2]);
        assert!(window.has_room(0) && window.bytes == 0, "{}", window.bytes);
    }

    #[test]
    fn failures_one_after_another_are_seen_before_it_is_their_turn() {
        let mut window = Window::after(0);
        for number in 1..=9 {
            begun(&mut window, number);
        }
        for (number, answer, around) in [
            (4, Err("no"), 1),
            (6, Err("no"), 1),
            (3, Ok("yes"), 0),
            (5, Err("no"), 3),
            (8, Err("no"), 1),
            (7, Err("no"), 5),
        ] {
            window.put(finished(number, 5, answer));
            assert_eq!(window.failed_around(number), around, "{number}");
        }
        let stop = BatchStop { message: "denied".into(), hint: "ask".into() };
        window.put(Finished { number: 9, begun_bytes: 5, called: Err(stop) });
        assert_eq!(window.failed_around(8), 5, "what holds for all rows is no row's failure");
    }
}

//! A batch: a file whose rows are sent to an endpoint, a request each, and the file of what came back.
//!
//! Here is what a batch is, how a row becomes a request, what an answer is worth beside its input, and which failures are
//! worth another try. Reading files and making calls belong to the services.

mod answer;
mod failure;
mod form;
mod template;
mod view;

pub use answer::{Predictions, result_columns};
pub use failure::{Verdict, verdict};
pub use form::{BatchForm, BatchSetup};
pub use template::{Cell, Syntax, Template, TemplateProblem};
pub use view::{BatchError, BatchFile, BatchFormat, BatchLimits, BatchState, BatchStop, BatchView};

/// What a batch may be. The console's own limits; those that a console is configured with are in [`BatchLimits`].
pub mod limits {
    /// The most requests at once that can be configured.
    pub const AT_ONCE: u16 = 64;
    /// The most tries of a row.
    pub const TRIES: u8 = 10;
    /// The most columns of a file.
    pub const COLUMNS: usize = 2_000;
    /// How many rows are shown before a batch begins.
    pub const SHOWN_ROWS: usize = 8;
    /// How many characters of a cell are shown, in the sample and of an error.
    pub const SHOWN_CHARACTERS: usize = 200;
    /// The largest row in bytes: what a request may hold, and as much again for what is not sent or is quoted.
    pub const ROW_BYTES: u64 = 2 * crate::invoke::limits::BODY_BYTES as u64;
    /// The largest answer that is put beside its input, in bytes. A larger one fails its row: many of them would be a file
    /// that no spreadsheet opens.
    pub const ANSWER_BYTES: usize = 1024 * 1024;
    /// The most columns that an answer is spread over; one of more values stays a single text.
    pub const PREDICTIONS: usize = 100;
    /// How many failing rows are listed on a page.
    pub const ERRORS_PAGE: u32 = 100;
    /// How many failing rows of a batch are kept to be listed; the result file has all of them.
    pub const ERRORS_KEPT: u64 = 10_000;
    /// How many rows may be begun and not written: under way, or finished ahead of one that is not. It keeps results in the
    /// order of their inputs without keeping all of them. After a crash at most so many rows are sent again.
    pub const WINDOW_ROWS: usize = 4_096;
    /// No row is begun while those in the window hold so many bytes, with their answers.
    pub const WINDOW_BYTES: usize = 64 * 1024 * 1024;
}

/// How many rows may wait for their next try while others go in their places. Where more have to wait, they keep their
/// places: an endpoint that throttles every call is left alone, and not sent one new row after another.
pub const fn resting(at_once: u16) -> usize {
    at_once as usize * 4
}

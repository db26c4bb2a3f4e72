//! What answers of all services have: moments, and texts that may be empty.

use aws_smithy_types::DateTime;
use domain::time::Timestamp;

/// A moment to the millisecond; `None` for one that no calendar has.
pub(crate) fn moment(time: &DateTime) -> Option<Timestamp> {
    time.to_millis().ok().map(Timestamp)
}

/// A text, unless it is empty: some services write so what others leave out.
pub(crate) fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

//! Timestamps as the language has them: RFC 3339 with an upper-case `T` and, without an offset, an upper-case `Z`.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

/// Milliseconds since 1970, of a timestamp of the language; `None` for every other text.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"-:.TZ+".contains(&b));
    let separated = text.as_bytes().get(10) == Some(&b'T');
    (plain && separated).then(|| text.parse::<Timestamp>().ok()).flatten().map(Timestamp::as_millisecond)
}

/// As the context object shows a time: `2026-01-31T12:00:00.000Z`.
pub(crate) fn format(milliseconds: i64) -> String {
    let printer = DateTimePrinter::new().precision(Some(3));
    Timestamp::from_millisecond(milliseconds).map(|time| printer.timestamp_to_string(&time)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_timestamps_of_the_language_are_read() {
        for (text, milliseconds) in [
            ("2016-03-14T01:59:00Z", Some(1_457_920_740_000)),
            ("2016-03-14T01:59:00.5Z", Some(1_457_920_740_500)),
            ("2016-03-14T02:59:00+01:00", Some(1_457_920_740_000)),
            ("2016-03-14T01:59:00", None),
            ("2016-03-14t01:59:00Z", None),
            ("2016-03-14 01:59:00Z", None),
            ("2016-03-14T01:59:00z", None),
            ("2016-03-14T01:59:00Z[UTC]", None),
            ("2016-13-14T01:59:00Z", None),
            ("2016-03-14", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(parse(text), milliseconds, "{text}");
        }
        assert_eq!(format(1_457_920_740_500), "2016-03-14T01:59:00.500Z");
        assert_eq!(format(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(i64::MAX), "");
    }
}

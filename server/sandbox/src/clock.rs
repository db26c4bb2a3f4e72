//! The time, in the forms the wire needs.

use domain::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Parses SigV4's `20261121T233818Z`.
pub fn parse_amz_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 {
        return None;
    }
    let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let zoned = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

/// Prints SigV4's `20261121T233818Z`.
pub fn amz_date(at: Timestamp) -> String {
    at.rfc3339().replace(['-', ':'], "")
}

/// Seconds since 1970 as AWS's JSON protocols carry them.
pub fn epoch_seconds(at: Timestamp) -> serde_json::Value {
    serde_json::json!(at.0 as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_date_round_trips() {
        let at = parse_amz_date("20261121T233818Z");
        assert_eq!(at.map(amz_date).as_deref(), Some("20261121T233818Z"));
        for bad in ["", "20261121T233818", "2026-11-21T23:38Z", "20261321T233818Z"] {
            assert_eq!(parse_amz_date(bad), None, "{bad}");
        }
    }
}

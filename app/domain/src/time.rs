//! Moments, as values: the domain has no clock.

use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole milliseconds from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
    /// `ms` milliseconds later.
    pub fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }
    /// RFC 3339 in UTC, to the second: `2026-11-21T23:38:18Z`.
    pub fn rfc3339(self) -> String {
        let secs = self.0.div_euclid(1000);
        let (days, of_day) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        // Days to a civil date, after Howard Hinnant's `civil_from_days`; a date crate would cost the browser 30 kB.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }
    /// The first moment of a day in UTC, written `2026-11-22`. `None` for what is no day of the calendar.
    pub fn of_day(text: &str) -> Option<Timestamp> {
        let mut parts = text.splitn(3, '-').filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let mut next = || parts.next()?.parse::<i64>().ok();
        let (year, month, day) = (next()?, next()?, next()?);
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // The other way round: `days_from_civil`.
        let y = year - i64::from(month <= 2);
        let era = y.div_euclid(400);
        let yoe = y - era * 400;
        let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
        let found = Timestamp(days * 86_400_000);
        // The 31st of a month of thirty days would be the next month's first.
        (found.rfc3339()[..10] == format!("{year:04}-{month:02}-{day:02}")).then_some(found)
    }
    /// How long before `now` this was, in words: `just now`, `5 min ago`, `3 h ago`, `2 days ago`.
    pub fn ago(self, now: Timestamp) -> String {
        let secs = now.since(self) / 1000;
        match secs {
            0..=44 => "just now".into(),
            45..=3599 => format!("{} min ago", (secs + 30) / 60),
            3600..=86_399 => format!("{} h ago", secs / 3600),
            86_400..=172_799 => "yesterday".into(),
            _ => format!("{} days ago", secs / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_as_rfc_3339() {
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(1_709_210_096_789).rfc3339(), "2024-02-29T12:34:56Z");
        assert_eq!(Timestamp(-1).rfc3339(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_day_is_read_back_as_it_prints() {
        for day in ["1970-01-01", "2000-02-29", "2024-12-31", "2026-11-22", "9999-12-31"] {
            assert_eq!(Timestamp::of_day(day).map(|at| at.rfc3339()), Some(format!("{day}T00:00:00Z")));
        }
        for none in
            ["", "2026", "2026-11", "2026-02-30", "1900-02-29", "2026-11-22-1", "2026-1x-02", "-1-1-1", "+2026-1-1"]
        {
            assert_eq!(Timestamp::of_day(none), None, "{none}");
        }
    }

    #[test]
    fn time_passed_is_said_in_words() {
        let then = Timestamp(0);
        for (ms, words) in [
            (1_000, "just now"),
            (60_000, "1 min ago"),
            (7_200_000, "2 h ago"),
            (90_000_000, "yesterday"),
            (864_000_000, "10 days ago"),
        ] {
            assert_eq!(then.ago(Timestamp(ms)), words);
        }
    }
}

//! Values of conditions as numbers, times, addresses and bytes. Nothing here allocates on the way to "no".
//!
//! Source: IAM user guide, "IAM JSON policy elements: Condition operators".

use std::net::IpAddr;

/// A number: an integer or a decimal, with a sign.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

/// `true` or `false`; case makes no difference.
pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A time in nanoseconds since 1970: one of W3C's forms of ISO 8601, or seconds since 1970.
pub(super) fn time(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Four digits are a year.
    if digits.len() != 4 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<i64>().ok().map(|seconds| i128::from(seconds) * SECOND);
    }
    let (date, clock) = match text.split_once(['T', 't']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = field(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| field(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| field(part, 2))?;
    if parts.next().is_some() || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let day_start = i128::from(days_since_1970(year, month, day)) * 86_400 * SECOND;
    Some(day_start + clock.map_or(Some(0), clock_time)?)
}

const SECOND: i128 = 1_000_000_000;

fn field(text: &str, digits: usize) -> Option<i64> {
    if text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// `hh:mm[:ss[.fff]]` with `Z`, an offset or neither, which is read as UTC.
fn clock_time(text: &str) -> Option<i128> {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut parts = clock.split(':');
    let hour = field(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = field(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(part) => {
            let (second, fraction) = part.split_once('.').map_or((part, None), |(a, b)| (a, Some(b)));
            (field(second, 2).filter(|second| *second <= 60)?, fraction.map_or(Some(0), nanoseconds)?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let offset = match offset {
        "" | "Z" | "z" => 0,
        other => {
            let minutes = offset_minutes(&other[1..])?;
            if other.starts_with('-') { -minutes } else { minutes }
        }
    };
    let seconds = hour * 3600 + minute * 60 + second - offset * 60;
    Some(i128::from(seconds) * SECOND + i128::from(fraction))
}

fn offset_minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = match text.split_once(':') {
        Some(parts) => parts,
        None => (text.get(..2)?, text.get(2..)?),
    };
    let minutes = if minutes.is_empty() { 0 } else { field(minutes, 2)? };
    Some(field(hours, 2).filter(|hours| *hours < 24)? * 60 + minutes)
}

fn nanoseconds(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kept = &digits[..digits.len().min(9)];
    kept.parse::<i64>().ok().map(|value| value * 10_i64.pow(9 - kept.len() as u32))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counted in eras of 400 years that start in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Whether an address is in a range in CIDR notation. `None`: the range is none.
pub(super) fn in_range(address: IpAddr, range: &str) -> Option<bool> {
    let (base, bits) = match range.split_once('/') {
        Some((base, bits)) => (base.parse::<IpAddr>().ok()?, Some(bits.parse::<u32>().ok()?)),
        None => (range.parse::<IpAddr>().ok()?, None),
    };
    match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => {
            let bits = bits.unwrap_or(32);
            let mask = if bits > 32 { return None } else { u32::MAX.checked_shl(32 - bits).unwrap_or(0) };
            Some(u32::from(address) & mask == u32::from(base) & mask)
        }
        (IpAddr::V6(address), IpAddr::V6(base)) => {
            let bits = bits.unwrap_or(128);
            let mask = if bits > 128 { return None } else { u128::MAX.checked_shl(128 - bits).unwrap_or(0) };
            Some(u128::from(address) & mask == u128::from(base) & mask)
        }
        _ => Some(false),
    }
}

/// Whether two texts are the same bytes in base64, padded or not.
pub(super) fn same_bytes(a: &str, b: &str) -> Option<bool> {
    let valid = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    let (a, b) = (a.trim_end_matches('='), b.trim_end_matches('='));
    (valid(a) && valid(b)).then_some(a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_all_forms_are_the_same_time() {
        let expected = Some(1_577_836_800 * SECOND);
        for text in ["2020-01-01T00:00:00Z", "1577836800", "2020", "2020-01", "2020-01-01", "2020-01-01T00:00Z"] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("2020-01-01T01:30:00.000+01:30"), expected);
        assert_eq!(time("2019-12-31T22:00:00-0200"), expected);
        assert_eq!(time("2020-01-01T00:00:00.5Z"), expected.map(|t| t + SECOND / 2));
        assert_eq!(time("2000-02-29"), Some(951_782_400 * SECOND));
    }

    #[test]
    fn texts_that_are_no_time_are_none() {
        for text in ["", "x", "2020-13-01", "2019-02-29", "2020-01-01T25:00Z", "2020-1-1", "2020-01-01T00:00:00.Z", "-"]
        {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_hold_their_addresses_of_either_family() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(in_range(ip("203.0.113.9"), "203.0.113.0/24"), Some(true));
        assert_eq!(in_range(ip("203.0.114.9"), "203.0.113.0/24"), Some(false));
        assert_eq!(in_range(ip("1.2.3.4"), "0.0.0.0/0"), Some(true));
        assert_eq!(in_range(ip("1.2.3.4"), "1.2.3.4"), Some(true));
        assert_eq!(in_range(ip("2001:db8::1"), "2001:db8::/32"), Some(true));
        assert_eq!(in_range(ip("2001:db8::1"), "10.0.0.0/8"), Some(false));
        assert_eq!(in_range(ip("1.2.3.4"), "1.2.3.4/33"), None);
    }

    #[test]
    fn infinity_and_words_are_no_numbers() {
        assert_eq!(number("-1.5"), Some(-1.5));
        for text in ["inf", "NaN", "", "1e999", "0x10", "1,5"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}

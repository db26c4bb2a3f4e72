//! Times, durations and sizes, with units.

use domain::time::Timestamp;
use leptos::prelude::*;

/// A moment: relative in words, exact on hover.
#[component]
pub fn Time(
    /// When it was.
    at: Timestamp,
    /// What it is relative to: the server's clock when it answered, so that server and browser write the same.
    now: Timestamp,
) -> impl IntoView {
    let exact = at.rfc3339();
    let title = exact.replace('T', " ").replace('Z', " UTC");
    view! { <time datetime=exact title=title>{at.ago(now)}</time> }
}

/// Milliseconds for people: `under 1 ms`, `34 ms`, `1.2 s`, `2 min 5 s`.
pub fn duration_ms(ms: u64) -> String {
    match ms {
        0 => "under 1 ms".into(),
        1..=999 => format!("{ms} ms"),
        1_000..=59_999 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// Microseconds for people: `under 0.1 ms`, `0.4 ms`, `34 ms`, `1.2 s`.
pub fn duration_us(us: u64) -> String {
    match us {
        0..=99 => "under 0.1 ms".into(),
        100..=9_999 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        _ => duration_ms(us / 1_000),
    }
}

/// Bytes for people: `64 B`, `1.2 kB`, `5.9 MB` (powers of 1024, as AWS counts its limits).
pub fn size(bytes: impl TryInto<u64>) -> String {
    const K: u64 = 1024;
    // Not in the browser's own numbers: they have 32 bits, of which ten times half a gigabyte is too much.
    let bytes = bytes.try_into().unwrap_or(u64::MAX);
    match bytes {
        0..K => format!("{bytes} B"),
        _ if bytes < K * K => tenths(bytes, K, "kB"),
        _ if bytes < K * K * K => tenths(bytes, K * K, "MB"),
        _ => tenths(bytes, K * K * K, "GB"),
    }
}

fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    let tenths = bytes.saturating_mul(10) / unit;
    if tenths.is_multiple_of(10) {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!([0, 999, 1_250, 125_000].map(duration_ms), ["under 1 ms", "999 ms", "1.2 s", "2 min 5 s"]);
        assert_eq!([0, 450, 34_900].map(duration_us), ["under 0.1 ms", "0.4 ms", "34 ms"]);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!([64_u64, 1_024, 1_300, 6_291_456, 20 << 30].map(size), ["64 B", "1 kB", "1.2 kB", "6 MB", "20 GB"]);
    }
}

//! The one table that is printed.

use crate::load::Measured;
use anyhow::Result;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// Rows and verdicts, collected until the end.
#[derive(Default)]
pub struct Report {
    calls: String,
    facts: String,
    broken: usize,
}

impl Report {
    /// One way of calling.
    pub fn row(&mut self, way: &str, concurrent: usize, measured: &Measured) {
        let (p50, p99) = (milliseconds(measured.p50), milliseconds(measured.p99));
        let per_second = thousands(measured.per_second);
        let _ = writeln!(self.calls, "{way:<36} {concurrent:>7} {per_second:>11} {p50:>11} {p99:>11}");
    }

    /// A value that must keep a budget.
    pub fn budget(&mut self, what: &str, value: &str, kept: bool) {
        self.broken += usize::from(!kept);
        let verdict = if kept { "kept" } else { "BROKEN" };
        let _ = writeln!(self.facts, "{what:<66} {value:>12}  {verdict}");
    }

    /// A value that is only told.
    pub fn note(&mut self, what: &str, value: &str) {
        let _ = writeln!(self.facts, "{what:<66} {value:>12}");
    }

    /// Prints everything; says whether all budgets were kept.
    pub fn print(self) -> Result<bool> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "InvokeEndpoint on `echo`              at once  per second         p50         p99")?;
        writeln!(out, "{}", "-".repeat(80))?;
        writeln!(out, "{}\n{}", self.calls, self.facts)?;
        Ok(self.broken == 0)
    }
}

/// Why nothing could be measured.
pub fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr().lock(), "could not measure: {error:#}");
}

/// `1,234,567`
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1.23 ms`
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(thousands(999.4), "999");
        assert_eq!(thousands(1000.0), "1,000");
        assert_eq!(thousands(12_345_678.0), "12,345,678");
    }
}

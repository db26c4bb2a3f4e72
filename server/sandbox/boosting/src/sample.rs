//! Data to try a training job with: made-up telephone customers, of whom some leave. It depends on its seed alone, so
//! that it need not be shipped as a file.
//!
//! Whether a customer leaves is drawn from a probability that comes from the other columns and, in parts, from two of
//! them together, so that trees find more than a line would: about one in five leaves, and a model of a hundred rounds
//! comes to an area under the curve of about 0.85. Some values are missing.

use crate::random::Random;
use std::io::{self, Write};

/// The columns: the label first, as XGBoost's container takes it.
pub const CHURN_COLUMNS: [&str; 9] = [
    "churned",
    "tenure_months",
    "contract_months",
    "monthly_charge",
    "day_minutes",
    "evening_minutes",
    "international_minutes",
    "support_tickets",
    "late_payments",
];

/// Rows of the sample, each as a line of CSV without its end.
#[derive(Debug, Clone)]
pub struct Churn {
    random: Random,
}

impl Churn {
    /// The sample of a seed; it has no end.
    pub fn new(seed: i64) -> Self {
        Self { random: Random::new(seed) }
    }

    /// Writes rows as CSV, after a header if it is asked for. The container takes no header.
    pub fn write(&mut self, out: &mut dyn Write, rows: usize, header: bool) -> io::Result<()> {
        if header {
            writeln!(out, "{}", CHURN_COLUMNS.join(","))?;
        }
        self.take(rows).try_for_each(|row| writeln!(out, "{row}"))
    }

    fn count(&mut self, mean: f64) -> u32 {
        // By waiting times; the means here are small.
        let (mut count, mut passed) = (0, -(1.0 - self.random.unit()).ln());
        while passed < mean {
            count += 1;
            passed -= (1.0 - self.random.unit()).ln();
        }
        count
    }
}

impl Iterator for Churn {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let tenure = 1 + (self.random.unit().powf(1.5) * 72.0) as u32;
        let contract = [1, 1, 12, 24][self.random.below(4)];
        let day = (180.0 + 55.0 * self.random.normal()).max(0.0);
        let evening = (200.0 + 50.0 * self.random.normal()).max(0.0);
        let abroad = (10.0 + 4.0 * self.random.normal()).max(0.0);
        let charge = 12.0 + 0.17 * day + 0.05 * evening + 0.6 * abroad + 2.0 * self.random.normal();
        let tickets = self.count(1.2);
        let late = self.count(if contract == 1 { 0.6 } else { 0.25 });
        let mut leaning = -3.4 + 0.55 * f64::from(tickets) + 0.5 * f64::from(late) - 0.035 * f64::from(tenure);
        leaning += if contract == 1 { 1.6 } else { 0.0 };
        leaning += if charge > 65.0 && contract == 1 { 2.4 } else { 0.03 * (charge - 55.0) };
        leaning += if tickets >= 4 && tenure < 24 { 1.8 } else { 0.0 };
        leaning += if (day - 180.0).abs() > 90.0 { 1.2 } else { 0.0 };
        let churned = u8::from(self.random.unit() < 1.0 / (1.0 + (-leaning).exp()));
        // Who never called abroad has no record of it, and a few records are lost.
        let abroad = if self.random.unit() < 0.04 { String::new() } else { format!("{abroad:.1}") };
        Some(format!("{churned},{tenure},{contract},{charge:.2},{day:.1},{evening:.1},{abroad},{tickets},{late}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_rows_each_time() {
        let rows: Vec<String> = Churn::new(1).take(50).collect();
        assert_eq!(rows, Churn::new(1).take(50).collect::<Vec<_>>());
        assert_ne!(rows, Churn::new(2).take(50).collect::<Vec<_>>());
    }

    #[test]
    fn every_row_has_a_label_and_eight_columns() {
        for row in Churn::new(3).take(500) {
            let cells: Vec<&str> = row.split(',').collect();
            assert_eq!(cells.len(), CHURN_COLUMNS.len());
            assert!(cells[0] == "0" || cells[0] == "1");
            assert!(cells.iter().all(|cell| cell.is_empty() || cell.parse::<f32>().is_ok()), "{row}");
        }
    }

    #[test]
    fn some_leave_and_most_stay() {
        let left = Churn::new(4).take(5000).filter(|row| row.starts_with("1,")).count();
        assert!((600..1500).contains(&left), "{left}");
    }

    #[test]
    fn a_header_is_written_when_it_is_asked_for() {
        let text = |header| {
            let mut out = Vec::new();
            Churn::new(1).write(&mut out, 2, header).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(text(true).starts_with("churned,tenure_months,"));
        assert_eq!(text(true).lines().count(), 3);
        assert_eq!(text(false).lines().count(), 2);
    }
}

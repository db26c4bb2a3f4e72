//! The shipped table of customers is what this generator makes, to the byte.
//!
//! After a change of the generator, write the table anew with
//! `SAGEBRIDGE_WRITE_DATA=1 cargo test -p sandbox --test churn_data`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::Path;

const ROWS: usize = 3000;
const HEADER: &str = "churned,tenure_months,plan,contract,day_minutes,day_calls,monthly_charge,evening_minutes,support_tickets,international_minutes";

/// A small generator of random numbers (SplitMix64), so that the table is the same everywhere and for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Roughly normal: the sum of twelve.
    fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.next()).sum();
        mean + (sum - 6.0) * deviation
    }
}

/// One customer. Who leaves: the new, those without a contract, heavy daytime callers on the basic plan, and those
/// whose tickets pile up; the rest is chance.
fn customer(random: &mut Random, table: &mut String) {
    let tenure = (random.next() * random.next() * 72.0).floor() + 1.0;
    let plan = if random.next() < 0.5 { 0.0 } else { 1.0 + (random.next() * 2.0).floor() };
    let contract = if random.next() < 0.55 - 0.1 * plan { 0.0 } else { 1.0 };
    let day_minutes = random.normal(180.0, 55.0).clamp(0.0, 360.0);
    let day_calls = random.normal(100.0, 20.0).clamp(0.0, 170.0).round();
    let evening_minutes = random.normal(200.0, 50.0).clamp(0.0, 370.0);
    let international = random.normal(10.0, 3.0).clamp(0.0, 20.0);
    let overage = (day_minutes - 120.0 - 80.0 * plan).max(0.0);
    let charge = 19.0 + 14.0 * plan + 0.22 * overage + 0.4 * international + random.normal(0.0, 2.0);
    let tickets = (-(1.0 - random.next()).ln() * 1.3).floor().min(9.0);
    let mut pull = -2.6;
    pull += 1.5 * (1.0 - contract) + 1.3 * (-tenure / 14.0).exp();
    pull += if tickets >= 3.0 { 1.9 } else { 0.15 * tickets };
    pull += 0.016 * overage;
    pull -= if plan == 2.0 { 0.6 } else { 0.0 };
    let churned = u8::from(random.next() < 1.0 / (1.0 + (-pull).exp()));
    let _ = writeln!(
        table,
        "{churned},{tenure},{plan},{contract},{day_minutes:.1},{day_calls},{charge:.1},{evening_minutes:.1},{tickets},{international:.1}"
    );
}

fn generate() -> String {
    let mut random = Random(20_240_615);
    let mut table = format!("{HEADER}\n");
    for _ in 0..ROWS {
        customer(&mut random, &mut table);
    }
    table
}

#[test]
fn the_shipped_table_is_what_the_generator_makes() {
    let path = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("data/churn.csv");
    let made = generate();
    if std::env::var_os("SAGEBRIDGE_WRITE_DATA").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == made, "{} is not what the generator makes", path.display());
    let leavers = made.lines().skip(1).filter(|line| line.starts_with('1')).count();
    assert!((ROWS / 6..ROWS / 2).contains(&leavers), "{leavers} of {ROWS} leave");
}

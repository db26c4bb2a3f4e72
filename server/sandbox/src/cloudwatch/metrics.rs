//! What was measured, in memory: a restart forgets it.
//!
//! Values are kept as CloudWatch keeps them, summed up by the minute or, where high resolution is asked for, by the
//! second. Their number is bounded: a metric has its latest day, and a region so many metrics.

use super::model::Metric;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use parking_lot::RwLock;
use std::collections::{BTreeMap, HashMap};

/// Sums that a metric has at most: a day of minutes.
const MOST_SUMS: usize = 1440;
/// Metrics that a region of an account has at most; values of more are dropped.
const MOST_METRICS: usize = 10_000;

/// Some values, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct Sum {
    pub count: f64,
    pub sum: f64,
    pub least: f64,
    pub most: f64,
}

impl Sum {
    /// One value, so many times.
    pub fn of(value: f64, count: f64) -> Self {
        Self { count, sum: value * count, least: value, most: value }
    }
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
    /// A statistic by its name.
    pub fn statistic(&self, name: &str) -> Option<f64> {
        Some(match name {
            "SampleCount" => self.count,
            "Sum" => self.sum,
            "Average" => self.sum / self.count,
            "Minimum" => self.least,
            "Maximum" => self.most,
            _ => return None,
        })
    }
}

/// A metric's sums by the second that they begin with, each with its unit.
#[derive(Debug, Default)]
struct Series {
    sums: BTreeMap<i64, Sum>,
    unit: String,
}

type Place = (AccountId, Region);

/// The metrics of all accounts.
#[derive(Debug, Default)]
pub struct Metrics {
    known: RwLock<HashMap<Place, BTreeMap<Metric, Series>>>,
}

/// A value to count.
#[derive(Debug, Clone)]
pub struct Datum {
    /// Of which metric.
    pub metric: Metric,
    /// When it was measured.
    pub at: Timestamp,
    /// What.
    pub sum: Sum,
    /// In which unit.
    pub unit: String,
    /// Whether it is kept by the second.
    pub fine: bool,
}

impl Metrics {
    /// Counts values.
    pub fn add(&self, account: &AccountId, region: &Region, data: impl IntoIterator<Item = Datum>) {
        let mut known = self.known.write();
        let place = known.entry((account.clone(), region.clone())).or_default();
        for Datum { metric, at, sum, unit, fine } in data {
            if place.len() >= MOST_METRICS && !place.contains_key(&metric) {
                continue;
            }
            let series = place.entry(metric).or_default();
            let second = at.0.div_euclid(1000);
            let begin = if fine { second } else { second - second.rem_euclid(60) };
            series.unit = unit;
            series.sums.entry(begin).and_modify(|known| *known = known.and(sum)).or_insert(sum);
            while series.sums.len() > MOST_SUMS {
                series.sums.pop_first();
            }
        }
    }

    /// A metric's values from one second to before another, summed up by periods that begin at multiples of their
    /// length, and their unit.
    pub fn periods(
        &self,
        (account, region): (&AccountId, &Region),
        metric: &Metric,
        (from, to): (i64, i64),
        period: i64,
    ) -> (BTreeMap<i64, Sum>, String) {
        let known = self.known.read();
        let place = known.get(&(account.clone(), region.clone()));
        let Some(series) = place.and_then(|place| place.get(metric)) else { return Default::default() };
        let mut periods: BTreeMap<i64, Sum> = BTreeMap::new();
        if from < to {
            for (second, sum) in series.sums.range(from..to) {
                let begin = second - second.rem_euclid(period);
                periods.entry(begin).and_modify(|known| *known = known.and(*sum)).or_insert(*sum);
            }
        }
        (periods, series.unit.clone())
    }

    /// The metrics that fit, in order.
    pub fn list(&self, account: &AccountId, region: &Region, fits: impl Fn(&Metric) -> bool) -> Vec<Metric> {
        let known = self.known.read();
        let place = known.get(&(account.clone(), region.clone()));
        place.into_iter().flat_map(BTreeMap::keys).filter(|metric| fits(metric)).cloned().collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_summed_up_by_minute_and_by_period() {
        let (metrics, account) = (Metrics::default(), AccountId::parse("111111111111").unwrap());
        let region = Region::parse("eu-west-1").unwrap();
        let metric = Metric { namespace: "n".into(), name: "m".into(), dimensions: BTreeMap::new() };
        let datum = |second: i64, value: f64| Datum {
            metric: metric.clone(),
            at: Timestamp(second * 1000),
            sum: Sum::of(value, 1.0),
            unit: "Count".into(),
            fine: false,
        };
        metrics.add(&account, &region, [datum(0, 1.0), datum(59, 3.0), datum(60, 5.0), datum(600, 7.0)]);
        let (found, unit) = metrics.periods((&account, &region), &metric, (0, 600), 300);
        assert_eq!(unit, "Count");
        assert_eq!(found, BTreeMap::from([(0, Sum { count: 3.0, sum: 9.0, least: 1.0, most: 5.0 })]));
        assert_eq!(found[&0].statistic("Average"), Some(3.0));
        metrics.add(&account, &region, (0..3000).map(|minute| datum(minute * 60, 1.0)));
        let (all, _) = metrics.periods((&account, &region), &metric, (0, i64::MAX), 60);
        assert_eq!(all.len(), MOST_SUMS);
    }
}

//! Columns as bins: a byte a value. A column of at most `max_bin` distinct values has a bin for each of them; one of more
//! is cut at quantiles, so that about as much weight of rows is in every bin.
//!
//! As in XGBoost, a cut is a value that occurs, and a row goes left of it when its own value is smaller; the last cut
//! lies above all values, so that a split can tell missing values from all others.

use super::Table;

/// Where a column is cut.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Cuts {
    /// Rising; bin `b` has what is below `upper[b]` and not below the one before.
    pub upper: Vec<f32>,
    /// Below all values.
    pub lower: f32,
}

impl Cuts {
    /// Cuts for the values of a column, with the weights of their rows where they have some.
    pub fn of(values: impl Iterator<Item = f32>, weights: &[f32], max_bin: usize) -> Self {
        let sorted = sorted(values, weights);
        let (Some((least, _)), Some((most, _))) = (sorted.first(), sorted.last()) else { return Self::default() };
        let (least, most) = (*least, *most);
        let mut upper: Vec<f32> = distinct(&sorted).skip(1).take(max_bin).map(|(value, _)| value).collect();
        if upper.len() == max_bin {
            upper = quantiles(&sorted, max_bin);
        }
        upper.push((most + (most.abs() + 1e-5)).min(f32::MAX));
        Self { upper, lower: (least - (least.abs() + 1e-5)).max(f32::MIN) }
    }

    /// The bin of a missing value, after those of all others; 255 at most.
    pub fn missing(&self) -> u8 {
        self.upper.len() as u8
    }

    /// The bin of a value.
    pub fn bin(&self, value: f32) -> u8 {
        if value.is_nan() {
            return self.missing();
        }
        // What a validation channel has beyond the last cut belongs to the last bin.
        let bin = self.upper.partition_point(|cut| *cut <= value).min(self.upper.len().saturating_sub(1));
        bin as u8
    }
}

/// What isn't missing, rising, each with the weight of its row.
fn sorted(values: impl Iterator<Item = f32>, weights: &[f32]) -> Vec<(f32, f32)> {
    let weights =
        weights.iter().copied().chain(std::iter::repeat_n(1.0, if weights.is_empty() { usize::MAX } else { 0 }));
    let weighted = values.zip(weights).filter(|(value, weight)| !value.is_nan() && *weight > 0.0);
    let mut sorted: Vec<(f32, f32)> = weighted.collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    sorted
}

/// Distinct values, each with the weight of its rows.
fn distinct(sorted: &[(f32, f32)]) -> impl Iterator<Item = (f32, f64)> + '_ {
    let same = sorted.chunk_by(|a, b| a.0 == b.0);
    same.map(|rows| (rows[0].0, rows.iter().map(|(_, weight)| f64::from(*weight)).sum()))
}

/// `max_bin - 1` cuts at most, each at the first value that has its share of the weight below it.
fn quantiles(sorted: &[(f32, f32)], max_bin: usize) -> Vec<f32> {
    let total: f64 = sorted.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let mut cuts = Vec::with_capacity(max_bin);
    let (mut below, mut next) = (0.0, 1);
    for (value, weight) in distinct(sorted) {
        if next < max_bin && below >= total * next as f64 / max_bin as f64 {
            cuts.push(value);
            while next < max_bin && below >= total * next as f64 / max_bin as f64 {
                next += 1;
            }
        }
        below += weight;
    }
    cuts
}

/// A table whose values are bins.
#[derive(Debug)]
pub(crate) struct Binned {
    /// A column each, a byte a row.
    pub columns: Vec<Vec<u8>>,
    pub labels: Vec<f32>,
    /// One a row, or none at all.
    pub weights: Vec<f32>,
}

impl Binned {
    /// Bins a table; what the cuts weren't made from is binned by the same ones.
    pub fn new(table: Table, cuts: &[Cuts]) -> Self {
        let columns = cuts.iter().enumerate().map(|(feature, cuts)| {
            let mut column = Vec::with_capacity(table.rows());
            column.extend(table.column(feature).map(|value| cuts.bin(value)));
            column
        });
        Self { columns: columns.collect(), labels: table.labels, weights: table.weights }
    }

    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    pub fn weight(&self, row: usize) -> f32 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(values: &[f32], max_bin: usize) -> Cuts {
        Cuts::of(values.iter().copied(), &[], max_bin)
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let cuts = cuts(&[3.0, 1.0, f32::NAN, 2.0, 1.0], 255);
        assert_eq!(cuts.upper[..2], [2.0, 3.0]);
        assert!(cuts.upper[2] > 3.0 && cuts.lower < 1.0);
        assert_eq!([0.5, 1.0, 2.0, 2.5, 3.0, 9e9].map(|v| cuts.bin(v)), [0, 0, 1, 1, 2, 2]);
        assert_eq!((cuts.bin(f32::NAN), cuts.missing()), (3, 3));
    }

    #[test]
    fn many_values_are_spread_evenly() {
        let values: Vec<f32> = (0..10_000).map(|i| (i * 7919 % 10_000) as f32).collect();
        let cuts = cuts(&values, 100);
        assert_eq!(cuts.upper.len(), 100);
        let mut counts = [0; 100];
        values.iter().for_each(|value| counts[usize::from(cuts.bin(*value))] += 1);
        assert!(counts.iter().all(|count| (95..=105).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_value_of_half_the_rows_is_one_bin() {
        let values: Vec<f32> = (0..1000).map(|i| if i % 2 == 0 { 0.0 } else { i as f32 }).collect();
        let cuts = cuts(&values, 10);
        assert!(cuts.upper.is_sorted_by(|a, b| a < b));
        assert_eq!((cuts.bin(0.0), cuts.upper[0]), (0, 1.0));
        assert!(cuts.upper.len() <= 10);
    }

    #[test]
    fn heavy_rows_get_finer_bins() {
        let values: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        let weights: Vec<f32> = (0..1000).map(|i| if i < 500 { 9.0 } else { 1.0 }).collect();
        let cuts = Cuts::of(values.into_iter(), &weights, 10);
        assert_eq!(cuts.upper.iter().filter(|cut| **cut <= 500.0).count(), 9);
    }

    #[test]
    fn a_column_without_values_has_no_cut() {
        let cuts = cuts(&[f32::NAN, f32::NAN], 255);
        assert!(cuts.upper.is_empty());
        assert_eq!(cuts.bin(1.0), 0);
    }

    #[test]
    fn zeros_of_both_signs_are_one_value() {
        assert_eq!(cuts(&[0.0, -0.0, 1.0], 255).upper.len(), 2);
    }
}

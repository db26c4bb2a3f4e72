//! The sums of what trees have added, row by row and class by class.

use crate::data::bins::Binned;
use crate::metric::Scored;
use crate::objective::Objective;

/// `groups` values a row.
pub(super) struct Margins {
    groups: usize,
    values: Vec<f32>,
}

impl Margins {
    pub fn new(rows: usize, groups: usize, base: f32) -> Self {
        Self { groups, values: vec![base; rows * groups] }
    }

    pub fn get(&self, row: usize, group: usize) -> f32 {
        self.values[row * self.groups + group]
    }

    /// Adds something to each row of a group.
    pub fn add(&mut self, group: usize, value: impl Fn(usize) -> f32) {
        for (row, margin) in self.values.iter_mut().skip(group).step_by(self.groups).enumerate() {
            *margin += value(row);
        }
    }

    /// For each row its largest margin and the sum of the exponentials below it: what a class's probability is made
    /// from, and what stays as it is while the trees of one round are added.
    pub fn shares(&self) -> Vec<(f32, f32)> {
        let of = |row: &[f32]| {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            (most, row.iter().map(|margin| (margin - most).exp()).sum())
        };
        self.values.chunks_exact(self.groups).map(of).collect()
    }

    /// As metrics take them.
    pub fn evaluated(&self, objective: Objective) -> Vec<f32> {
        let mut values = self.values.clone();
        values.chunks_exact_mut(self.groups).for_each(|row| objective.evaluate(row));
        values
    }

    pub fn scored<'a>(&self, predictions: &'a [f32], data: &'a Binned) -> Scored<'a> {
        Scored { predictions, labels: &data.labels, weights: &data.weights, classes: self.groups }
    }
}

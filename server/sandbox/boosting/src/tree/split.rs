//! Where a node is split best: gains and weights as in the paper, by the sums of derivatives in bins.
//! <https://arxiv.org/abs/1603.02754>, equations 5 to 7 and algorithm 3.

use crate::hyperparameters::Hyperparameters;
use std::ops::{AddAssign, Sub};

/// A gain that isn't larger is none.
const LEAST_GAIN: f64 = 1e-6;
/// Missing rows whose share of the second derivatives isn't larger are a rounding error.
const LEAST_SHARE: f64 = 1e-10;

/// Sums of first and second derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sums {
    pub g: f64,
    pub h: f64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.g += other.g;
        self.h += other.h;
    }
}

impl Sub for Sums {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { g: self.g - other.g, h: self.h - other.h }
    }
}

/// What keeps leaves small and few.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regularization {
    lambda: f64,
    alpha: f64,
    gamma: f64,
    min_child_weight: f64,
    max_delta_step: f64,
}

/// The best split of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Split {
    pub gain: f64,
    pub feature: usize,
    /// The last bin that goes left; none when all values go right and what is missing goes left.
    pub bin: Option<u8>,
    pub default_left: bool,
    pub left: Sums,
    pub right: Sums,
}

impl Regularization {
    pub fn new(parameters: &Hyperparameters) -> Self {
        Self {
            lambda: f64::from(parameters.lambda),
            alpha: f64::from(parameters.alpha),
            gamma: f64::from(parameters.gamma),
            min_child_weight: f64::from(parameters.min_child_weight),
            max_delta_step: f64::from(parameters.max_delta_step),
        }
    }

    /// The weight that a leaf of these sums has, before `eta`.
    pub fn weight(&self, sums: Sums) -> f64 {
        if sums.h <= 0.0 || sums.h < self.min_child_weight {
            return 0.0;
        }
        let weight = -self.shrunk(sums.g) / (sums.h + self.lambda);
        let bound = self.max_delta_step;
        if bound > 0.0 { weight.clamp(-bound, bound) } else { weight }
    }

    /// What a leaf of these sums takes off the loss, doubled.
    pub fn gain(&self, sums: Sums) -> f64 {
        if sums.h <= 0.0 || sums.h < self.min_child_weight {
            return 0.0;
        }
        if self.max_delta_step == 0.0 {
            return self.shrunk(sums.g).powi(2) / (sums.h + self.lambda);
        }
        let weight = self.weight(sums);
        -(2.0 * sums.g * weight + (sums.h + self.lambda) * weight * weight + 2.0 * self.alpha * weight.abs())
    }

    fn shrunk(&self, g: f64) -> f64 {
        g.signum() * (g.abs() - self.alpha).max(0.0)
    }

    fn is_worth_it(&self, split: &Split) -> bool {
        split.gain > LEAST_GAIN && split.gain >= self.gamma && split.left.h > 0.0 && split.right.h > 0.0
    }

    /// The best split of a node among some columns. `bins` gives the sums in each bin of a column, missing values last.
    /// The first column and the lowest bin win what is equal.
    pub fn best_split<'a>(&self, total: Sums, features: &[usize], bins: impl Fn(usize) -> &'a [Sums]) -> Option<Split> {
        let mut search = Search { rules: self, total, stays: self.gain(total), best: None };
        for feature in features {
            search.column(*feature, bins(*feature));
        }
        search.best.filter(|split| self.is_worth_it(split))
    }
}

struct Search<'a> {
    rules: &'a Regularization,
    total: Sums,
    stays: f64,
    best: Option<Split>,
}

impl Search<'_> {
    fn column(&mut self, feature: usize, bins: &[Sums]) {
        let Some((missing, values)) = bins.split_last() else { return };
        let mut left = Sums::default();
        for (bin, sums) in values.iter().enumerate() {
            left += *sums;
            self.offer(feature, Some(bin as u8), false, left, self.total - left);
        }
        if missing.h <= self.total.h * LEAST_SHARE {
            return;
        }
        let mut right = Sums::default();
        for (bin, sums) in values.iter().enumerate().rev() {
            right += *sums;
            let below = bin.checked_sub(1).map(|bin| bin as u8);
            self.offer(feature, below, true, self.total - right, right);
        }
    }

    fn offer(&mut self, feature: usize, bin: Option<u8>, default_left: bool, left: Sums, right: Sums) {
        let least = self.rules.min_child_weight;
        if left.h < least || right.h < least {
            return;
        }
        let gain = self.rules.gain(left) + self.rules.gain(right) - self.stays;
        if gain.is_finite() && gain > self.best.as_ref().map_or(0.0, |best| best.gain) {
            self.best = Some(Split { gain, feature, bin, default_left, left, right });
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rules(lambda: f64, alpha: f64) -> Regularization {
        Regularization { lambda, alpha, gamma: 0.0, min_child_weight: 1.0, max_delta_step: 0.0 }
    }

    fn sums(g: f64, h: f64) -> Sums {
        Sums { g, h }
    }

    #[test]
    fn weights_and_gains_are_those_worked_out_by_hand() {
        assert_eq!(rules(1.0, 0.0).weight(sums(6.0, 2.0)), -2.0);
        assert_eq!(rules(1.0, 0.0).gain(sums(6.0, 2.0)), 12.0);
        assert_eq!(rules(1.0, 3.0).weight(sums(6.0, 2.0)), -1.0);
        assert_eq!(rules(1.0, 3.0).gain(sums(6.0, 2.0)), 3.0);
        assert_eq!(rules(1.0, 9.0).weight(sums(6.0, 2.0)), 0.0);
        assert_eq!(rules(1.0, 0.0).weight(sums(6.0, 0.5)), 0.0);
    }

    #[test]
    fn a_bounded_step_bounds_the_weight_and_what_it_gains() {
        let bounded = Regularization { max_delta_step: 0.5, ..rules(1.0, 0.0) };
        assert_eq!(bounded.weight(sums(6.0, 2.0)), -0.5);
        assert_eq!(bounded.gain(sums(6.0, 2.0)), 6.0 - 0.75);
        let loose = Regularization { max_delta_step: 5.0, ..rules(1.0, 3.0) };
        assert_eq!(loose.gain(sums(6.0, 2.0)), rules(1.0, 3.0).gain(sums(6.0, 2.0)));
    }

    #[test]
    fn the_best_split_is_the_one_worked_out_by_hand() {
        // Three bins with two rows each and no missing ones: labels 0 0 | 0 0 | 1 1 around 0.5.
        let bins = [sums(1.0, 2.0), sums(1.0, 2.0), sums(-1.0, 2.0), sums(0.0, 0.0)];
        let split = rules(1.0, 0.0).best_split(sums(1.0, 6.0), &[0], |_| &bins).unwrap();
        assert_eq!((split.bin, split.default_left), (Some(1), false));
        assert!((split.gain - (4.0 / 5.0 + 1.0 / 3.0 - 1.0 / 7.0)).abs() < 1e-12);
        assert_eq!((split.left, split.right), (sums(2.0, 4.0), sums(-1.0, 2.0)));
    }

    #[test]
    fn missing_values_take_the_better_side() {
        let bins = [sums(2.0, 2.0), sums(-2.0, 2.0), sums(3.0, 2.0)];
        let split = rules(1.0, 0.0).best_split(sums(3.0, 6.0), &[0], |_| &bins).unwrap();
        assert_eq!((split.bin, split.default_left), (Some(0), true));
        assert_eq!(split.left, sums(5.0, 4.0));
        let bins = [sums(2.0, 2.0), sums(-2.0, 2.0), sums(-3.0, 2.0)];
        let split = rules(1.0, 0.0).best_split(sums(-3.0, 6.0), &[0], |_| &bins).unwrap();
        assert_eq!((split.bin, split.default_left), (Some(0), false));
    }

    #[test]
    fn missing_against_present_is_a_split_too() {
        let bins = [sums(2.0, 4.0), sums(-3.0, 4.0)];
        let split = rules(1.0, 0.0).best_split(sums(-1.0, 8.0), &[0], |_| &bins).unwrap();
        assert_eq!((split.bin, split.default_left, split.left), (Some(0), false, sums(2.0, 4.0)));
    }

    #[test]
    fn gamma_and_the_least_weight_forbid_splits() {
        let bins = [sums(2.0, 2.0), sums(-2.0, 2.0), sums(0.0, 0.0)];
        let best = |rules: Regularization| rules.best_split(sums(0.0, 4.0), &[0], |_| &bins);
        let gain = best(rules(1.0, 0.0)).unwrap().gain;
        assert_eq!(gain, 8.0 / 3.0);
        assert!(best(Regularization { gamma: 2.6, ..rules(1.0, 0.0) }).is_some());
        assert!(best(Regularization { gamma: 2.7, ..rules(1.0, 0.0) }).is_none());
        assert!(best(Regularization { min_child_weight: 2.1, ..rules(1.0, 0.0) }).is_none());
        assert!(best(rules(1.0, 2.0)).is_none());
    }

    #[test]
    fn of_two_equal_columns_the_first_is_taken() {
        let bins = [sums(2.0, 2.0), sums(-2.0, 2.0), sums(0.0, 0.0)];
        let split = rules(1.0, 0.0).best_split(sums(0.0, 4.0), &[3, 5], |_| &bins).unwrap();
        assert_eq!(split.feature, 3);
    }
}

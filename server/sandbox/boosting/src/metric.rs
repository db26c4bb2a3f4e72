//! What is measured after each round, by XGBoost's definitions. Rows count by their weights.
//! <https://xgboost.readthedocs.io/en/release_1.7.0/parameter.html#learning-task-parameters>

use crate::failure::Failure;
use crate::objective::{Objective, largest};

/// Below it no probability is taken the logarithm of.
const SMALLEST_PROBABILITY: f64 = 1e-16;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// `rmse`: the root of the mean squared error.
    Rmse,
    /// `mae`: the mean absolute error.
    Mae,
    /// `mape`: the mean absolute error as a share of the label; infinite when a label is 0.
    Mape,
    /// `logloss`: the negative log-likelihood of two classes.
    Logloss,
    /// `error`, `error@t`: the share of wrong answers when what is above the threshold counts as class 1.
    Error {
        /// 0.5 unless it is said otherwise.
        threshold: f32,
    },
    /// `auc`: the area under the receiver operating characteristic; NaN when there is but one class.
    Auc,
    /// `merror`: the share of wrong classes.
    Merror,
    /// `mlogloss`: the negative log-likelihood of the right class.
    Mlogloss,
    /// `poisson-nloglik`: the negative log-likelihood of counts.
    PoissonNloglik,
}

/// Predictions as metrics take them, with what they should have been.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored<'a> {
    /// `classes` values a row, as [`Objective::evaluate`] makes them.
    pub predictions: &'a [f32],
    pub labels: &'a [f32],
    /// One a row, or none at all.
    pub weights: &'a [f32],
    /// At least 1.
    pub classes: usize,
}

impl Metric {
    /// `error` at its usual threshold.
    pub(crate) fn error() -> Self {
        Self::Error { threshold: 0.5 }
    }

    /// XGBoost's name for it, as it is logged.
    pub fn name(self) -> String {
        match self {
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::Mape => "mape",
            Self::Logloss => "logloss",
            Self::Error { threshold: 0.5 } => "error",
            Self::Error { threshold } => return format!("error@{threshold}"),
            Self::Auc => "auc",
            Self::Merror => "merror",
            Self::Mlogloss => "mlogloss",
            Self::PoissonNloglik => "poisson-nloglik",
        }
        .to_owned()
    }

    /// The metric that a name stands for, if it is one of these.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "rmse" => Self::Rmse,
            "mae" => Self::Mae,
            "mape" => Self::Mape,
            "logloss" => Self::Logloss,
            "error" => Self::error(),
            "auc" => Self::Auc,
            "merror" => Self::Merror,
            "mlogloss" => Self::Mlogloss,
            "poisson-nloglik" => Self::PoissonNloglik,
            _ => Self::Error { threshold: name.strip_prefix("error@")?.trim().parse().ok()? },
        })
    }

    /// Whether more is better.
    pub fn is_maximized(self) -> bool {
        self == Self::Auc
    }

    fn is_multiclass(self) -> bool {
        matches!(self, Self::Merror | Self::Mlogloss)
    }

    /// Whether predictions of an objective can be measured so.
    pub(crate) fn check(self, objective: Objective, labels: &[f32], classes: usize) -> Result<(), Failure> {
        if self.is_multiclass() && !objective.is_multiclass() {
            let Some(label) = labels.iter().find(|label| **label >= 1.0) else { return Ok(()) };
            return Err(Failure::training(format!(
                "Check failed: label_error >= 0 && label_error < static_cast<int32_t>(n_class): MultiClassEvaluation: \
                 label must be in [0, num_class), num_class=1 but found {} in label",
                label.trunc()
            )));
        }
        if objective.is_multiclass() && !self.is_multiclass() {
            return Err(Failure::training(format!(
                "Check failed: preds.Size() == info.labels.Size() ({} vs. {}) : label and prediction size not match, \
                 hint: use merror or mlogloss for multi-class classification",
                labels.len() * classes,
                labels.len()
            )));
        }
        Ok(())
    }

    pub(crate) fn measure(self, scored: &Scored<'_>) -> f64 {
        match self {
            Self::Rmse => scored.mean(|p, y| (p - y) * (p - y)).sqrt(),
            Self::Mae => scored.mean(|p, y| (p - y).abs()),
            Self::Mape => scored.mean(|p, y| ((y - p) / y).abs()),
            Self::Logloss => scored.mean(|p, y| {
                let likelihood = |share: f64, p: f64| if share == 0.0 { 0.0 } else { share * log_of(p) };
                -likelihood(y, p) - likelihood(1.0 - y, 1.0 - p)
            }),
            Self::Error { threshold } => scored.mean(|p, y| if p > f64::from(threshold) { 1.0 - y } else { y }),
            Self::Auc => scored.area(),
            Self::Merror => scored.mean_of_rows(|row, y| f64::from(u8::from(largest(row) != y as usize))),
            Self::Mlogloss => scored.mean_of_rows(|row, y| -log_of(row.get(y as usize).map_or(0.0, |p| f64::from(*p)))),
            Self::PoissonNloglik => scored.mean(|p, y| {
                let p = p.max(SMALLEST_PROBABILITY);
                ln_gamma(y + 1.0) + p - p.ln() * y
            }),
        }
    }
}

fn log_of(probability: f64) -> f64 {
    probability.max(SMALLEST_PROBABILITY).ln()
}

impl Scored<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).map_or(1.0, |weight| f64::from(*weight))
    }

    fn mean(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        self.mean_of_rows(|row, label| of(f64::from(row[0]), f64::from(label)))
    }

    fn mean_of_rows(&self, of: impl Fn(&[f32], f32) -> f64) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (row, (predictions, label)) in self.predictions.chunks_exact(self.classes).zip(self.labels).enumerate() {
            let weight = self.weight(row);
            sum += weight * of(predictions, *label);
            weights += weight;
        }
        if weights == 0.0 { sum } else { sum / weights }
    }

    /// By going down the rows from the highest prediction; rows with the same one count as half before each other.
    fn area(&self) -> f64 {
        let mut order: Vec<u32> = (0..self.labels.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.predictions[*b as usize].total_cmp(&self.predictions[*a as usize]));
        let (mut area, mut positive, mut negative) = (0.0, 0.0, 0.0);
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            let score = self.predictions[*first as usize];
            let same = rest.iter().take_while(|row| self.predictions[**row as usize] == score).count().max(1);
            let (before, others) = (positive, negative);
            for row in &rest[..same] {
                let (weight, label) = (self.weight(*row as usize), f64::from(self.labels[*row as usize]));
                positive += weight * label;
                negative += weight * (1.0 - label);
            }
            area += (negative - others) * (before + positive) / 2.0;
            rest = &rest[same..];
        }
        if positive <= 0.0 || negative <= 0.0 { f64::NAN } else { area / (positive * negative) }
    }
}

/// The logarithm of the gamma function for what is at least 1, by Stirling's series beyond 10.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(metric: Metric, predictions: &[f32], labels: &[f32], weights: &[f32]) -> f64 {
        let classes = predictions.len() / labels.len();
        metric.measure(&Scored { predictions, labels, weights, classes })
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    }

    #[test]
    fn names_are_read_back() {
        for name in
            ["rmse", "mae", "mape", "logloss", "error", "error@0.7", "auc", "merror", "mlogloss", "poisson-nloglik"]
        {
            assert_eq!(Metric::parse(name).map(Metric::name).as_deref(), Some(name));
        }
        assert_eq!(Metric::parse("error@0.5").map(Metric::name).as_deref(), Some("error"));
        assert_eq!(Metric::parse("error@x"), None);
        assert_eq!(Metric::parse("f1"), None);
    }

    #[test]
    fn errors_of_numbers_are_those_worked_out_by_hand() {
        let (p, y) = ([1.0, 2.0, 6.0], [2.0, 2.0, 4.0]);
        near(measure(Metric::Rmse, &p, &y, &[]), (5.0f64 / 3.0).sqrt());
        near(measure(Metric::Mae, &p, &y, &[]), 1.0);
        near(measure(Metric::Mape, &p, &y, &[]), (0.5 + 0.0 + 0.5) / 3.0);
        near(measure(Metric::Mae, &p, &y, &[2.0, 0.0, 2.0]), 1.5);
        assert_eq!(measure(Metric::Mape, &[1.0], &[0.0], &[]), f64::INFINITY);
        assert_eq!(measure(Metric::Rmse, &[1.0], &[0.0], &[0.0]), 0.0);
    }

    #[test]
    fn errors_of_two_classes_are_those_worked_out_by_hand() {
        let (p, y) = ([0.9, 0.6, 0.2], [1.0, 0.0, 0.0]);
        near(measure(Metric::Logloss, &p, &y, &[]), -(0.9f64.ln() + 0.4f64.ln() + 0.8f64.ln()) / 3.0);
        near(measure(Metric::error(), &p, &y, &[]), 1.0 / 3.0);
        near(measure(Metric::Error { threshold: 0.95 }, &p, &y, &[]), 1.0 / 3.0);
        near(measure(Metric::error(), &p, &y, &[1.0, 8.0, 1.0]), 0.8);
        near(measure(Metric::Logloss, &[0.0], &[1.0], &[]), -(1e-16f64.ln()));
    }

    #[test]
    fn the_area_counts_pairs_in_the_right_order() {
        near(measure(Metric::Auc, &[0.9, 0.8, 0.3, 0.1], &[1.0, 0.0, 1.0, 0.0], &[]), 0.75);
        near(measure(Metric::Auc, &[0.5, 0.5, 0.5], &[1.0, 0.0, 0.0], &[]), 0.5);
        near(measure(Metric::Auc, &[0.9, 0.8, 0.3], &[1.0, 0.0, 1.0], &[1.0, 1.0, 3.0]), 0.25);
        assert!(measure(Metric::Auc, &[0.9, 0.8], &[1.0, 1.0], &[]).is_nan());
        assert!(measure(Metric::Auc, &[f32::NAN, f32::NAN], &[1.0, 0.0], &[]).is_finite());
    }

    #[test]
    fn errors_of_many_classes_are_those_worked_out_by_hand() {
        let (p, y) = ([0.2, 0.5, 0.3, 0.4, 0.4, 0.2], [1.0, 2.0]);
        near(measure(Metric::Merror, &p, &y, &[]), 0.5);
        near(measure(Metric::Mlogloss, &p, &y, &[]), -(0.5f64.ln() + 0.2f64.ln()) / 2.0);
    }

    #[test]
    fn the_likelihood_of_counts_is_that_worked_out_by_hand() {
        near(measure(Metric::PoissonNloglik, &[2.0], &[3.0], &[]), 6.0f64.ln() + 2.0 - 3.0 * 2.0f64.ln());
        near(ln_gamma(1.0), 0.0);
        near(ln_gamma(1.5), -0.120_782_237_6);
        near(ln_gamma(20.0), 39.339_884_187_2);
    }

    #[test]
    fn a_metric_of_another_kind_of_objective_is_refused() {
        let refused = Metric::Rmse.check(Objective::Softmax, &[0.0, 1.0], 3).map_err(|e| e.message);
        assert!(refused.is_err_and(|m| m.contains("(6 vs. 2)") && m.contains("use merror or mlogloss")));
        let refused = Metric::Merror.check(Objective::BinaryLogistic, &[0.0, 1.0], 1).map_err(|e| e.message);
        assert!(refused.is_err_and(|m| m.contains("num_class=1 but found 1 in label")));
        assert!(Metric::Mlogloss.check(Objective::Softprob, &[0.0], 3).is_ok());
    }
}

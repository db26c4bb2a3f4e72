//! What is learned: each objective's gradient, its way from a margin to a prediction, and the labels that it takes. The
//! formulas are those of XGBoost 1.7.
//! <https://xgboost.readthedocs.io/en/release_1.7.0/parameter.html#learning-task-parameters>

use crate::failure::Failure;
use crate::metric::Metric;

/// No second derivative is smaller, as in XGBoost.
const SMALLEST_HESSIAN: f32 = 1e-16;

/// First and second derivative of the loss at a row, by its margin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Gradient {
    pub g: f32,
    pub h: f32,
}

/// What is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// `reg:squarederror`, also as `reg:linear`.
    SquaredError,
    /// `reg:logistic`.
    RegLogistic,
    /// `binary:logistic`: a probability.
    BinaryLogistic,
    /// `binary:hinge`: 0 or 1.
    Hinge,
    /// `count:poisson`: a mean.
    Poisson,
    /// `multi:softmax`: a class.
    Softmax,
    /// `multi:softprob`: a probability for each class.
    Softprob,
}

impl Objective {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SquaredError,
        Self::RegLogistic,
        Self::BinaryLogistic,
        Self::Hinge,
        Self::Poisson,
        Self::Softmax,
        Self::Softprob,
    ];

    /// XGBoost's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SquaredError => "reg:squarederror",
            Self::RegLogistic => "reg:logistic",
            Self::BinaryLogistic => "binary:logistic",
            Self::Hinge => "binary:hinge",
            Self::Poisson => "count:poisson",
            Self::Softmax => "multi:softmax",
            Self::Softprob => "multi:softprob",
        }
    }

    /// The objective that a name stands for.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "reg:linear" {
            return Some(Self::SquaredError);
        }
        Self::ALL.into_iter().find(|objective| objective.name() == name)
    }

    /// Whether it tells classes apart, more than two.
    pub fn is_multiclass(self) -> bool {
        matches!(self, Self::Softmax | Self::Softprob)
    }

    fn is_logistic(self) -> bool {
        matches!(self, Self::RegLogistic | Self::BinaryLogistic)
    }

    /// What is measured when nobody says what.
    pub(crate) fn default_metric(self) -> Metric {
        match self {
            Self::SquaredError | Self::RegLogistic => Metric::Rmse,
            Self::BinaryLogistic => Metric::Logloss,
            Self::Hinge => Metric::error(),
            Self::Poisson => Metric::PoissonNloglik,
            Self::Softmax | Self::Softprob => Metric::Mlogloss,
        }
    }

    /// The margin that every row begins with.
    pub(crate) fn base_margin(self, base_score: f32) -> f32 {
        match self {
            Self::RegLogistic | Self::BinaryLogistic => -(1.0 / base_score - 1.0).ln(),
            Self::Poisson => base_score.ln(),
            _ => base_score,
        }
    }

    /// Whether a base score can be a prediction.
    pub(crate) fn check_base_score(self, base_score: f32) -> Result<(), Failure> {
        if self.is_logistic() && !(base_score > 0.0 && base_score < 1.0) {
            return Err(Failure::training(format!(
                "Check failed: base_score > 0.0f && base_score < 1.0f: base_score must be in (0,1) for logistic loss, \
                 got: {base_score}"
            )));
        }
        Ok(())
    }

    /// What is wrong with a label; XGBoost says no more than this, so that the caller adds where it is.
    ///
    /// XGBoost itself takes any label for `binary:hinge` and learns nonsense; it is held to the same range here.
    pub(crate) fn label_problem(self, label: f32, num_class: usize) -> Option<&'static str> {
        match self {
            Self::RegLogistic | Self::BinaryLogistic | Self::Hinge if !(0.0..=1.0).contains(&label) => {
                Some("label must be in [0,1] for logistic regression")
            }
            Self::Poisson if label < 0.0 => Some("PoissonRegression: label must be nonnegative"),
            Self::Softmax | Self::Softprob if label < 0.0 || label >= num_class as f32 => {
                Some("SoftmaxMultiClassObj: label must be in [0, num_class).")
            }
            _ => None,
        }
    }

    /// The gradient at a margin, for objectives with one margin a row. `step` is `max_delta_step`.
    pub(crate) fn gradient(self, margin: f32, label: f32, weight: f32, step: f32) -> Gradient {
        let (g, h) = match self {
            Self::RegLogistic | Self::BinaryLogistic => {
                let p = sigmoid(margin);
                (p - label, (p * (1.0 - p)).max(SMALLEST_HESSIAN))
            }
            Self::Hinge => {
                let side = label * 2.0 - 1.0;
                if margin * side < 1.0 { (-side, 1.0) } else { return Gradient { g: 0.0, h: f32::MIN_POSITIVE } }
            }
            Self::Poisson => (margin.exp() - label, (margin + step).exp()),
            Self::SquaredError | Self::Softmax | Self::Softprob => (margin - label, 1.0),
        };
        Gradient { g: g * weight, h: h * weight }
    }

    /// The gradient for one class, whose probability this is.
    pub(crate) fn class_gradient(probability: f32, is_label: bool, weight: f32) -> Gradient {
        let h = (2.0 * probability * (1.0 - probability)).max(SMALLEST_HESSIAN);
        Gradient { g: (probability - f32::from(is_label)) * weight, h: h * weight }
    }

    /// Makes the margins of one row into what metrics look at: one value, or a probability for each class.
    pub(crate) fn evaluate(self, margins: &mut [f32]) {
        match self {
            Self::SquaredError => {}
            Self::RegLogistic | Self::BinaryLogistic => margins.iter_mut().for_each(|m| *m = sigmoid(*m)),
            Self::Hinge => margins.iter_mut().for_each(|m| *m = f32::from(*m > 0.0)),
            Self::Poisson => margins.iter_mut().for_each(|m| *m = m.exp()),
            Self::Softmax | Self::Softprob => softmax(margins),
        }
    }

    /// What a model answers for the margins of one row: as [`Self::evaluate`], but a class for `multi:softmax`.
    pub(crate) fn predict(self, margins: &mut Vec<f32>) {
        if self == Self::Softmax {
            let class = largest(margins);
            margins.clear();
            margins.push(class as f32);
        } else {
            self.evaluate(margins);
        }
    }
}

pub(crate) fn sigmoid(margin: f32) -> f32 {
    // The bound keeps the exponential finite, as XGBoost does.
    1.0 / (1.0 + (-margin).min(88.7).exp())
}

/// The first of the largest.
pub(crate) fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

fn softmax(margins: &mut [f32]) {
    let most = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0f64;
    for margin in margins.iter_mut() {
        *margin = (*margin - most).exp();
        sum += f64::from(*margin);
    }
    margins.iter_mut().for_each(|m| *m /= sum as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f32, b: f32) -> bool {
        (a - b).abs() < 1e-5
    }

    fn at(objective: Objective, margin: f32, label: f32) -> (f32, f32) {
        let gradient = objective.gradient(margin, label, 1.0, 0.7);
        (gradient.g, gradient.h)
    }

    #[test]
    fn names_are_read_back() {
        for objective in Objective::ALL {
            assert_eq!(Objective::parse(objective.name()), Some(objective));
        }
        assert_eq!(Objective::parse("reg:linear"), Some(Objective::SquaredError));
        assert_eq!(Objective::parse("reg:gamma"), None);
    }

    #[test]
    fn gradients_are_those_worked_out_by_hand() {
        assert_eq!(at(Objective::SquaredError, 2.0, 5.0), (-3.0, 1.0));
        let (g, h) = at(Objective::BinaryLogistic, 0.0, 1.0);
        assert_eq!((g, h), (-0.5, 0.25));
        let (g, h) = at(Objective::RegLogistic, 2.0f32.ln(), 0.0);
        assert!(near(g, 2.0 / 3.0) && near(h, 2.0 / 9.0));
        assert_eq!(at(Objective::Hinge, 0.5, 1.0), (-1.0, 1.0));
        assert_eq!(at(Objective::Hinge, 0.5, 0.0), (1.0, 1.0));
        assert_eq!(at(Objective::Hinge, 1.0, 1.0).0, 0.0);
        let (g, h) = at(Objective::Poisson, 0.0, 3.0);
        assert!(near(g, -2.0) && near(h, 0.7f32.exp()));
        let class = Objective::class_gradient(0.25, true, 2.0);
        assert_eq!((class.g, class.h), (-1.5, 0.75));
    }

    #[test]
    fn a_weight_scales_both_derivatives() {
        let gradient = Objective::BinaryLogistic.gradient(0.0, 1.0, 4.0, 0.0);
        assert_eq!((gradient.g, gradient.h), (-2.0, 1.0));
    }

    #[test]
    fn margins_become_predictions() {
        let of = |objective: Objective, margins: &[f32]| {
            let mut margins = margins.to_vec();
            objective.predict(&mut margins);
            margins
        };
        assert_eq!(of(Objective::SquaredError, &[3.5]), [3.5]);
        assert_eq!(of(Objective::BinaryLogistic, &[0.0]), [0.5]);
        assert_eq!(of(Objective::Hinge, &[0.1]), [1.0]);
        assert_eq!(of(Objective::Hinge, &[0.0]), [0.0]);
        assert_eq!(of(Objective::Poisson, &[0.0]), [1.0]);
        assert_eq!(of(Objective::Softmax, &[0.0, 2.0, 2.0]), [1.0]);
        let third = 3.0f32.ln();
        let probabilities = of(Objective::Softprob, &[0.0, third]);
        assert!(near(probabilities[0], 0.25) && near(probabilities[1], 0.75));
        assert!(of(Objective::BinaryLogistic, &[-1000.0])[0] >= 0.0);
    }

    #[test]
    fn the_base_score_is_a_prediction_and_becomes_a_margin() {
        assert_eq!(Objective::BinaryLogistic.base_margin(0.5), 0.0);
        assert_eq!(Objective::SquaredError.base_margin(0.5), 0.5);
        assert!(near(Objective::Poisson.base_margin(0.5), 0.5f32.ln()));
        assert!(Objective::BinaryLogistic.check_base_score(0.0).is_err());
        assert!(Objective::SquaredError.check_base_score(0.0).is_ok());
    }

    #[test]
    fn labels_out_of_range_are_told() {
        assert!(Objective::BinaryLogistic.label_problem(2.0, 0).is_some());
        assert!(Objective::BinaryLogistic.label_problem(0.3, 0).is_none());
        assert!(Objective::Hinge.label_problem(-1.0, 0).is_some());
        assert!(Objective::Poisson.label_problem(-0.5, 0).is_some());
        assert!(Objective::Softmax.label_problem(3.0, 3).is_some());
        assert!(Objective::Softprob.label_problem(2.0, 3).is_none());
        assert!(Objective::SquaredError.label_problem(-1e9, 0).is_none());
    }
}

//! The hyperparameters of a training job: texts as CreateTrainingJob carries them, checked as the container checks them.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html>
//!
//! First everything is parsed, then ranges are checked, then what depends on each other; the words are those of the
//! container's `sagemaker_algorithm_toolkit`. What the container knows and this crate doesn't compute is refused in
//! words of ours, never ignored, unless it changes nothing about the model (`nthread`, `verbosity`).
//!
//! `tree_method` may be any of XGBoost's for the processor; `hist` is what is computed. For columns of few distinct
//! values that is as good as `exact`, apart from where between two values a threshold lies.

mod table;

use crate::failure::Failure;
use crate::metric::Metric;
use crate::objective::Objective;
use std::collections::BTreeMap;
use table::{Kind, Value};

/// More than any job needs: the memory for trees and margins is bounded by them.
const LIMITS: [(&str, i64); 2] = [("num_round", 100_000), ("num_class", 1_000)];

/// Checked hyperparameters; what isn't given has XGBoost's default.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperparameters {
    /// Rounds of boosting, at least 1.
    pub num_round: usize,
    /// Levels of splits in a tree; 0 is no limit.
    pub max_depth: usize,
    /// The share of a leaf's weight that counts.
    pub eta: f32,
    /// The gain below which a leaf isn't split.
    pub gamma: f32,
    /// The least sum of second derivatives in a child.
    pub min_child_weight: f32,
    /// The share of rows that a tree is grown from.
    pub subsample: f32,
    /// The share of columns for a tree.
    pub colsample_bytree: f32,
    /// The share of the tree's columns for a level.
    pub colsample_bylevel: f32,
    /// The share of the level's columns for a split.
    pub colsample_bynode: f32,
    /// L2 regularisation of leaf weights.
    pub lambda: f32,
    /// L1 regularisation of leaf weights.
    pub alpha: f32,
    /// The bound of a leaf's weight before `eta`; 0 is none.
    pub max_delta_step: f32,
    /// How much more rows with label 1 weigh.
    pub scale_pos_weight: f32,
    /// The prediction before the first tree.
    pub base_score: f32,
    /// Bins a column, 2 to 255.
    pub max_bin: usize,
    /// What is learned.
    pub objective: Objective,
    /// Classes, 0 unless the objective has several.
    pub num_class: usize,
    /// What is measured, at least one.
    pub eval_metric: Vec<Metric>,
    /// Whether `eval_metric` was given. Without, the container doesn't stop early.
    pub eval_metric_given: bool,
    /// After how many rounds without a better last metric on the validation channel training ends.
    pub early_stopping_rounds: Option<usize>,
    /// What chance is made from.
    pub seed: i64,
    /// Whether a CSV's second column is the row's weight.
    pub csv_weights: bool,
    /// Whether what has been learned so far is kept when the job is stopped.
    pub save_model_on_termination: bool,
}

impl Hyperparameters {
    /// Reads what CreateTrainingJob carries. `_`-names of the SDK (`sagemaker_…`) are left out by the container's
    /// framework, and so they are here.
    pub fn parse(given: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let given: BTreeMap<&str, &str> = given
            .iter()
            .filter(|(name, _)| !name.starts_with("sagemaker_"))
            .map(|(name, value)| (table::canonical(name), value.as_str()))
            .collect();
        if !given.contains_key("num_round") {
            return Err(Failure::user("Missing required hyperparameter: num_round"));
        }
        let values = Values::read(&given)?;
        values.check_ranges()?;
        values.check_dependencies()?;
        values.refuse_what_is_not_computed()?;
        values.build()
    }

    /// Margins a row: the classes, or one.
    pub fn groups(&self) -> usize {
        if self.objective.is_multiclass() { self.num_class } else { 1 }
    }
}

/// What was given, parsed.
struct Values<'a>(BTreeMap<&'a str, (&'static Kind, Value<'a>)>);

impl<'a> Values<'a> {
    fn read(given: &BTreeMap<&'a str, &'a str>) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        for (name, text) in given {
            let kind =
                table::kind(name).ok_or_else(|| Failure::user(format!("Extraneous hyperparameter found: {name}")))?;
            let value = kind.parse(text).ok_or_else(|| {
                Failure::user(format!("Hyperparameter {name}: could not parse value (caused by ValueError)"))
            })?;
            values.insert(*name, (kind, value));
        }
        Ok(Self(values))
    }

    fn check_ranges(&self) -> Result<(), Failure> {
        self.0.iter().try_for_each(|(name, (kind, value))| kind.check(name, value))
    }

    /// What the container checks across hyperparameters, for those that are computed here.
    fn check_dependencies(&self) -> Result<(), Failure> {
        let objective = self.text("objective");
        let metrics = self.list("eval_metric");
        let pairwise = objective.is_some_and(|o| o.starts_with("binary:") || o.starts_with("rank:"));
        if metrics.contains(&"auc") && !pairwise {
            return Err(Failure::user("Metric 'auc' can only be applied for classification and ranking problems."));
        }
        if metrics.contains(&"aft-nloglik") && objective != Some("survival:aft") {
            return Err(Failure::user("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective."));
        }
        if matches!(objective, Some("multi:softmax" | "multi:softprob")) && self.integer("num_class").is_none() {
            return Err(Failure::user("Require input for parameter 'num_class' for multi-classification"));
        }
        Ok(())
    }

    fn refuse_what_is_not_computed(&self) -> Result<(), Failure> {
        let refuse = |name: &str, value: &str| {
            Err(Failure::user(format!(
                "Hyperparameter {name}: {value} is valid on AWS, but not computed by the sandbox"
            )))
        };
        for (name, (_, value)) in &self.0 {
            if let Some(text) = table::not_computed(name, value) {
                return refuse(name, &text);
            }
        }
        for (name, limit) in LIMITS {
            if self.integer(name).is_some_and(|number| number > limit) {
                return refuse(name, &format!("more than {limit}"));
            }
        }
        Ok(())
    }

    fn build(&self) -> Result<Hyperparameters, Failure> {
        let objective = self.text("objective").and_then(Objective::parse).unwrap_or(Objective::SquaredError);
        let num_class = self.integer("num_class").unwrap_or(0) as usize;
        let eval_metric: Vec<Metric> = self.list("eval_metric").iter().filter_map(|name| Metric::parse(name)).collect();
        let share = |name| self.number(name).unwrap_or(1.0);
        let built = Hyperparameters {
            num_round: self.integer("num_round").unwrap_or(1) as usize,
            max_depth: self.integer("max_depth").unwrap_or(6) as usize,
            eta: self.number("eta").unwrap_or(0.3),
            gamma: self.number("gamma").unwrap_or(0.0),
            min_child_weight: self.number("min_child_weight").unwrap_or(1.0),
            subsample: share("subsample"),
            colsample_bytree: share("colsample_bytree"),
            colsample_bylevel: share("colsample_bylevel"),
            colsample_bynode: share("colsample_bynode"),
            lambda: self.number("lambda").unwrap_or(1.0),
            alpha: self.number("alpha").unwrap_or(0.0),
            max_delta_step: self.number("max_delta_step").unwrap_or(match objective {
                Objective::Poisson => 0.7,
                _ => 0.0,
            }),
            scale_pos_weight: share("scale_pos_weight"),
            base_score: self.number("base_score").unwrap_or(0.5),
            max_bin: self.integer("max_bin").unwrap_or(256).clamp(2, 255) as usize,
            objective,
            num_class: if objective.is_multiclass() { num_class } else { 0 },
            eval_metric_given: !eval_metric.is_empty(),
            eval_metric: if eval_metric.is_empty() { vec![objective.default_metric()] } else { eval_metric },
            early_stopping_rounds: self.integer("early_stopping_rounds").map(|rounds| rounds as usize),
            seed: self.integer("seed").unwrap_or(0),
            csv_weights: self.integer("csv_weights") == Some(1),
            save_model_on_termination: self.text("save_model_on_termination") == Some("true"),
        };
        objective.check_base_score(built.base_score)?;
        if !objective.is_multiclass() && num_class > 1 {
            return Err(Failure::training(
                "Check failed: info.labels.Size() == preds.Size() : Invalid shape of labels.",
            ));
        }
        if built.max_depth == 0 && self.text("tree_method") == Some("exact") {
            return Err(Failure::training(
                "Check failed: param_.max_depth > 0 (0 vs. 0) : exact tree method doesn't support unlimited depth.",
            ));
        }
        Ok(built)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        match self.0.get(name) {
            Some((_, Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    fn list(&self, name: &str) -> &[&'a str] {
        match self.0.get(name) {
            Some((_, Value::List(list))) => list,
            _ => &[],
        }
    }

    fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some((_, Value::Integer(number))) => Some(*number),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<f32> {
        match self.0.get(name) {
            Some((_, Value::Number(number))) => Some(*number as f32),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

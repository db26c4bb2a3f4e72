//! The container's hyperparameters: texts by name, with the ranges that the container keeps.
//!
//! Source: SageMaker developer guide, "XGBoost hyperparameters". The container has the last word: a name that is not
//! here is passed on as it is.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a model is trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objective {
    /// A probability of yes.
    #[serde(rename = "binary:logistic")]
    Binary,
    /// The probability of each class.
    #[serde(rename = "multi:softprob")]
    Classes,
    /// A number.
    #[serde(rename = "reg:squarederror")]
    Number,
}

impl Objective {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Binary, Self::Classes, Self::Number];

    /// XGBoost's name for it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Binary => "binary:logistic",
            Self::Classes => "multi:softprob",
            Self::Number => "reg:squarederror",
        }
    }

    /// The metric that says how good a model is.
    pub fn metric(self) -> &'static str {
        match self {
            Self::Binary => "auc",
            Self::Classes => "mlogloss",
            Self::Number => "rmse",
        }
    }
}

/// Why a hyperparameter can't be what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HyperparameterError {
    /// It has to be given.
    #[error("`{0}` is required")]
    Missing(&'static str),
    /// It is no number, or out of range.
    #[error("`{name}` must be {expected}, not `{value}`")]
    Range {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A line of a form that gives nothing a value.
    #[error("`{0}` has no `=`")]
    Line(String),
    /// A name that the form has a field of its own for.
    #[error("`{0}` has a field of its own")]
    Elsewhere(&'static str),
    /// A container takes each once.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// The name is none.
    #[error("`{0}` is not a hyperparameter's name: letters, digits, hyphens, underscores and dots")]
    Name(String),
    /// Step Functions would put something else in its place.
    #[error("the value of `{0}` has `${{`, which Step Functions would replace")]
    Replaced(String),
    /// A stack's parameter can't be that long.
    #[error("all hyperparameters together are {0} bytes long; a stack takes {MOST_BYTES}")]
    Long(usize),
    /// SageMaker's limit.
    #[error("there are {0} hyperparameters; SageMaker takes {MOST}")]
    Many(usize),
    /// A metric of another kind of prediction.
    #[error("`eval_metric` can't be `{metric}` with the objective `{objective}`")]
    Metric {
        /// The metric.
        metric: String,
        /// What is predicted.
        objective: String,
    },
}

/// Metrics of classes, which a number has not, with whether they are of several classes only. Source: SageMaker developer
/// guide, "Tune an XGBoost Model"; the container refuses `auc` for a number in words of its own.
const OF_CLASSES: [(&str, bool); 6] =
    [("auc", false), ("accuracy", false), ("error", false), ("f1", false), ("merror", true), ("mlogloss", true)];

/// How many there may be. Source: SageMaker API reference, AlgorithmSpecification and CreateTrainingJob, HyperParameters.
const MOST: usize = 100;
/// How long they may be as JSON. Source: CloudFormation user guide, "Understand CloudFormation quotas": a parameter's value.
const MOST_BYTES: usize = 4_096;

/// Name, whether it is a whole number, the least and the most, and that in words.
type Rule = (&'static str, bool, f64, f64, &'static str);

const RULES: [Rule; 14] = [
    ("num_round", true, 1.0, 1e6, "a whole number from 1 to 1000000"),
    ("max_depth", true, 0.0, 1e3, "a whole number from 0 to 1000"),
    ("eta", false, 0.0, 1.0, "a number from 0 to 1"),
    ("gamma", false, 0.0, f64::MAX, "a number from 0"),
    ("min_child_weight", false, 0.0, f64::MAX, "a number from 0"),
    ("max_delta_step", false, 0.0, f64::MAX, "a number from 0"),
    ("subsample", false, f64::MIN_POSITIVE, 1.0, "a number above 0, at most 1"),
    ("colsample_bytree", false, f64::MIN_POSITIVE, 1.0, "a number above 0, at most 1"),
    ("lambda", false, 0.0, f64::MAX, "a number from 0"),
    ("alpha", false, 0.0, f64::MAX, "a number from 0"),
    ("scale_pos_weight", false, 0.0, f64::MAX, "a number from 0"),
    ("early_stopping_rounds", true, 1.0, 1e6, "a whole number from 1"),
    ("num_class", true, 2.0, 1e6, "a whole number from 2"),
    ("seed", true, 0.0, 9_007_199_254_740_992.0, "a whole number from 0"),
];

/// What a hyperparameter may be, as a noun phrase; `None` for those that only the container knows.
pub fn expected(name: &str) -> Option<&'static str> {
    RULES.iter().find(|rule| rule.0 == name).map(|rule| rule.4)
}

/// Whether a value is one that the hyperparameter may have.
pub fn check(name: &str, value: &str) -> Result<(), HyperparameterError> {
    let Some((name, whole, least, most, expected)) = RULES.iter().copied().find(|rule| rule.0 == name) else {
        return Ok(());
    };
    let number = value.trim().parse::<f64>().ok().filter(|number| !whole || number.fract() == 0.0);
    if number.is_some_and(|number| (least..=most).contains(&number)) {
        return Ok(());
    }
    Err(HyperparameterError::Range { name, value: value.chars().take(80).collect(), expected })
}

/// Checked hyperparameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Hyperparameters(BTreeMap<String, String>);

impl Hyperparameters {
    /// What does for most tables of a few thousand rows and more.
    pub fn usual(objective: Objective) -> Self {
        let values = [("objective", objective.key()), ("num_round", "100"), ("max_depth", "5"), ("eta", "0.2")];
        let values = values.into_iter().chain([("subsample", "0.8"), ("eval_metric", objective.metric())]);
        Self(values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// By name, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As a JSON object of texts.
    pub fn json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|error| unreachable!("texts are JSON: {error}"))
    }
}

impl TryFrom<BTreeMap<String, String>> for Hyperparameters {
    type Error = HyperparameterError;

    fn try_from(values: BTreeMap<String, String>) -> Result<Self, HyperparameterError> {
        let required: &[&'static str] = match values.get("objective").map(String::as_str) {
            Some(objective) if objective.starts_with("multi:") => &["num_round", "num_class"],
            _ => &["num_round"],
        };
        if let Some(missing) = required.iter().find(|name| !values.contains_key(**name)) {
            return Err(HyperparameterError::Missing(missing));
        }
        fit(&values)?;
        for (name, value) in RULES.iter().filter_map(|rule| Some((rule.0, values.get(rule.0)?))) {
            check(name, value)?;
        }
        if let (Some(objective), Some(metrics)) = (values.get("objective"), values.get("eval_metric")) {
            let unfit = |metric: &&str| {
                let of_classes = OF_CLASSES.iter().find(|(name, _)| name == metric);
                of_classes.is_some_and(|(_, several)| {
                    objective.starts_with("reg:") || *several && objective.starts_with("binary:")
                })
            };
            if let Some(metric) = metrics.split(',').map(str::trim).find(unfit) {
                return Err(HyperparameterError::Metric { metric: metric.into(), objective: objective.clone() });
            }
        }
        Ok(Self(values))
    }
}

/// What template and state machine can carry, whatever the container makes of it. A name that ends with `.$` would be a
/// path to the state machine's input.
fn fit(values: &BTreeMap<String, String>) -> Result<(), HyperparameterError> {
    for (name, value) in values {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !(1..=256).contains(&name.len()) || !name.chars().all(plain) {
            return Err(HyperparameterError::Name(name.chars().take(80).collect()));
        }
        if value.contains("${") {
            return Err(HyperparameterError::Replaced(name.clone()));
        }
    }
    if values.len() > MOST {
        return Err(HyperparameterError::Many(values.len()));
    }
    let bytes = serde_json::to_string(values).map_or(0, |json| json.len());
    if bytes > MOST_BYTES { Err(HyperparameterError::Long(bytes)) } else { Ok(()) }
}

impl From<Hyperparameters> for BTreeMap<String, String> {
    fn from(values: Hyperparameters) -> Self {
        values.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn checked(values: &[(&str, &str)]) -> Result<Hyperparameters, String> {
        let values: BTreeMap<_, _> = values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Hyperparameters::try_from(values).map_err(|error| error.to_string())
    }

    #[test]
    fn the_usual_ones_are_fine_but_for_the_number_of_classes() {
        for objective in [Objective::Binary, Objective::Number] {
            let usual = Hyperparameters::usual(objective);
            assert_eq!(Hyperparameters::try_from(BTreeMap::from(usual.clone())).unwrap(), usual);
        }
        let classes = BTreeMap::from(Hyperparameters::usual(Objective::Classes));
        assert_eq!(Hyperparameters::try_from(classes), Err(HyperparameterError::Missing("num_class")));
    }

    #[test]
    fn what_stack_and_state_machine_can_not_carry_is_refused() {
        let refused = |name: &str, value: &str| checked(&[("num_round", "10"), (name, value)]).unwrap_err();
        for name in ["", "eta.$", "lea rning", "x\ty"] {
            assert!(refused(name, "1").contains("is not a hyperparameter's name"), "{name:?}");
        }
        assert!(
            refused("note", "${Prefix}").starts_with("the value of `note` has `${`"),
            "{}",
            refused("note", "${P}")
        );
        assert!(refused("note", &"x".repeat(4_096)).starts_with("all hyperparameters together are 4"));
        let many: Vec<(String, String)> = (0..100).map(|n| (format!("p{n}"), "1".to_owned())).collect();
        let mut many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        many.push(("num_round", "10"));
        assert_eq!(checked(&many).unwrap_err(), "there are 101 hyperparameters; SageMaker takes 100");
        assert!(checked(&[("num_round", "10"), ("tree_method", "hist $5")]).is_ok());
    }

    #[test]
    fn a_value_out_of_range_is_named_with_what_would_do() {
        assert_eq!(checked(&[]), Err("`num_round` is required".into()));
        for (name, value, expected) in [
            ("num_round", "0", "a whole number from 1 to 1000000"),
            ("num_round", "ten", "a whole number from 1 to 1000000"),
            ("max_depth", "1.5", "a whole number from 0 to 1000"),
            ("eta", "NaN", "a number from 0 to 1"),
            ("subsample", "0", "a number above 0, at most 1"),
            ("lambda", "inf", "a number from 0"),
        ] {
            let mut values = vec![("num_round", "10"), (name, value)];
            values.dedup_by_key(|(name, _)| *name);
            let values = if name == "num_round" { vec![(name, value)] } else { values };
            assert_eq!(checked(&values), Err(format!("`{name}` must be {expected}, not `{value}`")));
        }
    }

    #[test]
    fn a_metric_of_classes_does_not_measure_a_number() {
        let with =
            |objective, metric| checked(&[("num_round", "1"), ("objective", objective), ("eval_metric", metric)]);
        let said = "`eval_metric` can't be `auc` with the objective `reg:squarederror`";
        assert_eq!(with("reg:squarederror", "rmse, auc").unwrap_err(), said);
        assert!(with("binary:logistic", "mlogloss").is_err());
        assert!(with("binary:logistic", "auc,rmse").is_ok());
    }

    #[test]
    fn what_is_not_known_here_is_left_to_the_container() {
        let values = checked(&[("num_round", "10"), ("tree_method", "hist")]).unwrap();
        assert_eq!(values.json(), r#"{"num_round":"10","tree_method":"hist"}"#);
    }
}

//! Every hyperparameter that the container knows, with the range that it checks. Data, and the words around it.
//!
//! As in the container's `algorithm_mode/hyperparameter_validation.py`, 1.7-1.

use crate::failure::Failure;
use crate::metric::Metric;
use crate::objective::Objective;
use std::fmt;

/// One end of a range.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    None,
    Open(f64),
    Closed(f64),
}

/// What a hyperparameter is and which values it may have.
#[derive(Debug)]
pub(super) enum Kind {
    Integer(End, End),
    Number(End, End),
    OneOf(&'static [&'static str]),
    Metrics,
    /// Known to the container, and checked by nobody here: it is refused whatever it says.
    Other,
}

/// A parsed value.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Integer(i64),
    Number(f64),
    Text(&'a str),
    List(Vec<&'a str>),
}

use End::{Closed, None as Free, Open};

const UNIT: Kind = Kind::Number(Closed(0.0), Closed(1.0));
const SHARE: Kind = Kind::Number(Open(0.0), Closed(1.0));
const POSITIVE: Kind = Kind::Number(Open(0.0), Free);
const NOT_NEGATIVE: Kind = Kind::Number(Closed(0.0), Free);
const SWITCH: Kind = Kind::Integer(Closed(0.0), Closed(1.0));
const COUNT: Kind = Kind::Integer(Closed(1.0), Free);
const COUNT_OR_NONE: Kind = Kind::Integer(Closed(0.0), Free);
const TRUTH: Kind = Kind::OneOf(&["true", "false"]);

const OBJECTIVES: &[&str] = &[
    "aft_loss_distribution",
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
    "reg:linear",
    "reg:squarederror",
    "reg:logistic",
    "reg:gamma",
    "reg:pseudohubererror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
];

const METRICS: &[&str] = &[
    "accuracy",
    "auc",
    "aucpr",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "map",
    "ndcg",
    "precision",
    "r2",
    "recall",
    "precision_macro",
    "precision_micro",
    "recall_macro",
    "recall_micro",
    "aft-nloglik",
    "cox-nloglik",
    "error",
    "gamma-deviance",
    "gamma-nloglik",
    "interval-regression-accuracy",
    "logloss",
    "mae",
    "mape",
    "merror",
    "mlogloss",
    "mphe",
    "mse",
    "poisson-nloglik",
    "rmse",
    "rmsle",
    "tweedie-nloglik",
];

const TABLE: &[(&str, Kind)] = &[
    ("num_round", COUNT),
    ("csv_weights", SWITCH),
    ("early_stopping_rounds", COUNT),
    ("booster", Kind::OneOf(&["gbtree", "gblinear", "dart"])),
    ("verbosity", Kind::Integer(Closed(0.0), Closed(3.0))),
    ("nthread", COUNT),
    ("eta", UNIT),
    ("gamma", NOT_NEGATIVE),
    ("max_depth", COUNT_OR_NONE),
    ("min_child_weight", NOT_NEGATIVE),
    ("max_delta_step", NOT_NEGATIVE),
    ("subsample", SHARE),
    ("colsample_bytree", SHARE),
    ("colsample_bylevel", SHARE),
    ("colsample_bynode", SHARE),
    ("lambda", NOT_NEGATIVE),
    ("alpha", NOT_NEGATIVE),
    ("tree_method", Kind::OneOf(&["auto", "exact", "approx", "hist", "gpu_hist"])),
    ("sketch_eps", Kind::Number(Open(0.0), Open(1.0))),
    ("scale_pos_weight", POSITIVE),
    ("updater", Kind::Other),
    ("dsplit", Kind::OneOf(&["row", "col"])),
    ("refresh_leaf", SWITCH),
    ("process_type", Kind::OneOf(&["default", "update"])),
    ("grow_policy", Kind::OneOf(&["depthwise", "lossguide"])),
    ("max_leaves", COUNT_OR_NONE),
    ("max_bin", COUNT_OR_NONE),
    ("predictor", Kind::OneOf(&["auto", "cpu_predictor", "gpu_predictor"])),
    ("monotone_constraints", Kind::Other),
    ("interaction_constraints", Kind::Other),
    ("sample_type", Kind::OneOf(&["uniform", "weighted"])),
    ("normalize_type", Kind::OneOf(&["tree", "forest"])),
    ("rate_drop", UNIT),
    ("one_drop", SWITCH),
    ("skip_drop", UNIT),
    ("lambda_bias", UNIT),
    ("tweedie_variance_power", Kind::Number(Open(1.0), Open(2.0))),
    ("objective", Kind::OneOf(OBJECTIVES)),
    ("num_class", Kind::Integer(Closed(2.0), Free)),
    ("base_score", NOT_NEGATIVE),
    ("_kfold", Kind::Integer(Closed(2.0), Free)),
    ("_num_cv_round", COUNT),
    ("_tuning_objective_metric", Kind::Other),
    ("eval_metric", Kind::Metrics),
    ("seed", Kind::Integer(Open(-2_147_483_648.0), Open(2_147_483_647.0))),
    ("num_parallel_tree", COUNT),
    ("save_model_on_termination", TRUTH),
    ("aft_loss_distribution", Kind::OneOf(&["normal", "logistic", "extreme"])),
    ("aft_loss_distribution_scale", NOT_NEGATIVE),
    ("single_precision_histogram", TRUTH),
    ("deterministic_histogram", TRUTH),
    ("sampling_method", Kind::OneOf(&["uniform", "gradient_based"])),
    ("prob_buffer_row", Kind::Integer(Open(1.0), Free)),
];

/// What the container takes for another name.
pub(super) fn canonical(name: &str) -> &str {
    match name {
        "learning_rate" => "eta",
        "min_split_loss" => "gamma",
        "reg_lambda" => "lambda",
        "reg_alpha" => "alpha",
        _ => name,
    }
}

pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
}

/// The value, as text, if the container takes it and this crate doesn't compute what it asks for.
pub(super) fn not_computed(name: &str, value: &Value<'_>) -> Option<String> {
    let text = value.to_string();
    let harmless = match (name, value) {
        ("booster", Value::Text(v)) => *v == "gbtree",
        ("tree_method", Value::Text(v)) => *v != "gpu_hist",
        ("grow_policy", Value::Text(v)) => *v == "depthwise",
        ("process_type", Value::Text(v)) => *v == "default",
        ("predictor", Value::Text(v)) => *v != "gpu_predictor",
        ("sampling_method", Value::Text(v)) => *v == "uniform",
        ("objective", Value::Text(v)) => Objective::parse(v).is_some(),
        ("max_leaves", Value::Integer(v)) => *v == 0,
        ("num_parallel_tree", Value::Integer(v)) => *v == 1,
        ("eval_metric", Value::List(list)) => {
            return list.iter().find(|metric| Metric::parse(metric).is_none()).map(|metric| (*metric).to_owned());
        }
        (
            "updater"
            | "monotone_constraints"
            | "interaction_constraints"
            | "sample_type"
            | "normalize_type"
            | "rate_drop"
            | "one_drop"
            | "skip_drop"
            | "lambda_bias"
            | "tweedie_variance_power"
            | "_kfold"
            | "_num_cv_round"
            | "_tuning_objective_metric"
            | "aft_loss_distribution"
            | "aft_loss_distribution_scale",
            _,
        ) => false,
        // XGBoost takes what is infinite, and then learns nothing that is a number.
        (_, Value::Number(v)) => (*v as f32).is_finite(),
        _ => true,
    };
    (!harmless).then_some(text)
}

impl Kind {
    /// As Python's `int` and `float` read.
    pub(super) fn parse<'a>(&self, text: &'a str) -> Option<Value<'a>> {
        match self {
            Self::Integer(..) => text.trim().parse().ok().map(Value::Integer),
            Self::Number(..) => text.trim().parse().ok().map(Value::Number),
            Self::OneOf(_) | Self::Other => Some(Value::Text(text)),
            Self::Metrics => Some(Value::List(text.split(',').collect())),
        }
    }

    pub(super) fn check(&self, name: &str, value: &Value<'_>) -> Result<(), Failure> {
        let inside = match (self, value) {
            (Self::Integer(low, high), Value::Integer(number)) => within(*low, *high, *number as f64),
            (Self::Number(low, high), Value::Number(number)) => within(*low, *high, *number),
            (Self::OneOf(names), Value::Text(text)) => names.contains(text),
            (Self::Metrics, Value::List(list)) => {
                for metric in list {
                    check_threshold(metric)?;
                }
                let known = |metric: &&str| metric.contains('@') || METRICS.contains(metric);
                if list.iter().all(known) {
                    return Ok(());
                }
                return Err(Failure::user(format!("Hyperparameter {name}: value {value} not in range {self}")));
            }
            _ => true,
        };
        if inside {
            return Ok(());
        }
        Err(Failure::user(format!("Hyperparameter {name}: {value} is not in {self}")))
    }
}

/// `metric@threshold`: only some metrics take one.
fn check_threshold(metric: &str) -> Result<(), Failure> {
    let Some((name, threshold)) = metric.split_once('@') else { return Ok(()) };
    let name = name.trim();
    if !["error", "ndcg", "map"].contains(&name) {
        return Err(Failure::user(format!(
            "Metric '{metric}' is not supported. Parameter 'eval_metric' with customized threshold should be one of \
             these options: 'error', 'ndcg', 'map'."
        )));
    }
    if threshold.trim().parse::<f32>().is_err() {
        return Err(Failure::user(format!("Threshold value 't' in '{name}@t' expects float input.")));
    }
    Ok(())
}

fn within(low: End, high: End, number: f64) -> bool {
    let above = match low {
        Free => true,
        Open(end) => number > end,
        Closed(end) => number >= end,
    };
    let below = match high {
        Free => true,
        Open(end) => number < end,
        Closed(end) => number <= end,
    };
    above && below
}

/// As Python prints what the container checks against.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(low, high) | Self::Number(low, high) => {
                match low {
                    Free => f.write_str("(-inf, ")?,
                    Open(end) => write!(f, "({end}, ")?,
                    Closed(end) => write!(f, "[{end}, ")?,
                }
                match high {
                    Free => f.write_str("+inf)"),
                    Open(end) => write!(f, "{end})"),
                    Closed(end) => write!(f, "{end}]"),
                }
            }
            Self::OneOf(names) => write_list(f, names),
            Self::Metrics => write_list(f, METRICS),
            Self::Other => Ok(()),
        }
    }
}

/// As Python prints values.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Text(text) => f.write_str(text),
            Self::List(list) => write_list(f, list),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[&str]) -> fmt::Result {
    f.write_str("[")?;
    for (place, item) in list.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        write!(f, "{comma}'{item}'")?;
    }
    f.write_str("]")
}

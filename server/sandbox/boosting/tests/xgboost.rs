//! Against XGBoost itself: models that it has written are read and answer as it does, and where its histograms and ours
//! see the same values, the trees are the same ones.
//!
//! `tests/xgboost` was written by XGBoost 1.7.6 (`-1`) and 3.2.0 (`-3`), with `tree_method=hist`, `max_depth=3` and four
//! rounds.

#![allow(clippy::unwrap_used)]

use boosting::{Channel, Channels, DataFile, Hyperparameters, Model, Training, train};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What XGBoost says of its model.
#[derive(Deserialize)]
struct Expected {
    /// For the rows of `rows.csv`.
    predictions: Vec<Vec<f32>>,
    /// On the rows that it learned from, after each round.
    metrics: BTreeMap<String, Vec<f64>>,
    gain: BTreeMap<String, f64>,
    cover: BTreeMap<String, f64>,
    weight: BTreeMap<String, f64>,
}

fn fixture(name: &str) -> Vec<u8> {
    // Asked when the test runs: what was compiled may have come from another checkout.
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    std::fs::read(Path::new(&crate_folder).join("tests/xgboost").join(name)).unwrap()
}

fn expected(name: &str) -> Expected {
    serde_json::from_slice(&fixture(&format!("{name}.expected.json"))).unwrap()
}

fn answers(model: &Model) -> Vec<Vec<f32>> {
    let rows = String::from_utf8(fixture("rows.csv")).unwrap();
    model.predict_csv(&rows).unwrap().rows().map(<[f32]>::to_vec).collect()
}

fn assert_near(ours: &[Vec<f32>], theirs: &[Vec<f32>], within: f32) {
    assert_eq!(ours.len(), theirs.len());
    for (our, their) in ours.iter().flatten().zip(theirs.iter().flatten()) {
        assert!((our - their).abs() <= within * their.abs().max(1.0), "{our} is not {their}");
    }
}

#[test]
fn a_model_of_xgboost_answers_as_it_does_there() {
    for name in ["logistic-1", "softprob-1", "squarederror-1", "poisson-1", "hinge-1", "logistic-3", "softprob-3"] {
        let model = Model::from_json(&fixture(&format!("{name}.json"))).unwrap();
        assert_near(&answers(&model), &expected(name).predictions, 1e-6);
    }
}

#[test]
fn a_model_of_xgboost_is_written_as_it_was() {
    for name in ["logistic-1", "softprob-1", "squarederror-1", "poisson-1", "hinge-1"] {
        let theirs = fixture(&format!("{name}.json"));
        let ours = Model::from_json(&theirs).unwrap().to_json().unwrap();
        let (theirs, ours): (Value, Value) =
            (serde_json::from_slice(&theirs).unwrap(), serde_json::from_slice(&ours).unwrap());
        assert_eq!(difference(&theirs, &ours), None, "{name}");
    }
}

/// Where two documents differ, apart from whether XGBoost was told its base score. Numbers are the same if they are so in single precision, also as texts.
fn difference(a: &Value, b: &Value) -> Option<String> {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse::<f32>().ok(),
        Value::Number(number) => number.as_f64().map(|number| number as f32),
        _ => None,
    };
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => a.iter().find_map(|(key, value)| {
            if key == "boost_from_average" {
                return None;
            }
            let other = b.get(key).unwrap_or(&Value::Null);
            difference(value, other).map(|place| format!("{key}.{place}"))
        }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(at, (a, b))| difference(a, b).map(|place| format!("{at}.{place}")))
        }
        _ if a == b || (number(a).is_some() && number(a) == number(b)) => None,
        _ => Some(format!(" {a} is not {b}")),
    }
}

fn learn(data: &str, given: &[(&str, &str)]) -> Training {
    let common = [("num_round", "4"), ("max_depth", "3")];
    let given = common.iter().chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let parameters = Hyperparameters::parse(&given).unwrap();
    let content = fixture(&format!("{data}.csv"));
    let channel = Channel::csv(vec![DataFile::new("train.csv", content.as_slice())]);
    train(&parameters, Channels { train: Some(channel), validation: None }, &mut ()).unwrap()
}

/// The splits of a model: by which column, where, and where missing values go.
fn splits(json: &[u8]) -> Vec<(Value, Value, Vec<f32>)> {
    let model: Value = serde_json::from_slice(json).unwrap();
    let trees = model["learner"]["gradient_booster"]["model"]["trees"].as_array().unwrap().clone();
    let of = |tree: &Value| {
        let inner = |at: usize| tree["left_children"][at] != -1;
        let conditions = tree["split_conditions"].as_array().unwrap().iter().enumerate();
        let conditions = conditions.filter(|(at, _)| inner(*at)).map(|(_, c)| c.as_f64().unwrap() as f32).collect();
        (tree["split_indices"].clone(), tree["default_left"].clone(), conditions)
    };
    trees.iter().map(of).collect()
}

fn assert_learns_the_same(name: &str, given: &[(&str, &str)]) {
    let training = learn(name, given);
    let theirs = format!("{name}-1");
    assert_eq!(splits(&training.model.to_json().unwrap()), splits(&fixture(&format!("{theirs}.json"))));
    let expected = expected(&theirs);
    assert_near(&answers(&training.model), &expected.predictions, 1e-5);
    for (metric, values) in &expected.metrics {
        let name = format!("train:{metric}");
        let ours: Vec<f64> = training.metrics.iter().filter(|m| m.name == name).map(|m| m.value).collect();
        assert_eq!(ours.len(), values.len());
        let pairs = ours.iter().zip(values);
        assert!(
            pairs.clone().all(|(a, b)| a == b || (a - b).abs() < 1e-5),
            "{metric}: {:?}",
            pairs.collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_binary_classification_grows_the_trees_of_xgboost() {
    let given = [
        ("objective", "binary:logistic"),
        ("base_score", "0.3"),
        ("scale_pos_weight", "2"),
        ("alpha", "0.5"),
        ("lambda", "2"),
        ("gamma", "0.3"),
        ("eval_metric", "logloss,error,auc"),
    ];
    assert_learns_the_same("logistic", &given);
}

#[test]
fn a_classification_of_three_grows_the_trees_of_xgboost() {
    let given = [("objective", "multi:softprob"), ("num_class", "3"), ("eval_metric", "merror,mlogloss")];
    assert_learns_the_same("softprob", &given);
}

#[test]
fn a_regression_grows_the_trees_of_xgboost() {
    assert_learns_the_same("squarederror", &[("min_child_weight", "4"), ("eval_metric", "mae,mape,rmse")]);
}

#[test]
fn a_regression_of_counts_grows_the_trees_of_xgboost() {
    assert_learns_the_same("poisson", &[("objective", "count:poisson")]);
}

#[test]
fn a_hinge_grows_the_trees_of_xgboost() {
    assert_learns_the_same("hinge", &[("objective", "binary:hinge")]);
}

#[test]
fn what_a_column_is_worth_is_what_it_is_worth_there() {
    let expected = expected("logistic-1");
    let model = Model::from_json(&fixture("logistic-1.json")).unwrap();
    for (feature, of) in model.importance().iter().enumerate() {
        let name = format!("f{feature}");
        let near = |ours: f64, theirs: &BTreeMap<String, f64>| {
            let theirs = theirs.get(&name).copied().unwrap_or(0.0);
            assert!((ours - theirs).abs() <= 1e-4 * theirs, "{name}: {ours} is not {theirs}");
        };
        near(of.weight as f64, &expected.weight);
        near(of.gain, &expected.gain);
        near(of.cover, &expected.cover);
    }
}

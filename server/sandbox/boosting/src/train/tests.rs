use super::*;
use crate::data::DataFile;
use crate::sample::Churn;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn parameters(given: &[(&str, &str)]) -> Hyperparameters {
    let given: BTreeMap<_, _> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Hyperparameters::parse(&given).unwrap()
}

fn churn(seed: i64, rows: usize) -> String {
    let mut text = Vec::new();
    Churn::new(seed).write(&mut text, rows, false).unwrap();
    String::from_utf8(text).unwrap()
}

fn channel(text: &str) -> Channel<'_> {
    Channel::csv(vec![DataFile::new("data.csv", text.as_bytes())])
}

fn learn(given: &[(&str, &str)], train_text: &str, validation: Option<&str>) -> Result<Training, TrainingError> {
    let channels = Channels { train: Some(channel(train_text)), validation: validation.map(channel) };
    train(&parameters(given), channels, &mut ())
}

fn values(training: &Training, name: &str) -> Vec<f64> {
    training.metrics.iter().filter(|metric| metric.name == name).map(|metric| metric.value).collect()
}

fn json(training: &Training) -> serde_json::Value {
    serde_json::from_slice(&training.model.to_json().unwrap()).unwrap()
}

/// Hears everything, and stops after some rounds.
#[derive(Default)]
struct Listener {
    lines: Vec<String>,
    metrics: Vec<MetricValue>,
    rounds: Option<usize>,
}

impl Observer for Listener {
    fn log(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }
    fn metric(&mut self, metric: &MetricValue) {
        self.metrics.push(metric.clone());
    }
    fn stopped(&mut self) -> bool {
        self.rounds.is_some_and(|rounds| self.metrics.len() >= rounds)
    }
}

const BINARY: [(&str, &str); 3] = [("num_round", "20"), ("objective", "binary:logistic"), ("max_depth", "4")];

#[test]
fn a_tree_of_one_split_is_the_one_worked_out_by_hand() {
    // From 0.5 the derivatives are -0.5 for labels of 1 and 0.5 for 0; each side has two rows.
    let given = [("num_round", "1"), ("max_depth", "1"), ("eta", "0.5")];
    let training = learn(&given, "0,1\n0,2\n1,3\n1,4\n", None).unwrap();
    let tree = &json(&training)["learner"]["gradient_booster"]["model"]["trees"][0];
    assert_eq!(tree["split_conditions"][0], 3.0);
    let near = |value: &serde_json::Value, expected: f64| {
        assert!((value.as_f64().unwrap() - expected).abs() < 1e-6, "{value} is not {expected}");
    };
    near(&tree["loss_changes"][0], 2.0 / 3.0);
    near(&tree["split_conditions"][1], -1.0 / 3.0 * 0.5);
    near(&tree["split_conditions"][2], 1.0 / 3.0 * 0.5);
    near(&tree["sum_hessian"][0], 4.0);
    assert_eq!(training.model.predict_row(&[2.9]), [0.5 - 1.0 / 3.0 * 0.5]);
    assert_eq!(values(&training, "train:rmse").len(), 1);
    near(&values(&training, "train:rmse")[0].into(), 0.5 - 1.0 / 6.0);
}

#[test]
fn missing_values_go_where_they_fit() {
    let given = [("num_round", "1"), ("max_depth", "1"), ("eta", "1"), ("lambda", "0")];
    let low = learn(&given, "0,1\n0,\n0,2\n1,3\n1,4\n", None).unwrap();
    assert_eq!(low.model.predict_row(&[f32::NAN]), [0.0]);
    let high = learn(&given, "0,1\n1,\n0,2\n1,3\n1,4\n", None).unwrap();
    assert_eq!(high.model.predict_row(&[f32::NAN]), [1.0]);
}

#[test]
fn a_weight_counts_as_so_many_rows() {
    let given = [("num_round", "3"), ("min_child_weight", "0.5")];
    let doubled = learn(&given, "0,1\n0,1\n1,2\n3,3\n3,3\n3,3\n", None).unwrap();
    let weighted = [given.as_slice(), &[("csv_weights", "1")]].concat();
    let weighted = learn(&weighted, "0,2,1\n1,1,2\n3,3,3\n", None).unwrap();
    for row in [[1.0], [2.0], [3.0]] {
        let (a, b) = (doubled.model.predict_row(&row)[0], weighted.model.predict_row(&row)[0]);
        assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    }
}

#[test]
fn learning_gets_better_from_round_to_round() {
    let (train_text, validation) = (churn(1, 2000), churn(2, 1000));
    let given = [BINARY.as_slice(), &[("eta", "0.1"), ("eval_metric", "auc,logloss")]].concat();
    let training = learn(&given, &train_text, Some(&validation)).unwrap();
    let losses = values(&training, "train:logloss");
    assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
    let unseen = values(&training, "validation:logloss");
    assert!(unseen[19] < unseen[0] * 0.7, "{unseen:?}");
    assert!(values(&training, "validation:auc")[19] > 0.8);
    assert_eq!(training.metrics.len(), 20 * 4);
}

#[test]
fn every_objective_learns_something() {
    let rows = |label: fn(usize) -> usize| -> String {
        (0..300).map(|row| format!("{},{},{}\n", label(row), row % 6, row % 7)).collect()
    };
    let cases: [(&str, &str, String); 6] = [
        ("reg:squarederror", "rmse", rows(|row| row % 6 * 3)),
        ("reg:logistic", "rmse", rows(|row| usize::from(row % 6 > 2))),
        ("binary:hinge", "error", rows(|row| usize::from(row % 6 > 2))),
        ("count:poisson", "poisson-nloglik", rows(|row| row % 6)),
        ("multi:softmax", "merror", rows(|row| row % 6 / 2)),
        ("multi:softprob", "mlogloss", rows(|row| row % 6 / 2)),
    ];
    for (objective, metric, text) in cases {
        let mut given = vec![("num_round", "20"), ("objective", objective), ("eval_metric", metric)];
        if objective.starts_with("multi") {
            given.push(("num_class", "3"));
        }
        let training = learn(&given, &text, None).unwrap();
        let values = values(&training, &format!("train:{metric}"));
        assert!(values[19] < values[0] || values[19] == 0.0, "{objective}: {values:?}");
        let expected = if objective == "multi:softprob" { 3 } else { 1 };
        assert_eq!(training.model.predict_row(&[1.0, 2.0]).len(), expected);
    }
}

#[test]
fn the_same_seed_gives_the_same_model_and_another_one_does_not() {
    let text = churn(1, 500);
    let sampled = [("subsample", "0.7"), ("colsample_bytree", "0.6"), ("colsample_bylevel", "0.8")];
    let of = |seed: &'static str| {
        let given = [BINARY.as_slice(), &sampled, &[("colsample_bynode", "0.8"), ("seed", seed)]].concat();
        learn(&given, &text, None).unwrap().model
    };
    assert_eq!(of("1"), of("1"));
    assert_ne!(of("1"), of("2"));
}

#[test]
fn the_log_is_the_containers() {
    let mut listener = Listener::default();
    let given = parameters(&[("num_round", "2"), ("max_depth", "1"), ("eval_metric", "rmse,mae")]);
    let channels = Channels { train: Some(channel("0,1\n1,2\n")), validation: Some(channel("1,1\n")) };
    train(&given, channels, &mut listener).unwrap();
    assert_eq!(
        listener.lines,
        [
            "Running XGBoost Sagemaker in algorithm mode",
            "Determined delimiter of CSV input is ','",
            "Determined delimiter of CSV input is ','",
            "Single node training.",
            "Train matrix has 2 rows and 1 columns",
            "Validation matrix has 1 rows",
            "[0]#011train-rmse:0.42500#011train-mae:0.42500#011validation-rmse:0.57500#011validation-mae:0.57500",
            "[1]#011train-rmse:0.36125#011train-mae:0.36125#011validation-rmse:0.63875#011validation-mae:0.63875",
        ]
    );
    assert_eq!(listener.metrics.len(), 8);
    assert_eq!((listener.metrics[7].name.as_str(), listener.metrics[7].round), ("validation:mae", 1));
}

#[test]
fn what_is_no_number_is_logged_as_python_does() {
    assert_eq!([f64::NAN, f64::INFINITY, 0.123_456].map(five_digits), ["nan", "inf", "0.12346"]);
}

#[test]
fn training_ends_early_and_keeps_the_best_round() {
    let (train_text, validation) = (churn(1, 300), churn(2, 300));
    let given = [
        ("num_round", "200"),
        ("objective", "binary:logistic"),
        ("eta", "0.5"),
        ("eval_metric", "error,logloss"),
        ("early_stopping_rounds", "5"),
    ];
    let training = learn(&given, &train_text, Some(&validation)).unwrap();
    let losses = values(&training, "validation:logloss");
    let best = training.best_round.unwrap();
    assert_eq!(losses.len(), best + 6);
    assert!(losses.iter().all(|loss| *loss >= losses[best]));
    assert_eq!(training.model.trees(), best + 1);
    assert_eq!(json(&training)["learner"]["attributes"]["best_iteration"], best.to_string());
}

#[test]
fn early_stopping_with_nothing_to_stop_by_is_said_and_has_no_effect() {
    let last_line = |given: &[(&str, &str)], validation: Option<&str>| {
        let mut listener = Listener::default();
        let given = [[("num_round", "8"), ("early_stopping_rounds", "1")].as_slice(), given].concat();
        let channels = Channels { train: Some(channel("0,1\n1,2\n")), validation: validation.map(channel) };
        let training = train(&parameters(&given), channels, &mut listener).unwrap();
        assert_eq!((training.model.trees(), training.best_round), (8, None));
        listener.lines.into_iter().find(|line| line.starts_with("early")).unwrap()
    };
    assert_eq!(
        last_line(&[("eval_metric", "rmse")], None),
        "early_stopping_rounds has no effect: there is no validation channel"
    );
    assert_eq!(last_line(&[], Some("1,1\n")), "early_stopping_rounds has no effect: eval_metric is not set");
}

#[test]
fn a_job_stops_when_it_is_asked_to() {
    let text = churn(1, 200);
    let stop = |given: &[(&str, &str)], rounds| {
        let mut listener = Listener { rounds: Some(rounds), ..Listener::default() };
        let channels = Channels { train: Some(channel(&text)), validation: None };
        match train(&parameters(given), channels, &mut listener) {
            Err(TrainingError::Stopped { model }) => model.map(|model| model.trees()),
            other => panic!("{other:?}"),
        }
    };
    let keeping = [BINARY.as_slice(), &[("save_model_on_termination", "true")]].concat();
    assert_eq!(stop(&BINARY, 3), None);
    assert_eq!(stop(&keeping, 3), Some(3));
    assert_eq!(stop(&keeping, 0), None);
}

#[test]
fn a_job_without_a_train_channel_fails_in_the_containers_words() {
    let failure = train(&parameters(&BINARY), Channels::default(), &mut ()).unwrap_err();
    assert_eq!(failure.to_string(), "Missing required channel: train");
}

#[test]
fn a_validation_of_other_columns_fails_in_xgboosts_words() {
    let failure = learn(&BINARY, "0,1\n1,2\n", Some("0,1,2\n")).unwrap_err().to_string();
    assert!(failure.starts_with("XGB train call failed with exception:\n Check failed: "), "{failure}");
    assert!(failure.contains("(2 vs. 1) : Number of columns does not match"), "{failure}");
}

#[test]
fn a_metric_of_another_kind_fails_in_xgboosts_words() {
    let given = [("num_round", "1"), ("objective", "multi:softmax"), ("num_class", "3"), ("eval_metric", "rmse")];
    let failure = learn(&given, "0,1\n1,2\n2,3\n", None).unwrap_err().to_string();
    assert!(failure.contains("(9 vs. 3) : label and prediction size not match"), "{failure}");
}

#[test]
fn data_that_says_nothing_gives_a_tree_of_one_leaf() {
    let training = learn(&[("num_round", "2"), ("eta", "1"), ("lambda", "0")], "2,\n4,\n", None).unwrap();
    assert_eq!(training.model.predict_row(&[1.0]), [3.0]);
    assert_eq!(training.model.importance(), [crate::Importance::default()]);
}

#[test]
fn depth_without_a_limit_ends_where_nothing_is_gained() {
    let text: String = (0..64).map(|row| format!("{row},{row}\n")).collect();
    let given = [("num_round", "1"), ("max_depth", "0"), ("eta", "1"), ("lambda", "0"), ("base_score", "0")];
    let training = learn(&given, &text, None).unwrap();
    assert_eq!(values(&training, "train:rmse"), [0.0]);
    let bounded = [given.as_slice(), &[("gamma", "1000")]].concat();
    assert!(values(&learn(&bounded, &text, None).unwrap(), "train:rmse")[0] > 0.0);
}

#[test]
fn a_classification_of_unlike_classes_is_asked_for_its_weights() {
    let text = churn(1, 600);
    let positive = |weight: &'static str| {
        let given = [BINARY.as_slice(), &[("scale_pos_weight", weight)]].concat();
        let model = learn(&given, &text, None).unwrap().model;
        let rows: Vec<String> = text.lines().filter_map(|row| row.split_once(',')).map(|(_, row)| row.into()).collect();
        let predictions = model.predict_csv(&rows.join("\n")).unwrap();
        predictions.values.iter().filter(|probability| **probability > 0.5).count()
    };
    assert!(positive("5") > positive("1"));
}

/// A cell of any kind, numbers at the limits of single precision among them.
fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-3i32..4).prop_map(|number| number.to_string()),
        2 => (-1e3f32..1e3).prop_map(|number| number.to_string()),
        1 => prop_oneof![Just(""), Just("3.4e38"), Just("-3.4e38"), Just("1e-45"), Just("nan")]
            .prop_map(str::to_owned),
    ]
}

/// Mostly a label that every objective takes, a weight, and three columns.
fn any_row() -> impl Strategy<Value = String> {
    let label = prop_oneof![60 => Just("0".to_owned()), 60 => Just("1".to_owned()), 1 => any_cell()];
    let weight = prop_oneof![20 => (0u8..4).prop_map(|weight| weight.to_string()), 1 => Just("1e30".to_owned())];
    (label, weight, any_cell(), any_cell(), any_cell())
        .prop_map(|(label, weight, a, b, c)| format!("{label},{weight},{a},{b},{c}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_table_gives_a_model_that_can_be_kept_or_a_failure(
        rows in prop::collection::vec(any_row(), 1..30),
        objective in 0..Objective::ALL.len(),
        lambda in prop_oneof![Just("0"), Just("1")],
        child in prop_oneof![Just("0"), Just("1")],
        depth in prop_oneof![Just("0"), Just("3")],
        weighted in prop_oneof![Just("0"), Just("1")],
    ) {
        let objective = Objective::ALL[objective];
        let mut given = vec![
            ("num_round", "3"),
            ("objective", objective.name()),
            ("lambda", lambda),
            ("min_child_weight", child),
            ("max_depth", depth),
            ("csv_weights", weighted),
        ];
        if objective.is_multiclass() {
            given.push(("num_class", "4"));
        }
        match learn(&given, &rows.join("\n"), None) {
            Ok(training) => {
                let kept = Model::from_json(&training.model.to_json().unwrap()).unwrap();
                prop_assert_eq!(kept, training.model);
            }
            Err(TrainingError::Failed(failure)) => prop_assert!(!failure.message.is_empty()),
            Err(TrainingError::Stopped { .. }) => prop_assert!(false, "nobody stopped it"),
        }
    }
}

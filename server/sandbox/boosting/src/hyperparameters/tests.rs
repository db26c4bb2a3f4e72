use super::*;

fn parse(given: &[(&str, &str)]) -> Result<Hyperparameters, String> {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Hyperparameters::parse(&given).map_err(|failure| failure.message)
}

fn refusal(name: &str, value: &str) -> String {
    parse(&[("num_round", "1"), (name, value)]).err().unwrap_or_default()
}

#[test]
fn what_is_not_given_has_xgboosts_default() {
    let parsed = parse(&[("num_round", "10")]).unwrap();
    assert_eq!((parsed.num_round, parsed.max_depth, parsed.eta), (10, 6, 0.3));
    assert_eq!((parsed.lambda, parsed.alpha, parsed.gamma, parsed.min_child_weight), (1.0, 0.0, 0.0, 1.0));
    assert_eq!(parsed.objective, Objective::SquaredError);
    assert_eq!(parsed.eval_metric, [Metric::Rmse]);
    assert!(!parsed.eval_metric_given);
    assert_eq!(parsed.groups(), 1);
}

#[test]
fn everything_that_is_computed_is_read() {
    let parsed = parse(&[
        ("num_round", "5"),
        ("max_depth", "3"),
        ("learning_rate", "0.1"),
        ("min_split_loss", "2"),
        ("reg_lambda", "3"),
        ("reg_alpha", "4"),
        ("min_child_weight", "0.5"),
        ("subsample", "0.8"),
        ("colsample_bytree", "0.7"),
        ("colsample_bylevel", "0.6"),
        ("colsample_bynode", "0.5"),
        ("max_delta_step", "1"),
        ("scale_pos_weight", "2.5"),
        ("base_score", "0.25"),
        ("objective", "multi:softprob"),
        ("num_class", "4"),
        ("eval_metric", "merror,mlogloss"),
        ("early_stopping_rounds", "7"),
        ("seed", "-5"),
        ("tree_method", "exact"),
        ("grow_policy", "depthwise"),
        ("csv_weights", "1"),
        ("verbosity", "3"),
        ("save_model_on_termination", "true"),
        ("sagemaker_region", "eu-west-1"),
    ])
    .unwrap();
    assert_eq!((parsed.eta, parsed.gamma, parsed.lambda, parsed.alpha), (0.1, 2.0, 3.0, 4.0));
    assert_eq!((parsed.colsample_bytree, parsed.colsample_bylevel, parsed.colsample_bynode), (0.7, 0.6, 0.5));
    assert_eq!(parsed.eval_metric, [Metric::Merror, Metric::Mlogloss]);
    assert_eq!((parsed.groups(), parsed.seed, parsed.early_stopping_rounds), (4, -5, Some(7)));
    assert!(parsed.csv_weights && parsed.save_model_on_termination && parsed.eval_metric_given);
}

#[test]
fn poisson_bounds_its_steps_unless_told_otherwise() {
    let parsed = parse(&[("num_round", "1"), ("objective", "count:poisson")]).unwrap();
    assert_eq!(parsed.max_delta_step, 0.7);
}

#[test]
fn a_missing_num_round_is_told_in_the_containers_words() {
    assert_eq!(parse(&[]).unwrap_err(), "Missing required hyperparameter: num_round");
}

#[test]
fn an_unknown_name_is_told_in_the_containers_words() {
    assert_eq!(refusal("depth", "1"), "Extraneous hyperparameter found: depth");
    assert_eq!(refusal("silent", "0"), "Extraneous hyperparameter found: silent");
}

#[test]
fn what_is_no_number_is_told_in_the_containers_words() {
    assert_eq!(refusal("eta", "fast"), "Hyperparameter eta: could not parse value (caused by ValueError)");
    assert_eq!(refusal("max_depth", "2.5"), "Hyperparameter max_depth: could not parse value (caused by ValueError)");
}

#[test]
fn what_is_out_of_range_is_told_in_the_containers_words() {
    assert_eq!(refusal("eta", "2"), "Hyperparameter eta: 2.0 is not in [0, 1]");
    assert_eq!(refusal("subsample", "0"), "Hyperparameter subsample: 0.0 is not in (0, 1]");
    assert_eq!(refusal("gamma", "-1"), "Hyperparameter gamma: -1.0 is not in [0, +inf)");
    assert_eq!(refusal("num_class", "1"), "Hyperparameter num_class: 1 is not in [2, +inf)");
    assert_eq!(refusal("verbosity", "4"), "Hyperparameter verbosity: 4 is not in [0, 3]");
    assert_eq!(refusal("seed", "2147483647"), "Hyperparameter seed: 2147483647 is not in (-2147483648, 2147483647)");
    assert_eq!(
        refusal("tree_method", "fast"),
        "Hyperparameter tree_method: fast is not in ['auto', 'exact', 'approx', 'hist', 'gpu_hist']"
    );
    // As it arrives from an SDK that writes texts as JSON.
    let quoted = refusal("objective", "\"reg:squarederror\"");
    assert!(quoted.starts_with("Hyperparameter objective: \"reg:squarederror\" is not in ['aft_loss_distribution', "));
}

#[test]
fn metrics_are_checked_in_the_containers_words() {
    assert!(
        refusal("eval_metric", "rmse,fun")
            .starts_with("Hyperparameter eval_metric: value ['rmse', 'fun'] not in range ['accuracy', 'auc', ")
    );
    assert_eq!(
        refusal("eval_metric", "rmse@2"),
        "Metric 'rmse@2' is not supported. Parameter 'eval_metric' with customized threshold should be one of these \
         options: 'error', 'ndcg', 'map'."
    );
    assert_eq!(refusal("eval_metric", "error@x"), "Threshold value 't' in 'error@t' expects float input.");
    assert_eq!(
        refusal("eval_metric", "auc"),
        "Metric 'auc' can only be applied for classification and ranking problems."
    );
}

#[test]
fn several_classes_need_their_number() {
    assert_eq!(
        refusal("objective", "multi:softmax"),
        "Require input for parameter 'num_class' for multi-classification"
    );
    assert!(refusal("num_class", "3").ends_with("Invalid shape of labels."));
}

#[test]
fn what_xgboost_refuses_is_refused() {
    let logistic = parse(&[("num_round", "1"), ("objective", "binary:logistic"), ("base_score", "1")]);
    assert!(logistic.unwrap_err().ends_with("base_score must be in (0,1) for logistic loss, got: 1"));
    let endless = parse(&[("num_round", "1"), ("max_depth", "0"), ("tree_method", "exact")]);
    assert!(endless.unwrap_err().ends_with("exact tree method doesn't support unlimited depth."));
}

#[test]
fn what_is_not_computed_is_refused_not_ignored() {
    for (name, value) in [
        ("booster", "dart"),
        ("tree_method", "gpu_hist"),
        ("grow_policy", "lossguide"),
        ("objective", "reg:gamma"),
        ("eval_metric", "rmse,f1"),
        ("max_leaves", "8"),
        ("num_parallel_tree", "2"),
        ("monotone_constraints", "(1,0)"),
        ("_kfold", "5"),
        ("num_round", "100001"),
        ("base_score", "inf"),
        ("lambda", "1e39"),
        ("tweedie_variance_power", "1.5"),
    ] {
        let told = refusal(name, value);
        assert!(told.ends_with("valid on AWS, but not computed by the sandbox"), "{name}: {told}");
    }
}

#[test]
fn what_changes_no_model_is_taken() {
    for (name, value) in [("nthread", "4"), ("verbosity", "0"), ("booster", "gbtree"), ("max_bin", "64")] {
        assert_eq!(refusal(name, value), "");
    }
}

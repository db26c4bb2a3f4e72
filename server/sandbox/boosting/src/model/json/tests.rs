use super::*;
use crate::model::archive::{ArchiveError, MODEL_FILE};
use crate::model::predict::PredictError;
use crate::tree::{Node, Tree};
use proptest::prelude::*;
use serde_json::Value;

fn leaf(parent: Option<u32>, value: f32) -> Node {
    Node {
        children: None,
        parent,
        feature: 0,
        condition: value,
        default_left: false,
        gain: 0.0,
        cover: 1.0,
        weight: value,
    }
}

fn model(objective: Objective, num_class: usize) -> Model {
    let root = Node {
        children: Some((1, 2)),
        parent: None,
        feature: 1,
        condition: 0.5,
        default_left: true,
        gain: 2.5,
        cover: 7.0,
        weight: 0.1,
    };
    let tree = Tree { nodes: vec![root, leaf(Some(0), -0.25), leaf(Some(0), 0.75)] };
    Model {
        objective,
        num_class,
        features: 2,
        base_scores: vec![0.5],
        scale_pos_weight: 1.0,
        max_delta_step: if objective == Objective::Poisson { 0.7 } else { 0.0 },
        groups: (0..num_class.max(1)).collect(),
        trees: vec![tree; num_class.max(1)],
        attributes: BTreeMap::new(),
    }
}

/// A tree of any shape, by where each node is split next.
fn any_tree() -> impl Strategy<Value = Tree> {
    let number = || prop::num::f32::NORMAL | prop::num::f32::ZERO | prop::num::f32::SUBNORMAL;
    let node = (any::<prop::sample::Index>(), 0..4u32, number(), any::<bool>(), number(), number(), number());
    prop::collection::vec(node, 0..12).prop_map(|splits| {
        let mut nodes = vec![leaf(None, 0.5)];
        for (place, feature, condition, default_left, gain, cover, weight) in splits {
            let leaves: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].children.is_none()).collect();
            let at = leaves[place.index(leaves.len())];
            let next = nodes.len() as u32;
            let parent = nodes[at].parent;
            let children = Some((next, next + 1));
            nodes[at] = Node { children, parent, feature, condition, default_left, gain, cover, weight };
            nodes.push(leaf(Some(at as u32), condition));
            nodes.push(leaf(Some(at as u32), weight));
        }
        Tree { nodes }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        trees in prop::collection::vec(any_tree(), 1..5),
        scores in prop::collection::vec(0.01f32..0.99, 3),
        class in 0..Objective::ALL.len(),
        step in 0.0f32..2.0,
    ) {
        let objective = Objective::ALL[class];
        let mut written = model(objective, if objective.is_multiclass() { 3 } else { 0 });
        written.features = 4;
        written.groups = (0..trees.len()).map(|tree| tree % written.num_class.max(1)).collect();
        written.trees = trees;
        written.base_scores = if objective.is_multiclass() { scores } else { vec![scores[0]] };
        if objective == Objective::Poisson {
            written.max_delta_step = step;
        }
        let read = Model::from_json(&written.to_json().unwrap()).unwrap();
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(Model::from_archive(written.to_archive().unwrap().as_slice()).unwrap(), written);
    }

    #[test]
    fn nothing_that_is_read_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Model::from_json(&bytes).is_err());
        prop_assert!(Model::from_archive(bytes.as_slice()).is_err());
    }

    #[test]
    fn a_request_of_any_text_is_answered_or_refused(text in "[0-9,.;\\-\\n e]{0,60}") {
        let model = model(Objective::BinaryLogistic, 0);
        let rows = text.trim_matches(['\n', '\r', ' ']).lines().count();
        if let Ok(predictions) = model.predict_csv(&text) {
            prop_assert_eq!(predictions.rows().count(), rows);
        }
    }
}

fn changed(pointer: &str, value: Value) -> Result<Model, String> {
    let mut json: Value = serde_json::from_slice(&model(Objective::BinaryLogistic, 0).to_json().unwrap()).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    Model::from_json(&serde_json::to_vec(&json).unwrap()).map_err(|e| e.to_string())
}

const TREE: &str = "/learner/gradient_booster/model/trees/0";

#[test]
fn a_model_of_another_kind_is_refused() {
    let refused = |pointer: &str, value: &str| changed(pointer, value.into()).unwrap_err();
    assert_eq!(
        refused("/learner/gradient_booster/name", "gblinear"),
        "the sandbox can't serve a model with the booster `gblinear`"
    );
    assert_eq!(
        refused("/learner/objective/name", "rank:map"),
        "the sandbox can't serve a model with the objective `rank:map`"
    );
    assert_eq!(
        refused("/learner/learner_model_param/num_target", "2"),
        "the sandbox can't serve a model with several targets"
    );
    let categories = changed(&format!("{TREE}/split_type/0"), 1.into()).unwrap_err();
    assert_eq!(categories, "the sandbox can't serve a model with splits by categories");
}

#[test]
fn a_model_that_contradicts_itself_is_refused() {
    for (place, value) in [
        ("left_children/0", Value::from(9)),
        ("left_children/0", Value::from(-1)),
        ("left_children/0", Value::from(0)),
        ("left_children/0", Value::from(2)),
        ("split_indices/0", Value::from(2)),
        ("split_conditions", Value::from(vec![0.5])),
        ("left_children", Value::Array(Vec::new())),
    ] {
        let refused = changed(&format!("{TREE}/{place}"), value.clone());
        assert!(refused.is_err_and(|e| e.starts_with("the model is broken: tree 0: ")), "{place} {value}");
    }
    assert!(changed("/learner/learner_model_param/base_score", "high".into()).is_err_and(|e| e.contains("base_score")));
    assert!(
        changed("/learner/learner_model_param/base_score", "[1,2]".into()).is_err_and(|e| e.contains("base_score"))
    );
    assert!(changed("/learner/learner_model_param/num_class", "3".into()).is_err());
    assert!(changed("/learner/gradient_booster/model/tree_info/0", 1.into()).is_err_and(|e| e.contains("tree_info")));
    assert!(Model::from_json(b"{}").is_err_and(|e| e.to_string() == "the model isn't XGBoost's JSON"));
}

#[test]
fn truth_values_of_older_models_are_read() {
    let read = changed(&format!("{TREE}/default_left"), Value::from(vec![true, false, false])).unwrap();
    assert_eq!(read, model(Objective::BinaryLogistic, 0));
}

#[test]
fn rows_find_their_leaf() {
    let model = model(Objective::SquaredError, 0);
    assert_eq!(model.predict_row(&[9.0, 0.4]), [0.25]);
    assert_eq!(model.predict_row(&[9.0, 0.5]), [1.25]);
    assert_eq!(model.predict_row(&[9.0, f32::NAN]), [0.25]);
}

#[test]
fn a_request_is_text_with_commas() {
    let model = model(Objective::SquaredError, 0);
    assert_eq!(model.predict_csv("9,0.4\n9,0.5\r\n,\n").unwrap().to_csv(), "0.25,1.25,0.25");
    assert_eq!(model.predict_csv("\u{feff}9;0.5").unwrap().values, [1.25]);
}

#[test]
fn a_request_of_other_columns_is_told_in_the_containers_words() {
    let refused = model(Objective::SquaredError, 0).predict_csv("1,2,3,4,5").unwrap_err();
    assert_eq!(refused, PredictError::Features { sent: 5, trained: 2 });
    assert_eq!(refused.status(), 400);
    assert_eq!(
        refused.to_string(),
        "Unable to evaluate payload provided: Feature size of csv inference data 5 is not consistent with feature size \
         of trained model 2."
    );
    assert!(model(Objective::SquaredError, 0).predict_csv("1").is_err_and(|e| e.status() == 400));
}

#[test]
fn a_request_of_text_is_told_in_the_containers_words() {
    let refused = model(Objective::SquaredError, 0).predict_csv("1,abc").unwrap_err();
    assert_eq!(refused.status(), 415);
    assert_eq!(
        refused.to_string(),
        "Loading csv data failed with Exception, please ensure data is in csv format:\n <class 'ValueError'>\n could \
         not convert string to float: 'abc'"
    );
    assert!(model(Objective::SquaredError, 0).predict_csv("1,2\n3").is_err_and(|e| e.status() == 415));
}

#[test]
fn an_archive_is_the_same_each_time_and_holds_the_containers_file() {
    let model = model(Objective::Softprob, 3);
    let archive = model.to_archive().unwrap();
    assert_eq!(archive, model.to_archive().unwrap());
    let mut entries = tar::Archive::new(flate2::read::GzDecoder::new(archive.as_slice()));
    let names: Vec<String> =
        entries.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
    assert_eq!(names, [MODEL_FILE]);
}

#[test]
fn an_archive_without_a_model_is_refused() {
    let empty = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let empty = empty.into_inner().unwrap().finish().unwrap();
    assert!(matches!(Model::from_archive(empty.as_slice()), Err(ArchiveError::NoModel)));
    assert!(matches!(Model::from_archive(b"PK\x03\x04".as_slice()), Err(ArchiveError::Unreadable(_))));
}

//! XGBoost's JSON model: written so that XGBoost 1.7 and later load it, and read as XGBoost 1.0 to 3 write it, where it is
//! one of trees and splits by numbers.
//! <https://xgboost.readthedocs.io/en/release_1.7.0/tutorials/saving_model.html>
//!
//! Most numbers are texts there, and a tree is a list for each of its nodes' properties.

mod trees;

use super::Model;
use crate::objective::Objective;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trees::TreeJson;

/// The version that is written.
const VERSION: [u32; 3] = [1, 7, 6];

/// Why something is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It isn't JSON of this form.
    #[error("the model isn't XGBoost's JSON")]
    Json(#[from] serde_json::Error),
    /// It is a model of another kind.
    #[error("the sandbox can't serve a model with {0}")]
    Unsupported(String),
    /// It contradicts itself.
    #[error("the model is broken: {0}")]
    Broken(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    learner: Learner,
    version: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
    #[serde(default)]
    feature_types: Vec<String>,
    gradient_booster: Booster,
    learner_model_param: LearnerParam,
    objective: ObjectiveJson,
}

#[derive(Serialize, Deserialize)]
struct Booster {
    /// A booster of another kind has another form.
    model: Option<Trees>,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Trees {
    gbtree_model_param: TreesParam,
    tree_info: Vec<usize>,
    trees: Vec<TreeJson>,
}

#[derive(Serialize, Deserialize)]
struct TreesParam {
    num_parallel_tree: String,
    num_trees: String,
    #[serde(default = "zero")]
    size_leaf_vector: String,
}

#[derive(Serialize, Deserialize)]
struct LearnerParam {
    base_score: String,
    #[serde(default = "one")]
    boost_from_average: String,
    num_class: String,
    num_feature: String,
    #[serde(default = "one")]
    num_target: String,
}

#[derive(Serialize, Deserialize)]
struct ObjectiveJson {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reg_loss_param: Option<RegLossParam>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    poisson_regression_param: Option<PoissonParam>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    softmax_multiclass_param: Option<SoftmaxParam>,
}

#[derive(Serialize, Deserialize)]
struct RegLossParam {
    scale_pos_weight: String,
}

#[derive(Serialize, Deserialize)]
struct PoissonParam {
    max_delta_step: String,
}

#[derive(Serialize, Deserialize)]
struct SoftmaxParam {
    num_class: String,
}

fn zero() -> String {
    "0".to_owned()
}

fn one() -> String {
    "1".to_owned()
}

/// One score, or as XGBoost 3 writes it a list with one for each margin.
fn base_scores(text: &str, groups: usize) -> Result<Vec<f32>, ModelError> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let mut scores =
        bare.split(',').map(|score| number("base_score", score.trim())).collect::<Result<Vec<f32>, _>>()?;
    if scores.iter().all(|score| *score == scores[0]) {
        scores.truncate(1);
    }
    if scores.len() != 1 && scores.len() != groups {
        return Err(ModelError::Broken(format!("`base_score` is `{text}`")));
    }
    Ok(scores)
}

/// XGBoost 1.7 takes one score only, so that one is written where there is one.
fn written(scores: &[f32]) -> String {
    let texts: Vec<String> = scores.iter().map(|score| format!("{score:E}")).collect();
    if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(",")) }
}

/// A number that the model has as a text.
fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, ModelError> {
    text.parse().map_err(|_| ModelError::Broken(format!("`{name}` is `{text}`")))
}

impl ObjectiveJson {
    fn of(model: &Model) -> Self {
        let mut json = Self {
            name: model.objective.name().to_owned(),
            reg_loss_param: None,
            poisson_regression_param: None,
            softmax_multiclass_param: None,
        };
        match model.objective {
            Objective::SquaredError | Objective::RegLogistic | Objective::BinaryLogistic => {
                json.reg_loss_param = Some(RegLossParam { scale_pos_weight: model.scale_pos_weight.to_string() });
            }
            Objective::Poisson => {
                json.poisson_regression_param = Some(PoissonParam { max_delta_step: model.max_delta_step.to_string() });
            }
            Objective::Softmax | Objective::Softprob => {
                json.softmax_multiclass_param = Some(SoftmaxParam { num_class: model.num_class.to_string() });
            }
            Objective::Hinge => {}
        }
        json
    }
}

impl Model {
    /// Writes XGBoost's JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let trees = self.trees.iter().enumerate().map(|(id, tree)| TreeJson::of(id, tree, self.features));
        let model = Trees {
            gbtree_model_param: TreesParam {
                num_parallel_tree: one(),
                num_trees: self.trees.len().to_string(),
                size_leaf_vector: zero(),
            },
            tree_info: self.groups.clone(),
            trees: trees.collect(),
        };
        let learner = Learner {
            attributes: self.attributes.clone(),
            feature_names: Vec::new(),
            feature_types: Vec::new(),
            gradient_booster: Booster { model: Some(model), name: "gbtree".to_owned() },
            learner_model_param: LearnerParam {
                base_score: written(&self.base_scores),
                // The score is given, not to be made up from the data of a further training.
                boost_from_average: zero(),
                num_class: self.num_class.to_string(),
                num_feature: self.features.to_string(),
                num_target: one(),
            },
            objective: ObjectiveJson::of(self),
        };
        serde_json::to_vec(&Document { learner, version: VERSION.to_vec() })
    }

    /// Reads XGBoost's JSON.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ModelError> {
        let learner = serde_json::from_slice::<Document>(bytes)?.learner;
        let name = &learner.gradient_booster.name;
        let trees = learner.gradient_booster.model.filter(|_| name == "gbtree");
        let trees = trees.ok_or_else(|| ModelError::Unsupported(format!("the booster `{name}`")))?;
        let objective = Objective::parse(&learner.objective.name)
            .ok_or_else(|| ModelError::Unsupported(format!("the objective `{}`", learner.objective.name)))?;
        let param = learner.learner_model_param;
        let features = number("num_feature", &param.num_feature)?;
        let num_class: usize = number("num_class", &param.num_class)?;
        if number::<usize>("num_target", &param.num_target)? > 1 {
            return Err(ModelError::Unsupported("several targets".to_owned()));
        }
        if objective.is_multiclass() != (num_class > 1) {
            return Err(ModelError::Broken(format!("`{}` with {num_class} classes", objective.name())));
        }
        if trees.tree_info.len() != trees.trees.len() || trees.tree_info.iter().any(|group| *group >= num_class.max(1))
        {
            return Err(ModelError::Broken("`tree_info` doesn't fit the trees".to_owned()));
        }
        let of = |text: Option<String>, name: &str| text.map_or(Ok(1.0), |text| number(name, &text));
        let scale_pos_weight = learner.objective.reg_loss_param.map(|param| param.scale_pos_weight);
        let max_delta_step = learner.objective.poisson_regression_param.map(|param| param.max_delta_step);
        Ok(Self {
            objective,
            num_class: if objective.is_multiclass() { num_class } else { 0 },
            features,
            base_scores: base_scores(&param.base_score, num_class.max(1))?,
            scale_pos_weight: of(scale_pos_weight, "scale_pos_weight")?,
            max_delta_step: match max_delta_step {
                Some(text) => number("max_delta_step", &text)?,
                None => 0.0,
            },
            groups: trees.tree_info,
            trees: trees.trees.iter().map(|tree| tree.read(features)).collect::<Result<_, _>>()?,
            attributes: learner.attributes,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

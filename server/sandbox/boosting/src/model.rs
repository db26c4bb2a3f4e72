//! A trained model: trees and what to make of their sums. Saved and loaded in XGBoost's own JSON ([`json`]), alone or in
//! a `model.tar.gz` ([`archive`]); asked for predictions ([`predict`]) and for what its columns are worth
//! ([`importance`]).

pub(crate) mod archive;
pub(crate) mod importance;
pub(crate) mod json;
pub(crate) mod predict;

use crate::hyperparameters::Hyperparameters;
use crate::objective::Objective;
use crate::tree::Tree;
use std::collections::BTreeMap;

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    objective: Objective,
    /// Classes, 0 unless the objective has several.
    num_class: usize,
    features: usize,
    /// One for all margins, or one for each.
    base_scores: Vec<f32>,
    scale_pos_weight: f32,
    max_delta_step: f32,
    /// The trees of a round beside each other, one a group.
    trees: Vec<Tree>,
    /// The group that each tree adds to.
    groups: Vec<usize>,
    attributes: BTreeMap<String, String>,
}

impl Model {
    /// A model without a tree.
    pub(crate) fn new(parameters: &Hyperparameters, features: usize) -> Self {
        Self {
            objective: parameters.objective,
            num_class: parameters.num_class,
            features,
            base_scores: vec![parameters.base_score],
            scale_pos_weight: parameters.scale_pos_weight,
            max_delta_step: parameters.max_delta_step,
            trees: Vec::new(),
            groups: Vec::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// Adds a tree for the group whose turn it is.
    pub(crate) fn push(&mut self, tree: Tree) {
        self.groups.push(self.trees.len() % self.width());
        self.trees.push(tree);
    }

    /// Drops what came after the best round, and notes which one it was.
    pub(crate) fn keep_best(&mut self, round: usize, score: f64) {
        self.trees.truncate((round + 1) * self.width());
        self.groups.truncate(self.trees.len());
        let note = [
            ("best_iteration", round.to_string()),
            ("best_ntree_limit", (round + 1).to_string()),
            ("best_score", score.to_string()),
        ];
        self.attributes.extend(note.map(|(name, value)| (name.to_owned(), value)));
    }

    /// What it has learned.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// Columns of a row, without the label.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Classes; 0 unless the objective has several.
    pub fn num_class(&self) -> usize {
        self.num_class
    }

    /// How many trees it has, those of all classes together.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Margins a row.
    fn width(&self) -> usize {
        self.num_class.max(1)
    }
}

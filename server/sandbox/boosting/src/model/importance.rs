//! What a model's columns are worth, by XGBoost's definitions of importance.
//! <https://xgboost.readthedocs.io/en/release_1.7.0/python/python_api.html#xgboost.Booster.get_score>

use super::Model;

/// What a column is worth to a model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Importance {
    /// Splits by this column.
    pub weight: usize,
    /// The mean gain of a split by it.
    pub gain: f64,
    /// The mean sum of second derivatives that a split by it divides.
    pub cover: f64,
}

impl Model {
    /// One for each column. A column that decides nothing has zeros.
    pub fn importance(&self) -> Vec<Importance> {
        let mut all = vec![Importance::default(); self.features];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes).filter(|node| node.children.is_some()) {
            if let Some(of) = all.get_mut(node.feature as usize) {
                of.weight += 1;
                of.gain += f64::from(node.gain);
                of.cover += f64::from(node.cover);
            }
        }
        for of in all.iter_mut().filter(|of| of.weight > 0) {
            of.gain /= of.weight as f64;
            of.cover /= of.weight as f64;
        }
        all
    }
}

//! One tree in XGBoost's JSON.

use super::ModelError;
use crate::tree::{Node, Tree};
use serde::{Deserialize, Serialize};

/// The parent of a root.
const NO_PARENT: i64 = 2_147_483_647;

/// A list for each property of nodes.
#[derive(Serialize, Deserialize)]
pub(super) struct TreeJson {
    base_weights: Vec<f32>,
    #[serde(default)]
    categories: Vec<u32>,
    #[serde(default)]
    categories_nodes: Vec<u32>,
    #[serde(default)]
    categories_segments: Vec<u32>,
    #[serde(default)]
    categories_sizes: Vec<u32>,
    default_left: Vec<Flag>,
    id: usize,
    left_children: Vec<i64>,
    loss_changes: Vec<f32>,
    parents: Vec<i64>,
    right_children: Vec<i64>,
    split_conditions: Vec<f32>,
    split_indices: Vec<u32>,
    #[serde(default)]
    split_type: Vec<u8>,
    sum_hessian: Vec<f32>,
    tree_param: TreeParam,
}

#[derive(Serialize, Deserialize)]
struct TreeParam {
    num_deleted: String,
    num_feature: String,
    num_nodes: String,
    size_leaf_vector: String,
}

/// Yes or no: a number since XGBoost 1.6, before it a truth value.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Flag {
    Number(u8),
    Truth(bool),
}

impl Flag {
    fn is_set(&self) -> bool {
        matches!(self, Self::Number(1..) | Self::Truth(true))
    }
}

impl TreeJson {
    pub fn of(id: usize, tree: &Tree, features: usize) -> Self {
        let nodes = &tree.nodes;
        let child = |pick: fn((u32, u32)) -> u32| {
            nodes.iter().map(|node| node.children.map_or(-1, |children| i64::from(pick(children)))).collect()
        };
        Self {
            base_weights: nodes.iter().map(|node| node.weight).collect(),
            categories: Vec::new(),
            categories_nodes: Vec::new(),
            categories_segments: Vec::new(),
            categories_sizes: Vec::new(),
            default_left: nodes.iter().map(|node| Flag::Number(u8::from(node.default_left))).collect(),
            id,
            left_children: child(|(left, _)| left),
            loss_changes: nodes.iter().map(|node| node.gain).collect(),
            parents: nodes.iter().map(|node| node.parent.map_or(NO_PARENT, i64::from)).collect(),
            right_children: child(|(_, right)| right),
            split_conditions: nodes.iter().map(|node| node.condition).collect(),
            split_indices: nodes.iter().map(|node| node.feature).collect(),
            split_type: vec![0; nodes.len()],
            sum_hessian: nodes.iter().map(|node| node.cover).collect(),
            tree_param: TreeParam {
                num_deleted: "0".to_owned(),
                num_feature: features.to_string(),
                num_nodes: nodes.len().to_string(),
                size_leaf_vector: "0".to_owned(),
            },
        }
    }

    pub fn read(&self, features: usize) -> Result<Tree, ModelError> {
        if self.split_type.iter().any(|kind| *kind != 0) || !self.categories.is_empty() {
            return Err(ModelError::Unsupported("splits by categories".to_owned()));
        }
        let nodes = (0..self.left_children.len()).map(|at| self.node(at, features));
        let nodes = nodes.collect::<Option<Vec<Node>>>().ok_or_else(|| self.broken("a node doesn't fit the others"))?;
        let tree = Tree { nodes };
        if !ends(&tree) {
            return Err(self.broken("it isn't a tree"));
        }
        Ok(tree)
    }

    fn broken(&self, why: &str) -> ModelError {
        ModelError::Broken(format!("tree {}: {why}", self.id))
    }

    fn node(&self, at: usize, features: usize) -> Option<Node> {
        let (left, right) = (*self.left_children.get(at)?, *self.right_children.get(at)?);
        let feature = *self.split_indices.get(at)?;
        let children = if left < 0 && right < 0 {
            None
        } else {
            let exists = |child: i64| usize::try_from(child).is_ok_and(|child| child < self.left_children.len());
            if !exists(left) || !exists(right) || feature as usize >= features {
                return None;
            }
            Some((u32::try_from(left).ok()?, u32::try_from(right).ok()?))
        };
        Some(Node {
            children,
            parent: Some(*self.parents.get(at)?).filter(|p| *p != NO_PARENT).and_then(|p| u32::try_from(p).ok()),
            feature,
            condition: *self.split_conditions.get(at)?,
            default_left: self.default_left.get(at)?.is_set(),
            gain: *self.loss_changes.get(at)?,
            cover: *self.sum_hessian.get(at)?,
            weight: *self.base_weights.get(at)?,
        })
    }
}

/// Whether every way down from the root ends, and no node is reached twice.
fn ends(tree: &Tree) -> bool {
    let mut seen = vec![false; tree.nodes.len()];
    let mut open = vec![0usize];
    while let Some(at) = open.pop() {
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => return false,
        }
        if let Some((left, right)) = tree.nodes[at].children {
            open.extend([left as usize, right as usize]);
        }
    }
    true
}

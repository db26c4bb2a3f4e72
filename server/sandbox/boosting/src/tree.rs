//! One tree, as it is grown, saved and walked.

pub(crate) mod grow;
pub(crate) mod split;

/// What decides at a node, or what a leaf adds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The nodes that follow, left and right; none after a leaf.
    pub children: Option<(u32, u32)>,
    /// The node above; the root has none.
    pub parent: Option<u32>,
    /// The column that is looked at.
    pub feature: u32,
    /// A row goes left when its value is smaller. In a leaf it is what the leaf adds to the margin.
    pub condition: f32,
    /// Where a row goes whose value is missing.
    pub default_left: bool,
    /// What the split gained.
    pub gain: f32,
    /// The sum of second derivatives.
    pub cover: f32,
    /// The weight that the node has, or would have as a leaf.
    pub weight: f32,
}

/// Nodes, the root first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Tree {
    pub nodes: Vec<Node>,
}

impl Tree {
    /// What the tree adds for a row: columns that the row doesn't have are missing.
    pub fn value(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            let Some((left, right)) = node.children else { return node.condition };
            let value = row.get(node.feature as usize).copied().unwrap_or(f32::NAN);
            let goes_left = if value.is_nan() { node.default_left } else { value < node.condition };
            at = if goes_left { left } else { right } as usize;
        }
        0.0
    }
}

//! Growing one tree, level by level, from bins.
//!
//! The sums of derivatives in each bin decide; of two children only the one of fewer rows is summed up, the other is
//! what its parent has more. Rows keep their order within a node, so that sums are the same each time.

use super::split::{Regularization, Split, Sums};
use super::{Node, Tree};
use crate::data::bins::{Binned, Cuts};
use crate::hyperparameters::Hyperparameters;
use crate::objective::Gradient;
use crate::random::Random;
use std::ops::Range;

/// What sums of the nodes of one level may take, in bytes; beyond it a node's are made when they are needed.
const BUDGET: usize = 64 << 20;

/// What a tree is grown from.
pub(crate) struct Soil<'a> {
    pub data: &'a Binned,
    pub cuts: &'a [Cuts],
    pub parameters: &'a Hyperparameters,
    /// One a row.
    pub gradients: &'a [Gradient],
}

/// A tree, with what it takes to walk it by bins.
#[derive(Debug)]
pub(crate) struct Grown {
    pub tree: Tree,
    /// The last bin that goes left, by node; no value does where there is none.
    bins: Vec<Option<u8>>,
    /// The bin of missing values, by column.
    missing: Vec<u8>,
}

impl Grown {
    /// What the tree adds for a row.
    pub fn value(&self, data: &Binned, row: usize) -> f32 {
        let mut at = 0;
        loop {
            let node = &self.tree.nodes[at];
            let Some((left, right)) = node.children else { return node.condition };
            let feature = node.feature as usize;
            let bin = data.columns[feature][row];
            at = if goes_left(bin, self.missing[feature], self.bins[at], node.default_left) { left } else { right }
                as usize;
        }
    }
}

/// In single precision, and a number that JSON can have: labels near its limits would otherwise make others.
fn finite(value: f64) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32 }
}

fn goes_left(bin: u8, missing: u8, last: Option<u8>, default_left: bool) -> bool {
    if bin == missing { default_left } else { last.is_some_and(|last| bin <= last) }
}

/// A node that may yet be split.
struct Bud {
    node: usize,
    rows: Range<usize>,
    sums: Sums,
    /// The sums in its bins, if somebody has made them already.
    bins: Option<Vec<Sums>>,
}

struct Grower<'a> {
    soil: &'a Soil<'a>,
    rules: Regularization,
    /// Where a column's bins begin.
    offsets: Vec<usize>,
    /// The tree's share of the columns.
    columns: Vec<usize>,
    /// Rows by node.
    rows: Vec<u32>,
    aside: Vec<u32>,
    gathered: Vec<Gradient>,
    grown: Grown,
}

/// Grows a tree from some rows, which rise. Nothing comes of it if `stopped` says so between two levels.
pub(crate) fn grow(
    soil: &Soil<'_>,
    rows: Vec<u32>,
    random: &mut Random,
    stopped: &mut dyn FnMut() -> bool,
) -> Option<Grown> {
    let parameters = soil.parameters;
    let all: Vec<usize> = (0..soil.cuts.len()).collect();
    let columns = random.share(&all, parameters.colsample_bytree);
    let mut offsets = vec![0];
    for cuts in soil.cuts {
        offsets.push(offsets[offsets.len() - 1] + cuts.upper.len() + 1);
    }
    let missing = soil.cuts.iter().map(Cuts::missing).collect();
    let grown = Grown { tree: Tree::default(), bins: Vec::new(), missing };
    let rules = Regularization::new(parameters);
    let mut grower = Grower { soil, rules, offsets, columns, rows, aside: Vec::new(), gathered: Vec::new(), grown };
    let mut level = vec![grower.root()];
    let mut depth = 0;
    while !level.is_empty() && (parameters.max_depth == 0 || depth < parameters.max_depth) {
        if stopped() {
            return None;
        }
        depth += 1;
        let is_last = depth == parameters.max_depth;
        level = grower.next_level(level, random, is_last);
    }
    Some(grower.grown)
}

impl Grower<'_> {
    fn root(&mut self) -> Bud {
        let mut sums = Sums::default();
        for row in &self.rows {
            let gradient = self.soil.gradients[*row as usize];
            sums += Sums { g: f64::from(gradient.g), h: f64::from(gradient.h) };
        }
        let node = self.add(None, sums);
        // A root's own weight isn't shrunk, whether it is a leaf or not.
        self.grown.tree.nodes[node].weight = finite(self.rules.weight(sums));
        Bud { node, rows: 0..self.rows.len(), sums, bins: None }
    }

    /// Adds a leaf. As in XGBoost a leaf's weight has `eta` in it, and an inner node's doesn't.
    fn add(&mut self, parent: Option<usize>, sums: Sums) -> usize {
        let value = finite(self.rules.weight(sums)) * self.soil.parameters.eta;
        self.grown.tree.nodes.push(Node {
            children: None,
            parent: parent.map(|parent| parent as u32),
            feature: 0,
            condition: value,
            default_left: false,
            gain: 0.0,
            cover: finite(sums.h),
            weight: value,
        });
        self.grown.bins.push(None);
        self.grown.tree.nodes.len() - 1
    }

    fn next_level(&mut self, level: Vec<Bud>, random: &mut Random, is_last: bool) -> Vec<Bud> {
        let parameters = self.soil.parameters;
        let columns = random.share(&self.columns, parameters.colsample_bylevel);
        let affordable = BUDGET / (self.size() * size_of::<Sums>()).max(1);
        let mut next = Vec::new();
        for mut bud in level {
            let bins = bud.bins.take().unwrap_or_else(|| self.sum_up(bud.rows.clone()));
            let columns = random.share(&columns, parameters.colsample_bynode);
            let split = self
                .rules
                .best_split(bud.sums, &columns, |feature| &bins[self.offsets[feature]..self.offsets[feature + 1]]);
            let Some(split) = split else { continue };
            let Some(children) = self.split(&bud, &split) else { continue };
            if is_last {
                continue;
            }
            let keep = next.len() + 2 <= affordable;
            next.extend(if keep { self.with_bins(children, bins) } else { children });
        }
        next
    }

    /// How many bins there are.
    fn size(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Makes a leaf into a node with two leaves, unless one of them would have no row.
    fn split(&mut self, bud: &Bud, split: &Split) -> Option<[Bud; 2]> {
        let middle = self.partition(bud, split);
        if middle == bud.rows.start || middle == bud.rows.end {
            return None;
        }
        let left = self.add(Some(bud.node), split.left);
        let right = self.add(Some(bud.node), split.right);
        let cuts = &self.soil.cuts[split.feature];
        let node = &mut self.grown.tree.nodes[bud.node];
        node.children = Some((left as u32, right as u32));
        node.feature = split.feature as u32;
        node.condition = split.bin.map_or(cuts.lower, |bin| cuts.upper[usize::from(bin)]);
        node.default_left = split.default_left;
        node.gain = finite(split.gain);
        node.weight = finite(self.rules.weight(bud.sums));
        self.grown.bins[bud.node] = split.bin;
        Some([
            Bud { node: left, rows: bud.rows.start..middle, sums: split.left, bins: None },
            Bud { node: right, rows: middle..bud.rows.end, sums: split.right, bins: None },
        ])
    }

    /// Puts the rows that go left before the others, each side in its order; where the others begin.
    fn partition(&mut self, bud: &Bud, split: &Split) -> usize {
        let column = &self.soil.data.columns[split.feature];
        let missing = self.grown.missing[split.feature];
        self.aside.clear();
        let rows = &mut self.rows[bud.rows.clone()];
        let mut kept = 0;
        for place in 0..rows.len() {
            let row = rows[place];
            if goes_left(column[row as usize], missing, split.bin, split.default_left) {
                rows[kept] = row;
                kept += 1;
            } else {
                self.aside.push(row);
            }
        }
        rows[kept..].copy_from_slice(&self.aside);
        bud.rows.start + kept
    }

    /// Sums up the child of fewer rows, and takes its sums off its parent's for the other.
    fn with_bins(&mut self, [mut left, mut right]: [Bud; 2], mut parent: Vec<Sums>) -> [Bud; 2] {
        let (few, many) =
            if left.rows.len() <= right.rows.len() { (&mut left, &mut right) } else { (&mut right, &mut left) };
        let bins = self.sum_up(few.rows.clone());
        for (of_parent, of_child) in parent.iter_mut().zip(&bins) {
            *of_parent = *of_parent - *of_child;
        }
        few.bins = Some(bins);
        many.bins = Some(parent);
        [left, right]
    }

    fn sum_up(&mut self, rows: Range<usize>) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); self.size()];
        let rows = &self.rows[rows];
        self.gathered.clear();
        self.gathered.extend(rows.iter().map(|row| self.soil.gradients[*row as usize]));
        for feature in &self.columns {
            let column = &self.soil.data.columns[*feature];
            let bins = &mut sums[self.offsets[*feature]..self.offsets[*feature + 1]];
            for (row, gradient) in rows.iter().zip(&self.gathered) {
                let bin = &mut bins[usize::from(column[*row as usize])];
                bin.g += f64::from(gradient.g);
                bin.h += f64::from(gradient.h);
            }
        }
        sums
    }
}

//! The order in which resources are deployed.
//!
//! Source: CloudFormation template reference, "DependsOn attribute"; resources that don't depend on each other are
//! deployed side by side.

use crate::graph::{Graph, layers};
use std::collections::{BTreeMap, BTreeSet};

/// What depends on what, of the resources that the conditions let be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    layers: Vec<Vec<String>>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Order {
    /// The error is the names on cycles.
    pub(crate) fn new<'a>(names: &[&'a str], graph: &Graph<'a>) -> Result<Self, Vec<&'a str>> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let layers = layers(names, graph)?;
        let dependencies = names
            .iter()
            .map(|name| {
                let needed = graph.get(name).into_iter().flatten().filter(|needed| names.contains(needed));
                ((*name).to_owned(), needed.map(|needed| (*needed).to_owned()).collect())
            })
            .collect();
        Ok(Self { layers: layers.iter().map(|layer| owned(layer)).collect(), dependencies })
    }

    /// Layers to deploy one after the other; the resources of a layer can be deployed side by side.
    pub fn layers(&self) -> &[Vec<String>] {
        &self.layers
    }

    /// Layers to delete one after the other: nothing is deleted before what depends on it.
    pub fn deletion(&self) -> impl Iterator<Item = &[String]> {
        self.layers.iter().rev().map(Vec::as_slice)
    }

    /// What a resource waits for.
    pub fn dependencies(&self, logical_id: &str) -> impl Iterator<Item = &str> {
        self.dependencies.get(logical_id).into_iter().flatten().map(String::as_str)
    }

    /// All resources, each after those it depends on.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.layers.iter().flatten().map(String::as_str)
    }
}

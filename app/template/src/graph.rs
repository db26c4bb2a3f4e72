//! A graph of names: layers without edges inside, and what stands in the way of them.

use std::collections::{BTreeMap, BTreeSet};

/// Each name with the names it depends on.
pub(crate) type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Names in layers: each depends only on names of earlier layers. Within a layer they are in the order of `names`.
///
/// The error is the names on cycles, and on ways between cycles.
pub(crate) fn layers<'a>(names: &[&'a str], graph: &Graph<'a>) -> Result<Vec<Vec<&'a str>>, Vec<&'a str>> {
    let known: BTreeSet<&str> = names.iter().copied().collect();
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let needs = graph.get(name).into_iter().flatten().filter(|needed| known.contains(*needed));
        let mut count = 0;
        for needed in needs {
            dependents.entry(needed).or_default().push(name);
            count += 1;
        }
        waiting.insert(name, count);
    }
    let place: BTreeMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    let mut layers = Vec::new();
    let mut ready: Vec<&str> = names.iter().copied().filter(|name| waiting.get(name) == Some(&0)).collect();
    let mut done = 0;
    while !ready.is_empty() {
        done += ready.len();
        let mut next = Vec::new();
        for name in &ready {
            for dependent in dependents.get(name).into_iter().flatten() {
                if let Some(count) = waiting.get_mut(dependent) {
                    *count -= 1;
                    if *count == 0 {
                        next.push(*dependent);
                    }
                }
            }
        }
        next.sort_by_key(|name| place.get(name));
        layers.push(std::mem::replace(&mut ready, next));
    }
    if done == names.len() {
        return Ok(layers);
    }
    Err(cycles(names, graph, layers.into_iter().flatten().collect()))
}

/// Of the names that could not be put into layers, those that don't only depend on a cycle.
fn cycles<'a>(names: &[&'a str], graph: &Graph<'a>, placed: BTreeSet<&str>) -> Vec<&'a str> {
    let mut left: BTreeSet<&str> = names.iter().copied().filter(|name| !placed.contains(name)).collect();
    let mut dependents: BTreeMap<&str, usize> = BTreeMap::new();
    for needed in left.iter().filter_map(|name| graph.get(name)).flatten() {
        *dependents.entry(needed).or_default() += 1;
    }
    let mut leaves: Vec<&str> = left.iter().copied().filter(|name| !dependents.contains_key(name)).collect();
    while let Some(leaf) = leaves.pop() {
        left.remove(leaf);
        for needed in graph.get(leaf).into_iter().flatten().filter(|needed| left.contains(*needed)) {
            if let Some(count) = dependents.get_mut(needed) {
                *count -= 1;
                if *count == 0 {
                    leaves.push(needed);
                }
            }
        }
    }
    names.iter().copied().filter(|name| left.contains(name)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn graph<'a>(edges: &[(&'a str, &[&'a str])]) -> Graph<'a> {
        edges.iter().map(|(name, needs)| (*name, needs.iter().copied().collect())).collect()
    }

    #[test]
    fn names_come_after_what_they_depend_on() {
        let graph = graph(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a", "outside"])]);
        assert_eq!(layers(&["d", "c", "b", "a"], &graph), Ok(vec![vec!["a"], vec!["c", "b"], vec!["d"]]));
    }

    #[test]
    fn only_what_is_on_a_cycle_is_named() {
        let graph = graph(&[("a", &["b"]), ("b", &["a"]), ("after", &["a"]), ("b2", &[]), ("self", &["self"])]);
        assert_eq!(layers(&["a", "b", "after", "b2", "self"], &graph), Err(vec!["a", "b", "self"]));
    }
}

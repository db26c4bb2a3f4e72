//! How requests are shared between the variants of an endpoint, and how many a serverless one answers at once. Nothing
//! of it outlives the process.

use crate::sagemaker::model::Variant;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// What is under way and whose turn it is.
#[derive(Default)]
pub struct Traffic {
    turns: Mutex<HashMap<String, Vec<Turn>>>,
    under_way: Arc<Mutex<HashMap<String, u32>>>,
}

/// A variant in the order of an endpoint.
struct Turn {
    variant: String,
    weight: f64,
    /// What it is owed: it grows by the weight with each request, and who gets one pays the sum of all weights.
    credit: f64,
}

impl Traffic {
    /// The variant whose turn it is. Weights are kept as evenly as they can be: of ten requests to variants of 90 and 10
    /// the second gets exactly one. (AWS draws at random, to the same shares.)
    ///
    /// `variants` must not be empty.
    pub fn next<'v>(&self, endpoint: &str, variants: &'v [Variant]) -> &'v Variant {
        let mut all = self.turns.lock();
        let turns = all.entry(endpoint.to_owned()).or_default();
        let same = turns.len() == variants.len()
            && turns.iter().zip(variants).all(|(turn, v)| turn.variant == v.name && turn.weight == v.weight);
        if !same {
            let turn = |v: &Variant| Turn { variant: v.name.clone(), weight: v.weight, credit: 0.0 };
            *turns = variants.iter().map(turn).collect();
        }
        let total: f64 = turns.iter().map(|turn| turn.weight).sum();
        let mut chosen = 0;
        for at in 0..turns.len() {
            turns[at].credit += turns[at].weight;
            if turns[at].credit > turns[chosen].credit {
                chosen = at;
            }
        }
        turns[chosen].credit -= total;
        &variants[chosen]
    }

    /// Whether a request is one of the share that an update gives to the new variants already.
    pub fn next_is_new(&self, endpoint: &str, share: f64) -> bool {
        const NEW: &str = "new";
        let side = |name: &str, weight| Variant {
            name: name.to_owned(),
            image: None,
            models: None,
            weight,
            instances: 1,
            serverless_config: None,
            artifact: None,
        };
        share >= 1.0
            || self.next(&format!("{endpoint}#update"), &[side("old", 1.0 - share), side(NEW, share)]).name == NEW
    }

    /// Lets one more request of `place` under way, if fewer than `most` are. It is over when the permit is dropped.
    pub fn enter(&self, place: String, most: u32) -> Option<Permit> {
        let mut under_way = self.under_way.lock();
        let count = under_way.entry(place.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Permit { under_way: Arc::clone(&self.under_way), place })
    }
}

/// A request that is under way.
pub struct Permit {
    under_way: Arc<Mutex<HashMap<String, u32>>>,
    place: String,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock();
        if let Some(count) = under_way.get_mut(&self.place) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                under_way.remove(&self.place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(name: &str, weight: f64) -> Variant {
        Variant {
            name: name.into(),
            image: None,
            models: None,
            weight,
            instances: 1,
            serverless_config: None,
            artifact: None,
        }
    }

    fn shares(weights: &[f64], calls: usize) -> Vec<usize> {
        let traffic = Traffic::default();
        let variants: Vec<Variant> = weights.iter().zip(0..).map(|(w, n)| variant(&format!("v{n}"), *w)).collect();
        let mut counts = vec![0; variants.len()];
        for _ in 0..calls {
            let name = &traffic.next("e", &variants).name;
            counts[variants.iter().position(|v| v.name == *name).unwrap_or(0)] += 1;
        }
        counts
    }

    #[test]
    fn weights_are_honoured_at_every_length() {
        assert_eq!(shares(&[90.0, 10.0], 10), [9, 1]);
        assert_eq!(shares(&[90.0, 10.0], 1000), [900, 100]);
        assert_eq!(shares(&[1.0, 1.0, 2.0], 8), [2, 2, 4]);
        assert_eq!(shares(&[1.0, 0.0], 5), [5, 0]);
        assert_eq!(shares(&[0.0, 0.0], 3), [3, 0]);
    }

    #[test]
    fn other_weights_begin_anew() {
        let traffic = Traffic::default();
        let before = [variant("a", 1.0), variant("b", 0.0)];
        let after = [variant("a", 0.0), variant("b", 1.0)];
        assert_eq!(traffic.next("e", &before).name, "a");
        assert_eq!(traffic.next("e", &after).name, "b");
    }

    #[test]
    fn no_more_than_allowed_are_under_way_in_one_place() {
        let traffic = Traffic::default();
        let first = traffic.enter("a".into(), 2);
        let second = traffic.enter("a".into(), 2);
        assert!(first.is_some() && second.is_some() && traffic.enter("a".into(), 2).is_none());
        assert!(traffic.enter("b".into(), 1).is_some());
        drop(first);
        assert!(traffic.enter("a".into(), 2).is_some());
    }
}

//! A small map that forgets what was used longest ago.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Bounded, shared, with values that are cheap to clone. Looking for the oldest is linear, which is nothing at the
/// sizes used here, and happens only when something new comes into a full map.
#[derive(Debug)]
pub(crate) struct Lru<K, V> {
    bound: usize,
    entries: Mutex<Entries<K, V>>,
}

#[derive(Debug)]
struct Entries<K, V> {
    tick: u64,
    map: HashMap<K, (V, u64)>,
}

impl<K: Hash + Eq + Clone, V: Clone> Lru<K, V> {
    /// Holds at most `bound` entries.
    pub(crate) fn new(bound: usize) -> Self {
        Self { bound, entries: Mutex::new(Entries { tick: 0, map: HashMap::new() }) }
    }

    /// The value for `key`, if it is remembered.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.tick += 1;
        let tick = entries.tick;
        entries.map.get_mut(key).map(|(value, used)| {
            *used = tick;
            value.clone()
        })
    }

    /// Remembers `value`; gives what is remembered then, which is an earlier value if one was there.
    pub(crate) fn insert(&self, key: K, value: V) -> V {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.tick += 1;
        let tick = entries.tick;
        if !entries.map.contains_key(&key) && entries.map.len() >= self.bound {
            let oldest = entries.map.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                entries.map.remove(&oldest);
            }
        }
        let (kept, used) = entries.map.entry(key).or_insert((value, tick));
        *used = tick;
        kept.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_is_forgotten_first() {
        let lru = Lru::new(2);
        lru.insert("a", 1);
        lru.insert("b", 2);
        assert_eq!(lru.get("a"), Some(1));
        lru.insert("c", 3);
        assert_eq!((lru.get("a"), lru.get("b"), lru.get("c")), (Some(1), None, Some(3)));
    }

    #[test]
    fn of_two_that_insert_the_same_key_both_get_the_first_value() {
        let lru = Lru::new(2);
        assert_eq!(lru.insert("a", 1), 1);
        assert_eq!(lru.insert("a", 2), 1);
    }
}

//! What a plain form brought, between the redirect and the page after it. In memory and bounded: losing it loses nothing
//! that can't be sent again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Things by number, each for the session that brought it. The oldest make room.
pub struct Shelf<T> {
    most: usize,
    most_bytes: usize,
    things: Mutex<Things<T>>,
}

struct Things<T> {
    last: u64,
    kept: VecDeque<Kept<T>>,
}

struct Kept<T> {
    id: u64,
    owner: String,
    bytes: usize,
    thing: T,
}

impl<T: Clone> Shelf<T> {
    /// An empty one, for so many things of so many bytes in all.
    pub const fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, things: Mutex::new(Things { last: 0, kept: VecDeque::new() }) }
    }

    /// Keeps a thing of so many bytes for its owner; gives what asks for it.
    pub fn keep(&self, owner: &str, thing: T, bytes: usize) -> String {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        things.last += 1;
        let id = things.last;
        things.kept.push_back(Kept { id, owner: owner.to_owned(), bytes, thing });
        while things.kept.len() > 1
            && (things.kept.len() > self.most
                || things.kept.iter().map(|kept| kept.bytes).sum::<usize>() > self.most_bytes)
        {
            things.kept.pop_front();
        }
        id.to_string()
    }

    /// The owner's thing of this id, if it is still there. It stays, so that the page can be reloaded.
    pub fn take_back(&self, owner: &str, id: &str) -> Option<T> {
        let id: u64 = id.parse().ok()?;
        let things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        things.kept.iter().find(|kept| kept.id == id && kept.owner == owner).map(|kept| kept.thing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;

    #[test]
    fn only_the_owner_gets_a_thing_back() {
        let shelf = Shelf::new(2, 100);
        let id = shelf.keep("a", "thing", 1);
        assert_eq!(shelf.take_back("a", &id), Some("thing"));
        for (owner, id) in [("b", id.as_str()), ("a", "2"), ("a", "x"), ("a", "")] {
            assert_eq!(shelf.take_back(owner, id), None);
        }
    }

    #[test]
    fn the_oldest_make_room_by_number_and_by_bytes() {
        let shelf = Shelf::new(2, 100);
        let ids: Vec<_> = (0..3).map(|number| shelf.keep("a", number, 1)).collect();
        assert_eq!(ids.iter().map(|id| shelf.take_back("a", id)).collect::<Vec<_>>(), [None, Some(1), Some(2)]);
        let large = shelf.keep("a", 3, 1000);
        assert_eq!(shelf.take_back("a", &ids[2]), None);
        assert_eq!(shelf.take_back("a", &large), Some(3));
    }
}

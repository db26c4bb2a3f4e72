//! What calls gave, between the call and the page after it. In memory and bounded: a call can be made again, and bodies
//! have no place in the store.

use super::KeptCall;
use domain::names::ShareId;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const MOST: usize = 24;

struct Kept {
    id: u64,
    owner: String,
    share: ShareId,
    call: KeptCall,
}

struct Shelf {
    last: u64,
    kept: VecDeque<Kept>,
}

static SHELF: Mutex<Shelf> = Mutex::new(Shelf { last: 0, kept: VecDeque::new() });

/// Keeps a call for its owner; gives what asks for it.
pub(super) fn keep(owner: &str, share: &ShareId, call: KeptCall) -> String {
    let mut shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
    shelf.last += 1;
    let id = shelf.last;
    shelf.kept.push_back(Kept { id, owner: owner.to_owned(), share: share.clone(), call });
    if shelf.kept.len() > MOST {
        shelf.kept.pop_front();
    }
    id.to_string()
}

/// The owner's call of this id and share, if it is still there. It stays, so that the page can be reloaded.
pub(super) fn take_back(owner: &str, share: &ShareId, id: &str) -> Option<KeptCall> {
    let id: u64 = id.parse().ok()?;
    let shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
    let found = shelf.kept.iter().find(|kept| kept.id == id && kept.owner == owner && kept.share == *share);
    found.map(|kept| kept.call.clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::AppError;

    #[test]
    fn only_the_owner_gets_a_call_back_and_only_at_its_share() {
        let (share, other): (ShareId, ShareId) = ("s1".parse().unwrap(), "s2".parse().unwrap());
        let call = KeptCall {
            endpoint: "echo".parse().unwrap(),
            content_type: "text/csv".into(),
            body: "1,2".into(),
            result: Err(AppError::signed_out()),
        };
        let id = keep("a", &share, call.clone());
        assert_eq!(take_back("a", &share, &id), Some(call));
        for (owner, share, id) in [("b", &share, id.as_str()), ("a", &other, &id), ("a", &share, "x")] {
            assert_eq!(take_back(owner, share, id), None);
        }
    }
}

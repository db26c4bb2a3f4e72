//! Results of plain HTML forms, between the redirect and the page after it. In memory and bounded: losing one loses
//! nothing that can't be asked again, and bodies have no place in the store.

use super::KeptResult;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

const MOST: usize = 24;
const MOST_BYTES: usize = 32 * 1024 * 1024;

struct Kept {
    id: u64,
    owner: String,
    result: KeptResult,
}

#[derive(Default)]
struct Shelf {
    last: u64,
    kept: VecDeque<Kept>,
}

static SHELF: Mutex<Option<Shelf>> = Mutex::new(None);

fn shelf() -> MutexGuard<'static, Option<Shelf>> {
    SHELF.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a result for its owner; gives what asks for it.
pub(super) fn keep(owner: &str, result: KeptResult) -> String {
    let mut guard = shelf();
    let shelf = guard.get_or_insert_default();
    shelf.last += 1;
    shelf.kept.push_back(Kept { id: shelf.last, owner: owner.to_owned(), result });
    while shelf.kept.len() > 1
        && (shelf.kept.len() > MOST || shelf.kept.iter().map(|k| bytes(&k.result)).sum::<usize>() > MOST_BYTES)
    {
        shelf.kept.pop_front();
    }
    shelf.last.to_string()
}

/// The owner's result of this id, if it is still there. It stays, so that the page can be reloaded.
pub(super) fn take_back(owner: &str, id: &str) -> Option<KeptResult> {
    let id: u64 = id.parse().ok()?;
    let guard = shelf();
    guard.as_ref()?.kept.iter().find(|k| k.id == id && k.owner == owner).map(|k| k.result.clone())
}

fn bytes(kept: &KeptResult) -> usize {
    let answer = kept.result.as_ref().ok().and_then(|outcome| outcome.result.as_ref().ok());
    kept.params.body.len()
        + answer.map_or(0, |answer| answer.text.as_ref().or(answer.base64.as_ref()).map_or(0, String::len))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::AppError;
    use domain::invoke::{InvokeParams, Through};
    use domain::share::intent::InvokeAction;

    fn typed(body: &str) -> KeptResult {
        let through = Through::parse("s1").unwrap();
        let params = InvokeParams::text(through, "e1".parse().unwrap(), "text/csv", body);
        KeptResult { params, way: InvokeAction::Invoke, result: Err(AppError::signed_out()) }
    }

    #[test]
    fn only_the_owner_gets_a_result_back_and_old_ones_make_room() {
        let id = keep("session a", typed("1,2,3"));
        assert_eq!(take_back("session a", &id), Some(typed("1,2,3")));
        assert_eq!(take_back("session b", &id), None);
        assert_eq!(take_back("session a", "nonsense"), None);
        for _ in 0..MOST {
            keep("session a", typed("x"));
        }
        assert_eq!(take_back("session a", &id), None);
    }
}

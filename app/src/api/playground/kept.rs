//! Results of plain HTML forms, between the redirect and the page after it. In memory and bounded: losing one loses
//! nothing that can't be asked again, and bodies have no place in the store.

use super::KeptResult;
use crate::api::shelf::Shelf;

const MOST: usize = 24;

static RESULTS: Shelf<KeptResult> = Shelf::new(MOST, 32 * 1024 * 1024);

/// Keeps a result for its owner; gives what asks for it.
pub(super) fn keep(owner: &str, kept: KeptResult) -> String {
    let answer = kept.result.as_ref().ok().and_then(|outcome| outcome.result.as_ref().ok());
    let bytes = kept.params.body.len() + answer.map_or(0, |answer| answer.written_bytes());
    RESULTS.keep(owner, kept, bytes)
}

/// The owner's result of this id, if it is still there. It stays, so that the page can be reloaded.
pub(super) fn take_back(owner: &str, id: &str) -> Option<KeptResult> {
    RESULTS.take_back(owner, id)
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

//! What calls gave, between the call and the page after it. In memory and bounded: a call can be made again, and bodies
//! have no place in the store.

use super::KeptCall;
use crate::api::shelf::Shelf;
use domain::names::ShareId;

static CALLS: Shelf<(ShareId, KeptCall)> = Shelf::new(24, 32 * 1024 * 1024);

/// Keeps a call for its owner; gives what asks for it.
pub(super) fn keep(owner: &str, share: &ShareId, call: KeptCall) -> String {
    let report = call.result.as_ref().ok().and_then(|outcome| outcome.result.as_ref().ok());
    // What it returned has the prediction in it once more.
    let bytes = call.body.len() + report.map_or(0, |report| 2 * report.payload.len());
    CALLS.keep(owner, (share.clone(), call), bytes)
}

/// The owner's call of this id and share, if it is still there. It stays, so that the page can be reloaded.
pub(super) fn take_back(owner: &str, share: &ShareId, id: &str) -> Option<KeptCall> {
    CALLS.take_back(owner, id).filter(|(of, _)| of == share).map(|(_, call)| call)
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

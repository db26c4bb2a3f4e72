//! Files that were refused, between the redirect and the page that says why. In memory and bounded: losing one loses
//! nothing that can't be chosen again.

use super::Refused;
use crate::api::shelf::Shelf;

static REFUSED: Shelf<Refused> = Shelf::new(50, 16 * 1024 * 1024);

/// Keeps a refused file for its owner; gives what asks for it. A text that is longer than any hand-off file is dropped.
pub fn keep(owner: &str, refused: Refused) -> String {
    let fits = refused.text.len() <= domain::handoff::MAX_BYTES;
    let refused = Refused { text: if fits { refused.text } else { String::new() }, ..refused };
    let bytes = refused.text.len();
    REFUSED.keep(owner, refused, bytes)
}

/// The owner's refused file of this id, if it is still there. It stays, so that the page can be reloaded.
pub fn take_back(owner: &str, id: &str) -> Option<Refused> {
    REFUSED.take_back(owner, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_file_comes_back_to_its_owner_only() {
        let refused = Refused { text: "{".into(), problem: None };
        let id = keep("a", refused.clone());
        assert_eq!(take_back("a", &id), Some(refused));
        for (owner, id) in [("b", id.as_str()), ("a", "none"), ("a", "")] {
            assert_eq!(take_back(owner, id), None);
        }
    }

    #[test]
    fn what_is_too_long_for_any_file_is_not_kept() {
        let id = keep("a", Refused { text: "x".repeat(domain::handoff::MAX_BYTES + 1), problem: None });
        assert_eq!(take_back("a", &id), Some(Refused::default()));
    }
}

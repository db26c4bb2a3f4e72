//! Answers that are too large for a page, and those of plain HTML forms: kept for a few minutes, so that they can be
//! downloaded whole. In memory and bounded; losing one loses nothing that can't be asked again, and bodies have no place in
//! the store.

use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::invoke::body::{self, file_name};
use domain::invoke::{InvokeAnswer, InvokeOutcome, limits};
use domain::names::EndpointName;
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Mutex;
use uuid::Uuid;

/// For how long an answer can be fetched, in milliseconds.
const KEPT_MS: i64 = 10 * 60 * 1000;
/// How many are kept.
const MOST: usize = 48;
/// How many bytes all of them may have: three of the largest that the sandbox gives.
const MOST_BYTES: usize = 192 * 1024 * 1024;

/// A whole answer, as the model gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeAnswer {
    /// What a file of it is called.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The answers that can be fetched.
#[derive(Default)]
pub(super) struct Answers(Mutex<VecDeque<Kept>>);

struct Kept {
    id: String,
    owner: String,
    until: Timestamp,
    answer: WholeAnswer,
}

impl Answers {
    /// Keeps an answer; `None` when it is larger than all that is kept together.
    fn keep(&self, owner: &str, answer: WholeAnswer, now: Timestamp) -> Option<String> {
        let size = answer.bytes.len();
        if size > MOST_BYTES {
            return None;
        }
        let mut shelf = lock(&self.0);
        shelf.retain(|kept| kept.until > now);
        let mut used: usize = shelf.iter().map(|kept| kept.answer.bytes.len()).sum();
        while shelf.len() >= MOST || used + size > MOST_BYTES {
            used -= shelf.pop_front().map_or(0, |kept| kept.answer.bytes.len());
        }
        let id = Uuid::new_v4().simple().to_string();
        shelf.push_back(Kept { id: id.clone(), owner: owner.to_owned(), until: now.plus_ms(KEPT_MS), answer });
        Some(id)
    }

    fn get(&self, owner: &str, id: &str, now: Timestamp) -> Option<WholeAnswer> {
        let mut shelf = lock(&self.0);
        shelf.retain(|kept| kept.until > now);
        shelf.iter().find(|kept| kept.id == id && kept.owner == owner).map(|kept| kept.answer.clone())
    }

    /// Drops what an operator's session got.
    pub(super) fn forget(&self, owner: &str) {
        lock(&self.0).retain(|kept| kept.owner != owner);
    }
}

impl Services {
    /// A whole answer of this operator's, for some minutes after it came.
    pub fn whole_answer(&self, operator: &Operator, id: &str) -> ServiceResult<WholeAnswer> {
        let found = self.inner.playground.answers.get(operator.key(), id, self.now());
        found.ok_or_else(|| ServiceError::NotFound { what: "kept answer", id: id.to_owned() })
    }

    /// Keeps an outcome's answer for whoever has no script to save it with.
    pub fn keep_whole(&self, operator: &Operator, endpoint: &EndpointName, outcome: &mut InvokeOutcome) {
        let Ok(answer) = &mut outcome.result else { return };
        let InvokeAnswer { text, base64, kept: None, .. } = answer else { return };
        let bytes = match (text, base64) {
            (Some(text), _) => Bytes::from(text.clone()),
            (None, Some(base64)) => STANDARD.decode(base64).unwrap_or_default().into(),
            (None, None) => return,
        };
        answer.kept = self.keep_answer(operator, endpoint, &answer.content_type, bytes);
    }

    fn keep_answer(&self, operator: &Operator, endpoint: &EndpointName, kind: &str, bytes: Bytes) -> Option<String> {
        // Its beginning tells what kind of file it is; the end of a large one is not waited for.
        let start = &bytes[..bytes.len().min(limits::BEGINNING_BYTES)];
        // A character that is cut in two at its end is no reason to take it for bytes.
        let whole = start.len() == bytes.len();
        let text = match std::str::from_utf8(start) {
            Err(error) if !whole && error.error_len().is_none() => {
                std::str::from_utf8(&start[..error.valid_up_to()]).ok()
            }
            text => text.ok(),
        };
        let looked_at = body::read(kind, start, text, whole).kind;
        let file_name = file_name(endpoint.as_str(), &looked_at, kind);
        self.inner.playground.answers.keep(operator.key(), WholeAnswer { file_name, bytes }, self.now())
    }

    /// An answer's body as it goes to the browser: text, base64, and under which name the rest is kept where it is too long.
    pub(super) fn body_for_page(
        &self,
        operator: &Operator,
        endpoint: &EndpointName,
        content_type: &str,
        body: Bytes,
    ) -> PageBody {
        // The only owner's buffer is taken over as it is: a large body is not copied.
        let (bytes, is_text) = match String::from_utf8(Vec::from(body)) {
            Ok(text) if text.len() <= limits::TEXT_BYTES => {
                return PageBody { text: Some(text), ..PageBody::default() };
            }
            Ok(text) => (text.into_bytes(), true),
            Err(error) => (error.into_bytes(), false),
        };
        if !is_text && bytes.len() <= limits::BINARY_BYTES {
            return PageBody { base64: Some(STANDARD.encode(&bytes)), ..PageBody::default() };
        }
        let start = &bytes[..bytes.len().min(limits::BEGINNING_BYTES)];
        let mut page = PageBody::default();
        if is_text {
            // A character that is cut in two is left out.
            page.text = start.utf8_chunks().next().map(|chunk| chunk.valid().to_owned());
        } else {
            page.base64 = Some(STANDARD.encode(start));
        }
        page.kept = self.keep_answer(operator, endpoint, content_type, bytes.into());
        page
    }
}

/// A body as it goes to the browser.
#[derive(Default)]
pub(super) struct PageBody {
    pub(super) text: Option<String>,
    pub(super) base64: Option<String>,
    pub(super) kept: Option<String>,
}

impl PageBody {
    /// All of it, however large.
    pub(super) fn whole(body: Bytes) -> Self {
        match String::from_utf8(Vec::from(body)) {
            Ok(text) => Self { text: Some(text), ..Self::default() },
            Err(error) => Self { base64: Some(STANDARD.encode(error.as_bytes())), ..Self::default() },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> WholeAnswer {
        WholeAnswer { file_name: "echo-answer.txt".into(), bytes: vec![b'x'; bytes].into() }
    }

    #[test]
    fn an_answer_is_its_owners_and_for_some_minutes_only() {
        let (answers, now) = (Answers::default(), Timestamp(1_000_000));
        let id = answers.keep("a", answer(3), now).unwrap();
        assert_eq!(answers.get("a", &id, now), Some(answer(3)));
        assert_eq!(answers.get("b", &id, now), None);
        assert_eq!(answers.get("a", "", now), None);
        assert_eq!(answers.get("a", &id, now.plus_ms(KEPT_MS)), None);
        let id = answers.keep("a", answer(3), now).unwrap();
        answers.forget("a");
        assert_eq!(answers.get("a", &id, now), None);
    }

    #[test]
    fn old_answers_make_room_and_none_is_larger_than_all() {
        let (answers, now) = (Answers::default(), Timestamp(0));
        let first = answers.keep("a", answer(MOST_BYTES / 2), now).unwrap();
        let second = answers.keep("b", answer(MOST_BYTES / 2), now).unwrap();
        assert!(answers.get("a", &first, now).is_some());
        let third = answers.keep("a", answer(1), now).unwrap();
        assert!(answers.get("a", &first, now).is_none());
        assert!(answers.get("b", &second, now).is_some() && answers.get("a", &third, now).is_some());
        assert_eq!(answers.keep("a", answer(MOST_BYTES + 1), now), None);
        for _ in 0..MOST {
            answers.keep("a", answer(1), now).unwrap();
        }
        assert!(answers.get("b", &second, now).is_none());
    }
}

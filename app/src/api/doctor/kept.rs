//! What live calls have shown and what pasted messages say, between the request and the page after it. In memory and
//! bounded: a call can be made again, and in an address anybody could claim to have made one.

use domain::doctor::message::Denied;
use domain::doctor::{Live, Question};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const MOST: usize = 200;

struct Shelf<T> {
    last: u64,
    kept: VecDeque<Kept<T>>,
}

struct Kept<T> {
    id: u64,
    owner: String,
    what: T,
}

static CALLS: Mutex<Shelf<(Question, Live)>> = Mutex::new(Shelf::new());
static MESSAGES: Mutex<Shelf<Denied>> = Mutex::new(Shelf::new());

impl<T: Clone> Shelf<T> {
    const fn new() -> Self {
        Self { last: 0, kept: VecDeque::new() }
    }

    fn put(&mut self, owner: &str, what: T) -> String {
        self.last += 1;
        self.kept.push_back(Kept { id: self.last, owner: owner.to_owned(), what });
        if self.kept.len() > MOST {
            self.kept.pop_front();
        }
        self.last.to_string()
    }

    fn find(&self, owner: &str, id: &str) -> Option<T> {
        let id = id.parse::<u64>().ok()?;
        self.kept.iter().find(|kept| kept.id == id && kept.owner == owner).map(|kept| kept.what.clone())
    }
}

/// Keeps what calls have shown for their owner; gives what asks for it.
pub(super) fn keep(owner: &str, question: Question, live: Live) -> String {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner).put(owner, (question, live))
}

/// The owner's calls of this id, if they were made for this very question; else none were made.
pub(super) fn take_back(owner: &str, id: &str, question: &Question) -> Live {
    let found = CALLS.lock().unwrap_or_else(PoisonError::into_inner).find(owner, id);
    found.filter(|(asked, _)| asked == question).map(|(_, live)| live).unwrap_or_default()
}

/// Keeps a message that was pasted; gives what asks for it.
pub(super) fn keep_message(owner: &str, mut message: Denied) -> String {
    if let Some((end, _)) = message.text.char_indices().nth(LONGEST_TEXT) {
        message.text.truncate(end);
    }
    MESSAGES.lock().unwrap_or_else(PoisonError::into_inner).put(owner, message)
}

/// The owner's message of this id.
pub(super) fn message(owner: &str, id: &str) -> Option<Denied> {
    MESSAGES.lock().unwrap_or_else(PoisonError::into_inner).find(owner, id)
}

/// Messages of AWS are shorter, but for the encoded ones.
const LONGEST_TEXT: usize = 4_000;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::doctor::{Outcome, QuestionForm};

    fn question(endpoint: &str) -> Question {
        let form = QuestionForm {
            caller: "arn:aws:iam::222222222222:user/analyst".into(),
            role: "arn:aws:iam::111111111111:role/SageMakerExternal".into(),
            endpoint: endpoint.into(),
            region: "eu-west-1".into(),
            ..QuestionForm::default()
        };
        form.parse().unwrap()
    }

    #[test]
    fn calls_count_only_for_their_owner_and_the_question_they_were_made_for() {
        let live = Live { assume_role: Outcome::Succeeded, ..Live::default() };
        let id = keep("a", question("echo"), live.clone());
        assert_eq!(take_back("a", &id, &question("echo")), live);
        for (owner, id, endpoint) in [("b", id.as_str(), "echo"), ("a", &id, "other"), ("a", "x", "echo")] {
            assert_eq!(take_back(owner, id, &question(endpoint)), Live::default());
        }
    }
}

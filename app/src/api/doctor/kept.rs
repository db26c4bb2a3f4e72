//! What live calls have shown, between the call and the page after it. In memory and bounded: a call can be made again,
//! and in an address anybody could claim to have made one.

use domain::doctor::{Live, Question};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const MOST: usize = 200;

struct Kept {
    id: u64,
    owner: String,
    question: Question,
    live: Live,
}

struct Shelf {
    last: u64,
    kept: VecDeque<Kept>,
}

static SHELF: Mutex<Shelf> = Mutex::new(Shelf { last: 0, kept: VecDeque::new() });

/// Keeps what calls have shown for their owner; gives what asks for it.
pub(super) fn keep(owner: &str, question: Question, live: Live) -> String {
    let mut shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
    shelf.last += 1;
    let id = shelf.last;
    shelf.kept.push_back(Kept { id, owner: owner.to_owned(), question, live });
    if shelf.kept.len() > MOST {
        shelf.kept.pop_front();
    }
    id.to_string()
}

/// The owner's calls of this id, if they were made for this very question; else none were made.
pub(super) fn take_back(owner: &str, id: &str, question: &Question) -> Live {
    let Ok(id) = id.parse::<u64>() else { return Live::default() };
    let shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
    let found = shelf.kept.iter().find(|kept| kept.id == id && kept.owner == owner && kept.question == *question);
    found.map(|kept| kept.live.clone()).unwrap_or_default()
}

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

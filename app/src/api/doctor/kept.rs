//! What live calls have shown, what pasted messages say and which texts were refused as none, between the request and
//! the page after it. In memory and bounded: a call can be made again, and in an address anybody could claim to have
//! made one.

use super::RefusedText;
use crate::api::shelf::Shelf;
use domain::doctor::message::Denied;
use domain::doctor::{Live, Question};

const MOST: usize = 200;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Of a question and what calls have shown: names and messages.
const CALL_BYTES: usize = 4_000;

static CALLS: Shelf<(Question, Live)> = Shelf::new(MOST, MOST_BYTES);
static MESSAGES: Shelf<Denied> = Shelf::new(MOST, MOST_BYTES);
static REFUSED: Shelf<RefusedText> = Shelf::new(MOST, MOST_BYTES);

/// Keeps what calls have shown for their owner; gives what asks for it.
pub(super) fn keep(owner: &str, question: Question, live: Live) -> String {
    CALLS.keep(owner, (question, live), CALL_BYTES)
}

/// The owner's calls of this id, if they were made for this very question; else none were made.
pub(super) fn take_back(owner: &str, id: &str, question: &Question) -> Live {
    let found = CALLS.take_back(owner, id);
    found.filter(|(asked, _)| asked == question).map(|(_, live)| live).unwrap_or_default()
}

/// Keeps a message that was pasted; gives what asks for it.
pub(super) fn keep_message(owner: &str, mut message: Denied) -> String {
    cut(&mut message.text, LONGEST_TEXT);
    let bytes = message.text.len();
    MESSAGES.keep(owner, message, bytes)
}

/// The owner's message of this id.
pub(super) fn message(owner: &str, id: &str) -> Option<Denied> {
    MESSAGES.take_back(owner, id)
}

/// Keeps a text that was refused; gives what asks for it.
pub(super) fn keep_refused(owner: &str, mut refused: RefusedText) -> String {
    cut(&mut refused.text, LONGEST_REFUSED);
    let bytes = refused.text.len();
    REFUSED.keep(owner, refused, bytes)
}

/// The owner's refused text of this id. It stays, so that the page can be reloaded.
pub(super) fn refused(owner: &str, id: &str) -> Option<RefusedText> {
    REFUSED.take_back(owner, id)
}

fn cut(text: &mut String, longest: usize) {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
    }
}

/// Messages of AWS are shorter, but for the encoded ones.
const LONGEST_TEXT: usize = 4_000;
/// A log in which no message was found: its beginning is enough to see what was pasted.
const LONGEST_REFUSED: usize = 20_000;

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

    #[test]
    fn a_refused_text_comes_back_to_its_owner_only() {
        let text = RefusedText { text: "it does not work".into(), problem: None };
        let id = keep_refused("a", text.clone());
        assert_eq!(refused("a", &id), Some(text));
        for (owner, id) in [("b", id.as_str()), ("a", "none"), ("a", "")] {
            assert_eq!(refused(owner, id), None);
        }
    }
}

//! What is done with any bytes at all: what `sagebridge explain` does with its input, and more. The tests and the fuzz
//! target share it.

use domain::evaluate::answer::Answer;
use domain::evaluate::stream::{Piece, Splitter};
use domain::evaluate::{Decision, Explanation, Scenario, decide};
use domain::policy::{PolicyDocument, same_meaning, validate_identity, validate_resource, validate_trust};

/// Panics where something does not hold that should for any input. Gives how many scenarios were evaluated.
pub fn run(data: &[u8]) -> usize {
    let text = String::from_utf8_lossy(data);
    document(&text);
    let mut evaluated = 0;
    let mut each = |piece: Piece| evaluated += usize::from(answered(&piece));
    let mut splitter = Splitter::new();
    for line in text.split('\n') {
        splitter.line(line, &mut each);
    }
    splitter.finish(&mut each);
    evaluated
}

/// What is a document survives being printed, and says the same.
fn document(text: &str) {
    let document = match PolicyDocument::parse(text) {
        Ok(document) => document,
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1, "{error}");
            return;
        }
    };
    let printed = document.pretty();
    assert_eq!(PolicyDocument::parse(&printed).as_ref(), Ok(&document), "{printed}");
    assert!(same_meaning(text, &printed), "{printed}");
    for rule in [validate_identity, validate_trust, validate_resource] {
        if let Err(error) = rule(&document) {
            assert!(!error.message.is_empty());
        }
    }
}

/// A piece is answered in one line either way; an answer is the same as the evaluator's own.
fn answered(piece: &Piece) -> bool {
    let answer = Answer::to_piece(piece);
    let (json, text) = (answer.json(), answer.text());
    assert!(!json.contains('\n') && !text.contains(char::is_control), "{text:?}");
    let read: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(read["error"].is_object(), answer.is_error());
    let Piece::Object { text, line, .. } = piece else {
        assert!(answer.is_error());
        return false;
    };
    let explained = match &answer.outcome {
        Ok(explained) => explained,
        Err(error) => {
            assert!(!error.message.is_empty() && error.line >= *line, "{error:?}");
            return false;
        }
    };
    assert!(json.len() <= 60 * text.len() + 20_000, "{} bytes say {} bytes", json.len(), text.len());
    let scenario = Scenario::parse_text(text).unwrap_or_else(|error| panic!("{error}"));
    agrees(&scenario, &explained.explanation);
    true
}

/// The decision alone is the explained one, and its reasons add up.
fn agrees(scenario: &Scenario, explanation: &Explanation) {
    let decision = decide(&scenario.request, &scenario.policies());
    assert_eq!(decision, explanation.decision);
    assert_eq!(decision == Decision::Allowed, explanation.fixes.is_empty(), "{:?}", explanation.fixes);
    for statement in &explanation.statements {
        assert_eq!(statement.matches, statement.elements.iter().all(|element| element.matches), "{}", statement.name());
    }
}

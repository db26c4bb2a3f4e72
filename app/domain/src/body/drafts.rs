//! What was typed as each kind of body, so that trying another kind loses nothing.

use super::{BodyKind, convert};
use std::collections::BTreeMap;

/// The texts of the kinds that are not shown now.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    texts: BTreeMap<BodyKind, String>,
    /// Which kind the text that is shown was converted from, and what that made.
    made: Option<(BodyKind, String)>,
}

impl Drafts {
    /// Puts the text of one kind away and gives that of another: what it was made from as it was; else what was typed as
    /// that kind before; else the text converted; else nothing.
    pub fn turn(&mut self, from: BodyKind, text: String, to: BodyKind) -> String {
        let made = self.made.take();
        let unchanged = made.as_ref().is_some_and(|(_, made)| *made == text);
        let back = made.filter(|(origin, _)| *origin == to && !unchanged).and_then(|_| convert(&text, from, to));
        // What was only converted was not typed: should its origin change, it is made anew.
        self.texts.remove(&from);
        if !unchanged {
            self.texts.insert(from, text.clone());
        }
        let own = self.texts.get(&to).filter(|own| back.is_none() && !own.trim().is_empty());
        if let Some(own) = own {
            return own.clone();
        }
        let Some(converted) = back.or_else(|| convert(&text, from, to)) else { return String::new() };
        self.made = Some((from, converted.clone()));
        converted
    }

    /// Another body took the place of all of them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::BodyKind::{Csv, Json, JsonLines, Text};
    use super::*;

    const LIST: &str = "[1,   2]";

    #[test]
    fn going_there_and_back_changes_nothing() {
        let mut drafts = Drafts::default();
        let lines = drafts.turn(Json, LIST.into(), JsonLines);
        assert_eq!(lines, "1\n2");
        assert_eq!(drafts.turn(JsonLines, lines, Json), LIST);
        // What is no table is kept under its own kind.
        assert_eq!(drafts.turn(Json, "{\"a\":".into(), Csv), "");
        assert_eq!(drafts.turn(Csv, "1,2".into(), Json), "{\"a\":");
        assert_eq!(drafts.turn(Json, "{\"a\":".into(), Csv), "1,2");
    }

    #[test]
    fn what_was_changed_after_converting_goes_back_changed() {
        let mut drafts = Drafts::default();
        drafts.turn(Json, LIST.into(), JsonLines);
        assert_eq!(drafts.turn(JsonLines, "1\n2\n3".into(), Json), "[\n  1,\n  2,\n  3\n]");
        // And what can't go back leaves both as they are.
        let mut drafts = Drafts::default();
        drafts.turn(Json, LIST.into(), JsonLines);
        assert_eq!(drafts.turn(JsonLines, "1\nx".into(), Json), LIST);
        assert_eq!(drafts.turn(Json, LIST.into(), JsonLines), "1\nx");
    }

    #[test]
    fn what_was_only_converted_is_made_anew() {
        let mut drafts = Drafts::default();
        let lines = drafts.turn(Json, LIST.into(), JsonLines);
        drafts.turn(JsonLines, lines, Text);
        assert_eq!(drafts.turn(Text, "[3]".into(), Json), "[1,   2]");
        assert_eq!(drafts.turn(Json, "[4,5]".into(), JsonLines), "4\n5");
    }
}

//! Where an element is in a template's text.
//!
//! A template doesn't keep places: they matter only for what is wrong with it, and then the text is there.

use super::yaml::{function, place};
use crate::error::Place;
use saphyr_parser::{Event, Parser};

/// The place of an element by its path, `/Resources/Bucket/Properties/BucketName`, in a template's text, JSON or YAML.
/// Of a path whose end isn't in the text, the place of the last part that is; `None` if not even its first part is.
pub fn locate(text: &str, path: &str) -> Option<Place> {
    let target: Vec<&str> = path.split('/').skip(1).collect();
    let mut finder = Finder { target, open: Vec::new(), best: None };
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    // A text that ends in a fault has been looked through as far as it goes.
    while let Some(Ok((event, span))) = parser.next_event() {
        let place = place(&span.start);
        match event {
            Event::Scalar(text, _, _, _) => finder.scalar(&text, place),
            Event::Alias(_) => finder.value(place),
            Event::SequenceStart(_, tag) => finder.start(true, tag.as_deref().and_then(function).as_deref(), place),
            Event::MappingStart(_, tag) => finder.start(false, tag.as_deref().and_then(function).as_deref(), place),
            Event::SequenceEnd | Event::MappingEnd => {
                finder.open.pop();
                finder.finish();
            }
            _ => {}
        }
    }
    finder.best.map(|(_, place)| place)
}

struct Finder<'a> {
    target: Vec<&'a str>,
    open: Vec<Open>,
    /// How many parts of the path were found, and where the last of them is.
    best: Option<(usize, Place)>,
}

/// A list or map that has not ended yet.
struct Open {
    list: bool,
    /// How many parts of the target lead here; `None` if this is beside the way.
    depth: Option<usize>,
    /// In a map, whether a key was read; whether it is the next part of the target.
    key: Option<bool>,
    index: usize,
}

impl Finder<'_> {
    fn start(&mut self, list: bool, function: Option<&str>, place: Place) {
        let mut depth = self.here(place);
        if let (Some(found), Some(function)) = (depth, function) {
            depth = (self.target.get(found) == Some(&function)).then_some(found + 1);
            if let Some(depth) = depth {
                self.found(depth, place);
            }
        }
        self.open.push(Open { list, depth, key: None, index: 0 });
    }

    fn scalar(&mut self, text: &str, place: Place) {
        match self.open.last_mut() {
            Some(Open { list: false, key: key @ None, depth, .. }) => {
                let next = depth.and_then(|depth| self.target.get(depth).map(|part| (depth, *part == text)));
                *key = Some(next.is_some_and(|(_, same)| same));
                if let Some((depth, true)) = next {
                    self.found(depth + 1, place);
                }
            }
            _ => self.value(place),
        }
    }

    fn value(&mut self, place: Place) {
        self.here(place);
        self.finish();
    }

    /// How many parts of the target lead to the value that comes next.
    fn here(&mut self, place: Place) -> Option<usize> {
        let Some(open) = self.open.last() else { return Some(0) };
        let depth = open.depth?;
        if open.list {
            let same = self.target.get(depth).is_some_and(|part| *part == open.index.to_string());
            if same {
                self.found(depth + 1, place);
            }
            same.then_some(depth + 1)
        } else {
            open.key.unwrap_or(false).then_some(depth + 1)
        }
    }

    /// A value has ended: the list goes on to the next item, the map to the next key.
    fn finish(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.index += 1;
            open.key = None;
        }
    }

    fn found(&mut self, depth: usize, place: Place) {
        if self.best.is_none_or(|(best, _)| depth > best) {
            self.best = Some((depth, place));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const YAML: &str = "Resources:\n  A:\n    Type: X\n  B:\n    Type: Y\n    Properties:\n      Names:\n        - one\n        - !Join ['', [a, b]]\n";

    #[test]
    fn an_element_is_found_in_yaml() {
        let at = |line, column| Some(Place { line, column });
        assert_eq!(locate(YAML, "/Resources/B/Type"), at(5, 5));
        assert_eq!(locate(YAML, "/Resources/B/Properties/Names/0"), at(8, 11));
        assert_eq!(locate(YAML, "/Resources/B/Properties/Names/1/Fn::Join/1/1").map(|place| place.line), Some(9));
        assert_eq!(locate(YAML, "/Resources/B/Properties/Missing"), at(6, 5));
        assert_eq!(locate(YAML, "/Outputs/X"), None);
    }

    #[test]
    fn an_element_is_found_in_json() {
        let json = "{\n  \"Resources\": {\n    \"A\": {\"Type\": \"X\"}\n  }\n}";
        assert_eq!(locate(json, "/Resources/A/Type"), Some(Place { line: 3, column: 11 }));
    }
}

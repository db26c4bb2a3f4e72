//! Paths: JSONPath over a state's data (`$.a.b`) or over the context object (`$$.Execution.Id`).
//!
//! What selects one node at most is walked here, so that a missing node is known from a null, and so that a result can
//! be put there. Everything else is a query of [`serde_json_path`], rewritten to RFC 9535 where AWS is more lenient
//! (`$.a-b`), and bounded so that no query takes more than a few passes over the data.
//!
//! Not supported: JSONPath functions such as `length()`.
//!
//! Source: Step Functions developer guide, "Using JSONPath paths"; specification, "Paths" and "Reference Paths".

use crate::context::Context;
use crate::limits::PATH_CHARS;
use serde_json::Value;
use serde_json_path::JsonPath;

/// What a path is applied to.
pub(crate) struct Scope<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: &'a Context,
}

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    /// Negative ones count from the end.
    Index(i64),
}

#[derive(Debug, Clone)]
enum Steps {
    Definite(Vec<Step>),
    Query(Box<JsonPath>),
}

/// A path as it is written in a definition.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    text: String,
    context: bool,
    steps: Steps,
}

/// What a path found.
pub(crate) enum Found<'a> {
    /// The node of a definite path.
    One(&'a Value),
    /// The nodes of any other, as a list.
    Many(Vec<&'a Value>),
    /// A definite path that leads nowhere.
    Nothing,
    /// The same, where only the last index is beyond a list's end.
    Beyond,
}

impl Path {
    /// `None` for a text that is no path, or one beyond the bounds of this implementation.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > PATH_CHARS {
            return None;
        }
        let (context, rest) = match text.strip_prefix("$$") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('$')?),
        };
        let mut reader = Reader { rest, rewritten: "$".to_owned(), steps: Some(Vec::new()), descents: 0, choices: 1 };
        while !reader.rest.is_empty() {
            reader.segment()?;
        }
        let steps = match reader.steps {
            Some(steps) => Steps::Definite(steps),
            None => Steps::Query(Box::new(JsonPath::parse(&reader.rewritten).ok()?)),
        };
        Some(Self { text: text.to_owned(), context, steps })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What it is walked over in full, where it isn't definite.
    pub(crate) fn queried<'a>(&self, scope: &Scope<'a>) -> Option<&'a Value> {
        let root = if self.context { scope.context.value() } else { scope.input };
        (!self.is_definite()).then_some(root)
    }

    /// Whether it is over the context object.
    pub(crate) fn is_of_context(&self) -> bool {
        self.context
    }

    /// The steps of a path to one node of a state's data; `None` for every other path.
    pub(crate) fn reference(&self) -> Option<&[Step]> {
        match &self.steps {
            Steps::Definite(steps) if !self.context => Some(steps),
            _ => None,
        }
    }

    /// Whether it selects one node at most.
    pub(crate) fn is_definite(&self) -> bool {
        matches!(self.steps, Steps::Definite(_))
    }

    /// What it selects.
    pub(crate) fn find<'a>(&self, scope: &Scope<'a>) -> Found<'a> {
        let root = if self.context { scope.context.value() } else { scope.input };
        match &self.steps {
            Steps::Definite(steps) => walk(root, steps),
            Steps::Query(query) => Found::Many(query.query(root).all()),
        }
    }
}

fn walk<'a>(root: &'a Value, steps: &[Step]) -> Found<'a> {
    let mut node = root;
    for (at, step) in steps.iter().enumerate() {
        let next = match (step, node) {
            (Step::Name(name), Value::Object(fields)) => fields.get(name),
            (Step::Index(index), Value::Array(items)) => match position(*index, items.len()) {
                Some(index) => items.get(index),
                None if at + 1 == steps.len() => return Found::Beyond,
                None => None,
            },
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return Found::Nothing,
        }
    }
    Found::One(node)
}

/// Where an index points to in a list; `None` beyond its ends.
pub(crate) fn position(index: i64, length: usize) -> Option<usize> {
    let index = usize::try_from(index.unsigned_abs()).ok().map(|distance| (index < 0, distance))?;
    match index {
        (false, index) => (index < length).then_some(index),
        (true, distance) => length.checked_sub(distance),
    }
}

struct Reader<'t> {
    rest: &'t str,
    /// The path so far, as RFC 9535 has it.
    rewritten: String,
    /// The path so far, as long as it selects one node at most.
    steps: Option<Vec<Step>>,
    /// How often it looks at all descendants.
    descents: usize,
    /// Into how many a node can become at most, by lists of selectors.
    choices: usize,
}

impl Reader<'_> {
    fn segment(&mut self) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix("..") {
            self.descents += 1;
            // Two of them would look at every pair of a node and one below it.
            if self.descents > 1 {
                return None;
            }
            self.rewritten.push_str("..");
            self.steps = None;
            self.rest = rest;
            return if rest.starts_with('[') { self.bracket() } else { self.dotted() };
        }
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            return self.dotted();
        }
        self.rest.starts_with('[').then(|| self.bracket()).flatten()
    }

    fn dotted(&mut self) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix('*') {
            self.rewritten.push_str("[*]");
            (self.steps, self.rest) = (None, rest);
            return Some(());
        }
        let end = self.rest.find(['.', '[']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let odd = |c: char| c.is_control() || c.is_whitespace() || "]()*?@,'\"\\".contains(c);
        if name.is_empty() || name.contains(odd) {
            return None;
        }
        self.rest = rest;
        self.name(name.to_owned())
    }

    fn name(&mut self, name: String) -> Option<()> {
        self.rewritten.push_str(&format!("[{}]", Value::String(name.clone())));
        if let Some(steps) = &mut self.steps {
            steps.push(Step::Name(name));
        }
        Some(())
    }

    fn bracket(&mut self) -> Option<()> {
        let end = closing(self.rest)?;
        let (inner, rest) = (self.rest[1..end].trim(), &self.rest[end + 1..]);
        self.rest = rest;
        if let Some(name) = quoted(inner) {
            return self.name(name);
        }
        if let Ok(index) = inner.parse::<i64>() {
            self.rewritten.push_str(&format!("[{index}]"));
            if let Some(steps) = &mut self.steps {
                steps.push(Step::Index(index));
            }
            return Some(());
        }
        self.steps = None;
        let without_names = outside_quotes(inner);
        if let Some(filter) = without_names.strip_prefix('?') {
            // What would be worked out anew for each node has to be small.
            if filter.contains(['$', '?']) || filter.contains("..") || filter.matches('(').count() > 4 {
                return None;
            }
        } else {
            self.choices *= without_names.matches(',').count() + 1;
            if self.choices > 16 {
                return None;
            }
        }
        self.rewritten.push_str(&format!("[{inner}]"));
        Some(())
    }
}

/// Where the bracket that a text begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The name in `'…'` or `"…"`, where that is all there is.
fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = text[1..].strip_suffix(quote).filter(|_| text.len() > 1)?;
    let (mut name, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?),
            c if c == quote => return None,
            c => name.push(c),
        }
    }
    Some(name)
}

fn outside_quotes(text: &str) -> String {
    let (mut quote, mut escaped) = (None, false);
    let outside = |c: &char| match (quote, *c) {
        _ if escaped => {
            escaped = false;
            false
        }
        (Some(_), '\\') => {
            escaped = true;
            false
        }
        (Some(open), c) => {
            quote = (open != c).then_some(open);
            false
        }
        (None, c @ ('\'' | '"')) => {
            quote = Some(c);
            false
        }
        (None, _) => true,
    };
    text.chars().filter(outside).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str, input: &Value) -> Option<Value> {
        let context = Context::of_value(json!({"Execution": {"Id": "arn"}}));
        match Path::parse(path)?.find(&Scope { input, context: &context }) {
            Found::One(value) => Some(value.clone()),
            Found::Many(values) => Some(Value::Array(values.into_iter().cloned().collect())),
            Found::Nothing => Some(json!("nothing")),
            Found::Beyond => Some(json!("beyond")),
        }
    }

    #[test]
    fn paths_select_what_they_say() {
        let input = json!({
            "a": {"b-c": [10, 20, 30], "d e": 1, "it's": 2, "é": null},
            "list": [{"n": 1, "ok": true}, {"n": 2}, {"n": 3, "ok": true}]
        });
        for (path, selected) in [
            ("$", input.clone()),
            ("$.a.b-c[1]", json!(20)),
            ("$['a']['b-c'][-1]", json!(30)),
            ("$.a[\"d e\"]", json!(1)),
            ("$.a['it\\'s']", json!(2)),
            ("$.a.é", json!(null)),
            ("$.a.missing", json!("nothing")),
            ("$.a.b-c[3]", json!("beyond")),
            ("$.a.b-c[3].x", json!("nothing")),
            ("$.a[0]", json!("nothing")),
            ("$.a.b-c.x", json!("nothing")),
            ("$.a.b-c[0:2]", json!([10, 20])),
            ("$.a.b-c[-2:]", json!([20, 30])),
            ("$.a.b-c[*]", json!([10, 20, 30])),
            ("$.a.b-c[0,2]", json!([10, 30])),
            ("$.list[*].n", json!([1, 2, 3])),
            ("$..n", json!([1, 2, 3])),
            ("$.list[?(@.ok == true)].n", json!([1, 3])),
            ("$.list[?(@.n > 1 && @.n < 3)].n", json!([2])),
            ("$.none[*]", json!([])),
            ("$$.Execution.Id", json!("arn")),
            ("$$", json!({"Execution": {"Id": "arn"}})),
        ] {
            assert_eq!(find(path, &input), Some(selected), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_none() {
        for text in [
            "",
            "a",
            ".a",
            "$.",
            "$a",
            "$.a.",
            "$.a b",
            "$[",
            "$['a'",
            "$.a]",
            "$[]",
            "$.a[x]",
            "$.a.length()",
            "$. a",
            "$...a",
        ] {
            assert!(Path::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn queries_that_only_spend_time_are_refused() {
        let long = format!("${}", ".a".repeat(PATH_CHARS));
        let doubled = format!("${}", "[*,*]".repeat(20));
        let nested = format!("$[?({}@.a{})]", "(".repeat(50), ")".repeat(50));
        for text in [&long, &doubled, &nested, "$..a..b", "$[?($..a)]", "$[?@..a]", "$[?@[?@.a]]"] {
            assert!(Path::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn reference_paths_are_known() {
        for (text, reference) in
            [("$", true), ("$.a[0]['b']", true), ("$.a[*]", false), ("$..a", false), ("$$.Task", false)]
        {
            assert_eq!(Path::parse(text).unwrap().reference().is_some(), reference, "{text}");
        }
    }
}

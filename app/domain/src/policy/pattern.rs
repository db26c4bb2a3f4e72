//! Patterns with `*`, `?` and policy variables, prepared when they are parsed so that matching allocates nothing.
//!
//! A pattern is split at its stars into runs. Each run is looked for leftmost after the one before: no backtracking
//! over stars. Runs of plain text are found in linear time; others, between two stars, in at most (length of the run
//! × length of the text) steps, and [`Pattern::work`] says in advance how many.

use std::fmt;
use work::spend;

#[cfg(test)]
mod tests;
mod work;

#[cfg(test)]
pub(crate) use work::count;
pub(crate) use work::{Size, VariableCost};

/// Gives the values of policy variables. `None`: the request has no (single) value for the key.
pub trait Variables {
    /// The value of a condition key, when it has exactly one.
    fn variable(&self, key: &str) -> Option<&str>;
}

/// No variables at all.
impl Variables for () {
    fn variable(&self, _key: &str) -> Option<&str> {
        None
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Token {
    /// Plain text.
    Text(Box<str>),
    /// `?`: one character.
    One,
    /// `*`: any characters.
    Star,
    /// `${key}` or `${key, 'default'}`.
    Variable { key: Box<str>, default: Option<Box<str>> },
}

/// A text with wildcards and variables. Variables count only in documents of version 2012-10-17: whoever matches
/// passes that on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: Box<str>,
    tokens: Box<[Token]>,
    /// The reading without variables, where it differs.
    plain: Option<Box<[Token]>>,
}

impl Pattern {
    /// Prepares a pattern.
    pub fn new(text: &str) -> Self {
        let tokens = tokenize(text, true, true);
        let plain = text.contains("${").then(|| tokenize(text, false, true));
        Self { text: text.into(), tokens, plain }
    }

    /// A pattern whose `*` and `?` are plain characters, as in `StringEquals`.
    pub fn literal(text: &str) -> Self {
        let tokens = tokenize(text, true, false);
        let plain = text.contains("${").then(|| tokenize(text, false, false));
        Self { text: text.into(), tokens, plain }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::One | Token::Star))
    }

    /// Whether it has a variable.
    pub fn has_variable(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Variable { .. }))
    }

    /// The first variable that has neither value nor default.
    pub fn unresolved(&self, variables: Option<&dyn Variables>) -> Option<&str> {
        let variables = variables?;
        self.tokens.iter().find_map(|token| match token {
            Token::Variable { key, default: None } if variables.variable(key).is_none() => Some(&**key),
            _ => None,
        })
    }

    /// Whether `text` matches. `variables: None` reads `${…}` as plain text; a variable without value and default
    /// matches nothing.
    pub fn matches(&self, text: &str, ignore_case: bool, variables: Option<&dyn Variables>) -> bool {
        let tokens: &[Token] = match (&self.plain, variables) {
            (Some(plain), None) => plain,
            _ => &self.tokens,
        };
        match tokens {
            [] => text.is_empty(),
            [Token::Star] => true,
            [Token::Text(only)] => equal(only, text, ignore_case),
            [Token::Text(start), Token::Star] => prefix(start, text, ignore_case).is_some(),
            _ => Matcher { ignore_case, variables }.matches(tokens, text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Splits a text into tokens. Source: IAM user guide, "IAM policy elements: Variables and tags".
fn tokenize(text: &str, variables: bool, wildcards: bool) -> Box<[Token]> {
    let mut tokens = Vec::new();
    let mut run = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if variables && let Some((token, after)) = variable(rest) {
            match token {
                // `${*}`, `${?}`, `${$}` are the characters themselves.
                Token::Text(escaped) => run.push_str(&escaped),
                token => {
                    flush(&mut run, &mut tokens);
                    tokens.push(token);
                }
            }
            rest = after;
            continue;
        }
        match c {
            '*' if wildcards => {
                flush(&mut run, &mut tokens);
                if tokens.last() != Some(&Token::Star) {
                    tokens.push(Token::Star);
                }
            }
            '?' if wildcards => {
                flush(&mut run, &mut tokens);
                tokens.push(Token::One);
            }
            c => run.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    flush(&mut run, &mut tokens);
    tokens.into()
}

fn flush(run: &mut String, tokens: &mut Vec<Token>) {
    if !run.is_empty() {
        tokens.push(Token::Text(std::mem::take(run).into()));
    }
}

/// Reads `${key}` or `${key, 'default'}` at the start of `text`; returns it with what follows.
fn variable(text: &str) -> Option<(Token, &str)> {
    let inner = text.strip_prefix("${")?;
    for special in ["*", "?", "$"] {
        if let Some(rest) = inner.strip_prefix(special).and_then(|rest| rest.strip_prefix('}')) {
            return Some((Token::Text(special.into()), rest));
        }
    }
    // It ends at the first character that can't be of a key: a search for the brace alone would be repeated for each
    // of many openings that have none.
    let end = inner.find(['}', ',', '$', '{', '\''])?;
    let key: Box<str> = inner[..end].trim().into();
    if key.is_empty() || !inner[end..].starts_with(['}', ',']) {
        return None;
    }
    let after = &inner[end + 1..];
    if inner[end..].starts_with('}') {
        return Some((Token::Variable { key, default: None }, after));
    }
    let quoted = after.trim_start().strip_prefix('\'')?;
    let close = quoted.find('\'')?;
    let rest = quoted[close + 1..].trim_start().strip_prefix('}')?;
    Some((Token::Variable { key, default: Some(quoted[..close].into()) }, rest))
}

struct Matcher<'a> {
    ignore_case: bool,
    variables: Option<&'a dyn Variables>,
}

impl Matcher<'_> {
    fn matches(&self, tokens: &[Token], text: &str) -> bool {
        let mut runs = tokens.split(|token| *token == Token::Star);
        let first = runs.next().unwrap_or_default();
        let Some(mut rest) = self.strip_run(first, text) else { return false };
        let mut runs = runs.peekable();
        if runs.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(run) = runs.next() {
            if runs.peek().is_none() {
                return self.ends_with(run, rest);
            }
            match self.find_run(run, rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        true
    }

    /// What follows `run` at the start of `text`.
    fn strip_run<'t>(&self, run: &[Token], text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        for token in run {
            rest = match token {
                Token::Text(plain) => prefix(plain, rest, self.ignore_case)?,
                Token::One => &rest[rest.chars().next()?.len_utf8()..],
                Token::Variable { key, default } => prefix(self.value(key, default)?, rest, self.ignore_case)?,
                Token::Star => rest,
            };
        }
        Some(rest)
    }

    fn value<'v>(&'v self, key: &str, default: &'v Option<Box<str>>) -> Option<&'v str> {
        self.variables.and_then(|variables| variables.variable(key)).or(default.as_deref())
    }

    /// What follows the leftmost `run` in `text`.
    fn find_run<'t>(&self, run: &[Token], text: &'t str) -> Option<&'t str> {
        if let ([Token::Text(plain)], false) = (run, self.ignore_case) {
            // The standard library searches in linear time.
            let found = text.find(&**plain);
            spend(plain.len() + found.unwrap_or(text.len()));
            return found.map(|at| &text[at + plain.len()..]);
        }
        // Each character of the run takes a byte at least, so that the rest is too short for it from some place on.
        let shortest = self.length(run)?;
        let mut from = text;
        while from.len() >= shortest {
            if let Some(after) = self.strip_run(run, from) {
                return Some(after);
            }
            from = &from[from.chars().next()?.len_utf8()..];
        }
        None
    }

    /// A run's length in characters; `None`: a variable has no value. Case folding of single characters keeps it.
    fn length(&self, run: &[Token]) -> Option<usize> {
        let mut length = 0;
        for token in run {
            length += match token {
                Token::Text(plain) => plain.chars().count(),
                Token::One => 1,
                Token::Variable { key, default } => self.value(key, default)?.chars().count(),
                Token::Star => 0,
            };
        }
        Some(length)
    }

    fn ends_with(&self, run: &[Token], text: &str) -> bool {
        if run.is_empty() {
            return true;
        }
        // The run's length is fixed, so only one place can be the end.
        let Some(length) = self.length(run) else { return false };
        spend(text.len());
        let total = text.chars().count();
        if total < length {
            return false;
        }
        let start = text.char_indices().nth(total - length).map_or(text.len(), |(at, _)| at);
        self.strip_run(run, &text[start..]).is_some_and(str::is_empty)
    }
}

fn equal(a: &str, b: &str, ignore_case: bool) -> bool {
    spend(a.len().min(b.len()));
    a == b || (ignore_case && prefix(a, b, true).is_some_and(str::is_empty))
}

/// What follows `start` at the start of `text`.
fn prefix<'t>(start: &str, text: &'t str, ignore_case: bool) -> Option<&'t str> {
    if !ignore_case {
        spend(start.len().min(text.len()));
        return text.strip_prefix(start);
    }
    let mut rest = text.chars();
    for expected in start.chars() {
        spend(1);
        let found = rest.next()?;
        if !same_letter(expected, found) {
            return None;
        }
    }
    Some(rest.as_str())
}

fn same_letter(a: char, b: char) -> bool {
    a == b || a.eq_ignore_ascii_case(&b) || (!a.is_ascii() && !b.is_ascii() && a.to_lowercase().eq(b.to_lowercase()))
}

/// A pattern of an `Action` or `NotAction` element: `sts:AssumeRole`, `s3:Get*`, `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActionPattern(Pattern);

impl ActionPattern {
    /// Prepares a pattern. Actions have no variables: `${` is plain text.
    pub fn new(text: &str) -> Self {
        Self(Pattern { text: text.into(), tokens: tokenize(text, false, true), plain: None })
    }
    /// As written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// No more than so many steps match it with these actions.
    pub(crate) fn work(&self, actions: Size) -> u64 {
        self.0.work(actions, VariableCost::default())
    }
    /// Whether it matches an action; case makes no difference.
    ///
    /// Source: IAM user guide, "IAM JSON policy elements: Action".
    pub fn matches(&self, action: &str) -> bool {
        self.0.matches(action, true, None)
    }
}

/// A pattern of ARNs: of a `Resource` or `NotResource` element, or of an ARN condition.
///
/// It is compared field by field: a `*` in one of the first five fields does not reach over a colon. Fields missing
/// at the end are as if `*`. Source: IAM user guide, "IAM JSON policy elements: Resource", "ARN condition operators".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourcePattern {
    text: Box<str>,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Form {
    /// `*`.
    Any,
    /// An ARN, as its fields. The last one holds the rest.
    Fields(Box<[Pattern]>),
    /// Whole ARNs without wildcard or variable are compared as text.
    Exact,
    /// No ARN: as a whole text.
    Other(Pattern),
}

impl ResourcePattern {
    /// What the fields of an ARN are called, by position.
    pub const FIELDS: [&str; 6] = ["prefix", "partition", "service", "region", "account", "name"];

    /// Prepares a pattern.
    pub fn new(text: &str) -> Self {
        let form = if text == "*" {
            Form::Any
        } else if !text.starts_with("arn:") {
            Form::Other(Pattern::new(text))
        } else {
            let fields = split_fields(text);
            if fields.len() == 6 && !text.contains(['*', '?']) && !text.contains("${") {
                Form::Exact
            } else {
                Form::Fields(fields.into_iter().map(Pattern::new).collect())
            }
        };
        Self { text: text.into(), form }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `*`, an ARN or the start of one.
    pub fn is_arn_or_star(&self) -> bool {
        !matches!(self.form, Form::Other(_))
    }

    /// Whether it matches the resource of a request, an ARN or `*`. ARNs are case-sensitive.
    pub fn matches(&self, resource: &str, variables: Option<&dyn Variables>) -> bool {
        self.compare(resource, false, variables)
    }

    /// Whether it would match if case made no difference: for explanations only.
    pub fn matches_ignoring_case(&self, resource: &str, variables: Option<&dyn Variables>) -> bool {
        self.compare(resource, true, variables)
    }

    fn compare(&self, resource: &str, ignore_case: bool, variables: Option<&dyn Variables>) -> bool {
        match &self.form {
            Form::Any => true,
            Form::Exact => equal(&self.text, resource, ignore_case),
            Form::Other(pattern) => pattern.matches(resource, ignore_case, variables),
            Form::Fields(fields) => {
                let mut rest = Some(resource);
                for (index, field) in fields.iter().enumerate() {
                    let Some(text) = rest else { return false };
                    let (part, after) = match text.split_once(':') {
                        Some((part, after)) if index < 5 => (part, Some(after)),
                        _ => (text, None),
                    };
                    if !field.matches(part, ignore_case, variables) {
                        return false;
                    }
                    rest = after;
                }
                fields.len() == 6 || resource.splitn(6, ':').count() == 6
            }
        }
    }

    /// The first variable that has neither value nor default.
    pub fn unresolved(&self, variables: Option<&dyn Variables>) -> Option<&str> {
        match &self.form {
            Form::Any | Form::Exact => None,
            Form::Other(pattern) => pattern.unresolved(variables),
            Form::Fields(fields) => fields.iter().find_map(|field| field.unresolved(variables)),
        }
    }

    /// The fields of the pattern's ARN that don't match the resource's: position, the pattern's, the resource's.
    /// Empty when one of them is no ARN.
    pub fn differing<'a>(
        &'a self,
        resource: &'a str,
        variables: Option<&dyn Variables>,
    ) -> Vec<(usize, &'a str, &'a str)> {
        let theirs: Vec<&str> = resource.splitn(6, ':').collect();
        if theirs.len() < 6 {
            return Vec::new();
        }
        let ours: Vec<(&str, bool)> = match &self.form {
            Form::Any | Form::Other(_) => return Vec::new(),
            Form::Exact => split_fields(&self.text)
                .into_iter()
                .zip(&theirs)
                .map(|(ours, theirs)| (ours, ours == *theirs))
                .collect(),
            Form::Fields(fields) => fields
                .iter()
                .zip(&theirs)
                .map(|(field, theirs)| (field.as_str(), field.matches(theirs, false, variables)))
                .collect(),
        };
        ours.into_iter()
            .zip(theirs)
            .enumerate()
            .filter(|(_, ((_, matches), _))| !matches)
            .map(|(index, ((ours, _), theirs))| (index, ours, theirs))
            .collect()
    }
}

/// Splits at the first five colons that are outside of `${…}`.
fn split_fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut start = 0;
    let mut depth = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if at > 0 && text.as_bytes()[at - 1] == b'$' => depth = true,
            b'}' => depth = false,
            b':' if !depth && fields.len() < 5 => {
                fields.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(&text[start..]);
    fields
}

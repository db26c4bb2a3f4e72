//! AllowedPattern: a Java regular expression, matched in linear time.
//!
//! The `regex` crate can't hang on any pattern, and so has neither look-around nor back-references. What differs from
//! Java's syntax is rewritten where it can be (`\d` is ASCII there, `\p{Alnum}` has other names here) and refused
//! with a reason where it can't.
//!
//! Source: Java's `java.util.regex.Pattern`; CloudFormation user guide, "AllowedPattern".

use crate::quotas;
use regex::{Regex, RegexBuilder};

/// A pattern that a whole value must match.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

/// Why a pattern can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// Java refuses it as well.
    Invalid,
    /// Java takes it, this crate can't.
    Unsupported(&'static str),
}

impl Refused {
    pub(super) fn message(&self, parameter: &str) -> String {
        match self {
            // From other implementations.
            Self::Invalid => {
                format!("Parameter '{parameter}' AllowedPattern must be a valid regular expression.")
            }
            // Ours.
            Self::Unsupported(what) => {
                format!("the AllowedPattern of the parameter `{parameter}` uses {what}, which is not supported here")
            }
        }
    }
}

impl Pattern {
    pub(super) fn new(java: &str) -> Result<Self, Refused> {
        let translated = translate(java)?;
        RegexBuilder::new(&format!(r"\A(?:{translated})\z"))
            .size_limit(quotas::PATTERN_BYTES)
            .dfa_size_limit(quotas::PATTERN_BYTES)
            .nest_limit(64)
            .build()
            .map(Self)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => Refused::Unsupported("too many repetitions"),
                _ => Refused::Invalid,
            })
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        self.0.is_match(value)
    }
}

const LINE: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";

/// From Java's syntax to that of the `regex` crate.
fn translate(java: &str) -> Result<String, Refused> {
    let mut out = String::new();
    let mut rest = java;
    let mut class = 0_usize;
    let mut quantified = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let was_quantified = std::mem::take(&mut quantified);
        match c {
            '\\' => {
                rest = escape(after, class > 0, &mut out)?;
                continue;
            }
            '[' => class += 1,
            ']' => class = class.saturating_sub(1),
            _ if class > 0 => {}
            '(' if after.starts_with('?') => group(after)?,
            '.' => {
                out.push_str(LINE);
                rest = after;
                continue;
            }
            '+' if was_quantified => return Err(Refused::Unsupported("a possessive quantifier")),
            '*' | '{' if was_quantified => return Err(Refused::Invalid),
            '*' | '+' | '?' | '}' => quantified = c != '?' || !was_quantified,
            _ => {}
        }
        out.push(c);
        rest = after;
    }
    Ok(out)
}

/// What follows `(`: look-around and atomic groups are refused, flags are those that mean the same in both.
fn group(after: &str) -> Result<(), Refused> {
    if after.starts_with("?=") || after.starts_with("?!") || after.starts_with("?<=") || after.starts_with("?<!") {
        return Err(Refused::Unsupported("a look-around"));
    }
    if after.starts_with("?>") {
        return Err(Refused::Unsupported("an atomic group"));
    }
    if after.starts_with("?<") || after.starts_with("?:") {
        return Ok(());
    }
    let flags = after.trim_start_matches('?');
    let end = flags.find([':', ')']).unwrap_or(flags.len());
    if flags[..end].chars().all(|c| matches!(c, 'i' | '-' | 'm')) {
        Ok(())
    } else {
        Err(Refused::Unsupported("a flag other than `i` and `m`"))
    }
}

/// What follows a backslash. Gives what comes after it.
fn escape<'a>(after: &'a str, class: bool, out: &mut String) -> Result<&'a str, Refused> {
    let Some(c) = after.chars().next() else { return Err(Refused::Invalid) };
    let rest = &after[c.len_utf8()..];
    let known = match c {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => r"[ \t\n\x0B\f\r]",
        'S' => r"[^ \t\n\x0B\f\r]",
        'h' => r"[ \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]",
        'b' if !class => r"(?-u:\b)",
        'B' if !class => r"(?-u:\B)",
        'e' => r"\x1B",
        'Z' if !class => r"\z",
        'Q' => {
            let (quoted, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(quoted));
            return Ok(rest);
        }
        '1'..='9' | 'k' => return Err(Refused::Unsupported("a back-reference")),
        'G' | 'R' | 'X' | 'N' | 'c' | '0' | 'H' | 'v' | 'V' => return Err(Refused::Unsupported("a rare escape")),
        'p' | 'P' => return property(c, rest, out),
        'n' | 'r' | 't' | 'f' | 'a' | 'A' | 'z' | 'x' | 'u' => {
            out.push('\\');
            out.push(c);
            return Ok(rest);
        }
        c if c.is_ascii_alphabetic() => return Err(Refused::Invalid),
        c => {
            out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
            return Ok(rest);
        }
    };
    out.push_str(known);
    Ok(rest)
}

/// `\p{Alnum}` and its like are POSIX classes in Java; other properties have the same names in both.
fn property<'a>(c: char, rest: &'a str, out: &mut String) -> Result<&'a str, Refused> {
    let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let Some((name, rest)) = braced else {
        out.push('\\');
        out.push(c);
        return Ok(rest);
    };
    const POSIX: &[&str] = &[
        "Alnum", "Alpha", "ASCII", "Blank", "Cntrl", "Digit", "Graph", "Lower", "Print", "Punct", "Space", "Upper",
        "XDigit",
    ];
    if POSIX.contains(&name) {
        let not = if c == 'P' { "^" } else { "" };
        out.push_str(&format!("[[:{not}{}:]]", name.to_ascii_lowercase()));
    } else {
        let name = name.strip_prefix("Is").unwrap_or(name);
        out.push_str(&format!(r"\{c}{{{name}}}"));
    }
    Ok(rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_value_as_java_does() {
        let cases = [
            (r"[a-z]+", "abc", true),
            (r"[a-z]+", "abc1", false),
            (r"^[a-z]+$", "abc", true),
            (r"a|b", "b", true),
            (r"a|b", "ab", false),
            (r"\d{12}", "123456789012", true),
            (r"\d", "٣", false),
            (r"\w+", "naïve", false),
            (r"[\w+=,.@-]+", "a.b@c-d_e", true),
            (r"[^\s]+", "a b", false),
            (r"\p{Alnum}+", "aZ9", true),
            (r"\P{Alnum}+", "-+", true),
            (r"\p{L}+", "naïve", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"a.c", "a\nc", false),
            (r"(?i)abc", "ABC", true),
            (r"arn:aws[a-zA-Z-]*:iam::\d{12}:role\/?[\w+=,.@\-_/]+", "arn:aws:iam::111122223333:role/x/y", true),
            (r"[a-z&&[^b]]+", "abc", false),
            (r"a+?b*?", "aab", true),
            (r"", "", true),
        ];
        for (pattern, value, expected) in cases {
            assert_eq!(Pattern::new(pattern).unwrap().matches(value), expected, "{pattern} on {value}");
        }
    }

    #[test]
    fn what_takes_backtracking_is_refused_with_its_name() {
        for (pattern, what) in [
            (r"(?=.*\d).+", "a look-around"),
            (r"(?<!a)b", "a look-around"),
            (r"(a)\1", "a back-reference"),
            (r"a++", "a possessive quantifier"),
            (r"a{2}+", "a possessive quantifier"),
            (r"(?>a)", "an atomic group"),
            (r"((a{1000}){1000}){1000}", "too many repetitions"),
            (r"(?x)a b", "a flag other than `i` and `m`"),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap_err(), Refused::Unsupported(what), "{pattern}");
        }
        for pattern in ["(", "[a", "a**", r"\", r"\y"] {
            assert_eq!(Pattern::new(pattern).unwrap_err(), Refused::Invalid, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_would_be_catastrophic_is_not() {
        let value = format!("{}!", "a".repeat(4095));
        for pattern in ["(a+)+", "(a|a)*", "(a|aa)+", "(.*a){25}", "([a-z]+)*"] {
            assert!(!Pattern::new(pattern).unwrap().matches(&value), "{pattern}");
        }
    }
}

//! Filter patterns of terms.
//!
//! Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters, and filter log
//! events": "Using filter patterns to match terms in unstructured log events".

/// A pattern: what an event's message must and must not have.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filter {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Filter {
    /// Reads a pattern; what is wrong with it otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if text.len() > 1024 {
            return Err("1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: Member \
                        must have length less than or equal to 1024"
                .to_owned());
        }
        if trimmed.starts_with(['{', '[', '%']) {
            return Err("Invalid filter pattern: the sandbox reads patterns of terms only".to_owned());
        }
        let mut filter = Self::default();
        let mut rest = trimmed;
        while !rest.is_empty() {
            let list = match rest.as_bytes()[0] {
                b'?' => &mut filter.any,
                b'-' => &mut filter.none,
                _ => &mut filter.all,
            };
            rest = rest.strip_prefix(['?', '-']).unwrap_or(rest);
            let (term, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or("Invalid filter pattern: a quote is not closed")?,
                None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            };
            if term.is_empty() {
                return Err("Invalid filter pattern".to_owned());
            }
            list.push(term.to_owned());
            rest = after.trim_start();
        }
        Ok(filter)
    }

    /// Whether a message fits. Optional terms count only where none is demanded.
    pub fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        self.all.iter().all(has)
            && !self.none.iter().any(has)
            && (self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(has))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_demanded_optional_or_excluded() {
        for (pattern, message, fits) in [
            ("", "anything", true),
            ("ERROR", "an ERROR here", true),
            ("ERROR", "an error here", false),
            ("ERROR memory", "memory: ERROR", true),
            ("ERROR memory", "ERROR", false),
            ("?ERROR ?WARN", "WARN", true),
            ("?ERROR ?WARN", "INFO", false),
            ("ERROR -exit", "ERROR: exit", false),
            ("ERROR -exit", "ERROR", true),
            ("\"INTERNAL SERVER\"", "an INTERNAL SERVER fault", true),
            ("-\"a b\"", "a  b", true),
        ] {
            assert_eq!(Filter::parse(pattern).unwrap().matches(message), fits, "{pattern}: {message}");
        }
        for bad in ["{ $.a = 1 }", "[a, b]", "%x%", "\"open", "-", "?\"\""] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
    }
}

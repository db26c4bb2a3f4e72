//! Constraints of the service models, with the messages AWS gives.

use crate::error::Failure;

/// Collects what is wrong with an input, to complain of everything at once.
#[derive(Debug, Default)]
pub struct Checks(Vec<String>);

impl Checks {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }
    fn wrong(&mut self, member: &str, value: &str, must: &str) {
        self.0.push(format!("Value '{value}' at '{member}' failed to satisfy constraint: Member must {must}"));
    }
    /// A text of so many characters.
    pub fn length(mut self, member: &str, value: &str, min: usize, max: usize) -> Self {
        let length = value.chars().count();
        if length < min {
            self.wrong(member, value, &format!("have length greater than or equal to {min}"));
        } else if length > max {
            self.wrong(member, value, &format!("have length less than or equal to {max}"));
        }
        self
    }
    /// A number in a range.
    pub fn range(mut self, member: &str, value: i64, min: i64, max: i64) -> Self {
        if value < min {
            self.wrong(member, &value.to_string(), &format!("have value greater than or equal to {min}"));
        } else if value > max {
            self.wrong(member, &value.to_string(), &format!("have value less than or equal to {max}"));
        }
        self
    }
    /// A text of a pattern: `pattern` is how the message shows it, `fits` is whether it does.
    pub fn pattern(mut self, member: &str, value: &str, pattern: &str, fits: bool) -> Self {
        if !fits {
            self.wrong(member, value, &format!("satisfy regular expression pattern: {pattern}"));
        }
        self
    }
    /// One of several values.
    pub fn one_of(mut self, member: &str, value: &str, allowed: &[&str]) -> Self {
        if !allowed.contains(&value) {
            self.wrong(member, value, &format!("satisfy enum value set: [{}]", allowed.join(", ")));
        }
        self
    }
    /// Fails if anything is wrong.
    pub fn finish(self) -> Result<(), Failure> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(Failure::validation(format!("1 validation error detected: {}", self.0[0]))),
            n => Err(Failure::validation(format!("{n} validation errors detected: {}", self.0.join("; ")))),
        }
    }
}

/// Whether a text is of `[\w` and `more` `]`.
pub fn word(text: &str, more: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
}

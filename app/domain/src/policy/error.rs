//! What is wrong with a document, and where.

use std::fmt;

/// The first fault of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong, in lower case, without a final stop. For rules of IAM, the text is IAM's own.
    pub message: String,
    /// The line, from 1; 0 when the document was not read from a text.
    pub line: usize,
    /// The column in characters, from 1; 0 when the document was not read from a text.
    pub column: usize,
    /// The element: `Statement[0].Action`; empty for the document as a whole.
    pub path: String,
}

impl PolicyError {
    /// A fault of the whole document.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), line: 0, column: 0, path: String::new() }
    }

    /// A fault at an element whose place in the text isn't known.
    pub fn at_path(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), line: 0, column: 0, path: path.into() }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.path.is_empty(), self.line) {
            (true, 0) => Ok(()),
            (true, line) => write!(f, " (line {line}, column {})", self.column),
            (false, 0) => write!(f, " (at `{}`)", self.path),
            (false, line) => write!(f, " (at `{}`, line {line}, column {})", self.path, self.column),
        }
    }
}

impl std::error::Error for PolicyError {}

//! What is wrong with a template or its parameters, and where.

use std::fmt;

/// A place in a template's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The first fault of a template, of parameter values or of a resource's properties.
///
/// It shows as its message. Except for [`ErrorKind::InsufficientCapabilities`], AWS answers with `ValidationError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What sort of fault.
    pub kind: ErrorKind,
    /// The text. In AWS's words where AWS has words for it, see [`crate::words`].
    pub message: String,
    /// The element: `/Resources/Bucket/Properties/BucketName`; empty for the template as a whole.
    pub path: String,
    /// Where it is in the text; `None` where there is no text, as when a resource is resolved.
    pub place: Option<Place>,
}

/// What sort of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is neither JSON nor YAML, or too large.
    Syntax,
    /// The template breaks a rule of CloudFormation's.
    Template,
    /// A parameter's value is missing or refused.
    Parameter,
    /// A function can't be resolved with what the host knows.
    Resolve,
    /// Capabilities were not acknowledged: AWS answers `InsufficientCapabilitiesException`.
    InsufficientCapabilities,
}

impl TemplateError {
    pub(crate) fn new(kind: ErrorKind, path: &Path<'_>, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: path.to_string(), place: None }
    }

    /// A fault of the template as a whole.
    pub(crate) fn whole(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, &Path::Root, message)
    }

    /// A rule of CloudFormation's that an element breaks.
    pub(crate) fn at(path: &Path<'_>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Template, path, message)
    }

    /// The logical ID of the resource that the fault is in.
    pub fn resource(&self) -> Option<&str> {
        self.path.strip_prefix("/Resources/").map(|rest| rest.split_once('/').map_or(rest, |(name, _)| name))
    }
}

pub(crate) type Result<T, E = TemplateError> = std::result::Result<T, E>;

/// The way to an element. It lives on the stack, so that reading a template without faults allocates nothing for it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(crate) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    pub(crate) fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{key}"),
            Self::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

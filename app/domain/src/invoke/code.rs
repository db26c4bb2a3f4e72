//! One request as a program that sends it from somewhere else: with the same headers and the same bytes, through the same
//! role.
//!
//! A program holds no credential. What it needs it takes from where its language's SDK looks for credentials, and what it
//! gets from STS it keeps in memory. What was typed goes into it as literals of [`crate::quote`], or as base64, and never
//! in any other way.

mod call;
mod cli;
mod curl;
mod javascript;
mod lambda;
mod python;
mod rust;

use super::{InvokeParams, InvokeRefusal, limits};
use crate::arn::Arn;
use crate::names::{ConnectionId, ExternalId, Region, SessionName};
use crate::share::intent::InvokeAction;
use call::Call;
use serde::{Deserialize, Serialize};

/// The longest text that a program holds, in bytes; a longer one is read from a file. The console's own limit.
const TEXT_BYTES: usize = 256 * 1024;
/// The longest body of other bytes that a program holds, in bytes. The console's own limit.
const BINARY_BYTES: usize = 4 * 1024;

/// What a program is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeLanguage {
    /// A script for Python, with boto3.
    Python,
    /// A script of AWS CLI commands for bash, both steps.
    Cli,
    /// A Lambda function in Python.
    Lambda,
    /// A module for Node.js, with the SDK for JavaScript v3.
    JavaScript,
    /// A `main.rs`, with the SDK for Rust.
    Rust,
    /// A script for bash, with curl's own signing.
    Curl,
}

impl CodeLanguage {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 6] = [Self::Python, Self::Cli, Self::Lambda, Self::JavaScript, Self::Rust, Self::Curl];

    /// What a tab says.
    pub fn label(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Cli => "AWS CLI",
            Self::Lambda => "Lambda",
            Self::JavaScript => "JavaScript",
            Self::Rust => "Rust",
            Self::Curl => "curl",
        }
    }

    /// The value in forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Cli => "cli",
            Self::Lambda => "lambda",
            Self::JavaScript => "javascript",
            Self::Rust => "rust",
            Self::Curl => "curl",
        }
    }

    /// Parses [`CodeLanguage::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.key() == key)
    }

    /// Whether it can read an answer piece by piece. The AWS CLI has no command for it, and curl would print the frames in
    /// which the pieces come.
    pub fn streams(self) -> bool {
        !matches!(self, Self::Cli | Self::Curl)
    }
}

/// With whose credentials a program calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeCredentials {
    /// Those of a role, which whoever runs the program assumes.
    Role {
        /// The role.
        arn: Arn,
        /// What its trust policy asks for; not a secret.
        external_id: Option<ExternalId>,
        /// What CloudTrail shows the session as.
        session: SessionName,
    },
    /// Those of a profile, as they are.
    Profile(ConnectionId),
}

/// A program, ready to be shown or downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeView {
    /// What it is written in.
    pub language: CodeLanguage,
    /// What to call its file: `invoke-churn-classifier.py`.
    pub file_name: String,
    /// Its text, in ASCII.
    pub text: String,
    /// What has to be installed, in a sentence.
    pub needs: String,
    /// How to run it, in a sentence or two.
    pub run: String,
    /// The name of the file that it reads the body from, where it doesn't hold the body itself.
    pub body_file: Option<String>,
}

/// Why there is no program for a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// The request itself can only be refused.
    #[error(transparent)]
    Request(#[from] InvokeRefusal),
    /// The tool can't read an answer piece by piece.
    #[error("{} can't read an answer piece by piece", .0.label())]
    NoStreams(CodeLanguage),
    /// More than an asynchronous call takes inside of it.
    #[error(
        "the body is {got} bytes; InvokeEndpointAsync takes at most {} inside the call",
        limits::ASYNC_INLINE_BYTES
    )]
    NotInline {
        /// Its size in bytes.
        got: usize,
    },
}

impl CodeRefusal {
    /// The form's field it belongs to.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Request(refusal) => refusal.field(),
            Self::NoStreams(_) => "way",
            Self::NotInline { .. } => "body",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Request(refusal) => refusal.hint(),
            Self::NoStreams(_) => "choose another language, or ask for the answer as a whole",
            Self::NotInline { .. } => "put the input in S3 and name it as the call's input location",
        }
    }
}

/// The program that sends `params` to an endpoint of `region`, asking for the answer in this way.
pub fn render(
    params: &InvokeParams,
    way: InvokeAction,
    region: &Region,
    credentials: &CodeCredentials,
    language: CodeLanguage,
) -> Result<CodeView, CodeRefusal> {
    params.check(way)?;
    if way == InvokeAction::Stream && !language.streams() {
        return Err(CodeRefusal::NoStreams(language));
    }
    if way == InvokeAction::Async && params.bytes() > limits::ASYNC_INLINE_BYTES {
        return Err(CodeRefusal::NotInline { got: params.bytes() });
    }
    let call = Call::new(params, way, region, credentials)?;
    let mut view = match language {
        CodeLanguage::Python => python::render(&call),
        CodeLanguage::Cli => cli::render(&call),
        CodeLanguage::Lambda => lambda::render(&call),
        CodeLanguage::JavaScript => javascript::render(&call),
        CodeLanguage::Rust => rust::render(&call),
        CodeLanguage::Curl => curl::render(&call),
    };
    if let Some(file) = &view.body_file {
        view.run.push_str(&format!(" The request's body is not in it: save the body beside it as {file}."));
    }
    Ok(view)
}

#[cfg(test)]
mod tests;

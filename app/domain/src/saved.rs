//! Requests that are kept to be sent again: with variables to fill in, as a form for people who know the values and
//! nothing else, and as files.
//!
//! A template is text with `{{variables}}` in it. How a value is put in their place depends on what the text is
//! ([`Syntax`]), so that no value can change what surrounds it.

mod answers;
mod file;
mod form;
mod read;
mod template;
mod variable;
mod view;

pub use file::{Import, MAX_BYTES, SavedFileError, VERSION, file_name, parse_file, print_file};
pub use form::{SavedForm, VariableForm};
pub use template::{Placeholder, Syntax, TemplateProblem, Value, fill, placeholders};
pub use variable::{Variable, VariableKind};
pub use view::{ImportLine, ImportView, SavedFolder, SavedListView, SavedSummary, SavedView};

use crate::invoke::{BodyEncoding, InvokeHeaders, Through};
use crate::names::{EndpointName, SavedId};
use crate::share::intent::InvokeAction;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a saved request may be. The console's own limits.
pub mod limits {
    /// The longest name, in characters.
    pub const NAME: usize = 100;
    /// The longest description, in characters.
    pub const DESCRIPTION: usize = 2_000;
    /// The largest body, in bytes.
    pub const BODY: usize = 1024 * 1024;
    /// How many variables.
    pub const VARIABLES: usize = 50;
    /// The longest label of a variable, in characters.
    pub const LABEL: usize = 100;
    /// The longest help text of a variable, in characters.
    pub const HELP: usize = 500;
    /// The longest value of a variable, in characters.
    pub const VALUE: usize = 100_000;
    /// How many values there may be to choose from.
    pub const CHOICES: usize = 200;
    /// How many requests are kept in all, and in a file.
    pub const REQUESTS: usize = 2_000;
}

/// A request that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRequest {
    /// Its id.
    pub id: SavedId,
    /// What it says.
    pub what: Saved,
    /// Who saved it first, by the label of the session.
    pub by: String,
    /// When.
    pub created: Timestamp,
}

/// What a saved request says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its name: one of its own among those of the endpoint.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Which endpoint it is for; its folder.
    pub endpoint: EndpointName,
    /// Through what it goes. Never in a file: in another console it is another.
    #[serde(default)]
    pub through: Option<Through>,
    /// How the answer is asked for.
    pub way: InvokeAction,
    /// The headers; all but content type and accept may have variables.
    #[serde(flatten)]
    pub headers: InvokeHeaders,
    /// The body; text has variables, bytes have none.
    #[serde(default)]
    pub body: String,
    /// What `body` is.
    #[serde(default)]
    pub encoding: BodyEncoding,
    /// What there is to fill in, in the order of the form: exactly those that the headers and the body have.
    #[serde(default)]
    pub variables: Vec<Variable>,
}

//! The handshake doctor: why a caller can't invoke an endpoint through a role, which of two accounts and four
//! documents is in the way, and the smallest change that lets it through.
//!
//! [`Question`] + [`Evidence`] + [`Live`] → [`diagnose`] → [`Diagnosis`]: the handshake link by link, each with what
//! its documents say, what can't be told, and its [`Repair`]s. [`message`] reads a question out of an error message.
//!
//! Nothing here reads anything or calls anybody: the services gather the evidence and make the calls. What could not
//! be read is unknown, never a guess; but a readable explicit deny denies, whatever else can't be read.

mod diagnose;
mod diagnosis;
mod evidence;
mod links;
mod live;
pub mod message;
mod paper;
mod question;
mod repair;
mod unsure;
mod view;

pub use diagnose::diagnose;
pub use diagnosis::{Diagnosis, Link, LinkKind, LinkState, Suspect, Suspicion, Verdict};
pub use evidence::{
    CallerEvidence, ControlLevel, Document, Evidence, Origin, OtherVersion, Piece, PolicySet, RoleEvidence, Unread,
    reading,
};
pub use live::{Call, Live, Outcome};
pub use question::{Question, QuestionForm, Target};
pub use repair::{DocumentChange, Repair, RequestChange, RequestField, Whose, plan};
pub use view::DiagnosisView;

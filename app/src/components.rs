//! Components that know the domain: the wizard's steps, a plan in its two lanes, documents with their changes, checks,
//! conflicts, runs and proofs.
//!
//! They show what they are given; what to fetch and where to go is up to `pages`.

mod answer;
mod carry_request;
mod checks;
mod code;
mod conflict;
mod document;
mod json_tokens;
mod lanes;
mod live;
mod playground_tabs;
mod polled;
mod proofs;
mod run;
mod save_request;
mod sentence;
mod stepper;
mod steps;
mod why;

pub use answer::{PlainAnswer, PlainText};
pub use carry_request::CarryRequest;
pub use checks::ChecksList;
pub use code::CopyAsCode;
pub use conflict::ConflictPanel;
pub use document::{DocumentDiffView, DocumentLines, DocumentList};
pub use lanes::{ArrowTone, ChangeMark, Lanes, PlanLanes};
pub use live::{Live, RefreshWithoutScript, Revised, elapsed, use_live, use_now};
pub use playground_tabs::PlaygroundTabs;
pub use polled::{Polled, use_polled};
pub use proofs::{ProofList, proofs_sentence};
pub use run::{RunProgress, run_sentence};
pub use save_request::SaveRequest;
pub use sentence::Sentence;
pub use stepper::Stepper;
pub use steps::StepLines;
pub use why::DenialWhy;

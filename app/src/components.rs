//! Components that know the domain: the wizard's steps, a plan in its two lanes, documents with their changes, checks,
//! conflicts, runs and proofs.
//!
//! They show what they are given; what to fetch and where to go is up to `pages`.

mod access_matrix;
mod answer;
mod carry_request;
mod checks;
mod code;
mod conflict;
mod document;
mod explained;
mod json_tokens;
mod lanes;
mod live;
mod pipeline_map;
mod pipeline_run;
mod playground_tabs;
mod polled;
mod proofs;
mod run;
mod save_request;
mod sentence;
mod stepper;
mod steps;
mod three_lanes;
mod why;

pub use access_matrix::{ACCESS, AccessMatrix, Asked, asked_in, explanation, tally};
pub use answer::{PlainAnswer, PlainText};
pub use carry_request::CarryRequest;
pub use checks::ChecksList;
pub use code::CopyAsCode;
pub use conflict::ConflictPanel;
pub use document::{DocumentDiffView, DocumentLines, DocumentList, unfold};
pub use explained::Compared;
pub use lanes::{ArrowTone, ChangeMark, Lanes, PlanLanes};
pub use live::{Live, RefreshWithoutScript, Revised, elapsed, use_live, use_now};
pub use pipeline_map::{PipelineMap, PipelineMapCard};
pub use pipeline_run::{PipelineRunProgress, RunNext, run_kind_words, run_state_words};
pub use playground_tabs::PlaygroundTabs;
pub use polled::{Polled, use_polled};
pub use proofs::{ProofList, proofs_sentence};
pub use run::{RunProgress, run_sentence};
pub use save_request::SaveRequest;
pub use sentence::Sentence;
pub use stepper::{Stepper, StepperStep};
pub use steps::StepLines;
pub use three_lanes::{Crossing, ThreeLanes, lane_hue, lane_index, nothing_here};
pub use why::DenialWhy;

//! The doctor against authored broken handshakes, and against messages as they turn up in logs.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "doctor/form.rs"]
mod form;
#[path = "doctor/handshakes.rs"]
mod handshakes;
#[path = "doctor/least.rs"]
mod least;
#[path = "doctor/live.rs"]
mod live;
#[path = "doctor/messages.rs"]
mod messages;
#[path = "doctor/undo.rs"]
mod undo;
#[path = "doctor/unknown.rs"]
mod unknown;

//! Server functions: what two administrators hand to each other. The files that come back are sent as plain forms, so
//! that a file can be chosen without a script; `server/src/routes/hand_off.rs` takes them.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::handoff::HandOffView;
use domain::names::ShareId;
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod kept;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Where an offer's file is sent.
pub const OPEN_OFFER: &str = "/api/open_offer";
/// Where an acceptance's file is sent.
pub const TAKE_ACCEPTANCE: &str = "/api/take_acceptance";

/// A file that was refused, as it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What it says; empty when it was too large to keep.
    pub text: String,
    /// Why it was refused.
    pub problem: Option<FieldProblem>,
}

/// The hand-off page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOffPageView {
    /// What is handed over.
    pub hand_off: HandOffView,
    /// The acceptance that was refused just now, if one was.
    pub refused: Refused,
}

/// What the other administrator gets, and what became of the file they sent back.
#[server(prefix = "/api", endpoint = "get_hand_off", output = Json)]
pub async fn get_hand_off(share: ShareId, #[server(default)] kept: String) -> Result<HandOffPageView, AppError> {
    let (services, operator) = session()?;
    let hand_off = answer(services.hand_off(&operator, &share).await)?;
    Ok(HandOffPageView { hand_off, refused: kept::take_back(operator.key(), &kept).unwrap_or_default() })
}

/// The offer that was refused just now, if one was.
#[server(prefix = "/api", endpoint = "get_refused_offer", output = Json)]
pub async fn get_refused_offer(#[server(default)] kept: String) -> Result<Refused, AppError> {
    let (_, operator) = session()?;
    Ok(kept::take_back(operator.key(), &kept).unwrap_or_default())
}

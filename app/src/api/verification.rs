//! Server functions: proving a share. Live progress comes over `/events/verifications/{share}`; these answer once.

use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::names::ShareId;
use domain::verification::VerificationView;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Starts the proofs in the background; answers with the running ones if there are.
#[server(prefix = "/api", endpoint = "verify_share")]
pub async fn verify_share(share: ShareId) -> Result<AsOf<VerificationView>, AppError> {
    let (services, operator) = session()?;
    answer(services.verify(&operator, &share).await).map(AsOf::now)
}

/// The last verification, running or finished; `None` when there was none.
#[server(prefix = "/api", endpoint = "get_verification")]
pub async fn get_verification(share: ShareId) -> Result<AsOf<Option<VerificationView>>, AppError> {
    let (services, operator) = session()?;
    answer(services.verification(&operator, &share).await).map(AsOf::now)
}

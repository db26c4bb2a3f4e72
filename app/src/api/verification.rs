//! Server functions: proving a share. Live progress comes over `/events/verifications/{share}`; these answer once.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::names::{DraftId, ShareId};
use domain::verification::VerificationView;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::wizard::path_of;
#[cfg(feature = "ssr")]
use crate::api::{answer, session};
#[cfg(feature = "ssr")]
use domain::wizard::WizardStep;

/// Starts the proofs in the background; answers with the running ones if there are. With a draft, the wizard shows
/// them.
#[server(prefix = "/api", endpoint = "verify_share", output = Json)]
pub async fn verify_share(
    share: ShareId,
    #[server(default)] draft: Option<DraftId>,
) -> Result<AsOf<VerificationView>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.verify(&operator, &share).await)?;
    if let Some(draft) = draft {
        leptos_axum::redirect(&path_of(&draft, WizardStep::Verify).await?);
    }
    Ok(AsOf { view, now: services.now() })
}

/// The last verification, running or finished; `None` when there was none.
#[server(prefix = "/api", endpoint = "get_verification", output = Json)]
pub async fn get_verification(share: ShareId) -> Result<AsOf<Option<VerificationView>>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.verification(&operator, &share).await)?;
    Ok(AsOf { view, now: services.now() })
}

//! Verification: proofs on the finished share, in the background.
//!
//! What must work is tried first: only when the role can be assumed with everything right does a denial without the
//! external ID prove anything.

mod proofs;
mod verifier;

use crate::activity::Happened;
use crate::runs::follow;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::names::ShareId;
use domain::share::view::ShareState;
use domain::verification::VerificationView;
use futures::stream::{self, Stream, StreamExt as _};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use verifier::Verifier;

/// The verifications under way.
#[derive(Default)]
pub(crate) struct Verifications {
    active: Mutex<HashMap<ShareId, watch::Receiver<VerificationView>>>,
}

impl Services {
    /// Starts the proofs, or gives those that are under way.
    pub async fn verify(&self, operator: &Operator, share: &ShareId) -> ServiceResult<VerificationView> {
        let record = self.share_record(share).await?.value;
        if !matches!(record.state, ShareState::Applied | ShareState::Verified | ShareState::NotWorking) {
            return Err(ServiceError::Conflict {
                message: match record.state {
                    ShareState::Undone => "the share was undone: there is nothing to verify".into(),
                    _ => "the share is not applied completely yet".into(),
                },
                hint: "finish applying it first".into(),
            });
        }
        let (view, verifier) = {
            let mut active = lock(&self.inner.verifications.active);
            if let Some(running) = active.get(share) {
                return Ok(running.borrow().clone());
            }
            let (verifier, receiver) = Verifier::new(self.clone(), Arc::new(record), operator.label());
            let view = receiver.borrow().clone();
            active.insert(share.clone(), receiver);
            (view, verifier)
        };
        // Before anything is waited for: what is entered as under way is under way, whoever stays to see it.
        let active = Active { services: self.clone(), share: share.clone() };
        tokio::spawn(async move {
            // Removed also when a proof panics: the share must be verifiable again.
            let _active = active;
            verifier.run().await;
        });
        self.note(operator.label(), Happened::done("started verifying a share").of_share(share)).await;
        Ok(view)
    }

    /// The verification under way, or the last one.
    pub async fn verification(&self, _operator: &Operator, share: &ShareId) -> ServiceResult<Option<VerificationView>> {
        if let Some(running) = self.verifying(share) {
            return Ok(Some(running.borrow().clone()));
        }
        Ok(self.share_record(share).await?.value.verification)
    }

    /// The verification as it goes: its present state first; ends when it has ended. Empty when there never was one.
    pub async fn watch_verification(
        &self,
        operator: &Operator,
        share: &ShareId,
    ) -> ServiceResult<impl Stream<Item = VerificationView> + Send + use<>> {
        if let Some(running) = self.verifying(share) {
            return Ok(follow(running, |view| view.running));
        }
        let last = self.verification(operator, share).await?;
        Ok(stream::iter(last).boxed())
    }

    fn verifying(&self, share: &ShareId) -> Option<watch::Receiver<VerificationView>> {
        lock(&self.inner.verifications.active).get(share).cloned()
    }
}

struct Active {
    services: Services,
    share: ShareId,
}

impl Drop for Active {
    fn drop(&mut self) {
        lock(&self.services.inner.verifications.active).remove(&self.share);
    }
}

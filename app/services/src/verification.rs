//! Verification: proofs on the finished share, in the background.

use crate::{Operator, ServiceResult, Services};
use domain::names::ShareId;
use domain::verification::VerificationView;
use futures::Stream;
use futures::stream::BoxStream;

impl Services {
    /// Starts the proofs, or gives those that are under way.
    pub async fn verify(&self, operator: &Operator, share: &ShareId) -> ServiceResult<VerificationView> {
        let _ = (operator, share);
        self.not_yet()
    }

    /// The verification under way, or the last one.
    pub async fn verification(&self, operator: &Operator, share: &ShareId) -> ServiceResult<Option<VerificationView>> {
        let _ = (operator, share);
        self.not_yet()
    }

    /// The verification as it goes: its present state first; ends when it has ended. Empty when there never was one.
    pub async fn watch_verification(
        &self,
        operator: &Operator,
        share: &ShareId,
    ) -> ServiceResult<impl Stream<Item = VerificationView> + Send + use<>> {
        let _ = (operator, share);
        self.not_yet::<BoxStream<'static, VerificationView>>()
    }
}

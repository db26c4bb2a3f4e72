//! Calls whose asker may go away: who cancels drops the call in its middle, and the audit trail is told all the same.

use crate::activity::Happened;
use crate::{Operator, Services};
use domain::activity::ActivityOutcome;
use std::time::Instant;

/// A call under way. Dropped before its end, it is noted as cancelled.
pub(super) struct Watched {
    services: Services,
    label: String,
    happened: Option<Happened>,
    sent: usize,
    began: Instant,
}

impl Watched {
    pub(super) fn new(services: &Services, operator: &Operator, happened: Happened, sent: usize) -> Self {
        let label = operator.label().to_owned();
        Self { services: services.clone(), label, happened: Some(happened), sent, began: Instant::now() }
    }

    /// It came to its end: notes how.
    pub(super) async fn ended(mut self, ending: ActivityOutcome, detail: String) {
        if let Some(happened) = self.timed() {
            self.services.note(&self.label, happened.outcome(ending).detail(detail)).await;
        }
    }

    fn timed(&mut self) -> Option<Happened> {
        let mut happened = self.happened.take()?;
        happened.took_ms = Some(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        Some(happened)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some((happened, runtime)) = self.timed().zip(tokio::runtime::Handle::try_current().ok()) else { return };
        let (services, label) = (self.services.clone(), std::mem::take(&mut self.label));
        // The model may have run to its end: SageMaker knows of no cancelling.
        let detail = format!("{} bytes sent, cancelled", self.sent);
        runtime.spawn(async move {
            services.note(&label, happened.outcome(ActivityOutcome::Done).detail(detail)).await;
        });
    }
}

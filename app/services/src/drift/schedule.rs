//! Looking for drift without being asked. The time comes from whoever drives this, so that nothing here waits.

use super::is_standing;
use crate::activity::Happened;
use crate::ports::store::{ShareRecord, Versioned};
use crate::{ServiceResult, Services};
use domain::share::drift::{DriftCheck, DriftState};
use domain::time::Timestamp;
use futures::stream::{self, StreamExt as _};
use std::time::Duration;

/// How many shares are looked at side by side: a share takes about a dozen calls, and IAM throttles by account.
const TOGETHER: usize = 3;
/// How long after it was last written a share is first looked at: IAM may take a minute to show what was made.
const SETTLED: Duration = Duration::from_secs(5 * 60);
/// A side that could not be read is tried again at least this often: its credentials were probably renewed.
const UNREAD: Duration = Duration::from_secs(60 * 60);
/// How the audit trail names who looked.
const WHO: &str = "schedule";

impl Services {
    /// Compares every applied share that was not compared for long enough with its accounts, and says how many those
    /// were. Drift that was not there the last time goes into the audit trail. Does nothing when it is switched off.
    pub async fn check_due_shares(&self, now: Timestamp) -> ServiceResult<usize> {
        let Some(every) = self.inner.settings.check_shares else { return Ok(0) };
        let shares = self.inner.stores.shares.list().await?;
        let due = shares.into_iter().filter(|share| is_due(share, every, now)).map(|share| share.value);
        let checks = stream::iter(due).map(|record| self.check(record, now)).buffer_unordered(TOGETHER);
        Ok(checks.filter(|checked| std::future::ready(*checked)).count().await)
    }

    /// Whether a share could be compared: one that could not is due again at once.
    async fn check(&self, record: ShareRecord, now: Timestamp) -> bool {
        let share = &record.intent.id;
        let checked = async {
            let (_, found) = self.look(&record).await?;
            let mut check = DriftCheck::of(&found, &record.intent, now);
            let news = check.is_news(record.checked.as_ref());
            check.told = check.found.clone();
            self.remember_check(&record, check.clone()).await?;
            if news {
                self.note(WHO, Happened::done("found drift in a share").of_share(share).detail(check.brief)).await;
            }
            ServiceResult::Ok(())
        };
        let checked = checked.await.inspect_err(|error| tracing::warn!(%share, %error, "a share could not be checked"));
        checked.is_ok()
    }
}

fn is_due(share: &Versioned<ShareRecord>, every: Duration, now: Timestamp) -> bool {
    let (since, wait) = match &share.value.checked {
        None => (share.changed, every.min(SETTLED)),
        Some(check) if check.state == DriftState::Unknown => (check.at, every.min(UNREAD)),
        Some(check) => (check.at, every),
    };
    is_standing(share.value.state) && u128::from(now.since(since)) >= wait.as_millis()
}

//! Shares as the console lists and shows them, and the first page.

use crate::ports::store::{ShareRecord, Versioned};
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::names::{EndpointName, ShareId};
use domain::share::Side;
use domain::share::diff::made_lanes;
use domain::share::intent::EndpointScope;
use domain::share::rotate;
use domain::share::sentence::{Tense, arrow, callers_in_brief, sentence};
use domain::share::view::{OverviewView, ShareState, ShareSummary, ShareView};

/// How many lines of the audit trail the first page shows.
const RECENT: u32 = 8;

impl Services {
    /// The first page.
    pub async fn overview(&self, operator: &Operator) -> ServiceResult<OverviewView> {
        let (connections, shares, drafts, activity) = tokio::try_join!(
            self.connections(operator, false),
            self.shares(operator),
            self.drafts(operator),
            self.activity(operator, None, RECENT),
        )?;
        let sandbox = self.is_sandbox();
        Ok(OverviewView { connections, shares, drafts, activity: activity.items, sandbox, now: self.now() })
    }

    /// All shares, newest first.
    pub async fn shares(&self, _operator: &Operator) -> ServiceResult<Vec<ShareSummary>> {
        let records = self.inner.stores.shares.list().await?;
        Ok(records.iter().map(|record| summary(&record.value)).collect())
    }

    /// A share in full.
    pub async fn share(&self, operator: &Operator, share: &ShareId) -> ServiceResult<ShareView> {
        let record = self.share_record(share).await?.value;
        let run = match &record.last_run {
            Some(run) => Some(self.run(operator, run).await?),
            None => None,
        };
        let verification = self.verification(operator, share).await?;
        let intent = &record.intent;
        let undone = record.state == ShareState::Undone;
        let tense = match record.state {
            ShareState::Undone => Tense::Past,
            ShareState::Applying | ShareState::Incomplete => Tense::Future,
            // What the child's own administrator has to make may not be there yet; a verification shows that it is.
            ShareState::Applied | ShareState::NotWorking if intent.elsewhere() == Some(Side::Child) => Tense::Future,
            ShareState::Applied | ShareState::Verified | ShareState::NotWorking => Tense::Present,
        };
        let lanes = made_lanes(intent, &record.endpoint_names, undone);
        let names = record.endpoint_names.iter().filter_map(|name| EndpointName::parse(name).ok());
        Ok(ShareView {
            summary: summary(&record),
            sentence: sentence(intent, &record.endpoint_names, tense),
            role_arn: intent.role_arn().to_string(),
            external_id: intent.external_id.as_ref().map(ToString::to_string),
            rotation: rotate::view(intent),
            child_lane: lanes.child,
            parent_lane: lanes.parent,
            arrow: arrow(intent).into(),
            run,
            verification,
            targets: if undone { Vec::new() } else { names.collect() },
            elsewhere: intent.elsewhere(),
            accepted: intent.accepted,
            imported: record.imported,
            not_trusted_yet: intent.not_trusted_yet().into_iter().map(|caller| caller.name().to_owned()).collect(),
        })
    }

    pub(crate) async fn share_record(&self, id: &ShareId) -> ServiceResult<Versioned<ShareRecord>> {
        let found = self.inner.stores.shares.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "share", id: id.to_string() })
    }
}

fn summary(record: &ShareRecord) -> ShareSummary {
    let intent = &record.intent;
    let all = intent.endpoints == EndpointScope::All;
    ShareSummary {
        id: intent.id.clone(),
        role_name: intent.role_name.to_string(),
        parent: intent.parent.clone(),
        child: intent.child.clone(),
        region: intent.region.clone(),
        endpoints: if all { Vec::new() } else { record.endpoint_names.clone() },
        callers: callers_in_brief(intent),
        state: record.state,
        created: record.created,
        verified: record.verification.as_ref().filter(|v| v.passed()).and_then(|v| v.finished),
        drift: record.checked.clone(),
    }
}

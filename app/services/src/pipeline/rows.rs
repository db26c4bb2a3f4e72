//! Rows of the validation data: what an endpoint of a pipeline can be asked without anybody's thinking something up.

use super::Pipelines;
use crate::ports::gateway::RuntimeCaller;
use crate::ports::store::{PipelineRecord, Versioned};
use crate::{Operator, ServiceResult};
use domain::endpoint::Sample;
use domain::invoke::{TargetView, Through};
use domain::pipeline::data::Channel;
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::trial::rows_without_label;
use domain::pipeline::view::PipelineStatus;
use domain::s3::Location;

/// So much of the validation data is read for its first rows.
const HEAD: usize = 64 * 1024;
/// So many rows make a sample.
const SAMPLE: usize = 3;

impl Pipelines {
    /// The first rows, without their labels; none where there is no such object.
    pub(super) async fn validation_rows(&self, intent: &PipelineIntent) -> ServiceResult<Vec<String>> {
        let place = Location { bucket: intent.bucket.clone(), key: Channel::Validation.object() };
        let caller = RuntimeCaller::Connection(intent.shared_services.connection.clone());
        let s3 = &self.inner.services.inner.gateways.s3;
        let found = s3.object(&caller, &intent.region, &place, HEAD).await?;
        let text = found.map(|object| String::from_utf8_lossy(&object.body).into_owned()).unwrap_or_default();
        Ok(rows_without_label(&text))
    }

    /// What an endpoint takes that a pipeline of this console deploys to: the shape of a request is known from the data
    /// that its model learned from. None for other endpoints, and where the data can't be read.
    pub async fn sample(&self, _operator: &Operator, target: &TargetView) -> Option<Sample> {
        let intent = self.deploys_to(target).await?;
        let read = self.validation_rows(&intent).await;
        let mut rows = read.inspect_err(|error| tracing::info!(%error, "validation data can't be read")).ok()?;
        rows.truncate(SAMPLE);
        let body = rows.join("\n");
        (!body.is_empty()).then(|| Sample { content_type: "text/csv".into(), body, target_model: None })
    }

    /// The pipeline that deploys to an endpoint.
    async fn deploys_to(&self, target: &TargetView) -> Option<PipelineIntent> {
        let endpoint = target.endpoint.as_ref()?;
        let services = &self.inner.services;
        let (account, region) = match &target.through {
            Through::Direct { connection, region } => (services.known_account(connection)?, region.clone()),
            Through::Share(share) => {
                let intent = services.share_record(share).await.ok()?.value.intent;
                (intent.parent, intent.region)
            }
        };
        let deploys = |found: &Versioned<PipelineRecord>| {
            let PipelineRecord { status, intent, .. } = &found.value;
            let there = intent.production.account == account && intent.region == region;
            there && intent.deployment.endpoint == *endpoint && *status != PipelineStatus::Removed
        };
        let all = self.inner.stores.pipelines.list().await.ok()?;
        all.into_iter().find(deploys).map(|found| found.value.intent)
    }
}

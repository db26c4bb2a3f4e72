//! The versions of the endpoint: which there are, which serves, and going back to an earlier one.

use super::Pipelines;
use crate::ports::gateway::{EndpointState, GatewayErrorKind, Named};
use crate::{Operator, ServiceError, ServiceResult};
use domain::names::{DraftId, PipelineId};
use domain::pipeline::execution::is_version;
use domain::pipeline::view::{VersionView, VersionsView};
use domain::wizard::{EndpointsForm, ParentForm, StepForm};

impl Pipelines {
    /// The endpoint with its versions, the newest first.
    pub async fn versions(&self, _operator: &Operator, pipeline: &PipelineId) -> ServiceResult<VersionsView> {
        let intent = self.record(pipeline).await?.value.intent;
        let (versions, connection) = (&self.inner.gateways.versions, &intent.production.connection);
        let (region, prefix) = (&intent.region, format!("{}-", intent.prefix));
        let (endpoint, all) = tokio::try_join!(
            versions.endpoint_state(connection, region, &intent.deployment.endpoint),
            versions.configurations(connection, region, &prefix),
        )?;
        let live = endpoint.as_ref().map(|endpoint| endpoint.configuration.as_str());
        let view = |named: Named| VersionView {
            live: live == Some(named.name.as_str()),
            name: named.name,
            created: named.created,
        };
        let own = |named: &Named| is_version(intent.prefix.as_str(), &named.name);
        let versions = all.into_iter().filter(own).map(view).collect();
        Ok(VersionsView { endpoint, versions })
    }

    /// Starts a share of the endpoint: a draft of the share's wizard whose parent and endpoint are chosen.
    pub async fn share_endpoint(&self, operator: &Operator, pipeline: &PipelineId) -> ServiceResult<DraftId> {
        let intent = self.record(pipeline).await?.value.intent;
        let (services, place) = (&self.inner.services, &intent.production);
        let endpoint = format!(
            "arn:{}:sagemaker:{}:{}:endpoint/{}",
            intent.region.partition(),
            intent.region,
            place.account,
            intent.deployment.endpoint.as_str().to_lowercase()
        );
        let parent = ParentForm { connection: place.connection.to_string(), region: intent.region.to_string() };
        let draft = services.start_draft(operator).await?;
        services.save_step(operator, &draft, StepForm::Parent(parent)).await?;
        let endpoints = EndpointsForm { scope: "named".into(), arns: vec![endpoint] };
        services.save_step(operator, &draft, StepForm::Endpoints(endpoints)).await?;
        Ok(draft)
    }

    /// Has the endpoint serve an earlier version again, all traffic at once: it has served before.
    pub async fn serve_version(&self, operator: &Operator, pipeline: &PipelineId, version: &str) -> ServiceResult<()> {
        let record = self.changeable(pipeline).await?;
        let known = self.versions(operator, pipeline).await?;
        if !known.versions.iter().any(|known| known.name == version) {
            return Err(ServiceError::NotFound { what: "version of the endpoint", id: version.to_owned() });
        }
        let endpoint = &record.intent.deployment.endpoint;
        may_serve(known.endpoint.as_ref(), endpoint.as_str(), version)?;
        let (versions, place) = (&self.inner.gateways.versions, &record.intent.production);
        let updated = versions.update_endpoint(&place.connection, &record.intent.region, endpoint, version).await;
        match updated {
            Ok(_) => {}
            Err(error) if error.kind == GatewayErrorKind::Conflict => return Err(changing(endpoint.as_str())),
            Err(error) => return Err(error.into()),
        }
        self.note(operator, pipeline, "went back to an earlier version of", version).await;
        Ok(())
    }
}

/// Whether the endpoint can be told to serve another version.
fn may_serve(endpoint: Option<&EndpointState>, name: &str, version: &str) -> ServiceResult<()> {
    let conflict = |message: String, hint: &str| Err(ServiceError::Conflict { message, hint: hint.into() });
    match endpoint {
        None => conflict(format!("there is no endpoint `{name}`"), "deploy a model with the pipeline first"),
        Some(there) if there.configuration == version => {
            conflict(format!("`{name}` serves `{version}` already"), "choose another version")
        }
        Some(there) if there.status == "InService" => Ok(()),
        Some(there) if there.status == "Failed" => conflict(
            format!("the endpoint `{name}` failed and can't be updated"),
            "start the pipeline: deploying makes the endpoint anew",
        ),
        Some(_) => Err(changing(name)),
    }
}

fn changing(name: &str) -> ServiceError {
    ServiceError::Conflict {
        message: format!("the endpoint `{name}` is being changed at this moment"),
        hint: "wait until it is in service, then try again".into(),
    }
}

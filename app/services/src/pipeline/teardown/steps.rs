//! The steps that take away what stacks did not make: executions, endpoint, versions, objects.

use crate::pipeline::apply::{Done, Tell, Told, Work, own, refused, too_slow};
use crate::ports::gateway::{GatewayErrorKind, Named};
use domain::names::ConnectionId;
use domain::pipeline::execution::is_version;
use domain::pipeline::view::Progress;
use domain::run::StepError;

/// Why executions are stopped, as the pipeline's history tells it.
const REASON: &str = "The pipeline is being taken away.";

impl Work {
    /// Stops every execution, and waits until they have stopped.
    pub(in crate::pipeline) async fn stop_pipeline(
        &self,
        connection: &ConnectionId,
        tell: Tell<'_>,
    ) -> Result<Done, StepError> {
        let (inner, region) = (&self.pipelines.inner, &self.intent.region);
        let name = self.intent.prefix.as_str();
        let until = tokio::time::Instant::now() + inner.settings.patience;
        let mut asked = Vec::new();
        loop {
            let going = self.patiently(tell, || self.pipelines.executing(connection, &self.intent)).await?;
            if going.is_empty() {
                return Ok(Done::default());
            }
            for execution in going.into_iter().filter(|id| !asked.contains(id)).collect::<Vec<_>>() {
                let stop = || inner.gateways.pipelines.stop(connection, region, name, &execution, true, REASON);
                match self.tried(tell, stop).await {
                    Ok(_) => {}
                    // It has ended, or is being stopped already.
                    Err(error) if matches!(error.kind, GatewayErrorKind::Conflict | GatewayErrorKind::NotFound) => {}
                    Err(error) => return Err(refused(&error)),
                }
                asked.push(execution);
            }
            if tokio::time::Instant::now() >= until {
                return Err(too_slow("the pipeline"));
            }
            tokio::time::sleep(inner.settings.poll).await;
        }
    }

    /// Deletes the endpoint, and waits until it is gone. One that changes can't be deleted before it has settled.
    pub(in crate::pipeline) async fn delete_endpoint(
        &self,
        connection: &ConnectionId,
        tell: Tell<'_>,
    ) -> Result<Done, StepError> {
        let (inner, region, name) = (&self.pipelines.inner, &self.intent.region, &self.intent.deployment.endpoint);
        let versions = &inner.gateways.versions;
        let until = tokio::time::Instant::now() + inner.settings.patience;
        let mut asked = false;
        loop {
            let found = self.patiently(tell, || versions.endpoint_state(connection, region, name)).await?;
            let Some(found) = found else { return Ok(Done::default()) };
            if !is_version(self.intent.prefix.as_str(), &found.configuration) {
                let message = format!("the endpoint `{name}` serves `{}` by now", found.configuration);
                return Err(own("NotOurs", message, "leave it as it is: another pipeline or person has taken it over"));
            }
            let settled = matches!(found.status.as_str(), "InService" | "OutOfService" | "Failed");
            if settled && !asked {
                self.patiently(tell, || versions.delete_endpoint(connection, region, name)).await?;
                asked = true;
            }
            if tokio::time::Instant::now() >= until {
                return Err(too_slow(&format!("the endpoint `{name}`")));
            }
            tell(Told::Note(format!("the endpoint is in {}", found.status)));
            tokio::time::sleep(inner.settings.poll).await;
        }
    }

    /// Deletes endpoint configurations, then the models that they name.
    pub(in crate::pipeline) async fn delete_versions(
        &self,
        connection: &ConnectionId,
        tell: Tell<'_>,
    ) -> Result<Done, StepError> {
        let (versions, region) = (&self.pipelines.inner.gateways.versions, &self.intent.region);
        let prefix = format!("{}-", self.intent.prefix);
        let configurations = self.patiently(tell, || versions.configurations(connection, region, &prefix)).await?;
        let models = self.patiently(tell, || versions.models(connection, region, &prefix)).await?;
        let own = |all: Vec<Named>| -> Vec<String> {
            let names = all.into_iter().map(|named| named.name);
            names.filter(|name| is_version(self.intent.prefix.as_str(), name)).collect()
        };
        let (configurations, models) = (own(configurations), own(models));
        let all = Some((configurations.len() + models.len()) as u64);
        let mut done = 0;
        for configuration in &configurations {
            let delete = || versions.delete_configuration(connection, region, configuration);
            self.patiently(tell, delete).await?;
            done += 1;
            tell(Told::Progress(Progress { done, all }));
        }
        for model in &models {
            self.patiently(tell, || versions.delete_model(connection, region, model)).await?;
            done += 1;
            tell(Told::Progress(Progress { done, all }));
        }
        Ok(Done::default())
    }

    /// Deletes all versions of all objects. Each round begins at the beginning again, where what is left moves up.
    pub(in crate::pipeline) async fn empty_bucket(
        &self,
        connection: &ConnectionId,
        tell: Tell<'_>,
    ) -> Result<Done, StepError> {
        let (buckets, region) = (&self.pipelines.inner.gateways.buckets, &self.intent.region);
        let (everything, mut done) = (self.place(""), 0);
        loop {
            let page = self.patiently(tell, || buckets.versions(connection, region, &everything, None)).await?;
            let versions = page.map(|page| page.items).unwrap_or_default();
            if versions.is_empty() {
                return Ok(Done::noted(&format!("{done} versions deleted")));
            }
            let delete = || buckets.delete_versions(connection, region, &self.intent.bucket, &versions);
            self.patiently(tell, delete).await?;
            done += versions.len() as u64;
            tell(Told::Progress(Progress { done, all: None }));
        }
    }
}

//! An endpoint on its way to what it shall serve: models are downloaded as their role, traffic goes over step by step,
//! and an alarm takes it all back.
//!
//! The old variants serve until a step gives requests to the new ones, and they are there until the last step is over:
//! no request is lost. A deployment that a restart interrupts goes on where it was.
//!
//! Source: SageMaker developer guide, "Deployment guardrails"; API reference, DeploymentConfig.

use super::model::{Artifact, Endpoint, Pending, SageMaker, Variant};
use crate::acting::Acting;
use crate::app::App;
use crate::authorize;
use crate::call::{Call, Target};
use crate::check::Checks;
use crate::clock;
use crate::cloudwatch;
use crate::error::Failure;
use crate::s3;
use domain::names::{AccountId, Region};
use domain::s3::Location;
use serde_json::Value;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// The member's name.
pub const MEMBER: &str = "DeploymentConfig";
const SERVICE: &str = "sagemaker.amazonaws.com";
/// The largest archive of a model.
const LARGEST: u64 = 1 << 30;
/// How often alarms are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// Names an endpoint.
#[derive(Debug, Clone)]
pub struct Key {
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
    /// Its name, in lower case.
    pub name: String,
}

/// What a container that doesn't come up is told of.
pub fn unhealthy(variant: &str) -> String {
    format!(
        "The primary container for production variant {variant} did not pass the ping health check. Please check \
         CloudWatch logs for this endpoint."
    )
}

/// The names of the alarms that take a deployment back.
fn alarms(config: Option<&Value>) -> Vec<&str> {
    let list = config.and_then(|config| config.pointer("/AutoRollbackConfiguration/Alarms")?.as_array());
    list.into_iter().flatten().filter_map(|alarm| alarm.get("AlarmName")?.as_str()).collect()
}

/// Checks the deployment that a call asks for, if it does.
pub fn checked(call: &Call<'_>) -> Result<Option<Value>, Failure> {
    let Some(config) = call.body.get(MEMBER).filter(|config| !config.is_null()) else { return Ok(None) };
    let rolling = config.get("RollingUpdatePolicy").filter(|policy| !policy.is_null());
    let blue_green = config.get("BlueGreenUpdatePolicy").filter(|policy| !policy.is_null());
    match (blue_green, rolling) {
        (Some(_), Some(_)) => {
            return Err(Failure::validation(
                "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig.",
            ));
        }
        (Some(policy), None) => check_blue_green(policy)?,
        (None, Some(policy)) => {
            let at = "deploymentConfig.rollingUpdatePolicy";
            size(policy, "MaximumBatchSize", at, [5, 50])?;
            if policy.get("RollbackMaximumBatchSize").is_some_and(|size| !size.is_null()) {
                size(policy, "RollbackMaximumBatchSize", at, [5, 100])?;
            }
            seconds(policy, "WaitIntervalInSeconds", at, [0, 3600], true)?;
            seconds(policy, "MaximumExecutionTimeoutInSeconds", at, [600, 28_800], false)?;
        }
        (None, None) => {}
    }
    let named = alarms(Some(config));
    if named.len() > 10 {
        return Err(Failure::validation("AutoRollbackConfiguration can have at most 10 alarms."));
    }
    for name in named {
        let arn = cloudwatch::alarm_arn(&call.region, call.account(), name);
        authorize::require(call, "cloudwatch:DescribeAlarms", Target::new(arn))?;
        if cloudwatch::rings(call.app, call.account(), &call.region, name).is_none() {
            return Err(Failure::validation(format!("Could not find the CloudWatch alarm \"{name}\".")));
        }
    }
    Ok(Some(config.clone()))
}

fn check_blue_green(policy: &Value) -> Result<(), Failure> {
    let at = "deploymentConfig.blueGreenUpdatePolicy";
    seconds(policy, "TerminationWaitInSeconds", at, [0, 3600], false)?;
    seconds(policy, "MaximumExecutionTimeoutInSeconds", at, [600, 28_800], false)?;
    let routing = policy.get("TrafficRoutingConfiguration").filter(|routing| routing.is_object());
    let routing = routing.ok_or_else(|| missing(&format!("{at}.trafficRoutingConfiguration")))?;
    let at = format!("{at}.trafficRoutingConfiguration");
    let kind = super::input::required(routing, "Type")?;
    Checks::new().one_of(&format!("{at}.type"), kind, &["ALL_AT_ONCE", "CANARY", "LINEAR"]).finish()?;
    seconds(routing, "WaitIntervalInSeconds", &at, [0, 3600], true)?;
    match kind {
        "CANARY" => size(routing, "CanarySize", &at, [1, 50]),
        "LINEAR" => size(routing, "LinearStepSize", &at, [10, 50]),
        _ => Ok(()),
    }
}

fn missing(at: &str) -> Failure {
    Failure::validation(format!(
        "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
    ))
}

fn member(at: &str, name: &str) -> String {
    format!("{at}.{}", crate::protocol::query::member(name))
}

fn seconds(value: &Value, name: &str, at: &str, [least, most]: [i64; 2], needed: bool) -> Result<(), Failure> {
    match value.get(name).and_then(Value::as_i64) {
        Some(seconds) => Checks::new().range(&member(at, name), seconds, least, most).finish(),
        None if needed => Err(missing(&member(at, name))),
        None => Ok(()),
    }
}

/// A `CapacitySize`; percentages have bounds.
fn size(value: &Value, name: &str, at: &str, [least, most]: [i64; 2]) -> Result<(), Failure> {
    let at = member(at, name);
    let size = value.get(name).filter(|size| size.is_object()).ok_or_else(|| missing(&at))?;
    let kind = super::input::required(size, "Type")?;
    let number = size.get("Value").and_then(Value::as_i64).ok_or_else(|| missing(&format!("{at}.value")))?;
    let checks = Checks::new().one_of(&format!("{at}.type"), kind, &["INSTANCE_COUNT", "CAPACITY_PERCENT"]);
    let bounds = if kind == "CAPACITY_PERCENT" { [least, most] } else { [1, i64::from(i32::MAX)] };
    checks.range(&format!("{at}.value"), number, bounds[0], bounds[1]).finish()
}

/// The steps of a deployment: which share of the requests goes to the new variants, and how long it stays so, in
/// seconds.
fn steps(config: Option<&Value>, variants: &[Variant]) -> Vec<(f64, i64)> {
    let instances: u32 = variants.iter().map(|variant| variant.instances).sum();
    let share = |size: Option<&Value>| {
        let value = size.and_then(|size| size.get("Value")?.as_f64()).unwrap_or(100.0);
        let of =
            if size.is_some_and(|size| size["Type"] == "INSTANCE_COUNT") { f64::from(instances.max(1)) } else { 100.0 };
        (value / of).clamp(0.01, 1.0)
    };
    let wait = |policy: &Value| policy.get("WaitIntervalInSeconds").and_then(Value::as_i64).unwrap_or_default();
    let by = |step: f64, wait: i64| {
        let count = (1.0 / step - 1e-9).ceil() as i64;
        (1..=count).map(|n| ((n as f64 * step).min(1.0), wait)).collect()
    };
    if let Some(policy) =
        config.and_then(|config| config.get("RollingUpdatePolicy")).filter(|policy| policy.is_object())
    {
        return by(share(policy.get("MaximumBatchSize")), wait(policy));
    }
    let Some(routing) = config.and_then(|config| config.pointer("/BlueGreenUpdatePolicy/TrafficRoutingConfiguration"))
    else {
        return vec![(1.0, 0)];
    };
    match routing["Type"].as_str() {
        Some("CANARY") => vec![(share(routing.get("CanarySize")), wait(routing)), (1.0, wait(routing))],
        Some("LINEAR") => by(share(routing.get("LinearStepSize")), wait(routing)),
        _ => vec![(1.0, wait(routing))],
    }
}

/// Begins a deployment that was written down.
pub fn begin(app: &App, key: Key) {
    app.background.begin(|app| async move { Deployment { app: &app, key: &key }.go().await });
}

/// Takes up the deployments that were under way, and forgets the models that no endpoint needs.
pub fn resume(app: &Arc<App>) {
    let (mut open, mut needed) = (Vec::new(), BTreeSet::new());
    for (account, known) in &app.store.read().accounts {
        for (region, sagemaker) in &known.sagemaker {
            for (name, endpoint) in &sagemaker.endpoints {
                let coming = endpoint.pending.iter().flat_map(|pending| &pending.variants);
                let artifacts = endpoint.variants.iter().chain(coming).filter_map(|variant| variant.artifact.as_ref());
                needed.extend(artifacts.filter_map(|artifact| artifact.kept.clone()));
                if let (true, Ok(region)) = (endpoint.driven().is_some(), Region::parse(region)) {
                    open.push(Key { account: account.clone(), region, name: name.clone() });
                }
            }
        }
    }
    app.models.trained.retain(&needed);
    for key in open {
        begin(app, key);
    }
}

struct Deployment<'a> {
    app: &'a App,
    key: &'a Key,
}

impl Deployment<'_> {
    fn endpoint(&self) -> Option<Endpoint> {
        let state = self.app.store.read();
        let sagemaker = state.accounts.get(&self.key.account)?.sagemaker.get(self.key.region.as_str())?;
        sagemaker.endpoints.get(&self.key.name).cloned()
    }

    /// Changes the endpoint for as long as it is under way.
    fn change(&self, change: impl FnOnce(&mut Endpoint)) {
        let Ok(_) = self.app.store.write::<_, Infallible>(|state| {
            let account = state.accounts.get_mut(&self.key.account);
            let sagemaker: Option<&mut SageMaker> =
                account.and_then(|account| account.sagemaker.get_mut(self.key.region.as_str()));
            let endpoint = sagemaker.and_then(|sagemaker| sagemaker.endpoints.get_mut(&self.key.name));
            if let Some(endpoint) = endpoint.filter(|endpoint| endpoint.driven().is_some()) {
                change(endpoint);
            }
            Ok(())
        });
    }

    fn change_pending(&self, change: impl FnOnce(&mut Pending)) {
        self.change(|endpoint| {
            if let Some(pending) = &mut endpoint.pending {
                change(pending);
            }
        });
    }

    async fn go(&self) {
        let Some(endpoint) = self.endpoint() else { return };
        let Some(pending) = endpoint.pending else { return };
        let loaded = self.load(&pending.variants).await;
        tokio::time::sleep(Duration::from_millis(pending.until.since(clock::now()))).await;
        let result = match loaded {
            Ok(variants) => {
                self.change_pending(|pending| pending.variants = variants);
                if endpoint.variants.is_empty() { Ok(()) } else { self.shift(&pending).await }
            }
            Err(reason) => Err(reason),
        };
        match result {
            Ok(()) => self.change(|endpoint| endpoint.finish(None, clock::now())),
            Err(reason) => {
                if !endpoint.variants.is_empty() {
                    self.change_pending(|pending| {
                        pending.share = 0.0;
                        "RollingBack".clone_into(&mut pending.status);
                    });
                    let ms = self.app.faults.settings().endpoint_update_ms;
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                }
                self.change(|endpoint| endpoint.finish(Some(reason), clock::now()));
            }
        }
    }

    /// Downloads what the variants need. Gives them with it, or why one can't come up.
    async fn load(&self, variants: &[Variant]) -> Result<Vec<Variant>, String> {
        let mut variants = variants.to_vec();
        for variant in &mut variants {
            if let Some(artifact) = &mut variant.artifact {
                let archive = self.download(artifact).await?;
                let kept = self.app.models.trained.keep(archive).await.map_err(|error| {
                    tracing::debug!(variant = variant.name, error, "a model can't be loaded");
                    unhealthy(&variant.name)
                })?;
                artifact.kept = Some(kept);
            } else if !variant.is_healthy() {
                return Err(unhealthy(&variant.name));
            }
        }
        Ok(variants)
    }

    async fn download(&self, artifact: &Artifact) -> Result<bytes::Bytes, String> {
        let Artifact { url, role, .. } = artifact;
        let failed = || {
            format!(
                "Failed to download model data for container \"container_1\" from URL: \"{url}\". Please ensure that \
                 there is an object located at the URL and that the role passed to CreateModel has permissions to \
                 download the object."
            )
        };
        let role = role.as_deref().ok_or_else(failed)?;
        let acting = Acting::as_role(self.app, &self.key.region, role, SERVICE, None, "SageMaker");
        let acting = acting.map_err(|_| failed())?;
        let place = Location::parse(url).ok_or_else(failed)?;
        let got = s3::get(&acting.call(self.app), &place.bucket, &place.key, LARGEST).await;
        got.map_err(|error| {
            tracing::debug!(url, %error, "a model can't be downloaded");
            failed()
        })
    }

    /// Gives the requests to the new variants, step by step.
    async fn shift(&self, pending: &Pending) -> Result<(), String> {
        let config = pending.deployment.as_ref();
        let alarms = alarms(config);
        self.calm(&alarms)?;
        for (share, seconds) in steps(config, &pending.variants) {
            self.change_pending(|pending| pending.share = share);
            self.wait(seconds, &alarms).await?;
        }
        let termination = config.and_then(|config| config.pointer("/BlueGreenUpdatePolicy/TerminationWaitInSeconds"));
        self.wait(termination.and_then(Value::as_i64).unwrap_or_default(), &alarms).await
    }

    /// Waits so many seconds of a deployment, or until an alarm rings.
    async fn wait(&self, seconds: i64, alarms: &[&str]) -> Result<(), String> {
        let ms = self.app.faults.settings().deployment_second_ms;
        let until =
            tokio::time::Instant::now() + Duration::from_millis(u64::try_from(seconds).unwrap_or_default() * ms);
        loop {
            self.calm(alarms)?;
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }

    fn calm(&self, alarms: &[&str]) -> Result<(), String> {
        let Key { account, region, .. } = self.key;
        let rings = |name: &&&str| cloudwatch::rings(self.app, account, region, name) == Some(true);
        match alarms.iter().find(rings) {
            Some(name) => Err(format!(
                "The deployment was rolled back, because the CloudWatch alarm {name} is in the ALARM state."
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_steps_of_each_kind_end_with_everything() {
        let blue_green =
            |routing: Value| json!({ "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": routing } });
        let percent = |value: i32| json!({ "Type": "CAPACITY_PERCENT", "Value": value });
        let all = blue_green(json!({ "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 5 }));
        assert_eq!(steps(Some(&all), &[]), [(1.0, 5)]);
        let canary = blue_green(json!({ "Type": "CANARY", "WaitIntervalInSeconds": 5, "CanarySize": percent(30) }));
        assert_eq!(steps(Some(&canary), &[]), [(0.3, 5), (1.0, 5)]);
        let linear = blue_green(json!({ "Type": "LINEAR", "WaitIntervalInSeconds": 5, "LinearStepSize": percent(25) }));
        assert_eq!(steps(Some(&linear), &[]), [(0.25, 5), (0.5, 5), (0.75, 5), (1.0, 5)]);
        let rolling = json!({ "RollingUpdatePolicy": { "MaximumBatchSize": percent(40), "WaitIntervalInSeconds": 2 } });
        assert_eq!(steps(Some(&rolling), &[]), [(0.4, 2), (0.8, 2), (1.0, 2)]);
        assert_eq!(steps(None, &[]), [(1.0, 0)]);
    }
}

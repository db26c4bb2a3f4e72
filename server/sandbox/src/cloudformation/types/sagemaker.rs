//! AWS::SageMaker::Model, EndpointConfig, Endpoint.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use serde_json::{Value, json};
use std::time::Duration;

/// The types here.
pub const TYPES: &[Type] = &[
    Type {
        name: "AWS::SageMaker::Model",
        properties: &[
            ("Containers", ANEW),
            ("EnableNetworkIsolation", ANEW),
            ("ExecutionRoleArn", ANEW),
            ("InferenceExecutionConfig", ANEW),
            ("ModelName", ANEW),
            ("PrimaryContainer", ANEW),
            ("Tags", IN_PLACE),
            ("VpcConfig", ANEW),
        ],
        required: &[],
        attributes: &["ModelName"],
        naming: Some("ModelName"),
        provider: &Named { kind: "Model" },
    },
    Type {
        name: "AWS::SageMaker::EndpointConfig",
        properties: &[
            ("AsyncInferenceConfig", ANEW),
            ("DataCaptureConfig", ANEW),
            ("EnableNetworkIsolation", ANEW),
            ("EndpointConfigName", ANEW),
            ("ExecutionRoleArn", ANEW),
            ("ExplainerConfig", ANEW),
            ("KmsKeyId", ANEW),
            ("ProductionVariants", ANEW),
            ("ShadowProductionVariants", ANEW),
            ("Tags", IN_PLACE),
        ],
        required: &["ProductionVariants"],
        attributes: &["EndpointConfigName"],
        naming: Some("EndpointConfigName"),
        provider: &Named { kind: "EndpointConfig" },
    },
    Type {
        name: "AWS::SageMaker::Endpoint",
        properties: &[
            ("DeploymentConfig", IN_PLACE),
            ("EndpointConfigName", IN_PLACE),
            ("EndpointName", ANEW),
            ("ExcludeRetainedVariantProperties", IN_PLACE),
            ("RetainAllVariantProperties", IN_PLACE),
            ("RetainDeploymentConfig", IN_PLACE),
            ("Tags", IN_PLACE),
        ],
        required: &["EndpointConfigName"],
        attributes: &["EndpointName"],
        naming: Some("EndpointName"),
        provider: &Named { kind: "Endpoint" },
    },
];

const NUMBERS: [&str; 14] = [
    "ContainerStartupHealthCheckTimeoutInSeconds",
    "InitialInstanceCount",
    "InitialSamplingPercentage",
    "InitialVariantWeight",
    "MaxConcurrency",
    "MaxConcurrentInvocationsPerInstance",
    "MaximumExecutionTimeoutInSeconds",
    "MemorySizeInMB",
    "ModelDataDownloadTimeoutInSeconds",
    "ProvisionedConcurrency",
    "TerminationWaitInSeconds",
    "Value",
    "VolumeSizeInGB",
    "WaitIntervalInSeconds",
];
const FLAGS: [&str; 6] = [
    "EnableCapture",
    "EnableNetworkIsolation",
    "EnableSSMAccess",
    "RetainAllVariantProperties",
    "RetainDeploymentConfig",
    "AcceptEula",
];

/// An endpoint that can be neither changed nor deleted yet.
const MOVING: [&str; 4] = ["Creating", "Updating", "RollingBack", "SystemUpdating"];
const PAUSE: Duration = Duration::from_millis(50);

/// A kind of thing with a name, as its operations call it.
struct Named {
    kind: &'static str,
}

impl Named {
    fn parameter(&self) -> String {
        format!("{}Name", self.kind)
    }
    fn name(&self, job: &Job<'_>) -> String {
        shape::text(job.attributes, &self.parameter())
            .unwrap_or_else(|| job.physical.rsplit('/').next().unwrap_or_default().to_owned())
    }
    fn about(&self, name: &str) -> Value {
        json!({ self.parameter(): name })
    }
    fn input(&self, job: &Job<'_>, name: &str) -> Value {
        let mut kept = job.properties.clone();
        kept.remove("Tags");
        // Only updates know these.
        for member in ["ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig"] {
            kept.remove(member);
        }
        let mut input = shape::typed(&Value::Object(kept), &NUMBERS, &FLAGS);
        // The environment of a container is all texts, whatever its names are.
        texts_of_environments(&mut input);
        input[self.parameter()] = name.into();
        input
    }
    async fn retag(&self, job: &Job<'_>) -> Result<(), Fault> {
        let (tags, gone) = job.retagged();
        if !tags.is_empty() {
            let tags = shape::tag_list(&tags, "Key", "Value");
            job.ask("sagemaker", "AddTags", json!({ "ResourceArn": job.physical, "Tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("sagemaker", "DeleteTags", json!({ "ResourceArn": job.physical, "TagKeys": gone })).await?;
        }
        Ok(())
    }
    async fn status(&self, job: &Job<'_>) -> Result<(String, Option<String>), Fault> {
        let told = job.ask("sagemaker", "DescribeEndpoint", self.about(&self.name(job))).await?;
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        Ok((text("EndpointStatus").unwrap_or_default(), text("FailureReason")))
    }
}

fn texts_of_environments(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "Environment" {
                    *value = shape::typed(value, &[], &[]);
                } else {
                    texts_of_environments(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(texts_of_environments),
        _ => {}
    }
}

#[async_trait::async_trait]
impl Provider for Named {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let generated =
            || format!("{}-{}", job.logical.chars().take(50).collect::<String>(), job.unique.to_ascii_lowercase());
        let name = shape::text(job.properties, &self.parameter()).unwrap_or_else(generated);
        let mut input = self.input(job, &name);
        shape::put(&mut input, "Tags", Some(shape::tag_list(&job.all_tags(), "Key", "Value")));
        let told = job.create("sagemaker", &format!("Create{}", self.kind), input).await?;
        let arn = match told[format!("{}Arn", self.kind)].as_str() {
            Some(arn) => arn.to_owned(),
            None => {
                let told = job.ask("sagemaker", &format!("Describe{}", self.kind), self.about(&name)).await?;
                told[format!("{}Arn", self.kind)].as_str().unwrap_or_default().to_owned()
            }
        };
        Ok(Made::new(arn, &[(&self.parameter(), name)]))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        if self.kind == "Endpoint" && job.changes(&["EndpointConfigName", "DeploymentConfig"]) {
            // One whose update was called off is still on its way.
            while MOVING.contains(&self.status(job).await?.0.as_str()) {
                tokio::time::sleep(PAUSE).await;
            }
            let mut input = self.input(job, &self.name(job));
            let retained = ["ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig"];
            let retained = Value::Object(shape::only(job.properties, &retained));
            if let (Some(members), Value::Object(more)) =
                (input.as_object_mut(), shape::typed(&retained, &NUMBERS, &FLAGS))
            {
                members.extend(more);
            }
            job.ask("sagemaker", "UpdateEndpoint", input).await?;
        }
        self.retag(job).await?;
        Ok(job.unchanged())
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        let name = self.name(job);
        let operation = format!("Delete{}", self.kind);
        if self.kind != "Endpoint" {
            return job.drop("sagemaker", &operation, self.about(&name)).await;
        }
        // One that is on its way somewhere can't be deleted, and one that is deleted is there for a while.
        loop {
            match self.status(job).await {
                Err(fault) if fault.is_missing() => return Ok(()),
                Err(fault) => return Err(fault),
                Ok((status, _)) if status == "Deleting" || MOVING.contains(&status.as_str()) => {}
                Ok(_) => job.drop("sagemaker", &operation, self.about(&name)).await?,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn settled(&self, job: &Job<'_>) -> Result<bool, Fault> {
        if self.kind != "Endpoint" {
            return Ok(true);
        }
        let (status, reason) = self.status(job).await?;
        match status.as_str() {
            "InService" => match reason {
                // An update that failed leaves the endpoint as it was.
                Some(reason) => Err(Fault::own(reason)),
                None => Ok(true),
            },
            "Creating" | "Updating" | "SystemUpdating" | "RollingBack" => Ok(false),
            _ => Err(Fault::own(reason.unwrap_or_else(|| format!("The endpoint is in status {status}.")))),
        }
    }
}

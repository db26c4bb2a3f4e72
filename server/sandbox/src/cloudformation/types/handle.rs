//! AWS::CloudFormation::WaitConditionHandle: an address that nothing waits at.

use super::{Fault, Job, Made, Provider, Type};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::CloudFormation::WaitConditionHandle",
    properties: &[],
    required: &[],
    attributes: &[],
    naming: None,
    provider: &Handle,
}];

struct Handle;

#[async_trait::async_trait]
impl Provider for Handle {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let (region, unique) = (job.region, job.unique);
        let place = format!("https://cloudformation-waitcondition-{region}.s3.{region}.amazonaws.com");
        Ok(Made::new(format!("{place}/{}/{}/{unique}", job.stack, job.logical), &[]))
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        Ok(job.unchanged())
    }
    async fn delete(&self, _: &Job<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

//! AWS::S3::Bucket, AWS::S3::BucketPolicy.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::cloudformation::model::Members;
use crate::s3;
use serde_json::Value;

/// The types here.
pub const TYPES: &[Type] = &[
    Type {
        name: "AWS::S3::Bucket",
        properties: &[
            ("BucketEncryption", IN_PLACE),
            ("BucketName", ANEW),
            ("LifecycleConfiguration", IN_PLACE),
            ("NotificationConfiguration", IN_PLACE),
            ("OwnershipControls", IN_PLACE),
            ("PublicAccessBlockConfiguration", IN_PLACE),
            ("Tags", IN_PLACE),
            ("VersioningConfiguration", IN_PLACE),
        ],
        required: &[],
        attributes: &["Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"],
        naming: Some("BucketName"),
        provider: &Bucket,
    },
    Type {
        name: "AWS::S3::BucketPolicy",
        properties: &[("Bucket", ANEW), ("PolicyDocument", IN_PLACE)],
        required: &["Bucket", "PolicyDocument"],
        attributes: &[],
        naming: None,
        provider: &BucketPolicy,
    },
];

/// Numbers and booleans in a bucket's settings.
const NUMBERS: [&str; 6] = [
    "DaysAfterInitiation",
    "ExpirationInDays",
    "NoncurrentDays",
    "NoncurrentVersionExpirationInDays",
    "TransitionInDays",
    "NewerNoncurrentVersions",
];
const FLAGS: [&str; 7] = [
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "BucketKeyEnabled",
    "EventBridgeEnabled",
    "ExpiredObjectDeleteMarker",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
];

impl Fault {
    /// A refusal of S3's.
    fn of_s3(error: &s3s::S3Error) -> Self {
        Self {
            service: "S3".into(),
            code: error.code().as_str().to_owned(),
            status: error.status_code().map_or(400, |status| status.as_u16()),
            message: error.message().unwrap_or("The request was refused.").to_owned(),
        }
    }
}

/// What S3 is to keep of these properties: all but the name, numbers as numbers.
fn settings(job: &Job<'_>, properties: &Members) -> Value {
    let kept: Members = properties
        .iter()
        .filter(|(name, _)| *name != "BucketName")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut settings = shape::typed(&Value::Object(kept), &NUMBERS, &FLAGS);
    shape::put(&mut settings, "Tags", Some(shape::tag_list(&shape::tags(properties, job.tags), "Key", "Value")));
    settings
}

struct Bucket;

impl Bucket {
    fn describe(&self, job: &Job<'_>, name: &str) -> Made {
        let region = job.region;
        Made::new(
            name,
            &[
                ("Arn", format!("arn:aws:s3:::{name}")),
                ("DomainName", format!("{name}.s3.amazonaws.com")),
                ("DualStackDomainName", format!("{name}.s3.dualstack.{region}.amazonaws.com")),
                ("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com")),
                ("WebsiteURL", format!("http://{name}.s3-website-{region}.amazonaws.com")),
            ],
        )
    }
}

#[async_trait::async_trait]
impl Provider for Bucket {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = shape::text(job.properties, "BucketName").unwrap_or_else(|| job.generated(63).to_ascii_lowercase());
        let call = job.acting.call(job.app);
        match s3::create_bucket(&call, &name).await.map_err(|error| Fault::of_s3(&error)) {
            Err(fault) if !(job.again && fault.exists()) => return Err(fault),
            _ => job.made(&name),
        }
        let settings = settings(job, job.properties);
        s3::configure(&call, &name, &Value::Null, &settings).await.map_err(|error| Fault::of_s3(&error))?;
        Ok(self.describe(job, &name))
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let call = job.acting.call(job.app);
        let mut before = shape::typed(&settings(job, job.before), &NUMBERS, &FLAGS);
        let tags = shape::tags(job.before, job.before_tags);
        before["Tags"] = shape::tag_list(&tags, "Key", "Value");
        let after = settings(job, job.properties);
        s3::configure(&call, job.physical, &before, &after).await.map_err(|error| Fault::of_s3(&error))?;
        Ok(self.describe(job, job.physical))
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        let call = job.acting.call(job.app);
        s3::delete_bucket(&call, job.physical).await.map_err(|error| Fault::of_s3(&error))
    }
}

struct BucketPolicy;

impl BucketPolicy {
    async fn put(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let bucket = shape::text(job.properties, "Bucket").unwrap_or_default();
        let document = shape::document(job.properties, "PolicyDocument").unwrap_or_default();
        let call = job.acting.call(job.app);
        s3::put_bucket_policy(&call, &bucket, &document).await.map_err(|error| Fault::of_s3(&error))?;
        Ok(Made::new(bucket, &[]))
    }
}

#[async_trait::async_trait]
impl Provider for BucketPolicy {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        self.put(job).await
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        self.put(job).await
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        let call = job.acting.call(job.app);
        s3::delete_bucket_policy(&call, job.physical).await.map_err(|error| Fault::of_s3(&error))
    }
}

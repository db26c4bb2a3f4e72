//! Source from S3: a zip file in a bucket, taken as it is.

use super::{Context, Trouble};
use crate::authorize;
use crate::call::Target;
use crate::codepipeline::artifacts;
use crate::codepipeline::flow::Done;
use crate::codepipeline::model::Revision;
use crate::error::Failure;
use crate::{clock, ids, s3};
use bytes::Bytes;
use md5::{Digest as _, Md5};
use s3s::S3Error;
use std::collections::BTreeMap;

/// The largest object that is taken.
const LARGEST: u64 = 512 * 1024 * 1024;

/// What was found.
struct Found {
    bytes: Bytes,
    etag: String,
    version: String,
}

/// Takes the object and puts it out as the artifact.
pub async fn run(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let told = |kind: &str| {
        let mine = context.overrides.iter().filter(|told| told.action == context.run.action);
        mine.filter(|told| told.kind == kind).map(|told| told.value.as_str()).next()
    };
    let bucket = context.required("S3Bucket")?;
    let key = match told("S3_OBJECT_KEY") {
        Some(key) if context.configured("AllowOverrideForS3ObjectKey") == Some("true") => key,
        _ => context.required("S3ObjectKey")?,
    };
    let Found { bytes, etag, version } = fetch(context, bucket, key, told("S3_OBJECT_VERSION_ID")).await?;
    if let Some(artifact) = context.run.outputs.first() {
        artifacts::write(context, artifact, bytes).await?;
    }
    let variables = [("BucketName", bucket), ("ETag", &etag), ("ObjectKey", key), ("VersionId", &version)];
    let variables: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let revision = Revision {
        id: version.clone(),
        change: Some(version.chars().take(100).collect()),
        summary: Some(format!("Amazon S3 version id: {version}")),
        created: Some(clock::now()),
        url: None,
    };
    Ok(Some(Done { summary: revision.summary.clone(), variables, revision: Some(revision), ..Done::default() }))
}

fn denied(context: &Context<'_>, bucket: &str, told: &str) -> Trouble {
    Trouble::permission(format!(
        "The service role or action role doesn't have the permissions required to access the Amazon S3 bucket named \
         {bucket}. Update the IAM role permissions, and then try again. Error: Amazon S3:AccessDenied:{told} (role: {})",
        context.acting.caller().arn
    ))
}

/// Asks for a permission that the source's way of looking needs on AWS.
fn ask(context: &Context<'_>, action: &str, bucket: &str, resource: String) -> Result<(), Trouble> {
    let call = context.acting.call(context.app);
    let known = context.app.store.read().buckets.get(bucket).cloned();
    let Some(known) = known else { return Ok(()) };
    let policy = known.parsed_policy();
    let target = Target::new(resource).with("s3:ResourceAccount", known.account.as_str());
    let allowed = authorize::require_on_resource(&call, action, target, known.account.clone(), policy.as_ref());
    allowed.map_err(|Failure { message, .. }| denied(context, bucket, &message))
}

async fn fetch(context: &Context<'_>, bucket: &str, key: &str, version: Option<&str>) -> Result<Found, Trouble> {
    ask(context, "s3:GetBucketVersioning", bucket, s3::model::arn(bucket, None))?;
    ask(context, "s3:GetObjectVersion", bucket, s3::model::arn(bucket, Some(key)))?;
    let call = context.acting.call(context.app);
    let refused = |error: S3Error| refused(context, bucket, key, &error);
    let newest = s3::current_version(&call, bucket, key).await.map_err(refused)?;
    let version = version.map(str::to_owned).or_else(|| newest.version.clone()).ok_or_else(|| {
        Trouble::configuration(format!(
            "The Amazon S3 bucket {bucket} keeps no versions. Enable versioning on the bucket of a source action, and \
             then try again"
        ))
    })?;
    let bytes = s3::get_version(&call, bucket, key, &version, LARGEST).await.map_err(refused)?;
    let is_newest = newest.version.as_ref() == Some(&version);
    let etag = if is_newest { newest.etag } else { ids::hex(&Md5::digest(&bytes)) };
    Ok(Found { bytes, etag, version })
}

fn refused(context: &Context<'_>, bucket: &str, key: &str, error: &S3Error) -> Trouble {
    let told = error.message().unwrap_or_default();
    if error.code().as_str() == "AccessDenied" {
        let who = &context.acting.caller().arn;
        let resource = s3::model::arn(bucket, Some(key));
        let own = format!("User: {who} is not authorized to perform: s3:GetObject on resource: \"{resource}\"");
        return denied(context, bucket, if told.contains(who.as_str()) { told } else { &own });
    }
    Trouble::configuration(format!(
        "The source object {key} in the Amazon S3 bucket {bucket} can't be read: {told} (Service: Amazon S3; Error \
         Code: {})",
        error.code().as_str()
    ))
}

//! S3 as another service of the sandbox uses it: for a role that it was handed, with that role's permissions.

use super::access::{CREATE_BUCKET, GET_OBJECT, permit};
use super::errors::{self, disk, refuse};
use super::objects::Said;
use super::transfer::{broken, found, keep};
use super::{buckets, model};
use crate::call::Call;
use crate::dispatch;
use bytes::Bytes;
use domain::evaluate::Context;
use futures::stream;
use s3s::{S3ErrorCode, S3Result};
use serde_json::Value;
use std::io;
use tokio::io::AsyncReadExt as _;

/// Reads an object of at most `most` bytes.
pub async fn get(call: &Call<'_>, bucket: &str, key: &str, most: u64) -> S3Result<Bytes> {
    let known = permit(call, GET_OBJECT, Some(bucket), Some(key), Context::new())?.ok_or_else(errors::no_bucket)?;
    let object = found(call, bucket, &known.id, key)?;
    if object.size > most {
        return Err(refuse(S3ErrorCode::EntityTooLarge, format!("The object is larger than {most} bytes.")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(object.size).unwrap_or_default());
    let mut file = call.app.objects.open_file(&known.id, &object.file).await.map_err(disk)?;
    file.read_to_end(&mut bytes).await.map_err(disk)?;
    Ok(bytes.into())
}

/// Puts an object.
pub async fn put(call: &Call<'_>, bucket: &str, key: &str, bytes: Bytes, content_type: &str) -> S3Result<()> {
    let known = permit(call, "s3:PutObject", Some(bucket), Some(key), Context::new())?.ok_or_else(errors::no_bucket)?;
    let objects = &call.app.objects;
    let written = objects.write(&known.id, stream::iter([Ok::<_, io::Error>(bytes)])).await.map_err(broken)?;
    let content_type = Some(content_type.to_owned()).filter(|kind| !kind.is_empty());
    let said = Said { content_type, ..Said::default() };
    keep(objects, &known, key, written.whole(), said).await.map(|_| ())
}

/// What a fault switch wants, and permission on a bucket: as at the door for requests from outside.
async fn let_in(call: &Call<'_>, operation: &str, action: &str, bucket: &str) -> S3Result<()> {
    let verdict = call.app.faults.judge("s3", operation, call.account());
    dispatch::suffer(&verdict).await.map_err(|failure| errors::from_failure(&failure))?;
    permit(call, action, Some(bucket), None, Context::new()).map(drop)
}

/// CreateBucket, in the call's region.
pub async fn create_bucket(call: &Call<'_>, name: &str) -> S3Result<()> {
    if !s3s::path::check_bucket_name(name) {
        return Err(refuse(S3ErrorCode::InvalidBucketName, "The specified bucket is not valid."));
    }
    let_in(call, "CreateBucket", CREATE_BUCKET, name).await?;
    buckets::make(call, name).await
}

/// DeleteBucket.
pub async fn delete_bucket(call: &Call<'_>, name: &str) -> S3Result<()> {
    let_in(call, "DeleteBucket", "s3:DeleteBucket", name).await?;
    buckets::remove(call, name).await
}

/// PutBucketPolicy.
pub async fn put_bucket_policy(call: &Call<'_>, name: &str, text: &str) -> S3Result<()> {
    let_in(call, "PutBucketPolicy", "s3:PutBucketPolicy", name).await?;
    let stored = model::policy_to_store(&call.app.store.read(), name, text);
    let stored = stored.map_err(|why| refuse(S3ErrorCode::MalformedPolicy, why))?;
    buckets::change_by(call, |buckets| {
        buckets.get_mut(name).ok_or_else(errors::no_bucket)?.policy = Some(stored);
        Ok(())
    })
    .await
}

/// DeleteBucketPolicy.
pub async fn delete_bucket_policy(call: &Call<'_>, name: &str) -> S3Result<()> {
    let_in(call, "DeleteBucketPolicy", "s3:DeleteBucketPolicy", name).await?;
    buckets::change_by(call, |buckets| {
        buckets.get_mut(name).ok_or_else(errors::no_bucket)?.policy = None;
        Ok(())
    })
    .await
}

/// A bucket's settings, as CloudFormation's properties name them: the operation that sets each, and its action.
const SETTINGS: [(&str, &str, &str); 7] = [
    ("VersioningConfiguration", "PutBucketVersioning", "s3:PutBucketVersioning"),
    ("BucketEncryption", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("PublicAccessBlockConfiguration", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("OwnershipControls", "PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("LifecycleConfiguration", "PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("NotificationConfiguration", "PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
    ("Tags", "PutBucketTagging", "s3:PutBucketTagging"),
];

/// Makes a bucket's settings what they should be. Permission is asked for those that differ from `before`.
pub async fn configure(call: &Call<'_>, name: &str, before: &Value, settings: &Value) -> S3Result<()> {
    for (member, operation, action) in SETTINGS {
        if before.get(member) != settings.get(member) {
            let_in(call, operation, action, name).await?;
        }
    }
    buckets::change_by(call, |buckets| {
        buckets.get_mut(name).ok_or_else(errors::no_bucket)?.settings = settings.clone();
        Ok(())
    })
    .await
}

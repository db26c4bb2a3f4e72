//! S3 as another service of the sandbox uses it: for a role that it was handed, with that role's permissions.

use super::S3Result;
use super::access::{GET_OBJECT, GET_VERSION, LIST_BUCKET, permit, settle};
use super::encryption::{Place, Wanted, permit_reading, settle_on};
use super::errors::{self, disk, refuse};
use super::model::Bucket;
use super::objects::{Object, Said};
use super::tagging::Tags;
use super::transfer::{Beside, broken, found, keep};
use crate::call::Call;
use bytes::Bytes;
use domain::evaluate::Context;
use domain::time::Timestamp;
use futures::stream;
use s3s::S3ErrorCode;
use s3s::dto::ServerSideEncryption;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;

/// How an object is to be put.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its content type; none if it is empty.
    pub content_type: String,
    /// The key of KMS that it is encrypted with, as the header names it; without one the bucket decides.
    pub kms_key: Option<String>,
}

/// What became of an object that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its version, in a bucket with versions.
    pub version: Option<String>,
    /// Its entity tag, without quotes.
    pub etag: String,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size.
    pub size: u64,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its version, in a bucket with versions.
    pub version: Option<String>,
    /// Its entity tag, without quotes.
    pub etag: String,
    /// Its size.
    pub size: u64,
    /// When it was put.
    pub modified: Timestamp,
}

/// Reads an object of at most `most` bytes.
pub async fn get(call: &Call<'_>, bucket: &str, key: &str, most: u64) -> S3Result<Bytes> {
    read(call, bucket, key, None, most).await
}

/// Reads a version of an object of at most `most` bytes.
pub async fn get_version(call: &Call<'_>, bucket: &str, key: &str, version: &str, most: u64) -> S3Result<Bytes> {
    read(call, bucket, key, Some(version), most).await
}

async fn read(call: &Call<'_>, bucket: &str, key: &str, version: Option<&str>, most: u64) -> S3Result<Bytes> {
    let (known, object) = readable(call, bucket, key, version).await?;
    if object.size > most {
        return Err(refuse(S3ErrorCode::EntityTooLarge, format!("The object is larger than {most} bytes.")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(object.size).unwrap_or_default());
    let mut file = call.app.objects.open_file(&known.id, &object.file).await.map_err(disk)?;
    file.read_to_end(&mut bytes).await.map_err(disk)?;
    Ok(bytes.into())
}

/// Copies an object, or a version of it, into a file; gives its size.
pub async fn get_to_file(call: &Call<'_>, bucket: &str, key: &str, version: Option<&str>, to: &Path) -> S3Result<u64> {
    let (known, object) = readable(call, bucket, key, version).await?;
    let mut from = call.app.objects.open_file(&known.id, &object.file).await.map_err(disk)?;
    let mut to = tokio::fs::File::create(to).await.map_err(disk)?;
    let size = tokio::io::copy(&mut from, &mut to).await.map_err(disk)?;
    tokio::io::AsyncWriteExt::flush(&mut to).await.map_err(disk)?;
    Ok(size)
}

/// The bucket and the object in it, once the caller may read both the object and what it is encrypted with.
async fn readable(call: &Call<'_>, bucket: &str, key: &str, version: Option<&str>) -> S3Result<(Bucket, Arc<Object>)> {
    let (known, object) = seen(call, bucket, key, version)?;
    permit_reading(call, &Place { name: bucket, bucket: &known, key }, &object.encryption)?;
    settle(call).await?;
    Ok((known, object))
}

fn seen(call: &Call<'_>, bucket: &str, key: &str, version: Option<&str>) -> S3Result<(Bucket, Arc<Object>)> {
    let (action, context) = match version {
        Some(version) => (GET_VERSION, Context::new().with("s3:VersionId", version)),
        None => (GET_OBJECT, Context::new()),
    };
    let known = permit(call, action, Some(bucket), Some(key), context)?.ok_or_else(errors::no_bucket)?;
    let object = found(call, bucket, &known, key, version)?;
    Ok((known, object))
}

/// What HeadObject tells of the latest version of an object.
pub async fn current_version(call: &Call<'_>, bucket: &str, key: &str) -> S3Result<Found> {
    let (_, object) = seen(call, bucket, key, None)?;
    let (version, etag) = (object.version.clone(), object.etag.clone());
    Ok(Found { version, etag, size: object.size, modified: object.modified })
}

/// All objects whose keys begin so.
pub async fn list(call: &Call<'_>, bucket: &str, prefix: &str) -> S3Result<Vec<Listed>> {
    let context = Context::new().with("s3:prefix", prefix);
    let known = permit(call, LIST_BUCKET, Some(bucket), None, context)?.ok_or_else(errors::no_bucket)?;
    Ok(call.app.objects.read(&known.id, |objects| {
        let from = objects
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        from.map(|(key, object)| Listed { key: key.clone(), size: object.size }).collect()
    }))
}

/// Puts an object.
pub async fn put(call: &Call<'_>, bucket: &str, key: &str, bytes: Bytes, content_type: &str) -> S3Result<()> {
    let asked = Asked { content_type: content_type.to_owned(), kms_key: None };
    put_with(call, bucket, key, bytes, &asked).await.map(|_| ())
}

/// Puts an object as it is asked for.
pub async fn put_with(call: &Call<'_>, bucket: &str, key: &str, bytes: Bytes, asked: &Asked) -> S3Result<Kept> {
    let mut context = Context::new();
    let mut wanted = Wanted::default();
    if let Some(kms_key) = &asked.kms_key {
        // As the headers of a request are.
        context = context
            .with("s3:x-amz-server-side-encryption", ServerSideEncryption::AWS_KMS)
            .with("s3:x-amz-server-side-encryption-aws-kms-key-id", kms_key.as_str());
        wanted.method = Some(ServerSideEncryption::from_static(ServerSideEncryption::AWS_KMS));
        wanted.key = Some(kms_key.clone());
    }
    let known = permit(call, "s3:PutObject", Some(bucket), Some(key), context)?.ok_or_else(errors::no_bucket)?;
    let place = Place { name: bucket, bucket: &known, key };
    let encryption = settle_on(call, &place, wanted)?;
    let written = call.app.objects.write(&known.id, stream::iter([Ok::<_, io::Error>(bytes)])).await.map_err(broken)?;
    let content_type = Some(asked.content_type.clone()).filter(|kind| !kind.is_empty());
    let beside = Beside { said: Said { content_type, ..Said::default() }, tags: Tags::new(), encryption };
    let bytes = written.whole(&beside.encryption);
    let object = keep(call, &place, bytes, beside, "PutObject").await?;
    settle(call).await?;
    Ok(Kept { version: object.version.clone(), etag: object.etag.clone() })
}

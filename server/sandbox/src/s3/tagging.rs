//! Tags of objects and buckets, checked and kept.
//!
//! Source: S3 user guide, "Categorizing your objects using tags"; S3 API reference, PutBucketTagging.

use super::S3Result;
use super::buckets::known;
use super::errors::{disk, refuse};
use super::transfer::found;
use crate::call::Call;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode};
use std::collections::BTreeMap;

/// The most tags of an object.
const OF_OBJECT: usize = 10;
/// The most tags of a bucket.
pub(super) const OF_BUCKET: usize = 50;

pub(super) type Tags = BTreeMap<String, String>;

fn invalid(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::InvalidTag, message)
}

fn checked(pairs: impl Iterator<Item = (String, String)>, most: usize) -> S3Result<Tags> {
    let mut tags = Tags::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(invalid("The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(invalid("The TagValue you have provided is invalid"));
        }
        if key.starts_with("aws:") {
            return Err(invalid("System tags cannot be added/updated by requester"));
        }
        if tags.insert(key, value).is_some() {
            return Err(invalid("Cannot provide multiple Tags with the same key"));
        }
    }
    if tags.len() > most {
        let what = if most == OF_OBJECT { "Object" } else { "Bucket" };
        let code = S3ErrorCode::from_bytes(b"BadRequest").unwrap_or(S3ErrorCode::InvalidTag);
        let mut error = refuse(code, format!("{what} tags cannot be greater than {most}"));
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        return Err(error);
    }
    Ok(tags)
}

/// Tags in the form of a document.
pub(super) fn read(tagging: Tagging, most: usize) -> S3Result<Tags> {
    let pairs = tagging.tag_set.into_iter();
    checked(pairs.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())), most)
}

/// Tags in the form of `x-amz-tagging`.
pub(super) fn read_header(header: Option<&str>) -> S3Result<Tags> {
    let header = header.unwrap_or_default();
    checked(form_urlencoded::parse(header.as_bytes()).into_owned(), OF_OBJECT)
}

/// Tags as answers show them.
pub(super) fn shown(tags: &Tags) -> TagSet {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// GetObjectTagging.
pub(super) async fn get_object_tagging(
    call: &Call<'_>,
    input: GetObjectTaggingInput,
) -> S3Result<GetObjectTaggingOutput> {
    let bucket = known(call, &input.bucket)?;
    let object = found(call, &input.bucket, &bucket, &input.key, input.version_id.as_deref())?;
    Ok(GetObjectTaggingOutput { tag_set: shown(&object.tags), version_id: object.version.clone() })
}

async fn set(call: &Call<'_>, bucket: &str, key: &str, version: Option<&str>, tags: Tags) -> S3Result<Option<String>> {
    let known = known(call, bucket)?;
    let object = found(call, bucket, &known, key, version)?;
    let change = |object: &mut super::objects::Object| object.tags = tags;
    call.app.objects.change(&known.id, key, object.version.as_deref(), change).await.map_err(disk)?;
    Ok(object.version.clone())
}

/// PutObjectTagging.
pub(super) async fn put_object_tagging(
    call: &Call<'_>,
    input: PutObjectTaggingInput,
) -> S3Result<PutObjectTaggingOutput> {
    let PutObjectTaggingInput { bucket, key, version_id, tagging, .. } = input;
    let tags = read(tagging, OF_OBJECT)?;
    let version_id = set(call, &bucket, &key, version_id.as_deref(), tags).await?;
    Ok(PutObjectTaggingOutput { version_id })
}

/// DeleteObjectTagging.
pub(super) async fn delete_object_tagging(
    call: &Call<'_>,
    input: DeleteObjectTaggingInput,
) -> S3Result<DeleteObjectTaggingOutput> {
    let DeleteObjectTaggingInput { bucket, key, version_id, .. } = input;
    let version_id = set(call, &bucket, &key, version_id.as_deref(), Tags::new()).await?;
    Ok(DeleteObjectTaggingOutput { version_id })
}

//! Objects in parts. Uploads under way are kept in memory: a restart ends them, and their parts are removed.

use super::buckets::known;
use super::errors::refuse;
use super::objects::{Said, Written};
use super::transfer::{broken, check_digest, check_length, etag, keep, metadata, receive};
use super::{Operations, S3Result};
use crate::ids::{self, hex};
use md5::{Digest as _, Md5};
use parking_lot::Mutex;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request};
use std::collections::{BTreeMap, HashMap};

/// The least that a part may have, but for the last one.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;
/// The highest number of a part.
const MOST_PARTS: i32 = 10_000;

/// Uploads under way, by ID.
#[derive(Default)]
pub(super) struct Uploads(Mutex<HashMap<String, Upload>>);

#[derive(Debug, Clone)]
struct Upload {
    /// The bucket's ID.
    bucket: String,
    key: String,
    said: Said,
    parts: BTreeMap<i32, Written>,
}

fn no_upload() -> S3Error {
    refuse(
        S3ErrorCode::NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
         completed.",
    )
}

impl Uploads {
    fn with<T>(&self, id: &str, bucket: &str, key: &str, use_it: impl FnOnce(&mut Upload) -> T) -> S3Result<T> {
        let mut uploads = self.0.lock();
        let found = uploads.get_mut(id).filter(|upload| upload.bucket == bucket && upload.key == key);
        found.map(use_it).ok_or_else(no_upload)
    }
}

/// CreateMultipartUpload.
pub(super) async fn create_multipart_upload(
    operations: &Operations,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<CreateMultipartUploadOutput> {
    let input = request.input;
    let bucket = known(operations, &input.bucket)?;
    let said = Said {
        content_type: input.content_type,
        content_encoding: input.content_encoding,
        content_disposition: input.content_disposition,
        content_language: input.content_language,
        cache_control: input.cache_control,
        metadata: metadata(input.metadata)?,
    };
    let id = ids::request();
    let upload = Upload { bucket: bucket.id, key: input.key.clone(), said, parts: BTreeMap::new() };
    operations.uploads.0.lock().insert(id.clone(), upload);
    Ok(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        ..CreateMultipartUploadOutput::default()
    })
}

/// UploadPart: a part that is sent again replaces the one before.
pub(super) async fn upload_part(
    operations: &Operations,
    request: S3Request<UploadPartInput>,
) -> S3Result<UploadPartOutput> {
    let UploadPartInput { bucket, key, part_number, upload_id, body, content_length, content_md5, .. } = request.input;
    if !(1..=MOST_PARTS).contains(&part_number) {
        let message = format!("Part number must be an integer between 1 and {MOST_PARTS}, inclusive");
        return Err(refuse(S3ErrorCode::InvalidArgument, message));
    }
    check_length(content_length)?;
    let bucket = known(operations, &bucket)?;
    operations.uploads.with(&upload_id, &bucket.id, &key, |_| ())?;
    let objects = &operations.app.objects;
    let written = receive(objects, &bucket.id, body).await?;
    let file = written.file.clone();
    let tag = hex(&written.md5);
    let kept = check_digest(content_md5.as_deref(), &written).and_then(|()| {
        // The upload may have ended while this part came.
        operations.uploads.with(&upload_id, &bucket.id, &key, |upload| upload.parts.insert(part_number, written))
    });
    match kept {
        Ok(replaced) => {
            if let Some(old) = replaced {
                objects.discard(&bucket.id, &old.file).await;
            }
            Ok(UploadPartOutput { e_tag: Some(etag(&tag)), ..UploadPartOutput::default() })
        }
        Err(error) => {
            objects.discard(&bucket.id, &file).await;
            Err(error)
        }
    }
}

/// The parts that a completion names, in its order.
fn chosen(upload: &Upload, named: &[CompletedPart]) -> S3Result<Vec<Written>> {
    let mut parts = Vec::new();
    let mut last = 0;
    for part in named {
        let number = part.part_number.unwrap_or_default();
        if number <= last {
            let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
            return Err(refuse(S3ErrorCode::InvalidPartOrder, message));
        }
        last = number;
        let tag = part.e_tag.as_ref().map(ETag::value);
        let known = upload.parts.get(&number).filter(|known| tag.is_none_or(|tag| tag == hex(&known.md5)));
        let known = known.ok_or_else(|| {
            let message = "One or more of the specified parts could not be found. The part may not have been uploaded, \
                           or the specified entity tag may not match the part's entity tag.";
            refuse(S3ErrorCode::InvalidPart, message)
        })?;
        parts.push(known.clone());
    }
    if parts.is_empty() {
        return Err(refuse(S3ErrorCode::MalformedXML, "You must specify at least one part"));
    }
    let but_last = &parts[..parts.len() - 1];
    if but_last.iter().any(|part| part.size < SMALLEST_PART) {
        let message = "Your proposed upload is smaller than the minimum allowed size";
        return Err(refuse(S3ErrorCode::EntityTooSmall, message));
    }
    Ok(parts)
}

/// CompleteMultipartUpload: the parts become one object, whose entity tag is that of their digests.
pub(super) async fn complete_multipart_upload(
    operations: &Operations,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<CompleteMultipartUploadOutput> {
    let CompleteMultipartUploadInput { bucket: name, key, upload_id, multipart_upload, .. } = request.input;
    let bucket = known(operations, &name)?;
    let named = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let chosen = operations.uploads.with(&upload_id, &bucket.id, &key, |upload| chosen(upload, &named))??;
    // Whoever takes it out completes it; a second completion finds nothing.
    let upload = operations.uploads.0.lock().remove(&upload_id).ok_or_else(no_upload)?;

    let objects = &operations.app.objects;
    let digests: Vec<u8> = chosen.iter().flat_map(|part| part.md5).collect();
    let tag = format!("{}-{}", hex(&Md5::digest(&digests)), chosen.len());
    let files: Vec<String> = chosen.into_iter().map(|part| part.file).collect();
    let (file, size) = objects.join(&bucket.id, &files).await.map_err(broken)?;
    let object = keep(objects, &bucket, &key, (file, size, tag), upload.said).await?;
    for part in upload.parts.values() {
        objects.discard(&bucket.id, &part.file).await;
    }
    Ok(CompleteMultipartUploadOutput {
        location: Some(format!("/{name}/{key}")),
        bucket: Some(name),
        key: Some(key),
        e_tag: Some(etag(&object.etag)),
        ..CompleteMultipartUploadOutput::default()
    })
}

/// AbortMultipartUpload.
pub(super) async fn abort_multipart_upload(
    operations: &Operations,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<AbortMultipartUploadOutput> {
    let AbortMultipartUploadInput { bucket, key, upload_id, .. } = request.input;
    let bucket = known(operations, &bucket)?;
    operations.uploads.with(&upload_id, &bucket.id, &key, |_| ())?;
    let ended = operations.uploads.0.lock().remove(&upload_id);
    for part in ended.iter().flat_map(|upload| upload.parts.values()) {
        operations.app.objects.discard(&bucket.id, &part.file).await;
    }
    Ok(AbortMultipartUploadOutput::default())
}

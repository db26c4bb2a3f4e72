//! Objects in parts. Uploads under way are kept in memory: a restart ends them, and their parts are removed.

use super::S3Result;
use super::buckets::known;
use super::encryption::{Place, Wanted, permit_reading, settle_on};
use super::errors::refuse;
use super::model::Encryption;
use super::objects::{Said, Written};
use super::tagging;
use super::transfer::{Beside, Source, broken, check_digest, check_length, etag, keep, metadata, receive, stamp};
use crate::call::Call;
use crate::ids::{self, hex};
use md5::{Digest as _, Md5};
use parking_lot::Mutex;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode};
use std::collections::{BTreeMap, HashMap};

/// The least that a part may have, but for the last one.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;
/// The highest number of a part.
const MOST_PARTS: i32 = 10_000;

/// Uploads under way, by ID.
#[derive(Debug, Default)]
pub struct Uploads(Mutex<HashMap<String, Upload>>);

#[derive(Debug, Clone)]
struct Upload {
    /// The bucket's ID.
    bucket: String,
    key: String,
    beside: Beside,
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
    call: &Call<'_>,
    input: CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let bucket = known(call, &input.bucket)?;
    let said = Said {
        content_type: input.content_type,
        content_encoding: input.content_encoding,
        content_disposition: input.content_disposition,
        content_language: input.content_language,
        cache_control: input.cache_control,
        metadata: metadata(input.metadata)?,
    };
    let wanted =
        Wanted { method: input.server_side_encryption, key: input.ssekms_key_id, bucket_key: input.bucket_key_enabled };
    let tags = tagging::read_header(input.tagging.as_deref())?;
    let place = Place { name: &input.bucket, bucket: &bucket, key: &input.key };
    let encryption = settle_on(call, &place, wanted)?;
    let shown = encryption.shown();
    let beside = Beside { said, tags, encryption };
    let id = ids::request();
    let upload = Upload { bucket: bucket.id.clone(), key: input.key.clone(), beside, parts: BTreeMap::new() };
    call.app.objects.uploads.0.lock().insert(id.clone(), upload);
    Ok(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        ..CreateMultipartUploadOutput::default()
    })
}

/// A part as it is announced.
struct Announced<'a> {
    place: Place<'a>,
    upload: &'a str,
    number: i32,
}

impl Announced<'_> {
    /// Whether there may be such a part, and how its upload is encrypted.
    fn check(&self, call: &Call<'_>) -> S3Result<Encryption> {
        if !(1..=MOST_PARTS).contains(&self.number) {
            let message = format!("Part number must be an integer between 1 and {MOST_PARTS}, inclusive");
            return Err(refuse(S3ErrorCode::InvalidArgument, message));
        }
        let encryption = self.with(call, |upload| upload.beside.encryption.clone())?;
        // The data key was made with the upload; each part needs it again.
        permit_reading(call, &self.place, &encryption)?;
        Ok(encryption)
    }

    /// Keeps its bytes, in place of those of before. Gives its entity tag.
    async fn keep(&self, call: &Call<'_>, body: Option<StreamingBlob>, digest: Option<&str>) -> S3Result<ETag> {
        let (objects, bucket) = (&call.app.objects, &self.place.bucket.id);
        let written = receive(objects, bucket, body).await?;
        let (file, tag) = (written.file.clone(), etag(&hex(&written.md5)));
        let kept = check_digest(digest, &written).and_then(|()| {
            // The upload may have ended while this part came.
            self.with(call, |upload| upload.parts.insert(self.number, written))
        });
        match kept {
            Ok(replaced) => {
                if let Some(old) = replaced {
                    objects.discard(bucket, &old.file).await;
                }
                Ok(tag)
            }
            Err(error) => {
                objects.discard(bucket, &file).await;
                Err(error)
            }
        }
    }

    fn with<T>(&self, call: &Call<'_>, use_it: impl FnOnce(&mut Upload) -> T) -> S3Result<T> {
        call.app.objects.uploads.with(self.upload, &self.place.bucket.id, self.place.key, use_it)
    }
}

/// UploadPart: a part that is sent again replaces the one before.
pub(super) async fn upload_part(call: &Call<'_>, input: UploadPartInput) -> S3Result<UploadPartOutput> {
    check_length(input.content_length)?;
    let bucket = known(call, &input.bucket)?;
    let place = Place { name: &input.bucket, bucket: &bucket, key: &input.key };
    let part = Announced { place, upload: &input.upload_id, number: input.part_number };
    let shown = part.check(call)?.shown();
    Ok(UploadPartOutput {
        e_tag: Some(part.keep(call, input.body, input.content_md5.as_deref()).await?),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        ..UploadPartOutput::default()
    })
}

/// What of a source becomes a part: all of it, or `bytes=first-last`.
fn stretch(range: Option<&str>, size: u64) -> S3Result<std::ops::Range<u64>> {
    let Some(range) = range else { return Ok(0..size) };
    let part = match Range::parse(range) {
        Ok(Range::Int { first, last: Some(last) }) => first..last.saturating_add(1),
        _ => {
            let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last \
                           are the zero-based offsets of the first and last bytes to copy";
            return Err(refuse(S3ErrorCode::InvalidArgument, message));
        }
    };
    if part.is_empty() || part.end > size {
        let message = format!("Range specified is not valid for source object of size: {size}");
        return Err(refuse(S3ErrorCode::InvalidArgument, message));
    }
    Ok(part)
}

/// UploadPartCopy: a part that is there already, in another object.
pub(super) async fn upload_part_copy(call: &Call<'_>, input: UploadPartCopyInput) -> S3Result<UploadPartCopyOutput> {
    let source = Source::of(call, &input.copy_source, input.copy_source_if_match.as_ref())?;
    let stretch = stretch(input.copy_source_range.as_deref(), source.object.size)?;
    let bucket = known(call, &input.bucket)?;
    let place = Place { name: &input.bucket, bucket: &bucket, key: &input.key };
    let part = Announced { place, upload: &input.upload_id, number: input.part_number };
    let shown = part.check(call)?.shown();
    let bytes = source.bytes(call, stretch).await?;
    let result = CopyPartResult {
        e_tag: Some(part.keep(call, Some(bytes), None).await?),
        last_modified: Some(stamp(call.now)),
        ..CopyPartResult::default()
    };
    Ok(UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id: source.object.version.clone(),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        ..UploadPartCopyOutput::default()
    })
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
    call: &Call<'_>,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let CompleteMultipartUploadInput { bucket: name, key, upload_id, multipart_upload, .. } = input;
    let bucket = known(call, &name)?;
    let named = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let place = Place { name: &name, bucket: &bucket, key: &key };
    let objects = &call.app.objects;
    let (encryption, chosen) = objects.uploads.with(&upload_id, &bucket.id, &key, |upload| {
        chosen(upload, &named).map(|parts| (upload.beside.encryption.clone(), parts))
    })??;
    permit_reading(call, &place, &encryption)?;
    // Whoever takes it out completes it; a second completion finds nothing.
    let upload = objects.uploads.0.lock().remove(&upload_id).ok_or_else(no_upload)?;

    let digests: Vec<u8> = chosen.iter().flat_map(|part| part.md5).collect();
    let tag = format!("{}-{}", hex(&Md5::digest(&digests)), chosen.len());
    let files: Vec<String> = chosen.into_iter().map(|part| part.file).collect();
    let (file, size) = objects.join(&bucket.id, &files).await.map_err(broken)?;
    let object = keep(call, &place, (file, size, tag), upload.beside, "CompleteMultipartUpload").await?;
    for part in upload.parts.values() {
        objects.discard(&bucket.id, &part.file).await;
    }
    let shown = encryption.shown();
    let version_id = place.shown_version(&object);
    Ok(CompleteMultipartUploadOutput {
        version_id,
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        location: Some(format!("/{name}/{key}")),
        bucket: Some(name),
        key: Some(key),
        e_tag: Some(etag(&object.etag)),
        ..CompleteMultipartUploadOutput::default()
    })
}

/// AbortMultipartUpload.
pub(super) async fn abort_multipart_upload(
    call: &Call<'_>,
    input: AbortMultipartUploadInput,
) -> S3Result<AbortMultipartUploadOutput> {
    let AbortMultipartUploadInput { bucket, key, upload_id, .. } = input;
    let bucket = known(call, &bucket)?;
    call.app.objects.uploads.with(&upload_id, &bucket.id, &key, |_| ())?;
    let ended = call.app.objects.uploads.0.lock().remove(&upload_id);
    for part in ended.iter().flat_map(|upload| upload.parts.values()) {
        call.app.objects.discard(&bucket.id, &part.file).await;
    }
    Ok(AbortMultipartUploadOutput::default())
}

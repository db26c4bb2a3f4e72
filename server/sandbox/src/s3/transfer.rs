//! Objects in and out, as streams.

use super::access::{GET_OBJECT, GET_VERSION, LIST_BUCKET, permit};
use super::buckets::known;
use super::encryption::{Place, Wanted, permit_reading, settle_on};
use super::errors::{self, disk, refuse};
use super::model::{Bucket, Encryption, Versioning};
use super::objects::{LARGEST_PUT, Object, Objects, Said, Written, new_version};
use super::tagging::{self, Tags};
use super::versions::asked;
use super::{S3Result, tell};
use crate::call::Call;
use crate::ids::{self, hex};
use bytes::{Bytes, BytesMut};
use domain::evaluate::Context;
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use md5::{Digest as _, Md5};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;
/// What the names and values of an object's own metadata may have together.
const METADATA_BYTES: usize = 2048;
/// The type of bytes that nobody said anything of.
const UNTYPED: &str = "binary/octet-stream";

/// A time as S3 shows it.
pub(super) fn stamp(at: domain::time::Timestamp) -> Timestamp {
    (UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or_default())).into()
}

/// An entity tag.
pub(super) fn etag(text: &str) -> ETag {
    ETag::Strong(text.to_owned())
}

/// What an upload failed by: the disk, or what was sent.
pub(super) fn broken(error: io::Error) -> S3Error {
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(),
        // The sender went away, or a chunk's signature is wrong; what it was is in the error that `s3s` gave.
        io::ErrorKind::Other => match error.downcast::<S3Error>() {
            Ok(told) => told,
            Err(error) => refuse(
                S3ErrorCode::IncompleteBody,
                format!("The request body terminated unexpectedly or does not match its signature ({error})"),
            ),
        },
        io::ErrorKind::NotFound => errors::no_bucket(),
        _ => disk(error),
    }
}

fn too_large() -> S3Error {
    refuse(S3ErrorCode::EntityTooLarge, "Your proposed upload exceeds the maximum allowed size")
}

/// Refuses by the length that is announced, before anything is read.
pub(super) fn check_length(announced: Option<i64>) -> S3Result<()> {
    match announced.map(u64::try_from) {
        Some(Ok(length)) if length > LARGEST_PUT => Err(too_large()),
        _ => Ok(()),
    }
}

/// Compares what was sent with the digest that came with it.
pub(super) fn check_digest(announced: Option<&str>, written: &Written) -> S3Result<()> {
    use base64::Engine as _;
    match announced {
        Some(digest) if digest != base64::engine::general_purpose::STANDARD.encode(written.md5) => {
            Err(refuse(S3ErrorCode::BadDigest, "The Content-MD5 you specified did not match what we received."))
        }
        _ => Ok(()),
    }
}

pub(super) fn metadata(given: Option<HashMap<String, String>>) -> S3Result<std::collections::BTreeMap<String, String>> {
    let given = given.unwrap_or_default();
    if given.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > METADATA_BYTES {
        let message = "Your metadata headers exceed the maximum allowed metadata size";
        return Err(refuse(S3ErrorCode::MetadataTooLarge, message));
    }
    Ok(given.into_iter().collect())
}

/// Writes what comes, or nothing.
pub(super) async fn receive(objects: &Objects, bucket: &str, body: Option<StreamingBlob>) -> S3Result<Written> {
    let written = match body {
        Some(body) => objects.write(bucket, body).await,
        None => objects.write(bucket, stream::empty::<Result<Bytes, io::Error>>()).await,
    };
    written.map_err(broken)
}

/// What is kept with the bytes of an object.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    pub(super) said: Said,
    pub(super) tags: Tags,
    pub(super) encryption: Encryption,
}

/// Makes a file of so many bytes and with this entity tag the latest version of an object, and says so; `reason` is
/// the operation.
pub(super) async fn keep(
    call: &Call<'_>,
    place: &Place<'_>,
    bytes: (String, u64, String),
    beside: Beside,
    reason: &str,
) -> S3Result<Arc<Object>> {
    let mut object = Object::new(place.key, bytes);
    let Beside { said, tags, encryption } = beside;
    (object.said, object.tags, object.encryption) = (said, tags, encryption);
    object.version = (place.bucket.settings.versioning == Versioning::Enabled).then(new_version);
    let object = call.app.objects.put(&place.bucket.id, object).await.map_err(broken)?;
    tell::created(call, place, &object, reason);
    Ok(object)
}

impl Written {
    /// As [`keep`] takes it. "Objects encrypted by SSE-KMS have ETags that are not an MD5 digest of their data."
    pub(super) fn whole(self, encryption: &Encryption) -> (String, u64, String) {
        let tag = match encryption {
            Encryption::S3 => hex(&self.md5),
            Encryption::Kms { .. } => {
                let salted = [&ids::random::<16>()[..], &self.md5].concat();
                hex(&Md5::digest(&salted))
            }
        };
        (self.file, self.size, tag)
    }
}

/// PutObject.
pub(super) async fn put_object(call: &Call<'_>, input: PutObjectInput) -> S3Result<PutObjectOutput> {
    let bucket = known(call, &input.bucket)?;
    let place = Place { name: &input.bucket, bucket: &bucket, key: &input.key };
    check_length(input.content_length)?;
    let wanted =
        Wanted { method: input.server_side_encryption, key: input.ssekms_key_id, bucket_key: input.bucket_key_enabled };
    let said = Said {
        content_type: input.content_type,
        content_encoding: input.content_encoding,
        content_disposition: input.content_disposition,
        content_language: input.content_language,
        cache_control: input.cache_control,
        metadata: metadata(input.metadata)?,
    };
    let tags = tagging::read_header(input.tagging.as_deref())?;
    let beside = Beside { said, tags, encryption: settle_on(call, &place, wanted)? };
    let objects = &call.app.objects;
    let written = receive(objects, &bucket.id, input.body).await?;
    if let Err(error) = check_digest(input.content_md5.as_deref(), &written) {
        objects.discard(&bucket.id, &written.file).await;
        return Err(error);
    }
    let bytes = written.whole(&beside.encryption);
    let object = keep(call, &place, bytes, beside, "PutObject").await?;
    let shown = object.encryption.shown();
    Ok(PutObjectOutput {
        e_tag: Some(etag(&object.etag)),
        version_id: place.shown_version(&object),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        ..PutObjectOutput::default()
    })
}

/// The object or one of its versions, or why not. Who may not list the bucket is not told that an object is missing.
pub(super) fn found(
    call: &Call<'_>,
    name: &str,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> S3Result<Arc<Object>> {
    let objects = &call.app.objects;
    let object = match version {
        Some(version) => objects.version(&bucket.id, key, asked(version)?),
        None => objects.latest(&bucket.id, key),
    };
    match object {
        Some(object) if !object.marker => return Ok(object),
        Some(marker) if version.is_some() => {
            let message = "The specified method is not allowed against this resource.";
            return Err(hidden_by(&marker, refuse(S3ErrorCode::MethodNotAllowed, message)));
        }
        _ => {}
    }
    match version {
        None => {
            permit(call, LIST_BUCKET, Some(name), None, Context::new())?;
            Err(object.map_or_else(errors::no_key, |marker| hidden_by(&marker, errors::no_key())))
        }
        Some(_) => {
            permit(call, "s3:ListBucketVersions", Some(name), None, Context::new())?;
            Err(refuse(S3ErrorCode::NoSuchVersion, "The specified version does not exist."))
        }
    }
}

/// A refusal that tells of the delete marker which hides the object.
fn hidden_by(marker: &Object, mut error: S3Error) -> S3Error {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-amz-delete-marker"), HeaderValue::from_static("true"));
    if let Ok(version) = HeaderValue::from_str(marker.version_id()) {
        headers.insert(HeaderName::from_static("x-amz-version-id"), version);
    }
    error.set_headers(headers);
    error
}

/// What of an object is asked for.
fn part(range: Option<&Range>, size: u64) -> S3Result<(std::ops::Range<u64>, Option<String>)> {
    let Some(range) = range else { return Ok((0..size, None)) };
    let part =
        range.check(size).map_err(|_| refuse(S3ErrorCode::InvalidRange, "The requested range is not satisfiable"))?;
    let told = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
    Ok((part, Some(told)))
}

/// A stretch of a file, as it is read.
fn read(file: tokio::fs::File, left: u64) -> StreamingBlob {
    StreamingBlob::wrap(stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let most = left.min(CHUNK as u64);
        let got = (&mut file).take(most).read_buf(&mut chunk).await?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((chunk.freeze(), (file, left - got as u64))))
    }))
}

/// GetObject, or a range of it.
pub(super) async fn get_object(call: &Call<'_>, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let GetObjectInput { bucket: name, key, range, version_id, .. } = input;
    let bucket = known(call, &name)?;
    let place = Place { name: &name, bucket: &bucket, key: &key };
    let object = found(call, &name, &bucket, &key, version_id.as_deref())?;
    permit_reading(call, &place, &object.encryption)?;
    let (part, told) = part(range.as_ref(), object.size)?;
    let mut file = call.app.objects.open_file(&bucket.id, &object.file).await.map_err(disk)?;
    file.seek(io::SeekFrom::Start(part.start)).await.map_err(disk)?;
    let length = part.end - part.start;
    let (said, shown) = (object.said.clone(), object.encryption.shown());
    Ok(GetObjectOutput {
        accept_ranges: Some("bytes".into()),
        body: Some(read(file, length)),
        cache_control: said.cache_control,
        content_disposition: said.content_disposition,
        content_encoding: said.content_encoding,
        content_language: said.content_language,
        content_length: i64::try_from(length).ok(),
        content_range: told,
        content_type: Some(said.content_type.unwrap_or_else(|| UNTYPED.into())),
        e_tag: Some(etag(&object.etag)),
        last_modified: Some(stamp(object.modified)),
        metadata: Some(said.metadata.into_iter().collect()),
        version_id: place.shown_version(&object),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        tag_count: i32::try_from(object.tags.len()).ok().filter(|count| *count > 0),
        ..GetObjectOutput::default()
    })
}

/// HeadObject.
pub(super) async fn head_object(call: &Call<'_>, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let HeadObjectInput { bucket: name, key, range, version_id, .. } = input;
    let bucket = known(call, &name)?;
    let place = Place { name: &name, bucket: &bucket, key: &key };
    let object = found(call, &name, &bucket, &key, version_id.as_deref())?;
    let (part, told) = part(range.as_ref(), object.size)?;
    let (said, shown) = (object.said.clone(), object.encryption.shown());
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".into()),
        cache_control: said.cache_control,
        content_disposition: said.content_disposition,
        content_encoding: said.content_encoding,
        content_language: said.content_language,
        content_length: i64::try_from(part.end - part.start).ok(),
        content_range: told,
        content_type: Some(said.content_type.unwrap_or_else(|| UNTYPED.into())),
        e_tag: Some(etag(&object.etag)),
        last_modified: Some(stamp(object.modified)),
        metadata: Some(said.metadata.into_iter().collect()),
        version_id: place.shown_version(&object),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        ..HeadObjectOutput::default()
    })
}

/// What is copied. Reading it is a permission of its own.
pub(super) struct Source {
    bucket: Bucket,
    pub(super) object: Arc<Object>,
}

impl Source {
    pub(super) fn of(call: &Call<'_>, source: &CopySource, only: Option<&ETagCondition>) -> S3Result<Self> {
        let CopySource::Bucket { bucket: name, key, version_id } = source else {
            return Err(refuse(S3ErrorCode::NotImplemented, "The sandbox's S3 has no access points."));
        };
        let version = version_id.as_deref();
        let (action, context) = match version {
            Some(version) => (GET_VERSION, Context::new().with("s3:VersionId", version)),
            None => (GET_OBJECT, Context::new()),
        };
        let bucket = permit(call, action, Some(name), Some(key), context)?.ok_or_else(errors::no_bucket)?;
        let object = found(call, name, &bucket, key, version)?;
        permit_reading(call, &Place { name, bucket: &bucket, key }, &object.encryption)?;
        if only.and_then(ETagCondition::as_etag).is_some_and(|only| only.value() != object.etag) {
            let message = "At least one of the pre-conditions you specified did not hold";
            return Err(refuse(S3ErrorCode::PreconditionFailed, message));
        }
        Ok(Self { bucket, object })
    }

    /// The bytes, or a stretch of them.
    pub(super) async fn bytes(&self, call: &Call<'_>, part: std::ops::Range<u64>) -> S3Result<StreamingBlob> {
        let mut file = call.app.objects.open_file(&self.bucket.id, &self.object.file).await.map_err(disk)?;
        file.seek(io::SeekFrom::Start(part.start)).await.map_err(disk)?;
        Ok(read(file, part.end - part.start))
    }
}

/// CopyObject.
pub(super) async fn copy_object(call: &Call<'_>, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
    let source = Source::of(call, &input.copy_source, input.copy_source_if_match.as_ref())?;
    let object = &source.object;
    let onto_itself = match &input.copy_source {
        CopySource::Bucket { bucket, key, version_id: None } => **bucket == *input.bucket && **key == *input.key,
        _ => false,
    };
    let replaces = input.metadata_directive.is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
    let changes = replaces || input.server_side_encryption.is_some();
    if onto_itself && !changes {
        return Err(refuse(
            S3ErrorCode::InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let said = if replaces {
        Said {
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_disposition: input.content_disposition,
            content_language: input.content_language,
            cache_control: input.cache_control,
            metadata: metadata(input.metadata)?,
        }
    } else {
        object.said.clone()
    };
    let tags = match input.tagging_directive.as_ref().map(TaggingDirective::as_str) {
        Some(TaggingDirective::REPLACE) => tagging::read_header(input.tagging.as_deref())?,
        _ => object.tags.clone(),
    };
    let bucket = known(call, &input.bucket)?;
    let place = Place { name: &input.bucket, bucket: &bucket, key: &input.key };
    let wanted =
        Wanted { method: input.server_side_encryption, key: input.ssekms_key_id, bucket_key: input.bucket_key_enabled };
    let beside = Beside { said, tags, encryption: settle_on(call, &place, wanted)? };
    let objects = &call.app.objects;
    let whole = source.bytes(call, 0..object.size).await?;
    let written = receive(objects, &bucket.id, Some(whole)).await?;
    let bytes = written.whole(&beside.encryption);
    let copy = keep(call, &place, bytes, beside, "CopyObject").await?;
    let result = CopyObjectResult {
        e_tag: Some(etag(&copy.etag)),
        last_modified: Some(stamp(copy.modified)),
        ..CopyObjectResult::default()
    };
    let shown = copy.encryption.shown();
    Ok(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: object.version.clone(),
        version_id: place.shown_version(&copy),
        server_side_encryption: shown.method,
        ssekms_key_id: shown.key,
        bucket_key_enabled: shown.bucket_key,
        ..CopyObjectOutput::default()
    })
}

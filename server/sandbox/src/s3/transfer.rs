//! Objects in and out, as streams.

use super::access::{GET_OBJECT, LIST_BUCKET, Visitor, permit};
use super::buckets::known;
use super::errors::{self, disk, refuse};
use super::model::Bucket;
use super::objects::{LARGEST_PUT, Object, Objects, Said, Written};
use super::{Operations, S3Result};
use crate::call::Call;
use crate::clock;
use crate::ids::hex;
use bytes::{Bytes, BytesMut};
use domain::evaluate::Context;
use futures::stream;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request};
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

/// Makes a file of so many bytes and with this entity tag an object.
pub(super) async fn keep(
    objects: &Objects,
    bucket: &Bucket,
    key: &str,
    (file, size, etag): (String, u64, String),
    said: Said,
) -> S3Result<Arc<Object>> {
    let object = Object { key: key.to_owned(), file, size, etag, modified: clock::now(), said };
    objects.put(&bucket.id, object).await.map_err(broken)
}

impl Written {
    /// As [`keep`] takes it.
    pub(super) fn whole(self) -> (String, u64, String) {
        let tag = hex(&self.md5);
        (self.file, self.size, tag)
    }
}

/// PutObject.
pub(super) async fn put_object(
    operations: &Operations,
    request: S3Request<PutObjectInput>,
) -> S3Result<PutObjectOutput> {
    let input = request.input;
    let bucket = known(operations, &input.bucket)?;
    check_length(input.content_length)?;
    let said = Said {
        content_type: input.content_type,
        content_encoding: input.content_encoding,
        content_disposition: input.content_disposition,
        content_language: input.content_language,
        cache_control: input.cache_control,
        metadata: metadata(input.metadata)?,
    };
    let objects = &operations.app.objects;
    let written = receive(objects, &bucket.id, input.body).await?;
    if let Err(error) = check_digest(input.content_md5.as_deref(), &written) {
        objects.discard(&bucket.id, &written.file).await;
        return Err(error);
    }
    let object = keep(objects, &bucket, &input.key, written.whole(), said).await?;
    Ok(PutObjectOutput { e_tag: Some(etag(&object.etag)), ..PutObjectOutput::default() })
}

/// The object, or why not. Who may not list the bucket is not told that an object is missing.
pub(super) fn found(call: &Call<'_>, bucket: &str, id: &str, key: &str) -> S3Result<Arc<Object>> {
    if let Some(object) = call.app.objects.get(id, key) {
        return Ok(object);
    }
    permit(call, LIST_BUCKET, Some(bucket), None, Context::new())?;
    Err(errors::no_key())
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
pub(super) async fn get_object(
    operations: &Operations,
    request: S3Request<GetObjectInput>,
) -> S3Result<GetObjectOutput> {
    let visitor = Visitor::of(&request)?;
    let call = visitor.call(&operations.app);
    let GetObjectInput { bucket, key, range, .. } = request.input;
    let id = known(operations, &bucket)?.id;
    let object = found(&call, &bucket, &id, &key)?;
    let (part, told) = part(range.as_ref(), object.size)?;
    let mut file = operations.app.objects.open_file(&id, &object.file).await.map_err(disk)?;
    file.seek(io::SeekFrom::Start(part.start)).await.map_err(disk)?;
    let length = part.end - part.start;
    let said = object.said.clone();
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
        ..GetObjectOutput::default()
    })
}

/// HeadObject.
pub(super) async fn head_object(
    operations: &Operations,
    request: S3Request<HeadObjectInput>,
) -> S3Result<HeadObjectOutput> {
    let visitor = Visitor::of(&request)?;
    let call = visitor.call(&operations.app);
    let HeadObjectInput { bucket, key, range, .. } = request.input;
    let object = found(&call, &bucket, &known(operations, &bucket)?.id, &key)?;
    let (part, told) = part(range.as_ref(), object.size)?;
    let said = object.said.clone();
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
        ..HeadObjectOutput::default()
    })
}

/// DeleteObject: also where there is none.
pub(super) async fn delete_object(
    operations: &Operations,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<DeleteObjectOutput> {
    let id = known(operations, &request.input.bucket)?.id;
    operations.app.objects.delete(&id, &request.input.key).await.map_err(disk)?;
    Ok(DeleteObjectOutput::default())
}

/// CopyObject: reading the source is a permission of its own.
pub(super) async fn copy_object(
    operations: &Operations,
    request: S3Request<CopyObjectInput>,
) -> S3Result<CopyObjectOutput> {
    let visitor = Visitor::of(&request)?;
    let call = visitor.call(&operations.app);
    let input = request.input;
    let CopySource::Bucket { bucket: source, key, .. } = &input.copy_source else {
        return Err(refuse(S3ErrorCode::NotImplemented, "The sandbox's S3 has no access points."));
    };
    let from = permit(&call, GET_OBJECT, Some(source), Some(key), Context::new())?.ok_or_else(errors::no_bucket)?;
    let object = found(&call, source, &from.id, key)?;
    let replaces = input.metadata_directive.is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
    if **source == *input.bucket && **key == *input.key && !replaces {
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
    let bucket = known(operations, &input.bucket)?;
    let objects = &operations.app.objects;
    let file = objects.open_file(&from.id, &object.file).await.map_err(disk)?;
    let written = receive(objects, &bucket.id, Some(read(file, object.size))).await?;
    let copy = keep(objects, &bucket, &input.key, written.whole(), said).await?;
    let result = CopyObjectResult {
        e_tag: Some(etag(&copy.etag)),
        last_modified: Some(stamp(copy.modified)),
        ..CopyObjectResult::default()
    };
    Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
}

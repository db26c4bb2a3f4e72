//! Putting an object: whole where it is small, otherwise in parts, a few at a time. A file is read as it is sent, and read
//! again where a part is tried again; it is never in memory as a whole.
//!
//! Source: S3 user guide, "Uploading and copying objects using multipart upload" and "Amazon S3 multipart upload limits".

use super::DIGEST;
use crate::connections::{CONNECT, Open};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Config;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use aws_types::request_id::RequestId;
use bytes::Bytes;
use domain::s3::Location;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use services::ports::gateway::{Answered, Content, GatewayResult, NewObject, Sent};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Handle;

/// What is not larger goes in one request; a part is not smaller. S3 wants 5 MiB at least.
const PART: u64 = 8 << 20;
/// The most parts that an object may have.
const MOST_PARTS: u64 = 10_000;
/// Parts sent at a time.
const AT_ONCE: usize = 4;
/// How often a request with a body is tried: one of thousands should not undo all others.
const ATTEMPTS: u32 = 5;
/// How long one try may take, on top of what sending its bytes takes at the slowest that is waited for.
const ATTEMPT: Duration = Duration::from_secs(60);
const SLOWEST_BYTES_A_SECOND: u64 = 64 << 10;

/// Why a file can't be sent.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` can't be read: {why}")]
struct Unreadable {
    path: PathBuf,
    why: String,
}

impl Unreadable {
    fn new(path: &Path, why: impl ToString) -> Self {
        Self { path: path.to_owned(), why: why.to_string() }
    }
}

/// Puts an object; tells `sent` how many bytes of it are there by now.
pub(super) async fn put(s3: &Open<'_, Client>, object: &NewObject, sent: Sent<'_>) -> GatewayResult<Answered<()>> {
    let bytes = length(&object.content).await.map_err(|error| s3.call("PutObject").invalid(error))?;
    sent(0);
    if bytes > PART { in_parts(s3, object, bytes, sent).await } else { whole(s3, object, bytes, sent).await }
}

async fn whole(s3: &Open<'_, Client>, object: &NewObject, bytes: u64, sent: Sent<'_>) -> GatewayResult<Answered<()>> {
    let call = s3.call("PutObject");
    let body = piece(&object.content, 0, bytes).await.map_err(|error| call.invalid(error))?;
    let answer = s3
        .client
        .put_object()
        .bucket(&object.place.bucket)
        .key(&object.place.key)
        .content_type(&object.content_type)
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id(object.key.as_str())
        .metadata(DIGEST, &object.sha256)
        .body(body)
        .customize()
        .config_override(patient(bytes))
        .send()
        .await
        .map_err(|e| call.failed(e))?;
    sent(bytes);
    Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
}

async fn in_parts(
    s3: &Open<'_, Client>,
    object: &NewObject,
    bytes: u64,
    sent: Sent<'_>,
) -> GatewayResult<Answered<()>> {
    let upload = Upload::begin(s3, object).await?;
    match upload.send(s3, object, bytes, sent).await {
        Ok(answer) => {
            upload.completed();
            Ok(answer)
        }
        Err(error) => {
            upload.abort().await;
            Err(error)
        }
    }
}

/// An upload under way. S3 keeps its parts, and has them paid for, until it is completed or aborted: dropping it aborts it.
struct Upload {
    client: Client,
    place: Location,
    /// None once it has ended.
    id: Option<String>,
}

impl Upload {
    async fn begin(s3: &Open<'_, Client>, object: &NewObject) -> GatewayResult<Self> {
        let call = s3.call("CreateMultipartUpload");
        let answer = s3
            .client
            .create_multipart_upload()
            .bucket(&object.place.bucket)
            .key(&object.place.key)
            .content_type(&object.content_type)
            .server_side_encryption(ServerSideEncryption::AwsKms)
            .ssekms_key_id(object.key.as_str())
            .metadata(DIGEST, &object.sha256)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        let id = answer.upload_id.ok_or_else(|| call.unexpected("no upload"))?;
        Ok(Self { client: s3.client.clone(), place: object.place.clone(), id: Some(id) })
    }

    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    async fn send(
        &self,
        s3: &Open<'_, Client>,
        object: &NewObject,
        bytes: u64,
        sent: Sent<'_>,
    ) -> GatewayResult<Answered<()>> {
        let parts = parts(bytes).into_iter().map(|part| self.send_part(s3, object, part));
        let mut under_way = stream::iter(parts).buffer_unordered(AT_ONCE);
        let (mut done, mut there) = (Vec::new(), 0);
        while let Some((part, length)) = under_way.try_next().await? {
            there += length;
            sent(there);
            done.push(part);
        }
        done.sort_by_key(|part| part.part_number);
        let call = s3.call("CompleteMultipartUpload");
        let answer = s3
            .client
            .complete_multipart_upload()
            .bucket(&self.place.bucket)
            .key(&self.place.key)
            .upload_id(self.id())
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(done)).build())
            .customize()
            // S3 puts thousands of parts together before it answers.
            .config_override(patient(0))
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn send_part(
        &self,
        s3: &Open<'_, Client>,
        object: &NewObject,
        part: Part,
    ) -> GatewayResult<(CompletedPart, u64)> {
        let call = s3.call("UploadPart");
        let body = piece(&object.content, part.offset, part.length).await.map_err(|error| call.invalid(error))?;
        let answer = s3
            .client
            .upload_part()
            .bucket(&self.place.bucket)
            .key(&self.place.key)
            .upload_id(self.id())
            .part_number(part.number)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(body)
            .customize()
            .config_override(patient(part.length))
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        let completed = CompletedPart::builder()
            .part_number(part.number)
            .set_e_tag(answer.e_tag)
            .set_checksum_crc32(answer.checksum_crc32)
            .build();
        Ok((completed, part.length))
    }

    fn completed(mut self) {
        self.id = None;
    }

    async fn abort(mut self) {
        if let Some(id) = self.id.take() {
            abort(self.client.clone(), self.place.clone(), id).await;
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(id), Ok(runtime)) = (self.id.take(), Handle::try_current()) {
            runtime.spawn(abort(self.client.clone(), self.place.clone(), id));
        }
    }
}

/// Nobody waits for this: what is left behind is said, and the bucket's rules take it away in time.
async fn abort(client: Client, place: Location, id: String) {
    let request = client.abort_multipart_upload().bucket(&place.bucket).key(&place.key).upload_id(&id);
    if let Err(error) = request.send().await {
        let error = aws_smithy_types::error::display::DisplayErrorContext(&error);
        tracing::warn!(%place, upload = id, %error, "an upload could not be aborted; its parts stay with S3");
    }
}

/// A part of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    number: i32,
    offset: u64,
    length: u64,
}

/// How so many bytes are cut: into parts of one size, but for the last.
fn parts(bytes: u64) -> Vec<Part> {
    let size = bytes.div_ceil(MOST_PARTS).max(PART);
    let part = |(number, offset): (i32, u64)| Part { number, offset, length: size.min(bytes - offset) };
    (1..).zip((0..bytes).step_by(usize::try_from(size).unwrap_or(usize::MAX))).map(part).collect()
}

async fn length(content: &Content) -> Result<u64, Unreadable> {
    match content {
        Content::Bytes(bytes) => Ok(bytes.len() as u64),
        Content::File(path) => {
            let about = tokio::fs::metadata(path).await.map_err(|error| Unreadable::new(path, error))?;
            if about.is_file() { Ok(about.len()) } else { Err(Unreadable::new(path, "it is no file")) }
        }
    }
}

/// A piece of the content, to be read when it is sent.
async fn piece(content: &Content, offset: u64, length: u64) -> Result<ByteStream, Unreadable> {
    match content {
        Content::Bytes(bytes) => {
            let index = |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
            Ok(bytes.slice(index(offset)..index(offset.saturating_add(length))).into())
        }
        Content::File(_) if length == 0 => Ok(Bytes::new().into()),
        Content::File(path) => {
            let reading = ByteStream::read_from().path(path).offset(offset).length(Length::Exact(length));
            reading.build().await.map_err(|error: ByteStreamError| Unreadable::new(path, error))
        }
    }
}

/// More patience than other calls have: sending takes as long as the line needs.
fn patient(bytes: u64) -> aws_sdk_s3::config::Builder {
    let attempt = ATTEMPT + Duration::from_secs(bytes / SLOWEST_BYTES_A_SECOND);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(attempt).build();
    Config::builder().timeout_config(timeouts).retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        for bytes in [PART + 1, 2 * PART, 3 * PART - 1, PART * MOST_PARTS, PART * MOST_PARTS + 1, 5 << 40] {
            let parts = parts(bytes);
            assert!(parts.len() as u64 <= MOST_PARTS, "{bytes}");
            let (last, others) = parts.split_last().unwrap();
            assert!(others.iter().all(|part| part.length >= PART && part.length == parts[0].length), "{bytes}");
            let mut next = 0;
            for (part, number) in parts.iter().zip(1..) {
                assert_eq!((part.number, part.offset), (number, next), "{bytes}");
                next += part.length;
            }
            assert!(last.length > 0 && next == bytes, "{bytes}");
        }
    }

    #[tokio::test]
    async fn a_piece_of_bytes_is_the_piece_that_was_asked_for() {
        let content = Content::Bytes(Bytes::from_static(b"0123456789"));
        let piece = piece(&content, 8, 5).await.unwrap().collect().await.unwrap();
        assert_eq!(piece.into_bytes(), "89");
    }

    #[tokio::test]
    async fn a_piece_of_a_file_is_the_piece_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        std::fs::write(&path, "0123456789").unwrap();
        let content = Content::File(path);
        assert_eq!(length(&content).await.unwrap(), 10);
        let piece = piece(&content, 3, 4).await.unwrap().collect().await.unwrap();
        assert_eq!(piece.into_bytes(), "3456");
        let missing = length(&Content::File(folder.path().join("none"))).await.unwrap_err().to_string();
        assert!(missing.contains("none` can't be read: "), "{missing}");
        let whole = length(&Content::File(folder.path().into())).await.unwrap_err().to_string();
        assert!(whole.ends_with("it is no file"), "{whole}");
    }
}

//! The ports to S3: as far as asynchronous invocations need it, and a bucket from its filling to its emptying.

use super::{Answered, GatewayResult, RuntimeCaller};
use async_trait::async_trait;
use bytes::Bytes;
use domain::arn::Arn;
use domain::endpoint::Page;
use domain::names::{ConnectionId, Region};
use domain::s3::Location;
use std::path::PathBuf;

pub use domain::pipeline::evidence::ObjectVersion;

/// S3, with a role's or a connection's credentials.
#[async_trait]
pub trait S3Gateway: Send + Sync {
    /// PutObject.
    async fn put_object(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        place: &Location,
        content_type: &str,
        body: Bytes,
    ) -> GatewayResult<Answered<()>>;

    /// GetObject: at most the first `most` bytes of it are read. `None` if there is none; whoever may not list the bucket
    /// is denied instead.
    async fn object(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        place: &Location,
        most: usize,
    ) -> GatewayResult<Option<Object>>;

    /// ListObjectsV2 for one key: whether there is such an object. A permission to list may be limited to a prefix, and
    /// counts here; for GetObject and HeadObject, whose requests have no prefix, it does not, and they answer
    /// `AccessDenied` for what is missing.
    async fn has_object(&self, caller: &RuntimeCaller, region: &Region, place: &Location) -> GatewayResult<bool>;
}

/// An object, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The whole object's size in bytes.
    pub bytes: u64,
    /// Its bytes, as many as were asked for.
    pub body: Bytes,
}

/// What is put into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file, read as it is sent: it may be larger than memory.
    File(PathBuf),
    /// These bytes.
    Bytes(Bytes),
}

/// An object that is to be put, encrypted with a key of the account's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewObject {
    /// Where it goes.
    pub place: Location,
    /// `Content-Type`.
    pub content_type: String,
    /// What is in it.
    pub content: Content,
    /// The key's full ARN, for `x-amz-server-side-encryption-aws-kms-key-id` with `aws:kms`: an alias would be looked
    /// for in the account of whoever reads.
    pub key: Arn,
    /// The content's SHA-256 in hexadecimal digits, kept as metadata `sagebridge-sha256`: an entity tag says nothing
    /// about what is encrypted with a key.
    pub sha256: String,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Its size.
    pub bytes: u64,
    /// Its version.
    pub version: Option<String>,
    /// The ARN of the key that it is encrypted with.
    pub key: Option<String>,
    /// Metadata `sagebridge-sha256`.
    pub sha256: Option<String>,
}

/// What stands behind a bucket's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketOwner {
    /// Nobody has taken it.
    Nobody,
    /// The connection's account.
    Ours,
    /// Another account.
    Another,
}

/// Told how many bytes are sent.
pub type Sent<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// A bucket from its filling to its emptying, with a connection's credentials.
#[async_trait]
pub trait BucketsGateway: Send + Sync {
    /// HeadBucket with `ExpectedBucketOwner`, which tells another's bucket from one that may not be read.
    async fn bucket_owner(
        &self,
        connection: &ConnectionId,
        region: &Region,
        bucket: &str,
    ) -> GatewayResult<BucketOwner>;
    /// PutObject, or a multipart upload of what is large; an upload that fails, or whose future is dropped, is aborted.
    async fn put(
        &self,
        connection: &ConnectionId,
        region: &Region,
        object: &NewObject,
        sent: Sent<'_>,
    ) -> GatewayResult<Answered<()>>;
    /// HeadObject; `None` if there is none.
    async fn head(
        &self,
        connection: &ConnectionId,
        region: &Region,
        place: &Location,
    ) -> GatewayResult<Option<ObjectHead>>;
    /// GetObject, read through for its SHA-256 in hexadecimal digits; `None` if there is none.
    async fn sha256(
        &self,
        connection: &ConnectionId,
        region: &Region,
        place: &Location,
    ) -> GatewayResult<Option<String>>;
    /// ListObjectVersions below a place, a page of at most 1,000, marks of deletion included; `None` if there is no such
    /// bucket.
    async fn versions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        below: &Location,
        after: Option<&str>,
    ) -> GatewayResult<Option<Page<ObjectVersion>>>;
    /// DeleteObjects: these versions, at most 1,000, for good. One that can't be deleted fails the call.
    async fn delete_versions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        bucket: &str,
        versions: &[ObjectVersion],
    ) -> GatewayResult<Answered<()>>;
}

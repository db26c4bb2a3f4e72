//! The port to S3, as far as asynchronous invocations need it.

use super::{Answered, GatewayResult, RuntimeCaller};
use async_trait::async_trait;
use bytes::Bytes;
use domain::names::Region;
use domain::s3::Location;

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

//! S3: buckets with their policies, and objects in files.
//!
//! The wire — XML, headers, chunked signatures — is the `s3s` crate's; what is here is who may ([`access`]), what
//! there is ([`model`], [`objects`]) and what the operations do. Buckets are part of the state; objects lie below the
//! sandbox's folder and are streamed in and out.
//!
//! Source: S3 API reference.

mod access;
mod asked;
mod buckets;
mod encryption;
mod errors;
mod list;
pub mod model;
mod multipart;
pub mod objects;
mod settings;
mod tagging;
mod tell;
mod transfer;
mod versions;
mod within;

pub use access::Visitor;
pub use asked::ask;
pub use within::{Asked, current_version, get, get_version, list, put, put_with};

use crate::app::App;
use crate::{ids, sigv4};
use access::{Arrival, Door, OPERATIONS};
use axum::body::Body;
use domain::names::Region;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3ErrorCode, S3Result};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// S3 of all accounts.
pub struct S3 {
    app: Arc<App>,
    service: S3Service,
}

/// What `s3s` calls for each operation; the others it refuses as not implemented.
struct Operations {
    app: Arc<App>,
}

/// The names of the operations, for fault switches.
pub fn operations() -> Vec<&'static str> {
    OPERATIONS.iter().map(|(name, _)| *name).collect()
}

/// The region that a request was signed for S3 in, by header or by its query; `None` if it was signed for another
/// service or not at all.
pub fn signed_region(parts: &Parts) -> Option<String> {
    let scope = |credential: &str| {
        let mut parts = credential.split('/').skip(2);
        let (region, service) = (parts.next()?, parts.next()?);
        (service == "s3").then(|| region.to_owned())
    };
    if let Ok(authorization) = sigv4::parse(&parts.headers) {
        return (authorization.service == "s3").then(|| authorization.region.to_owned());
    }
    let mut query = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    query.find(|(name, _)| name == "X-Amz-Credential").and_then(|(_, credential)| scope(&credential))
}

impl S3 {
    /// S3 over the buckets of `app`.
    pub fn new(app: Arc<App>) -> Self {
        let operations = Operations { app: Arc::clone(&app) };
        let mut builder = S3ServiceBuilder::new(operations);
        builder.set_auth(Door(Arc::clone(&app)));
        builder.set_access(Door(Arc::clone(&app)));
        Self { app, service: builder.build() }
    }

    /// Answers a request that was signed for S3 in `region`. The body is not read before the caller is known.
    pub async fn answer(&self, region: &str, parts: Parts, body: Body, source_ip: IpAddr) -> Response<Body> {
        let request_id = ids::request();
        let seen = Arc::new(OnceLock::new());
        let response = match Region::parse(region) {
            Ok(region) => {
                let mut request = Request::from_parts(parts, s3s::Body::http_body_unsync(body));
                request.extensions_mut().insert(Arrival {
                    region,
                    source_ip,
                    request_id: request_id.clone(),
                    seen: Arc::clone(&seen),
                });
                self.service.call(request).await.ok().map(errors::with_words)
            }
            Err(_) => {
                let message = format!("The authorization header is malformed; the region '{region}' is wrong");
                errors::refuse(S3ErrorCode::AuthorizationHeaderMalformed, message).to_http_response().ok()
            }
        };
        let mut response = response.map_or_else(lost, |response| response.map(Body::new));
        if let Some(seen) = seen.get() {
            if seen.lose_reply {
                response = lost();
            }
            let failed = response.status().is_client_error() || response.status().is_server_error();
            self.app.counters.add(&seen.account, "s3", seen.operation, failed);
            tracing::debug!(service = "s3", operation = seen.operation, account = %seen.account, failed, "call");
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amz-request-id", id);
        }
        response
    }
}

/// The answer of a service that broke.
fn lost() -> Response<Body> {
    match errors::internal().to_http_response() {
        Ok(response) => response.map(Body::new),
        Err(_) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// Writes the trait's methods that go to a function of one of the modules.
macro_rules! operations {
    ($($module:ident::$name:ident($input:ident) -> $output:ident;)*) => {
        #[async_trait::async_trait]
        impl s3s::S3 for Operations {
            $(async fn $name(
                &self,
                request: s3s::S3Request<s3s::dto::$input>,
            ) -> S3Result<s3s::S3Response<s3s::dto::$output>> {
                let visitor = Visitor::of(&request)?;
                let call = visitor.call(&self.app);
                let output = $module::$name(&call, request.input).await?;
                access::settle(&call).await?;
                Ok(s3s::S3Response::new(output))
            })*
        }
    };
}

operations! {
    buckets::list_buckets(ListBucketsInput) -> ListBucketsOutput;
    buckets::create_bucket(CreateBucketInput) -> CreateBucketOutput;
    buckets::head_bucket(HeadBucketInput) -> HeadBucketOutput;
    buckets::delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
    buckets::get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
    buckets::put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput;
    buckets::get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput;
    buckets::delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput;
    buckets::list_objects(ListObjectsInput) -> ListObjectsOutput;
    buckets::list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
    settings::put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput;
    settings::get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput;
    settings::put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput;
    settings::get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput;
    settings::delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput;
    settings::put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput;
    settings::get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput;
    settings::delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput;
    settings::put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput;
    settings::get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput;
    settings::delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput;
    settings::put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput) -> PutBucketLifecycleConfigurationOutput;
    settings::get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput;
    settings::delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput;
    settings::put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput;
    settings::get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput;
    settings::delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput;
    settings::put_bucket_notification_configuration(PutBucketNotificationConfigurationInput) -> PutBucketNotificationConfigurationOutput;
    settings::get_bucket_notification_configuration(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput;
    versions::list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput;
    versions::delete_object(DeleteObjectInput) -> DeleteObjectOutput;
    versions::delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
    tagging::get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput;
    tagging::put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput;
    tagging::delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput;
    transfer::put_object(PutObjectInput) -> PutObjectOutput;
    transfer::get_object(GetObjectInput) -> GetObjectOutput;
    transfer::head_object(HeadObjectInput) -> HeadObjectOutput;
    transfer::copy_object(CopyObjectInput) -> CopyObjectOutput;
    multipart::create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
    multipart::upload_part(UploadPartInput) -> UploadPartOutput;
    multipart::upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput;
    multipart::complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
    multipart::abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
}

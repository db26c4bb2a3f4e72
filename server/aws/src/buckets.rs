//! Buckets from their filling to their emptying, with a connection's credentials.

mod upload;
mod versions;

use crate::connections::{Connection, Connections, Open};
use crate::error::found;
use async_trait::async_trait;
use aws_sdk_s3::Client;
use domain::endpoint::Page;
use domain::names::{AccountId, ConnectionId, Region};
use domain::s3::Location;
use services::ports::gateway::{
    Answered, BucketOwner, BucketsGateway, GatewayError, GatewayErrorKind, GatewayResult, NewObject, ObjectHead,
    ObjectVersion, Sent,
};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// The metadata that has an object's SHA-256.
const DIGEST: &str = "sagebridge-sha256";

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsBuckets(pub(crate) Arc<Connections>);

impl AwsBuckets {
    async fn open<'a>(&self, connection: &ConnectionId, region: &'a Region) -> GatewayResult<Open<'a, Client>> {
        self.0.service(connection, region, "S3", Connection::s3).await
    }
}

#[async_trait]
impl BucketsGateway for AwsBuckets {
    async fn bucket_owner(
        &self,
        connection: &ConnectionId,
        region: &Region,
        bucket: &str,
    ) -> GatewayResult<BucketOwner> {
        let s3 = self.open(connection, region).await?;
        let account = s3.connection.account().await?;
        let error = match head_bucket(&s3, bucket, &account).await {
            Ok(()) => return Ok(BucketOwner::Ours),
            Err(error) if error.kind == GatewayErrorKind::NotFound => return Ok(BucketOwner::Nobody),
            Err(error) => error,
        };
        match error.status {
            // Another's, or ours and not to be read, or in another region: the answer has no body to say which.
            Some(301 | 400 | 403) => among_ours(&s3, bucket, error).await,
            _ => Err(error),
        }
    }

    async fn put(
        &self,
        connection: &ConnectionId,
        region: &Region,
        object: &NewObject,
        sent: Sent<'_>,
    ) -> GatewayResult<Answered<()>> {
        let s3 = self.open(connection, region).await?;
        upload::put(&s3, object, sent).await
    }

    async fn head(
        &self,
        connection: &ConnectionId,
        region: &Region,
        place: &Location,
    ) -> GatewayResult<Option<ObjectHead>> {
        let s3 = self.open(connection, region).await?;
        let call = s3.call("HeadObject");
        let answer = s3.client.head_object().bucket(&place.bucket).key(&place.key).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed_head(e)))? else { return Ok(None) };
        Ok(Some(ObjectHead {
            bytes: size(answer.content_length),
            sha256: answer.metadata().and_then(|metadata| metadata.get(DIGEST)).cloned(),
            version: answer.version_id,
            key: answer.ssekms_key_id,
        }))
    }

    async fn sha256(
        &self,
        connection: &ConnectionId,
        region: &Region,
        place: &Location,
    ) -> GatewayResult<Option<String>> {
        let s3 = self.open(connection, region).await?;
        let call = s3.call("GetObject");
        let answer = s3.client.get_object().bucket(&place.bucket).key(&place.key).send().await;
        let Some(mut answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let mut digest = Sha256::new();
        while let Some(chunk) = answer.body.next().await {
            digest.update(chunk.map_err(|error| call.unexpected(&format!("its body broke off ({error})")))?);
        }
        Ok(Some(hex(&digest.finalize())))
    }

    async fn versions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        below: &Location,
        after: Option<&str>,
    ) -> GatewayResult<Option<Page<ObjectVersion>>> {
        versions::page(&self.open(connection, region).await?, below, after).await
    }

    async fn delete_versions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        bucket: &str,
        versions: &[ObjectVersion],
    ) -> GatewayResult<Answered<()>> {
        versions::delete(&self.open(connection, region).await?, bucket, versions).await
    }
}

async fn head_bucket(s3: &Open<'_, Client>, bucket: &str, account: &AccountId) -> GatewayResult<()> {
    let call = s3.call("HeadBucket");
    let request = s3.client.head_bucket().bucket(bucket).expected_bucket_owner(account.as_str());
    request.send().await.map(|_| ()).map_err(|e| call.failed_head(e))
}

/// Looks for a bucket, which somebody has, among those of the account. `error` is why it could not be read.
async fn among_ours(s3: &Open<'_, Client>, bucket: &str, error: GatewayError) -> GatewayResult<BucketOwner> {
    let call = s3.call("ListBuckets");
    let mut pages = s3.client.list_buckets().prefix(bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(|e| call.failed(e)) {
            Ok(page) => page,
            Err(denied) if denied.kind == GatewayErrorKind::AccessDenied => {
                let message = format!("bucket `{bucket}` is another account's, or this connection may not list it");
                return Err(GatewayError { kind: GatewayErrorKind::AccessDenied, message, ..error });
            }
            Err(error) => return Err(error),
        };
        if page.buckets().iter().any(|one| one.name() == Some(bucket)) {
            return Ok(BucketOwner::Ours);
        }
    }
    Ok(BucketOwner::Another)
}

fn size(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn digits_are_small_and_two_a_byte() {
        assert_eq!(super::hex(&[0, 10, 255]), "000aff");
    }
}

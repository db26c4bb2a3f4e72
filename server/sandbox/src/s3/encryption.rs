//! How objects are encrypted, and who may use the key for it.
//!
//! Nothing on the sandbox's disk is encrypted; what KMS would be asked for is asked all the same, with the caller's
//! permissions: a data key to write, decryption to read and to put parts together.
//!
//! Source: S3 user guide, "Using server-side encryption with AWS KMS keys", "Uploading and copying objects using
//! multipart upload", "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys".

use super::errors::{from_failure, refuse};
use super::model::{Bucket, Encryption, arn};
use super::objects::Object;
use crate::call::Call;
use crate::error::Failure;
use crate::kms::{self, Use};
use http::StatusCode;
use s3s::dto::ServerSideEncryption;
use s3s::{S3Error, S3ErrorCode, S3Result};
use std::collections::BTreeMap;

/// Making a data key, to write.
pub(super) const GENERATE: &str = "kms:GenerateDataKey";
/// Decrypting a data key, to read.
pub(super) const DECRYPT: &str = "kms:Decrypt";

/// An object's place: the bucket's name, the bucket, the key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    pub(super) bucket: &'a Bucket,
    pub(super) key: &'a str,
}

/// What a sender asks for by headers.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) method: Option<ServerSideEncryption>,
    pub(super) key: Option<String>,
    pub(super) bucket_key: Option<bool>,
}

fn wrong(message: &'static str) -> S3Error {
    refuse(S3ErrorCode::InvalidArgument, message)
}

/// How an object that comes will be encrypted, once its sender may have that.
pub(super) fn settle_on(call: &Call<'_>, place: &Place<'_>, wanted: Wanted) -> S3Result<Encryption> {
    let usual = place.bucket.settings.encryption.as_ref();
    let usually_bucket_key = matches!(usual, Some(Encryption::Kms { bucket_key: true, .. }));
    let Wanted { method, key, bucket_key } = wanted;
    let asked = match (method.as_ref().map(ServerSideEncryption::as_str), key) {
        (None, None) => match usual.cloned().unwrap_or(Encryption::S3) {
            Encryption::Kms { key, bucket_key: usually } => {
                Encryption::Kms { key, bucket_key: bucket_key.unwrap_or(usually) }
            }
            by_s3 => by_s3,
        },
        (Some(ServerSideEncryption::AES256), None) => Encryption::S3,
        (Some(ServerSideEncryption::AWS_KMS), key) => {
            Encryption::Kms { key, bucket_key: bucket_key.unwrap_or(usually_bucket_key) }
        }
        (None | Some(ServerSideEncryption::AES256), Some(_)) => {
            return Err(wrong(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : \
                 aws:kms",
            ));
        }
        _ => return Err(wrong("The encryption method specified is not supported")),
    };
    match asked {
        Encryption::Kms { key, bucket_key } => {
            let key = ask(call, place, GENERATE, key.as_deref(), bucket_key)?;
            Ok(Encryption::Kms { key: Some(key), bucket_key })
        }
        by_s3 => Ok(by_s3),
    }
}

/// Asks whether the caller may read what is encrypted so.
pub(super) fn permit_reading(call: &Call<'_>, place: &Place<'_>, encryption: &Encryption) -> S3Result<()> {
    match encryption {
        Encryption::Kms { key, bucket_key } => ask(call, place, DECRYPT, key.as_deref(), *bucket_key).map(|_| ()),
        Encryption::S3 => Ok(()),
    }
}

fn ask(call: &Call<'_>, place: &Place<'_>, action: &str, key: Option<&str>, bucket_key: bool) -> S3Result<String> {
    // A bucket key serves all objects of the bucket, and so is bound to the bucket only.
    let bound_to = arn(place.name, (!bucket_key).then_some(place.key));
    let encryption = BTreeMap::from([("aws:s3:arn".to_owned(), bound_to)]);
    let wanted = Use { action, service: "s3", region: &place.bucket.region, encryption: &encryption };
    kms::use_for(call, key, &wanted).map_err(|failure| told(&failure))
}

/// KMS's refusal as S3 passes it on.
fn told(failure: &Failure) -> S3Error {
    if failure.code == "AccessDenied" || failure.status >= 500 {
        return from_failure(failure);
    }
    let code = format!("KMS.{}", failure.code);
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InvalidArgument);
    let mut error = refuse(code, failure.message.as_str());
    error.set_status_code(StatusCode::BAD_REQUEST);
    error
}

/// An encryption as answers show it.
pub(super) struct Shown {
    pub(super) method: Option<ServerSideEncryption>,
    pub(super) key: Option<String>,
    pub(super) bucket_key: Option<bool>,
}

impl Encryption {
    /// As answers show it.
    pub(super) fn shown(&self) -> Shown {
        match self {
            Self::S3 => Shown {
                method: Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
                key: None,
                bucket_key: None,
            },
            Self::Kms { key, bucket_key } => Shown {
                method: Some(ServerSideEncryption::from_static(ServerSideEncryption::AWS_KMS)),
                key: key.clone(),
                bucket_key: bucket_key.then_some(true),
            },
        }
    }
}

impl<'a> Place<'a> {
    /// The version's ID as answers show it: none in a bucket that never had versions.
    pub(super) fn shown_version(&self, object: &'a Object) -> Option<String> {
        let had = self.bucket.settings.versioning != super::model::Versioning::Never || object.version.is_some();
        had.then(|| object.version_id().to_owned())
    }
}

//! What is set of a bucket: versioning, encryption, ownership, public access, lifecycle, tags, notifications.
//!
//! Source: S3 API reference.

use super::S3Result;
use super::buckets::{change, known};
use super::errors::refuse;
use super::model::{Encryption, Settings, Versioning};
use super::tagging::{self, OF_BUCKET, Tags};
use crate::call::Call;
use crate::ids;
use http::StatusCode;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode};
use std::collections::BTreeSet;

fn malformed() -> S3Error {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    refuse(S3ErrorCode::MalformedXML, message)
}

/// A setting that a bucket does not have.
fn none(code: &str, message: &'static str) -> S3Error {
    let mut error = refuse(S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::NoSuchKey), message);
    error.set_status_code(StatusCode::NOT_FOUND);
    error
}

/// Changes a bucket's settings.
fn set(call: &Call<'_>, name: &str, set: impl FnOnce(&mut Settings)) -> S3Result<()> {
    change(call, |buckets| {
        set(&mut buckets.get_mut(name).ok_or_else(super::errors::no_bucket)?.settings);
        Ok(())
    })
}

/// PutBucketVersioning.
pub(super) async fn put_bucket_versioning(
    call: &Call<'_>,
    input: PutBucketVersioningInput,
) -> S3Result<PutBucketVersioningOutput> {
    let asked = &input.versioning_configuration;
    if asked.mfa_delete.as_ref().is_some_and(|mfa| mfa.as_str() == MFADelete::ENABLED) {
        return Err(refuse(S3ErrorCode::NotImplemented, "The sandbox has no MFA devices."));
    }
    let versioning = match asked.status.as_ref().map(BucketVersioningStatus::as_str) {
        Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
        Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
        Some(_) => return Err(malformed()),
        None => {
            let message = "The Versioning element must be specified";
            return Err(refuse(S3ErrorCode::IllegalVersioningConfigurationException, message));
        }
    };
    set(call, &input.bucket, |settings| settings.versioning = versioning)?;
    Ok(PutBucketVersioningOutput::default())
}

/// GetBucketVersioning: nothing for a bucket that never had versions.
pub(super) async fn get_bucket_versioning(
    call: &Call<'_>,
    input: GetBucketVersioningInput,
) -> S3Result<GetBucketVersioningOutput> {
    let status = match known(call, &input.bucket)?.settings.versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED)),
        Versioning::Suspended => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::SUSPENDED)),
    };
    Ok(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() })
}

/// PutBucketEncryption.
pub(super) async fn put_bucket_encryption(
    call: &Call<'_>,
    input: PutBucketEncryptionInput,
) -> S3Result<PutBucketEncryptionOutput> {
    let mut rules = input.server_side_encryption_configuration.rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(malformed()) };
    let bucket_key = rule.bucket_key_enabled.unwrap_or_default();
    let usual = rule.apply_server_side_encryption_by_default.ok_or_else(malformed)?;
    let encryption = match (usual.sse_algorithm.as_str(), usual.kms_master_key_id) {
        (ServerSideEncryption::AWS_KMS, key) => Encryption::Kms { key, bucket_key },
        (ServerSideEncryption::AES256, None) => Encryption::S3,
        (ServerSideEncryption::AES256, Some(_)) => {
            let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms";
            return Err(refuse(S3ErrorCode::InvalidArgument, message));
        }
        (ServerSideEncryption::AWS_KMS_DSSE, _) => {
            return Err(refuse(S3ErrorCode::NotImplemented, "The sandbox's S3 does not encrypt twice."));
        }
        _ => return Err(malformed()),
    };
    set(call, &input.bucket, |settings| settings.encryption = Some(encryption))?;
    Ok(PutBucketEncryptionOutput::default())
}

/// GetBucketEncryption: every bucket has one.
pub(super) async fn get_bucket_encryption(
    call: &Call<'_>,
    input: GetBucketEncryptionInput,
) -> S3Result<GetBucketEncryptionOutput> {
    let encryption = known(call, &input.bucket)?.settings.encryption.unwrap_or(Encryption::S3);
    let (method, key, bucket_key) = match encryption {
        Encryption::S3 => (ServerSideEncryption::AES256, None, false),
        Encryption::Kms { key, bucket_key } => (ServerSideEncryption::AWS_KMS, key, bucket_key),
    };
    let usual = ServerSideEncryptionByDefault {
        kms_master_key_id: key,
        sse_algorithm: ServerSideEncryption::from_static(method),
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(usual),
        bucket_key_enabled: Some(bucket_key),
    };
    let configuration = ServerSideEncryptionConfiguration { rules: vec![rule] };
    Ok(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) })
}

/// DeleteBucketEncryption: S3 encrypts by itself again.
pub(super) async fn delete_bucket_encryption(
    call: &Call<'_>,
    input: DeleteBucketEncryptionInput,
) -> S3Result<DeleteBucketEncryptionOutput> {
    set(call, &input.bucket, |settings| settings.encryption = None)?;
    Ok(DeleteBucketEncryptionOutput::default())
}

/// PutPublicAccessBlock: what is not said is off.
pub(super) async fn put_public_access_block(
    call: &Call<'_>,
    input: PutPublicAccessBlockInput,
) -> S3Result<PutPublicAccessBlockOutput> {
    let said = |setting: Option<bool>| Some(setting.unwrap_or_default());
    let asked = input.public_access_block_configuration;
    let block = PublicAccessBlockConfiguration {
        block_public_acls: said(asked.block_public_acls),
        block_public_policy: said(asked.block_public_policy),
        ignore_public_acls: said(asked.ignore_public_acls),
        restrict_public_buckets: said(asked.restrict_public_buckets),
    };
    set(call, &input.bucket, |settings| settings.public_access = Some(block))?;
    Ok(PutPublicAccessBlockOutput::default())
}

/// GetPublicAccessBlock.
pub(super) async fn get_public_access_block(
    call: &Call<'_>,
    input: GetPublicAccessBlockInput,
) -> S3Result<GetPublicAccessBlockOutput> {
    let block = known(call, &input.bucket)?.settings.public_access;
    let block = block.ok_or_else(|| {
        let message = "The public access block configuration was not found";
        none("NoSuchPublicAccessBlockConfiguration", message)
    })?;
    Ok(GetPublicAccessBlockOutput { public_access_block_configuration: Some(block) })
}

/// DeletePublicAccessBlock.
pub(super) async fn delete_public_access_block(
    call: &Call<'_>,
    input: DeletePublicAccessBlockInput,
) -> S3Result<DeletePublicAccessBlockOutput> {
    set(call, &input.bucket, |settings| settings.public_access = None)?;
    Ok(DeletePublicAccessBlockOutput::default())
}

/// An ownership that S3 knows.
pub(super) fn ownership(asked: &str) -> S3Result<String> {
    match asked {
        ObjectOwnership::BUCKET_OWNER_ENFORCED
        | ObjectOwnership::BUCKET_OWNER_PREFERRED
        | ObjectOwnership::OBJECT_WRITER => Ok(asked.to_owned()),
        _ => Err(malformed()),
    }
}

/// PutBucketOwnershipControls.
pub(super) async fn put_bucket_ownership_controls(
    call: &Call<'_>,
    input: PutBucketOwnershipControlsInput,
) -> S3Result<PutBucketOwnershipControlsOutput> {
    let mut rules = input.ownership_controls.rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(malformed()) };
    let ownership = ownership(rule.object_ownership.as_str())?;
    set(call, &input.bucket, |settings| settings.ownership = Some(ownership))?;
    Ok(PutBucketOwnershipControlsOutput::default())
}

/// GetBucketOwnershipControls.
pub(super) async fn get_bucket_ownership_controls(
    call: &Call<'_>,
    input: GetBucketOwnershipControlsInput,
) -> S3Result<GetBucketOwnershipControlsOutput> {
    let ownership = known(call, &input.bucket)?
        .settings
        .ownership
        .ok_or_else(|| none("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"))?;
    let rule = OwnershipControlsRule { object_ownership: ObjectOwnership::from(ownership) };
    Ok(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules: vec![rule] }) })
}

/// DeleteBucketOwnershipControls.
pub(super) async fn delete_bucket_ownership_controls(
    call: &Call<'_>,
    input: DeleteBucketOwnershipControlsInput,
) -> S3Result<DeleteBucketOwnershipControlsOutput> {
    set(call, &input.bucket, |settings| settings.ownership = None)?;
    Ok(DeleteBucketOwnershipControlsOutput::default())
}

fn check_rule(rule: &LifecycleRule) -> S3Result<()> {
    let acts = rule.abort_incomplete_multipart_upload.is_some()
        || rule.expiration.is_some()
        || rule.noncurrent_version_expiration.is_some()
        || rule.noncurrent_version_transitions.as_ref().is_some_and(|list| !list.is_empty())
        || rule.transitions.as_ref().is_some_and(|list| !list.is_empty());
    if !acts {
        let message = "At least one action needs to be specified in a rule";
        return Err(refuse(S3ErrorCode::InvalidRequest, message));
    }
    if rule.id.as_ref().is_some_and(|id| id.chars().count() > 255) {
        return Err(refuse(S3ErrorCode::InvalidArgument, "ID length should not exceed allowed limit of 255"));
    }
    let after = rule.abort_incomplete_multipart_upload.as_ref().and_then(|abort| abort.days_after_initiation);
    if after.is_some_and(|days| days < 1) {
        let message = "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer";
        return Err(refuse(S3ErrorCode::InvalidArgument, message));
    }
    match rule.status.as_str() {
        ExpirationStatus::ENABLED | ExpirationStatus::DISABLED => Ok(()),
        _ => Err(malformed()),
    }
}

/// PutBucketLifecycleConfiguration: kept and shown, carried out by nobody.
pub(super) async fn put_bucket_lifecycle_configuration(
    call: &Call<'_>,
    input: PutBucketLifecycleConfigurationInput,
) -> S3Result<PutBucketLifecycleConfigurationOutput> {
    let mut lifecycle = input.lifecycle_configuration.ok_or_else(malformed)?;
    if lifecycle.rules.is_empty() {
        return Err(malformed());
    }
    let mut seen = BTreeSet::new();
    for rule in &mut lifecycle.rules {
        check_rule(rule)?;
        let id = rule.id.get_or_insert_with(ids::request);
        if !seen.insert(id.clone()) {
            let message = "Rule ID must be unique. Found same ID for more than one rule";
            return Err(refuse(S3ErrorCode::InvalidArgument, message));
        }
    }
    set(call, &input.bucket, |settings| settings.lifecycle = Some(lifecycle))?;
    Ok(PutBucketLifecycleConfigurationOutput::default())
}

/// GetBucketLifecycleConfiguration.
pub(super) async fn get_bucket_lifecycle_configuration(
    call: &Call<'_>,
    input: GetBucketLifecycleConfigurationInput,
) -> S3Result<GetBucketLifecycleConfigurationOutput> {
    let lifecycle = known(call, &input.bucket)?.settings.lifecycle;
    let lifecycle =
        lifecycle.ok_or_else(|| none("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"))?;
    let rules = Some(lifecycle.rules);
    Ok(GetBucketLifecycleConfigurationOutput { rules, ..GetBucketLifecycleConfigurationOutput::default() })
}

/// DeleteBucketLifecycle.
pub(super) async fn delete_bucket_lifecycle(
    call: &Call<'_>,
    input: DeleteBucketLifecycleInput,
) -> S3Result<DeleteBucketLifecycleOutput> {
    set(call, &input.bucket, |settings| settings.lifecycle = None)?;
    Ok(DeleteBucketLifecycleOutput::default())
}

/// PutBucketTagging: in place of all tags.
pub(super) async fn put_bucket_tagging(
    call: &Call<'_>,
    input: PutBucketTaggingInput,
) -> S3Result<PutBucketTaggingOutput> {
    let tags = tagging::read(input.tagging, OF_BUCKET)?;
    set(call, &input.bucket, |settings| settings.tags = tags)?;
    Ok(PutBucketTaggingOutput::default())
}

/// GetBucketTagging.
pub(super) async fn get_bucket_tagging(
    call: &Call<'_>,
    input: GetBucketTaggingInput,
) -> S3Result<GetBucketTaggingOutput> {
    let tags = known(call, &input.bucket)?.settings.tags;
    if tags.is_empty() {
        return Err(none("NoSuchTagSet", "The TagSet does not exist"));
    }
    Ok(GetBucketTaggingOutput { tag_set: tagging::shown(&tags) })
}

/// DeleteBucketTagging.
pub(super) async fn delete_bucket_tagging(
    call: &Call<'_>,
    input: DeleteBucketTaggingInput,
) -> S3Result<DeleteBucketTaggingOutput> {
    set(call, &input.bucket, |settings| settings.tags = Tags::new())?;
    Ok(DeleteBucketTaggingOutput::default())
}

/// PutBucketNotificationConfiguration: EventBridge, or nothing.
pub(super) async fn put_bucket_notification_configuration(
    call: &Call<'_>,
    input: PutBucketNotificationConfigurationInput,
) -> S3Result<PutBucketNotificationConfigurationOutput> {
    let asked = input.notification_configuration;
    let others = asked.lambda_function_configurations.is_some_and(|list| !list.is_empty())
        || asked.queue_configurations.is_some_and(|list| !list.is_empty())
        || asked.topic_configurations.is_some_and(|list| !list.is_empty());
    if others {
        let message = "The sandbox's S3 sends notifications to EventBridge only.";
        return Err(refuse(S3ErrorCode::NotImplemented, message));
    }
    let events = asked.event_bridge_configuration.is_some();
    set(call, &input.bucket, |settings| settings.events = events)?;
    Ok(PutBucketNotificationConfigurationOutput::default())
}

/// GetBucketNotificationConfiguration.
pub(super) async fn get_bucket_notification_configuration(
    call: &Call<'_>,
    input: GetBucketNotificationConfigurationInput,
) -> S3Result<GetBucketNotificationConfigurationOutput> {
    let events = known(call, &input.bucket)?.settings.events;
    let event_bridge_configuration = events.then(EventBridgeConfiguration::default);
    Ok(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration,
        ..GetBucketNotificationConfigurationOutput::default()
    })
}

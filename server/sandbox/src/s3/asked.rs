//! S3's operations on buckets as another service asks for them, by their names and with their input as JSON: what
//! CloudFormation makes a bucket with. Objects go by [`super::within`].

use super::access::{OPERATIONS, permit, settle};
use super::{S3Result, buckets, settings};
use crate::call::Call;
use crate::dispatch::suffer;
use crate::error::Failure;
use domain::evaluate::Context;
use s3s::S3Error;
use s3s::dto::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Carries out an operation on a bucket, authorised like any call, and waits until what it changed lasts.
pub async fn ask(call: &Call<'_>, operation: &str, input: Value) -> Result<Value, Failure> {
    let (operation, action) = OPERATIONS.into_iter().find(|(name, _)| *name == operation).ok_or_else(unknown)?;
    let verdict = call.app.faults.judge("s3", operation, call.account());
    let done = async {
        suffer(&verdict).await?;
        let bucket = text(&input, "Bucket")?;
        permit(call, action, Some(&bucket), None, Context::new()).map_err(failure)?;
        let output = perform(call, operation, bucket, &input).await?;
        settle(call).await.map_err(failure)?;
        if verdict.lose_reply { Err(Failure::internal()) } else { Ok(output) }
    };
    let done = done.await;
    call.app.counters.add(call.account(), "s3", operation, done.is_err());
    done
}

fn unknown() -> Failure {
    Failure::new(400, "UnknownOperationException", "The sandbox's S3 has no such operation for other services.")
}

fn malformed() -> Failure {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Failure::new(400, "MalformedXML", message)
}

fn failure(error: S3Error) -> Failure {
    let status = error.status_code().or_else(|| error.code().status_code());
    let status = status.map_or(500, |status| status.as_u16());
    Failure::new(status, error.code().as_str().to_owned(), error.message().unwrap_or_default())
}

fn text(input: &Value, member: &str) -> Result<String, Failure> {
    input.get(member).and_then(Value::as_str).map(str::to_owned).ok_or_else(malformed)
}

/// A member of the input as `s3s` has it, whose names are those of AWS in small letters.
fn member<T: DeserializeOwned>(input: &Value, name: &str) -> Result<T, Failure> {
    let given = input.get(name).ok_or_else(malformed)?;
    serde_json::from_value(renamed(given)).map_err(|_| malformed())
}

fn renamed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (small(name), renamed(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(renamed).collect(),
        plain => plain.clone(),
    }
}

/// `KMSMasterKeyID` as `kms_master_key_id`.
fn small(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut small = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(|after| after.is_ascii_lowercase())
            });
        if begins {
            small.push('_');
        }
        small.push(letter.to_ascii_lowercase());
    }
    small
}

async fn perform(call: &Call<'_>, operation: &str, bucket: String, input: &Value) -> Result<Value, Failure> {
    let done = |done: S3Result<()>| done.map(|()| json!({})).map_err(failure);
    match operation {
        "CreateBucket" => create(call, bucket, input).await,
        "GetBucketPolicy" => {
            let read = buckets::get_bucket_policy(call, GetBucketPolicyInput { bucket, ..Default::default() }).await;
            read.map(|output| json!({ "Policy": output.policy })).map_err(failure)
        }
        "GetBucketVersioning" => {
            let asked = GetBucketVersioningInput { bucket, ..Default::default() };
            let read = settings::get_bucket_versioning(call, asked).await.map_err(failure)?;
            Ok(read.status.map_or(json!({}), |status| json!({ "Status": status.as_str() })))
        }
        "GetBucketLocation" => {
            let asked = GetBucketLocationInput { bucket, ..Default::default() };
            let read = buckets::get_bucket_location(call, asked).await.map_err(failure)?;
            Ok(json!({ "LocationConstraint": read.location_constraint.map(|place| place.as_str().to_owned()) }))
        }
        "HeadBucket" => {
            let asked = HeadBucketInput { bucket, ..Default::default() };
            done(buckets::head_bucket(call, asked).await.map(drop))
        }
        "DeleteBucket" => {
            let asked = DeleteBucketInput { bucket, ..Default::default() };
            done(buckets::delete_bucket(call, asked).await.map(drop))
        }
        "PutBucketPolicy" => {
            let asked = PutBucketPolicyInput { bucket, policy: text(input, "Policy")?, ..Default::default() };
            done(buckets::put_bucket_policy(call, asked).await.map(drop))
        }
        "DeleteBucketPolicy" => {
            let asked = DeleteBucketPolicyInput { bucket, ..Default::default() };
            done(buckets::delete_bucket_policy(call, asked).await.map(drop))
        }
        _ => done(set(call, operation, bucket, input).await?),
    }
}

/// CreateBucket. Another service asks in the region where the bucket is to be, and says so.
async fn create(call: &Call<'_>, bucket: String, input: &Value) -> Result<Value, Failure> {
    let region = call.region.as_str();
    let here = (region != buckets::FIRST_REGION).then(|| BucketLocationConstraint::from(region.to_owned()));
    let asked = CreateBucketInput {
        bucket,
        create_bucket_configuration: Some(CreateBucketConfiguration {
            location_constraint: here,
            ..CreateBucketConfiguration::default()
        }),
        object_ownership: text(input, "ObjectOwnership").ok().map(ObjectOwnership::from),
        ..CreateBucketInput::default()
    };
    let made = buckets::create_bucket(call, asked).await.map_err(failure)?;
    Ok(json!({ "Location": made.location }))
}

async fn set(call: &Call<'_>, operation: &str, bucket: String, input: &Value) -> Result<S3Result<()>, Failure> {
    Ok(match operation {
        "PutBucketVersioning" => {
            let versioning_configuration = member(input, "VersioningConfiguration")?;
            let asked = PutBucketVersioningInput {
                bucket,
                versioning_configuration,
                checksum_algorithm: None,
                content_md5: None,
                expected_bucket_owner: None,
                mfa: None,
            };
            settings::put_bucket_versioning(call, asked).await.map(drop)
        }
        "PutBucketEncryption" => {
            let asked = PutBucketEncryptionInput {
                bucket,
                server_side_encryption_configuration: member(input, "ServerSideEncryptionConfiguration")?,
                checksum_algorithm: None,
                content_md5: None,
                expected_bucket_owner: None,
            };
            settings::put_bucket_encryption(call, asked).await.map(drop)
        }
        "DeleteBucketEncryption" => {
            let asked = DeleteBucketEncryptionInput { bucket, ..Default::default() };
            settings::delete_bucket_encryption(call, asked).await.map(drop)
        }
        "PutPublicAccessBlock" => {
            let public_access_block_configuration = member(input, "PublicAccessBlockConfiguration")?;
            let asked = PutPublicAccessBlockInput {
                bucket,
                public_access_block_configuration,
                checksum_algorithm: None,
                content_md5: None,
                expected_bucket_owner: None,
            };
            settings::put_public_access_block(call, asked).await.map(drop)
        }
        "DeletePublicAccessBlock" => {
            let asked = DeletePublicAccessBlockInput { bucket, ..Default::default() };
            settings::delete_public_access_block(call, asked).await.map(drop)
        }
        "PutBucketOwnershipControls" => {
            let rules = input.pointer("/OwnershipControls/Rules").and_then(Value::as_array).ok_or_else(malformed)?;
            let rule = |rule| text(rule, "ObjectOwnership").map(ObjectOwnership::from);
            let rules = rules.iter().map(|asked| Ok(OwnershipControlsRule { object_ownership: rule(asked)? }));
            let ownership_controls = OwnershipControls { rules: rules.collect::<Result<_, Failure>>()? };
            let asked = PutBucketOwnershipControlsInput {
                bucket,
                ownership_controls,
                content_md5: None,
                expected_bucket_owner: None,
            };
            settings::put_bucket_ownership_controls(call, asked).await.map(drop)
        }
        "DeleteBucketOwnershipControls" => {
            let asked = DeleteBucketOwnershipControlsInput { bucket, ..Default::default() };
            settings::delete_bucket_ownership_controls(call, asked).await.map(drop)
        }
        "PutBucketLifecycleConfiguration" => {
            let lifecycle_configuration = Some(member(input, "LifecycleConfiguration")?);
            let asked = PutBucketLifecycleConfigurationInput { bucket, lifecycle_configuration, ..Default::default() };
            settings::put_bucket_lifecycle_configuration(call, asked).await.map(drop)
        }
        "DeleteBucketLifecycle" => {
            let asked = DeleteBucketLifecycleInput { bucket, ..Default::default() };
            settings::delete_bucket_lifecycle(call, asked).await.map(drop)
        }
        "PutBucketTagging" => {
            let asked = PutBucketTaggingInput {
                bucket,
                tagging: member(input, "Tagging")?,
                checksum_algorithm: None,
                content_md5: None,
                expected_bucket_owner: None,
            };
            settings::put_bucket_tagging(call, asked).await.map(drop)
        }
        "DeleteBucketTagging" => {
            let asked = DeleteBucketTaggingInput { bucket, ..Default::default() };
            settings::delete_bucket_tagging(call, asked).await.map(drop)
        }
        "PutBucketNotificationConfiguration" => {
            let asked = PutBucketNotificationConfigurationInput {
                bucket,
                notification_configuration: member(input, "NotificationConfiguration")?,
                expected_bucket_owner: None,
                skip_destination_validation: None,
            };
            settings::put_bucket_notification_configuration(call, asked).await.map(drop)
        }
        _ => return Err(unknown()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_those_of_the_wire_crate() {
        for (name, expected) in [
            ("SSEAlgorithm", "sse_algorithm"),
            ("KMSMasterKeyID", "kms_master_key_id"),
            ("ID", "id"),
            ("EventBridgeConfiguration", "event_bridge_configuration"),
            ("AbortIncompleteMultipartUpload", "abort_incomplete_multipart_upload"),
        ] {
            assert_eq!(small(name), expected);
        }
        let encryption = json!({ "Rules": [{
            "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k" },
            "BucketKeyEnabled": true,
        }] });
        let read: ServerSideEncryptionConfiguration = member(&json!({ "A": encryption }), "A").unwrap();
        let usual = read.rules[0].apply_server_side_encryption_by_default.as_ref().unwrap();
        assert_eq!((usual.kms_master_key_id.as_deref(), read.rules[0].bucket_key_enabled), (Some("k"), Some(true)));
        let lifecycle = json!({ "Rules": [{
            "ID": "parts", "Status": "Enabled", "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 7 },
            "Filter": { "Prefix": "" },
        }] });
        let read: BucketLifecycleConfiguration = member(&json!({ "A": lifecycle }), "A").unwrap();
        assert_eq!(read.rules[0].id.as_deref(), Some("parts"));
    }
}

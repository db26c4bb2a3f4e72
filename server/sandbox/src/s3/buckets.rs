//! Buckets, their policies, and lists of what is in them.

use super::S3Result;
use super::errors::{self, disk, refuse};
use super::list::{self, MOST, Page, Query};
use super::model::{self, Bucket};
use super::objects::Object;
use super::settings::ownership;
use super::transfer::{etag, stamp};
use crate::authorize;
use crate::call::Call;
use crate::iam::documents;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode};
use std::sync::Arc;

/// The region whose buckets need no location, and have none.
pub(super) const FIRST_REGION: &str = "us-east-1";
/// How many buckets an account may have.
const MOST_BUCKETS: usize = 100;

/// The bucket of a name that the door let through.
pub(super) fn known(call: &Call<'_>, name: &str) -> S3Result<Bucket> {
    call.app.store.read().buckets.get(name).cloned().ok_or_else(errors::no_bucket)
}

/// ListBuckets: the caller's account's.
pub(super) async fn list_buckets(call: &Call<'_>, input: ListBucketsInput) -> S3Result<ListBucketsOutput> {
    let account = call.account().clone();
    let prefix = input.prefix.unwrap_or_default();
    let state = call.app.store.read();
    let own = state.buckets.iter().filter(|(name, bucket)| bucket.account == account && name.starts_with(&prefix));
    let buckets = own.map(|(name, bucket)| s3s::dto::Bucket {
        name: Some(name.clone()),
        creation_date: Some(stamp(bucket.created)),
        bucket_region: Some(bucket.region.clone()),
    });
    Ok(ListBucketsOutput {
        buckets: Some(buckets.collect()),
        owner: Some(Owner { id: Some(account.to_string()), ..Owner::default() }),
        ..ListBucketsOutput::default()
    })
}

/// Where a bucket is asked for, checked against the region that was signed for.
fn location(asked: Option<&str>, region: &str) -> S3Result<()> {
    let wrong = |location: &str| {
        let message = format!(
            "The {location} location constraint is incompatible for the region specific endpoint this request was \
             sent to."
        );
        Err(refuse(S3ErrorCode::IllegalLocationConstraintException, message))
    };
    match asked {
        Some(location) if location != region => wrong(location),
        None if region != FIRST_REGION => wrong("unspecified"),
        _ => Ok(()),
    }
}

/// CreateBucket. Names are one space over all accounts.
pub(super) async fn create_bucket(call: &Call<'_>, input: CreateBucketInput) -> S3Result<CreateBucketOutput> {
    let name = input.bucket;
    let asked = input.create_bucket_configuration.and_then(|asked| asked.location_constraint);
    location(asked.as_ref().map(BucketLocationConstraint::as_str), call.region.as_str())?;
    let mut bucket = Bucket::new(call.account().clone(), call.region.as_str(), call.now);
    if let Some(asked) = &input.object_ownership {
        bucket.settings.ownership = Some(ownership(asked.as_str())?);
    }
    call.app.objects.add_bucket(&bucket.id).map_err(disk)?;
    let id = bucket.id.clone();
    let made = call.app.store.write(|state| -> S3Result<()> {
        if let Some(there) = state.buckets.get(&name) {
            return Err(if there.account == *call.account() {
                refuse(
                    S3ErrorCode::BucketAlreadyOwnedByYou,
                    "Your previous request to create the named bucket succeeded and you already own it.",
                )
            } else {
                refuse(
                    S3ErrorCode::BucketAlreadyExists,
                    "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                     system. Please select a different name and try again.",
                )
            });
        }
        if state.buckets.values().filter(|bucket| bucket.account == *call.account()).count() >= MOST_BUCKETS {
            let message = "You have attempted to create more buckets than allowed";
            return Err(refuse(S3ErrorCode::TooManyBuckets, message));
        }
        state.buckets.insert(name.clone(), bucket);
        Ok(())
    });
    match made {
        Ok(((), generation)) => {
            call.generation.store(generation, std::sync::atomic::Ordering::Relaxed);
            Ok(CreateBucketOutput { location: Some(format!("/{name}")) })
        }
        Err(error) => {
            call.app.objects.remove_bucket(&id).map_err(disk)?;
            Err(error)
        }
    }
}

/// HeadBucket.
pub(super) async fn head_bucket(call: &Call<'_>, input: HeadBucketInput) -> S3Result<HeadBucketOutput> {
    let bucket = known(call, &input.bucket)?;
    Ok(HeadBucketOutput { bucket_region: Some(bucket.region), ..HeadBucketOutput::default() })
}

/// DeleteBucket: only an empty one.
pub(super) async fn delete_bucket(call: &Call<'_>, input: DeleteBucketInput) -> S3Result<DeleteBucketOutput> {
    let name = &input.bucket;
    change(call, |state| {
        let id = state.get(name).ok_or_else(errors::no_bucket)?.id.clone();
        // Under the state's lock: a bucket made anew has another folder, and nothing is put into this one any more.
        if !call.app.objects.remove_bucket(&id).map_err(disk)? {
            return Err(refuse(S3ErrorCode::BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        state.remove(name);
        Ok(())
    })?;
    Ok(DeleteBucketOutput {})
}

type Buckets = std::collections::BTreeMap<String, Bucket>;

/// Changes the buckets.
pub(super) fn change(call: &Call<'_>, change: impl FnOnce(&mut Buckets) -> S3Result<()>) -> S3Result<()> {
    let ((), generation) = call.app.store.write(|state| change(&mut state.buckets))?;
    call.generation.store(generation, std::sync::atomic::Ordering::Relaxed);
    Ok(())
}

/// GetBucketLocation: nothing for the first region.
pub(super) async fn get_bucket_location(
    call: &Call<'_>,
    input: GetBucketLocationInput,
) -> S3Result<GetBucketLocationOutput> {
    let region = known(call, &input.bucket)?.region;
    let constraint = (region != FIRST_REGION).then(|| BucketLocationConstraint::from(region));
    Ok(GetBucketLocationOutput { location_constraint: constraint })
}

/// PutBucketPolicy.
pub(super) async fn put_bucket_policy(call: &Call<'_>, input: PutBucketPolicyInput) -> S3Result<PutBucketPolicyOutput> {
    let PutBucketPolicyInput { bucket: name, policy, .. } = &input;
    let stored = model::policy_to_store(&call.app.store.read(), name, policy);
    let stored = stored.map_err(|why| refuse(S3ErrorCode::MalformedPolicy, why))?;
    change(call, |buckets| {
        let bucket = buckets.get_mut(name).ok_or_else(errors::no_bucket)?;
        let closed = bucket.settings.public_access.as_ref().and_then(|block| block.block_public_policy);
        if closed == Some(true) && model::is_public(&stored) {
            let bare =
                authorize::denied(&call.caller.arn, "s3:PutBucketPolicy", &format!("\"{}\"", model::arn(name, None)));
            let why =
                "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
            return Err(refuse(S3ErrorCode::AccessDenied, format!("{} {why}", bare.message)));
        }
        bucket.policy = Some(stored);
        Ok(())
    })?;
    Ok(PutBucketPolicyOutput {})
}

/// GetBucketPolicy.
pub(super) async fn get_bucket_policy(call: &Call<'_>, input: GetBucketPolicyInput) -> S3Result<GetBucketPolicyOutput> {
    let stored = known(call, &input.bucket)?.policy.ok_or_else(|| {
        let code = S3ErrorCode::NoSuchBucketPolicy;
        refuse(code, "The bucket policy does not exist")
    })?;
    let shown = documents::to_show(&call.app.store.read(), &stored);
    Ok(GetBucketPolicyOutput { policy: Some(shown) })
}

/// DeleteBucketPolicy: also where there is none.
pub(super) async fn delete_bucket_policy(
    call: &Call<'_>,
    input: DeleteBucketPolicyInput,
) -> S3Result<DeleteBucketPolicyOutput> {
    let name = &input.bucket;
    change(call, |buckets| {
        buckets.get_mut(name).ok_or_else(errors::no_bucket)?.policy = None;
        Ok(())
    })?;
    Ok(DeleteBucketPolicyOutput {})
}

fn wrong(argument: &str) -> S3Error {
    refuse(S3ErrorCode::InvalidArgument, format!("The {argument} provided is incorrect"))
}

/// How many are asked for.
pub(super) fn most(asked: Option<i32>) -> S3Result<usize> {
    usize::try_from(asked.unwrap_or(MOST).min(MOST)).map_err(|_| wrong("max-keys"))
}

/// A key as a list shows it: keys may have characters that XML may not.
pub(super) fn shown(key: &str, encoding: Option<&EncodingType>) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    match encoding {
        Some(_) => percent_encoding::utf8_percent_encode(key, KEPT).to_string(),
        None => key.to_owned(),
    }
}

fn contents(page: &Page, encoding: Option<&EncodingType>) -> (Vec<s3s::dto::Object>, Vec<CommonPrefix>) {
    let object = |object: &Arc<Object>| s3s::dto::Object {
        key: Some(shown(&object.key, encoding)),
        size: i64::try_from(object.size).ok(),
        e_tag: Some(etag(&object.etag)),
        last_modified: Some(stamp(object.modified)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..s3s::dto::Object::default()
    };
    let prefix = |prefix: &String| CommonPrefix { prefix: Some(shown(prefix, encoding)) };
    (page.objects.iter().map(object).collect(), page.prefixes.iter().map(prefix).collect())
}

fn page(call: &Call<'_>, bucket: &str, query: &Query<'_>) -> S3Result<Page> {
    let bucket = known(call, bucket)?;
    if query.most == 0 {
        return Ok(Page::default());
    }
    Ok(call.app.objects.read(&bucket.id, |objects| list::page(objects, query)))
}

/// ListObjectsV2. A continuation token is the last key of the page before, encoded.
pub(super) async fn list_objects_v2(call: &Call<'_>, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    let most = most(input.max_keys)?;
    let after = match &input.continuation_token {
        Some(token) => {
            let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong("continuation token"))?;
            String::from_utf8(bytes).map_err(|_| wrong("continuation token"))?
        }
        None => input.start_after.clone().unwrap_or_default(),
    };
    let prefix = input.prefix.unwrap_or_default();
    let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: &after, most };
    let page = page(call, &input.bucket, &query)?;
    let encoding = input.encoding_type.as_ref();
    let (contents, prefixes) = contents(&page, encoding);
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(shown(&prefix, encoding)),
        max_keys: i32::try_from(most).ok(),
        key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.more_after.is_some()),
        next_continuation_token: page.more_after.map(|key| URL_SAFE_NO_PAD.encode(key)),
        contents: Some(contents),
        common_prefixes: Some(prefixes),
        delimiter: input.delimiter.map(|delimiter| shown(&delimiter, encoding)),
        start_after: input.start_after.map(|key| shown(&key, encoding)),
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    })
}

/// ListObjects, the older form.
pub(super) async fn list_objects(call: &Call<'_>, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
    let most = most(input.max_keys)?;
    let (prefix, marker) = (input.prefix.unwrap_or_default(), input.marker.unwrap_or_default());
    let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: &marker, most };
    let page = page(call, &input.bucket, &query)?;
    let encoding = input.encoding_type.as_ref();
    let (contents, prefixes) = contents(&page, encoding);
    Ok(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(shown(&prefix, encoding)),
        marker: Some(shown(&marker, encoding)),
        max_keys: i32::try_from(most).ok(),
        is_truncated: Some(page.more_after.is_some()),
        // "This element is returned only if you have the delimiter request parameter specified."
        next_marker: page.more_after.filter(|_| input.delimiter.is_some()).map(|key| shown(&key, encoding)),
        contents: Some(contents),
        common_prefixes: Some(prefixes),
        delimiter: input.delimiter.map(|delimiter| shown(&delimiter, encoding)),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    })
}

//! Buckets, their policies, and lists of what is in them.

use super::access::{Visitor, settle};
use super::errors::{self, disk, refuse};
use super::list::{self, MOST, Page, Query};
use super::model::{self, Bucket};
use super::objects::Object;
use super::transfer::{etag, stamp};
use super::{Operations, S3Result};
use crate::call::Call;
use crate::iam::documents;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request};
use std::sync::Arc;

/// The region whose buckets need no location, and have none.
const FIRST_REGION: &str = "us-east-1";
/// How many buckets an account may have.
const MOST_BUCKETS: usize = 100;

/// The bucket of a name that the door let through.
pub(super) fn known(operations: &Operations, name: &str) -> S3Result<Bucket> {
    operations.app.store.read().buckets.get(name).cloned().ok_or_else(errors::no_bucket)
}

/// ListBuckets: the caller's account's.
pub(super) async fn list_buckets(
    operations: &Operations,
    request: S3Request<ListBucketsInput>,
) -> S3Result<ListBucketsOutput> {
    let account = Visitor::of(&request)?.caller.account;
    let prefix = request.input.prefix.unwrap_or_default();
    let state = operations.app.store.read();
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
pub(super) async fn create_bucket(
    operations: &Operations,
    request: S3Request<CreateBucketInput>,
) -> S3Result<CreateBucketOutput> {
    let visitor = Visitor::of(&request)?;
    let call = visitor.call(&operations.app);
    let name = request.input.bucket;
    let asked = request.input.create_bucket_configuration.and_then(|asked| asked.location_constraint);
    location(asked.as_ref().map(BucketLocationConstraint::as_str), visitor.region.as_str())?;
    make(&call, &name).await?;
    Ok(CreateBucketOutput { location: Some(format!("/{name}")) })
}

/// Makes a bucket in the call's account and region.
pub(super) async fn make(call: &Call<'_>, name: &str) -> S3Result<()> {
    let bucket = Bucket::new(call.account().clone(), call.region.as_str(), call.now);
    call.app.objects.add_bucket(&bucket.id).map_err(disk)?;
    let id = bucket.id.clone();
    let made = call.app.store.write(|state| -> S3Result<()> {
        if let Some(there) = state.buckets.get(name) {
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
        state.buckets.insert(name.to_owned(), bucket);
        Ok(())
    });
    match made {
        Ok(((), generation)) => {
            call.generation.store(generation, std::sync::atomic::Ordering::Relaxed);
            settle(call).await
        }
        Err(error) => {
            call.app.objects.remove_bucket(&id).map_err(disk)?;
            Err(error)
        }
    }
}

/// HeadBucket.
pub(super) async fn head_bucket(
    operations: &Operations,
    request: S3Request<HeadBucketInput>,
) -> S3Result<HeadBucketOutput> {
    let bucket = known(operations, &request.input.bucket)?;
    Ok(HeadBucketOutput { bucket_region: Some(bucket.region), ..HeadBucketOutput::default() })
}

/// DeleteBucket: only an empty one.
pub(super) async fn delete_bucket(
    operations: &Operations,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<DeleteBucketOutput> {
    let visitor = Visitor::of(&request)?;
    remove(&visitor.call(&operations.app), &request.input.bucket).await?;
    Ok(DeleteBucketOutput {})
}

/// Deletes an empty bucket.
pub(super) async fn remove(call: &Call<'_>, name: &str) -> S3Result<()> {
    change_by(call, |state| {
        let id = state.get(name).ok_or_else(errors::no_bucket)?.id.clone();
        // Under the state's lock: a bucket made anew has another folder, and nothing is put into this one any more.
        if !call.app.objects.remove_bucket(&id).map_err(disk)? {
            return Err(refuse(S3ErrorCode::BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        state.remove(name);
        Ok(())
    })
    .await
}

pub(super) type Buckets = std::collections::BTreeMap<String, Bucket>;

/// Changes the buckets and makes the change last.
async fn change<T>(
    operations: &Operations,
    request: &S3Request<T>,
    change: impl FnOnce(&mut Buckets) -> S3Result<()>,
) -> S3Result<()> {
    let visitor = Visitor::of(request)?;
    change_by(&visitor.call(&operations.app), change).await
}

/// The same for a call.
pub(super) async fn change_by(call: &Call<'_>, change: impl FnOnce(&mut Buckets) -> S3Result<()>) -> S3Result<()> {
    let ((), generation) = call.app.store.write(|state| change(&mut state.buckets))?;
    call.generation.store(generation, std::sync::atomic::Ordering::Relaxed);
    settle(call).await
}

/// GetBucketLocation: nothing for the first region.
pub(super) async fn get_bucket_location(
    operations: &Operations,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<GetBucketLocationOutput> {
    let region = known(operations, &request.input.bucket)?.region;
    let constraint = (region != FIRST_REGION).then(|| BucketLocationConstraint::from(region));
    Ok(GetBucketLocationOutput { location_constraint: constraint })
}

/// PutBucketPolicy.
pub(super) async fn put_bucket_policy(
    operations: &Operations,
    request: S3Request<PutBucketPolicyInput>,
) -> S3Result<PutBucketPolicyOutput> {
    let PutBucketPolicyInput { bucket: name, policy, .. } = &request.input;
    let stored = model::policy_to_store(&operations.app.store.read(), name, policy);
    let stored = stored.map_err(|why| refuse(S3ErrorCode::MalformedPolicy, why))?;
    change(operations, &request, |buckets| {
        buckets.get_mut(name).ok_or_else(errors::no_bucket)?.policy = Some(stored);
        Ok(())
    })
    .await?;
    Ok(PutBucketPolicyOutput {})
}

/// GetBucketPolicy.
pub(super) async fn get_bucket_policy(
    operations: &Operations,
    request: S3Request<GetBucketPolicyInput>,
) -> S3Result<GetBucketPolicyOutput> {
    let stored = known(operations, &request.input.bucket)?.policy.ok_or_else(|| {
        let code = S3ErrorCode::NoSuchBucketPolicy;
        refuse(code, "The bucket policy does not exist")
    })?;
    let shown = documents::to_show(&operations.app.store.read(), &stored);
    Ok(GetBucketPolicyOutput { policy: Some(shown) })
}

/// DeleteBucketPolicy: also where there is none.
pub(super) async fn delete_bucket_policy(
    operations: &Operations,
    request: S3Request<DeleteBucketPolicyInput>,
) -> S3Result<DeleteBucketPolicyOutput> {
    let name = &request.input.bucket;
    change(operations, &request, |buckets| {
        buckets.get_mut(name).ok_or_else(errors::no_bucket)?.policy = None;
        Ok(())
    })
    .await?;
    Ok(DeleteBucketPolicyOutput {})
}

fn wrong(argument: &str) -> S3Error {
    refuse(S3ErrorCode::InvalidArgument, format!("The {argument} provided is incorrect"))
}

/// How many are asked for.
fn most(asked: Option<i32>) -> S3Result<usize> {
    usize::try_from(asked.unwrap_or(MOST).min(MOST)).map_err(|_| wrong("max-keys"))
}

/// A key as a list shows it: keys may have characters that XML may not.
fn shown(key: &str, encoding: Option<&EncodingType>) -> String {
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

fn page(operations: &Operations, bucket: &str, query: &Query<'_>) -> S3Result<Page> {
    let bucket = known(operations, bucket)?;
    if query.most == 0 {
        return Ok(Page::default());
    }
    Ok(operations.app.objects.read(&bucket.id, |objects| list::page(objects, query)))
}

/// ListObjectsV2. A continuation token is the last key of the page before, encoded.
pub(super) async fn list_objects_v2(
    operations: &Operations,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<ListObjectsV2Output> {
    let input = request.input;
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
    let page = page(operations, &input.bucket, &query)?;
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
pub(super) async fn list_objects(
    operations: &Operations,
    request: S3Request<ListObjectsInput>,
) -> S3Result<ListObjectsOutput> {
    let input = request.input;
    let most = most(input.max_keys)?;
    let (prefix, marker) = (input.prefix.unwrap_or_default(), input.marker.unwrap_or_default());
    let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: &marker, most };
    let page = page(operations, &input.bucket, &query)?;
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

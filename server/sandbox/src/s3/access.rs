//! Who calls S3, and whether they may: asked once for every request, before anything of it is done.
//!
//! The signature itself is verified by `s3s`, which also undoes the chunks that SDKs sign bodies in; here it gets the
//! secret, and the session behind an access key is opened.

use super::errors::{self, refuse};
use super::model::{Bucket, arn};
use crate::app::App;
use crate::authorize;
use crate::call::{Call, Target};
use crate::caller::{self, Caller};
use crate::clock;
use crate::dispatch;
use crate::protocol::query::Params;
use crate::session;
use domain::evaluate::Context;
use domain::names::{AccountId, Region};
use http::{HeaderMap, Uri};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3ErrorCode, S3Request, S3Result};
use serde_json::Value;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// The operations, each with the IAM action that it needs on the bucket or object in its path.
///
/// Source: S3 user guide, "Required permissions for Amazon S3 API operations".
pub const OPERATIONS: [(&str, &str); 44] = [
    ("ListBuckets", "s3:ListAllMyBuckets"),
    ("CreateBucket", CREATE_BUCKET),
    ("HeadBucket", LIST_BUCKET),
    ("DeleteBucket", "s3:DeleteBucket"),
    ("GetBucketLocation", "s3:GetBucketLocation"),
    ("PutBucketPolicy", "s3:PutBucketPolicy"),
    ("GetBucketPolicy", "s3:GetBucketPolicy"),
    ("DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
    ("PutBucketVersioning", "s3:PutBucketVersioning"),
    ("GetBucketVersioning", "s3:GetBucketVersioning"),
    ("PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
    ("DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("PutBucketTagging", "s3:PutBucketTagging"),
    ("GetBucketTagging", "s3:GetBucketTagging"),
    ("DeleteBucketTagging", "s3:PutBucketTagging"),
    ("PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
    ("GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
    ("ListObjects", LIST_BUCKET),
    ("ListObjectsV2", LIST_BUCKET),
    ("ListObjectVersions", "s3:ListBucketVersions"),
    ("PutObject", "s3:PutObject"),
    ("GetObject", GET_OBJECT),
    ("HeadObject", GET_OBJECT),
    ("DeleteObject", "s3:DeleteObject"),
    ("DeleteObjects", EACH),
    ("CopyObject", "s3:PutObject"),
    ("PutObjectTagging", "s3:PutObjectTagging"),
    ("GetObjectTagging", "s3:GetObjectTagging"),
    ("DeleteObjectTagging", "s3:DeleteObjectTagging"),
    ("CreateMultipartUpload", "s3:PutObject"),
    ("UploadPart", "s3:PutObject"),
    ("UploadPartCopy", "s3:PutObject"),
    ("CompleteMultipartUpload", "s3:PutObject"),
    ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
];

/// The actions that have another name for a version that is named.
const OF_VERSIONS: [(&str, &str); 5] = [
    (GET_OBJECT, GET_VERSION),
    ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    ("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    ("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
];

/// The operation asks by itself, for each object that its body names.
const EACH: &str = "";
const CREATE_BUCKET: &str = "s3:CreateBucket";
/// Listing a bucket; without it a missing object looks like a forbidden one.
pub const LIST_BUCKET: &str = "s3:ListBucket";
/// Reading an object.
pub const GET_OBJECT: &str = "s3:GetObject";
/// Reading a version of an object.
pub const GET_VERSION: &str = "s3:GetObjectVersion";

/// Headers that are condition keys, `s3:` and the header's name.
const HEADER_KEYS: [&str; 6] = [
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
];
const TAGGING: &str = "x-amz-tagging";
/// Parts of a query that are condition keys.
const QUERY_KEYS: [&str; 3] = ["prefix", "delimiter", "max-keys"];

/// Somebody who calls, as operations get them.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who.
    pub caller: Caller,
    /// Whether the credentials are temporary.
    pub temporary: bool,
    /// The region that was signed for.
    pub region: Region,
    /// From where.
    pub source_ip: IpAddr,
    /// The request's id.
    pub request_id: String,
}

impl Visitor {
    /// A call by them, now.
    pub fn call<'a>(&'a self, app: &'a App) -> Call<'a> {
        Call {
            app,
            caller: &self.caller,
            temporary: self.temporary,
            region: self.region.clone(),
            now: clock::now(),
            source_ip: self.source_ip,
            params: Params::default(),
            body: Value::Null,
            generation: AtomicU64::new(0),
            request_id: &self.request_id,
        }
    }
    /// The visitor that was let in with this request.
    pub fn of<T>(request: &S3Request<T>) -> S3Result<Self> {
        request.extensions.get::<Self>().cloned().ok_or_else(errors::internal)
    }
}

/// Makes the changes of a call last before it is answered.
pub async fn settle(call: &Call<'_>) -> S3Result<()> {
    let generation = call.generation.load(Ordering::Relaxed);
    if generation > 0 && !call.app.store.durable(generation).await {
        return Err(errors::internal());
    }
    Ok(())
}

/// Where a request came from, and what became of it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The region that was signed for.
    pub region: Region,
    /// From where.
    pub source_ip: IpAddr,
    /// The request's id.
    pub request_id: String,
    /// Set once it is known who calls what.
    pub seen: Arc<OnceLock<Seen>>,
}

/// A request whose caller is known.
#[derive(Debug)]
pub struct Seen {
    /// The calling account.
    pub account: AccountId,
    /// The operation.
    pub operation: &'static str,
    /// Whether a fault switch wants the answer lost.
    pub lose_reply: bool,
}

/// The door.
pub struct Door(pub Arc<App>);

#[async_trait::async_trait]
impl S3Auth for Door {
    async fn get_secret_key(&self, key: &str) -> S3Result<SecretKey> {
        let state = self.0.store.read();
        match state.keys.get(key) {
            Some(known) if known.active => Ok(known.secret.as_str().into()),
            // Whether there is such a session, its token says.
            None if key.starts_with("ASIA") => Ok(session::secret(&state.master, key).into()),
            _ => Err(refuse(
                S3ErrorCode::InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records.",
            )),
        }
    }
}

#[async_trait::async_trait]
impl S3Access for Door {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let name = cx.s3_op().name();
        let Some((operation, action)) = OPERATIONS.into_iter().find(|(known, _)| *known == name) else {
            return Err(refuse(S3ErrorCode::NotImplemented, format!("The sandbox's S3 has no operation {name}.")));
        };
        let arrival = cx.extensions_mut().get::<Arrival>().cloned().ok_or_else(errors::internal)?;
        let visitor = self.identify(cx, &arrival)?;
        let account = visitor.caller.account.clone();
        let verdict = self.0.faults.judge("s3", operation, &account);
        let _ = arrival.seen.set(Seen { account, operation, lose_reply: verdict.lose_reply });
        dispatch::suffer(&verdict).await.map_err(|failure| errors::from_failure(&failure))?;
        let context = context(cx.uri(), cx.headers());
        let path = cx.s3_path();
        let (bucket, key) = (path.get_bucket_name(), path.get_object_key());
        let call = visitor.call(&self.0);
        if action != EACH {
            permit(&call, of_version(action, &context), bucket, key, context.clone())?;
        }
        if action == "s3:PutObject" && cx.headers().contains_key(TAGGING) {
            permit(&call, "s3:PutObjectTagging", bucket, key, context)?;
        }
        cx.extensions_mut().insert(visitor);
        Ok(())
    }
}

impl Door {
    fn identify(&self, cx: &S3AccessContext<'_>, arrival: &Arrival) -> S3Result<Visitor> {
        let unsigned = || refuse(S3ErrorCode::AccessDenied, "Access Denied");
        let key = &cx.credentials().ok_or_else(unsigned)?.access_key;
        let header = cx.headers().get("x-amz-security-token").and_then(|token| token.to_str().ok());
        let token = match header {
            Some(token) => Some(token.to_owned()),
            None => query(cx.uri()).find(|(name, _)| name == "X-Amz-Security-Token").map(|(_, value)| value),
        };
        let era = self.0.faults.era();
        let found = caller::identify(&self.0.store.read(), &self.0.tokens, key, token.as_deref(), clock::now(), era);
        let found = found.map_err(|failure| errors::from_failure(&failure))?;
        let Arrival { region, source_ip, request_id, .. } = arrival.clone();
        Ok(Visitor { caller: found.caller, temporary: found.temporary, region, source_ip, request_id })
    }
}

fn query(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned()
}

fn context(uri: &Uri, headers: &HeaderMap) -> Context {
    let mut context = Context::new();
    for name in HEADER_KEYS {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            context.set(&format!("s3:{name}"), vec![value.to_owned()]);
        }
    }
    for (name, value) in query(uri).filter(|(name, _)| QUERY_KEYS.contains(&name.as_str())) {
        context.set(&format!("s3:{name}"), vec![value]);
    }
    if let Some((_, version)) = query(uri).find(|(name, _)| name == "versionId") {
        context.set("s3:VersionId", vec![version]);
    }
    let tags = headers.get(TAGGING).map_or(&[][..], |tags| tags.as_bytes());
    let tags: Vec<(String, String)> = form_urlencoded::parse(tags).into_owned().collect();
    if !tags.is_empty() {
        context.set("s3:RequestObjectTagKeys", tags.iter().map(|(key, _)| key.clone()).collect());
    }
    for (key, value) in tags {
        context.set(&format!("s3:RequestObjectTag/{key}"), vec![value]);
    }
    context
}

/// The action as it is called for a version, if one is named.
fn of_version<'a>(action: &'a str, context: &Context) -> &'a str {
    let named = context.get("s3:VersionId").is_some();
    OF_VERSIONS.into_iter().find(|(plain, _)| named && *plain == action).map_or(action, |(_, versioned)| versioned)
}

/// Asks for an action on a bucket or on an object in it, and gives the bucket.
///
/// A bucket's policy speaks beside the caller's own: within one account either may allow, across accounts both must.
/// A bucket that does not exist is asked for in the caller's account, and told of only to whoever could have used it.
pub fn permit(
    call: &Call<'_>,
    action: &str,
    bucket: Option<&str>,
    key: Option<&str>,
    context: Context,
) -> S3Result<Option<Bucket>> {
    let known = bucket.and_then(|name| call.app.store.read().buckets.get(name).cloned());
    let resource = bucket.map_or_else(|| "*".to_owned(), |name| arn(name, key));
    let account = match &known {
        Some(bucket) if action != CREATE_BUCKET => bucket.account.clone(),
        _ => call.account().clone(),
    };
    let mut target = Target { resource: resource.clone(), context };
    if bucket.is_some() {
        target = target.with("s3:ResourceAccount", account.as_str()).with("aws:ResourceAccount", account.as_str());
    }
    let there = known.as_ref().zip(key).and_then(|(bucket, key)| call.app.objects.get(&bucket.id, key));
    for (tag, value) in there.iter().flat_map(|object| &object.tags) {
        target = target.with(&format!("s3:ExistingObjectTag/{tag}"), value.as_str());
    }
    let foreign = account != *call.account();
    let policy = known.as_ref().filter(|_| action != CREATE_BUCKET).and_then(Bucket::parsed_policy);
    authorize::require_on_resource(call, action, target, account, policy.as_ref()).map_err(|failure| {
        // Across accounts S3 tells nothing; within one it quotes the resource.
        let plain = format!("on resource: {resource}");
        let told = failure.message.replacen(&plain, &format!("on resource: \"{resource}\""), 1);
        refuse(S3ErrorCode::AccessDenied, if foreign { "Access Denied".to_owned() } else { told })
    })?;
    match (&known, bucket) {
        (None, Some(_)) if action != CREATE_BUCKET => Err(errors::no_bucket()),
        _ => Ok(known),
    }
}

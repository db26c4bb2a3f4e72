//! S3: versions, encryption and the settings of buckets.

use crate::client::{Answer, Client, allowing};
use crate::support::{CHILD, Lab, PARENT, config};
use http::Method;
use serde_json::{Value, json};

const EU: &str =
    "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
const ENABLED: &str = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
const SUSPENDED: &str = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";

async fn call(
    client: &Client,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<bytes::Bytes>,
) -> Answer {
    client.send(client.signed("s3", method, path, headers, body.into())).await
}

async fn ok(client: &Client, method: Method, path: &str, body: impl Into<bytes::Bytes>) -> Answer {
    let answer = call(client, method, path, &[], body).await;
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
    answer
}

async fn get(client: &Client, path: &str) -> Answer {
    call(client, Method::GET, path, &[], "").await
}

async fn put(client: &Client, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    call(client, Method::PUT, path, headers, body.to_owned()).await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.tag("Code").as_str()), (status, code), "{}", answer.text());
    assert!(answer.tag("Message").contains(message), "`{}` does not contain `{message}`", answer.tag("Message"));
}

async fn with_bucket() -> (Lab, Client) {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    ok(&parent, Method::PUT, "/things", EU).await;
    (lab, parent)
}

fn version(answer: &Answer) -> String {
    answer.header("x-amz-version-id").to_owned()
}

#[tokio::test]
async fn versions_stay_until_they_are_named_also_after_a_restart() {
    let (lab, parent) = with_bucket().await;
    let before = put(&parent, "/things/a", &[], "zero").await;
    assert_eq!(version(&before), "");
    assert_eq!(ok(&parent, Method::GET, "/things?versioning", "").await.text().contains("Status"), false);
    ok(&parent, Method::PUT, "/things?versioning", ENABLED).await;
    assert_eq!(ok(&parent, Method::GET, "/things?versioning", "").await.tag("Status"), "Enabled");
    let one = version(&put(&parent, "/things/a", &[], "one").await);
    let two = version(&put(&parent, "/things/a", &[], "two").await);
    assert!(one.len() == 32 && one != two, "{one} {two}");
    let gone = ok(&parent, Method::DELETE, "/things/a", "").await;
    assert_eq!(gone.header("x-amz-delete-marker"), "true");
    let marker = version(&gone);

    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(config(dir.path())).await.unwrap();
    let parent = Client::of_profile(&sandbox.url(), sandbox.credentials_file(), "parent");
    let hidden = get(&parent, "/things/a").await;
    refused(&hidden, 404, "NoSuchKey", "does not exist");
    assert_eq!((hidden.header("x-amz-delete-marker"), version(&hidden)), ("true", marker.clone()));
    for (id, content) in [("null", "zero"), (&one, "one"), (&two, "two")] {
        let got = ok(&parent, Method::GET, &format!("/things/a?versionId={id}"), "").await;
        assert_eq!((got.text().as_str(), version(&got).as_str()), (content, id));
    }
    let itself = get(&parent, &format!("/things/a?versionId={marker}")).await;
    refused(&itself, 405, "MethodNotAllowed", "not allowed");
    refused(&get(&parent, "/things/a?versionId=nope").await, 404, "NoSuchVersion", "does not exist");
    assert_eq!(ok(&parent, Method::GET, "/things?list-type=2", "").await.tags("Key"), [""; 0]);
    let all = ok(&parent, Method::GET, "/things?versions", "").await;
    assert_eq!(all.tags("VersionId").len(), 4);
    assert_eq!(all.tags("IsLatest").iter().filter(|latest| *latest == "true").count(), 1);

    // Without the delete marker the object is there again.
    ok(&parent, Method::DELETE, &format!("/things/a?versionId={marker}"), "").await;
    assert_eq!(ok(&parent, Method::GET, "/things/a", "").await.text(), "two");
    ok(&parent, Method::DELETE, &format!("/things/a?versionId={two}"), "").await;
    assert_eq!(ok(&parent, Method::GET, "/things/a", "").await.text(), "one");
    ok(&parent, Method::PUT, "/things?versioning", SUSPENDED).await;
    assert_eq!(version(&put(&parent, "/things/a", &[], "new").await), "null");
    refused(&get(&parent, "/things/a?versionId=").await, 400, "InvalidArgument", "empty string");
    assert_eq!(ok(&parent, Method::GET, "/things/a?versionId=null", "").await.text(), "new");
    refused(&call(&parent, Method::DELETE, "/things", &[], "").await, 409, "BucketNotEmpty", "not empty");
}

#[tokio::test]
async fn a_bucket_with_versions_is_emptied_page_by_page() {
    let (_lab, parent) = with_bucket().await;
    ok(&parent, Method::PUT, "/things?versioning", ENABLED).await;
    for key in ["a", "b/1", "b/2"] {
        for _ in 0..3 {
            put(&parent, &format!("/things/{key}"), &[], "x").await;
        }
        ok(&parent, Method::DELETE, &format!("/things/{key}"), "").await;
    }
    refused(&call(&parent, Method::DELETE, "/things", &[], "").await, 409, "BucketNotEmpty", "not empty");
    let rolled = ok(&parent, Method::GET, "/things?versions&delimiter=/", "").await;
    assert_eq!((rolled.tags("VersionId").len(), rolled.text().matches("<CommonPrefixes>").count()), (4, 1));
    let mut seen = 0;
    let mut marker = String::new();
    loop {
        let page = ok(&parent, Method::GET, &format!("/things?versions&max-keys=5{marker}"), "").await;
        let (keys, ids) = (page.tags("Key"), page.tags("VersionId"));
        seen += ids.len();
        let named: String = keys
            .iter()
            .zip(&ids)
            .map(|(key, id)| format!("<Object><Key>{key}</Key><VersionId>{id}</VersionId></Object>"))
            .collect();
        let body = format!("<Delete>{named}</Delete>");
        let done = ok(&parent, Method::POST, "/things?delete", body).await;
        assert_eq!(done.text().matches("<Deleted>").count(), ids.len(), "{}", done.text());
        if page.tag("IsTruncated") == "false" {
            break;
        }
        marker =
            format!("&key-marker={}&version-id-marker={}", page.tag("NextKeyMarker"), page.tag("NextVersionIdMarker"));
    }
    assert_eq!(seen, 12);
    ok(&parent, Method::DELETE, "/things", "").await;
}

#[tokio::test]
async fn a_version_is_read_and_deleted_by_permissions_of_its_own() {
    let (_lab, parent) = with_bucket().await;
    ok(&parent, Method::PUT, "/things?versioning", ENABLED).await;
    let one = version(&put(&parent, "/things/a", &[], "one").await);
    let reader = parent
        .new_user("reader", &[&allowing("s3:GetObject", "*"), &allowing("s3:DeleteObject", "arn:aws:s3:::things/a")])
        .await;
    let named = format!("/things/a?versionId={one}");
    assert_eq!(get(&reader, "/things/a").await.status, 200);
    refused(&get(&reader, &named).await, 403, "AccessDenied", "s3:GetObjectVersion on resource");
    let denied = call(&reader, Method::DELETE, &named, &[], "").await;
    refused(&denied, 403, "AccessDenied", "s3:DeleteObjectVersion on resource");
    refused(&get(&reader, "/things?versions").await, 403, "AccessDenied", "s3:ListBucketVersions");
    let body = format!(
        "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object><Object><Key>a</Key><VersionId>{one}\
         </VersionId></Object></Delete>"
    );
    let answer = ok(&reader, Method::POST, "/things?delete", body).await;
    assert_eq!(answer.text().matches("<Deleted>").count(), 1, "{}", answer.text());
    assert_eq!(answer.tags("Code"), ["AccessDenied", "AccessDenied"]);
    assert_eq!(answer.tag("DeleteMarker"), "true");
    assert_eq!(get(&parent, &named).await.text(), "one");
}

async fn a_key(client: &Client, policy: Option<Value>) -> String {
    let mut asked = json!({});
    if let Some(policy) = policy {
        asked["Policy"] = policy.to_string().into();
    }
    let made = client.json_ok("kms", "CreateKey", asked).await;
    made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

fn by_default(key: &str) -> String {
    format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms\
         </SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>\
         <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
    )
}

const SSE: &str = "x-amz-server-side-encryption";
const SSE_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

#[tokio::test]
async fn what_is_encrypted_by_a_key_needs_permission_on_the_key() {
    let (_lab, parent) = with_bucket().await;
    assert_eq!(put(&parent, "/things/plain", &[], "x").await.header(SSE), "AES256");
    let shown = ok(&parent, Method::GET, "/things?encryption", "").await;
    assert_eq!(shown.tag("SSEAlgorithm"), "AES256");
    let key = a_key(&parent, None).await;
    ok(&parent, Method::PUT, "/things?encryption", by_default(&key)).await;
    let made = put(&parent, "/things/a", &[], "secret").await;
    assert_eq!((made.header(SSE), made.header(SSE_KEY)), ("aws:kms", key.as_str()));
    assert_eq!(made.header("x-amz-server-side-encryption-bucket-key-enabled"), "true");
    let got = ok(&parent, Method::GET, "/things/a", "").await;
    assert_eq!((got.text().as_str(), got.header(SSE_KEY)), ("secret", key.as_str()));

    let s3 = allowing("s3:*", "*");
    let poor = parent.new_user("poor", &[&s3]).await;
    let words = |action: &str| {
        format!(
            "User: arn:aws:iam::{PARENT}:user/poor is not authorized to perform: {action} on resource: {key} because no \
             identity-based policy allows the {action} action"
        )
    };
    refused(&get(&poor, "/things/a").await, 403, "AccessDenied", &words("kms:Decrypt"));
    refused(&put(&poor, "/things/b", &[], "x").await, 403, "AccessDenied", &words("kms:GenerateDataKey"));
    // Its own encryption needs no key, and the head of an object shows nothing that is encrypted.
    assert_eq!(put(&poor, "/things/b", &[(SSE, "AES256")], "x").await.status, 200);
    assert_eq!(call(&poor, Method::HEAD, "/things/a", &[], "").await.status, 200);

    let writer = parent.new_user("writer", &[&s3, &allowing("kms:GenerateDataKey", &key)]).await;
    assert_eq!(put(&writer, "/things/c", &[], "x").await.status, 200);
    refused(&get(&writer, "/things/c").await, 403, "AccessDenied", "kms:Decrypt");
    // An upload in parts is put together by reading them.
    let upload = ok(&writer, Method::POST, "/things/d?uploads", "").await.tag("UploadId");
    let part = put(&writer, &format!("/things/d?partNumber=1&uploadId={upload}"), &[], "part").await;
    refused(&part, 403, "AccessDenied", "kms:Decrypt");
    // A copy reads its source.
    let copy = put(&writer, "/things/copy", &[("x-amz-copy-source", "/things/a")], "").await;
    refused(&copy, 403, "AccessDenied", "kms:Decrypt");
    let copy = put(&parent, "/things/copy", &[("x-amz-copy-source", "/things/plain")], "").await;
    assert_eq!((copy.status, copy.header(SSE_KEY)), (200, key.as_str()));

    parent.json_ok("kms", "DisableKey", json!({ "KeyId": key })).await;
    refused(&get(&parent, "/things/a").await, 400, "KMS.DisabledException", "is disabled");
    ok(&parent, Method::DELETE, "/things?encryption", "").await;
    assert_eq!(put(&parent, "/things/e", &[], "x").await.header(SSE), "AES256");
    let both = put(&parent, "/things/f", &[(SSE, "AES256"), (SSE_KEY, &key)], "x").await;
    refused(&both, 400, "InvalidArgument", "aws:kms");
    let none = key.replace(&key[key.len() - 4..], "0000");
    let missing = put(&parent, "/things/f", &[(SSE, "aws:kms"), (SSE_KEY, &none)], "x").await;
    refused(&missing, 400, "KMS.NotFoundException", "does not exist");
    // Without a key it is the one that S3 manages for the account.
    let managed = put(&parent, "/things/g", &[(SSE, "aws:kms")], "x").await;
    let described = parent.json_ok("kms", "DescribeKey", json!({ "KeyId": "alias/aws/s3" })).await;
    assert_eq!(described["KeyMetadata"]["Arn"], managed.header(SSE_KEY));
    assert_eq!(described["KeyMetadata"]["KeyManager"], "AWS");
    assert_eq!(get(&poor, "/things/g").await.text(), "x");
}

#[tokio::test]
async fn a_key_of_another_account_is_used_through_s3_as_both_sides_allow() {
    let (lab, parent) = with_bucket().await;
    let child = lab.client("child");
    let me = parent.sts("GetCallerIdentity", &[]).await.tag("Arn");
    let root = format!("arn:aws:iam::{CHILD}:root");
    let grant = |principal: &str, action: Value, more: Value| {
        let mut made = json!({
            "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": "*",
        });
        made.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        made
    };
    let through_s3 = json!({ "Condition": { "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } } });
    let statements = [
        grant(&me, json!("kms:*"), json!({})),
        grant(&root, json!(["kms:Decrypt", "kms:GenerateDataKey*"]), through_s3),
    ];
    let key = a_key(&parent, Some(json!({ "Version": "2012-10-17", "Statement": statements }))).await;
    let own = "arn:aws:s3:::things/*";
    let mut bucket = grant(&root, json!(["s3:GetObject", "s3:PutObject"]), json!({}));
    bucket["Resource"] = own.into();
    let deny = |condition: Value| json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": own, "Condition": condition });
    // As the pipeline's template has it: who says nothing gets the bucket's key, who says something else is denied.
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        bucket,
        deny(json!({
            "Null": { "s3:x-amz-server-side-encryption": "false" },
            "StringNotEquals": { "s3:x-amz-server-side-encryption": "aws:kms" },
        })),
        deny(json!({
            "Null": { "s3:x-amz-server-side-encryption-aws-kms-key-id": "false" },
            "StringNotEquals": { "s3:x-amz-server-side-encryption-aws-kms-key-id": key },
        })),
    ] });
    ok(&parent, Method::PUT, "/things?policy", policy.to_string()).await;
    ok(&parent, Method::PUT, "/things?encryption", by_default(&key)).await;

    let both = child.new_user("both", &[&allowing("s3:*", "*"), &allowing("kms:*", &key)]).await;
    let (one, two) = (
        put(&both, "/things/a", &[], "x").await,
        put(&both, "/things/b", &[(SSE, "aws:kms"), (SSE_KEY, &key)], "x").await,
    );
    assert_eq!(
        (one.header(SSE_KEY), two.header(SSE_KEY)),
        (key.as_str(), key.as_str()),
        "{} {}",
        one.text(),
        two.text()
    );
    refused(&put(&both, "/things/c", &[(SSE, "AES256")], "x").await, 403, "AccessDenied", "Access Denied");
    let other = a_key(&parent, None).await;
    let other = put(&both, "/things/c", &[(SSE, "aws:kms"), (SSE_KEY, &other)], "x").await;
    refused(&other, 403, "AccessDenied", "Access Denied");
    assert_eq!(get(&both, "/things/a").await.text(), "x");
    let directly = json!({ "KeyId": key, "KeySpec": "AES_256" });
    let hidden = "no resource-based policies allow access";
    both.json("kms", "GenerateDataKey", directly).await.refused(400, "AccessDeniedException", hidden);
    let poor = child.new_user("poor", &[&allowing("s3:*", "*")]).await;
    let lacks = "because no identity-based policy allows the kms:Decrypt action";
    refused(&get(&poor, "/things/a").await, 403, "AccessDenied", lacks);
    let closed = json!({ "Version": "2012-10-17", "Statement": [grant(&me, json!("kms:*"), json!({}))] });
    let closed = json!({ "KeyId": key, "PolicyName": "default", "Policy": closed.to_string() });
    parent.json_ok("kms", "PutKeyPolicy", closed).await;
    refused(&get(&both, "/things/a").await, 403, "AccessDenied", hidden);
}

#[tokio::test]
async fn settings_of_a_bucket_are_kept_shown_and_taken_back() {
    let (_lab, parent) = with_bucket().await;
    let block = ok(&parent, Method::GET, "/things?publicAccessBlock", "").await;
    assert_eq!(block.tag("BlockPublicPolicy"), "true");
    let public = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::things/*",
    }] })
    .to_string();
    let denied = put(&parent, "/things?policy", &[], &public).await;
    refused(&denied, 403, "AccessDenied", "BlockPublicPolicy setting in S3 Block Public Access");
    ok(&parent, Method::DELETE, "/things?publicAccessBlock", "").await;
    refused(&get(&parent, "/things?publicAccessBlock").await, 404, "NoSuchPublicAccessBlockConfiguration", "not found");
    ok(&parent, Method::PUT, "/things?policy", public).await;

    let shown = ok(&parent, Method::GET, "/things?ownershipControls", "").await;
    assert_eq!(shown.tag("ObjectOwnership"), "BucketOwnerEnforced");
    ok(&parent, Method::DELETE, "/things?ownershipControls", "").await;
    let none = get(&parent, "/things?ownershipControls").await;
    refused(&none, 404, "OwnershipControlsNotFoundError", "not found");

    refused(&get(&parent, "/things?lifecycle").await, 404, "NoSuchLifecycleConfiguration", "does not exist");
    let rules = "<LifecycleConfiguration><Rule><ID>parts</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
                 <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
                 </AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
    ok(&parent, Method::PUT, "/things?lifecycle", rules).await;
    assert_eq!(ok(&parent, Method::GET, "/things?lifecycle", "").await.tag("DaysAfterInitiation"), "7");
    ok(&parent, Method::DELETE, "/things?lifecycle", "").await;

    refused(&get(&parent, "/things?tagging").await, 404, "NoSuchTagSet", "does not exist");
    let tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>";
    ok(&parent, Method::PUT, "/things?tagging", tags).await;
    assert_eq!(ok(&parent, Method::GET, "/things?tagging", "").await.tag("Value"), "a");
    ok(&parent, Method::DELETE, "/things?tagging", "").await;

    let told = "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>";
    ok(&parent, Method::PUT, "/things?notification", told).await;
    let shown = ok(&parent, Method::GET, "/things?notification", "").await;
    assert!(shown.text().contains("EventBridgeConfiguration"), "{}", shown.text());
    ok(&parent, Method::PUT, "/things?notification", "<NotificationConfiguration/>").await;
    let shown = ok(&parent, Method::GET, "/things?notification", "").await;
    assert!(!shown.text().contains("EventBridgeConfiguration"), "{}", shown.text());

    put(&parent, "/things/a", &[("x-amz-tagging", "team=a&stage=b")], "x").await;
    assert_eq!(get(&parent, "/things/a").await.header("x-amz-tagging-count"), "2");
    ok(&parent, Method::PUT, "/things/a?tagging", tags).await;
    assert_eq!(ok(&parent, Method::GET, "/things/a?tagging", "").await.tags("Key"), ["team"]);
    ok(&parent, Method::DELETE, "/things/a?tagging", "").await;
    assert_eq!(ok(&parent, Method::GET, "/things/a?tagging", "").await.tags("Key"), [""; 0]);
}

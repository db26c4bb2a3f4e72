//! What is sent to S3, and made of its answers: objects put whole and in parts, heads, digests, versions.

use crate::canned::{Canned, Received, Reply, ireland, parent, s3, s3_error, xml};
use bytes::Bytes;
use domain::s3::Location;
use services::ports::gateway::{
    BucketOwner, BucketsGateway, Content, GatewayError, GatewayErrorKind, NewObject, ObjectVersion,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

const KEY: &str = "arn:aws:kms:eu-west-1:111111111111:key/0f8fad5b-d9cb-469f-a165-70867728950e";
const MIB: usize = 1 << 20;

fn place() -> Location {
    Location::parse("s3://churn/data/train/train.csv").unwrap()
}

fn object(content: Content) -> NewObject {
    NewObject {
        place: place(),
        content_type: "text/csv".into(),
        content,
        key: KEY.parse().unwrap(),
        sha256: "5um".into(),
    }
}

/// Three parts.
fn large() -> Content {
    Content::Bytes(Bytes::from(vec![b'7'; 20 * MIB]))
}

/// The operation, by method and query.
fn operation(request: &Received) -> &'static str {
    let path = request.path.as_str();
    match request.method.as_str() {
        "POST" if path.contains("uploads") => "create",
        "POST" => "complete",
        "PUT" if path.contains("partNumber") => "part",
        "PUT" => "put",
        "DELETE" => "abort",
        other => panic!("{other} {path}"),
    }
}

fn number(request: &Received) -> usize {
    let (_, rest) = request.path.split_once("partNumber=").unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}

/// S3 that takes whatever comes.
fn takes(request: &Received) -> Reply {
    match operation(request) {
        "create" => s3(
            200,
            "<InitiateMultipartUploadResult><Bucket>churn</Bucket><Key>k</Key><UploadId>u-1</UploadId>\
             </InitiateMultipartUploadResult>",
        ),
        "part" => {
            let mut reply = s3(200, "");
            reply.headers.push(("etag", format!("\"part-{}\"", number(request))));
            reply
        }
        "complete" => s3(200, "<CompleteMultipartUploadResult><ETag>\"all\"</ETag></CompleteMultipartUploadResult>"),
        "abort" => s3(204, ""),
        _ => s3(200, ""),
    }
}

/// How far an upload said that it was.
type Told = Mutex<Vec<u64>>;

async fn put(buckets: &dyn BucketsGateway, content: Content, told: &Told) -> Result<Option<String>, GatewayError> {
    let tell = |bytes| told.lock().unwrap().push(bytes);
    let answer = buckets.put(&parent(), &ireland(), &object(content), &tell).await;
    answer.map(|answer| answer.request_id)
}

fn assert_encrypted(request: &Received) {
    for (name, value) in [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", KEY),
        ("x-amz-meta-sagebridge-sha256", "5um"),
        ("content-type", "text/csv"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_small_object_goes_in_one_request_with_its_key_and_digest() {
    let canned = Canned::start(takes).await;
    let told = Told::default();
    let content = Content::Bytes(Bytes::from_static(b"1,2,3\n"));
    let request_id = put(&*canned.pipeline().await.buckets, content, &told).await.unwrap();
    assert_eq!(request_id.as_deref(), Some("req-6"));
    let sent = canned.requests();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].path.starts_with("/churn/data/train/train.csv"), "{}", sent[0].path);
    assert_encrypted(&sent[0]);
    assert_eq!(sent[0].body, b"1,2,3\n");
    assert_eq!(*told.lock().unwrap(), [0, 6]);
}

#[tokio::test]
async fn a_file_is_sent_as_it_is_read_and_read_again_for_a_second_try() {
    let tries = AtomicUsize::new(0);
    let canned = Canned::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => s3_error(503, "SlowDown", "Please reduce your request rate."),
        _ => s3(200, ""),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.csv");
    std::fs::write(&path, "1,2,3\n").unwrap();
    let told = Told::default();
    put(&*canned.pipeline().await.buckets, Content::File(path.clone()), &told).await.unwrap();
    let sent = canned.requests();
    assert_eq!(sent.len(), 2);
    for one in &sent {
        assert_eq!(one.header("x-amz-decoded-content-length"), Some("6"));
        let body = String::from_utf8_lossy(&one.body).into_owned();
        assert!(body.contains("1,2,3\n") && body.contains("x-amz-checksum-crc32"), "{body}");
    }
    assert_eq!(*told.lock().unwrap(), [0, 6]);

    std::fs::write(&path, "").unwrap();
    put(&*canned.pipeline().await.buckets, Content::File(path), &told).await.unwrap();
    assert_eq!(canned.requests()[2].body, b"");
}

#[tokio::test]
async fn a_file_that_can_t_be_read_is_named_and_nothing_is_sent() {
    let canned = Canned::start(takes).await;
    let told = Told::default();
    let missing = put(&*canned.pipeline().await.buckets, Content::File("none.csv".into()), &told).await.unwrap_err();
    assert_eq!(missing.kind, GatewayErrorKind::Invalid);
    assert!(missing.to_string().starts_with("`none.csv` can't be read: "), "{missing}");
    assert!(canned.requests().is_empty());
}

#[tokio::test]
async fn a_large_object_goes_in_parts_a_few_at_a_time() {
    let canned = Canned::start(takes).await;
    let told = Told::default();
    put(&*canned.pipeline().await.buckets, large(), &told).await.unwrap();
    let sent = canned.requests();
    let operations: Vec<_> = sent.iter().map(operation).collect();
    assert_eq!(operations, ["create", "part", "part", "part", "complete"]);
    assert_encrypted(&sent[0]);
    let mut sizes: Vec<_> = sent[1..4].iter().map(|part| (number(part), part.body.len())).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [(1, 8 * MIB), (2, 8 * MIB), (3, 4 * MIB)]);
    assert!(sent[1..4].iter().all(|part| part.path.contains("uploadId=u-1")));
    let completed = String::from_utf8_lossy(&sent[4].body).into_owned();
    let at = |text: &str| completed.find(text).unwrap_or_else(|| panic!("{text} in {completed}"));
    assert!(at("part-1") < at("part-2") && at("part-2") < at("part-3"), "{completed}");
    assert!((2..=4).contains(&canned.most_at_once()), "{}", canned.most_at_once());
    let told = told.into_inner().unwrap();
    assert!(told.len() == 4 && told.is_sorted() && told[0] == 0, "{told:?}");
    assert_eq!(told[3], 20 * MIB as u64);
}

#[tokio::test]
async fn an_upload_that_fails_is_aborted_and_says_why() {
    let canned = Canned::start(|request| match operation(request) {
        "part" if number(request) == 2 => s3_error(403, "AccessDenied", "Access Denied"),
        _ => takes(request),
    })
    .await;
    let error = put(&*canned.pipeline().await.buckets, large(), &Told::default()).await.unwrap_err();
    assert_eq!((error.kind, error.action().as_str()), (GatewayErrorKind::AccessDenied, "s3:PutObject"));
    let sent = canned.requests();
    let last = sent.last().unwrap();
    assert_eq!(operation(last), "abort");
    assert!(last.path.contains("uploadId=u-1"), "{}", last.path);
    assert!(sent.iter().all(|one| operation(one) != "complete"));
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_any_more_is_aborted() {
    let canned = Canned::start(takes).await;
    let buckets = canned.pipeline().await.buckets;
    let begun = Arc::new(Notify::new());
    let tell = |bytes| {
        if bytes > 0 {
            begun.notify_one();
        }
    };
    let object = object(Content::Bytes(Bytes::from(vec![b'7'; 40 * MIB])));
    let (to, region) = (parent(), ireland());
    tokio::select! {
        biased;
        () = begun.notified() => {}
        _ = buckets.put(&to, &region, &object, &tell) => panic!("it was not to end"),
    }
    let aborted = async {
        while !canned.requests().iter().any(|one| operation(one) == "abort") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), aborted).await.unwrap();
}

#[tokio::test]
async fn a_head_tells_size_version_key_and_digest() {
    let canned = Canned::start(|_| {
        let mut reply = s3(200, "123456");
        reply.headers.push(("x-amz-version-id", "v-1".into()));
        reply.headers.push(("x-amz-server-side-encryption", "aws:kms".into()));
        reply.headers.push(("x-amz-server-side-encryption-aws-kms-key-id", KEY.into()));
        reply.headers.push(("x-amz-meta-sagebridge-sha256", "5um".into()));
        reply
    })
    .await;
    let head = canned.pipeline().await.buckets.head(&parent(), &ireland(), &place()).await.unwrap().unwrap();
    assert_eq!((head.bytes, head.version.as_deref()), (6, Some("v-1")));
    assert_eq!((head.key.as_deref(), head.sha256.as_deref()), (Some(KEY), Some("5um")));
}

#[tokio::test]
async fn an_answer_without_a_body_is_classed_by_its_status() {
    let head = async |status: u16| {
        let canned = Canned::start(move |_| s3(status, "")).await;
        let head = canned.pipeline().await.buckets.head(&parent(), &ireland(), &place()).await;
        head.map_err(|error| (error.kind, error.action(), error.request_id))
    };
    assert_eq!(head(404).await, Ok(None));
    let denied = (GatewayErrorKind::AccessDenied, "s3:GetObject".to_owned(), Some("req-6".to_owned()));
    assert_eq!(head(403).await, Err(denied));
    assert_eq!(head(400).await.unwrap_err().0, GatewayErrorKind::Invalid);
}

#[tokio::test]
async fn the_digest_of_an_object_is_that_of_its_bytes() {
    let canned = Canned::start(|_| s3(200, "abc")).await;
    let digest = canned.pipeline().await.buckets.sha256(&parent(), &ireland(), &place()).await.unwrap();
    assert_eq!(digest.as_deref(), Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    let canned = Canned::start(|_| s3_error(404, "NoSuchKey", "The specified key does not exist.")).await;
    assert_eq!(canned.pipeline().await.buckets.sha256(&parent(), &ireland(), &place()).await.unwrap(), None);
}

/// S3 that answers a HEAD with `status`, and lists `buckets` or denies that.
async fn owner(status: u16, buckets: Option<&'static str>) -> Result<BucketOwner, GatewayError> {
    let canned = Canned::start(move |request| match request.method.as_str() {
        "POST" => {
            let me = "<Arn>arn:aws:iam::111111111111:user/a</Arn><Account>111111111111</Account><UserId>x</UserId>";
            xml("GetCallerIdentity", me)
        }
        "HEAD" => {
            assert_eq!(request.header("x-amz-expected-bucket-owner"), Some("111111111111"));
            s3(status, "")
        }
        _ => match buckets {
            Some(buckets) => {
                s3(200, &format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"))
            }
            None => s3_error(403, "AccessDenied", "Access Denied"),
        },
    })
    .await;
    canned.pipeline().await.buckets.bucket_owner(&parent(), &ireland(), "churn").await
}

#[tokio::test]
async fn a_bucket_is_nobodys_ours_or_anothers() {
    assert_eq!(owner(200, None).await.unwrap(), BucketOwner::Ours);
    assert_eq!(owner(404, None).await.unwrap(), BucketOwner::Nobody);
    for status in [301, 403] {
        let others = "<Bucket><Name>churn-2</Name></Bucket>";
        assert_eq!(owner(status, Some(others)).await.unwrap(), BucketOwner::Another, "{status}");
        let ours = "<Bucket><Name>churn</Name></Bucket>";
        assert_eq!(owner(status, Some(ours)).await.unwrap(), BucketOwner::Ours, "{status}");
    }
    let unknown = owner(403, None).await.unwrap_err();
    assert_eq!((unknown.kind, unknown.action().as_str()), (GatewayErrorKind::AccessDenied, "s3:ListBucket"));
    assert!(unknown.to_string().contains("`churn`"), "{unknown}");
}

fn versions(request: &Received) -> Reply {
    let head = "<Name>churn</Name><EncodingType>url</EncodingType>";
    let body = if request.path.contains("key-marker") {
        format!(
            "{head}<IsTruncated>false</IsTruncated><DeleteMarker><Key>data/b</Key><VersionId>null</VersionId>\
             <IsLatest>true</IsLatest><LastModified>2026-11-22T12:00:00.000Z</LastModified></DeleteMarker>"
        )
    } else {
        format!(
            "{head}<IsTruncated>true</IsTruncated><NextKeyMarker>data/a+%C3%BC</NextKeyMarker>\
             <NextVersionIdMarker>v-1</NextVersionIdMarker>\
             <Version><Key>data/a+%C3%BC</Key><VersionId>v-1</VersionId><IsLatest>false</IsLatest>\
             <LastModified>2026-11-22T10:00:00.000Z</LastModified><Size>7</Size></Version>\
             <DeleteMarker><Key>data/a+%C3%BC</Key><VersionId>v-2</VersionId><IsLatest>true</IsLatest>\
             <LastModified>2026-11-22T11:00:00.000Z</LastModified></DeleteMarker>"
        )
    };
    s3(200, &format!("<ListVersionsResult>{body}</ListVersionsResult>"))
}

#[tokio::test]
async fn versions_and_marks_come_in_pages_under_their_own_keys() {
    let canned = Canned::start(versions).await;
    let buckets = canned.pipeline().await.buckets;
    let below = Location::parse("s3://churn/data/").unwrap();
    let first = buckets.versions(&parent(), &ireland(), &below, None).await.unwrap().unwrap();
    let seen: Vec<_> = first.items.iter().map(|one| (one.key.as_str(), one.version.as_str(), one.deleted)).collect();
    assert_eq!(seen, [("data/a ü", "v-2", true), ("data/a ü", "v-1", false)]);
    assert_eq!(first.items[1].bytes, 7);
    let second = buckets.versions(&parent(), &ireland(), &below, first.next.as_deref()).await.unwrap().unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    let sent = canned.requests();
    assert!(sent[0].path.contains("prefix=data%2F"), "{}", sent[0].path);
    assert!(sent[1].path.contains("key-marker=data%2Fa%20%C3%BC"), "{}", sent[1].path);
    assert!(sent[1].path.contains("version-id-marker=v-1"), "{}", sent[1].path);

    let canned = Canned::start(|_| s3_error(404, "NoSuchBucket", "The specified bucket does not exist")).await;
    assert_eq!(canned.pipeline().await.buckets.versions(&parent(), &ireland(), &below, None).await.unwrap(), None);
}

fn version(key: &str) -> ObjectVersion {
    let modified = domain::time::Timestamp(0);
    ObjectVersion { key: key.into(), version: "v-1".into(), bytes: 1, modified, deleted: false }
}

#[tokio::test]
async fn versions_are_deleted_by_the_thousand_and_one_that_stays_fails_the_call() {
    let canned = Canned::start(|_| s3(200, "<DeleteResult></DeleteResult>")).await;
    let buckets = canned.pipeline().await.buckets;
    let many: Vec<_> = (0..1001).map(|n| version(&format!("k-{n}"))).collect();
    buckets.delete_versions(&parent(), &ireland(), "churn", &many).await.unwrap();
    buckets.delete_versions(&parent(), &ireland(), "churn", &[]).await.unwrap();
    let sent: Vec<_> = canned.requests().iter().map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
    assert_eq!(
        sent.iter().map(|body| body.matches("<VersionId>v-1</VersionId>").count()).collect::<Vec<_>>(),
        [1000, 1]
    );
    assert!(sent[0].contains("<Quiet>true</Quiet>"));

    let canned = Canned::start(|_| {
        let error = "<Error><Key>k-1</Key><VersionId>v-1</VersionId><Code>AccessDenied</Code>\
                     <Message>Access Denied</Message></Error>";
        s3(200, &format!("<DeleteResult>{error}</DeleteResult>"))
    })
    .await;
    let buckets = canned.pipeline().await.buckets;
    let stays = buckets.delete_versions(&parent(), &ireland(), "churn", &[version("k-1")]).await.unwrap_err();
    assert_eq!((stays.kind, stays.code.as_str()), (GatewayErrorKind::AccessDenied, "AccessDenied"));
    assert_eq!((stays.action().as_str(), stays.request_id.as_deref()), ("s3:DeleteObjectVersion", Some("req-6")));
}

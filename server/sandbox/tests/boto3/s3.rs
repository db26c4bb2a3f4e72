//! S3 as boto3 uses it.

use crate::{run, sandbox_with};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_puts_gets_lists_and_waits_as_with_aws() {
    let (sandbox, _dir) = sandbox_with(0).await;
    let mut result = run(&sandbox, "s3.py").await;
    let prediction = result["asynchronous"].take();
    assert!((0.5..1.0).contains(&prediction["predictions"][0].as_f64().unwrap()), "{prediction}");
    assert_eq!(
        result,
        json!({
            "asynchronous": null,
            "large": {
                "same": true, "type": "image/x", "parts": "3", "copied": 12 * 1024 * 1024,
                "too_small": ["EntityTooSmall", 400], "aborted": ["NoSuchUpload", 404],
            },
            "listed": {
                "keys": 25,
                "rolled": ["many/0/", "many/1/", "many/2/", "many/3/", "many/4/"],
                "odd": ["folder/a + b/ü.bin"],
            },
            "presigned": ["hello", "boto3"],
            "child": { "get": ["AccessDenied", 403], "head": ["403", 403], "create": ["BucketAlreadyExists", 409] },
            "missing": { "head": ["404", 404], "get": ["NoSuchKey", 404], "policy": ["NoSuchBucketPolicy", 404] },
        })
    );
}

//! KMS, and S3's versions and encryption, by the real boto3.

use crate::{run, sandbox_with};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_uses_keys_versions_and_settings_as_with_aws() {
    let (sandbox, _dir) = sandbox_with(0).await;
    assert_eq!(
        run(&sandbox, "keys.py").await,
        json!({
            "keys": {
                "listed": true, "aliases": ["alias/key-0", "alias/key-1", "alias/key-2"], "same": true, "moved": true,
                "wrong": ["InvalidCiphertextException", 400], "policy": "kms:*", "days": 7,
                "gone": ["KMSInvalidStateException", 400], "theirs": ["AccessDeniedException", 400],
                "missing": ["NotFoundException", 400],
            },
            "settings": {
                "encryption": true, "versioning": "Enabled", "lifecycle": true, "events": {}, "owned": true,
                "closed": true, "tags": [{ "Key": "team", "Value": "a" }],
            },
            "versions": {
                "marker": true, "old": "1", "encrypted": ["aws:kms", true], "restored": "0", "listed": true,
                "markers": 1, "none": ["NoSuchVersion", 404],
            },
            "large": { "same": true, "method": "aws:kms", "version": true },
            "emptied": { "refused": ["BucketNotEmpty", 409], "tags": [{ "Key": "k", "Value": "v" }] },
        })
    );
}

//! Key Management Service: keys with their policies, and what is done with them.

use crate::client::{Client, allowing, trusting};
use crate::support::{CHILD, Lab, PARENT, config};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

async fn kms(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("kms", operation, body).await
}

async fn refused(client: &Client, operation: &str, body: Value, code: &str, message: &str) {
    client.json("kms", operation, body).await.refused(400, code, message);
}

async fn a_key(client: &Client, more: Value) -> String {
    kms(client, "CreateKey", more).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

/// A policy with these statements: principals, actions and what else there is.
fn policy(statements: &[(Value, Value, Value)]) -> String {
    let statement = |(principal, action, more): &(Value, Value, Value)| {
        let mut made =
            json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": "*" });
        made.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        made
    };
    json!({ "Version": "2012-10-17", "Statement": statements.iter().map(statement).collect::<Vec<_>>() }).to_string()
}

fn root(account: &str) -> Value {
    json!(format!("arn:aws:iam::{account}:root"))
}

#[tokio::test]
async fn what_is_encrypted_comes_back_with_the_same_context_only_also_after_a_restart() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let key = a_key(&parent, json!({ "Description": "data" })).await;
    let plain = STANDARD.encode("a secret");
    let context = json!({ "purpose": "test", "order": "7" });
    let sealed =
        kms(&parent, "Encrypt", json!({ "KeyId": key, "Plaintext": plain, "EncryptionContext": context })).await;
    assert_eq!(
        (text(&sealed, "KeyId"), text(&sealed, "EncryptionAlgorithm")),
        (key.clone(), "SYMMETRIC_DEFAULT".into())
    );
    let blob = text(&sealed, "CiphertextBlob");
    assert!(blob.starts_with("AQICAH"), "{blob}");
    let other =
        kms(&parent, "Encrypt", json!({ "KeyId": key, "Plaintext": plain, "EncryptionContext": context })).await;
    assert_ne!(blob, text(&other, "CiphertextBlob"));

    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(config(dir.path())).await.unwrap();
    let parent = Client::of_profile(&sandbox.url(), sandbox.credentials_file(), "parent");
    let opened = kms(&parent, "Decrypt", json!({ "CiphertextBlob": blob, "EncryptionContext": context })).await;
    assert_eq!((text(&opened, "Plaintext"), text(&opened, "KeyId")), (plain, key.clone()));
    for wrong in [json!({}), json!({ "purpose": "test" }), json!({ "purpose": "test", "order": "8" })] {
        let body = json!({ "CiphertextBlob": blob, "EncryptionContext": wrong });
        refused(&parent, "Decrypt", body, "InvalidCiphertextException", "").await;
    }
    let mut spoilt = STANDARD.decode(&blob).unwrap();
    *spoilt.last_mut().unwrap() ^= 1;
    let body = json!({ "CiphertextBlob": STANDARD.encode(spoilt), "EncryptionContext": context });
    refused(&parent, "Decrypt", body, "InvalidCiphertextException", "").await;
    let nonsense = json!({ "CiphertextBlob": STANDARD.encode("nonsense") });
    refused(&parent, "Decrypt", nonsense, "InvalidCiphertextException", "").await;
    let second = a_key(&parent, json!({})).await;
    let body = json!({ "CiphertextBlob": blob, "EncryptionContext": context, "KeyId": second });
    refused(&parent, "Decrypt", body, "IncorrectKeyException", "does not identify a CMK").await;
    let trial = json!({ "CiphertextBlob": blob, "EncryptionContext": context, "DryRun": true });
    refused(&parent, "Decrypt", trial, "DryRunOperationException", "would have succeeded").await;

    let moved = json!({
        "CiphertextBlob": blob, "SourceEncryptionContext": context,
        "DestinationKeyId": second, "DestinationEncryptionContext": { "now": "here" },
    });
    let moved = kms(&parent, "ReEncrypt", moved).await;
    assert_eq!((text(&moved, "SourceKeyId"), text(&moved, "KeyId")), (key, second.clone()));
    let body =
        json!({ "CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": { "now": "here" }, "KeyId": second });
    assert_eq!(text(&kms(&parent, "Decrypt", body).await, "Plaintext"), STANDARD.encode("a secret"));
}

#[tokio::test]
async fn data_keys_have_the_length_asked_for_and_open_to_themselves() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let key = a_key(&parent, json!({})).await;
    for (asked, length) in [
        (json!({ "KeySpec": "AES_256" }), 32),
        (json!({ "KeySpec": "AES_128" }), 16),
        (json!({ "NumberOfBytes": 77 }), 77),
    ] {
        let mut body = asked;
        body["KeyId"] = key.clone().into();
        let made = kms(&parent, "GenerateDataKey", body.clone()).await;
        assert_eq!(STANDARD.decode(text(&made, "Plaintext")).unwrap().len(), length);
        let opened = kms(&parent, "Decrypt", json!({ "CiphertextBlob": made["CiphertextBlob"] })).await;
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        let hidden = kms(&parent, "GenerateDataKeyWithoutPlaintext", body).await;
        assert_eq!(hidden["Plaintext"], Value::Null);
    }
    let neither = "Please specify either number of bytes or key spec.";
    refused(&parent, "GenerateDataKey", json!({ "KeyId": key }), "ValidationException", neither).await;
    let random = kms(&parent, "GenerateRandom", json!({ "NumberOfBytes": 1024 })).await;
    assert_eq!(STANDARD.decode(text(&random, "Plaintext")).unwrap().len(), 1024);
    let long = json!({ "KeyId": key, "Plaintext": STANDARD.encode([0; 4097]) });
    refused(&parent, "Encrypt", long, "ValidationException", "Value at 'plaintext'").await;
}

#[tokio::test]
async fn a_key_is_found_by_all_its_names_and_its_material_never_shown() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let key = a_key(&parent, json!({ "Tags": [{ "TagKey": "team", "TagValue": "a" }] })).await;
    kms(&parent, "CreateAlias", json!({ "AliasName": "alias/mine/1", "TargetKeyId": key })).await;
    let alias = format!("arn:aws:kms:eu-west-1:{PARENT}:alias/mine/1");
    for name in [key.as_str(), id(&key), "alias/mine/1", &alias] {
        let found = kms(&parent, "DescribeKey", json!({ "KeyId": name })).await;
        let found = &found["KeyMetadata"];
        assert_eq!((found["Arn"].as_str(), found["KeyState"].as_str()), (Some(key.as_str()), Some("Enabled")));
        assert_eq!((found["KeyManager"].as_str(), found["AWSAccountId"].as_str()), (Some("CUSTOMER"), Some(PARENT)));
        assert!(!found.to_string().to_lowercase().contains("material"), "{found}");
    }
    let none = "11111111-2222-3333-4444-555555555555";
    for (name, message) in [
        (none, format!("Key 'arn:aws:kms:eu-west-1:{PARENT}:key/{none}' does not exist")),
        ("alias/none", format!("Alias arn:aws:kms:eu-west-1:{PARENT}:alias/none is not found.")),
        ("nonsense", "Invalid keyId 'nonsense'".to_owned()),
        (&key.replace("eu-west-1", "us-east-1"), "Invalid arn us-east-1".to_owned()),
    ] {
        refused(&parent, "DescribeKey", json!({ "KeyId": name }), "NotFoundException", &message).await;
    }
    let other = a_key(&parent, json!({})).await;
    let again = json!({ "AliasName": "alias/mine/1", "TargetKeyId": other });
    refused(&parent, "CreateAlias", again.clone(), "AlreadyExistsException", &format!("{alias} already exists")).await;
    kms(&parent, "UpdateAlias", again).await;
    let of = kms(&parent, "ListAliases", json!({ "KeyId": other })).await;
    assert_eq!(
        (of["Aliases"][0]["AliasName"].as_str(), of["Truncated"].as_bool()),
        (Some("alias/mine/1"), Some(false))
    );
    assert_eq!(kms(&parent, "ListAliases", json!({ "KeyId": key })).await["Aliases"], json!([]));
    let reserved = json!({ "AliasName": "alias/aws/mine", "TargetKeyId": other });
    refused(&parent, "CreateAlias", reserved, "NotAuthorizedException", "").await;
    let odd = json!({ "AliasName": "alias/a b", "TargetKeyId": other });
    refused(&parent, "CreateAlias", odd, "InvalidAliasNameException", "").await;
    kms(&parent, "DeleteAlias", json!({ "AliasName": "alias/mine/1" })).await;
    refused(&parent, "DescribeKey", json!({ "KeyId": alias }), "NotFoundException", "is not found").await;

    let first = kms(&parent, "ListKeys", json!({ "Limit": 1 })).await;
    assert_eq!(first["Truncated"], true);
    let second = kms(&parent, "ListKeys", json!({ "Limit": 1, "Marker": first["NextMarker"] })).await;
    assert_ne!(first["Keys"][0]["KeyArn"], second["Keys"][0]["KeyArn"]);
    kms(&parent, "TagResource", json!({ "KeyId": key, "Tags": [{ "TagKey": "stage", "TagValue": "b" }] })).await;
    kms(&parent, "UntagResource", json!({ "KeyId": key, "TagKeys": ["team"] })).await;
    let tags = kms(&parent, "ListResourceTags", json!({ "KeyId": key })).await;
    assert_eq!(tags["Tags"], json!([{ "TagKey": "stage", "TagValue": "b" }]));
    let pair = json!({ "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" });
    refused(&parent, "CreateKey", pair, "UnsupportedOperationException", "KeySpec RSA_2048").await;
}

#[tokio::test]
async fn a_key_that_is_off_or_going_can_not_be_used() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let key = a_key(&parent, json!({})).await;
    let named = json!({ "KeyId": key });
    let encrypt = json!({ "KeyId": key, "Plaintext": STANDARD.encode("x") });
    let sealed = kms(&parent, "Encrypt", encrypt.clone()).await;
    kms(&parent, "DisableKey", named.clone()).await;
    let disabled = format!("{key} is disabled.");
    refused(&parent, "Encrypt", encrypt.clone(), "DisabledException", &disabled).await;
    let decrypt = json!({ "CiphertextBlob": sealed["CiphertextBlob"] });
    refused(&parent, "Decrypt", decrypt.clone(), "DisabledException", &disabled).await;
    kms(&parent, "EnableKey", named.clone()).await;
    kms(&parent, "Decrypt", decrypt.clone()).await;

    kms(&parent, "EnableKeyRotation", named.clone()).await;
    let rotation = kms(&parent, "GetKeyRotationStatus", named.clone()).await;
    assert_eq!(
        (rotation["KeyRotationEnabled"].as_bool(), rotation["RotationPeriodInDays"].as_i64()),
        (Some(true), Some(365))
    );
    let short = json!({ "KeyId": key, "PendingWindowInDays": 6 });
    refused(&parent, "ScheduleKeyDeletion", short, "ValidationException", "greater than or equal to 7").await;
    let going = kms(&parent, "ScheduleKeyDeletion", json!({ "KeyId": key, "PendingWindowInDays": 7 })).await;
    assert_eq!((text(&going, "KeyId"), text(&going, "KeyState")), (key.clone(), "PendingDeletion".into()));
    let pending = format!("{key} is pending deletion.");
    for (operation, body) in
        [("Decrypt", decrypt), ("EnableKey", named.clone()), ("ScheduleKeyDeletion", named.clone())]
    {
        refused(&parent, operation, body, "KMSInvalidStateException", &pending).await;
    }
    assert_eq!(kms(&parent, "GetKeyRotationStatus", named.clone()).await["KeyRotationEnabled"], false);
    let shown = kms(&parent, "DescribeKey", named.clone()).await;
    assert!(shown["KeyMetadata"]["DeletionDate"].is_number(), "{shown}");
    kms(&parent, "CancelKeyDeletion", named.clone()).await;
    refused(&parent, "CancelKeyDeletion", named.clone(), "KMSInvalidStateException", "is not pending deletion").await;
    assert_eq!(kms(&parent, "DescribeKey", named).await["KeyMetadata"]["KeyState"], "Disabled");
}

#[tokio::test]
async fn without_the_account_in_the_keys_policy_iams_policies_do_not_count() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let anything = allowing("kms:*", "*");
    let user = parent.new_user("user", &[&anything]).await;
    let nobody = parent.new_user("nobody", &[]).await;
    let key = a_key(&parent, json!({})).await;
    let encrypt = json!({ "KeyId": key, "Plaintext": STANDARD.encode("x") });
    kms(&user, "Encrypt", encrypt.clone()).await;
    let words = format!(
        "User: arn:aws:iam::{PARENT}:user/nobody is not authorized to perform: kms:Encrypt on resource: {key} because \
         no identity-based policy allows the kms:Encrypt action"
    );
    refused(&nobody, "Encrypt", encrypt.clone(), "AccessDeniedException", &words).await;

    let me = parent.sts("GetCallerIdentity", &[]).await.tag("Arn");
    let named = policy(&[
        (json!(me), json!("kms:*"), json!({})),
        (json!(format!("arn:aws:iam::{PARENT}:user/nobody")), json!(["kms:Encrypt", "kms:DescribeKey"]), json!({})),
    ]);
    kms(&parent, "PutKeyPolicy", json!({ "KeyId": key, "PolicyName": "default", "Policy": named })).await;
    let words = "because no resource-based policy allows the kms:Encrypt action";
    refused(&user, "Encrypt", encrypt.clone(), "AccessDeniedException", words).await;
    // Whom the key's policy names needs nothing else in the key's own account.
    kms(&nobody, "Encrypt", encrypt.clone()).await;
    refused(&nobody, "GetKeyPolicy", json!({ "KeyId": key }), "AccessDeniedException", "kms:GetKeyPolicy").await;
    let shown = kms(&parent, "GetKeyPolicy", json!({ "KeyId": key })).await;
    assert!(text(&shown, "Policy").contains(&format!("arn:aws:iam::{PARENT}:user/nobody")), "{shown}");
    // A user made again under the same name is somebody else.
    let access = parent.iam_ok("ListAccessKeys", &[("UserName", "nobody")]).await.tag("AccessKeyId");
    parent.iam_ok("DeleteAccessKey", &[("UserName", "nobody"), ("AccessKeyId", &access)]).await;
    parent.iam_ok("DeleteUser", &[("UserName", "nobody")]).await;
    let again = parent.new_user("nobody", &[&anything]).await;
    refused(&again, "Encrypt", encrypt, "AccessDeniedException", words).await;
}

#[tokio::test]
async fn a_policy_that_locks_its_author_out_or_names_nobody_is_refused() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let key = a_key(&parent, json!({})).await;
    parent.new_user("other", &[]).await;
    let others = policy(&[(json!(format!("arn:aws:iam::{PARENT}:user/other")), json!("kms:*"), json!({}))]);
    let locks = "The new key policy will not allow you to update the key policy in the future.";
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": others });
    refused(&parent, "PutKeyPolicy", put.clone(), "MalformedPolicyDocumentException", locks).await;
    refused(&parent, "CreateKey", json!({ "Policy": others }), "MalformedPolicyDocumentException", locks).await;
    for (bad, why) in [
        ("nonsense".to_owned(), ""),
        (
            policy(&[(json!(format!("arn:aws:iam::{PARENT}:role/none")), json!("kms:*"), json!({}))]),
            "invalid principals",
        ),
        (policy(&[(root(PARENT), json!("s3:GetObject"), json!({}))]), "invalid actions"),
    ] {
        let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": bad });
        refused(&parent, "PutKeyPolicy", put, "MalformedPolicyDocumentException", why).await;
    }
    let mut put = put;
    put["BypassPolicyLockoutSafetyCheck"] = true.into();
    kms(&parent, "PutKeyPolicy", put.clone()).await;
    refused(&parent, "PutKeyPolicy", put, "AccessDeniedException", "no resource-based policy allows").await;
    let names = kms(&parent, "ListKeyPolicies", json!({ "KeyId": a_key(&parent, json!({})).await })).await;
    assert_eq!(names["PolicyNames"], json!(["default"]));
}

#[tokio::test]
async fn across_accounts_both_the_keys_policy_and_the_callers_must_allow() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let key = a_key(&parent, json!({})).await;
    let encrypt = json!({ "KeyId": key, "Plaintext": STANDARD.encode("x") });
    let hidden = "because the resource does not exist in this Region, no resource-based policies allow access, or a \
                  resource-based policy explicitly denies access";
    refused(&child, "Encrypt", encrypt.clone(), "AccessDeniedException", hidden).await;
    let none = key.replace(id(&key), "11111111-2222-3333-4444-555555555555");
    refused(&child, "DescribeKey", json!({ "KeyId": none }), "AccessDeniedException", hidden).await;
    let poor = child.new_user("poor", &[]).await;
    let user = child.new_user("user", &[&allowing("kms:*", &key)]).await;
    let both = policy(&[
        (root(PARENT), json!("kms:*"), json!({})),
        (
            root(CHILD),
            json!(["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]),
            json!({
                "Condition": { "StringEquals": { "kms:EncryptionContext:who": "child", "kms:CallerAccount": CHILD } },
            }),
        ),
    ]);
    kms(&parent, "PutKeyPolicy", json!({ "KeyId": key, "Policy": both })).await;
    // The condition wants a context.
    refused(&user, "Encrypt", encrypt.clone(), "AccessDeniedException", hidden).await;
    let mut encrypt = encrypt;
    encrypt["EncryptionContext"] = json!({ "who": "child" });
    let sealed = kms(&user, "Encrypt", encrypt.clone()).await;
    let lacks = "because no identity-based policy allows the kms:Encrypt action";
    refused(&poor, "Encrypt", encrypt, "AccessDeniedException", lacks).await;
    let decrypt = json!({ "CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": { "who": "child" } });
    assert_eq!(text(&kms(&user, "Decrypt", decrypt.clone()).await, "KeyId"), key);
    let denied =
        "is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the";
    let without = json!({ "CiphertextBlob": sealed["CiphertextBlob"] });
    refused(&user, "Decrypt", without, "AccessDeniedException", denied).await;
    // What changes a key never reaches across.
    refused(&child, "DisableKey", json!({ "KeyId": key }), "AccessDeniedException", hidden).await;

    // A role of the child's that the policy names as such.
    let role = child.new_role("reader", &trusting(&[CHILD]), &[&allowing("kms:Decrypt", &key)]).await;
    let named = policy(&[(root(PARENT), json!("kms:*"), json!({})), (json!(role), json!("kms:Decrypt"), json!({}))]);
    kms(&parent, "PutKeyPolicy", json!({ "KeyId": key, "Policy": named })).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    kms(&session, "Decrypt", decrypt.clone()).await;
    refused(&user, "Decrypt", decrypt, "AccessDeniedException", denied).await;
}

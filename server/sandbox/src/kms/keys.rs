//! Keys: made, shown, switched on and off, sent away.
//!
//! Source: KMS API reference; KMS developer guide, "Key states of AWS KMS keys".

use super::access::permit;
use super::find::{Found, find, find_own};
use super::input::{flag, number, one_of, optional, page, refuse, tags, text, wrong_state};
use super::model::{Key, KeyState, Keys, Material, Rotation, arn};
use super::policies::to_store;
use crate::authorize;
use crate::call::{Call, Target};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::evaluate::Context;
use domain::names::AccountId;
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 3600 * 1000;
/// How long a key waits for its deletion, in days, where it is not said.
const PENDING_DAYS: i64 = 30;
/// How often a key is rotated, in days, where it is not said.
const ROTATION_DAYS: i64 = 365;
const MOST_DESCRIPTION: usize = 8192;
const USAGES: [&str; 4] = ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"];

/// Refuses the kinds of keys that are not here.
fn only_symmetric(call: &Call<'_>) -> Result<(), Failure> {
    let usage = one_of(call, "KeyUsage", &USAGES)?;
    let spec = match optional(call, "KeySpec")? {
        Some(spec) => Some(spec),
        None => optional(call, "CustomerMasterKeySpec")?,
    };
    let origin = one_of(call, "Origin", &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"])?;
    let unsupported = |what: String| {
        Err(refuse(
            "UnsupportedOperationException",
            format!(
                "The sandbox makes symmetric encryption keys in one region, of its own material, only: not {what}."
            ),
        ))
    };
    match spec {
        Some(spec) if spec != "SYMMETRIC_DEFAULT" => unsupported(format!("KeySpec {spec}")),
        _ if usage != USAGES[0] => unsupported(format!("KeyUsage {usage}")),
        _ if origin != "AWS_KMS" => unsupported(format!("Origin {origin}")),
        _ if flag(call, "MultiRegion") => unsupported("MultiRegion keys".into()),
        _ if optional(call, "CustomKeyStoreId")?.is_some() => unsupported("custom key stores".into()),
        _ => Ok(()),
    }
}

/// New key material.
pub fn material() -> Material {
    Material(STANDARD.encode(ids::random::<32>()))
}

/// The policy of a key that is made without one: the account's IAM policies decide.
fn default_policy(account: &AccountId) -> String {
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

/// CreateKey.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    only_symmetric(call)?;
    let (tags, description) = (tags(call)?, optional(call, "Description")?.unwrap_or_default());
    Checks::new().length("description", description, 0, MOST_DESCRIPTION).finish()?;
    let bypass = flag(call, "BypassPolicyLockoutSafetyCheck");
    let pairs = || tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let asked = Target::new("*")
        .with("kms:KeySpec", "SYMMETRIC_DEFAULT")
        .with("kms:KeyUsage", USAGES[0])
        .with("kms:KeyOrigin", "AWS_KMS")
        .with("kms:MultiRegion", "false")
        .with("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string())
        .requesting(pairs());
    authorize::require(call, "kms:CreateKey", asked)?;
    if !tags.is_empty() {
        authorize::require(call, "kms:TagResource", Target::new("*").requesting(pairs()))?;
    }
    let id = uuid::Uuid::new_v4().to_string();
    let own = arn(call.region.as_str(), call.account(), &format!("key/{id}"));
    let policy = match optional(call, "Policy")? {
        Some(policy) => to_store(call, &own, policy, bypass)?,
        None => default_policy(call.account()),
    };
    let key = Key {
        created: call.now,
        description: description.to_owned(),
        policy,
        state: KeyState::Enabled,
        material: material(),
        rotation: None,
        tags,
        managed_by: None,
    };
    let shown = metadata(call.region.as_str(), call.account(), &id, &key);
    call.change(|keys: &mut Keys| {
        keys.forget(call.now);
        keys.keys.insert(id, key);
        Ok(Reply::Json(json!({ "KeyMetadata": shown })))
    })
}

fn metadata(region: &str, account: &AccountId, id: &str, key: &Key) -> Value {
    let mut shown = json!({
        "AWSAccountId": account.as_str(),
        "KeyId": id,
        "Arn": arn(region, account, &format!("key/{id}")),
        "CreationDate": epoch_seconds(key.created),
        "Enabled": key.state == KeyState::Enabled,
        "Description": key.description,
        "KeyUsage": USAGES[0],
        "KeyState": key.state.code(),
        "Origin": "AWS_KMS",
        "KeyManager": if key.managed_by.is_some() { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    });
    if let KeyState::PendingDeletion { at } = key.state {
        shown["DeletionDate"] = epoch_seconds(at);
    }
    shown
}

/// DescribeKey: also of other accounts' keys.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = find(call, "kms:DescribeKey")?;
    permit(call, "kms:DescribeKey", &found, Context::new())?;
    Ok(Reply::Json(json!({ "KeyMetadata": metadata(&found.region, &found.account, &found.id, &found.key) })))
}

/// ListKeys.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let rows = call.read(|keys: &Keys| {
        let there = keys.keys.iter().filter(|(_, key)| !key.is_gone(call.now));
        let row = |id: &String| json!({ "KeyId": id, "KeyArn": arn(call.region.as_str(), call.account(), &format!("key/{id}")) });
        there.map(|(id, _)| (id.clone(), row(id))).collect()
    });
    page(call, "Keys", rows, 100, 1000).map(Reply::Json)
}

/// Changes a key that was found.
pub fn change(call: &Call<'_>, found: &Found, change: impl FnOnce(&mut Key)) -> Result<(), Failure> {
    call.change(|keys: &mut Keys| {
        keys.forget(call.now);
        change(keys.keys.get_mut(&found.id).ok_or_else(Failure::internal)?);
        Ok(())
    })
}

/// The key of the caller's account that an operation changes, once the caller may.
fn own(call: &Call<'_>, action: &str, context: Context) -> Result<Found, Failure> {
    let found = find_own(call, action)?;
    permit(call, action, &found, context)?;
    found.own()?;
    Ok(found)
}

fn switch(call: &Call<'_>, action: &str, state: KeyState) -> Result<Reply, Failure> {
    let found = own(call, action, Context::new())?;
    found.not_going()?;
    change(call, &found, |key| key.state = state)?;
    Ok(Reply::Json(json!({})))
}

/// EnableKey.
pub fn enable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, "kms:EnableKey", KeyState::Enabled)
}

/// DisableKey.
pub fn disable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, "kms:DisableKey", KeyState::Disabled)
}

/// UpdateKeyDescription.
pub fn update_description(call: &Call<'_>) -> Result<Reply, Failure> {
    let description = text(call, "Description")?;
    Checks::new().length("description", description, 0, MOST_DESCRIPTION).finish()?;
    let found = own(call, "kms:UpdateKeyDescription", Context::new())?;
    found.not_going()?;
    change(call, &found, |key| key.description = description.to_owned())?;
    Ok(Reply::Json(json!({})))
}

/// ScheduleKeyDeletion.
pub fn schedule_deletion(call: &Call<'_>) -> Result<Reply, Failure> {
    let days = number(call, "PendingWindowInDays", 7, 30)?.unwrap_or(PENDING_DAYS);
    let context = Context::new().with("kms:ScheduleKeyDeletionPendingWindowInDays", days.to_string());
    let found = own(call, "kms:ScheduleKeyDeletion", context)?;
    found.not_going()?;
    let at = call.now.plus_ms(days * DAY_MS);
    change(call, &found, |key| key.state = KeyState::PendingDeletion { at })?;
    Ok(Reply::Json(json!({
        "KeyId": found.arn(),
        "DeletionDate": epoch_seconds(at),
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    })))
}

/// CancelKeyDeletion: the key is there again, and switched off.
pub fn cancel_deletion(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = own(call, "kms:CancelKeyDeletion", Context::new())?;
    if found.not_going().is_ok() {
        return Err(wrong_state(format!("{} is not pending deletion.", found.arn())));
    }
    change(call, &found, |key| key.state = KeyState::Disabled)?;
    Ok(Reply::Json(json!({ "KeyId": found.arn() })))
}

/// EnableKeyRotation.
pub fn enable_rotation(call: &Call<'_>) -> Result<Reply, Failure> {
    let days = number(call, "RotationPeriodInDays", 90, 2560)?.unwrap_or(ROTATION_DAYS);
    let context = Context::new().with("kms:RotationPeriodInDays", days.to_string());
    let found = own(call, "kms:EnableKeyRotation", context)?;
    found.usable()?;
    let since = found.key.rotation.filter(|rotation| rotation.days == days).map_or(call.now, |known| known.since);
    change(call, &found, |key| key.rotation = Some(Rotation { days, since }))?;
    Ok(Reply::Json(json!({})))
}

/// DisableKeyRotation.
pub fn disable_rotation(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = own(call, "kms:DisableKeyRotation", Context::new())?;
    found.usable()?;
    change(call, &found, |key| key.rotation = None)?;
    Ok(Reply::Json(json!({})))
}

/// GetKeyRotationStatus: also of other accounts' keys.
pub fn rotation_status(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = find(call, "kms:GetKeyRotationStatus")?;
    permit(call, "kms:GetKeyRotationStatus", &found, Context::new())?;
    let mut shown = json!({ "KeyId": found.arn(), "KeyRotationEnabled": false });
    // "While a KMS key is pending deletion, its key rotation status is false."
    if let Some(Rotation { days, since }) = found.key.rotation.filter(|_| found.not_going().is_ok()) {
        let period = days * DAY_MS;
        let next = since.plus_ms(((call.now.0 - since.0) / period + 1) * period);
        shown["KeyRotationEnabled"] = true.into();
        shown["RotationPeriodInDays"] = days.into();
        shown["NextRotationDate"] = epoch_seconds(next);
    }
    Ok(Reply::Json(shown))
}

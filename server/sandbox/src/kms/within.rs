//! KMS as another service uses it for its caller: with the caller's permissions, and told apart by `kms:ViaService`.
//!
//! Nothing is encrypted here: what lies on the sandbox's disk is the sandbox's. Who may is asked all the same.

use super::access::{context, permit};
use super::find::{Found, find_in};
use super::input::EncryptionContext;
use super::keys::material;
use super::model::{Alias, Key, KeyState};
use crate::call::Call;
use crate::error::Failure;
use serde_json::json;
use std::collections::BTreeMap;

/// What a service wants of a key.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    /// `kms:Decrypt` …
    pub action: &'a str,
    /// The service: `s3`.
    pub service: &'a str,
    /// Where it and the key are.
    pub region: &'a str,
    /// What the service says with the ciphertext.
    pub encryption: &'a EncryptionContext,
}

/// Asks whether the caller may use a key through a service, and gives the key's ARN. Without a key it is the one that
/// the service manages for the caller's account, which is made when it is first needed.
pub fn use_for(call: &Call<'_>, key: Option<&str>, wanted: &Use<'_>) -> Result<String, Failure> {
    let managed = format!("alias/aws/{}", wanted.service);
    let found = match key {
        Some(key) if key != managed => find_in(call, wanted.region, key, wanted.action)?,
        _ => managed_key(call, &managed, wanted)?,
    };
    let via = format!("{}.{}.amazonaws.com", wanted.service, wanted.region);
    permit(call, wanted.action, &found, context(wanted.encryption).with("kms:ViaService", via))?;
    found.usable()?;
    Ok(found.arn())
}

fn managed_key(call: &Call<'_>, alias: &str, wanted: &Use<'_>) -> Result<Found, Failure> {
    if let Ok(found) = find_in(call, wanted.region, alias, wanted.action) {
        return Ok(found);
    }
    let id = uuid::Uuid::new_v4().to_string();
    let key = Key {
        created: call.now,
        description: format!(
            "Default key that protects my {} objects when no other key is defined",
            wanted.service.to_ascii_uppercase()
        ),
        policy: managed_policy(call, wanted),
        state: KeyState::Enabled,
        material: material(),
        rotation: None,
        tags: BTreeMap::new(),
        managed_by: Some(wanted.service.to_owned()),
    };
    call.write(|state| {
        let account = state.accounts.entry(call.account().clone()).or_default();
        let keys = account.keys.entry(wanted.region.to_owned()).or_default();
        if !keys.aliases.contains_key(alias) {
            keys.keys.insert(id.clone(), key);
            keys.aliases.insert(alias.to_owned(), Alias { key: id, created: call.now, updated: call.now });
        }
        Ok(())
    })?;
    find_in(call, wanted.region, alias, wanted.action)
}

/// Everybody of the account may use the key through its service, and look at it as IAM lets them.
fn managed_policy(call: &Call<'_>, wanted: &Use<'_>) -> String {
    let (account, service, region) = (call.account(), wanted.service, wanted.region);
    json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-2"),
        "Statement": [
            {
                "Sid": format!(
                    "Allow access through {} for all principals in the account that are authorized to use {}",
                    service.to_ascii_uppercase(),
                    service.to_ascii_uppercase()
                ),
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": format!("{service}.{region}.amazonaws.com"),
                        "kms:CallerAccount": account.as_str(),
                    },
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

//! Who may do what with a key: its policy must allow, and IAM's policies count only where it lets them.
//!
//! Source: KMS developer guide, "Determining access to AWS KMS keys", "AWS KMS condition keys"; Service Authorization
//! Reference, "Actions, resources, and condition keys for AWS Key Management Service".

use super::find::Found;
use super::input::EncryptionContext;
use crate::authorize;
use crate::call::{Call, Target};
use crate::error::Failure;
use domain::evaluate::Context;

/// Condition keys of a use of a key with an encryption context.
pub fn context(encryption: &EncryptionContext) -> Context {
    let mut context = Context::new().with("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    for (key, value) in encryption {
        context.set(&format!("kms:EncryptionContext:{key}"), vec![value.clone()]);
    }
    if !encryption.is_empty() {
        context.set("kms:EncryptionContextKeys", encryption.keys().cloned().collect());
    }
    context
}

/// The key as what is to be acted on, with what conditions may ask of it.
pub fn target(call: &Call<'_>, found: &Found, context: Context) -> Target {
    let mut target = Target { resource: found.arn(), context }
        .with("kms:CallerAccount", call.account().as_str())
        .with("kms:KeySpec", "SYMMETRIC_DEFAULT")
        .with("kms:KeyUsage", "ENCRYPT_DECRYPT")
        .with("kms:KeyOrigin", "AWS_KMS")
        .with("kms:MultiRegion", "false")
        .with("aws:ResourceAccount", found.account.as_str())
        .tagged(&found.key.tags);
    if let Some(alias) = &found.by_alias {
        target = target.with("kms:RequestAlias", alias.as_str());
    }
    if !found.aliases.is_empty() {
        target.context.set("kms:ResourceAliases", found.aliases.clone());
    }
    target
}

/// Asks for an action on a key.
pub fn permit(call: &Call<'_>, action: &str, found: &Found, context: Context) -> Result<(), Failure> {
    let policy = found.key.parsed_policy();
    authorize::require_on_key(call, action, target(call, found, context), found.account.clone(), policy.as_ref())
}

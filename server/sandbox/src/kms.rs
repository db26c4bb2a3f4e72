//! Key Management Service: symmetric keys with their policies, and what is done with them.
//!
//! One row an operation. What needs permission on a key asks for it by itself, as the key's own policy speaks too and
//! as keys of other accounts can be used: see [`access`]. How other services use a key is in [`within`].

mod access;
mod aliases;
mod data;
mod find;
mod input;
mod keys;
pub mod model;
mod policies;
mod seal;
mod tags;
mod within;

pub use within::{Use, use_for};

use crate::call::{Call, Needs, Operation, Target};
use crate::error::Failure;
use crate::protocol::Reply;

const fn op(name: &'static str, run: fn(&Call<'_>) -> Result<Reply, Failure>) -> Operation {
    Operation { name, needs: |_| Ok(Needs::Nothing), run }
}

/// An operation on no key in particular.
const fn any(name: &'static str, run: fn(&Call<'_>) -> Result<Reply, Failure>) -> Operation {
    Operation { name, needs: |_| Ok(Target::new("*").into()), run }
}

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    op("CreateKey", keys::create),
    op("DescribeKey", keys::describe),
    any("ListKeys", keys::list),
    op("EnableKey", keys::enable),
    op("DisableKey", keys::disable),
    op("UpdateKeyDescription", keys::update_description),
    op("ScheduleKeyDeletion", keys::schedule_deletion),
    op("CancelKeyDeletion", keys::cancel_deletion),
    op("EnableKeyRotation", keys::enable_rotation),
    op("DisableKeyRotation", keys::disable_rotation),
    op("GetKeyRotationStatus", keys::rotation_status),
    op("GetKeyPolicy", policies::get),
    op("PutKeyPolicy", policies::put),
    op("ListKeyPolicies", policies::list),
    op("CreateAlias", aliases::create),
    op("UpdateAlias", aliases::update),
    op("DeleteAlias", aliases::delete),
    any("ListAliases", aliases::list),
    op("TagResource", tags::tag),
    op("UntagResource", tags::untag),
    op("ListResourceTags", tags::list),
    op("Encrypt", data::encrypt),
    op("Decrypt", data::decrypt),
    op("ReEncrypt", data::re_encrypt),
    op("GenerateDataKey", data::generate_data_key),
    op("GenerateDataKeyWithoutPlaintext", data::generate_data_key_without_plaintext),
    op("GenerateRandom", data::generate_random),
];

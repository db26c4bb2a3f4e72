//! Data and data keys under a key: encrypted, decrypted, made.
//!
//! Source: KMS API reference, Encrypt, Decrypt, ReEncrypt, GenerateDataKey, GenerateRandom.

use super::access::{context, permit};
use super::find::{Found, by_id, find, find_in};
use super::input::{self, EncryptionContext, ciphertext, encryption_context, number, optional, plaintext, refuse};
use super::seal::{key_of, open, seal, unreadable};
use crate::authorize::{self, HIDDEN_KEY};
use crate::call::{Call, Target};
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";
/// The most random bytes at once.
const MOST_BYTES: i64 = 1024;

fn algorithm(call: &Call<'_>, member: &str) -> Result<(), Failure> {
    let known = [ALGORITHM, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];
    if input::one_of(call, member, &known)? == ALGORITHM {
        return Ok(());
    }
    Err(refuse("InvalidKeyUsageException", "The requested encryption algorithm does not fit a symmetric key."))
}

/// A trial ends before it does anything.
fn trial(call: &Call<'_>) -> Result<(), Failure> {
    if !input::flag(call, "DryRun") {
        return Ok(());
    }
    let message = "The request would have succeeded, but the DryRun option is set.";
    Err(Failure::new(412, "DryRunOperationException", message))
}

fn encoded(bytes: &[u8]) -> Value {
    STANDARD.encode(bytes).into()
}

/// Encrypt.
pub fn encrypt(call: &Call<'_>) -> Result<Reply, Failure> {
    let (plain, said) = (plaintext(call)?, encryption_context(call, "EncryptionContext")?);
    algorithm(call, "EncryptionAlgorithm")?;
    let found = find(call, "kms:Encrypt")?;
    permit(call, "kms:Encrypt", &found, context(&said))?;
    found.usable()?;
    trial(call)?;
    Ok(Reply::Json(json!({
        "CiphertextBlob": encoded(&seal(&found, &said, &plain)?),
        "KeyId": found.arn(),
        "EncryptionAlgorithm": ALGORITHM,
    })))
}

/// The key that a ciphertext was made with, once the caller may use it so. Whoever names another one is told.
fn source(
    call: &Call<'_>,
    action: &str,
    member: &str,
    sealed: &[u8],
    said: &EncryptionContext,
) -> Result<Found, Failure> {
    let mut found = key_of(sealed).and_then(|id| by_id(call, &id)).ok_or_else(unreadable)?;
    let named = match optional(call, member)? {
        Some(given) => Some(find_in(call, call.region.as_str(), given, action)?),
        None => None,
    };
    if let Some(named) = &named {
        if named.id != found.id {
            permit(call, action, named, context(said))?;
            let message = "The key ID in the request does not identify a CMK that can perform this operation.";
            return Err(refuse("IncorrectKeyException", message));
        }
        found.by_alias.clone_from(&named.by_alias);
    }
    permit(call, action, &found, context(said)).map_err(|failure| {
        // Whoever did not name the key is not told its name.
        if named.is_some() || !failure.message.ends_with(HIDDEN_KEY) {
            return failure;
        }
        let user = &call.caller.arn;
        Failure::access_denied(format!(
            "User: {user} is not authorized to perform: {action} on the resource associated with this ciphertext \
             {HIDDEN_KEY}"
        ))
    })?;
    found.usable()?;
    Ok(found)
}

/// Decrypt.
pub fn decrypt(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sealed, said) = (ciphertext(call)?, encryption_context(call, "EncryptionContext")?);
    algorithm(call, "EncryptionAlgorithm")?;
    let found = source(call, "kms:Decrypt", "KeyId", &sealed, &said)?;
    let plain = open(&found, &said, &sealed)?;
    trial(call)?;
    Ok(Reply::Json(json!({
        "KeyId": found.arn(),
        "Plaintext": encoded(&plain),
        "EncryptionAlgorithm": ALGORITHM,
    })))
}

/// ReEncrypt: two permissions, one on each key.
pub fn re_encrypt(call: &Call<'_>) -> Result<Reply, Failure> {
    let sealed = ciphertext(call)?;
    let before = encryption_context(call, "SourceEncryptionContext")?;
    let after = encryption_context(call, "DestinationEncryptionContext")?;
    algorithm(call, "SourceEncryptionAlgorithm")?;
    algorithm(call, "DestinationEncryptionAlgorithm")?;
    let destination = input::text(call, "DestinationKeyId")?;
    let to = find_in(call, call.region.as_str(), destination, "kms:ReEncryptTo")?;
    let from = source(call, "kms:ReEncryptFrom", "SourceKeyId", &sealed, &before)?;
    let same = (from.id == to.id).to_string();
    permit(call, "kms:ReEncryptTo", &to, context(&after).with("kms:ReEncryptOnSameKey", same))?;
    to.usable()?;
    let plain = open(&from, &before, &sealed)?;
    trial(call)?;
    Ok(Reply::Json(json!({
        "CiphertextBlob": encoded(&seal(&to, &after, &plain)?),
        "SourceKeyId": from.arn(),
        "KeyId": to.arn(),
        "SourceEncryptionAlgorithm": ALGORITHM,
        "DestinationEncryptionAlgorithm": ALGORITHM,
    })))
}

/// How long the data key is to be.
fn data_key_bytes(call: &Call<'_>) -> Result<usize, Failure> {
    let bytes = number(call, "NumberOfBytes", 1, MOST_BYTES)?;
    let spec = match optional(call, "KeySpec")? {
        Some(_) => Some(input::one_of(call, "KeySpec", &["AES_256", "AES_128"])?),
        None => None,
    };
    match (bytes, spec) {
        (Some(bytes), None) => Ok(usize::try_from(bytes).unwrap_or_default()),
        (None, Some("AES_128")) => Ok(16),
        (None, Some(_)) => Ok(32),
        _ => Err(Failure::validation("Please specify either number of bytes or key spec.")),
    }
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend(ids::random::<32>());
    }
    bytes.truncate(length);
    bytes
}

fn data_key(call: &Call<'_>, action: &str) -> Result<(Value, Vec<u8>), Failure> {
    let (length, said) = (data_key_bytes(call)?, encryption_context(call, "EncryptionContext")?);
    let found = find(call, action)?;
    permit(call, action, &found, context(&said))?;
    found.usable()?;
    trial(call)?;
    let key = random(length);
    Ok((json!({ "CiphertextBlob": encoded(&seal(&found, &said, &key)?), "KeyId": found.arn() }), key))
}

/// GenerateDataKey.
pub fn generate_data_key(call: &Call<'_>) -> Result<Reply, Failure> {
    let (mut output, key) = data_key(call, "kms:GenerateDataKey")?;
    output["Plaintext"] = encoded(&key);
    Ok(Reply::Json(output))
}

/// GenerateDataKeyWithoutPlaintext.
pub fn generate_data_key_without_plaintext(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::Json(data_key(call, "kms:GenerateDataKeyWithoutPlaintext")?.0))
}

/// GenerateRandom: no key has a part in it.
pub fn generate_random(call: &Call<'_>) -> Result<Reply, Failure> {
    let length = number(call, "NumberOfBytes", 1, MOST_BYTES)?;
    authorize::require(call, "kms:GenerateRandom", Target::new("*"))?;
    let length = length.ok_or_else(|| Failure::validation("NumberOfBytes is required."))?;
    Ok(Reply::Json(json!({ "Plaintext": encoded(&random(usize::try_from(length).unwrap_or_default())) })))
}

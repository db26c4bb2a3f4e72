//! Ciphertexts: AES-256-GCM under a key's material, bound to the key and to the encryption context.
//!
//! A ciphertext begins as those of KMS do, then names its key, so that Decrypt needs no key's name.

use super::find::Found;
use super::input::EncryptionContext;
use crate::error::Failure;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What ciphertexts begin with.
const BEGINNING: [u8; 5] = [1, 2, 2, 0, 0x78];
const ID_BYTES: usize = 16;

/// A ciphertext that can't be read.
pub fn unreadable() -> Failure {
    // KMS says nothing more.
    Failure::new(400, "InvalidCiphertextException", "")
}

/// What a ciphertext is bound to: each text with its length, so that no two contexts look the same.
fn bound_to(found: &Found, context: &EncryptionContext) -> Vec<u8> {
    let key = found.arn();
    let texts = context.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let mut bytes = Vec::new();
    for text in [key.as_str()].into_iter().chain(texts) {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

fn cipher(found: &Found) -> Result<LessSafeKey, Failure> {
    let material = STANDARD.decode(&found.key.material.0).map_err(|_| Failure::internal())?;
    UnboundKey::new(&AES_256_GCM, &material).map(LessSafeKey::new).map_err(|_| Failure::internal())
}

/// Encrypts.
pub fn seal(found: &Found, context: &EncryptionContext, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
    let id = uuid::Uuid::parse_str(&found.id).map_err(|_| Failure::internal())?;
    let nonce = crate::ids::random::<NONCE_LEN>();
    let mut inside = plaintext.to_vec();
    cipher(found)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to(found, context)), &mut inside)
        .map_err(|_| Failure::internal())?;
    Ok([&BEGINNING[..], id.as_bytes(), &nonce, &inside].concat())
}

/// The ID of the key that a ciphertext was made with.
pub fn key_of(ciphertext: &[u8]) -> Option<String> {
    let id = ciphertext.strip_prefix(&BEGINNING)?.get(..ID_BYTES)?;
    Some(uuid::Uuid::from_slice(id).ok()?.to_string())
}

/// Decrypts.
pub fn open(found: &Found, context: &EncryptionContext, ciphertext: &[u8]) -> Result<Vec<u8>, Failure> {
    let rest = ciphertext.get(BEGINNING.len() + ID_BYTES..).ok_or_else(unreadable)?;
    let (nonce, inside) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(unreadable)?;
    let mut inside = inside.to_vec();
    let opened = cipher(found)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound_to(found, context)), &mut inside)
        .map_err(|_| unreadable())?;
    Ok(opened.to_vec())
}

//! Identifiers and secrets, random from the system.
//!
//! The prefixes are IAM's, see "Understanding unique ID prefixes" in the IAM user guide.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `N` bytes from the system's random source.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    // The only way this fails is a system without a random source; there is no safe way to go on then.
    getrandom::fill(&mut bytes).unwrap_or_else(|e| unreachable!("the system has no random source: {e}"));
    bytes
}

/// An identifier of `prefix` and `length` further characters of IAM's alphabet.
fn id(prefix: &str, length: usize) -> String {
    let bytes = random::<24>();
    let tail = bytes.iter().take(length).map(|b| char::from(ALPHABET[usize::from(b % 32)]));
    prefix.chars().chain(tail).collect()
}

/// An identifier of lower-case letters and digits, as Organizations makes them.
pub fn lower(prefix: &str, length: usize) -> String {
    prefix.to_owned() + &id("", length).to_ascii_lowercase()
}

/// A user's unique ID: `AIDA…`.
pub fn user() -> String {
    id("AIDA", 17)
}
/// A role's unique ID: `AROA…`.
pub fn role() -> String {
    id("AROA", 17)
}
/// A group's unique ID: `AGPA…`.
pub fn group() -> String {
    id("AGPA", 17)
}
/// A managed policy's unique ID: `ANPA…`.
pub fn policy() -> String {
    id("ANPA", 17)
}
/// A long-lived access key: `AKIA…`.
pub fn access_key() -> String {
    id("AKIA", 16)
}
/// A session's access key: `ASIA…`.
pub fn session_key() -> String {
    id("ASIA", 16)
}
/// A secret access key: 40 characters.
pub fn secret() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(random::<30>())
}
/// A request ID.
pub fn request() -> String {
    uuid::Uuid::new_v4().to_string()
}
/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

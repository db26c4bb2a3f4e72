//! Numbers, identifiers and tokens that look random and are not: they follow from the seed that the host gives, so
//! that an execution that was stored goes on with the ones it would have had.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A stream of blocks: each is the hash of the seed and its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Randomness {
    seed: [u8; 32],
    next: u64,
}

impl Randomness {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, next: 0 }
    }

    /// The stream that belongs to a number: always the same one.
    pub(crate) fn of_number(number: i64) -> Self {
        Self::new(Sha256::digest(number.to_be_bytes()).into())
    }

    fn block(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.next.to_be_bytes());
        self.next += 1;
        hash.finalize().into()
    }

    fn number(&mut self) -> u64 {
        let block = self.block();
        block[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A number below `end`; 0 where that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let number = self.number();
        if end == 0 { 0 } else { number % end }
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = self.block();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// A task's token: nobody guesses it who doesn't know the seed.
    pub(crate) fn token(&mut self) -> String {
        STANDARD.encode([self.block(), self.block(), self.block()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_things_in_the_same_order() {
        let (mut one, mut two) = (Randomness::new([7; 32]), Randomness::new([7; 32]));
        assert_eq!((one.token(), one.uuid(), one.below(1000)), (two.token(), two.uuid(), two.below(1000)));
        assert_ne!(one.token(), one.token());
        let uuid = one.uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!((0..100).all(|_| one.below(3) < 3));
        assert_eq!(one.below(0), 0);
    }
}

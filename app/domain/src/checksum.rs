//! A checksum against accidents: a letter lost in the mail, a name cut short. It protects from nobody.

/// CRC-32 as in ISO 3309: reflected, polynomial `0x04c11db7`.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_that_zip_files_use() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}

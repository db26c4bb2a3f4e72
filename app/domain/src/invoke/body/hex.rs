//! Bytes as a dump: sixteen a row, with their offset and what of them is ASCII.

use std::fmt::Write as _;

/// Bytes a row.
const WIDTH: usize = 16;
/// Bytes a page.
pub const PAGE: usize = 64 * WIDTH;

/// A page of a dump, from 0: a line of text for each row.
pub fn page(bytes: &[u8], page: usize) -> String {
    let from = page.saturating_mul(PAGE).min(bytes.len());
    let shown = &bytes[from..bytes.len().min(from + PAGE)];
    let mut out = String::with_capacity(shown.len() * 5);
    for (row, chunk) in shown.chunks(WIDTH).enumerate() {
        if row > 0 {
            out.push('\n');
        }
        // Writing to a string can't fail.
        let _ = write!(out, "{:08x} ", from + row * WIDTH);
        for at in 0..WIDTH {
            if at == WIDTH / 2 {
                out.push(' ');
            }
            match chunk.get(at) {
                Some(byte) => _ = write!(out, " {byte:02x}"),
                None => out.push_str("   "),
            }
        }
        out.push_str("  ");
        out.extend(chunk.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '·' }));
    }
    out
}

/// How many pages so many bytes have.
pub fn pages(bytes: usize) -> usize {
    bytes.div_ceil(PAGE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_its_offset_its_bytes_and_its_ascii() {
        let bytes: Vec<u8> = (0..=255).cycle().take(PAGE + 3).collect();
        let first = page(&bytes, 0);
        assert_eq!(first.lines().count(), 64);
        assert_eq!(
            first.lines().nth(4),
            Some("00000040  40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO")
        );
        assert_eq!(page(&bytes, 1), format!("00000400  00 01 02{}···", " ".repeat(42)));
        assert_eq!((page(&bytes, 2).as_str(), pages(bytes.len()), pages(0)), ("", 2, 1));
        assert_eq!(page(&bytes, usize::MAX), "");
    }
}

//! Bytes as people type them: hex, with or without spaces and `0x`, or base64.

use super::BodyProblem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// More bytes than this are not written out as hex: nobody edits them that way.
const MOST_WRITTEN: usize = 65_536;

/// Reads hex where it is nothing but hex digits (and spaces, `:`, `,`, `0x`, `\x` between them), base64 otherwise.
pub fn parse(text: &str) -> Result<Vec<u8>, BodyProblem> {
    match hex(text) {
        Ok(bytes) => Ok(bytes),
        Err(problem) => from_base64(text).ok_or(problem),
    }
}

/// What is wrong with bytes as typed.
pub fn problem(text: &str) -> Option<BodyProblem> {
    parse(text).err()
}

/// Bytes in base64, with padding.
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64 with padding, broken into lines or not; `None` where it is none.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let joined: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(joined).ok()
}

/// Bytes as hex, sixteen a line; `None` for more than anyone edits.
pub fn as_hex_text(bytes: &[u8]) -> Option<String> {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    (bytes.len() <= MOST_WRITTEN).then(|| bytes.chunks(16).map(line).collect::<Vec<_>>().join("\n"))
}

fn hex(text: &str) -> Result<Vec<u8>, BodyProblem> {
    let (mut bytes, mut half) = (Vec::with_capacity(text.len() / 2), None);
    let (mut line, mut column) = (1, 0);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        column += 1;
        let prefix = matches!((c, chars.peek()), ('0', Some('x' | 'X')) | ('\\', Some('x'))) && half.is_none();
        if prefix {
            chars.next();
            column += 1;
            continue;
        }
        match (c.to_digit(16), half) {
            (Some(low), Some(high)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                half = None;
            }
            (Some(high), None) => half = Some(high),
            (None, None) if c.is_ascii_whitespace() || matches!(c, ':' | ',') => {}
            (None, _) => {
                let message = format!("`{}` is no hex digit, and the whole is no base64 either", c.escape_default());
                return Err(BodyProblem { line, column, message });
            }
        }
        if c == '\n' {
            (line, column) = (line + 1, 0);
        }
    }
    if half.is_some() {
        let message = "the last byte has one hex digit; write it with two".into();
        return Err(BodyProblem { line, column: column.max(1), message });
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_people_write_them() {
        for text in ["93 4e 55", "934E55", "0x93, 0x4e, 0x55", "\\x93\\x4e\\x55", "93:4e:55", "93\n4e\n55\n", "k05V"] {
            assert_eq!(parse(text).unwrap(), [0x93, 0x4e, 0x55], "{text}");
        }
        assert_eq!(parse("").unwrap(), Vec::<u8>::new());
    }

    #[test]
    fn what_is_neither_hex_nor_base64_is_told_with_its_place() {
        let bad = parse("00 01\n0g").unwrap_err();
        assert_eq!((bad.line, bad.column), (2, 2));
        assert!(parse("abc").unwrap_err().message.contains("two"));
    }

    #[test]
    fn hex_comes_back_as_the_same_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&as_hex_text(&bytes).unwrap()).unwrap(), bytes);
        assert_eq!(from_base64(&to_base64(&bytes)).unwrap(), bytes);
        assert_eq!(as_hex_text(&vec![0; MOST_WRITTEN + 1]), None);
    }
}

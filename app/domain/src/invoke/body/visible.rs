//! Characters that can't be seen, or that change the order of what is: shown by marks, so that what is read is what there
//! is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with marks in the place of controls (`␀`), of what turns the direction of writing around and of what has no
/// width (`⟨U+202E⟩`). Line ends become `\n`, as pages have them.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(needs_mark) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            c if !needs_mark(c) => out.push(c),
            '\0'..' ' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => out.push('\u{2421}'),
            // Writing to a string can't fail.
            c => _ = write!(out, "⟨U+{:04X}⟩", u32::from(c)),
        }
    }
    Cow::Owned(out)
}

/// Whether [`visible`] would put marks into a text; line ends are none.
pub fn has_hidden(text: &str) -> bool {
    text.contains(|c| c != '\r' && needs_mark(c))
}

fn needs_mark(c: char) -> bool {
    match c {
        '\t' | '\n' => false,
        // U+200C and U+200D join letters and emoji: taking them apart would make words unreadable.
        '\0'..' ' | '\u{7f}'..='\u{9f}' => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_marked() {
        for (text, shown) in [
            ("plain\ttext\nmore", "plain\ttext\nmore"),
            ("a\0b\u{1b}[31m", "a␀b␛[31m"),
            ("a\r\nb\rc", "a\nb␍c"),
            ("user\u{202e}gpj.exe", "user⟨U+202E⟩gpj.exe"),
            ("\u{feff}x\u{200b}y\u{7f}\u{85}", "⟨U+FEFF⟩x⟨U+200B⟩y␡⟨U+0085⟩"),
            ("tag\u{e0041}", "tag⟨U+E0041⟩"),
            ("👩\u{200d}🔬 שלום", "👩\u{200d}🔬 שלום"),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert!(matches!(visible("nothing"), Cow::Borrowed(_)));
        assert!(has_hidden("a\0") && !has_hidden("a\r\n"));
    }
}

//! A list of ARNs in a text field: one a line, or however they were pasted.
//!
//! Names of IAM may have commas in them (IAM user guide, "IAM and AWS STS quotas"), so that a comma ends an ARN only where
//! another one begins.

/// The ARNs of a list, as they are: divided by white space, and by a comma or semicolon before the next ARN.
pub(super) fn read(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = text.char_indices().filter(|(at, c)| {
        let next = || text[at + c.len_utf8()..].trim_start().starts_with("arn:");
        c.is_whitespace() || (matches!(c, ',' | ';') && next())
    });
    let ends = ends.map(|(at, c)| (at, at + c.len_utf8())).chain([(text.len(), text.len())]);
    let items = ends.map(move |(end, next)| &text[std::mem::replace(&mut start, next)..end]);
    items.filter(|item| !item.is_empty())
}

/// The same list, one a line. A name that ends in a comma is followed by one more, which is the one that divides.
pub(super) fn written(arns: &[String]) -> String {
    let mut text = String::new();
    for (at, arn) in arns.iter().enumerate() {
        text.push_str(arn);
        if at + 1 < arns.len() {
            text.push_str(if arn.ends_with(',') { ",\n" } else { "\n" });
        }
    }
    text
}

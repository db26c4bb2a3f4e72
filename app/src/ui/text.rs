//! Messages in words: the console's errors are lower case with the input in backticks; on a page they begin with a
//! capital and the input is set in mono.

use leptos::prelude::*;
use std::fmt::Display;

/// `text` with its first letter as a capital.
pub fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // AWS's own spellings keep their case: `sts:AssumeRole`, `arn:…`.
        Some(first) if !text.split(' ').next().is_some_and(|word| word.contains(':')) => {
            first.to_uppercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// A whole number for people: `1,100,000`.
pub fn thousands(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A message with the parts in backticks set as code.
#[component]
pub fn Words(
    /// The message.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let text = sentence_case(&text);
    // An odd backtick has no partner: the text is shown as it is.
    let paired = text.matches('`').count().is_multiple_of(2);
    if !paired {
        return text.into_any();
    }
    text.split('`')
        .enumerate()
        // An empty text would be drawn as a space, before a full stop that follows.
        .filter(|(_, part)| !part.is_empty())
        .map(|(i, part)| {
            let part = part.to_owned();
            if i % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
        })
        .collect_view()
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::{sentence_case, thousands};

    #[test]
    fn large_numbers_are_cut_into_thousands() {
        assert_eq!([0, 7, 999, 1000, 1_700_000].map(thousands), ["0", "7", "999", "1,000", "1,700,000"]);
    }

    #[test]
    fn a_message_begins_with_a_capital_unless_it_is_an_arn() {
        assert_eq!(sentence_case("the share was not found"), "The share was not found");
        assert_eq!(sentence_case("arn:aws:x is not known"), "arn:aws:x is not known");
        assert_eq!(sentence_case(""), "");
    }
}

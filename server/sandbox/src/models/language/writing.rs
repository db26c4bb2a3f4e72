//! A text of bounded length, made of tokens: where it ends, and why.

use super::Token;

/// Why a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It has as many tokens as it may have.
    Length,
    /// It came to a text that it was told to stop at.
    Stop,
    /// There was nothing more to say.
    End,
}

/// A text, and the tokens it was made of.
#[derive(Debug)]
pub struct Written {
    /// The tokens; their texts together are the text.
    pub tokens: Vec<Token>,
    /// Why it ends.
    pub finish: Finish,
}

impl Written {
    /// The whole text.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

/// Takes `most` tokens, or fewer where the text comes to one of `stops`. The stop itself is a part of the text only if
/// it is to be kept.
pub fn write(tokens: impl Iterator<Item = Token>, most: usize, stops: &[String], keep_stop: bool) -> Written {
    let mut text = String::new();
    let mut taken = Vec::new();
    for token in tokens.take(most) {
        text.push_str(&token.text);
        taken.push(token);
        let found = stops.iter().filter_map(|stop| Some((text.find(stop.as_str())?, stop.len()))).min();
        if let Some((at, length)) = found {
            let end = if keep_stop { at + length } else { at };
            return Written { tokens: cut(taken, end), finish: Finish::Stop };
        }
    }
    let finish = if taken.len() == most { Finish::Length } else { Finish::End };
    Written { tokens: taken, finish }
}

/// The tokens up to the byte `end` of their text: the one it lies in is shortened.
fn cut(tokens: Vec<Token>, end: usize) -> Vec<Token> {
    let mut left = end;
    let mut kept = Vec::new();
    for mut token in tokens {
        if left == 0 {
            break;
        }
        token.text.truncate(left);
        left -= token.text.len();
        kept.push(token);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(texts: &[&str]) -> impl Iterator<Item = Token> {
        let tokens = texts.iter().map(|text| Token { id: 1, text: (*text).to_owned(), logprob: 0.0 });
        tokens.collect::<Vec<_>>().into_iter()
    }

    fn written(most: usize, stops: &[&str], keep: bool) -> (Vec<String>, Finish) {
        let stops: Vec<String> = stops.iter().map(|&stop| stop.to_owned()).collect();
        let written = write(tokens(&["A", " role", " is", " made", "."]), most, &stops, keep);
        (written.tokens.into_iter().map(|token| token.text).collect(), written.finish)
    }

    #[test]
    fn a_text_ends_where_it_may_not_go_on() {
        assert_eq!(written(2, &[], true), (vec!["A".into(), " role".into()], Finish::Length));
        assert_eq!(written(9, &[], true).1, Finish::End);
        assert_eq!(written(5, &[], true).1, Finish::Length);
    }

    #[test]
    fn a_stop_is_found_across_tokens_and_kept_only_if_asked() {
        assert_eq!(written(9, &["le i"], true), (vec!["A".into(), " role".into(), " i".into()], Finish::Stop));
        assert_eq!(written(9, &["le i"], false), (vec!["A".into(), " ro".into()], Finish::Stop));
        assert_eq!(written(9, &["A"], false), (vec![], Finish::Stop));
        // The earliest of several counts, whichever comes first in the list.
        assert_eq!(written(9, &["made", " is"], false).0, ["A", " role"]);
        assert_eq!(written(9, &["nowhere"], false).1, Finish::End);
    }
}

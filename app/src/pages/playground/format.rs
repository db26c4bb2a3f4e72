//! Numbers of a model's answer, read as scores. Pure text in, plain values out.

/// More than these are a table.
const MOST_SCORES: usize = 50;

/// One number between 0 and 1 a line, or a single line of them: each as it was written, with its value.
pub(super) fn scores(text: &str) -> Option<Vec<(String, f64)>> {
    // A line of each, with some room: long texts are not looked at.
    if text.len() > MOST_SCORES * 32 {
        return None;
    }
    let words: Vec<&str> = text.trim().split(['\n', ',']).map(str::trim).collect();
    // Several numbers on several lines are a table.
    if words.len() > MOST_SCORES || (text.contains(',') && text.trim().contains('\n')) {
        return None;
    }
    words
        .into_iter()
        .map(|word| word.parse::<f64>().ok().filter(|n| (0.0..=1.0).contains(n)).map(|n| (word.to_owned(), n)))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_numbers_from_zero_to_one() {
        assert_eq!(scores("0.081\n0.9\n").unwrap(), [("0.081".into(), 0.081), ("0.9".into(), 0.9)]);
        assert_eq!(scores("0.1,0.9").unwrap().len(), 2);
        for other in ["1.5", "a", "", "0.1,0.2\n0.3,0.4"] {
            assert_eq!(scores(other), None, "{other}");
        }
    }
}

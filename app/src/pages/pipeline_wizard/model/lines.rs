//! The hyperparameters' text, `name=value` a line, changed one value at a time: order and lines that are not known stay.

/// The value of a name.
pub(super) fn value(text: &str, name: &str) -> String {
    let of = |line: &str| line.split_once('=').filter(|(its, _)| its.trim() == name).map(|(_, v)| v.trim().to_owned());
    text.lines().rev().find_map(of).unwrap_or_default()
}

/// The text with another value; without the line where there is none.
pub(super) fn with_value(text: &str, name: &str, value: &str) -> String {
    let value = value.trim();
    let mut lines: Vec<String> = Vec::new();
    let mut placed = value.is_empty();
    for line in text.lines() {
        if line.split('=').next().map(str::trim) != Some(name) {
            lines.push(line.to_owned());
        } else if !placed {
            lines.push(format!("{name}={value}"));
            placed = true;
        }
    }
    if !placed {
        lines.push(format!("{name}={value}"));
    }
    lines.join("\n")
}

/// The lines that are about none of `known`.
pub(super) fn others(text: &str, known: &[&str]) -> String {
    let other = |line: &&str| !line.trim().is_empty() && !known.contains(&line.split('=').next().unwrap_or("").trim());
    text.lines().filter(other).collect::<Vec<_>>().join("\n")
}

/// The text with other lines about what is not in `known`.
pub(super) fn with_others(text: &str, known: &[&str], others: &str) -> String {
    let about = |line: &&str| known.contains(&line.split('=').next().unwrap_or("").trim());
    text.lines().filter(about).chain(others.lines()).collect::<Vec<_>>().join("\n")
}

/// The line, from 1, that gives a name its value.
pub(super) fn line(text: &str, name: &str) -> Option<usize> {
    text.lines().position(|line| line.split('=').next().map(str::trim) == Some(name)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "num_round=100\n eta = 0.2\ntree_method=hist";

    #[test]
    fn a_value_is_changed_in_its_place_and_everything_else_stays() {
        assert_eq!(value(TEXT, "eta"), "0.2");
        assert_eq!(value(TEXT, "gamma"), "");
        assert_eq!(with_value(TEXT, "eta", "0.3"), "num_round=100\neta=0.3\ntree_method=hist");
        assert_eq!(with_value(TEXT, "eta", " "), "num_round=100\ntree_method=hist");
        assert_eq!(with_value(TEXT, "gamma", "1"), format!("{TEXT}\ngamma=1"));
        assert_eq!(with_value("eta=1\neta=2", "eta", "3"), "eta=3", "the container takes each once");
    }

    #[test]
    fn what_is_not_known_is_kept_apart_and_found_again() {
        let known = ["num_round", "eta"];
        assert_eq!(others(TEXT, &known), "tree_method=hist");
        assert_eq!(with_others(TEXT, &known, "booster=dart"), "num_round=100\n eta = 0.2\nbooster=dart");
        assert_eq!(with_others("", &known, ""), "");
        assert_eq!((line(TEXT, "eta"), line(TEXT, "gamma")), (Some(2), None));
    }
}

//! The hyperparameters' text, `name=value` a line, changed one value at a time: order and lines that are not known stay.

use domain::pipeline::draft::hyperparameter;

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

/// The text with other lines in the place of those that were typed before.
pub(super) fn with_others(text: &str, before: &str, now: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for line in before.lines() {
        if let Some(at) = lines.iter().rposition(|its| *its == line) {
            lines.remove(at);
        }
    }
    lines.into_iter().chain(now.lines()).collect::<Vec<_>>().join("\n")
}

/// What is wrong with lines about what is not in `known`.
pub(super) fn problem(others: &str, known: &[&str]) -> Option<String> {
    let lines = others.lines().filter(|line| !line.trim().is_empty());
    lines.into_iter().find_map(|line| match hyperparameter(line) {
        Err(error) => Some(error.to_string()),
        Ok((name, _)) => known.contains(&name).then(|| format!("`{name}` has a field of its own")),
    })
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
        let text = with_others(TEXT, "tree_method=hist", "eta=0");
        assert_eq!(text, "num_round=100\n eta = 0.2\neta=0");
        assert_eq!(with_others(&text, "eta=0", "booster=dart"), "num_round=100\n eta = 0.2\nbooster=dart");
        assert_eq!(with_others("", "", ""), "");
        assert_eq!((line(TEXT, "eta"), line(TEXT, "gamma")), (Some(2), None));
    }

    #[test]
    fn a_line_that_gives_nothing_a_value_is_told() {
        assert_eq!(problem("tree_method=hist\n\nbooster=dart", &["eta"]), None);
        assert_eq!(problem("tree_method=hist\nbanana", &["eta"]).as_deref(), Some("`banana` has no `=`"));
        assert_eq!(problem("eta = 1", &["eta"]).as_deref(), Some("`eta` has a field of its own"));
        assert_eq!(problem("objective=x", &["eta"]).as_deref(), Some("`objective` has a field of its own"));
    }
}

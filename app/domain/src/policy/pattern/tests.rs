//! What matching costs: counted in steps, not in seconds.

#![allow(clippy::unwrap_used)]

use super::*;

fn cost(pattern: &Pattern, text: &str, ignore_case: bool) -> u64 {
    let all = work(pattern, text);
    let steps = count::steps(|| {
        pattern.matches(text, ignore_case, Some(&Long));
    });
    assert!(steps <= all, "{steps} steps, announced were {all}: `{:.40}` and `{text:.40}`", pattern.as_str());
    steps
}

fn work(pattern: &Pattern, text: &str) -> u64 {
    pattern.work(Size::of([text]), VariableCost { longest: Long.variable("any").map_or(0, str::len) as u64, lookup: 1 })
}

/// A variable whose value is made to match nearly everywhere.
struct Long;

impl Variables for Long {
    fn variable(&self, _key: &str) -> Option<&str> {
        Some("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    }
}

#[test]
fn plain_texts_between_stars_are_found_in_linear_time() {
    let text = "a".repeat(1 << 20);
    for pattern in [
        format!("{}b", "*a".repeat(1 << 18)),
        format!("*{}b*", "a".repeat(1 << 19)),
        format!("*{}*{}b", "a".repeat(1 << 10), "a".repeat(1 << 19)),
        format!("{}*b", "a".repeat(1 << 19)),
    ] {
        let steps = cost(&Pattern::new(&pattern), &text, false);
        // Runs that are found leave less to search; the last search reads what is left.
        assert!(steps <= 4 * (pattern.len() + text.len()) as u64 + (1 << 20), "{steps} for `{pattern:.30}`");
    }
}

#[test]
fn no_pattern_costs_more_than_was_announced() {
    let texts = ["", "a", "abab", &"a".repeat(900), &"ab".repeat(450), &"é".repeat(300), "aaaaaaaaaaaaaaaaaaaaab"];
    let parts = ["a", "*", "?", "*?", "?*", "*a?", "${k}", "*${k}b", "${k, 'aaa'}", "${*}", "b", "*aé", "${", "B*"];
    for first in parts {
        for second in parts {
            for times in [1, 2, 100] {
                let pattern = format!("{}b{second}", format!("{first}{second}").repeat(times));
                for text in texts {
                    for ignore_case in [false, true] {
                        cost(&Pattern::new(&pattern), text, ignore_case);
                        cost(&Pattern::literal(&pattern), text, ignore_case);
                    }
                }
            }
        }
    }
}

#[test]
fn a_run_that_is_longer_than_the_text_is_not_looked_for() {
    let pattern = Pattern::new(&format!("*?{}*", "a".repeat(100_000)));
    assert!(cost(&pattern, &"a".repeat(90_000), true) < 200_000);
}

#[test]
fn many_openings_of_variables_are_read_once_each() {
    // Each opening used to look for its end through all of the rest.
    for text in ["${".repeat(50_000), "${a".repeat(50_000), "${a,".repeat(50_000), "${a,'".repeat(50_000)] {
        let pattern = Pattern::new(&text);
        assert!(!pattern.has_variable());
        assert!(pattern.matches(&text, false, Some(&Long)));
    }
}

#[test]
fn an_arn_pattern_costs_no_more_than_was_announced() {
    let arn = format!("arn:aws:s3:::{}", "a".repeat(2000));
    for pattern in [
        "*".to_owned(),
        arn.clone(),
        format!("arn:aws:s3:::{}b", "*a?".repeat(600)),
        format!("arn:*:*:*:*:*{}*", "a?".repeat(600)),
        format!("arn:aws:{}", "*a:".repeat(500)),
        format!("a{}", "*?".repeat(900)),
    ] {
        let pattern = ResourcePattern::new(&pattern);
        let all = pattern.work(Size::of([arn.as_str()]), VariableCost::default());
        for ignore_case in [false, true] {
            let steps = count::steps(|| {
                pattern.compare(&arn, ignore_case, None);
            });
            assert!(steps <= all, "{steps} steps, announced were {all}: `{:.40}`", pattern.as_str());
        }
    }
}

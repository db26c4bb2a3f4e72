//! Two texts, line by line.

use super::{DiffLine, LineMark};

/// The shortest edit from `old` to `new` by lines: a longest common subsequence, by the textbook's table. Policy
/// documents are at most a few hundred lines, so its square is nothing.
pub fn diff_lines(old: &str, new: &str) -> Vec<DiffLine> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let width = new.len() + 1;
    // common[i * width + j]: how many lines old[i..] and new[j..] have in common.
    let mut common = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    let mut push = |number: usize, mark, text: &str| lines.push(DiffLine { number, mark, text: text.into() });
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            push(j + 1, LineMark::Same, new[j]);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            push(i + 1, LineMark::Removed, old[i]);
            i += 1;
        } else {
            push(j + 1, LineMark::Added, new[j]);
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn side(lines: &[DiffLine], without: LineMark) -> Vec<&str> {
        lines.iter().filter(|l| l.mark != without).map(|l| l.text.as_str()).collect()
    }

    #[test]
    fn a_changed_line_shows_the_old_one_before_the_new_one() {
        let marks: Vec<_> = diff_lines("a\nb\nc", "a\nB\nc").into_iter().map(|l| (l.number, l.mark)).collect();
        use LineMark::{Added, Removed, Same};
        assert_eq!(marks, [(1, Same), (2, Removed), (2, Added), (3, Same)]);
    }

    proptest! {
        #[test]
        fn a_diff_holds_both_texts(old in "([abc]\n){0,12}", new in "([abc]\n){0,12}") {
            let lines = diff_lines(&old, &new);
            prop_assert_eq!(side(&lines, LineMark::Added), old.lines().collect::<Vec<_>>());
            prop_assert_eq!(side(&lines, LineMark::Removed), new.lines().collect::<Vec<_>>());
        }
        #[test]
        fn a_text_against_itself_changes_nothing(text in "([abc]\n){0,12}") {
            prop_assert!(diff_lines(&text, &text).iter().all(|l| l.mark == LineMark::Same));
        }
    }
}

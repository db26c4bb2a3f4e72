#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn layout(objective: Objective) -> Layout {
    Layout {
        columns: ["customer", "tenure", "churn", "minutes"].map(str::to_owned).into(),
        header: true,
        label: 2,
        left_out: [0].into(),
        objective,
        classes: None,
        validation_percent: 20,
        seed: 7,
    }
}

fn converted(layout: &Layout, cells: &[&str]) -> Result<String, String> {
    let mut out = String::from("before\n");
    let result = layout.convert(0, cells, &mut out);
    assert!(out.starts_with("before\n"));
    match result {
        Ok(_) => Ok(out["before\n".len()..].to_owned()),
        Err(fault) => {
            assert_eq!(out, "before\n", "a row that can't be used leaves nothing behind");
            Err(fault.to_string())
        }
    }
}

fn records(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn the_label_comes_first_and_what_is_left_out_is_gone() {
    let binary = layout(Objective::Binary);
    assert_eq!(converted(&binary, &["C-17", "12", "1", "3.50"]), Ok("1,12,3.50\n".into()));
    assert_eq!(converted(&binary, &["", " 12 ", "0.0", "NA"]), Ok("0,12,\n".into()), "a missing value is nothing");
    assert_eq!(binary.features().collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_row_that_cannot_be_used_says_why() {
    let binary = layout(Objective::Binary);
    for (cells, said) in [
        (&["C", "12", "1"] as &[&str], "3 cells instead of 4"),
        (&["C", "twelve", "1", "3"], "`twelve` in `tenure` is not a number"),
        (&["C", "inf", "1", "3"], "`inf` in `tenure` is not a number"),
        (&["C", "1e999", "1", "3"], "`1e999` in `tenure` is not a number"),
        (&["C", "12", "", "3"], "no label in `churn`"),
        (&["C", "12", "yes", "3"], "the label `yes` is not 0 or 1"),
        (&["C", "12", "2", "3"], "the label `2` is not 0 or 1"),
    ] {
        assert_eq!(converted(&binary, cells), Err(said.into()));
    }
    let classes = Layout { classes: Some(3), ..layout(Objective::Classes) };
    assert_eq!(converted(&classes, &["C", "1", "-0", "3"]), Ok("0,1,3\n".into()));
    for bad in ["3", "-1", "1.5"] {
        let said = format!("the label `{bad}` is not a whole number from 0 to 2");
        assert_eq!(converted(&classes, &["C", "1", bad, "3"]), Err(said));
    }
    assert_eq!(converted(&layout(Objective::Number), &["C", "1", "-2.5e3", "3"]), Ok("-2500,1,3\n".into()));
}

#[test]
fn a_split_is_the_same_each_time_and_about_as_large_as_asked_for() {
    let binary = layout(Objective::Binary);
    let validation = |layout: &Layout| (0..10_000).filter(|n| layout.channel(*n) == Channel::Validation).count();
    assert_eq!(validation(&binary), validation(&binary.clone()));
    assert!((1_800..2_200).contains(&validation(&binary)), "{}", validation(&binary));
    let other = Layout { seed: 8, ..binary.clone() };
    assert!((0..100).any(|n| other.channel(n) != binary.channel(n)));
}

#[test]
fn a_preview_knows_names_from_numbers() {
    let seen = Preview::of(&records("customer,tenure,Churn\nC-1,12,1\nC-2,,0\nC-3,40.5,0")).unwrap();
    assert!(seen.header);
    assert_eq!((seen.rows, seen.label), (3, 2));
    let tenure = &seen.columns[1];
    assert_eq!((tenure.name.as_str(), tenure.numbers, tenure.texts, tenure.missing), ("tenure", 2, 0, 1));
    assert_eq!((tenure.range, tenure.distinct), (Some((12.0, 40.5)), Some(2)));
    assert_eq!(seen.columns[0].texts, 3);
    let bare = Preview::of(&records("1,12,x\n0,13,y")).unwrap();
    assert!(!bare.header, "a first row with a number in it is a row");
    assert_eq!((bare.rows, bare.label, bare.columns[0].name.as_str()), (2, 0, "column 1"));
    assert!(!Preview::of(&records("a,b\nc,d")).unwrap().header, "a table of texts alone begins with a row");
    assert_eq!(Preview::of(&[]), None);
}

#[test]
fn a_table_that_nothing_can_be_learnt_from_is_refused() {
    let binary = layout(Objective::Binary);
    let mut tally = Tally::default();
    assert_eq!(tally.problem(&binary), Some(DataProblem::Empty));
    tally.count(Channel::Train, "1,2\n");
    assert_eq!(tally.problem(&binary).unwrap().to_string(), "too few rows to train with and to try the model on: 1");
    tally.count(Channel::Validation, "0,2\n");
    let said = "every row has the label 1: there is nothing to learn";
    assert_eq!(tally.problem(&binary).unwrap().to_string(), said);
    tally.count(Channel::Train, "0,2\n");
    assert_eq!(tally.problem(&binary), None);
    let classes = Layout { classes: Some(3), ..layout(Objective::Classes) };
    assert_eq!(tally.problem(&classes), Some(DataProblem::NoSuchLabel { missing: 2, classes: 3 }));
    for line in 0..30 {
        tally.refuse(line + 2, RowFault::Ragged { expected: 4, found: 3 });
    }
    assert_eq!((tally.faults.len(), tally.faulty), (20, 30));
    let said = "30 of 33 rows can't be used; the first is line 2: 3 cells instead of 4";
    assert_eq!(tally.problem(&binary).unwrap().to_string(), said);
}

proptest! {
    #[test]
    fn whatever_is_written_is_numbers_and_as_many_as_there_are_features(
        cells in proptest::collection::vec(".{0,12}|-?[0-9]{1,5}(\\.[0-9]{1,3})?", 0..6),
        number in any::<u64>(),
    ) {
        let layout = layout(Objective::Number);
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let mut out = String::new();
        if layout.convert(number, &cells, &mut out).is_ok() {
            let line = out.strip_suffix('\n').unwrap();
            let written: Vec<&str> = line.split(',').collect();
            prop_assert_eq!(written.len(), 3);
            prop_assert!(written.iter().all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok_and(f64::is_finite)));
            prop_assert!(!written[0].is_empty());
        } else {
            prop_assert!(out.is_empty());
        }
    }
}

use super::*;
use crate::train::{Observer, TrainingError};
use crate::{FailureKind, Hyperparameters};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// Hears the log, and stops at once if it is to.
#[derive(Default)]
struct Listener {
    lines: Vec<String>,
    stops: bool,
}

impl Observer for Listener {
    fn log(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }
    fn stopped(&mut self) -> bool {
        self.stops
    }
}

fn parameters(given: &[(&str, &str)]) -> Hyperparameters {
    let mut all: BTreeMap<String, String> = BTreeMap::from([("num_round".to_owned(), "1".to_owned())]);
    all.extend(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Hyperparameters::parse(&all).unwrap()
}

fn read_files(files: &[(&str, &str)], given: &[(&str, &str)]) -> Result<Table, Failure> {
    let files = files.iter().map(|(name, text)| DataFile::new(*name, text.as_bytes())).collect();
    match read(Role::Train, Channel::csv(files), &parameters(given), &mut ()) {
        Err(TrainingError::Failed(failure)) => Err(failure),
        other => Ok(other.unwrap()),
    }
}

fn read_text(text: &str) -> Table {
    read_files(&[("train.csv", text)], &[]).unwrap()
}

fn refusal(text: &str) -> String {
    read_files(&[("train.csv", text)], &[]).unwrap_err().message
}

fn columns(table: &Table) -> Vec<Vec<f32>> {
    (0..table.features).map(|feature| table.column(feature).collect()).collect()
}

#[test]
fn the_label_is_first_and_an_empty_cell_is_missing() {
    let table = read_text("1,2.5,-3\n0,,4e2\n 1 , 7 ,nan\n");
    assert_eq!(table.labels, [1.0, 0.0, 1.0]);
    assert_eq!((table.features, table.rows()), (2, 3));
    let columns = columns(&table);
    assert!(columns[0][0] == 2.5 && columns[0][1].is_nan() && columns[0][2] == 7.0);
    assert!(columns[1][0] == -3.0 && columns[1][1] == 400.0 && columns[1][2].is_nan());
}

#[test]
fn a_byte_order_mark_and_line_ends_of_windows_are_no_data() {
    let table = read_text("\u{feff}1,2\r\n0,3\r\n\r\n1,4");
    assert_eq!((table.labels.clone(), columns(&table)), (vec![1.0, 0.0, 1.0], vec![vec![2.0, 3.0, 4.0]]));
}

#[test]
fn files_are_read_one_after_another() {
    let table = read_files(&[("a/one.csv", "1,2\n"), ("a/two.csv", "0;3\n1;4\n")], &[]).unwrap();
    assert_eq!((table.labels.clone(), columns(&table)), (vec![1.0, 0.0, 1.0], vec![vec![2.0, 3.0, 4.0]]));
}

#[test]
fn a_delimiter_is_found_as_the_container_finds_it() {
    for (delimiter, text) in
        [(',', "1,2,3\n"), (';', "1;2;3\n"), ('\t', "1\t2\t3\n"), (' ', "1 2 3\n"), ('|', "1|2|3\n")]
    {
        let mut listener = Listener::default();
        let channel = Channel::csv(vec![DataFile::new("train.csv", text.as_bytes())]);
        let table = read(Role::Train, channel, &parameters(&[]), &mut listener).unwrap();
        assert_eq!(table.features, 2);
        assert_eq!(listener.lines, [format!("Determined delimiter of CSV input is '{delimiter}'")]);
    }
    assert_eq!(refusal("15\n16\n"), "Could not determine delimiter on line 15\n:\nCould not determine delimiter");
}

#[test]
fn commas_between_decimals_are_no_semicolons() {
    // The comma is found first, and what is between two of them is no number.
    assert!(refusal("0,5;1,5\n").starts_with("Non-numeric value '5;1' found in the header line '0,5;1,5...'"));
}

#[test]
fn a_second_column_is_the_weight_where_it_is_said() {
    let table = read_files(&[("t.csv", "1,0.5,2\n0,3,4\n")], &[("csv_weights", "1")]).unwrap();
    assert_eq!((table.weights.clone(), columns(&table)), (vec![0.5, 3.0], vec![vec![2.0, 4.0]]));
    let refused = read_files(&[("t.csv", "1,0.5,2\n0,-3,4\n")], &[("csv_weights", "1")]).unwrap_err();
    assert!(
        refused.message.ends_with("t.csv, line 2, column 2: Check failed: valid: Weights must be positive values.")
    );
}

#[test]
fn a_header_is_told_in_the_containers_words() {
    let failure = read_files(&[("train.csv", "label,age,height\n1,2,3\n")], &[]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Client);
    assert_eq!(
        failure.message,
        "Non-numeric value 'label' found in the header line 'label,age,height...' of file 'train.csv'. CSV format \
         require no header line in it. If header line is already removed, XGBoost does not accept non-numeric value in \
         the data."
    );
}

#[test]
fn text_further_down_is_told_with_its_place() {
    assert_eq!(
        refusal("1,2,3\n\n0,abc,4\n"),
        "Failed to load csv data with exception:\ntrain.csv, line 3, column 2: 'abc' is no number"
    );
    assert!(refusal("1,2,3\nyes,2,4\n").ends_with("line 2, column 1: 'yes' is no number"));
    assert!(refusal("1,2,3\n1,\"2\",3\n").ends_with("line 2, column 2: '\"2\"' is no number"));
    assert!(refusal("1,2,3\n1,2abc,3\n").ends_with("column 2: '2abc' is no number"));
}

#[test]
fn ragged_rows_are_told_with_their_place() {
    assert_eq!(
        refusal("1,2,3\n0,1\n"),
        "Failed to load csv data with exception:\ntrain.csv, line 2, column 3: 2 columns where line 1 of `train.csv` \
         has 3"
    );
    let refused = read_files(&[("a.csv", "1,2\n"), ("b.csv", "1,2,3\n")], &[]).unwrap_err().message;
    assert!(refused.ends_with("b.csv, line 1, column 3: 3 columns where line 1 of `a.csv` has 2"), "{refused}");
}

#[test]
fn a_channel_without_rows_is_told_in_the_containers_words() {
    let none = "No data in training channel path /opt/ml/input/data/train";
    assert_eq!(refusal(""), none);
    assert_eq!(read_files(&[], &[]).unwrap_err().message, none);
    let channel = Channel::csv(vec![DataFile::new("v.csv", Cursor::new(""))]);
    let refused = read(Role::Validation, channel, &parameters(&[]), &mut ()).unwrap_err();
    assert_eq!(refused.to_string(), "No data in validation channel path /opt/ml/input/data/validation");
}

#[test]
fn an_empty_file_among_others_has_no_delimiter() {
    let refused = read_files(&[("a.csv", "1,2\n"), ("b.csv", "")], &[]).unwrap_err().message;
    assert_eq!(refused, "Could not determine delimiter on line :\nCould not determine delimiter");
    assert!(refusal("\n1,2\n").starts_with("Could not determine delimiter on line \n:"));
}

#[test]
fn a_hidden_file_is_told_in_the_containers_words() {
    let refused = read_files(&[("data/.DS_Store", "x")], &[]).unwrap_err().message;
    assert_eq!(refused, "Hidden file found in the data path! Remove that before training.");
}

#[test]
fn labels_are_held_to_the_objective() {
    let refused =
        |objective: &[(&str, &str)], text: &str| read_files(&[("t.csv", text)], objective).unwrap_err().message;
    let binary = [("objective", "binary:logistic")];
    assert_eq!(
        refused(&binary, "1,2\n2,3\n"),
        "label must be in [0,1] for logistic regression\nt.csv, line 2: the label is 2"
    );
    let classes = [("objective", "multi:softmax"), ("num_class", "3")];
    assert_eq!(
        refused(&classes, "0,2\n3,3\n"),
        "SoftmaxMultiClassObj: label must be in [0, num_class).\nt.csv, line 2: the label is 3"
    );
    assert!(refused(&[("objective", "count:poisson")], "-1,2\n").starts_with("PoissonRegression: label must be"));
    for text in ["1,2\n,3\n", "1,2\nnan,3\n", "1,2\ninf,3\n"] {
        let what = "line 2, column 1: Check failed: valid: Label contains NaN, infinity or a value too large.";
        assert!(refusal(text).ends_with(what));
    }
}

#[test]
fn what_is_too_large_is_no_value() {
    assert!(refusal("1,2\n1,1e39\n").ends_with("column 2: Check failed: valid: Input data contains `inf` or `nan`"));
    assert!(refusal("1,2\n1,-inf\n").ends_with("column 2: Check failed: valid: Input data contains `inf` or `nan`"));
}

#[test]
fn a_line_without_an_end_is_no_row() {
    let endless = format!("1,2\n1,{}", "3".repeat(1 << 20));
    assert!(refusal(&endless).ends_with("line 2, column 1: the line is longer than 1048576 bytes"));
}

#[test]
fn a_label_alone_is_no_table() {
    assert!(
        read_files(&[("t.csv", "1,2\n")], &[("csv_weights", "1")]).is_err_and(|e| e.message.contains("2 columns;"))
    );
}

#[test]
fn content_types_are_told_apart() {
    assert_eq!(format_of(Some("text/csv")), Ok(Format::Csv));
    assert_eq!(format_of(Some("CSV; label_size=1; charset=utf8")), Ok(Format::Csv));
    assert_eq!(format_of(None), Ok(Format::Libsvm));
    let refused = |given| format_of(Some(given)).unwrap_err().message;
    assert_eq!(
        refused("text/csv;label_size=2"),
        "text/csv;label_size=2 is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
    );
    assert!(refused("text/html").starts_with("text/html is not an accepted ContentType: csv, libsvm, parquet, "));
    assert!(refused("application/x-parquet").ends_with("the sandbox trains on text/csv only"));
}

#[test]
fn a_channel_without_content_type_is_libsvm() {
    let refused = |text: &'static str| {
        let channel = Channel { content_type: None, files: vec![DataFile::new("train.csv", text.as_bytes())] };
        read(Role::Train, channel, &parameters(&[]), &mut ()).unwrap_err().to_string()
    };
    assert_eq!(
        refused("1,2,3\n"),
        "First line '1,2,3...' of file 'train.csv' is not 'LIBSVM' format. Please ensure the file is in 'LIBSVM' format."
    );
    assert_eq!(
        refused("1 1:0.5 2:3\n"),
        "libsvm is valid on AWS, but the sandbox trains on text/csv only: `train.csv`"
    );
}

#[test]
fn a_file_that_breaks_off_fails_the_job() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let channel = Channel::csv(vec![DataFile::new("t.csv", Cursor::new("1,2\n").chain(Broken))]);
    let refused = read(Role::Train, channel, &parameters(&[]), &mut ()).unwrap_err().to_string();
    assert!(refused.contains("t.csv") && refused.contains("the disk is gone"), "{refused}");
}

#[test]
fn reading_stops_when_it_is_asked_to() {
    let text = "1,2\n".repeat(10_000);
    let channel = Channel::csv(vec![DataFile::new("t.csv", text.as_bytes())]);
    let mut listener = Listener { stops: true, ..Listener::default() };
    let stopped = read(Role::Train, channel, &parameters(&[]), &mut listener);
    assert!(matches!(stopped, Err(TrainingError::Stopped { model: None })));
}

#[test]
fn rows_are_kept_in_order_over_many_blocks() {
    let text: String = (0..200_000).map(|row| format!("{},{row},{}\n", row % 2, row * 2)).collect();
    let table = read_text(&text);
    assert_eq!(table.rows(), 200_000);
    assert!(table.column(0).enumerate().all(|(row, value)| value == row as f32));
    assert!(table.column(1).enumerate().all(|(row, value)| value == (row * 2) as f32));
}

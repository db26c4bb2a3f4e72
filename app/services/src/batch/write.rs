//! The result file. It is the journal too: a row that stands in it whole is done, whatever the store says.
//!
//! Each row is written by one write, with its end last, so that a process that is killed leaves at most the beginning of a
//! row; it is cut off before the batch goes on.

use super::read::Source;
use domain::batch::{BatchError, BatchFormat, BatchView, Predictions, result_columns};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// What became of a row.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) number: u64,
    pub(super) source: Source,
    /// The answer, or what went wrong.
    pub(super) answer: Result<Answer, String>,
    /// The container's status, or SageMaker's.
    pub(super) status: Option<u16>,
    pub(super) ms: u64,
}

impl Outcome {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let answer = match &self.answer {
            Ok(answer) => answer.text.len() + answer.predictions.bytes(),
            Err(error) => error.len(),
        };
        self.source.bytes() + answer
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) predictions: Predictions,
}

/// What stands in a result file after what the store knows of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recovered {
    pub(super) rows: u64,
    pub(super) failed: Vec<BatchError>,
}

#[derive(Debug)]
pub(super) struct ResultFile {
    file: File,
    /// Where the next row goes.
    at: u64,
    format: BatchFormat,
    delimiter: u8,
    own: Vec<String>,
    /// How many columns answers are spread over; 0 before that is known, and for JSON Lines.
    predictions: usize,
}

impl ResultFile {
    /// Opens a batch's result, or makes it, of which the first `written` bytes hold what `view` says. What stands behind
    /// them is read: whole rows count, and the beginning of one is cut off.
    pub(super) fn open(path: &Path, view: &BatchView, written: u64) -> io::Result<(Self, Recovered)> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let header = view.setup.as_ref().map_or(view.file.header, |setup| setup.header);
        let mut result = Self {
            file,
            at: written,
            format: view.file.format,
            delimiter: u8::try_from(view.file.delimiter).unwrap_or(b','),
            own: view.file.columns(header),
            predictions: view.predictions,
        };
        let length = result.file.metadata()?.len();
        if length < written {
            let why = format!("the result file has {length} bytes, and {written} were written");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let recovered = match (result.format, result.predictions) {
            (BatchFormat::JsonLines, _) => result.recover_lines(view.done)?,
            // The heading is told to the store before the first row is written.
            (BatchFormat::Csv, 0) => {
                result.at = 0;
                Recovered::default()
            }
            (BatchFormat::Csv, _) => result.recover_records(length, view.done)?,
        };
        result.file.set_len(result.at)?;
        result.file.seek(SeekFrom::Start(result.at))?;
        Ok((result, recovered))
    }

    /// How many bytes hold whole rows.
    pub(super) fn written(&self) -> u64 {
        self.at
    }

    /// Whether it is known how many columns answers need.
    pub(super) fn is_settled(&self) -> bool {
        self.format == BatchFormat::JsonLines || self.predictions > 0
    }

    /// The columns that answers are spread over.
    pub(super) fn predictions(&self) -> usize {
        self.predictions
    }

    /// Writes the heading.
    pub(super) fn settle(&mut self, predictions: usize) -> io::Result<()> {
        if self.format == BatchFormat::Csv {
            self.predictions = predictions.max(1);
            let names = result_columns(&self.own, self.predictions);
            let heading = record(self.delimiter, self.own.iter().chain(&names).map(String::as_str))?;
            self.append(&heading)?;
        }
        Ok(())
    }

    /// Writes a row.
    pub(super) fn write(&mut self, row: &Outcome) -> io::Result<()> {
        let bytes = match &row.source {
            Source::Fields(own) => self.as_record(own, row)?,
            Source::Line(line) => as_line(line, row),
        };
        self.append(&bytes)
    }

    /// Another handle, to have what was written kept through a power cut.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn as_record(&self, own: &[String], row: &Outcome) -> io::Result<Vec<u8>> {
        let (spread, error) = match &row.answer {
            Ok(answer) => (answer.predictions.spread(self.predictions, &answer.text), ""),
            Err(error) => (vec![String::new(); self.predictions], error.as_str()),
        };
        let status = row.status.map(|status| status.to_string()).unwrap_or_default();
        let ms = row.ms.to_string();
        let last = [status.as_str(), error, ms.as_str()];
        record(self.delimiter, own.iter().chain(&spread).map(String::as_str).chain(last))
    }

    fn recover_records(&mut self, length: u64, done: u64) -> io::Result<Recovered> {
        let ends = self.ends_a_line(length)?;
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut builder = csv::ReaderBuilder::new();
        let mut reader =
            builder.has_headers(false).flexible(true).delimiter(self.delimiter).from_reader(self.file.try_clone()?);
        let fields = self.own.len() + self.predictions + 3;
        let (start, mut recovered) = (self.at, Recovered::default());
        let mut found = csv::StringRecord::new();
        while reader.read_record(&mut found).map_err(io::Error::other)? {
            let end = start + reader.position().byte();
            // The last field is never quoted: with all fields and a line end, the row is whole.
            if found.len() != fields || (end >= length && !ends) {
                break;
            }
            recovered.rows += 1;
            let (status, error) = (&found[fields - 3], &found[fields - 2]);
            if !error.is_empty() {
                recovered.failed.push(BatchError {
                    row: done + recovered.rows,
                    status: status.parse().ok(),
                    error: super::read::shown(error),
                });
            }
            self.at = end;
        }
        Ok(recovered)
    }

    fn recover_lines(&mut self, done: u64) -> io::Result<Recovered> {
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut lines = BufReader::new(self.file.try_clone()?);
        let (mut line, mut recovered) = (Vec::new(), Recovered::default());
        loop {
            line.clear();
            if lines.read_until(b'\n', &mut line)? == 0 || line.last() != Some(&b'\n') {
                return Ok(recovered);
            }
            self.at += line.len() as u64;
            recovered.rows += 1;
            let row: Value = serde_json::from_slice(&line).map_err(io::Error::other)?;
            if let Some(error) = row["error"].as_str() {
                let status = row["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                let error = super::read::shown(error);
                recovered.failed.push(BatchError { row: done + recovered.rows, status, error });
            }
        }
    }

    fn ends_a_line(&mut self, length: u64) -> io::Result<bool> {
        if length == 0 {
            return Ok(true);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::Start(length - 1))?;
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}

/// A record of CSV with its line end.
pub(super) fn record<'f>(delimiter: u8, fields: impl Iterator<Item = &'f str>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(fields).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The answer of a JSON Lines row: JSON where it is JSON, a string otherwise.
fn as_line(line: &str, row: &Outcome) -> Vec<u8> {
    let error = row.answer.as_ref().err();
    let output = row.answer.as_ref().ok().map(|answer| on_one_line(&answer.text));
    let status = row.status.map(|status| status.to_string());
    let null = || "null".to_owned();
    let text = format!(
        "{{\"row\":{},\"input\":{},\"output\":{},\"status\":{},\"error\":{},\"ms\":{}}}\n",
        row.number,
        on_one_line(line),
        output.unwrap_or_else(null),
        status.unwrap_or_else(null),
        error.map_or_else(null, |error| Value::from(error.as_str()).to_string()),
        row.ms
    );
    text.into_bytes()
}

fn on_one_line(text: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Value::from(text).to_string();
    }
    // Within JSON's strings there are no line ends as such: these are white space.
    text.trim().chars().filter(|c| !matches!(c, '\n' | '\r')).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::batch::{BatchFile, BatchForm, BatchLimits, BatchState};
    use domain::time::Timestamp;

    fn view(format: BatchFormat) -> BatchView {
        let file = BatchFile {
            name: "a".into(),
            bytes: 1,
            format,
            delimiter: ';',
            header: true,
            records: 4,
            first: vec!["id".into(), "text".into()],
            sample: Vec::new(),
        };
        BatchView {
            id: "b1".parse().unwrap(),
            revision: 1,
            by: "session 1".into(),
            created: Timestamp(0),
            expires: Timestamp(1),
            form: BatchForm::offered(&file, &BatchLimits::default()),
            file,
            setup: None,
            state: BatchState::Running,
            done: 0,
            ahead: 0,
            failed: 0,
            retried: 0,
            pace: 0,
            predictions: 0,
            started: None,
            finished: None,
            spent_ms: 0,
            why: None,
        }
    }

    fn rows(format: BatchFormat) -> Vec<Outcome> {
        let source = |n: u64| match format {
            BatchFormat::Csv => Source::Fields(vec![n.to_string(), "a \"b\";\nc".into()]),
            BatchFormat::JsonLines => Source::Line(format!("{{\"id\": {n}}}")),
        };
        let answer = |n: u64| match n {
            2 => Err("ModelError: no;\n\"way\"".to_owned()),
            _ => Ok(Answer { text: "1\n2".into(), predictions: Predictions::new(vec!["1\n2".into()], "1\n2") }),
        };
        let status = |n: u64| Some(if n == 2 { 400 } else { 200 });
        (1..=3)
            .map(|n| Outcome { number: n, source: source(n), answer: answer(n), status: status(n), ms: 7 * n })
            .collect()
    }

    #[test]
    fn a_file_that_is_cut_anywhere_keeps_its_whole_rows_and_goes_on_after_them() {
        for format in [BatchFormat::Csv, BatchFormat::JsonLines] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("result");
            let mut view = view(format);
            let (mut result, _) = ResultFile::open(&path, &view, 0).unwrap();
            result.settle(1).unwrap();
            let start = result.written();
            view.predictions = result.predictions();
            let mut ends = vec![start];
            for row in rows(format) {
                result.write(&row).unwrap();
                ends.push(result.written());
            }
            let whole = std::fs::read(&path).unwrap();
            for cut in start..=*ends.last().unwrap() {
                std::fs::write(&path, &whole[..usize::try_from(cut).unwrap()]).unwrap();
                let (mut result, recovered) = ResultFile::open(&path, &view, start).unwrap();
                let kept = ends.iter().filter(|end| **end <= cut).count() - 1;
                assert_eq!(recovered.rows, kept as u64, "{format:?} cut at {cut}");
                let failed: Vec<_> = recovered.failed.iter().map(|error| (error.row, error.status)).collect();
                assert_eq!(failed, if kept >= 2 { vec![(2, Some(400))] } else { Vec::new() });
                for row in rows(format).iter().skip(kept) {
                    result.write(row).unwrap();
                }
                assert_eq!(std::fs::read(&path).unwrap(), whole, "{format:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_heading_that_the_store_does_not_know_of_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        let view = view(BatchFormat::Csv);
        let (mut result, _) = ResultFile::open(&path, &view, 0).unwrap();
        result.settle(2).unwrap();
        let (mut result, recovered) = ResultFile::open(&path, &view, 0).unwrap();
        assert_eq!((recovered.rows, result.written(), result.is_settled()), (0, 0, false));
        result.settle(1).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "id;text;prediction;status;error;ms\n");
    }

    #[test]
    fn a_file_that_lost_rows_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        std::fs::write(&path, "x").unwrap();
        assert!(ResultFile::open(&path, &view(BatchFormat::Csv), 2).is_err());
    }

    #[test]
    fn json_stays_json_on_one_line_and_anything_else_becomes_a_string() {
        let source = Source::Line("{\"a\": 1.50}".into());
        let answer = |text: &str| Answer { text: text.into(), predictions: Predictions::new(Vec::new(), text) };
        let row = |text| {
            let outcome = Outcome {
                number: 4,
                source: Source::Line("x".into()),
                answer: Ok(answer(text)),
                status: Some(200),
                ms: 9,
            };
            let Source::Line(line) = &source else { unreachable!() };
            String::from_utf8(as_line(line, &outcome)).unwrap()
        };
        let expected =
            "{\"row\":4,\"input\":{\"a\": 1.50},\"output\":{\"b\":  [1.50]},\"status\":200,\"error\":null,\"ms\":9}\n";
        assert_eq!(row("{\"b\":\n  [1.50]}\n"), expected);
        assert!(row("<p>\n").contains("\"output\":\"<p>\\n\""));
    }
}

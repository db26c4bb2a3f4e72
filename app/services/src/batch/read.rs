//! Reading a batch's file row by row, never more than one of them at a time.

use domain::batch::{BatchFile, BatchFormat, limits};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use tokio::sync::mpsc;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
const BUFFER: usize = 64 * 1024;
/// How much of a file tells what it is.
const HEAD: u64 = 256 * 1024;
/// How much of it has to be text.
const TEXT: usize = 64 * 1024;
/// How ZIP files begin, and so workbooks.
const ZIP: &[u8] = b"PK\x03\x04";
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
/// How many rows of JSON Lines are looked at for keys.
const KEYED: u64 = 100;

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A record's fields.
    Fields(Vec<String>),
    /// A line of JSON.
    Line(String),
}

impl Source {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Fields(fields) => fields.iter().map(|field| field.len() + size_of::<String>()).sum(),
            Self::Line(line) => line.len(),
        }
    }
}

/// Why a file is not taken.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It has no rows that can be read.
    Refused {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// The disk's own failure.
    Io(io::Error),
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => refused(error.to_string(), "look at the file in a text editor"),
            _ => Self::Io(error),
        }
    }
}

fn refused(message: impl Into<String>, hint: &'static str) -> Unfit {
    Unfit::Refused { message: message.into(), hint }
}

/// The next row.
#[derive(Debug)]
pub(super) struct InputRow {
    /// From 1; a header does not count.
    pub(super) number: u64,
    pub(super) source: Source,
    /// Why it can't be sent.
    pub(super) problem: Option<String>,
}

/// Stops a row that is too large to hold before it is held.
struct Guard<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_large)?;
        Ok(read)
    }
}

fn too_large() -> io::Error {
    bad(format!("a row is over {} bytes; a quotation mark may be missing", limits::ROW_BYTES))
}

fn bad(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

type Records = csv::Reader<Guard<File>>;

fn records(path: &Path, delimiter: u8) -> io::Result<Records> {
    let guard = Guard { inner: File::open(path)?, left: 0 };
    let mut builder = csv::ReaderBuilder::new();
    Ok(builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(BUFFER).from_reader(guard))
}

/// The next record; `false` at the end. A record without UTF-8 is one too: its bytes are left to the caller.
fn next_record(records: &mut Records, record: &mut csv::ByteRecord) -> io::Result<bool> {
    records.get_mut().left = limits::ROW_BYTES + BUFFER as u64;
    records.read_byte_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => bad(format!("the file is not CSV: {other:?}")),
    })
}

/// The next line that has anything on it, without its end; `false` at the end.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        line.clear();
        if lines.by_ref().take(limits::ROW_BYTES + 1).read_until(b'\n', line)? == 0 {
            return Ok(false);
        }
        if line.len() as u64 > limits::ROW_BYTES {
            return Err(too_large());
        }
        if line.starts_with(UTF8_MARK) {
            line.drain(..3);
        }
        while line.last().is_some_and(u8::is_ascii_whitespace) {
            line.pop();
        }
        if !line.is_empty() {
            return Ok(true);
        }
    }
}

/// What a file is, with its rows counted.
///
/// # Errors
/// [`Unfit::Refused`] where it has no rows that can be read, in words.
pub(super) fn look_at(path: &Path, name: &str) -> Result<BatchFile, Unfit> {
    let bytes = std::fs::metadata(path)?.len();
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    check_text(&head)?;
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace() && !UTF8_MARK.contains(byte));
    let json = match ending.as_str() {
        "csv" | "tsv" => false,
        "jsonl" | "ndjson" | "jsonlines" => true,
        _ => first == Some(&b'{'),
    };
    let mut file = BatchFile {
        name: name.to_owned(),
        bytes,
        format: if json { BatchFormat::JsonLines } else { BatchFormat::Csv },
        delimiter: ',',
        header: false,
        records: 0,
        first: Vec::new(),
        sample: Vec::new(),
    };
    if json {
        look_at_lines(path, &mut file)?;
    } else {
        look_at_records(path, &head, &mut file)?;
    }
    match (file.records, file.first.len()) {
        (0, _) => Err(bad("the file has no rows".into()).into()),
        (_, columns) if columns > limits::COLUMNS => {
            Err(bad(format!("the file has {columns} columns; at most {} are taken", limits::COLUMNS)).into())
        }
        _ => Ok(file),
    }
}

/// Refuses what is no text by its beginning: later rows that are none fail by themselves.
fn check_text(head: &[u8]) -> Result<(), Unfit> {
    let head = &head[..head.len().min(TEXT)];
    if head.starts_with(ZIP) {
        return Err(refused("this is an Excel workbook or another ZIP file", "save the sheet as CSV and choose that"));
    }
    if UTF16_MARKS.iter().any(|mark| head.starts_with(mark)) {
        return Err(refused("the file is UTF-16", "save it as UTF-8 and choose that"));
    }
    if head.contains(&0) {
        return Err(refused("this is not text", "choose a CSV or JSON Lines file; a sheet can be saved as CSV"));
    }
    match std::str::from_utf8(head) {
        // What is cut off in the middle of a character has no error of its own.
        Err(error) if error.error_len().is_some() => {
            Err(refused("this is not text in UTF-8", "save it as UTF-8 (in Excel: CSV UTF-8) and choose that"))
        }
        _ => Ok(()),
    }
}

fn look_at_lines(path: &Path, file: &mut BatchFile) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(BUFFER, File::open(path)?);
    let mut line = Vec::new();
    while next_line(&mut lines, &mut line)? {
        file.records += 1;
        if file.records <= KEYED
            && let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(&line)
        {
            for key in members.keys().filter(|key| !file.first.contains(key)).cloned().collect::<Vec<_>>() {
                file.first.push(key);
            }
        }
        if file.sample.len() < limits::SHOWN_ROWS {
            let line_shown = shown(&String::from_utf8_lossy(&line));
            file.sample.push(std::iter::once(line_shown).chain(not_json(&line)).collect());
        }
    }
    Ok(())
}

/// What is wrong with a line that is not JSON.
fn not_json(line: &[u8]) -> Option<String> {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).err().map(|error| error.to_string())
}

fn look_at_records(path: &Path, head: &[u8], file: &mut BatchFile) -> io::Result<()> {
    let delimiter = sniff(head);
    file.delimiter = char::from(delimiter);
    let mut records = records(path, delimiter)?;
    let mut record = csv::ByteRecord::new();
    while next_record(&mut records, &mut record)? {
        file.records += 1;
        if file.records == 1 {
            file.first = record.iter().map(|field| shown(String::from_utf8_lossy(field).trim())).collect();
        } else if file.sample.len() < limits::SHOWN_ROWS {
            file.sample.push(record.iter().map(|field| shown(&String::from_utf8_lossy(field))).collect());
        }
    }
    file.header = names_columns(&file.first, file.sample.first());
    Ok(())
}

/// The delimiter that cuts the first record into the most fields; a comma where none does.
fn sniff(head: &[u8]) -> u8 {
    let fields = |delimiter: u8| {
        let mut builder = csv::ReaderBuilder::new();
        let mut reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(head);
        let mut record = csv::ByteRecord::new();
        reader.read_byte_record(&mut record).map_or(0, |_| record.len())
    };
    let mut best = (b',', fields(b','));
    for delimiter in &DELIMITERS[1..] {
        let count = fields(*delimiter);
        if count > best.1 {
            best = (*delimiter, count);
        }
    }
    best.0
}

/// Whether the first record looks like names: each is there once, none is a number, and it is unlike the second.
fn names_columns(first: &[String], second: Option<&Vec<String>>) -> bool {
    let number = |text: &String| text.trim().parse::<f64>().is_ok();
    let names = first.iter().all(|name| !name.is_empty() && !number(name) && name.len() <= 64);
    let once = first.iter().enumerate().all(|(at, name)| !first[..at].contains(name));
    names && once && second.is_some_and(|second| second.iter().any(number) || second != first)
}

/// Cut to what is shown.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(limits::SHOWN_CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Reads the rows after the first `skip`, as fast as `rows` takes them; ends when nobody does.
pub(super) fn rows(path: &Path, file: &BatchFile, header: bool, skip: u64, rows: &mpsc::Sender<io::Result<InputRow>>) {
    let read = match file.format {
        BatchFormat::Csv => read_records(path, file, header, skip, rows),
        BatchFormat::JsonLines => read_lines(path, skip, rows),
    };
    if let Err(error) = read {
        // Nobody listens any more: nobody minds.
        let _ = rows.blocking_send(Err(error));
    }
}

fn read_records(
    path: &Path,
    file: &BatchFile,
    header: bool,
    skip: u64,
    rows: &mpsc::Sender<io::Result<InputRow>>,
) -> io::Result<()> {
    let delimiter = u8::try_from(file.delimiter).unwrap_or(b',');
    let mut records = records(path, delimiter)?;
    let mut record = csv::ByteRecord::new();
    if header {
        next_record(&mut records, &mut record)?;
    }
    let mut number = 0;
    while next_record(&mut records, &mut record)? {
        number += 1;
        if number <= skip {
            continue;
        }
        let utf8 = record.iter().all(|field| std::str::from_utf8(field).is_ok());
        let mut fields: Vec<String> = record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        let problem = match (utf8, fields.len()) {
            (false, _) => Some("the row is not UTF-8".to_owned()),
            (_, count) if count != file.first.len() => {
                Some(format!("the row has {count} fields, and the first one has {}", file.first.len()))
            }
            _ => None,
        };
        fields.resize(file.first.len(), String::new());
        let row = InputRow { number, source: Source::Fields(fields), problem };
        if rows.blocking_send(Ok(row)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn read_lines(path: &Path, skip: u64, rows: &mpsc::Sender<io::Result<InputRow>>) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(BUFFER, File::open(path)?);
    let (mut line, mut number) = (Vec::new(), 0);
    while next_line(&mut lines, &mut line)? {
        number += 1;
        if number <= skip {
            continue;
        }
        let problem = not_json(&line).map(|why| format!("the row is not JSON: {why}"));
        let source = Source::Line(String::from_utf8_lossy(&line).into_owned());
        if rows.blocking_send(Ok(InputRow { number, source, problem })).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn written(text: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        file
    }

    fn all(text: &[u8], name: &str, skip: u64) -> Vec<InputRow> {
        let file = written(text);
        let looked = look_at(file.path(), name).unwrap();
        let (sender, mut receiver) = mpsc::channel(100);
        rows(file.path(), &looked, looked.header, skip, &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).map(Result::unwrap).collect()
    }

    #[test]
    fn a_quoted_field_keeps_its_line_ends_and_rows_are_counted_by_record() {
        let file = written(b"\xef\xbb\xbfid;text\r\n1;\"two\nlines; and \"\"more\"\"\"\r\n\r\n2;x\r\n");
        let looked = look_at(file.path(), "a.csv").unwrap();
        assert_eq!((looked.delimiter, looked.header, looked.records), (';', true, 3));
        assert_eq!(looked.first, ["id", "text"]);
        assert_eq!(looked.sample[0][1], "two\nlines; and \"more\"");
    }

    #[test]
    fn a_first_row_of_values_is_no_header() {
        for (text, header) in
            [("a,b\n1,2\n", true), ("1,2\n3,4\n", false), ("a,a\n1,2\n", false), ("a,\n1,2\n", false), ("x,y\n", false)]
        {
            assert_eq!(look_at(written(text.as_bytes()).path(), "x.csv").unwrap().header, header, "{text:?}");
        }
    }

    #[test]
    fn a_row_that_is_not_like_the_first_is_told_and_keeps_its_place() {
        // A first row that is longer than what has to be text.
        let long = format!("a,b\n1,{}\n3\n", "x".repeat(TEXT));
        let rows = all(&[long.as_bytes(), b"\xff,4\n5,6,7\n8,9\n"].concat(), "a.csv", 0);
        let problems: Vec<bool> = rows.iter().map(|row| row.problem.is_some()).collect();
        assert_eq!(problems, [false, true, true, true, false]);
        assert!(rows.iter().all(|row| matches!(&row.source, Source::Fields(fields) if fields.len() == 2)));
        assert_eq!(all(b"a,b\n1,2\n3,4\n5,6\n", "a.csv", 2)[0].source, Source::Fields(vec!["5".into(), "6".into()]));
    }

    #[test]
    fn lines_of_json_are_rows_and_empty_ones_are_not() {
        let rows = all(b"{\"b\": 1, \"a\": 2}\n\n{broken\n[1]\n", "a.jsonl", 0);
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(rows[1].problem.as_ref().is_some_and(|why| why.contains("line 1 column 2")), "{rows:?}");
        let looked = look_at(written(b"{\"b\": 1}\n{broken\n").path(), "a.jsonl").unwrap();
        assert_eq!(looked.sample[0], ["{\"b\": 1}"]);
        assert!(looked.sample[1].len() == 2 && looked.sample[1][1].contains("line 1 column 2"), "{looked:?}");
        let file = written(b"{\"x\": 1}\n{\"y\": 1}\n");
        let looked = look_at(file.path(), "rows.txt").unwrap();
        assert_eq!(
            (looked.format, looked.first.as_slice()),
            (BatchFormat::JsonLines, ["x".to_owned(), "y".into()].as_slice())
        );
    }

    fn why_not(text: &[u8], name: &str) -> String {
        match look_at(written(text).path(), name).unwrap_err() {
            Unfit::Refused { message, .. } => message,
            Unfit::Io(error) => panic!("{error}"),
        }
    }

    #[test]
    fn what_is_no_text_is_refused_for_what_it_is() {
        let long = "ü".repeat(TEXT);
        let cases: [(&[u8], &str); 5] = [
            (b"PK\x03\x04\x14\0\x06\0", "this is an Excel workbook or another ZIP file"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "this is not text"),
            (b"\xff\xfea\0,\0b\0\n\0", "the file is UTF-16"),
            (b"\xfe\xff\0a\0,\0b\0\n", "the file is UTF-16"),
            (b"name,town\nJo,K\xf6ln\n", "this is not text in UTF-8"),
        ];
        for (bytes, why) in cases {
            assert_eq!(why_not(bytes, "a.csv"), why);
            assert_eq!(why_not(bytes, "a.jsonl"), why);
        }
        // Where what is looked at ends in the middle of a character, that is no error.
        assert!(look_at(written(format!("a\n1{long}\n").as_bytes()).path(), "a.csv").is_ok());
    }

    #[test]
    fn what_has_no_rows_or_a_row_without_an_end_is_refused() {
        let refused = why_not;
        assert_eq!(refused(b"\n\n", "a.csv"), "the file has no rows");
        let mut endless = b"a,b\n\"".to_vec();
        endless.resize(usize::try_from(limits::ROW_BYTES).unwrap() + 1024 * 1024, b'x');
        assert!(refused(&endless, "a.csv").contains("a quotation mark may be missing"));
        assert!(refused(&endless[5..], "a.jsonl").contains("a row is over"));
    }
}

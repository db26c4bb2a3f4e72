//! Reads a table record by record, and writes what the training takes. Blocking: it is called on a thread for that.

use crate::ServiceError;
use csv::{ByteRecord, ReaderBuilder};
use domain::pipeline::data::{Channel, ChannelFile, Layout, Tally};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::path::Path;
use std::rc::Rc;

/// So many records are looked at for a preview.
const FIRST: usize = 200;
/// A record that is longer is no row: a quote was opened and never closed, as a rule.
const LONGEST: u64 = 4 << 20;
/// So many columns are shown and answered for, one by one.
const COLUMNS: usize = 4_096;
/// How often it is told how far the reading is.
const TOLD: u64 = 1 << 20;
/// What may stand between two cells.
const DELIMITERS: [u8; 3] = *b",;\t";

/// Why a table can't be read.
pub(super) enum Unfit {
    /// What it holds.
    Table(String),
    /// It is no table, and what would make it one.
    Format(&'static str, &'static str),
    /// The disk.
    Io(io::Error),
    /// Somebody does not want it any more.
    Cancelled,
}

impl Unfit {
    pub(super) fn refused(self) -> ServiceError {
        match self {
            Self::Table(message) => super::refused(message, "look at the file, and choose it again"),
            Self::Format(message, hint) => super::refused(message, hint),
            Self::Io(error) => error.into(),
            Self::Cancelled => super::refused("the reading was stopped", "read the table again"),
        }
    }
}

impl From<csv::Error> for Unfit {
    fn from(error: csv::Error) -> Self {
        let text = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => Self::Table(error.to_string()),
            csv::ErrorKind::Io(error) => Self::Io(error),
            _ => Self::Table(text),
        }
    }
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Counts what is read, and ends a record that has no end.
struct Counted<R> {
    inner: R,
    counts: Rc<Counts>,
}

#[derive(Default)]
struct Counts {
    read: Cell<u64>,
    /// How much was read when the last record ended.
    record: Cell<u64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let counts = &self.counts;
        if counts.read.get() - counts.record.get() > LONGEST {
            let message = format!("a row is over {LONGEST} bytes: look for a quotation mark without its second");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let bytes = self.inner.read(buffer)?;
        counts.read.set(counts.read.get() + bytes as u64);
        Ok(bytes)
    }
}

/// The records of a table, one at a time.
struct Records {
    reader: csv::Reader<Counted<File>>,
    counts: Rc<Counts>,
    record: ByteRecord,
}

impl Records {
    fn open(path: &Path) -> io::Result<Self> {
        let delimiter = delimiter(&mut BufReader::new(File::open(path)?))?;
        let counts = Rc::new(Counts::default());
        let counted = Counted { inner: File::open(path)?, counts: counts.clone() };
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter);
        Ok(Self { reader: builder.from_reader(counted), counts, record: ByteRecord::new() })
    }

    /// The next record and the line on which it begins.
    fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, Unfit> {
        let there = self.reader.read_byte_record(&mut self.record)?;
        self.counts.record.set(self.counts.read.get());
        let line = self.record.position().map_or(0, csv::Position::line);
        Ok(there.then_some((line, &self.record)))
    }
}

/// The delimiter that the first line has most of.
fn delimiter(reader: &mut impl io::BufRead) -> io::Result<u8> {
    let mut line = Vec::new();
    reader.take(1 << 16).read_until(b'\n', &mut line)?;
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    // The last of those that are equal: in doubt it is the comma.
    Ok(DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b','))
}

/// How files begin that are often taken for tables, what they are, and what to do about it.
const NO_TABLES: [(&[u8], &str, &str); 6] = [
    (b"PK\x03\x04", "it is an Excel workbook or a ZIP archive", "save the sheet as CSV, or unpack the archive first"),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook", "save the sheet as CSV"),
    (b"\x1f\x8b", "it is packed with gzip", "unpack it first"),
    (b"PAR1", "it is a Parquet file", "write it as CSV"),
    (b"\xff\xfe", "it is in UTF-16", "save it as CSV in UTF-8"),
    (b"\xfe\xff", "it is in UTF-16", "save it as CSV in UTF-8"),
];

/// Refuses what is no text with a row.
fn check_format(file: &mut File) -> Result<(), Unfit> {
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start)?;
    if start.is_empty() {
        return Err(Unfit::Format("no file was chosen, or it is empty", "choose a CSV file with rows"));
    }
    match NO_TABLES.iter().find(|(mark, ..)| start.starts_with(mark)) {
        Some((_, message, hint)) => Err(Unfit::Format(message, hint)),
        None => Ok(()),
    }
}

/// The first records, as texts.
pub(super) fn first_records(path: &Path) -> Result<Vec<Vec<String>>, Unfit> {
    check_format(&mut File::open(path)?)?;
    let mut records = Records::open(path)?;
    let mut first = Vec::new();
    while first.len() < FIRST {
        let Some((line, record)) = records.next()? else { break };
        if record.len() > COLUMNS {
            return Err(Unfit::Table(format!("line {line} has {} columns; at most {COLUMNS} are taken", record.len())));
        }
        first.push(record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
    }
    Ok(first)
}

/// A channel's file while it is written.
struct Output {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Output {
    fn create(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: BufWriter::new(options.open(path)?), digest: Sha256::new(), bytes: 0 })
    }

    fn write(&mut self, row: &str) -> io::Result<()> {
        self.digest.update(row.as_bytes());
        self.bytes += row.len() as u64;
        self.file.write_all(row.as_bytes())
    }

    fn finish(mut self) -> io::Result<ChannelFile> {
        self.file.flush()?;
        Ok(ChannelFile { bytes: self.bytes, sha256: hex(&self.digest.finalize()) })
    }
}

/// Reads the whole table at `path` and writes the file of each channel where `outputs` says. `tell` is told from time to
/// time how many bytes are read and what came of them, and answers whether to go on.
pub(super) fn convert(
    path: &Path,
    layout: &Layout,
    outputs: impl Fn(Channel) -> std::path::PathBuf,
    mut tell: impl FnMut(u64, &Tally) -> bool,
) -> Result<(Tally, BTreeMap<Channel, ChannelFile>), Unfit> {
    let mut records = Records::open(path)?;
    let mut train = Output::create(&outputs(Channel::Train))?;
    let mut validation = Output::create(&outputs(Channel::Validation))?;
    let (mut tally, mut row, mut number, mut told) = (Tally::default(), String::new(), 0, 0);
    if layout.header {
        records.next()?;
    }
    while let Some((line, record)) = records.next()? {
        let cells: Vec<Cow<'_, str>> = record.iter().map(String::from_utf8_lossy).collect();
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        row.clear();
        match layout.convert(number, &cells, &mut row) {
            Ok(channel) => {
                tally.count(channel, &row);
                match channel {
                    Channel::Train => train.write(&row)?,
                    Channel::Validation => validation.write(&row)?,
                }
            }
            Err(fault) => tally.refuse(line, fault),
        }
        number += 1;
        let read = records.counts.read.get();
        if read - told >= TOLD {
            told = read;
            if !tell(read, &tally) {
                return Err(Unfit::Cancelled);
            }
        }
    }
    let files = BTreeMap::from([(Channel::Train, train.finish()?), (Channel::Validation, validation.finish()?)]);
    // The last word is told too: what was stopped at its end is stopped.
    if tell(records.counts.read.get(), &tally) { Ok((tally, files)) } else { Err(Unfit::Cancelled) }
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub(in crate::pipeline) fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

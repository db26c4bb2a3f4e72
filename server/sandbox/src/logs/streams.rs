//! Streams and their events: a folder a group, in it a file a stream.
//!
//! A file's first line says which stream it is, each further line is an event. Lines are added and never changed; one
//! that a kill cut off is taken away when the file is read again.

use crate::ids;
use crate::persist;
use crate::state::State;
use domain::time::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a stream's file may have; then the older half of its events is forgotten.
const FILE_LIMIT: u64 = 32 << 20;

/// What is known of a stream without reading its events.
#[derive(Debug, Clone)]
pub struct Stream {
    file: PathBuf,
    size: u64,
    /// When it was made.
    pub created: Timestamp,
    /// The time of its earliest event.
    pub first: Option<Timestamp>,
    /// The time of its latest event.
    pub last: Option<Timestamp>,
    /// When events last came.
    pub ingested: Option<Timestamp>,
    /// Bytes of its events, as they are counted.
    pub bytes: u64,
}

/// What each event counts beside its message.
pub const EVENT_OVERHEAD: usize = 26;

#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    created: Timestamp,
}

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// Its own time.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// When it came.
    #[serde(rename = "i")]
    pub ingested: Timestamp,
    /// What it says.
    #[serde(rename = "m")]
    pub message: String,
}

type Known = BTreeMap<String, Stream>;

/// The streams of all groups, which are named by their IDs here.
pub struct Streams {
    dir: PathBuf,
    // Read from the disk when a group is first looked at.
    groups: Mutex<HashMap<String, Known>>,
}

impl Streams {
    /// The streams below a sandbox's folder. Those of no group of `state` are removed.
    pub fn open(dir: &Path, state: &State) -> io::Result<Self> {
        let dir = dir.join("logs");
        fs::create_dir_all(&dir)?;
        let groups = state.accounts.values().flat_map(|account| account.logs.values()).flat_map(|logs| &logs.groups);
        let known: BTreeSet<&str> = groups.map(|(_, group)| group.id.as_str()).collect();
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            if !known.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self { dir, groups: Mutex::default() })
    }

    fn with<T>(&self, group: &str, work: impl FnOnce(&mut Known) -> io::Result<T>) -> io::Result<T> {
        let mut groups = self.groups.lock();
        let known = match groups.entry(group.to_owned()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(load(&self.dir.join(group))?),
        };
        work(known)
    }

    /// Makes a stream; false if there is one of this name.
    pub fn create(&self, group: &str, name: &str, now: Timestamp) -> io::Result<bool> {
        self.with(group, |known| {
            if known.contains_key(name) {
                return Ok(false);
            }
            let dir = self.dir.join(group);
            fs::create_dir_all(&dir)?;
            let file = dir.join(ids::request());
            let mut head = serde_json::to_vec(&Head { name: name.to_owned(), created: now })?;
            head.push(b'\n');
            persist::replace(&file, &head)?;
            let size = head.len() as u64;
            let stream = Stream { file, size, created: now, first: None, last: None, ingested: None, bytes: 0 };
            known.insert(name.to_owned(), stream);
            Ok(true)
        })
    }

    /// Removes a stream; false if there is none.
    pub fn remove(&self, group: &str, name: &str) -> io::Result<bool> {
        self.with(group, |known| {
            let Some(stream) = known.get(name) else { return Ok(false) };
            fs::remove_file(&stream.file)?;
            known.remove(name);
            Ok(true)
        })
    }

    /// Forgets a group that is gone.
    pub fn remove_group(&self, group: &str) {
        self.groups.lock().remove(group);
        let path = self.dir.join(group);
        if let Err(error) = fs::remove_dir_all(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a log group's files can't be removed");
        }
    }

    /// All streams of a group.
    pub fn list(&self, group: &str) -> io::Result<Vec<(String, Stream)>> {
        self.with(group, |known| Ok(known.iter().map(|(name, stream)| (name.clone(), stream.clone())).collect()))
    }

    /// Adds events to a stream; false if there is none of this name.
    pub fn append(&self, group: &str, name: &str, lines: &[Line]) -> io::Result<bool> {
        self.with(group, |known| {
            let Some(stream) = known.get_mut(name) else { return Ok(false) };
            let mut bytes = Vec::new();
            for line in lines {
                serde_json::to_writer(&mut bytes, line)?;
                bytes.push(b'\n');
            }
            let mut file = OpenOptions::new().append(true).open(&stream.file)?;
            file.write_all(&bytes)?;
            file.sync_data()?;
            stream.size += bytes.len() as u64;
            lines.iter().for_each(|line| stream.count(line));
            if stream.size > FILE_LIMIT {
                halve(name, stream)?;
            }
            Ok(true)
        })
    }

    /// The events of a stream in the order of their time; `None` if there is none of this name.
    pub fn events(&self, group: &str, name: &str) -> io::Result<Option<Vec<Line>>> {
        self.with(group, |known| {
            let Some(stream) = known.get(name) else { return Ok(None) };
            let mut lines = read(&stream.file)?.map(|(_, lines)| lines).unwrap_or_default();
            lines.sort_by_key(|line| line.at);
            Ok(Some(lines))
        })
    }
}

impl Stream {
    fn count(&mut self, line: &Line) {
        self.first = Some(self.first.map_or(line.at, |first| first.min(line.at)));
        self.last = Some(self.last.map_or(line.at, |last| last.max(line.at)));
        self.ingested = Some(self.ingested.map_or(line.ingested, |known| known.max(line.ingested)));
        self.bytes += (line.message.len() + EVENT_OVERHEAD) as u64;
    }
}

/// The head and the events of a file; `None` if it has not even a head.
fn read(path: &Path) -> io::Result<Option<(Head, Vec<Line>)>> {
    let bytes = fs::read(path)?;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Some(head) = lines.next().and_then(|line| serde_json::from_slice(line).ok()) else { return Ok(None) };
    Ok(Some((head, lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())))
}

fn load(dir: &Path) -> io::Result<Known> {
    let mut known = Known::new();
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(known),
        entries => entries?,
    };
    for entry in entries {
        let file = entry?.path();
        let Some((head, lines)) = read(&file)? else {
            fs::remove_file(&file)?;
            continue;
        };
        cut(&file)?;
        let size = fs::metadata(&file)?.len();
        let mut stream =
            Stream { file, size, created: head.created, first: None, last: None, ingested: None, bytes: 0 };
        lines.iter().for_each(|line| stream.count(line));
        known.insert(head.name, stream);
    }
    Ok(known)
}

/// Takes away a line that was not finished.
fn cut(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}

/// Forgets the older half of a stream's events.
fn halve(name: &str, stream: &mut Stream) -> io::Result<()> {
    let Some((_, mut lines)) = read(&stream.file)? else { return Ok(()) };
    lines.drain(..lines.len() / 2);
    let mut bytes = serde_json::to_vec(&Head { name: name.to_owned(), created: stream.created })?;
    bytes.push(b'\n');
    (stream.first, stream.last, stream.bytes) = (None, None, 0);
    for line in &lines {
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
        stream.count(line);
    }
    persist::replace(&stream.file, &bytes)?;
    stream.size = bytes.len() as u64;
    Ok(())
}

//! What is in the buckets: a folder a bucket, in it two files a version of an object, one with its bytes and one that
//! describes it; a delete marker has the latter only.
//!
//! The bytes get a name of their own. A version is there, replaced or gone with its description, which is put in
//! place by a rename: a kill at any moment leaves the old one or the new one. Bytes without a description are
//! removed at the next start. The descriptions are kept in memory, too, for lists.

use super::model::{Bucket, Encryption};
use super::multipart::Uploads;
use crate::clock;
use crate::ids::{self, hex};
use crate::persist;
use bytes::Bytes;
use domain::time::Timestamp;
use futures::{Stream, StreamExt as _};
use md5::{Digest as _, Md5};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

/// The largest object that one request may put: 5 GiB.
pub const LARGEST_PUT: u64 = 5 * 1024 * 1024 * 1024;

/// A version of an object, or a delete marker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// The version's ID; none is the version `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it says that the object was deleted.
    #[serde(default)]
    pub marker: bool,
    /// Its place in time: the highest of a key is the latest.
    #[serde(default)]
    pub order: u64,
    /// The file that has its bytes; none of a delete marker.
    pub file: String,
    /// How many.
    pub size: u64,
    /// Their entity tag, without quotes.
    pub etag: String,
    /// When it was put.
    pub modified: Timestamp,
    /// How it is encrypted.
    #[serde(default = "by_s3")]
    pub encryption: Encryption,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What its sender said of it.
    #[serde(flatten)]
    pub said: Said,
}

fn by_s3() -> Encryption {
    Encryption::S3
}

impl Object {
    /// An object of these bytes that nothing is said of.
    pub fn new(key: &str, (file, size, etag): (String, u64, String)) -> Self {
        Self {
            key: key.to_owned(),
            version: None,
            marker: false,
            order: 0,
            file,
            size,
            etag,
            modified: clock::now(),
            encryption: Encryption::S3,
            tags: BTreeMap::new(),
            said: Said::default(),
        }
    }
    /// A delete marker.
    pub fn marker(key: &str) -> Self {
        Self { marker: true, ..Self::new(key, (String::new(), 0, String::new())) }
    }
    /// The version as the wire has it.
    pub fn version_id(&self) -> &str {
        self.version.as_deref().unwrap_or(NULL)
    }
}

/// The version of what was put while its bucket gave none.
pub const NULL: &str = "null";

/// A version's ID.
pub fn new_version() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(ids::random::<24>()).replace('-', ".")
}

/// What a sender says of an object, given back with it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Said {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_disposition: Option<String>,
    pub content_language: Option<String>,
    pub cache_control: Option<String>,
    /// `x-amz-meta-…`.
    pub metadata: BTreeMap<String, String>,
}

/// Bytes that were written and belong to no object yet.
#[derive(Debug, Clone)]
pub struct Written {
    /// Their file.
    pub file: String,
    /// How many.
    pub size: u64,
    /// Their MD5, which is their entity tag.
    pub md5: [u8; 16],
}

type Described = BTreeMap<String, Arc<Object>>;
/// All versions, the latest of a key first.
pub type Versions = BTreeMap<String, Vec<Arc<Object>>>;

/// What is in a bucket.
#[derive(Default)]
struct Contents {
    /// What is there: the latest version of each key, unless it is a delete marker.
    current: Described,
    versions: Versions,
}

impl Contents {
    /// Adds a version, in place of the one of the same ID, which is given back.
    fn add(&mut self, object: &Arc<Object>) -> Option<Arc<Object>> {
        let versions = self.versions.entry(object.key.clone()).or_default();
        let replaced = versions.iter().position(|known| known.version == object.version).map(|at| versions.remove(at));
        let at = versions.partition_point(|known| known.order > object.order);
        versions.insert(at, Arc::clone(object));
        self.settle(&object.key);
        replaced
    }
    fn find(&self, key: &str, version: Option<&str>) -> Option<&Arc<Object>> {
        self.versions.get(key)?.iter().find(|known| known.version.as_deref() == version)
    }
    fn remove(&mut self, key: &str, version: Option<&str>) {
        if let Some(versions) = self.versions.get_mut(key) {
            versions.retain(|known| known.version.as_deref() != version);
            if versions.is_empty() {
                self.versions.remove(key);
            }
        }
        self.settle(key);
    }
    fn settle(&mut self, key: &str) {
        match self.versions.get(key).and_then(|versions| versions.first()).filter(|latest| !latest.marker) {
            Some(latest) => self.current.insert(key.to_owned(), Arc::clone(latest)),
            None => self.current.remove(key),
        };
    }
}

/// The objects of all buckets. Buckets are named by their IDs here.
pub struct Objects {
    /// Uploads in parts that are under way.
    pub uploads: Uploads,
    dir: PathBuf,
    index: RwLock<BTreeMap<String, Contents>>,
    // One description at a time: two of one version would be written under one name. Holds the last place in time.
    describing: Mutex<u64>,
}

impl Objects {
    /// The objects below a sandbox's folder. What belongs to none of these buckets is removed.
    pub fn open<'a>(dir: &Path, buckets: impl Iterator<Item = &'a Bucket>) -> io::Result<Self> {
        let dir = dir.join("s3");
        fs::create_dir_all(&dir)?;
        let known: BTreeSet<&str> = buckets.map(|bucket| bucket.id.as_str()).collect();
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            if !known.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let mut index = BTreeMap::new();
        for id in known {
            index.insert(id.to_owned(), read_bucket(&dir.join(id))?);
        }
        let all = index.values().flat_map(|contents: &Contents| contents.versions.values().flatten());
        let last = all.map(|object| object.order).max().unwrap_or_default();
        Ok(Self { uploads: Uploads::default(), dir, index: RwLock::new(index), describing: Mutex::new(last) })
    }

    fn path(&self, bucket: &str, file: &str) -> PathBuf {
        self.dir.join(bucket).join(file)
    }

    /// Makes the folder of a new bucket.
    pub fn add_bucket(&self, bucket: &str) -> io::Result<()> {
        fs::create_dir_all(self.dir.join(bucket))?;
        self.index.write().entry(bucket.to_owned()).or_default();
        Ok(())
    }

    /// Forgets a bucket, if nothing is in it; says whether it did.
    pub fn remove_bucket(&self, bucket: &str) -> io::Result<bool> {
        {
            let mut index = self.index.write();
            if index.get(bucket).is_some_and(|contents| !contents.versions.is_empty()) {
                return Ok(false);
            }
            index.remove(bucket);
        }
        match fs::remove_dir_all(self.dir.join(bucket)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(true),
        }
    }

    /// Writes bytes as they come. What was written of a stream that breaks is removed.
    pub async fn write<S, E>(&self, bucket: &str, bytes: S) -> io::Result<Written>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let file = ids::request();
        let path = self.path(bucket, &file);
        let written = write_to(&path, bytes).await;
        match written {
            Ok((size, md5)) => Ok(Written { file, size, md5 }),
            Err(error) => {
                forget(path).await;
                Err(error)
            }
        }
    }

    /// Writes the bytes of several files one after the other. Gives the new file and how many bytes it has.
    pub async fn join(&self, bucket: &str, files: &[String]) -> io::Result<(String, u64)> {
        let joined = ids::request();
        let path = self.path(bucket, &joined);
        let copy = async {
            let mut to = tokio::fs::File::create(&path).await?;
            let mut size = 0;
            for file in files {
                size += tokio::io::copy(&mut self.open_file(bucket, file).await?, &mut to).await?;
            }
            to.flush().await?;
            to.sync_data().await?;
            Ok(size)
        };
        match copy.await {
            Ok(size) => Ok((joined, size)),
            Err(error) => {
                forget(path).await;
                Err(error)
            }
        }
    }

    /// Makes written bytes a version of an object, in place of the one of the same ID.
    pub async fn put(&self, bucket: &str, mut object: Object) -> io::Result<Arc<Object>> {
        let mut last = self.describing.lock().await;
        object.order = place_in_time(&mut last);
        let object = Arc::new(object);
        let old = self.describe(bucket, &object).await?;
        drop(last);
        if let Some(old) = old.filter(|old| !old.marker) {
            forget(self.path(bucket, &old.file)).await;
        }
        Ok(object)
    }

    /// Puts a description in place, and the version into the index; gives the one that was there.
    async fn describe(&self, bucket: &str, object: &Arc<Object>) -> io::Result<Option<Arc<Object>>> {
        let path = self.path(bucket, &description(&object.key, object.version.as_deref()));
        let json = serde_json::to_vec(&**object)?;
        tokio::task::spawn_blocking(move || persist::replace(&path, &json)).await.map_err(io::Error::other)??;
        match self.index.write().get_mut(bucket) {
            Some(contents) => Ok(contents.add(object)),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "the bucket was deleted meanwhile")),
        }
    }

    /// Changes what is said of a version, if it is there.
    pub async fn change(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        change: impl FnOnce(&mut Object) + Send,
    ) -> io::Result<()> {
        let describing = self.describing.lock().await;
        let known = self.version(bucket, key, version);
        if let Some(known) = known {
            let mut object = Object::clone(&known);
            change(&mut object);
            self.describe(bucket, &Arc::new(object)).await?;
        }
        drop(describing);
        Ok(())
    }

    /// The object of a key.
    pub fn get(&self, bucket: &str, key: &str) -> Option<Arc<Object>> {
        self.index.read().get(bucket)?.current.get(key).cloned()
    }

    /// A version of a key, also a delete marker.
    pub fn version(&self, bucket: &str, key: &str, version: Option<&str>) -> Option<Arc<Object>> {
        self.index.read().get(bucket)?.find(key, version).cloned()
    }

    /// The latest version of a key, also a delete marker.
    pub fn latest(&self, bucket: &str, key: &str) -> Option<Arc<Object>> {
        self.index.read().get(bucket)?.versions.get(key)?.first().cloned()
    }

    /// Opens the bytes of an object, or of what was written.
    pub async fn open_file(&self, bucket: &str, file: &str) -> io::Result<tokio::fs::File> {
        tokio::fs::File::open(self.path(bucket, file)).await
    }

    /// Removes a version for good, if it is there, and gives it.
    pub async fn delete(&self, bucket: &str, key: &str, version: Option<&str>) -> io::Result<Option<Arc<Object>>> {
        let describing = self.describing.lock().await;
        let Some(object) = self.version(bucket, key, version) else { return Ok(None) };
        tokio::fs::remove_file(self.path(bucket, &description(key, version))).await?;
        if let Some(contents) = self.index.write().get_mut(bucket) {
            contents.remove(key, version);
        }
        if !object.marker {
            forget(self.path(bucket, &object.file)).await;
        }
        drop(describing);
        Ok(Some(object))
    }

    /// Removes bytes that belong to no object.
    pub async fn discard(&self, bucket: &str, file: &str) {
        forget(self.path(bucket, file)).await;
    }

    /// Reads the descriptions of a bucket, by key.
    pub fn read<T>(&self, bucket: &str, read: impl FnOnce(&Described) -> T) -> T {
        match self.index.read().get(bucket) {
            Some(contents) => read(&contents.current),
            None => read(&Described::new()),
        }
    }

    /// Reads all versions of a bucket.
    pub fn read_versions<T>(&self, bucket: &str, read: impl FnOnce(&Versions) -> T) -> T {
        match self.index.read().get(bucket) {
            Some(contents) => read(&contents.versions),
            None => read(&Versions::new()),
        }
    }
}

/// A place in time after the last one: the clock's where it has moved on.
fn place_in_time(last: &mut u64) -> u64 {
    let now = u64::try_from(clock::now().0).unwrap_or_default() << 16;
    *last = now.max(*last + 1);
    *last
}

/// The name of a version's description. Keys may have any character and 1,024 bytes; file names may not.
fn description(key: &str, version: Option<&str>) -> String {
    let key = hex(&Sha256::digest(key.as_bytes()));
    match version {
        Some(version) => format!("{key}.{version}.json"),
        None => format!("{key}.json"),
    }
}

async fn write_to<S, E>(path: &Path, bytes: S) -> io::Result<(u64, [u8; 16])>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut file = tokio::fs::File::create(path).await?;
    let (mut size, mut md5) = (0, Md5::new());
    let mut bytes = std::pin::pin!(bytes);
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(io::Error::other)?;
        size += chunk.len() as u64;
        if size > LARGEST_PUT {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than one request may put"));
        }
        md5.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    file.sync_data().await?;
    Ok((size, md5.finalize().into()))
}

async fn forget(path: PathBuf) {
    if let Err(error) = tokio::fs::remove_file(&path).await {
        tracing::warn!(%error, path = %path.display(), "a file of S3's objects can't be removed");
    }
}

fn read_bucket(dir: &Path) -> io::Result<Contents> {
    fs::create_dir_all(dir)?;
    let mut contents = Contents::default();
    let mut others = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let object: Object = serde_json::from_slice(&fs::read(&path)?)?;
            contents.add(&Arc::new(object));
        } else {
            others.push(path);
        }
    }
    let all = contents.versions.values().flatten();
    let used: BTreeSet<PathBuf> = all.map(|object| dir.join(&object.file)).collect();
    for path in others.into_iter().filter(|path| !used.contains(path)) {
        fs::remove_file(path)?;
    }
    Ok(contents)
}

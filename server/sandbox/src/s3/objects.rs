//! What is in the buckets: a folder a bucket, in it two files an object, one with its bytes and one that describes it.
//!
//! The bytes get a name of their own. An object is there, replaced or gone with its description, which is put in
//! place by a rename: a kill at any moment leaves the old object or the new one. Bytes without a description are
//! removed at the next start. The descriptions are kept in memory, too, for lists.

use super::model::Bucket;
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

/// An object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// The file that has its bytes.
    pub file: String,
    /// How many.
    pub size: u64,
    /// Their entity tag, without quotes.
    pub etag: String,
    /// When it was put.
    pub modified: Timestamp,
    /// What its sender said of it.
    #[serde(flatten)]
    pub said: Said,
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

/// The objects of all buckets. Buckets are named by their IDs here.
pub struct Objects {
    dir: PathBuf,
    index: RwLock<BTreeMap<String, Described>>,
    // One description at a time: two of one object would be written under one name.
    describing: Mutex<()>,
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
        Ok(Self { dir, index: RwLock::new(index), describing: Mutex::new(()) })
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
            if index.get(bucket).is_some_and(|objects| !objects.is_empty()) {
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

    /// Makes written bytes an object, in place of the one that its key named.
    pub async fn put(&self, bucket: &str, object: Object) -> io::Result<Arc<Object>> {
        let object = Arc::new(object);
        let path = self.path(bucket, &description(&object.key));
        let json = serde_json::to_vec(&*object)?;
        let describing = self.describing.lock().await;
        tokio::task::spawn_blocking(move || persist::replace(&path, &json)).await.map_err(io::Error::other)??;
        let old = match self.index.write().get_mut(bucket) {
            Some(objects) => objects.insert(object.key.clone(), Arc::clone(&object)),
            None => return Err(io::Error::new(io::ErrorKind::NotFound, "the bucket was deleted meanwhile")),
        };
        drop(describing);
        if let Some(old) = old {
            forget(self.path(bucket, &old.file)).await;
        }
        Ok(object)
    }

    /// The object of a key.
    pub fn get(&self, bucket: &str, key: &str) -> Option<Arc<Object>> {
        self.index.read().get(bucket)?.get(key).cloned()
    }

    /// Opens the bytes of an object, or of what was written.
    pub async fn open_file(&self, bucket: &str, file: &str) -> io::Result<tokio::fs::File> {
        tokio::fs::File::open(self.path(bucket, file)).await
    }

    /// Removes an object, if it is there.
    pub async fn delete(&self, bucket: &str, key: &str) -> io::Result<()> {
        let describing = self.describing.lock().await;
        let removed = self.index.write().get_mut(bucket).and_then(|objects| objects.remove(key));
        if let Some(object) = removed {
            tokio::fs::remove_file(self.path(bucket, &description(key))).await?;
            forget(self.path(bucket, &object.file)).await;
        }
        drop(describing);
        Ok(())
    }

    /// Removes bytes that belong to no object.
    pub async fn discard(&self, bucket: &str, file: &str) {
        forget(self.path(bucket, file)).await;
    }

    /// Reads the descriptions of a bucket, by key.
    pub fn read<T>(&self, bucket: &str, read: impl FnOnce(&Described) -> T) -> T {
        match self.index.read().get(bucket) {
            Some(objects) => read(objects),
            None => read(&Described::new()),
        }
    }
}

/// The name of an object's description. Keys may have any character and 1,024 bytes; file names may not.
fn description(key: &str) -> String {
    format!("{}.json", hex(&Sha256::digest(key.as_bytes())))
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

fn read_bucket(dir: &Path) -> io::Result<Described> {
    fs::create_dir_all(dir)?;
    let mut objects = Described::new();
    let mut others = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let object: Object = serde_json::from_slice(&fs::read(&path)?)?;
            objects.insert(object.key.clone(), Arc::new(object));
        } else {
            others.push(path);
        }
    }
    let used: BTreeSet<PathBuf> = objects.values().map(|object| dir.join(&object.file)).collect();
    for path in others.into_iter().filter(|path| !used.contains(path)) {
        fs::remove_file(path)?;
    }
    Ok(objects)
}

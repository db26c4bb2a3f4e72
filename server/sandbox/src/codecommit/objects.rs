//! What was committed: a folder a repository, in it a file an object, laid out and packed as Git's loose objects.
//!
//! An object never changes, so it is written once and before anything names it; one that nothing names harms nobody.

use super::git::{self, Commit, Entry, File, Files, Kind, Object};
use crate::state::State;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The objects of all repositories, which are named by their IDs here.
pub struct Objects {
    dir: PathBuf,
}

impl Objects {
    /// The objects below a sandbox's folder. Those of no repository of `state` are removed.
    pub fn open(dir: &Path, state: &State) -> io::Result<Self> {
        let dir = dir.join("codecommit");
        fs::create_dir_all(&dir)?;
        let repositories = state.accounts.values().flat_map(|account| account.repositories.values()).flatten();
        let known: BTreeSet<&str> = repositories.map(|(_, repository)| repository.id.as_str()).collect();
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            if !known.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self { dir })
    }

    /// IDs are of hexadecimal digits only: what else is asked for is nowhere.
    fn path(&self, repository: &str, id: &str) -> Option<PathBuf> {
        let fits = id.len() == 40 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        fits.then(|| self.dir.join(repository).join("objects").join(&id[..2]).join(&id[2..]))
    }

    /// Keeps an object.
    pub fn write(&self, repository: &str, object: &Object) -> io::Result<()> {
        let Some(path) = self.path(repository, &object.id) else { return Ok(()) };
        let Some(folder) = path.parent().filter(|_| !path.is_file()) else { return Ok(()) };
        fs::create_dir_all(folder)?;
        // Under a name of its own until it is whole: the same object may be written twice at a time.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let mut packed = ZlibEncoder::new(&mut file, Compression::default());
        packed.write_all(&object.framed)?;
        packed.finish()?;
        file.as_file().sync_data()?;
        file.persist(&path).map_err(|e| e.error)?;
        fs::File::open(folder)?.sync_all()
    }

    /// The content of an object, if there is one of this kind.
    pub fn read(&self, repository: &str, kind: Kind, id: &str) -> Option<Vec<u8>> {
        let file = fs::File::open(self.path(repository, id)?).ok()?;
        let mut framed = Vec::new();
        ZlibDecoder::new(file).read_to_end(&mut framed).ok()?;
        let (found, content) = git::unframe(&framed)?;
        (found == kind).then(|| content.to_vec())
    }

    /// A commit.
    pub fn commit(&self, repository: &str, id: &str) -> Option<Commit> {
        git::parse_commit(id, &self.read(repository, Kind::Commit, id)?)
    }

    /// The entries of a tree.
    pub fn entries(&self, repository: &str, tree: &str) -> Option<Vec<(String, Entry)>> {
        git::entries(&self.read(repository, Kind::Tree, tree)?)
    }

    /// All files of a tree.
    pub fn files(&self, repository: &str, tree: &str) -> Option<Files> {
        let mut files = Files::new();
        self.collect(repository, tree, "", &mut files)?;
        Some(files)
    }

    fn collect(&self, repository: &str, tree: &str, below: &str, files: &mut Files) -> Option<()> {
        for (name, entry) in self.entries(repository, tree)? {
            match entry {
                Entry::File(file) => {
                    files.insert(format!("{below}{name}"), file);
                }
                Entry::Folder(tree) => self.collect(repository, &tree, &format!("{below}{name}/"), files)?,
            }
        }
        Some(())
    }

    /// What is at a path of a tree. The path of the tree itself is empty.
    pub fn at(&self, repository: &str, tree: &str, path: &str) -> Option<Entry> {
        let mut found = Entry::Folder(tree.to_owned());
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Entry::Folder(tree) = found else { return None };
            found = self.entries(repository, &tree)?.into_iter().find(|(known, _)| known == name)?.1;
        }
        Some(found)
    }

    /// The file at a path of a tree.
    pub fn file(&self, repository: &str, tree: &str, path: &str) -> Option<File> {
        match self.at(repository, tree, path)? {
            Entry::File(file) => Some(file),
            Entry::Folder(_) => None,
        }
    }

    /// Removes the objects of a repository that is gone.
    pub fn remove(&self, repository: &str) {
        let path = self.dir.join(repository);
        if let Err(error) = fs::remove_dir_all(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a repository's files can't be removed");
        }
    }
}

//! Deployment packages: zip files, checked before they are kept, unpacked for each invocation.
//!
//! Limits: Lambda developer guide, "Lambda quotas".

use super::input::invalid;
use super::model::Package;
use crate::error::Failure;
use crate::ids::hex;
use crate::persist;
use crate::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// What a package may have once unpacked.
const UNPACKED: u64 = 262_144_000;
/// How many files a package may have. Lambda has no such limit; a zip bomb of empty files has no other.
const ENTRIES: usize = 20_000;

/// The folder of packages.
pub struct Packages {
    dir: PathBuf,
}

impl Packages {
    /// The packages below a sandbox's folder; those that no function has are removed.
    pub fn open(dir: &Path, state: &State) -> io::Result<Self> {
        let packages = Self { dir: dir.join("functions") };
        fs::create_dir_all(&packages.dir)?;
        packages.forget_unused(state)?;
        Ok(packages)
    }
    fn path(&self, file: &str) -> PathBuf {
        self.dir.join(format!("{file}.zip"))
    }
    /// Keeps a package that was checked. Only while the state is held: [`Packages::forget_unused`] would take it away.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<Package> {
        let hash = Sha256::digest(bytes);
        let package = Package { file: hex(&hash), sha256: STANDARD.encode(hash), size: bytes.len() as u64 };
        let path = self.path(&package.file);
        if !path.is_file() {
            persist::replace(&path, bytes)?;
        }
        Ok(package)
    }
    /// Removes the packages that no function of `state` has.
    pub fn forget_unused(&self, state: &State) -> io::Result<()> {
        let functions = state.accounts.values().flat_map(|account| account.functions.values()).flatten();
        let used: BTreeSet<PathBuf> = functions.map(|(_, function)| self.path(&function.package.file)).collect();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if !used.contains(&path) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
    /// Unpacks a package into an empty folder.
    pub fn unpack(&self, package: &Package, into: &Path) -> io::Result<()> {
        let file = File::open(self.path(&package.file))?;
        walk(file, |path, content| write(&into.join(path), content)).map_err(io::Error::other)
    }
}

/// Why a zip file is not taken.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("it is no zip file, is damaged, or holds what is no file inside its own folder")]
    Shape,
    #[error("it is too large")]
    Size,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Checks a package: a zip file that stays inside its folder and within the limits, whatever its headers say.
pub fn check(bytes: &[u8]) -> Result<(), Failure> {
    let sink = |_: &Path, content: Option<&mut dyn Read>| match content {
        Some(content) => io::copy(content, &mut io::sink()).map(drop),
        None => Ok(()),
    };
    walk(Cursor::new(bytes), sink).map_err(|unfit| match unfit {
        Unfit::Size => invalid(format!("Unzipped size must be smaller than {UNPACKED} bytes")),
        Unfit::Shape | Unfit::Io(_) => {
            invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
        }
    })
}

/// Gives every folder and file of an archive to `each`: the path, and the content of a file.
fn walk<R: Read + Seek>(
    archive: R,
    mut each: impl FnMut(&Path, Option<&mut dyn Read>) -> io::Result<()>,
) -> Result<(), Unfit> {
    let mut archive = ZipArchive::new(archive).map_err(|_| Unfit::Shape)?;
    if archive.len() > ENTRIES {
        return Err(Unfit::Size);
    }
    let mut left = UNPACKED;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|_| Unfit::Shape)?;
        let path = entry.enclosed_name().filter(|_| !entry.is_symlink()).ok_or(Unfit::Shape)?;
        if entry.is_dir() {
            each(&path, None)?;
            continue;
        }
        // Headers may lie about the size: what is read counts.
        let mut bounded = (&mut entry).take(left + 1);
        each(&path, Some(&mut bounded))?;
        left = bounded.limit().checked_sub(1).ok_or(Unfit::Size)?;
    }
    Ok(())
}

fn write(path: &Path, content: Option<&mut dyn Read>) -> io::Result<()> {
    let Some(content) = content else { return fs::create_dir_all(path) };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    io::copy(content, &mut file)?;
    file.flush()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_are_unpacked_where_the_archive_says() {
        let dir = tempfile::TempDir::new().unwrap();
        let packages = Packages::open(dir.path(), &State::empty()).unwrap();
        let package = packages.keep(&zipped(&[("a.py", b"x = 1"), ("lib/b.py", b"y = 2")])).unwrap();
        let into = dir.path().join("task");
        packages.unpack(&package, &into).unwrap();
        assert_eq!(fs::read(into.join("lib/b.py")).unwrap(), b"y = 2");
        packages.forget_unused(&State::empty()).unwrap();
        assert!(packages.unpack(&package, &dir.path().join("again")).is_err());
    }

    #[test]
    fn what_would_leave_its_folder_is_refused() {
        for name in ["../a.py", "a/../../b.py", "/etc/passwd", "C:\\a.py"] {
            let archive = zipped(&[(name, b"")]);
            let dir = tempfile::TempDir::new().unwrap();
            let inside = dir.path().join("inside");
            let walked = walk(Cursor::new(&archive), |path, content| write(&inside.join(path), content));
            let outside = fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().path() != inside).count();
            assert_eq!(outside, 0, "{name}");
            // What can be read as a path inside the folder is put there.
            assert!(walked.is_err() || inside.is_dir(), "{name}");
        }
        assert!(check(&zipped(&[("../a.py", b"")])).is_err());
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        assert!(check(&writer.finish().unwrap().into_inner()).is_err());
    }

    #[test]
    fn a_bomb_is_refused_whatever_its_headers_say() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("zeros", SimpleFileOptions::default()).unwrap();
        let block = vec![0; 1 << 20];
        for _ in 0..=UNPACKED / block.len() as u64 {
            writer.write_all(&block).unwrap();
        }
        let mut bomb = writer.finish().unwrap().into_inner();
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        assert!(check(&bomb).unwrap_err().message.contains("Unzipped size"));
        // The central directory says that the file has one byte.
        let at = bomb.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap() + 24;
        bomb[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        assert!(check(&bomb).is_err());
    }

    #[test]
    fn what_is_no_zip_file_is_refused() {
        for bytes in [&b""[..], b"PK", b"def handler(): pass", &zipped(&[("a", b"abc")])[..20]] {
            assert!(check(bytes).unwrap_err().message.starts_with("Could not unzip uploaded file."));
        }
    }
}

//! Git's objects: their bytes, and the IDs that follow from them.
//!
//! Formats: Git's documentation, "Git Internals - Git Objects".

use crate::ids::hex;
use domain::time::Timestamp;
use sha1::{Digest as _, Sha1};
use std::collections::BTreeMap;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The content of a file.
    Blob,
    /// A folder.
    Tree,
    /// A commit.
    Commit,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
        }
    }
}

/// An object with its ID.
#[derive(Debug, Clone)]
pub struct Object {
    /// 40 hexadecimal digits.
    pub id: String,
    /// Kind, length and content, as Git hashes and keeps them.
    pub framed: Vec<u8>,
}

impl Object {
    /// An object of this content.
    pub fn new(kind: Kind, content: &[u8]) -> Self {
        let mut framed = format!("{} {}\0", kind.word(), content.len()).into_bytes();
        framed.extend_from_slice(content);
        Self { id: hex(&Sha1::digest(&framed)), framed }
    }
}

/// The kind and content of an object's bytes.
pub fn unframe(framed: &[u8]) -> Option<(Kind, &[u8])> {
    let end = framed.iter().position(|byte| *byte == 0)?;
    let head = std::str::from_utf8(&framed[..end]).ok()?;
    let kind = [Kind::Blob, Kind::Tree, Kind::Commit].into_iter().find(|kind| head.starts_with(kind.word()))?;
    Some((kind, &framed[end + 1..]))
}

/// How a file may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Read and written.
    Normal,
    /// Executed too.
    Executable,
    /// It is a link.
    Symlink,
}

impl Mode {
    /// As CodeCommit names it.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Normal, Self::Executable, Self::Symlink].into_iter().find(|mode| mode.name() == text)
    }
    /// CodeCommit's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Executable => "EXECUTABLE",
            Self::Symlink => "SYMLINK",
        }
    }
    /// Git's digits.
    pub fn digits(self) -> &'static str {
        match self {
            Self::Normal => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// How it may be used.
    pub mode: Mode,
    /// The ID of its content.
    pub blob: String,
}

/// All files of a tree and the trees in it, by path.
pub type Files = BTreeMap<String, File>;

/// The objects of these files' trees, the root's last.
pub fn trees(files: &Files) -> Vec<Object> {
    let mut made = Vec::new();
    let entries: Vec<(&str, &File)> = files.iter().map(|(path, file)| (path.as_str(), file)).collect();
    tree(&entries, &mut made);
    made
}

/// Paths in order are entries in Git's order: a folder counts as its name with a slash.
fn tree(entries: &[(&str, &File)], made: &mut Vec<Object>) {
    let mut content = Vec::new();
    let mut rest = entries;
    while let Some((path, file)) = rest.first() {
        let taken = match path.split_once('/') {
            None => {
                entry(&mut content, file.mode.digits(), path, &file.blob);
                1
            }
            Some((folder, _)) => {
                let inside = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
                let count = rest.iter().take_while(|(path, _)| inside(path)).count();
                let below: Vec<(&str, &File)> =
                    rest[..count].iter().map(|(path, file)| (&path[folder.len() + 1..], *file)).collect();
                tree(&below, made);
                if let Some(subtree) = made.last() {
                    entry(&mut content, FOLDER, folder, &subtree.id);
                }
                count
            }
        };
        rest = &rest[taken..];
    }
    made.push(Object::new(Kind::Tree, &content));
}

const FOLDER: &str = "40000";

fn entry(content: &mut Vec<u8>, mode: &str, name: &str, id: &str) {
    content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
    content.extend(id.as_bytes().chunks(2).filter_map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    }));
}

/// What an entry of a tree names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File(File),
    /// A folder: the ID of its tree.
    Folder(String),
}

/// The entries of a tree's content.
pub fn entries(mut content: &[u8]) -> Option<Vec<(String, Entry)>> {
    let mut found = Vec::new();
    while !content.is_empty() {
        let end = content.iter().position(|byte| *byte == 0)?;
        let (mode, name) = std::str::from_utf8(&content[..end]).ok()?.split_once(' ')?;
        let id = hex(content.get(end + 1..end + 21)?);
        let modes = [Mode::Normal, Mode::Executable, Mode::Symlink];
        let entry = match modes.into_iter().find(|known| known.digits() == mode) {
            Some(mode) => Entry::File(File { mode, blob: id }),
            None => Entry::Folder(id),
        };
        found.push((name.to_owned(), entry));
        content = &content[end + 21..];
    }
    Some(found)
}

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their address; may be empty.
    pub email: String,
    /// Whole seconds count.
    pub at: Timestamp,
}

impl Person {
    /// The date as CodeCommit shows it: seconds and a zone.
    pub fn date(&self) -> String {
        format!("{} +0000", self.at.0.div_euclid(1000))
    }
    fn line(&self) -> String {
        // What would end the name or the line is left out, as Git does.
        let clean = |text: &str| text.replace(['<', '>', '\n', '\0'], "");
        format!("{} <{}> {}", clean(&self.name), clean(&self.email), self.date())
    }
    fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(" <")?;
        let (email, date) = rest.split_once("> ")?;
        let seconds: i64 = date.split(' ').next()?.parse().ok()?;
        Some(Self { name: name.to_owned(), email: email.to_owned(), at: Timestamp(seconds * 1000) })
    }
}

/// A commit. Author and committer are the same here.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its ID.
    pub id: String,
    /// The ID of its tree.
    pub tree: String,
    /// The commits that it follows.
    pub parents: Vec<String>,
    /// Who made it.
    pub author: Person,
    /// Why.
    pub message: String,
}

/// The object of a commit.
pub fn commit(tree: &str, parents: &[String], author: &Person, message: &str) -> Object {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let line = author.line();
    let content = format!("tree {tree}\n{parents}author {line}\ncommitter {line}\n\n{message}");
    Object::new(Kind::Commit, content.as_bytes())
}

/// Reads a commit's content.
pub fn parse_commit(id: &str, content: &[u8]) -> Option<Commit> {
    let (head, message) = std::str::from_utf8(content).ok()?.split_once("\n\n")?;
    let of = |word: &'static str| head.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '));
    Some(Commit {
        id: id.to_owned(),
        tree: of("tree").next()?.to_owned(),
        parents: of("parent").map(str::to_owned).collect(),
        author: Person::parse(of("author").next()?)?,
        message: message.to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(content: &str, mode: Mode) -> File {
        File { mode, blob: Object::new(Kind::Blob, content.as_bytes()).id }
    }

    // The IDs in these tests are what `git hash-object`, `git mktree` and `git commit-tree` print.
    #[test]
    fn ids_are_gits() {
        assert_eq!(Object::new(Kind::Blob, b"").id, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(Object::new(Kind::Blob, b"hello\n").id, "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(trees(&Files::new()).pop().unwrap().id, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn a_tree_and_a_commit_have_gits_ids() {
        let files: Files = [
            ("a/x".to_owned(), file("x\n", Mode::Normal)),
            ("a-b".to_owned(), file("hello\n", Mode::Executable)),
            ("a0".to_owned(), file("hello\n", Mode::Normal)),
        ]
        .into();
        let root = trees(&files).pop().unwrap();
        assert_eq!(root.id, "7d8603737e59e1356e1815bb56d3e02770d71744");
        let person = Person { name: "Ann".into(), email: "ann@example.com".into(), at: Timestamp(1_700_000_000_999) };
        let first = commit(&root.id, &[], &person, "First\n");
        assert_eq!(first.id, "d26d3a1024172cd32626e3d51f68f0979e562fbe");
        let read = parse_commit(&first.id, unframe(&first.framed).unwrap().1).unwrap();
        assert_eq!((read.tree, read.message.as_str()), (root.id, "First\n"));
        assert_eq!(read.author, Person { at: Timestamp(1_700_000_000_000), ..person });
    }

    #[test]
    fn a_tree_is_read_back() {
        let files: Files =
            [("a/b/c".to_owned(), file("1", Mode::Symlink)), ("d".to_owned(), file("2", Mode::Normal))].into();
        let objects = trees(&files);
        let root = entries(unframe(&objects.last().unwrap().framed).unwrap().1).unwrap();
        assert_eq!(root[0], ("a".to_owned(), Entry::Folder(objects[1].id.clone())));
        assert_eq!(root[1], ("d".to_owned(), Entry::File(files["d"].clone())));
    }
}

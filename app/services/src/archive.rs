//! Zip files: a deployment package for Lambda, of one source file; and a pipeline's source, of a few.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write as _};
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A zip file of one file, which Lambda's own user may read. Stored rather than compressed, and without a time: the same
/// text gives the same bytes, so that [`sha256`] tells whether a function's code is up to date.
pub fn of_one_file(name: &str, text: &str) -> Bytes {
    of_files([(name, text)])
}

/// The same of several files, in their order.
pub fn of_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Bytes {
    // Writing to memory fails for names and files of over four gigabytes only.
    let zipped = write(files).unwrap_or_else(|error| unreachable!("small files fit into a zip file: {error}"));
    Bytes::from(zipped)
}

fn write<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(name, options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A package's SHA-256 in base64, as Lambda tells it.
pub fn sha256(package: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(package))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_package_holds_its_file_readable_by_all() {
        let package = of_one_file("handler.py", "print('é')\n");
        let mut archive = zip::ZipArchive::new(Cursor::new(&package)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_name("handler.py").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o644));
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "print('é')\n");
    }

    #[test]
    fn the_same_text_gives_the_same_checksum_and_another_text_another() {
        let sum = |text| sha256(&of_one_file("handler.py", text));
        assert_eq!(sum("a"), sum("a"));
        assert_ne!(sum("a"), sum("b"));
        assert_eq!(sha256(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}

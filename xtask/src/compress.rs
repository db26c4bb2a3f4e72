//! Compresses the site ahead of time: `x.br` and `x.gz` beside each `x`, at the highest settings.

use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What has been compressed by its own format already.
const PACKED: [&str; 8] = ["br", "gz", "woff2", "png", "jpg", "jpeg", "webp", "ico"];

#[derive(Clone, Copy)]
enum Coding {
    Brotli,
    Gzip,
}

/// Compresses every file under `root` that gains from it; says in a line what came of it.
pub fn folder(root: &Path) -> Result<String> {
    let start = Instant::now();
    let mut files = Vec::new();
    list(root, &mut files)?;
    // The longest first, so that no core is left with it at the end.
    files.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let jobs: Vec<_> = [Coding::Brotli, Coding::Gzip].iter().flat_map(|c| files.iter().map(|(f, _)| (*c, f))).collect();
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let brotli = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((coding, file)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match (one(*coding, file), coding) {
                        (Ok(size), Coding::Brotli) => drop(brotli.fetch_add(size, Ordering::Relaxed)),
                        (Ok(_), Coding::Gzip) => {}
                        (Err(error), _) => {
                            if let Ok(mut slot) = failure.lock() {
                                slot.get_or_insert(error);
                            }
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_default() {
        return Err(error);
    }
    let plain: u64 = files.iter().map(|(_, size)| size).sum();
    Ok(format!(
        "{} files compressed: {} kB, with brotli {} kB ({})",
        files.len(),
        plain / 1000,
        brotli.into_inner() / 1000,
        crate::report::took(start.elapsed())
    ))
}

/// Writes one compressed file, unless it would be no smaller; returns the size that travels.
fn one(coding: Coding, file: &Path) -> Result<usize> {
    let plain = std::fs::read(file).with_context(|| format!("could not read `{}`", file.display()))?;
    let (packed, extension) = match coding {
        Coding::Brotli => (brotli(&plain)?, "br"),
        Coding::Gzip => (gzip(&plain)?, "gz"),
    };
    if packed.len() >= plain.len() {
        return Ok(plain.len());
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    std::fs::write(&name, &packed).with_context(|| format!("could not write `{}`", Path::new(&name).display()))?;
    Ok(packed.len())
}

fn brotli(plain: &[u8]) -> Result<Vec<u8>> {
    let params =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, size_hint: plain.len(), ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &plain[..], &mut packed, &params).context("brotli failed")?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).context("gzip failed")?;
    encoder.finish().context("gzip failed")
}

fn list(folder: &Path, files: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("could not list `{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if !path.extension().is_some_and(|e| PACKED.iter().any(|packed| e == *packed)) {
            let size = path.metadata().with_context(|| format!("could not look at `{}`", path.display()))?.len();
            files.push((path, size));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let plain = b"all work and no play makes a dull page ".repeat(100);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(&plain).unwrap()[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
        unpacked.clear();
        flate2::read::GzDecoder::new(&gzip(&plain).unwrap()[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }
}

//! What a page weighs at its first load: the document and everything it asks for, as it travels. That is what its links
//! and scripts name, and the files that the browser's half is split into for this page.

use crate::console::Console;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// Which files belong to which part of the split, as its loader knows it.
const MANIFEST: &str = "/pkg/__wasm_split_manifest.json";
/// The loader itself.
const LOADER: &str = "/pkg/__wasm_split.______________________.js";

/// One thing that is transferred.
pub struct Part {
    /// Its path.
    pub path: String,
    /// Its size as it travels.
    pub bytes: usize,
}

/// Fetches the page, all that its links and scripts name, and `part` of the split (a group of pages in the app's
/// `routes`).
pub async fn weigh(console: &Console, path: &str, part: &str) -> Result<Vec<Part>> {
    let document = console.plain(path).await?;
    let mut parts = vec![Part { path: path.to_owned(), bytes: console.fetch(path).await?.1.len() }];
    let mut assets = assets(&document);
    ensure!(
        assets.iter().any(|asset| asset.ends_with(".wasm")),
        "the page names no wasm: is the binary built with its site?"
    );
    assets.insert(LOADER.to_owned());
    assets.extend(split(&console.plain(MANIFEST).await?, part)?);
    for asset in assets {
        let (response, body) = console.fetch(&asset).await?;
        // What the server would compress only now is not what a browser gets from a warm cache or a slow core.
        let packed = response.headers().contains_key("content-encoding") || !compressible(&asset);
        ensure!(packed, "`{asset}` is sent without compression");
        parts.push(Part { path: asset, bytes: body.len() });
    }
    Ok(parts)
}

/// The files of one part of the split.
fn split(manifest: &str, part: &str) -> Result<Vec<String>> {
    let parts: BTreeMap<String, Vec<String>> =
        serde_json::from_str(manifest).context("the split's manifest is no map")?;
    let of_part = |name: &str| name.rsplit_once('_').is_some_and(|(name, _)| name == part);
    let files = parts.into_iter().find(|(name, _)| of_part(name)).map(|(_, files)| files);
    let files = files.with_context(|| format!("the site is not split, or has no part `{part}`"))?;
    Ok(files.into_iter().map(|file| format!("/pkg/{file}.wasm")).collect())
}

fn compressible(path: &str) -> bool {
    [".wasm", ".js", ".css", ".svg"].iter().any(|end| path.ends_with(end))
}

/// Paths of this site in `href` and `src` of links, scripts and pictures.
fn assets(document: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tag in document.split('<').filter(|tag| ["link ", "script ", "img "].iter().any(|name| tag.starts_with(name))) {
        for attribute in ["href=\"", "src=\""] {
            let value = tag.split_once(attribute).and_then(|(_, rest)| rest.split('"').next());
            if let Some(value) = value.filter(|value| value.starts_with('/') && value.contains('.')) {
                found.insert(value.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_weighs_its_links_scripts_and_pictures_but_not_where_it_leads() {
        let document = r#"<head><link rel="preload" href="/pkg/a.wasm"><link rel="stylesheet" href="/pkg/a.css">
            <script src="/pkg/b.js"></script></head><a href="/shares.html">Shares</a><img src="data:image/png;base64,x">"#;
        let found: Vec<_> = assets(document).into_iter().collect();
        assert_eq!(found, ["/pkg/a.css", "/pkg/a.wasm", "/pkg/b.js"]);
    }

    #[test]
    fn a_page_weighs_its_part_of_the_split() {
        let manifest = r#"{"calls_86": ["chunk_8", "split_calls_86"], "front_12": ["split_front_12"]}"#;
        let found = split(manifest, "calls").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, ["/pkg/chunk_8.wasm", "/pkg/split_calls_86.wasm"]);
        assert!(split(manifest, "playground").is_err());
    }
}

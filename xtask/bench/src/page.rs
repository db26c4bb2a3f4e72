//! What the first page weighs: the document and everything it asks for, as it travels.

use crate::console::Console;
use anyhow::{Result, ensure};
use std::collections::BTreeSet;

/// One thing that is transferred.
pub struct Part {
    /// Its path.
    pub path: String,
    /// Its size as it travels.
    pub bytes: usize,
}

/// Fetches the page and all that its links and scripts name.
pub async fn weigh(console: &Console, path: &str) -> Result<Vec<Part>> {
    let document = console.plain(path).await?;
    let mut parts = vec![Part { path: path.to_owned(), bytes: console.fetch(path).await?.1.len() }];
    let assets = assets(&document);
    ensure!(
        assets.iter().any(|asset| asset.ends_with(".wasm")),
        "the page names no wasm: is the binary built with its site?"
    );
    for asset in assets {
        let (response, body) = console.fetch(&asset).await?;
        // What the server would compress only now is not what a browser gets from a warm cache or a slow core.
        let packed = response.headers().contains_key("content-encoding") || !compressible(&asset);
        ensure!(packed, "`{asset}` is sent without compression");
        parts.push(Part { path: asset, bytes: body.len() });
    }
    Ok(parts)
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
}

//! With the feature `embed` the site's files become part of the binary: this makes cargo look at them again when they
//! change, and says in words what to do when they are not there yet.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_EMBED").is_none() {
        return;
    }
    let site = Path::new("../target/site");
    println!("cargo::rerun-if-changed={}", site.display());
    if !site.join("pkg").is_dir() {
        println!("cargo::error=there is no built site to embed; run `cargo xtask build`, which makes it first");
    }
}

//! Rebuilds the crate when a migration is added: `sqlx::migrate!` reads the folder at compile time, unseen by cargo.
#![allow(clippy::print_stdout)] // cargo reads a build script's standard output

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}

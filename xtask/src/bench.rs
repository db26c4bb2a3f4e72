//! `cargo xtask bench`: builds in release and lets the package `bench` measure.

use crate::layout::Layout;
use crate::process::{cargo, loud, quiet};
use crate::{binary, report};
use anyhow::Result;
use std::process::Command;

/// Measures, prints one table, and fails where a budget is not kept.
pub fn run(layout: &Layout, seconds: u64) -> Result<()> {
    let console = binary::build(layout)?;
    let mut build = cargo(layout);
    build.args(["build", "--release", "--package", "bench"]);
    quiet(layout, "building the load generator", &mut build)?;
    let mut example = cargo(layout);
    example.args(["build", "--release", "--package", "domain", "--example", "decisions"]);
    quiet(layout, "building the decisions example", &mut example)?;

    let mut example = cargo(layout);
    example.args(["build", "--release", "--package", "store", "--example", "history"]);
    quiet(layout, "building the history example", &mut example)?;

    report::line("");
    let mut bench = Command::new(layout.binary("release", "bench"));
    bench.arg("--console").arg(console).arg("--seconds").arg(seconds.to_string());
    for example in ["decisions", "history"] {
        bench.arg(format!("--{example}")).arg(layout.target.join("release/examples").join(example));
    }
    loud(&mut bench)
}

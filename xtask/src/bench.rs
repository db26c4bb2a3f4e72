//! `cargo xtask bench`: builds in release and lets the package `bench` measure.

use crate::layout::Layout;
use crate::process::{cargo, loud, quiet};
use crate::{binary, python, report};
use anyhow::Result;
use std::process::Command;

/// Programs that measure what needs no console, and whose they are.
const EXAMPLES: [(&str, &str); 3] = [("domain", "decisions"), ("domain", "preflight"), ("store", "history")];

/// Measures, prints one table, and fails where a budget is not kept.
pub fn run(layout: &Layout, seconds: u64, only: &[String]) -> Result<()> {
    let console = binary::build(layout)?;
    let mut build = cargo(layout);
    build.args(["build", "--release", "--package", "bench"]);
    quiet(layout, "building the load generator", &mut build)?;
    for (package, example) in EXAMPLES {
        let mut build = cargo(layout);
        build.args(["build", "--release", "--package", package, "--example", example]);
        quiet(layout, &format!("building the {example} example"), &mut build)?;
    }
    report::line("");
    let mut bench = Command::new(layout.binary("release", "bench"));
    bench.arg("--console").arg(console).arg("--seconds").arg(seconds.to_string());
    for (_, example) in EXAMPLES {
        bench.arg(format!("--{example}")).arg(layout.target.join("release/examples").join(example));
    }
    for part in only {
        bench.arg("--only").arg(part);
    }
    bench.env(python::VARIABLE, python::ensure(layout)?);
    loud(&mut bench)
}

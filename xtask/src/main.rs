//! The project's own commands, run as `cargo xtask …`: they get the tools, build, test, measure and start the console.
//!
//! Nothing here is part of the product. It stays small, so that it compiles in seconds on a fresh machine.

mod bench;
mod binary;
mod browser;
mod check;
mod compress;
mod demo;
mod editor;
mod javascript;
mod layout;
mod process;
mod python;
mod report;
mod site;
mod tools;

use clap::{Parser, Subcommand};
use layout::Layout;
use std::process::ExitCode;

/// Sagebridge's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Show everything the tools print instead of one line of progress.
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and start the console on its sandbox.
    Demo {
        /// Further arguments for `sagebridge serve`, after `--`.
        #[arg(last = true)]
        serve: Vec<String>,
    },
    /// The development loop: `cargo leptos watch` with the tools in place, the console on its sandbox.
    Watch {
        /// Arguments for `sagebridge` instead of `serve --sandbox`, after `--`.
        #[arg(last = true)]
        run: Vec<String>,
    },
    /// Build `sagebridge` in release, one file with the site inside.
    Build,
    /// Check and test everything: formatting, lints, tests, browser.
    Test(check::Options),
    /// Measure invocations, decisions and page weight, and compare them with their budgets.
    Bench {
        /// Seconds for each row of the table.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Measure this only: calls, streams, memory, pages, pipelines or programs; may be given several times
        #[arg(long)]
        only: Vec<String>,
    },
    /// Get the build tools into the target folder, and nothing else.
    Tools,
    /// Bundle the playground's editor into the assets; whatever builds the site does so by itself.
    Editor,
    /// Take a picture of every page in light, dark and phone width.
    Screenshots {
        /// The folder that receives them.
        #[arg(default_value = "target/screenshots")]
        folder: std::path::PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    report::set_verbose(cli.verbose);
    let result = Layout::find().and_then(|layout| match cli.command {
        Command::Demo { serve } => demo::run(&layout, &serve),
        Command::Watch { run } => site::watch(&layout, &run),
        Command::Build => binary::build(&layout).map(drop),
        Command::Test(options) => check::run(&layout, &options),
        Command::Bench { seconds, only } => bench::run(&layout, seconds, &only),
        Command::Tools => tools::ensure(&layout).map(drop),
        Command::Editor => editor::ensure(&layout),
        Command::Screenshots { folder } => browser::screenshots(&layout, &folder),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}

//! The process: command line, configuration, router, security, telemetry. It composes the other rooms and holds no
//! policy of its own.

// Leptos nests a type for each element of a view; the default limit is short of a page.
#![recursion_limit = "512"]

pub mod assets;
pub mod cli;
pub mod config;
pub mod connections;
pub mod console;
mod data_dir;
pub mod failure;
pub mod process;
pub mod router;
mod routes;
pub mod security;
pub mod state;
mod telemetry;
pub mod upkeep;

use clap::Parser;
use cli::{Cli, Command};
use failure::StartError;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// The exit code of everything that keeps the process from starting.
const REFUSED: u8 = 2;

/// All of the program: reads the command line, runs, and says in one line why it could not.
pub fn main() -> ExitCode {
    let result = match Cli::try_parse_from(arguments()) {
        Ok(cli) => start(cli),
        // Help and version, which clap treats as errors.
        Err(answer) if !answer.use_stderr() => {
            let _ = answer.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(StartError::Usage(cli::in_one_line(&error))),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "sagebridge: {error}");
            ExitCode::from(REFUSED)
        }
    }
}

/// The command line; `cargo leptos watch` starts the bare binary, and there a console on the sandbox is meant.
fn arguments() -> Vec<OsString> {
    let mut given: Vec<OsString> = std::env::args_os().collect();
    if given.len() == 1 && std::env::var_os("LEPTOS_WATCH").is_some() {
        given.extend(["serve", "--sandbox"].map(OsString::from));
    }
    given
}

fn start(cli: Cli) -> Result<ExitCode, StartError> {
    match cli.command {
        Command::Serve(args) => {
            let logging = config::LoggingConfig::new(args.log_format)?;
            process::serve(config::ServeConfig::new(args)?, logging)?;
        }
        Command::Sandbox(args) => process::sandbox_alone(args)?,
        Command::Explain(args) => return cli::explain::run(&args),
    }
    Ok(ExitCode::SUCCESS)
}

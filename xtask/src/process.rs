//! Running other programs: quietly with a line of progress, or with their own output.

use crate::layout::Layout;
use crate::report::{self, Progress};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Runs a program with one renewing line of progress; its output goes to a log, whose end is shown when it fails.
pub fn quiet(layout: &Layout, label: &str, command: &mut Command) -> Result<()> {
    if report::verbose() {
        report::line(&format!("  {label}"));
        return loud(command);
    }
    let path = layout.log(label);
    let mut log = create(&path)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", describe(command)))?;

    let (sender, lines) = channel();
    let readers = [
        child.stdout.take().map(|stream| forward(stream, sender.clone())),
        child.stderr.take().map(|stream| forward(stream, sender)),
    ];
    let mut progress = Progress::start(label);
    let mut last = String::new();
    let mut tail = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_millis(500)) {
            Ok(line) => {
                writeln!(log, "{line}").with_context(|| format!("could not write `{}`", path.display()))?;
                last.clone_from(&line);
                tail.push(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        progress.draw(&last);
    }
    for reader in readers.into_iter().flatten() {
        // A reader that panicked has nothing more to say; the exit code decides.
        let _ = reader.join();
    }
    let status = child.wait()?;
    if status.success() {
        progress.finish("done");
        return Ok(());
    }
    progress.finish("failed");
    for line in tail.iter().skip(tail.len().saturating_sub(60)) {
        report::line(&format!("    {line}"));
    }
    bail!("{} ended with {status}; its whole output is in `{}`", describe(command), path.display())
}

/// Runs a program that prints for itself.
pub fn loud(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("could not start {}", describe(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// What a program prints on standard output; `None` when it can't be started or fails.
pub fn capture(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Cargo, the one that runs this program, in the workspace's root.
pub fn cargo(layout: &Layout) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&layout.root);
    command
}

/// A program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// Whether a step whose inputs are `wanted` has been done before: its stamp says so.
pub fn stamped(stamp: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}

/// Remembers that a step was done with these inputs.
pub fn stamp(stamp: &Path, inputs: &str) -> Result<()> {
    std::fs::write(stamp, inputs).with_context(|| format!("could not write `{}`", stamp.display()))
}

fn create(path: &Path) -> Result<std::fs::File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("could not create `{}`", folder.display()))?;
    }
    std::fs::File::create(path).with_context(|| format!("could not create `{}`", path.display()))
}

fn forward(stream: impl Read + Send + 'static, sender: Sender<String>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                break;
            }
        }
    })
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program()).to_string_lossy();
    let arguments: Vec<_> = command.get_args().take(3).map(|a| a.to_string_lossy()).collect();
    format!("`{program} {}`", arguments.join(" ")).replace(" `", "`")
}

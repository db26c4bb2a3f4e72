//! What the person sees: plain lines with the time spent.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Lets tools print to the terminal themselves.
pub fn set_verbose(on: bool) {
    VERBOSE.store(on, Ordering::Relaxed);
}

/// Whether tools print to the terminal themselves.
pub fn verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// One line on standard output. A closed pipe is no reason to stop.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// The end of a command that failed.
pub fn failure(error: &anyhow::Error) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "\nfailed: {error:#}");
}

/// `3.2 s`, `2 min 05 s`.
pub fn took(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

/// Runs one named step of a longer command: its name before, its time after.
pub fn step<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    line(&format!("== {name}"));
    let start = Instant::now();
    let value = work().map_err(|error| error.context(format!("step `{name}`, after {}", took(start.elapsed()))))?;
    line(&format!("== {name} ({})", took(start.elapsed())));
    Ok(value)
}

/// A line of progress that renews itself: in place on a terminal, every half minute elsewhere.
pub struct Progress {
    label: String,
    start: Instant,
    drawn: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// Starts the clock.
    pub fn start(label: &str) -> Self {
        let mut this = Self {
            label: label.to_owned(),
            start: Instant::now(),
            drawn: None,
            terminal: std::io::stdout().is_terminal(),
        };
        this.draw("");
        this
    }

    /// Shows the newest word from the tool, when it is time for it.
    pub fn draw(&mut self, detail: &str) {
        let every = Duration::from_millis(if self.terminal { 500 } else { 30_000 });
        if self.drawn.is_some_and(|at| at.elapsed() < every) {
            return;
        }
        let first = self.drawn.replace(Instant::now()).is_none();
        let detail: String = detail.trim().chars().take(60).collect();
        let text = if first { format!("  {} …", self.label) } else { self.text(&format!("… {detail}")) };
        if self.terminal {
            let mut out = std::io::stdout().lock();
            let _ = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
        } else {
            line(&text);
        }
    }

    /// The last word.
    pub fn finish(self, outcome: &str) {
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        line(&format!("{clear}{}", self.text(outcome)));
    }

    fn text(&self, rest: &str) -> String {
        format!("  {} {rest} ({})", self.label, took(self.start.elapsed()))
    }
}

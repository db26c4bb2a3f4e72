//! The process of an invocation: started with an environment of its own, listened to, and ended with everything that it
//! started.

use super::outcome::{End, Tail};
use super::python;
use bytes::Bytes;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Take};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};

/// What runs the function.
const BOOTSTRAP: &str = include_str!("bootstrap.py");
/// How long a function's module may take to load ("Lambda execution environment lifecycle", "Init phase").
const INIT_TIME: Duration = Duration::from_secs(10);
/// How long to wait for the rest of the log once everything was ended.
const LOG_TIME: Duration = Duration::from_secs(1);
/// What an answer may have.
pub const ANSWER_LIMIT: usize = 6_291_556;
/// What one line to the sandbox may have: an answer in which every byte is escaped.
const LINE_LIMIT: u64 = 6 * (ANSWER_LIMIT as u64) + 4096;
/// The address space that Python and its libraries take beside the function's own memory.
const OVERHEAD_MB: u64 = 512;
/// What a function may write: `EphemeralStorage`.
const FILE_BYTES: u64 = 512 << 20;

/// An invocation to run.
pub struct Job {
    /// The interpreter.
    pub python: PathBuf,
    /// The invocation's folder; the function's code is in `task` below it.
    pub dir: PathBuf,
    /// The whole environment.
    pub environment: Vec<(String, String)>,
    /// The function's ARN.
    pub function_arn: String,
    /// `module.function`.
    pub handler: String,
    /// `python3.13`.
    pub runtime: String,
    /// The invocation's ID.
    pub request_id: String,
    /// The event, as text.
    pub event: String,
    /// How long the handler may take.
    pub timeout: Duration,
    /// Megabytes.
    pub memory: u32,
}

/// How an invocation went.
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// The end of what it printed.
    pub log: Tail,
    /// How long loading took.
    pub init: Duration,
    /// How long the handler took.
    pub duration: Duration,
    /// Kilobytes at most, where the process could tell.
    pub memory_kb: Option<u64>,
}

/// A line from the bootstrap.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Ready {
        #[serde(rename = "ready")]
        _ready: bool,
    },
    End {
        end: String,
        #[serde(default)]
        payload: Value,
        #[serde(default)]
        missing: String,
        #[serde(default)]
        memory_kb: Option<u64>,
    },
}

/// What to wait for next.
enum Next {
    Line(Line),
    /// The process is gone, or says what can't be read.
    Gone,
    Late,
}

/// Runs an invocation to its end, however it ends. Nothing that it started is left running.
pub async fn run(job: &Job) -> std::io::Result<Ran> {
    let bootstrap = job.dir.join("bootstrap.py");
    tokio::fs::write(&bootstrap, BOOTSTRAP).await?;
    let mut running = Running::start(job, &bootstrap)?;
    let started = Instant::now();
    let mut init = started;
    let mut memory_kb = None;
    let end = match running.next(INIT_TIME).await {
        Next::Line(Line::Ready { .. }) => {
            init = Instant::now();
            match running.next(job.timeout).await {
                Next::Line(line) => Some(end_of(line, job, &mut memory_kb)),
                Next::Late => Some(End::TimedOut),
                Next::Gone => None,
            }
        }
        Next::Line(line) => Some(end_of(line, job, &mut memory_kb)),
        Next::Late => Some(End::InitTimedOut),
        Next::Gone => None,
    };
    let (ended, handling) = (Instant::now(), init > started);
    // A process that is gone tells how by its status; one that is not is ended now.
    if end.is_some() {
        running.kill();
    }
    let status = running.finish().await?;
    let end = end.unwrap_or(End::Exited(status));
    let log = running.log().await;
    let init_time = if handling { init - started } else { ended - started };
    let duration = if handling { ended - init } else { Duration::ZERO };
    Ok(Ran { end, log, init: init_time, duration, memory_kb })
}

fn end_of(line: Line, job: &Job, memory: &mut Option<u64>) -> End {
    match line {
        Line::Ready { .. } => End::Failed(json!({})),
        Line::End { end, payload, missing, memory_kb } => {
            *memory = memory_kb;
            match (end.as_str(), payload) {
                ("unfit", _) => End::Unfit(python::without(&job.python, &missing)),
                ("answered", Value::String(text)) => End::Answered(Bytes::from(text)),
                (_, payload) => End::Failed(payload),
            }
        }
    }
}

/// A process with its channels.
struct Running {
    child: Child,
    // Its process group, until everything in it was ended.
    group: Option<u32>,
    lines: BufReader<Take<ChildStderr>>,
    log: Arc<Mutex<Tail>>,
    logging: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    fn start(job: &Job, bootstrap: &Path) -> std::io::Result<Self> {
        let mut command = Command::new(&job.python);
        // Isolated: neither the folder it starts in nor the user's own packages are searched for modules.
        command.args(["-I", "-B", "-X", "utf8"]).arg(bootstrap).current_dir(&job.dir);
        command.env_clear().envs(job.environment.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let missing = || std::io::Error::other("a channel of the process is missing");
        let (stdin, stdout, stderr) =
            (stdin.ok_or_else(missing)?, stdout.ok_or_else(missing)?, stderr.ok_or_else(missing)?);
        let log = Arc::new(Mutex::new(Tail::default()));
        let logging = tokio::spawn(drain(stdout, Arc::clone(&log)));
        tokio::spawn(feed(stdin, instructions(job)));
        let group = child.id();
        Ok(Self { child, group, lines: BufReader::new(stderr.take(LINE_LIMIT)), log, logging: Some(logging) })
    }

    async fn next(&mut self, within: Duration) -> Next {
        let mut line = Vec::new();
        match tokio::time::timeout(within, self.lines.read_until(b'\n', &mut line)).await {
            Err(_) => Next::Late,
            Ok(_) => match serde_json::from_slice(&line) {
                Ok(line) => Next::Line(line),
                // Before the bootstrap took over, what Python itself has to say comes here.
                Err(_) => {
                    self.log.lock().add(&line);
                    Next::Gone
                }
            },
        }
    }

    /// Ends the process and what it started, as far as that is in its group.
    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(pid) =
            self.group.take().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            // The group may be empty already.
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
        let _ = self.child.start_kill();
    }

    async fn finish(&mut self) -> std::io::Result<ExitStatus> {
        let gone = tokio::time::timeout(LOG_TIME, self.child.wait()).await;
        let status = match gone {
            Ok(status) => status?,
            // It closed its channel and goes on.
            Err(_) => {
                self.kill();
                self.child.wait().await?
            }
        };
        self.kill();
        Ok(status)
    }

    async fn log(mut self) -> Tail {
        if let Some(logging) = self.logging.take() {
            let abort = logging.abort_handle();
            // What left the group may hold the channel open.
            if tokio::time::timeout(LOG_TIME, logging).await.is_err() {
                abort.abort();
            }
        }
        std::mem::take(&mut *self.log.lock())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn instructions(job: &Job) -> Vec<u8> {
    let memory = (u64::from(job.memory) + OVERHEAD_MB) << 20;
    let processor = 2 * (INIT_TIME + job.timeout).as_secs();
    json!({
        "task": job.dir.join("task"),
        "handler": job.handler,
        "runtime": job.runtime,
        "request_id": job.request_id,
        "function_arn": job.function_arn,
        "timeout": job.timeout.as_secs(),
        "answer_limit": ANSWER_LIMIT,
        "event": job.event,
        "limits": {
            "RLIMIT_AS": memory,
            "RLIMIT_FSIZE": FILE_BYTES,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_CORE": 0,
            // For what left the process group: it ends at last by the time it used.
            "RLIMIT_CPU": processor,
        },
    })
    .to_string()
    .into_bytes()
}

async fn feed(mut stdin: ChildStdin, bytes: Vec<u8>) {
    // A process that ends early reads no more.
    let _ = stdin.write_all(&bytes).await;
}

async fn drain(mut from: impl AsyncRead + Unpin, into: Arc<Mutex<Tail>>) {
    let mut buffer = vec![0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        into.lock().add(&buffer[..length]);
    }
}

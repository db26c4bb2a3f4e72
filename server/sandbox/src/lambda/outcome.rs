//! What an invocation's end looks like to its caller: the payload and the tail of the log.
//!
//! Texts: Lambda developer guide, "Understanding retry behavior", "Troubleshoot invocation issues", "Viewing invocation
//! logs"; and the public record of its errors.

use super::process::Ran;
use bytes::Bytes;
use serde_json::{Value, json};
use std::process::ExitStatus;
use std::time::Duration;

/// What `X-Amz-Log-Result` shows: "the last 4 KB of the execution log".
const TAIL: usize = 4096;
/// What of a log goes to CloudWatch Logs at most.
const WHOLE: usize = 1 << 20;

/// The end of a log.
#[derive(Debug, Default)]
pub struct Tail {
    bytes: Vec<u8>,
    cut: bool,
    /// The log from its beginning, up to a limit.
    whole: Vec<u8>,
}

impl Tail {
    /// Adds to the end; what is too far from it is forgotten.
    pub fn add(&mut self, bytes: &[u8]) {
        self.whole.extend_from_slice(&bytes[..bytes.len().min(WHOLE - self.whole.len())]);
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > 2 * TAIL {
            self.bytes.drain(..self.bytes.len() - TAIL);
            self.cut = true;
        }
    }
    /// The last of it, between a head and a foot.
    fn within(self, head: &str, foot: &str) -> Vec<u8> {
        let mut all = if self.cut { Vec::new() } else { head.as_bytes().to_vec() };
        all.extend_from_slice(&self.bytes);
        if all.last().is_some_and(|last| *last != b'\n') {
            all.push(b'\n');
        }
        all.extend_from_slice(foot.as_bytes());
        let from = all.len().saturating_sub(TAIL);
        // Not in the middle of a character.
        let from = (from..all.len()).find(|at| all[*at] & 0xC0 != 0x80).unwrap_or(from);
        all.split_off(from)
    }
}

/// How an invocation ended.
#[derive(Debug)]
pub enum End {
    /// With an answer: JSON.
    Answered(Bytes),
    /// With an error of the function, as it is reported.
    Failed(Value),
    /// The handler took too long.
    TimedOut,
    /// Loading the function took too long.
    InitTimedOut,
    /// The process ended without a word.
    Exited(ExitStatus),
    /// This machine can't run functions: what is missing.
    Unfit(String),
}

/// What the caller gets.
pub struct Outcome {
    /// The payload.
    pub payload: Bytes,
    /// Whether it is an error of the function.
    pub failed: bool,
    /// The tail of the log.
    pub log: Vec<u8>,
    /// The log's lines.
    pub lines: Vec<String>,
}

/// The outcome of an invocation that ran; the reason if it could not.
pub fn outcome(ran: Ran, request_id: &str, timeout: Duration, memory: u32) -> Result<Outcome, String> {
    let mut note = String::new();
    let mut status = "";
    let Ran { end, log, init, duration, memory_kb } = ran;
    let reported = |kind: &str, message: String| json!({ "errorType": kind, "errorMessage": format!("RequestId: {request_id} Error: {message}") });
    let (payload, failed) = match end {
        End::Unfit(reason) => return Err(reason),
        End::Answered(payload) => (payload, false),
        End::Failed(payload) => (payload.to_string().into(), true),
        End::TimedOut => {
            status = "\tStatus: timeout";
            (reported("Sandbox.Timedout", late(timeout)).to_string().into(), true)
        }
        End::InitTimedOut => {
            status = "\tStatus: timeout";
            (reported("Sandbox.Timedout", late(init)).to_string().into(), true)
        }
        End::Exited(exit) => {
            let message = died(exit);
            status = "\tStatus: error\tError Type: Runtime.ExitError";
            note = format!("RequestId: {request_id} Error: {message}\nRuntime.ExitError\n");
            (reported("Runtime.ExitError", message).to_string().into(), true)
        }
    };
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    let billed = (init + duration).as_millis() + 1;
    let used = memory_kb.map(|kb| format!("\tMax Memory Used: {} MB", kb.div_ceil(1024))).unwrap_or_default();
    let foot = format!(
        "{note}END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {}\tBilled Duration: {billed} \
         ms\tMemory Size: {memory} MB{used}\tInit Duration: {}{status}\t\n",
        ms(duration),
        ms(init)
    );
    let head = format!("START RequestId: {request_id} Version: {}\n", super::model::LATEST);
    let printed = String::from_utf8_lossy(&log.whole);
    let lines =
        [head.as_str(), &printed, &foot].into_iter().flat_map(|part| part.lines()).map(|line| format!("{line}\n"));
    let lines: Vec<String> = lines.collect();
    Ok(Outcome { payload, failed, lines, log: log.within(&head, &foot) })
}

fn late(after: Duration) -> String {
    format!("Task timed out after {:.2} seconds", after.as_secs_f64())
}

fn died(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            6 => "aborted",
            9 => "killed",
            11 => "segmentation fault",
            15 => "terminated",
            24 => "CPU time limit exceeded",
            25 => "file size limit exceeded",
            other => return format!("Runtime exited with error: signal {other}"),
        };
        return format!("Runtime exited with error: signal: {name}");
    }
    match status.code() {
        Some(0) | None => "Runtime exited without providing a reason".to_owned(),
        Some(code) => format!("Runtime exited with error: exit status {code}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_short_log_is_whole() {
        let mut tail = Tail::default();
        tail.add(b"one\n");
        tail.add(b"two");
        assert_eq!(tail.within("START\n", "END\n"), b"START\none\ntwo\nEND\n");
        assert_eq!(Tail::default().within("START\n", "END\n"), b"START\nEND\n");
    }

    #[test]
    fn a_long_log_keeps_its_end_in_whole_characters() {
        let mut tail = Tail::default();
        for _ in 0..10_000 {
            tail.add("é".as_bytes());
            assert!(tail.bytes.len() <= 2 * TAIL);
        }
        let shown = tail.within("START\n", "END\n");
        let text = String::from_utf8(shown).unwrap();
        assert!(text.len() <= TAIL && text.len() > TAIL - 4 && text.ends_with("é\nEND\n"));
    }

    #[test]
    fn a_log_that_fits_loses_its_head_only_where_there_is_no_room() {
        let mut tail = Tail::default();
        tail.add(&[b'x'; TAIL]);
        let shown = tail.within("START\n", "END\n");
        assert_eq!(shown.len(), TAIL);
        assert!(shown.starts_with(b"x") && shown.ends_with(b"END\n"));
    }
}

//! `sagebridge explain`: reads scenarios, prints a result a line. What a scenario is and what is said to it belongs to
//! [`domain::evaluate`]; here is only how the texts come in and go out.

use crate::failure::StartError;
use clap::{Args, ValueEnum};
use domain::evaluate::answer::Answer;
use domain::evaluate::stream::{Piece, Splitter};
use domain::evaluate::{FaultKind, MAX_SCENARIO_BYTES};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `sagebridge explain`
#[derive(Debug, Args)]
#[command(after_long_help = SCENARIOS)]
pub struct ExplainArgs {
    /// File with the scenarios; - or nothing reads standard input
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How results are printed
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub format: AnswerFormat,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// A JSON object a line, for programs
    Json,
    /// A sentence a line, for people
    Text,
}

const SCENARIOS: &str = r#"A scenario is a JSON object; a file holds one, or one a line, or several one after the other:

  {
    "id": "first-try",
    "principal": "arn:aws:sts::222222222222:assumed-role/scoring-lambda/run",
    "action": "sts:AssumeRole",
    "resource": "arn:aws:iam::111111111111:role/SageMakerExternal",
    "resource_account": "111111111111",
    "context": { "sts:ExternalId": "sb-7f3c", "aws:SecureTransport": true },
    "identity_policies": [
      { "name": "assume", "document": { "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } ] } }
    ],
    "resource_policy": { "Version": "2012-10-17", "Statement": [
      { "Effect": "Allow", "Principal": { "AWS": "222222222222" }, "Action": "sts:AssumeRole" } ] },
    "permissions_boundaries": null,
    "session_policies": null,
    "service_control_policies": null,
    "resource_control_policies": null
  }

  principal                   the caller: the ARN of a user, role, role session, federated user or root user, an
                              account's ID, a service's or identity provider's name, a canonical user ID, or *
  action                      service:Action, without wildcards
  resource                    an ARN, or * for an action without a resource
  resource_account            who owns the resource; may be left out where the ARN tells
  context                     condition keys, each with a string, a number, a boolean or a list of these
  identity_policies           managed, inline and group policies of the caller
  resource_policy             the document of the role's trust policy, the bucket, the key
  permissions_boundaries, session_policies
                              lists like identity_policies; null: there is none
  service_control_policies    of the caller's account, a list of such lists: a level each, from the root down
  resource_control_policies   of the resource's account, likewise

Only principal, action and resource are required. A result has the decision (Allowed, ExplicitlyDenied or
ImplicitlyDenied), the layer that decided and an explanation: every statement, what in it matches and what does not,
and the smallest change that would turn the decision. A scenario that can't be evaluated gives an error with its place,
and the run goes on.

Exit code: 0 when every scenario was evaluated, 1 when one could not be, 2 when the input can't be read.
docs/explain.md describes both formats, docs/explain.schema.json holds them."#;

/// Runs it.
pub fn run(args: &ExplainArgs) -> Result<ExitCode, StartError> {
    let out = BufWriter::new(io::stdout().lock());
    let outcome = match args.file.as_deref().filter(|file| *file != Path::new("-")) {
        Some(path) => {
            let unreadable = |source| StartError::Scenarios { from: format!("`{}`", path.display()), source };
            let file = File::open(path).map_err(unreadable)?;
            answer_all(file, out, args.format).map_err(|end| end.named(&format!("`{}`", path.display())))
        }
        None => {
            let input = io::stdin();
            if input.is_terminal() {
                let _ = writeln!(io::stderr(), "reading scenarios from the terminal, until its end of input (Ctrl-D)");
            }
            answer_all(input.lock(), out, args.format).map_err(|end| end.named("standard input"))
        }
    };
    match outcome {
        Ok(Tally { errors: 0 }) => Ok(ExitCode::SUCCESS),
        Ok(_) => Ok(ExitCode::FAILURE),
        // Whoever read the results has seen enough.
        Err(StartError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    errors: usize,
}

/// What ended a run early.
#[derive(Debug)]
enum End {
    Read(io::Error),
    Write(io::Error),
}

impl End {
    fn named(self, from: &str) -> StartError {
        match self {
            Self::Read(source) => StartError::Scenarios { from: from.to_owned(), source },
            Self::Write(source) => StartError::Output(source),
        }
    }
}

/// Answers every scenario of a stream. It holds one at a time, and lets an answer go before it waits for more.
fn answer_all(input: impl Read, mut out: impl Write, format: AnswerFormat) -> Result<Tally, End> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut splitter = Splitter::new();
    let mut tally = Tally::default();
    let mut failed = None;
    let mut line = Vec::new();
    loop {
        let read = read_line(&mut input, &mut line).map_err(End::Read)?;
        let mut each = |piece: Piece| {
            if failed.is_none() {
                failed = print(&piece, &mut out, format, &mut tally).err();
            }
        };
        match (read, std::str::from_utf8(&line)) {
            (Line::End, _) => splitter.finish(&mut each),
            (Line::TooLong, _) => {
                let message = format!("a line has at most {MAX_SCENARIO_BYTES} bytes");
                splitter.unreadable_line(FaultKind::TooLarge, &message, "", &mut each);
            }
            (Line::Whole, Ok(text)) => splitter.line(text, &mut each),
            (Line::Whole, Err(_)) => {
                let text = String::from_utf8_lossy(&line);
                splitter.unreadable_line(FaultKind::InvalidJson, "this line is not UTF-8", &text, &mut each);
            }
        }
        if let Some(error) = failed {
            return Err(End::Write(error));
        }
        if input.buffer().is_empty() || read == Line::End {
            out.flush().map_err(End::Write)?;
        }
        if read == Line::End {
            return Ok(tally);
        }
    }
}

fn print(piece: &Piece, out: &mut impl Write, format: AnswerFormat, tally: &mut Tally) -> io::Result<()> {
    let answer = Answer::to_piece(piece);
    tally.errors += usize::from(answer.is_error());
    let line = match format {
        AnswerFormat::Json => answer.json(),
        AnswerFormat::Text => answer.text(),
    };
    writeln!(out, "{line}")
}

/// What came of reading a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads a line without its line break. Of one that is too long nothing is kept.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let mut length = 0_usize;
    loop {
        let part = match input.fill_buf() {
            Ok(part) => part,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (taken, ended) = match part.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at, true),
            None => (part.len(), part.is_empty()),
        };
        length = length.saturating_add(taken);
        if length <= MAX_SCENARIO_BYTES {
            line.extend_from_slice(&part[..taken]);
        } else {
            line.clear();
        }
        let at_end = part.is_empty();
        input.consume(if ended && !at_end { taken + 1 } else { taken });
        if ended {
            return Ok(match (length, at_end) {
                (0, true) => Line::End,
                (length, _) if length > MAX_SCENARIO_BYTES => Line::TooLong,
                _ => Line::Whole,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GOOD: &str = r#"{"id":1,"principal":"*","action":"s3:GetObject","resource":"arn:aws:s3:::a","resource_account":"111111111111"}"#;

    fn answers(input: impl Read) -> (Vec<String>, Tally) {
        let mut out = Vec::new();
        let tally = answer_all(input, &mut out, AnswerFormat::Json).unwrap();
        (String::from_utf8(out).unwrap().lines().map(str::to_owned).collect(), tally)
    }

    #[test]
    fn the_scenario_that_the_help_shows_is_answered() {
        let start = SCENARIOS.find('{').unwrap();
        let end = start + SCENARIOS[start..].find("\n  }\n").unwrap() + 4;
        let (lines, tally) = answers(&SCENARIOS.as_bytes()[start..end]);
        assert_eq!((lines.len(), tally.errors), (1, 0), "{lines:?}");
        assert!(
            lines[0].starts_with(r#"{"id":"first-try","decision":"Allowed","decided_by":"identity""#),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_without_being_kept() {
        let endless = io::repeat(b'x').take(3 * MAX_SCENARIO_BYTES as u64).chain(&b"\n"[..]).chain(GOOD.as_bytes());
        let (lines, tally) = answers(endless);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("too_large") && lines[1].starts_with(r#"{"id":1,"decision":"#), "{lines:?}");
        assert_eq!(tally.errors, 1);
        let mut line = Vec::new();
        let mut input = BufReader::new(io::repeat(b'x').take(50 * MAX_SCENARIO_BYTES as u64));
        assert_eq!(read_line(&mut input, &mut line).unwrap(), Line::TooLong);
        assert!(line.capacity() <= 2 * MAX_SCENARIO_BYTES, "{} bytes were kept", line.capacity());
    }

    #[test]
    fn lines_end_as_they_do_on_every_system_and_the_last_needs_no_end() {
        let (lines, tally) = answers(format!("{GOOD}\r\n\n{GOOD}\n{GOOD}").as_bytes());
        assert_eq!((lines.len(), tally.errors), (3, 0));
        let (lines, tally) = answers([GOOD.as_bytes(), b"\n\xff\xfe\n", GOOD.as_bytes()].concat().as_slice());
        assert_eq!((lines.len(), tally.errors), (3, 1));
        assert!(lines[1].contains("not UTF-8") && lines[1].contains(r#""line":2"#), "{}", lines[1]);
        assert_eq!(answers(io::empty()).0.len(), 0);
    }

    /// A writer that counts what was let go.
    struct Watched<'a> {
        flushed: &'a std::cell::Cell<usize>,
        pending: usize,
    }

    impl Write for Watched<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.pending += bytes.iter().filter(|byte| **byte == b'\n').count();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.flushed.set(self.flushed.get() + std::mem::take(&mut self.pending));
            Ok(())
        }
    }

    /// Gives one scenario a read, and looks first whether the one before was answered.
    struct Conversation<'a> {
        asked: usize,
        answered: &'a std::cell::Cell<usize>,
    }

    impl Read for Conversation<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert_eq!(self.answered.get(), self.asked, "an answer is held back");
            if self.asked == 5 {
                return Ok(0);
            }
            self.asked += 1;
            let text = format!("{GOOD}\n");
            buffer[..text.len()].copy_from_slice(text.as_bytes());
            Ok(text.len())
        }
    }

    #[test]
    fn each_answer_is_given_before_more_is_read() {
        let answered = std::cell::Cell::new(0);
        let input = Conversation { asked: 0, answered: &answered };
        answer_all(input, Watched { flushed: &answered, pending: 0 }, AnswerFormat::Text).unwrap();
        assert_eq!(answered.get(), 5);
    }
}

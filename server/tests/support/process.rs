//! A `sagebridge` process under test: its own data folder, none of the machine's AWS settings, and what it said.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer than a debug build takes to seed a sandbox on a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The command, shut off from the machine's settings.
pub fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagebridge"));
    command
        .env_clear()
        .env("HOME", home)
        .env("SAGEBRIDGE_DATA_DIR", home.join("data"))
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command.current_dir(home);
    command
}

/// A process that was started and said where it is.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    stdout: Arc<Mutex<String>>,
    stderr: Option<JoinHandle<String>>,
    pub addresses: HashMap<String, String>,
}

impl Process {
    /// Starts it and waits for its addresses: `console` and `sandbox`, those of them that `wanted` names.
    pub fn start(mut command: Command, wanted: &[&str]) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = Arc::new(Mutex::new(String::new()));
        let all = Arc::clone(&stdout);
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                all.lock().unwrap().push_str(&format!("{line}\n"));
                let _ = sender.send(line);
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = err.read_to_string(&mut text);
            text
        });
        let mut process = Self { child, lines, stdout, stderr: Some(stderr), addresses: HashMap::new() };
        for name in wanted {
            let line = process.next_line();
            let (said, url) = line.split_once(": ").unwrap_or_else(|| panic!("`{line}` is not `{name}: URL`"));
            assert_eq!(said, *name);
            process.addresses.insert(said.to_owned(), url.to_owned());
        }
        process
    }

    /// The next line on standard output.
    pub fn next_line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(_) => {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("nothing was printed; standard error: {}", self.stderr.take().unwrap().join().unwrap())
            }
        }
    }

    /// `127.0.0.1:PORT` of the console.
    pub fn console_host(&self) -> &str {
        self.addresses["console"].strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    /// The path and query of the launch address.
    pub fn launch_path(&self) -> &str {
        let url = &self.addresses["console"];
        &url[url.find("/launch").unwrap()..]
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends the signal; gives the status, and all of standard output and standard error.
    pub fn end(mut self, signal: &str) -> (ExitStatus, String, String) {
        self.signal(signal);
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        let stdout = self.stdout.lock().unwrap().clone();
        (status, stdout, stderr)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status line and headers as text, and the body.
pub struct Answer {
    pub head: String,
    pub body: String,
}

impl Answer {
    /// From all that came; a head alone where it was not HTTP.
    pub fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        Self { head: head.to_owned(), body: body.to_owned() }
    }
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap()
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
    /// `name=value` of the cookie it sets.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }
}

/// One request over a connection of its own.
pub fn request(host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Answer::read(&answer)
}

pub fn get(host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(host, "GET", path, headers, "")
}

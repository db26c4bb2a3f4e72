//! The console under measurement: started on the sandbox in a folder of its own, signed in to once.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Long enough for the console to take it; it guards nothing but this measurement.
const TOKEN: &str = "measuring-only-0123456789";

/// A sandbox without a console.
pub struct Sandbox {
    origin: String,
    folder: tempfile::TempDir,
    _child: Child,
}

impl Sandbox {
    /// Starts it.
    pub async fn start(binary: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("could not make a folder")?;
        let mut sandbox = command(binary, folder.path());
        sandbox.arg("sandbox");
        let (child, mut found) = spawn(sandbox, &["sandbox"]).await?;
        Ok(Self { origin: found.remove("sandbox").unwrap_or_default(), folder, _child: child })
    }
}

/// A running console and a session in it.
pub struct Console {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    /// The sandbox's address.
    pub sandbox: String,
    http: Client<HttpConnector, Full<Bytes>>,
    cookie: String,
    child: Child,
    folder: tempfile::TempDir,
}

impl Console {
    /// Starts it on a sandbox of its own, and signs in.
    pub async fn start(binary: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("could not make a folder")?;
        let mut serve = command(binary, folder.path());
        serve.args(["serve", "--sandbox"]);
        Self::of(serve, folder, None).await
    }

    /// Starts it over a sandbox that is a process of its own, as over AWS.
    pub async fn over(binary: &Path, sandbox: &Sandbox) -> Result<Self> {
        let folder = tempfile::tempdir().context("could not make a folder")?;
        let mut serve = command(binary, folder.path());
        serve
            .arg("serve")
            .env("AWS_SHARED_CREDENTIALS_FILE", sandbox.folder.path().join("sandbox/credentials"))
            .env("AWS_CONFIG_FILE", sandbox.folder.path().join("sandbox/config"));
        Self::of(serve, folder, Some(sandbox.origin.clone())).await
    }

    async fn of(serve: Command, folder: tempfile::TempDir, sandbox: Option<String>) -> Result<Self> {
        let wanted: &[&str] = if sandbox.is_some() { &["console"] } else { &["console", "sandbox"] };
        let (child, mut found) = spawn(serve, wanted).await?;
        let origin = found.remove("console").unwrap_or_default();
        let sandbox = sandbox.or_else(|| found.remove("sandbox")).unwrap_or_default();
        let http = Client::builder(TokioExecutor::new()).build_http();
        let mut this = Self { origin, sandbox, http, cookie: String::new(), child, folder };
        this.cookie = this.sign_in().await?;
        Ok(this)
    }

    async fn sign_in(&self) -> Result<String> {
        let response = self.send(Method::GET, &format!("/launch?token={TOKEN}"), None).await?;
        let cookie = response.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).map(str::to_owned);
        cookie.with_context(|| format!("the launch address gave no session: {}", response.status()))
    }

    /// The keys of one of the sandbox's administrators, from the file that it writes.
    pub fn keys(&self, profile: &str) -> Result<(String, String)> {
        let file: PathBuf = self.folder.path().join("sandbox/credentials");
        let text = std::fs::read_to_string(&file).with_context(|| format!("could not read `{}`", file.display()))?;
        let section = text.lines().skip_while(|line| line.trim() != format!("[{profile}]")).skip(1);
        let values: Vec<_> =
            section.take_while(|line| !line.starts_with('[')).filter_map(|l| l.split_once('=')).collect();
        let value = |name: &str| {
            let found = values.iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned());
            found.with_context(|| format!("the profile `{profile}` has no `{name}`"))
        };
        Ok((value("aws_access_key_id")?, value("aws_secret_access_key")?))
    }

    /// Calls a server function, as a form; gives its answer.
    pub async fn call(&self, name: &str, form: impl Into<Bytes>) -> Result<Bytes> {
        let response = self.send(Method::POST, &format!("/api/{name}"), Some(form.into())).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK && !status.is_redirection() {
            bail!("{name}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }

    /// Calls a server function whose answer comes piece by piece.
    pub async fn stream(&self, name: &str, form: Bytes) -> Result<hyper::body::Incoming> {
        let response = self.send(Method::POST, &format!("/api/{name}"), Some(form)).await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::OK, "{name}: {status}");
        Ok(response.into_body())
    }

    /// The memory that it has, in bytes.
    pub fn memory(&self) -> Result<u64> {
        let id = self.child.id().context("the console has ended")?;
        let file = format!("/proc/{id}/status");
        let status = std::fs::read_to_string(&file).with_context(|| format!("could not read `{file}`"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.context("the system does not tell its memory")? * 1024)
    }

    /// The time that processors have spent on it.
    pub fn worked(&self) -> Result<Duration> {
        let id = self.child.id().context("the console has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).context("the system does not tell its times")?;
        // What is behind the name, which may have anything in it; user and system time are the 14th and 15th of all.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok());
        let ticks = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
        // A tick is a hundredth of a second wherever Linux runs.
        Ok(Duration::from_millis(ticks.context("the system does not tell its times")? * 10))
    }

    /// Sends a file with the form fields before it, as it is made: it is never whole in memory here either.
    pub async fn upload(
        &self,
        path: &str,
        draft: &str,
        parts: impl Iterator<Item = String> + Send + Sync + 'static,
    ) -> Result<()> {
        const EDGE: &str = "a-file-of-many-rows";
        let head = format!(
            "--{EDGE}\r\nContent-Disposition: form-data; name=\"draft\"\r\n\r\n{draft}\r\n--{EDGE}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"rows.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        );
        let parts = std::iter::once(head).chain(parts).chain([format!("\r\n--{EDGE}--\r\n")]);
        let frames = parts.map(|part| Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(part))));
        let request = Request::post(format!("{}{path}", self.origin))
            .header(COOKIE, &self.cookie)
            .header(ORIGIN, &self.origin)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={EDGE}"))
            .body(StreamBody::new(futures::stream::iter(frames)))?;
        let http = Client::builder(TokioExecutor::new()).build_http();
        let response = http.request(request).await.with_context(|| format!("{path}: no answer"))?;
        anyhow::ensure!(response.status().is_redirection(), "{path}: {}", response.status());
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
        anyhow::ensure!(!to.contains("kept="), "the file was refused: {to}");
        Ok(())
    }

    /// Fetches a page or a file as a browser that takes brotli would; gives its text form, decoded by the server's word,
    /// and its size as it travelled.
    pub async fn fetch(&self, path: &str) -> Result<(Response<()>, Bytes)> {
        let response = self.send(Method::GET, path, None).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if parts.status != StatusCode::OK {
            bail!("{path}: {}", parts.status);
        }
        Ok((Response::from_parts(parts, ()), body))
    }

    /// The same without any compression.
    pub async fn plain(&self, path: &str) -> Result<String> {
        let request = Request::get(format!("{}{path}", self.origin)).header(COOKIE, &self.cookie);
        let response = self.http.request(request.body(Full::default())?).await?;
        Ok(String::from_utf8_lossy(&response.into_body().collect().await?.to_bytes()).into_owned())
    }

    async fn send(&self, method: Method, path: &str, form: Option<Bytes>) -> Result<Response<hyper::body::Incoming>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        request = request.header(COOKIE, &self.cookie);
        if form.is_none() {
            request = request.header(ACCEPT_ENCODING, "br");
        } else {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            request = request.header(ORIGIN, &self.origin).header("sec-fetch-site", "same-origin");
        }
        let body = Full::new(form.unwrap_or_default());
        self.http.request(request.body(body)?).await.with_context(|| format!("{path}: no answer"))
    }

    /// Ends it.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("could not end the console")
    }
}

fn command(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .env("SAGEBRIDGE_DATA_DIR", data)
        .env("SAGEBRIDGE_LISTEN", "127.0.0.1:0")
        .env("SAGEBRIDGE_SANDBOX_LISTEN", "127.0.0.1:0")
        .env("SAGEBRIDGE_LAUNCH_TOKEN", TOKEN)
        .env("SAGEBRIDGE_LOG", "warn,s3s=off");
    command
}

/// Starts it; gives the addresses that it prints.
async fn spawn(mut command: Command, wanted: &[&str]) -> Result<(Child, HashMap<String, String>)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let mut child = command.spawn().context("could not start the console")?;
    let stdout = child.stdout.take().context("the console has no output")?;
    let found = tokio::time::timeout(Duration::from_secs(60), addresses(BufReader::new(stdout), wanted));
    let found = found.await.context("the console printed no address within a minute")??;
    Ok((child, found))
}

/// The lines `console: URL` and `sandbox: URL`, those that are `wanted`, in any order.
async fn addresses(output: BufReader<tokio::process::ChildStdout>, wanted: &[&str]) -> Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    let mut lines = output.lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((name, url)) = line.split_once(": ").filter(|(name, _)| wanted.contains(name)) {
            found.insert(name.to_owned(), origin(url)?);
        }
        if found.len() == wanted.len() {
            // The pipe stays open for as long as the console may want to print.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(found);
        }
    }
    bail!("the console ended before it printed its addresses")
}

fn origin(url: &str) -> Result<String> {
    let rest = url.trim().strip_prefix("http://").with_context(|| format!("`{url}` is not an http address"))?;
    Ok(format!("http://{}", rest.split(['/', '?']).next().unwrap_or(rest)))
}

//! A server that answers as it is told, and remembers what it was asked.

use aws_gateway::{AwsSettings, connect, connect_all};
use domain::names::{ConnectionId, Region};
use services::ports::gateway::{Gateways, PipelineGateways};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
    /// A parameter of a query-protocol body, undecoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        body.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v.to_owned())
    }
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    /// The operation: from `Action`, from `X-Amz-Target`, else the path.
    pub fn operation(&self) -> String {
        let target = self.header("x-amz-target").and_then(|target| target.split('.').next_back()).map(str::to_owned);
        target.or_else(|| self.parameter("Action")).unwrap_or_else(|| self.path.clone())
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// A success of IAM, STS or CloudFormation.
pub fn xml(operation: &str, result: &str) -> Reply {
    let body = format!(
        "<{operation}Response xmlns=\"https://example.amazonaws.com/doc/\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>from-body</RequestId></ResponseMetadata></{operation}Response>"
    );
    Reply {
        status: 200,
        headers: vec![("x-amzn-requestid", "req-1".into()), ("content-type", "text/xml".into())],
        body,
    }
}

/// An error of IAM, STS or CloudFormation.
pub fn xml_error(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>from-body</RequestId></ErrorResponse>"
    );
    Reply { status, headers: vec![("x-amzn-requestid", "req-2".into()), ("content-type", "text/xml".into())], body }
}

/// An answer of SageMaker's control plane, and of others that speak JSON.
pub fn json(status: u16, body: &str) -> Reply {
    let headers = vec![("x-amzn-requestid", "req-3".into()), ("content-type", "application/x-amz-json-1.1".into())];
    Reply { status, headers, body: body.into() }
}

/// An error of those.
pub fn json_error(status: u16, code: &str, message: &str) -> Reply {
    let message = message.replace('"', "\\\"");
    json(status, &format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}"))
}

/// An answer of Lambda.
pub fn rest(status: u16, body: &str) -> Reply {
    let headers = vec![("x-amzn-requestid", "req-5".into()), ("content-type", "application/json".into())];
    Reply { status, headers, body: body.into() }
}

/// An error of SageMaker Runtime or Lambda, with further members.
pub fn rest_error(status: u16, code: &str, message: &str, more: &str) -> Reply {
    let headers = vec![
        ("x-amzn-requestid", "req-4".into()),
        ("x-amzn-errortype", code.into()),
        ("content-type", "application/json".into()),
    ];
    Reply { status, headers, body: format!("{{\"Message\":\"{message}\"{more}}}") }
}

/// An answer of S3.
pub fn s3(status: u16, body: &str) -> Reply {
    let headers = vec![("x-amz-request-id", "req-6".into()), ("content-type", "application/xml".into())];
    Reply { status, headers, body: body.into() }
}

/// An error of S3.
pub fn s3_error(status: u16, code: &str, message: &str) -> Reply {
    s3(status, &format!("<Error><Code>{code}</Code><Message>{message}</Message><RequestId>req-6</RequestId></Error>"))
}

#[derive(Default)]
struct Seen {
    requests: Vec<Received>,
    connections: usize,
    open: usize,
    most_at_once: usize,
}

/// The server, and the profile files that lead to it.
pub struct Canned {
    dir: tempfile::TempDir,
    url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Canned {
    pub async fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (answer, remember) = (Arc::new(answer), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                remember.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, answer.clone(), remember.clone()));
            }
        });
        let canned = Self { dir: tempfile::tempdir().unwrap(), url, seen };
        canned
            .write("credentials", "[parent]\naws_access_key_id = AKIAPARENT\naws_secret_access_key = parent-secret\n");
        canned.write("config", &format!("[profile parent]\nregion = eu-west-1\nendpoint_url = {}\n", canned.url));
        canned
    }

    /// Writes one of the profile files.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
    pub fn url(&self) -> &str {
        &self.url
    }
    pub fn settings(&self) -> AwsSettings {
        settings(self.dir.path())
    }
    pub async fn gateways(&self) -> Gateways {
        connect(self.settings()).await.unwrap()
    }
    pub async fn pipeline(&self) -> PipelineGateways {
        connect_all(self.settings()).await.unwrap().1
    }
    pub fn requests(&self) -> Vec<Received> {
        self.seen.lock().unwrap().requests.clone()
    }
    pub fn operations(&self) -> Vec<String> {
        self.requests().iter().map(Received::operation).collect()
    }
    /// How many TCP connections were made.
    pub fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
    /// How many requests were under way at once at most.
    pub fn most_at_once(&self) -> usize {
        self.seen.lock().unwrap().most_at_once
    }
}

pub fn settings(dir: &Path) -> AwsSettings {
    AwsSettings { credentials_file: Some(dir.join("credentials")), config_file: Some(dir.join("config")) }
}

pub fn parent() -> ConnectionId {
    ConnectionId::parse("parent").unwrap()
}

pub fn ireland() -> Region {
    Region::parse("eu-west-1").unwrap()
}

async fn serve(mut stream: TcpStream, answer: Arc<impl Fn(&Received) -> Reply>, seen: Arc<Mutex<Seen>>) {
    let mut buffer = Vec::new();
    while let Some(request) = receive(&mut stream, &mut buffer).await {
        {
            let mut seen = seen.lock().unwrap();
            seen.requests.push(request.clone());
            seen.open += 1;
            seen.most_at_once = seen.most_at_once.max(seen.open);
        }
        // Lets other connections be read meanwhile, so that calls that go side by side are seen to.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let reply = answer(&request);
        let mut head = format!("HTTP/1.1 {} Canned\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        seen.lock().unwrap().open -= 1;
        let body = if request.method == "HEAD" { "" } else { &reply.body };
        let whole = format!("{head}\r\n{body}");
        if stream.write_all(whole.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, path) = (first.next()?, first.next()?);
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let rest = buffer.split_off(end + 4 + length);
    let body = std::mem::replace(buffer, rest).split_off(end + 4);
    Some(Received { method, path, headers, body })
}

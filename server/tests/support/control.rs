//! The sandbox's control path, for what AWS has no calls for.

use sandbox::Sandbox;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A call to the control path: `control(&sandbox, "PUT", "/settings", json!({ … }))`.
pub async fn control(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "{method} /_sandbox{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        sandbox.addr(),
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(sandbox.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 20"), "{answer}");
    serde_json::from_str(body).unwrap_or(Value::Null)
}

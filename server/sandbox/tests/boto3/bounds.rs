//! Functions that take too much: time, memory, output, each other's place. None is left running.

use crate::support::Lab;
use crate::{call, log, with_function, with_function_in};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

/// Starts a program that lives on and holds a connection to the test, and waits until it has it.
const STARTS_ANOTHER: &str = r#"
import subprocess, sys, time
def handler(event, context):
    hold = "import socket, sys; s = socket.create_connection(('127.0.0.1', %d)); print('up', flush=True); s.send(b'x'); s.recv(1)"
    other = subprocess.Popen([sys.executable, "-c", hold % event["port"]], stdout=subprocess.PIPE)
    other.stdout.readline()
    if event["forever"]:
        time.sleep(600)
    return "done"
"#;

/// Whether the other end of a connection is closed, or soon will be.
async fn is_closed(mut connection: TcpStream) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), connection.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn what_takes_too_long_is_ended_with_everything_it_started() {
    let (_lab, child) = with_function(STARTS_ANOTHER, json!({ "Timeout": 5 })).await;
    for forever in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let event = json!({ "port": listener.local_addr().unwrap().port(), "forever": forever });
        let (answer, accepted) = tokio::join!(call(&child, event), listener.accept());
        if forever {
            assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, "Unhandled"));
            let told = answer.json();
            assert_eq!(told["errorType"], "Sandbox.Timedout");
            let message = told["errorMessage"].as_str().unwrap();
            assert!(
                message.starts_with("RequestId: ") && message.ends_with(" Error: Task timed out after 5.00 seconds"),
                "{message}"
            );
            assert!(log(&answer).contains("\tStatus: timeout"), "{}", log(&answer));
        } else {
            assert_eq!(answer.json(), "done");
        }
        // The other program's end of the connection is closed: it is gone.
        let (held, _) = accepted.unwrap();
        assert!(is_closed(held).await, "forever: {forever}");
    }
}

#[tokio::test]
async fn memory_has_its_limit() {
    let code = "def handler(event, context): return len(bytearray(event << 20))";
    let (_lab, child) = with_function(code, json!({})).await;
    assert_eq!(call(&child, json!(64)).await.json(), 64 << 20);
    let answer = call(&child, json!(4096)).await;
    if cfg!(target_os = "linux") {
        assert_eq!(answer.json()["errorType"], "MemoryError", "{}", answer.text());
    }
}

#[tokio::test]
async fn output_is_read_to_its_end_and_only_its_end_is_kept() {
    let code = "def handler(event, context):\n    for _ in range(200):\n        print('x' * 100_000)\n    print('last')\n    return 'y' * event";
    let (_lab, child) = with_function(code, json!({ "Timeout": 60 })).await;
    let answer = call(&child, json!(10)).await;
    assert_eq!(answer.json(), "y".repeat(10));
    let tail = log(&answer);
    assert!(tail.len() <= 4096 && tail.contains("\nlast\nEND RequestId: "), "{tail}");
    let answer = call(&child, json!(6_291_555)).await;
    assert_eq!(answer.json()["errorType"], "Function.ResponseSizeTooLarge", "{} bytes", answer.body.len());
    let answer = call(&child, json!(6_291_554)).await;
    assert_eq!((answer.header("x-amz-function-error"), answer.body.len()), ("", 6_291_556));
}

#[tokio::test]
async fn only_so_many_run_at_once() {
    let code = "import socket\ndef handler(event, context):\n    socket.create_connection(('127.0.0.1', event)).recv(1)\n    return 'ran'";
    let (_lab, child) = with_function(code, json!({ "Timeout": 120 })).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = json!(listener.local_addr().unwrap().port());
    let running: Vec<_> = (0..10)
        .map(|_| {
            let (child, port) = (child.clone(), port.clone());
            tokio::spawn(async move { call(&child, port).await })
        })
        .collect();
    let mut held = Vec::new();
    for _ in 0..running.len() {
        held.push(listener.accept().await.unwrap());
    }
    call(&child, port).await.refused(429, "TooManyRequestsException", "Rate Exceeded.");
    drop(held);
    for one in running {
        assert_eq!(one.await.unwrap().json(), "ran");
    }
}

#[tokio::test]
async fn a_sandbox_that_stops_ends_its_functions() {
    let (lab, child) = with_function(STARTS_ANOTHER, json!({ "Timeout": 900 })).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let event = json!({ "port": listener.local_addr().unwrap().port(), "forever": true });
    let running = tokio::spawn(async move { call(&child, event).await });
    let (mut held, _) = listener.accept().await.unwrap();
    assert_eq!(held.read_u8().await.unwrap(), b'x');
    let Lab { sandbox, dir: _dir } = lab;
    sandbox.shutdown().await;
    running.await.unwrap().refused(500, "ServiceException", "it is stopping");
    assert!(is_closed(held).await);
}

#[cfg(unix)]
#[tokio::test]
async fn a_python_without_boto3_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::TempDir::new().unwrap();
    let bare = dir.path().join("python3");
    // Without `site` there are no packages.
    std::fs::write(&bare, format!("#!/bin/sh\nexec '{}' -S \"$@\"\n", crate::python().display())).unwrap();
    std::fs::set_permissions(&bare, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = crate::support::config(&dir.path().join("data"));
    let sandbox = sandbox::start_with(config, sandbox::Python::at(&bare)).await.unwrap();
    let code = "def handler(event, context): return 1";
    let (_lab, child) = with_function_in(Lab { sandbox, dir }, code, Value::Null).await;
    let answer = call(&child, json!({})).await;
    answer.refused(400, "InvalidRuntimeException", "python3` has no module `boto3`; make a virtual environment");
}

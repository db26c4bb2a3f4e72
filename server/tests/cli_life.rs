//! A process from start to end: addresses, signals, restarts, and what it leaves in logs and files.
#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code, reason = "it is the sandbox's tests' client, and these make fewer calls")]
#[path = "../sandbox/tests/http/client.rs"]
mod client;
#[path = "cli_life/kills.rs"]
mod kills;
#[path = "support/process.rs"]
mod process;
#[path = "support/tls.rs"]
mod tls;

use client::Client;
use process::{Process, command, get, request};
use std::path::Path;

fn serve_sandbox(home: &Path) -> Process {
    let mut serve = command(home);
    serve.args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    serve.env("SAGEBRIDGE_LOG", "trace");
    Process::start(serve, &["console", "sandbox"])
}

/// The cookie of a new session.
fn sign_in(process: &Process) -> String {
    let answer = get(process.console_host(), process.launch_path(), &[]);
    assert_eq!((answer.status(), answer.header("location")), (303, Some("/")));
    answer.cookie()
}

fn is_signed_in(process: &Process, cookie: &str) -> bool {
    match get(process.console_host(), "/accounts", &[("Cookie", cookie), ("Accept", "text/html")]) {
        answer if answer.status() == 200 => true,
        answer => {
            assert_eq!((answer.status(), answer.header("location")), (303, Some("/sign-in")));
            false
        }
    }
}

#[test]
fn the_console_says_where_it_is_and_ends_when_asked() {
    let home = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        let process = serve_sandbox(home.path());
        assert!(process.addresses["console"].starts_with("http://127.0.0.1:"));
        assert!(process.addresses["sandbox"].starts_with("http://127.0.0.1:"));
        assert_eq!(get(process.console_host(), "/healthz", &[]).body, "ok\n");
        let (status, stdout, stderr) = process.end(signal);
        assert!(status.success(), "{stderr}");
        assert_eq!(stdout.lines().count(), 2, "standard output is for addresses: {stdout}");
        for line in stderr.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not JSON: {line}");
        }
    }
}

#[test]
fn the_sandbox_alone_says_where_it_is_and_writes_its_files() {
    let home = tempfile::tempdir().unwrap();
    let mut sandbox = command(home.path());
    sandbox.args(["sandbox", "--listen", "127.0.0.1:0"]);
    let process = Process::start(sandbox, &["sandbox"]);
    let config = std::fs::read_to_string(home.path().join("data/sandbox/config")).unwrap();
    assert!(config.contains(&process.addresses["sandbox"]), "{config}");
    let credentials = std::fs::read_to_string(home.path().join("data/sandbox/credentials")).unwrap();
    for profile in ["parent", "child", "shared", "training", "production"] {
        assert!(credentials.contains(&format!("[{profile}]")), "no profile `{profile}`");
    }
    let (status, stdout, _) = process.end("-TERM");
    assert!(status.success());
    assert_eq!(stdout.lines().count(), 1);
}

#[tokio::test]
async fn what_the_sandbox_confirmed_survives_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let start = || {
        let mut sandbox = command(home.path());
        sandbox.args(["sandbox", "--listen", "127.0.0.1:0"]);
        Process::start(sandbox, &["sandbox"])
    };
    let administrator = |process: &Process| {
        let credentials = home.path().join("data/sandbox/credentials");
        Client::of_profile(process.addresses["sandbox"].trim_end_matches('/'), &credentials, "parent")
    };
    let process = start();
    let parent = administrator(&process);
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..40 {
        let client = parent.clone();
        calls.spawn(async move {
            let name = format!("user-{n}");
            client.iam_ok("CreateUser", &[("UserName", &name)]).await;
        });
    }
    calls.join_all().await;
    // SIGKILL: no handler runs, nothing is flushed.
    let (status, _, _) = process.end("-KILL");
    assert!(!status.success());

    let again = start();
    assert_eq!(administrator(&again).iam_ok("ListUsers", &[]).await.tags("UserName").len(), 41);
}

#[test]
fn without_any_profile_the_console_starts() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = command(home.path());
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    let process = Process::start(serve, &["console"]);
    assert!(is_signed_in(&process, &sign_in(&process)));
    assert!(process.end("-TERM").0.success());
}

#[test]
fn a_half_sent_request_does_not_keep_the_process_from_ending() {
    let home = tempfile::tempdir().unwrap();
    let process = serve_sandbox(home.path());
    // A request that never ends, as a browser with a slow network would leave it.
    let mut open = std::net::TcpStream::connect(process.console_host()).unwrap();
    std::io::Write::write_all(&mut open, b"GET /healthz HTTP/1.1\r\nHost: ").unwrap();
    assert!(process.end("-TERM").0.success());
}

#[cfg(unix)]
#[test]
fn a_launch_address_works_once_and_a_new_one_is_printed_when_someone_asks() {
    let home = tempfile::tempdir().unwrap();
    let mut process = serve_sandbox(home.path());
    let cookie = sign_in(&process);
    let again = get(process.console_host(), process.launch_path(), &[]);
    assert_eq!((again.status(), again.header("set-cookie")), (303, None));
    assert!(again.header("location").unwrap().starts_with("/sign-in"));
    let same_browser = get(process.console_host(), process.launch_path(), &[("Cookie", &cookie)]);
    assert_eq!((same_browser.status(), same_browser.header("location")), (303, Some("/")));

    process.signal("-HUP");
    let next = process.next_line();
    assert!(next.starts_with("console: http://127.0.0.1:"), "{next}");
    let path = &next[next.find("/launch").unwrap()..];
    assert_ne!(path, process.launch_path());
    let head = request(process.console_host(), "HEAD", path, &[], "");
    assert_eq!(head.header("set-cookie"), None, "a probe used the token up");
    let guess = get(process.console_host(), path, &[("Sec-Purpose", "prefetch;prerender")]);
    assert_eq!(guess.header("set-cookie"), None, "a browser's guess used the token up");
    let second = get(process.console_host(), path, &[]).cookie();
    assert!(is_signed_in(&process, &cookie) && is_signed_in(&process, &second) && cookie != second);

    process.signal("-HUP");
    let replaced = process.next_line();
    process.signal("-HUP");
    let last = process.next_line();
    let path = |line: &str| line[line.find("/launch").unwrap()..].to_owned();
    assert_eq!(
        get(process.console_host(), &path(&replaced), &[]).header("set-cookie"),
        None,
        "replaced before it was used"
    );
    assert!(is_signed_in(&process, &get(process.console_host(), &path(&last), &[]).cookie()));
    let (status, stdout, _) = process.end("-TERM");
    assert!(status.success());
    assert_eq!(stdout.lines().count(), 5, "what is kept has no address that nobody asked for: {stdout}");
}

#[test]
fn sessions_survive_a_restart_and_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let process = serve_sandbox(home.path());
    let (_, value) = sign_in(&process).split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap();
    // The cookie's name has the port, which is another one after a restart.
    let cookie =
        |process: &Process| format!("sagebridge-{}={value}", process.console_host().rsplit_once(':').unwrap().1);
    assert!(is_signed_in(&process, &cookie(&process)));
    assert!(process.end("-TERM").0.success());

    let process = serve_sandbox(home.path());
    assert!(is_signed_in(&process, &cookie(&process)));
    let (status, _, _) = process.end("-KILL");
    assert!(!status.success());

    let process = serve_sandbox(home.path());
    assert!(is_signed_in(&process, &cookie(&process)));
    let origin = format!("http://{}", process.console_host());
    let out =
        request(process.console_host(), "POST", "/sign-out", &[("Cookie", &cookie(&process)), ("Origin", &origin)], "");
    assert_eq!(out.status(), 303);
    assert!(!is_signed_in(&process, &cookie(&process)));
}

#[test]
fn no_secret_is_in_logs_or_files() {
    let home = tempfile::tempdir().unwrap();
    let process = serve_sandbox(home.path());
    let token = process.launch_path().split_once("token=").unwrap().1.to_owned();
    let cookie = sign_in(&process);
    assert!(is_signed_in(&process, &cookie));
    let wrong = format!("{token}x");
    let origin = format!("http://{}", process.console_host());
    let form = [("Origin", origin.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(request(process.console_host(), "POST", "/sign-in", &form, &format!("token={wrong}")).status(), 303);
    let credentials = std::fs::read_to_string(home.path().join("data/sandbox/credentials")).unwrap();
    let secret_keys: Vec<String> = credentials
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.trim() == "aws_secret_access_key")
        .map(|(_, secret)| secret.trim().to_owned())
        .collect();
    assert!(secret_keys.len() >= 5);
    let (_, stdout, stderr) = process.end("-TERM");
    assert!(stderr.contains("\"path\":\"/launch\""), "requests are logged, only not whole: {stderr}");

    let cookie_value = cookie.split_once('=').unwrap().1;
    for secret in secret_keys.iter().map(String::as_str).chain([token.as_str(), cookie_value]) {
        assert!(!stderr.contains(secret), "a secret is in the log");
        for entry in std::fs::read_dir(home.path().join("data")).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_file() {
                let bytes = std::fs::read(&entry).unwrap();
                let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
                assert!(!found, "a secret is in {}", entry.display());
            }
        }
    }
    for secret in secret_keys.iter().map(String::as_str).chain([cookie_value]) {
        assert!(!stdout.contains(secret), "a secret is on standard output");
    }
}

#[test]
fn what_a_credential_program_says_is_in_no_log() {
    for level in ["info", "trace"] {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("login.sh");
        std::fs::write(&program, "echo TOPSECRET >&2\necho '{\"SecretAccessKey\": \"TOPSECRET\"'\nexit 3\n").unwrap();
        let config = home.path().join("config");
        let profile = format!(
            "[profile tool]\nregion = eu-west-1\ncredential_process = sh {0}\n\
             [profile role]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/r\nsource_profile = tool\n",
            program.display()
        );
        std::fs::write(&config, profile).unwrap();
        let mut serve = command(home.path());
        serve.args(["serve", "--listen", "127.0.0.1:0"]).env("AWS_CONFIG_FILE", &config).env("SAGEBRIDGE_LOG", level);
        let process = Process::start(serve, &["console"]);
        let cookie = sign_in(&process);
        let page = get(process.console_host(), "/accounts", &[("Cookie", &cookie), ("Accept", "text/html")]);
        assert!(page.body.contains("credential_process"), "the program was run: {}", page.body);
        assert!(!page.body.contains("TOPSECRET"));
        let (_, _, stderr) = process.end("-TERM");
        assert!(stderr.contains("/accounts"), "{stderr}");
        assert!(!stderr.contains("TOPSECRET"), "at {level}: {stderr}");
    }
}

#[test]
fn the_console_speaks_tls_with_a_certificate_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(["console.test".to_owned(), "localhost".to_owned()]).unwrap();
    let (cert, key) = (home.path().join("cert.pem"), home.path().join("key.pem"));
    std::fs::write(&cert, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let mut serve = command(home.path());
    serve.args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--public-host", "console.test"]);
    serve.arg("--tls-cert").arg(cert).arg("--tls-key").arg(key);
    let process = Process::start(serve, &["console", "sandbox"]);
    let (host, path) =
        process.addresses["console"].strip_prefix("https://console.test:").unwrap().split_once('/').unwrap();
    let (port, path) = (host.parse().unwrap(), format!("/{path}"));
    let ask = |name: &'static str, path: &str, headers: &[(&str, &str)]| {
        tls::get(certified.cert.der().clone(), port, name, path, headers)
    };

    let launched = ask("console.test", &path, &[]);
    assert_eq!((launched.status(), launched.header("location")), (303, Some("/")));
    assert!(launched.cookie().starts_with(&format!("__Host-sagebridge-{port}=")));
    assert!(launched.header("set-cookie").unwrap().ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"));
    assert_eq!(launched.header("strict-transport-security"), Some("max-age=31536000"));
    let page = ask("console.test", "/accounts", &[("Cookie", &launched.cookie()), ("Accept", "text/html")]);
    assert_eq!(page.status(), 200);
    let local = ask("localhost", "/healthz", &[]);
    assert_eq!((local.body.as_str(), local.header("strict-transport-security")), ("ok\n", None));
    let plain = request(&format!("127.0.0.1:{port}"), "GET", "/healthz", &[], "");
    assert!(!plain.head.contains("200"), "without TLS nothing is answered: {}", plain.head);
}

#[test]
fn starting_anew_forgets_sessions_of_the_sandbox() {
    let home = tempfile::tempdir().unwrap();
    let process = serve_sandbox(home.path());
    let value = sign_in(&process).split_once('=').unwrap().1.to_owned();
    process.end("-TERM");
    let mut serve = command(home.path());
    serve.args(["serve", "--sandbox", "--fresh", "--listen", "127.0.0.1:0"]);
    let process = Process::start(serve, &["console", "sandbox"]);
    let port = process.console_host().rsplit_once(':').unwrap().1.to_owned();
    assert!(!is_signed_in(&process, &format!("sagebridge-{port}={value}")));
}

#[test]
fn the_launch_token_can_be_set_for_automation() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = command(home.path());
    serve
        .args(["serve", "--sandbox", "--listen", "127.0.0.1:0"])
        .env("SAGEBRIDGE_LAUNCH_TOKEN", "automation-0123456789");
    let process = Process::start(serve, &["console", "sandbox"]);
    assert_eq!(process.launch_path(), "/launch?token=automation-0123456789");
    assert!(is_signed_in(&process, &sign_in(&process)));
}

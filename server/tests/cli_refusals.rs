//! What keeps the process from starting is said in one line on standard error, with exit code 2.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/process.rs"]
mod process;

use process::{Process, command};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The one line.
fn refused(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "standard output is for addresses");
    assert_eq!(said.lines().count(), 1, "more than a line: {said}");
    assert!(said.starts_with("sagebridge: ") && said.ends_with('\n'), "{said}");
    said
}

fn refused_with(home: &Path, line: &str) -> String {
    let mut command = command(home);
    command.args(line.split_whitespace());
    refused(command)
}

/// As the console makes its own, whatever the umask of this test is.
fn private_folder(path: &Path) {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path).unwrap();
}

#[test]
fn a_bad_command_line_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    for (line, names) in [
        ("", "sagebridge serve"),
        ("frobnicate", "frobnicate"),
        ("serve --colour", "--colour"),
        ("serve extra", "extra"),
        ("serve --listen here", "`here`"),
        ("serve --listen 127.0.0.1", "127.0.0.1"),
        ("serve --listen 127.0.0.1:99999", "127.0.0.1:99999"),
        ("serve --seed-many few --sandbox", "few"),
        ("serve --fresh", "--sandbox"),
        ("serve --log-format xml", "xml"),
        ("serve --tls-cert c.pem", "--tls-key"),
        ("serve --public-host http://x", "http://x"),
        ("sandbox --behind-proxy", "--behind-proxy"),
    ] {
        let said = refused_with(home.path(), line);
        let names = names.trim_matches('`');
        assert!(said.contains(names), "`{line}` is answered by: {said}");
    }
}

#[test]
fn an_address_that_others_reach_needs_tls_or_a_proxy() {
    let home = tempfile::tempdir().unwrap();
    let said = refused_with(home.path(), "serve --sandbox --listen 0.0.0.0:0");
    assert!(said.contains("0.0.0.0:0") && said.contains("--tls-cert") && said.contains("--behind-proxy"), "{said}");
    let said = refused_with(home.path(), "sandbox --listen 0.0.0.0:0");
    assert!(said.contains("loopback"), "{said}");
}

#[test]
fn behind_a_proxy_an_address_that_others_reach_needs_a_public_name() {
    let home = tempfile::tempdir().unwrap();
    for addr in ["0.0.0.0:0", "10.0.0.7:4600", "[::]:0"] {
        let said = refused_with(home.path(), &format!("serve --sandbox --behind-proxy --listen {addr}"));
        assert!(said.contains(addr) && said.contains("--public-host console.example.org"), "{said}");
    }
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    for line in [format!("serve --sandbox --listen {addr}"), format!("sandbox --listen {addr}")] {
        let said = refused_with(home.path(), &line);
        assert!(said.contains(&addr) && said.contains("in use") && said.contains("--listen"), "{said}");
    }
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let home = tempfile::tempdir().unwrap();
    // TEST-NET-1, RFC 5737: no machine has it.
    let said = refused_with(
        home.path(),
        "serve --sandbox --behind-proxy --public-host console.example.org --listen 192.0.2.1:4600",
    );
    assert!(said.contains("192.0.2.1:4600"), "{said}");
}

#[test]
fn a_data_folder_that_is_no_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    for dir in [file.clone(), file.join("below")] {
        for what in
            ["serve --sandbox --listen 127.0.0.1:0", "serve --listen 127.0.0.1:0", "sandbox --listen 127.0.0.1:0"]
        {
            let said = refused_with(home.path(), &format!("{what} --data-dir {}", dir.display()));
            assert!(said.contains(&dir.display().to_string()) && said.contains("--data-dir"), "{said}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_data_folder_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o777)).unwrap();
    for line in ["serve --sandbox --listen 127.0.0.1:0", "serve --listen 127.0.0.1:0", "sandbox --listen 127.0.0.1:0"] {
        let said = refused_with(home.path(), line);
        assert!(said.contains(&data.display().to_string()) && said.contains("`chmod go-w`"), "{said}");
    }
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0, "nothing was put there");
}

#[test]
fn a_data_folder_in_use_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut first = command(home.path());
    first.args(["sandbox", "--listen", "127.0.0.1:0"]);
    let _first = Process::start(first, &["sandbox"]);
    for line in ["sandbox --listen 127.0.0.1:0", "serve --sandbox --listen 127.0.0.1:0"] {
        let said = refused_with(home.path(), line);
        assert!(said.contains("another sagebridge process (process "), "{said}");
    }
}

#[test]
fn a_database_that_is_none_is_refused() {
    let home = tempfile::tempdir().unwrap();
    private_folder(&home.path().join("data"));
    std::fs::write(
        home.path().join("data/console.db"),
        "not a database, but a file long enough to look like one".repeat(20),
    )
    .unwrap();
    let said = refused_with(home.path(), "serve --listen 127.0.0.1:0");
    assert!(said.contains("console.db"), "{said}");
}

#[test]
fn profile_files_that_cant_be_read_are_refused() {
    let home = tempfile::tempdir().unwrap();
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        let mut serve = command(home.path());
        // A folder can't be read as a file, whoever asks.
        serve.args(["serve", "--listen", "127.0.0.1:0"]).env(variable, home.path());
        let said = refused(serve);
        assert!(said.contains(&home.path().display().to_string()), "{said}");
    }
}

#[test]
fn certificates_that_are_none_are_refused() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("cert.pem"), "no certificate").unwrap();
    for cert in ["cert.pem", "missing.pem"] {
        let said = refused_with(
            home.path(),
            &format!("serve --sandbox --listen 127.0.0.1:0 --tls-cert {cert} --tls-key key.pem"),
        );
        assert!(said.contains(cert), "{said}");
    }
}

#[test]
fn a_weak_launch_token_is_refused_without_being_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = command(home.path());
    serve.args(["serve", "--sandbox", "--listen", "127.0.0.1:0"]).env("SAGEBRIDGE_LAUNCH_TOKEN", "hunter2");
    let said = refused(serve);
    assert!(said.contains("SAGEBRIDGE_LAUNCH_TOKEN") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_log_filter_that_is_none_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = command(home.path());
    serve.args(["serve", "--sandbox", "--listen", "127.0.0.1:0"]).env("SAGEBRIDGE_LOG", "info,server=loudly");
    let said = refused(serve);
    assert!(said.contains("SAGEBRIDGE_LOG"), "{said}");
}

#[test]
fn help_and_version_are_answers_not_failures() {
    let home = tempfile::tempdir().unwrap();
    for line in ["--help", "--version", "serve --help", "sandbox --help"] {
        let output = command(home.path()).args(line.split_whitespace()).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty() && !output.stdout.is_empty());
    }
}

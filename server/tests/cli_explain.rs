//! `sagebridge explain`: scenarios in, a result a line out.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/process.rs"]
mod process;

use process::command;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The first seed's AssumeRole; the trust policy asks for an external ID.
fn scenario(id: &str, external_id: Option<&str>) -> Value {
    json!({
        "id": id,
        "principal": "arn:aws:sts::222222222222:assumed-role/scoring-lambda/run",
        "action": "sts:AssumeRole",
        "resource": "arn:aws:iam::111111111111:role/SageMakerExternal",
        "resource_account": "111111111111",
        "context": { "sts:ExternalId": external_id },
        "identity_policies": [{ "name": "assume", "document": { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" }] } }],
        "resource_policy": { "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::222222222222:role/scoring-lambda" },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": "sb-7f3c" } } }] },
        "permissions_boundaries": null, "session_policies": null,
        "service_control_policies": null, "resource_control_policies": null
    })
}

fn start(home: &Path, arguments: &[&str]) -> Child {
    let mut command = command(home);
    command.arg("explain").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Gives it all of the input and waits for its end.
fn explain(arguments: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut child = start(home.path(), arguments);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    output
}

fn results(output: &Output) -> Vec<Value> {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_scenario_gets_one_line_however_it_is_written() {
    let good = scenario("good", Some("sb-7f3c"));
    let input =
        format!("{good}\n\n{:#}\n{:#}\n{good}{good}", scenario("none", None), scenario("wrong", Some("sb-0000")));
    let output = explain(&[], &input);
    let told: Vec<[Value; 3]> = results(&output)
        .into_iter()
        .map(|mut one| [one["id"].take(), one["decision"].take(), one["decided_by"].take()])
        .collect();
    let expected: Vec<Value> = vec![
        json!(["good", "Allowed", "identity"]),
        json!(["none", "ImplicitlyDenied", "resource"]),
        json!(["wrong", "ImplicitlyDenied", "resource"]),
        json!(["good", "Allowed", "identity"]),
        json!(["good", "Allowed", "identity"]),
    ];
    assert_eq!(json!(told), json!(expected));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_denial_says_which_element_of_which_statement_and_what_to_change() {
    let result = results(&explain(&["-"], &scenario("none", None).to_string())).remove(0);
    let explanation = &result["explanation"];
    assert!(explanation["sentence"].as_str().unwrap().contains("no external ID was sent"), "{explanation}");
    let condition = &explanation["statements"][0]["elements"][2];
    assert_eq!(
        [&condition["element"], &condition["operator"], &condition["key"], &condition["cause"]],
        [&json!("Condition"), &json!("StringEquals"), &json!("sts:ExternalId"), &json!("no_external_id")]
    );
    let fix = &explanation["fixes"][0];
    assert_eq!([&fix["change"], &fix["value"]], [&json!("change_request"), &json!("sb-7f3c")]);
}

#[test]
fn what_cannot_be_evaluated_is_an_error_and_the_run_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut faulty = scenario("faulty", None);
    faulty["resource_policy"]["Statement"][0]["Effect"] = json!("Permit");
    let file = home.path().join("scenarios.jsonl");
    let lines = [
        "{\"id\": \"broken\"".to_owned(),
        faulty.to_string(),
        json!({ "id": 7, "action": "s3:GetObject" }).to_string(),
        scenario("good", Some("sb-7f3c")).to_string(),
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut child = command(home.path());
    let output = child.args(["explain", "--format", "json"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let results = results(&output);
    let kinds: Vec<&Value> = results.iter().map(|one| &one["error"]["kind"]).collect();
    assert_eq!(json!(kinds), json!(["invalid_json", "invalid_policy", "invalid_scenario", null]));
    assert_eq!((&results[0]["id"], &results[1]["id"]), (&json!("broken"), &json!("faulty")));
    assert_eq!(results[1]["error"]["path"], "resource_policy.Statement[0].Effect");
    assert_eq!((&results[1]["error"]["line"], &results[2]["id"]), (&json!(2), &json!(7)));
    assert_eq!(results[3]["decision"], "Allowed");
}

#[test]
fn for_people_each_result_is_a_sentence_in_one_line() {
    let mut rude = scenario("a\u{1b}[2Jb\nc", Some("x"));
    rude["identity_policies"][0]["name"] = json!("line\nbreak");
    let input = format!("{}\n{rude}\nnonsense\n", scenario("none", None));
    let output = explain(&["--format", "text"], &input);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("none: ImplicitlyDenied: ") && lines[0].ends_with("send the external ID `sb-7f3c`"));
    assert!(lines[1].starts_with(r"a\u{1b}[2Jb\nc: ImplicitlyDenied: "), "{}", lines[1]);
    assert!(lines[2].starts_with("line 3: error: "), "{}", lines[2]);
}

#[test]
fn an_answer_comes_before_the_input_ends() {
    let home = tempfile::tempdir().unwrap();
    let mut child = start(home.path(), &[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in ["1", "2", "3"] {
        writeln!(stdin, "{}", scenario(id, None)).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly() {
    let home = tempfile::tempdir().unwrap();
    let mut child = start(home.path(), &[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let line = format!("{}\n", scenario("again", None));
    stdin.write_all(line.as_bytes()).unwrap();
    answers.read_line(&mut String::new()).unwrap();
    drop(answers);
    // The process ends at its next answer, and then nobody reads the input any more.
    while stdin.write_all(line.as_bytes()).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_number_of_scenarios() {
    let home = tempfile::tempdir().unwrap();
    let mut child = start(home.path(), &[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = format!("{}\n", scenario("again", None));
    let mut peak_after = |count: usize| {
        for _ in 0..count {
            stdin.write_all(line.as_bytes()).unwrap();
            answers.next().unwrap().unwrap();
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    };
    let (early, late) = (peak_after(200), peak_after(5_000));
    drop(stdin);
    assert!(child.wait().unwrap().success());
    // The input alone was 4 MB and the output 10.
    assert!(late < early + 2_000, "{early} kB after 200 scenarios, {late} kB after 5,200");
}

#[test]
fn what_cannot_be_read_is_refused_in_one_line() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().to_str().unwrap().to_owned();
    for (arguments, names) in [
        (vec!["missing.json"], "`missing.json`: no such file"),
        (vec![folder.as_str()], "is a directory"),
        (vec!["--format", "xml"], "--format"),
        (vec!["--colour"], "--colour"),
        (vec!["a", "b"], "`b`"),
    ] {
        let mut explain: Command = command(home.path());
        let output = explain.arg("explain").args(&arguments).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("sagebridge: ") && said.lines().count() == 1, "{said}");
        assert!(said.contains(names.trim_matches('`')), "{arguments:?} is answered by: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_help_shows_a_scenario_and_the_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let output = command(home.path()).args(["explain", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in ["\"resource_control_policies\": null", "Exit code", "--format", "docs/explain.md"] {
        assert!(help.contains(part), "the help lacks {part}");
    }
}

//! The whole process dies at every step of making a pipeline, console and sandbox with it; each time the next one goes on,
//! and what stands in the end is what an undisturbed process makes.

use crate::client::Client;
use crate::process::{Answer, PATIENCE, Process, request};
use crate::{serve_sandbox, sign_in};
use http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// A console that somebody has signed in to.
struct Console {
    process: Process,
    cookie: String,
}

impl Console {
    fn start(home: &Path) -> Self {
        let process = serve_sandbox(home);
        let cookie = sign_in(&process);
        Self { process, cookie }
    }

    fn post(&self, function: &str, fields: &[(&str, &str)]) -> Answer {
        let form: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = format!("http://{}", self.process.console_host());
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Origin", &origin),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ];
        request(self.process.console_host(), "POST", &format!("/api/{function}"), &headers, &form)
    }

    fn call(&self, function: &str, fields: &[(&str, &str)]) -> Value {
        let answer = self.post(function, fields);
        assert_eq!(answer.status(), 200, "{function}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Walks the wizard; gives the run that makes the pipeline.
    fn apply(&self) -> String {
        let draft = self.call("start_pipeline", &[]);
        let draft = ("draft", draft.as_str().unwrap());
        let accounts = [
            draft,
            ("form[shared_services]", "shared"),
            ("form[training]", "training"),
            ("form[production]", "production"),
            ("form[region]", "eu-west-1"),
        ];
        self.call("save_pipeline_accounts", &accounts);
        let view = self.call("get_pipeline_draft", &[draft]);
        let mut model = view["draft"]["model"].clone();
        model["prefix"] = "churn".into();
        model["repository"] = "churn".into();
        model["endpoint"] = "churn-live".into();
        let model = model.as_object().unwrap().iter();
        let model: Vec<(String, &str)> =
            model.map(|(name, value)| (format!("form[{name}]"), value.as_str().unwrap())).collect();
        let fields: Vec<(&str, &str)> =
            model.iter().map(|(name, value)| (name.as_str(), *value)).chain([draft]).collect();
        self.call("save_pipeline_model", &fields);
        self.call("use_pipeline_sample", &[draft]);
        let data = self.call("get_pipeline_draft", &[draft])["draft"]["data"].clone();
        let text = |name: &str| data[name].as_str().unwrap().to_owned();
        let (label, header, validation) = (text("label"), text("header"), text("validation"));
        let fields = [
            draft,
            ("form[source]", "sample"),
            ("form[label]", &label),
            ("form[header]", &header),
            ("form[validation]", &validation),
        ];
        let prepared = Instant::now();
        while !self.call("save_pipeline_data", &fields).as_str().unwrap().ends_with("/review") {
            assert!(prepared.elapsed() < PATIENCE, "the table was not read");
        }
        let review = self.call("review_pipeline", &[draft]);
        assert_eq!(review["faults"], json!([]));
        let fingerprint = ("fingerprint", review["fingerprint"].as_str().unwrap());
        self.call("apply_pipeline", &[draft, fingerprint]).as_str().unwrap().to_owned()
    }

    /// Follows a run's stream until `wanted` says that this is the moment; gives the run as it was then, or as it ended.
    fn follow(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut stream = TcpStream::connect(self.process.console_host()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (host, cookie) = (self.process.console_host(), &self.cookie);
        let path = format!("/events/pipeline-runs/{run}");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").unwrap();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let Ok(view) = serde_json::from_str::<Value>(data) else { continue };
            if view["state"].is_string() && (view["state"] != "running" || wanted(&view)) {
                return view;
            }
        }
        panic!("the stream ended before the run did");
    }
}

/// The IDs of steps in a state.
fn steps(run: &Value, state: &str) -> BTreeSet<String> {
    let steps = run["steps"].as_array().unwrap().iter().filter(|step| step["state"] == state);
    steps.map(|step| step["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the pipeline has done all that it does by itself: its first model is trained and waits for its approval.
async fn settled(shared: &Client) {
    let trained = async {
        loop {
            let state = shared.json_ok("codepipeline", "GetPipelineState", json!({ "name": "churn" })).await;
            let stages = state["stageStates"].as_array().unwrap();
            let failed = stages.iter().any(|stage| stage["latestExecution"]["status"] == "Failed");
            assert!(!failed, "{state:#}");
            let approval = stages.iter().find(|stage| stage["stageName"] == "Approve").unwrap();
            if approval["latestExecution"]["status"] == "InProgress" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, trained).await.unwrap();
}

/// The bucket's objects, and how many versions each has. Names that are made up anew each time end where that begins.
async fn objects(shared: &Client) -> Vec<String> {
    let bucket = "churn-333333333333-eu-west-1";
    let listed = shared.send(shared.signed("s3", Method::GET, &format!("/{bucket}?versions"), &[], "".into())).await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert_eq!(listed.tag("IsTruncated"), "false");
    assert!(!listed.text().contains("<DeleteMarker>"), "{}", listed.text());
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    for key in listed.tags("Key") {
        *versions.entry(key).or_default() += 1;
    }
    let plain = |key: &str| match ["churn/template/", "models/churn-"].into_iter().find(|own| key.starts_with(own)) {
        Some(own) => format!("{own}…"),
        None => key.to_owned(),
    };
    versions.into_iter().map(|(key, count)| format!("object: {}: {count}", plain(&key))).collect()
}

/// The keys of an account that are there for good, and its log groups.
async fn keys_and_logs(client: &Client, profile: &str) -> Vec<String> {
    let mut states = Vec::new();
    let listed = client.json_ok("kms", "ListKeys", json!({})).await;
    for key in listed["Keys"].as_array().unwrap() {
        let key = client.json_ok("kms", "DescribeKey", json!({ "KeyId": key["KeyId"] })).await;
        let key = &key["KeyMetadata"];
        states.push(format!("{} {}", key["Description"], key["KeyState"]));
    }
    states.sort();
    let aliases = client.json_ok("kms", "ListAliases", json!({})).await;
    let targets =
        aliases["Aliases"].as_array().unwrap().iter().filter(|alias| alias["TargetKeyId"].is_string()).count();
    let groups = client.json_ok("logs", "DescribeLogGroups", json!({})).await;
    let groups = groups["logGroups"].as_array().unwrap().iter().map(|group| group["logGroupName"].to_string());
    let mut groups: Vec<String> = groups.collect();
    groups.sort();
    vec![
        format!("{profile}: keys: {}; aliases: {targets}", states.join(", ")),
        format!("{profile}: log groups: {}", groups.join(" ")),
    ]
}

/// What stands in the three accounts, without what differs by nature: IDs and times.
async fn standing(process: &Process, home: &Path) -> Vec<String> {
    let url = process.addresses["sandbox"].trim_end_matches('/');
    let credentials = home.join("data/sandbox/credentials");
    let shared = Client::of_profile(url, &credentials, "shared");
    settled(&shared).await;
    let mut lines = objects(&shared).await;
    for profile in ["shared", "training", "production"] {
        let client = Client::of_profile(url, &credentials, profile);
        for stack in client.query("cloudformation", "DescribeStacks", &[]).await.tags("StackName") {
            let described = client.query("cloudformation", "DescribeStacks", &[("StackName", &stack)]).await;
            let complete = described.tag("StackStatus").ends_with("_COMPLETE");
            let found = client.query("cloudformation", "DescribeStackResources", &[("StackName", &stack)]).await;
            let mut resources: Vec<String> = found
                .tags("LogicalResourceId")
                .into_iter()
                .zip(found.tags("ResourceStatus"))
                .map(|(id, state)| {
                    assert!(state.ends_with("_COMPLETE"), "{profile}: {stack}: {id} is {state}");
                    id
                })
                .collect();
            resources.sort();
            lines.push(format!("{profile}: {stack}: {complete}: {}", resources.join(" ")));
        }
        let mut roles = client.iam_ok("ListRoles", &[]).await.tags("RoleName");
        roles.sort();
        lines.push(format!("{profile}: roles: {}", roles.join(" ")));
        lines.extend(keys_and_logs(&client, profile).await);
    }
    let branch = json!({ "repositoryName": "churn", "branchName": "main" });
    let branch = shared.json_ok("codecommit", "GetBranch", branch).await;
    let commit = json!({ "repositoryName": "churn", "commitId": branch["branch"]["commitId"] });
    let commit = shared.json_ok("codecommit", "GetCommit", commit).await;
    lines.push(format!("commits before the last one: {}", commit["commit"]["parents"].as_array().unwrap().len()));
    let pipelines = shared.json_ok("codepipeline", "ListPipelines", json!({})).await;
    lines.push(format!("pipelines: {}", pipelines["pipelines"].as_array().unwrap().len()));
    lines
}

/// What an undisturbed process makes.
async fn undisturbed() -> (Vec<String>, usize) {
    let home = tempfile::tempdir().unwrap();
    let console = Console::start(home.path());
    let run = console.apply();
    let run = console.follow(&run, |_| false);
    assert_eq!(run["state"], "succeeded", "{run:#}");
    (standing(&console.process, home.path()).await, run["steps"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_pipeline_whose_making_is_killed_at_every_step_is_the_same_in_the_end() {
    let (expected, all) = undisturbed().await;

    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(home.path());
    let run = console.apply();
    let mut killed = BTreeSet::new();
    let began = Instant::now();
    let ended = loop {
        let seen = console.follow(&run, |view| !steps(view, "running").is_subset(&killed));
        if seen["state"] != "running" {
            break seen;
        }
        killed.extend(steps(&seen, "running"));
        // SIGKILL: no handler runs, nothing is flushed.
        assert!(!console.process.end("-KILL").0.success());
        console = Console::start(home.path());
        assert!(began.elapsed() < Duration::from_secs(600), "{seen:#}");
    };
    assert_eq!(ended["state"], "succeeded", "{ended:#}");
    assert_eq!(killed.len(), all, "killed at {killed:?}");
    assert_eq!(standing(&console.process, home.path()).await, expected);
}

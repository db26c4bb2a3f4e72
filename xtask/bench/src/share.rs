//! A share for the endpoint `echo`, made through the console's own server functions, and calls through it.

use crate::console::Console;
use crate::load::Caller;
use anyhow::{Context, Result, bail};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use std::time::Duration;

/// The endpoint that is called.
pub const ENDPOINT: &str = "echo";
/// The role that is assumed.
pub const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";
/// The external ID its trust policy asks for.
pub const EXTERNAL_ID: &str = "measuring-echo-1kB";

/// What every call sends: one kilobyte.
pub fn body() -> String {
    "0123456789abcdef".repeat(64)
}

/// A share that was applied.
pub struct Share {
    id: String,
}

/// Walks the wizard to its end.
pub async fn make(console: &Console) -> Result<Share> {
    let draft = text(&console.call("start_share", "").await?)?;
    let steps: [(&str, &[(&str, &str)]); 5] = [
        ("save_parent", &[("form[connection]", "parent"), ("form[region]", "eu-west-1")]),
        (
            "save_endpoints",
            &[("form[scope]", "named"), ("form[arns][]", "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo")],
        ),
        (
            "save_callers",
            &[
                ("form[source]", "connected"),
                ("form[connection]", "child"),
                ("form[scope]", "named"),
                ("form[arns][]", "arn:aws:iam::222222222222:role/scoring-lambda"),
                ("form[console]", "on"),
            ],
        ),
        (
            "save_role",
            &[
                ("form[policy_name]", "SageMakerExternalInvokeEndpoint"),
                ("form[role_name]", "SageMakerExternal"),
                ("form[actions][]", "invoke"),
                ("form[session_seconds]", "3600"),
                ("form[require_external_id]", "on"),
                ("form[external_id]", EXTERNAL_ID),
            ],
        ),
        (
            "save_child",
            &[
                ("form[grant_name]", "AllowAssumeSagemakerExternalRole"),
                ("form[grantees][]", "arn:aws:iam::222222222222:role/scoring-lambda"),
            ],
        ),
    ];
    for (name, fields) in steps {
        let fields = fields.iter().copied().chain([("draft", draft.as_str()), ("go", "next")]);
        console.call(name, &form(fields)).await?;
    }
    let review = json(&console.call("review_share", &form([("draft", draft.as_str())])).await?)?;
    let fingerprint = review["fingerprint"].as_str().context("the review has no fingerprint")?;
    let applied = form([("draft", draft.as_str()), ("fingerprint", fingerprint)]);
    let applied = json(&console.call("apply_share", &applied).await?)?;
    let run = applied["run"].as_str().with_context(|| format!("nothing was applied: {applied}"))?;
    finish(console, run).await?;
    let id = applied["share"].as_str().context("the answer names no share")?.to_owned();
    Ok(Share { id })
}

async fn finish(console: &Console, run: &str) -> Result<()> {
    for _ in 0..600 {
        let seen = json(&console.call("get_run", &form([("run", run)])).await?)?;
        match seen["view"]["state"].as_str() {
            Some("running") => tokio::time::sleep(Duration::from_millis(100)).await,
            Some("succeeded") => return Ok(()),
            _ => bail!("the run did not succeed: {seen}"),
        }
    }
    bail!("the run did not finish within a minute")
}

impl Share {
    /// Calls through the console.
    pub fn through<'a>(&self, console: &'a Console) -> Through<'a> {
        let body = body();
        let fields = [
            ("share", self.id.as_str()),
            ("endpoint", ENDPOINT),
            ("content_type", "text/csv"),
            ("body", body.as_str()),
        ];
        Through { console, form: form(fields) }
    }
}

/// Calls through the console.
pub struct Through<'a> {
    console: &'a Console,
    form: String,
}

impl Caller for Through<'_> {
    fn call(&self) -> BoxFuture<'_, Result<()>> {
        async {
            let answer = self.console.call("invoke_endpoint", &self.form).await?;
            // Looking for the answer's first field costs next to nothing; parsing would be the load generator's time.
            let text = std::str::from_utf8(&answer)?;
            if !text.contains("\"Ok\"") {
                bail!("the console's call failed: {}", text.chars().take(500).collect::<String>());
            }
            Ok(())
        }
        .boxed()
    }
}

fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).with_context(|| format!("not JSON: {}", String::from_utf8_lossy(bytes)))
}

fn text(bytes: &[u8]) -> Result<String> {
    json(bytes)?.as_str().map(str::to_owned).context("not a text")
}

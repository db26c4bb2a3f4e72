//! A share for the endpoint `echo`, made through the console's own server functions, and calls through it.

use crate::console::Console;
use crate::load::Caller;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The endpoint that is called.
pub const ENDPOINT: &str = "echo";
/// The role that is assumed.
pub const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";
/// The external ID its trust policy asks for.
pub const EXTERNAL_ID: &str = "measuring-echo-1kB";

/// How much a call sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A few rows.
    Kilobyte,
    /// Near the most that InvokeEndpoint takes.
    FiveMegabytes,
}

impl Size {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kilobyte => "1 kB",
            Self::FiveMegabytes => "5 MB",
        }
    }

    /// What is sent.
    pub fn body(self) -> String {
        let times = match self {
            Self::Kilobyte => 64,
            Self::FiveMegabytes => 5 * 64 * 1024,
        };
        "0123456789abcdef".repeat(times)
    }
}

/// What a stream is of, and how echo is told to give it: in pieces, a moment apart.
pub const STREAMED: (&str, &str) = ("0123456789", "parts=5;part-ms=20");

/// How a line of the console's stream begins that has a piece.
const PIECE: &str = r#"{"event":"part""#;

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
                ("form[actions][]", "stream"),
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
        console.call(name, form(fields)).await?;
    }
    let review = json(&console.call("review_share", form([("draft", draft.as_str())])).await?)?;
    let fingerprint = review["fingerprint"].as_str().context("the review has no fingerprint")?;
    let applied = form([("draft", draft.as_str()), ("fingerprint", fingerprint)]);
    let applied = json(&console.call("apply_share", applied).await?)?;
    let run = applied["run"].as_str().with_context(|| format!("nothing was applied: {applied}"))?;
    finish(console, run).await?;
    let id = applied["share"].as_str().context("the answer names no share")?.to_owned();
    Ok(Share { id })
}

async fn finish(console: &Console, run: &str) -> Result<()> {
    for _ in 0..600 {
        let seen = json(&console.call("get_run", form([("run", run)])).await?)?;
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
    pub fn through<'a>(&self, console: &'a Console, size: Size) -> Through<'a> {
        Through { console, form: self.form(&size.body(), "").into() }
    }

    /// Streams through the console.
    pub fn streams<'a>(&self, console: &'a Console) -> Streams<'a> {
        let (body, told) = STREAMED;
        Streams { console, form: self.form(body, told).into() }
    }

    /// The playground's page for it.
    pub fn page(&self) -> String {
        format!("/playground?through={}&endpoint={ENDPOINT}", self.id)
    }

    fn form(&self, body: &str, told: &str) -> String {
        form([
            ("through", self.id.as_str()),
            ("endpoint", ENDPOINT),
            ("content_type", "text/csv"),
            ("custom_attributes", told),
            ("body", body),
        ])
    }
}

/// Calls through the console.
pub struct Through<'a> {
    console: &'a Console,
    form: Bytes,
}

impl Caller for Through<'_> {
    fn call(&self) -> BoxFuture<'_, Result<Duration>> {
        async {
            let begin = Instant::now();
            let answer = self.console.call("invoke_endpoint", self.form.clone()).await?;
            let took = begin.elapsed();
            // Looking for the answer's first field costs next to nothing; parsing would be the load generator's time.
            let text = std::str::from_utf8(&answer)?;
            if !text.contains("\"Ok\"") {
                bail!("the console's call failed: {}", text.chars().take(500).collect::<String>());
            }
            Ok(took)
        }
        .boxed()
    }
}

/// Streams through the console, each until its first piece.
pub struct Streams<'a> {
    console: &'a Console,
    form: Bytes,
}

impl Caller for Streams<'_> {
    fn call(&self) -> BoxFuture<'_, Result<Duration>> {
        async {
            let begin = Instant::now();
            let mut lines = self.console.stream("stream_endpoint", self.form.clone()).await?;
            let (mut text, mut first) = (String::new(), None);
            while let Some(frame) = lines.frame().await {
                let Ok(data) = frame?.into_data() else { continue };
                text.push_str(std::str::from_utf8(&data)?);
                if first.is_none() && text.contains(PIECE) {
                    first = Some(begin.elapsed());
                }
            }
            first.with_context(|| format!("the stream had no piece: {text}"))
        }
        .boxed()
    }
}

/// Fields as a form has them.
pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An answer, read.
pub fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).with_context(|| format!("not JSON: {}", String::from_utf8_lossy(bytes)))
}

/// An answer that is a text.
pub fn text(bytes: &[u8]) -> Result<String> {
    json(bytes)?.as_str().map(str::to_owned).context("not a text")
}

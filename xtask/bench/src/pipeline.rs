//! A pipeline, from an empty wizard to an endpoint in service, through the console's own server functions; and a long
//! table on its way in.

use crate::console::{Console, Sandbox};
use crate::share::{form, json, text};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(250);
/// Rows of the long table.
const ROWS: usize = 1_000_000;
/// Rows that are sent as one part of a body.
const PART: usize = 1_000;

/// What making a pipeline took, from *Apply* until its endpoint is in service.
pub struct Made {
    /// By the clock.
    pub took: Duration,
    /// What the console's processors worked meanwhile.
    pub worked: Duration,
}

/// Makes a pipeline over a sandbox that is a process of its own: what the console works then is its own share.
pub async fn apart(binary: &Path) -> Result<Made> {
    let sandbox = Sandbox::start(binary).await?;
    let console = Console::over(binary, &sandbox).await?;
    let made = make(&console).await;
    console.stop().await?;
    made
}

/// Makes a pipeline from the sample, approves its first model, and waits for the endpoint.
pub async fn make(console: &Console) -> Result<Made> {
    let draft = fill(console).await?;
    let draft = ("draft", draft.as_str());
    call(console, "use_pipeline_sample", &[draft]).await?;
    save_data(console, draft, "sample").await?;
    let review = call(console, "review_pipeline", &[draft]).await?;
    let fingerprint = review["fingerprint"].as_str().context("the review has no fingerprint")?;
    let (began, before) = (Instant::now(), console.worked()?);
    let run = call(console, "apply_pipeline", &[draft, ("fingerprint", fingerprint)]).await?;
    let run = run.as_str().context("nothing was applied")?;
    let applied =
        until(console, "get_pipeline_run", &[("run", run)], |seen| seen["view"]["state"] != "running").await?;
    ensure!(applied["view"]["state"] == "succeeded", "the run did not succeed: {applied}");
    let id = applied["view"]["pipeline"].as_str().context("the run names no pipeline")?;
    let pipeline = ("pipeline", id);
    let waits = until(console, "get_pipeline", &[pipeline], |seen| seen["view"]["waiting"].is_object()).await?;
    let token = waits["view"]["waiting"]["token"].as_str().context("the approval has no token")?;
    let decision = [pipeline, ("token", token), ("verdict", "Approved"), ("comment", "measured")];
    call(console, "decide_model", &decision).await?;
    until(console, "get_versions", &[pipeline], |seen| seen["view"]["endpoint"]["status"] == "InService").await?;
    Ok(Made { took: began.elapsed(), worked: console.worked()?.saturating_sub(before) })
}

/// The console's memory before a long table was sent and read through, and the most that it had meanwhile.
pub async fn long_table(console: &Console) -> Result<(u64, u64)> {
    let draft = fill(console).await?;
    let before = console.memory()?;
    let mut rows = 0;
    let parts = std::iter::from_fn(move || {
        (rows < ROWS).then(|| {
            let mut part = if rows == 0 { "label,tenure,minutes,calls\n".to_owned() } else { String::new() };
            for row in rows..rows + PART {
                let _ = writeln!(part, "{},{},{}.5,{}", row % 2, row % 97, row % 513, row % 7);
            }
            rows += PART;
            part
        })
    });
    let work = async {
        console.upload("/api/upload_pipeline_data", &draft, parts).await?;
        save_data(console, ("draft", &draft), "upload").await
    };
    let mut most = before;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done.map(|()| (before, most)),
            () = tokio::time::sleep(PAUSE) => most = most.max(console.memory()?),
        }
    }
}

/// A wizard with accounts and model.
async fn fill(console: &Console) -> Result<String> {
    let draft = text(&console.call("start_pipeline", "").await?)?;
    let accounts = [
        ("draft", draft.as_str()),
        ("form[shared_services]", "shared"),
        ("form[training]", "training"),
        ("form[production]", "production"),
        ("form[region]", "eu-west-1"),
    ];
    call(console, "save_pipeline_accounts", &accounts).await?;
    let view = call(console, "get_pipeline_draft", &[("draft", &draft)]).await?;
    let mut model = view["draft"]["model"].as_object().context("the draft has no model")?.clone();
    for (name, value) in [("prefix", "measured"), ("repository", "measured"), ("endpoint", "measured-live")] {
        model.insert(name.to_owned(), value.into());
    }
    let fields: Vec<(String, String)> = model
        .iter()
        .map(|(name, value)| (format!("form[{name}]"), value.as_str().unwrap_or_default().to_owned()))
        .chain([("draft".to_owned(), draft.clone())])
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    call(console, "save_pipeline_model", &fields).await?;
    Ok(draft)
}

/// Saves the answers about the table as it was found, and waits until it has been read through.
async fn save_data(console: &Console, draft: (&str, &str), source: &str) -> Result<()> {
    let view = call(console, "get_pipeline_draft", &[draft]).await?;
    let data = &view["draft"]["data"];
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let (label, header, validation) = (text("label"), text("header"), text("validation"));
    let fields = [
        draft,
        ("form[source]", source),
        ("form[label]", &label),
        ("form[header]", &header),
        ("form[validation]", &validation),
    ];
    let reviewed = |to: &Value| to.as_str().is_some_and(|to| to.ends_with("/review"));
    until(console, "save_pipeline_data", &fields, reviewed).await.map(|_| ())
}

async fn call(console: &Console, function: &str, fields: &[(&str, &str)]) -> Result<Value> {
    json(&console.call(function, form(fields.iter().copied())).await?)
}

/// Calls until the answer is as wanted.
async fn until(
    console: &Console,
    function: &str,
    fields: &[(&str, &str)],
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let began = Instant::now();
    loop {
        let seen = call(console, function, fields).await?;
        if wanted(&seen) {
            return Ok(seen);
        }
        ensure!(began.elapsed() < PATIENCE, "{function} did not come to its end: {seen}");
        tokio::time::sleep(PAUSE).await;
    }
}

//! Measures the console on its own sandbox: calls a second and their times, next to the SDK alone and next to assuming
//! the role for every call; policy decisions a second; the weight of the first page. Ratios from one run count, as both
//! sides then share the machine; the command fails where a budget is not kept.

mod console;
mod direct;
mod load;
mod page;
mod share;
mod table;

use anyhow::{Context, Result, bail};
use clap::Parser;
use console::Console;
use load::{Caller, Measured};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use table::Report;

/// The console may take so many times as long as the SDK alone.
const CONSOLE_OVER_DIRECT: f64 = 2.5;
/// What the first page may weigh, with brotli, in bytes.
const FIRST_PAGE: usize = 220_000;
/// Policy decisions a second on one core.
const DECISIONS: f64 = 1_000_000.0;
/// How many calls are under way at once.
const CONCURRENT: [usize; 2] = [1, 64];
/// The three ways take turns in rounds, so that a busy moment of the machine hits all of them.
const ROUNDS: u32 = 5;

/// What is measured, and for how long.
#[derive(Parser)]
struct Options {
    /// The console's binary.
    #[arg(long)]
    console: PathBuf,
    /// The program that prints policy decisions a second.
    #[arg(long)]
    decisions: PathBuf,
    /// Seconds for each row of the table.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// The console's, so that the SDK alone has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            table::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<bool> {
    let mut report = Report::default();
    let console = Console::start(&options.console).await?;
    calls(&console, Duration::from_secs(options.seconds), &mut report).await?;
    first_page(&console, &mut report).await.context("could not weigh the first page")?;
    // It would take its share of the machine from the decisions.
    console.stop().await?;
    let decisions = decisions(&options.decisions).await?;
    let fast = decisions >= DECISIONS;
    report.budget("policy decisions a second, one core (at least 1,000,000)", &table::thousands(decisions), fast);
    report.print()
}

/// The table of calls, and how the console compares.
async fn calls(console: &Console, time: Duration, report: &mut Report) -> Result<()> {
    let share = share::make(console).await.context("could not make a share through the console")?;
    let direct = direct::Direct::new(console).await.context("could not assume the share's role")?;
    let ways: Ways<'_> = [Box::new(direct.once()), Box::new(share.through(console)), Box::new(direct.each_time())];
    for concurrent in CONCURRENT {
        let [sdk, through, each] = measure(&ways, concurrent, time).await?;
        report.row("the SDK, straight to the sandbox", concurrent, &sdk);
        report.row("through the console", concurrent, &through);
        report.row("assuming the role for every call", concurrent, &each);
        let ratio = through.p50.as_secs_f64() / sdk.p50.as_secs_f64();
        if concurrent == 1 {
            let what = format!("console's p50 over the SDK's, 1 at once (at most {CONSOLE_OVER_DIRECT})");
            report.budget(&what, &format!("{ratio:.2}"), ratio <= CONSOLE_OVER_DIRECT);
        } else {
            // More than the machine has cores: each waits for the others, and the time of one is the calls a second.
            report.note(&format!("console's p50 over the SDK's, {concurrent} at once"), &format!("{ratio:.2}"));
        }
        let ratio = through.p50.as_secs_f64() / each.p50.as_secs_f64();
        let what = format!("console's p50 over assuming each time, {concurrent} at once (below 1)");
        report.budget(&what, &format!("{ratio:.2}"), ratio < 1.0);
        let ratio = through.per_second / sdk.per_second;
        report.note(&format!("console's calls a second over the SDK's, {concurrent} at once"), &format!("{ratio:.2}"));
    }
    Ok(())
}

/// The weight of the overview, part by part.
async fn first_page(console: &Console, report: &mut Report) -> Result<()> {
    let parts = page::weigh(console, "/").await?;
    let total: usize = parts.iter().map(|part| part.bytes).sum();
    let what = format!("first page with brotli (at most {} kB)", FIRST_PAGE / 1000);
    report.budget(&what, &kilobytes(total), total <= FIRST_PAGE);
    for part in parts {
        report.note(&format!("  {}", part.path), &kilobytes(part.bytes));
    }
    Ok(())
}

fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

/// The SDK alone, the console, the role for every call.
type Ways<'a> = [Box<dyn Caller + 'a>; 3];

/// Measures the three ways in turns.
async fn measure(ways: &Ways<'_>, concurrent: usize, time: Duration) -> Result<[Measured; 3]> {
    let mut samples = [const { Vec::new() }; 3];
    let mut spent = [Duration::ZERO; 3];
    for round in 0..=ROUNDS {
        for (way, (samples, spent)) in ways.iter().zip(samples.iter_mut().zip(spent.iter_mut())) {
            let (times, took) = load::drive(way.as_ref(), concurrent, time / ROUNDS).await?;
            // The first round opens connections and fills caches.
            if round > 0 {
                samples.extend(times);
                *spent += took;
            }
        }
    }
    let [a, b, c] = samples;
    Ok([Measured::new(a, spent[0])?, Measured::new(b, spent[1])?, Measured::new(c, spent[2])?])
}

/// Runs the example, and takes the largest number it prints before `decisions`.
async fn decisions(program: &Path) -> Result<f64> {
    let output = tokio::process::Command::new(program).output().await;
    let output = output.with_context(|| format!("could not start `{}`", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("`{}` ended with {}", program.display(), output.status);
    }
    let numbers = text.split_whitespace().filter_map(|word| word.replace([',', '_'], "").parse::<f64>().ok());
    numbers.reduce(f64::max).with_context(|| format!("`{}` printed no number: {text}", program.display()))
}

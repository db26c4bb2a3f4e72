//! Measures the console on its own sandbox: calls a second and their times with small and large bodies, next to the SDK
//! alone and next to assuming the role for every call; how much later a stream begins; memory over many calls; policy
//! decisions a second; a pipeline's preflight; searches of a long history; the weight of pages. Ratios from one run count, as both sides then share
//! the machine; the command fails where a budget is not kept.

mod console;
mod direct;
mod load;
mod page;
mod pipeline;
mod share;
mod table;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use console::Console;
use direct::Direct;
use load::{Caller, Measured};
use share::{Share, Size};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use table::Report;

/// The console may take so many times as long as the SDK alone.
const CONSOLE_OVER_DIRECT: f64 = 2.0;
/// With many calls under way it makes at least so many of the SDK's a second.
const THROUGHPUT: f64 = 0.5;
/// A stream's first piece may come so much later than without the console.
const LATER: Duration = Duration::from_millis(5);
/// What the first page may weigh, with brotli, in bytes.
const FIRST_PAGE: usize = 220_000;
/// What the playground may weigh without its editor.
const PLAYGROUND: usize = 350_000;
/// Files of what several parts of the browser's half have in common; there are dozens.
const CHUNK: &str = "/pkg/chunk_";
/// Over so many calls memory has to stay as it is, but for a part of it.
const MANY: usize = 100_000;
const MEMORY: f64 = 1.2;
/// So many calls before that fill caches and connections.
const WARM: usize = 10_000;
/// A search of a million calls over the same of ten thousand.
const LONG_HISTORY: f64 = 5.0;
/// Policy decisions a second on one core.
const DECISIONS: f64 = 1_000_000.0;
/// Resolving a pipeline's stacks and asking every role everything, in milliseconds.
const PREFLIGHT: f64 = 50.0;
/// What the console may work for a pipeline, from *Apply* until its endpoint is in service.
const OWN_SHARE: Duration = Duration::from_secs(1);
/// Memory while a table of a million rows is sent and read, over before.
const TABLE: f64 = 1.2;
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
    /// The program that times a pipeline's preflight.
    #[arg(long)]
    preflight: PathBuf,
    /// The program that searches long histories.
    #[arg(long)]
    history: PathBuf,
    /// Seconds for each row of the table.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Nothing but this; everything where it is not said.
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Calls,
    Streams,
    Memory,
    Pages,
    Pipelines,
    Programs,
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
    let measured = everything(options, &mut report).await;
    // What was measured before something went wrong is worth reading too.
    let kept = report.print()?;
    measured.map(|()| kept)
}

async fn everything(options: &Options, report: &mut Report) -> Result<()> {
    let console = Console::start(&options.console).await?;
    let share = share::make(&console).await.context("could not make a share through the console")?;
    let direct = direct::Direct::new(&console).await.context("could not assume the share's role")?;
    let time = Duration::from_secs(options.seconds);
    if options.wants(Part::Calls) {
        for size in [Size::Kilobyte, Size::FiveMegabytes] {
            calls(&console, &share, &direct, size, time, report).await?;
        }
    }
    if options.wants(Part::Streams) {
        streams(&console, &share, &direct, time, report).await?;
    }
    if options.wants(Part::Memory) {
        memory(&console, &share, report).await?;
    }
    if options.wants(Part::Pages) {
        pages(&console, &share, report).await.context("could not weigh the pages")?;
    }
    if options.wants(Part::Pipelines) {
        pipelines(options, &console, report).await.context("could not make a pipeline")?;
    }
    // It would take its share of the machine from the programs.
    console.stop().await?;
    if options.wants(Part::Programs) {
        programs(options, report).await?;
    }
    Ok(())
}

/// What needs no console.
async fn programs(options: &Options, report: &mut Report) -> Result<()> {
    let decisions = printed(&options.decisions).await?;
    let fast = decisions >= DECISIONS;
    report.budget("policy decisions a second, one core (at least 1,000,000)", &table::thousands(decisions), fast);
    let preflight = printed(&options.preflight).await?;
    let what = format!("a pipeline's preflight matrix (at most {PREFLIGHT} ms)");
    report.budget(&what, &format!("{preflight:.2} ms"), preflight <= PREFLIGHT);
    let worst = printed(&options.history).await?;
    let what = format!("searches of 1,000,000 calls over 10,000, the worst (at most {LONG_HISTORY})");
    report.budget(&what, &format!("{worst:.2}"), worst <= LONG_HISTORY);
    Ok(())
}

/// The table of calls, and how the console compares.
async fn calls(
    console: &Console,
    share: &Share,
    direct: &Direct,
    size: Size,
    time: Duration,
    report: &mut Report,
) -> Result<()> {
    let mut ways: Ways<'_> = vec![Box::new(direct.once(size)), Box::new(share.through(console, size))];
    if size == Size::Kilobyte {
        ways.push(Box::new(direct.each_time()));
    }
    let name = size.name();
    for concurrent in CONCURRENT {
        let measured = measure(&ways, concurrent, time).await?;
        let [sdk, through] = [measured[0], measured[1]];
        report.row(&format!("{name}: the SDK, straight to the sandbox"), concurrent, &sdk);
        report.row(&format!("{name}: through the console"), concurrent, &through);
        let ratio = through.p50.as_secs_f64() / sdk.p50.as_secs_f64();
        let what = format!("{name}: console's p50 over the SDK's, {concurrent} at once");
        if concurrent == 1 {
            let what = format!("{what} (at most {CONSOLE_OVER_DIRECT})");
            report.budget(&what, &format!("{ratio:.2}"), ratio <= CONSOLE_OVER_DIRECT);
        } else {
            // More than the machine has cores: each waits for the others, and what counts is how many are done.
            report.note(&what, &format!("{ratio:.2}"));
            let ratio = through.per_second / sdk.per_second;
            let what = format!("{name}: console's calls a second over the SDK's (at least {THROUGHPUT})");
            report.budget(&what, &format!("{ratio:.2}"), ratio >= THROUGHPUT);
        }
        if let Some(each) = measured.get(2) {
            report.row(&format!("{name}: assuming the role for each"), concurrent, each);
            let ratio = through.p50.as_secs_f64() / each.p50.as_secs_f64();
            let what = format!("{name}: console's p50 over assuming each time, {concurrent} at once (below 1)");
            report.budget(&what, &format!("{ratio:.2}"), ratio < 1.0);
        }
    }
    Ok(())
}

/// How much later a stream's first piece comes.
async fn streams(console: &Console, share: &Share, direct: &Direct, time: Duration, report: &mut Report) -> Result<()> {
    let ways: Ways<'_> = vec![Box::new(direct.streams()), Box::new(share.streams(console))];
    let measured = measure(&ways, 1, time).await?;
    let later = measured[1].p50.saturating_sub(measured[0].p50);
    let what = format!("a stream's first piece comes later by, p50 (at most {} ms)", LATER.as_millis());
    report.budget(&what, &table::milliseconds(later), later < LATER);
    Ok(())
}

/// The console's memory over many calls, with the sandbox's that answers them.
async fn memory(console: &Console, share: &Share, report: &mut Report) -> Result<()> {
    let through = share.through(console, Size::Kilobyte);
    load::repeat(&through, CONCURRENT[1], WARM).await?;
    let before = console.memory()?;
    load::repeat(&through, CONCURRENT[1], MANY).await?;
    let ratio = console.memory()? as f64 / before as f64;
    let what = format!("memory after {} calls over before (at most {MEMORY})", table::thousands(MANY as f64));
    report.budget(&what, &format!("{ratio:.2}"), ratio <= MEMORY);
    report.note("  before", &format!("{:.0} MB", before as f64 / 1_000_000.0));
    Ok(())
}

/// A long table, and pipelines from *Apply* to an endpoint in service.
async fn pipelines(options: &Options, console: &Console, report: &mut Report) -> Result<()> {
    let (before, most) = pipeline::long_table(console).await.context("could not send a long table")?;
    let ratio = most as f64 / before as f64;
    let what = format!("memory while a table of 1,000,000 rows comes, over before (at most {TABLE})");
    report.budget(&what, &format!("{ratio:.2}"), ratio <= TABLE);
    let made = pipeline::make(console).await?;
    report.note("a pipeline on the sandbox, from Apply to InService", &seconds(made.took));
    let apart = pipeline::apart(&options.console).await?;
    let what = format!("  of which the console works (at most {})", seconds(OWN_SHARE));
    report.budget(&what, &seconds(apart.worked), apart.worked <= OWN_SHARE);
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// The weight of the overview and of the playground, part by part.
async fn pages(console: &Console, share: &Share, report: &mut Report) -> Result<()> {
    let pages = [
        ("first page", "/".to_owned(), "front", FIRST_PAGE),
        ("playground without its editor", share.page(), "playground", PLAYGROUND),
    ];
    for (name, path, part, most) in pages {
        let parts = page::weigh(console, &path, part).await?;
        let counted = parts.iter().filter(|part| !part.path.starts_with("/editor/"));
        let total: usize = counted.map(|part| part.bytes).sum();
        let what = format!("{name} with brotli (at most {} kB)", most / 1000);
        report.budget(&what, &kilobytes(total), total <= most);
        let (named, chunks): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| !part.path.starts_with(CHUNK));
        for part in named {
            let path = part.path.split('?').next().unwrap_or_default();
            report.note(&format!("  {path}"), &kilobytes(part.bytes));
        }
        let total: usize = chunks.iter().map(|chunk| chunk.bytes).sum();
        report.note(&format!("  {CHUNK}*.wasm, {} files", chunks.len()), &kilobytes(total));
    }
    Ok(())
}

fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

/// What is measured beside each other.
type Ways<'a> = Vec<Box<dyn Caller + 'a>>;

/// Measures the ways in turns.
async fn measure(ways: &Ways<'_>, concurrent: usize, time: Duration) -> Result<Vec<Measured>> {
    let mut found = vec![(Vec::new(), Duration::ZERO); ways.len()];
    for round in 0..=ROUNDS {
        for (way, (samples, spent)) in ways.iter().zip(&mut found) {
            let (times, took) = load::drive(way.as_ref(), concurrent, time / ROUNDS).await?;
            // The first round opens connections and fills caches.
            if round > 0 {
                samples.extend(times);
                *spent += took;
            }
        }
    }
    found.into_iter().map(|(samples, spent)| Measured::new(samples, spent)).collect()
}

/// Runs an example, and takes the largest number it prints.
async fn printed(program: &Path) -> Result<f64> {
    let output = tokio::process::Command::new(program).output().await;
    let output = output.with_context(|| format!("could not start `{}`", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("`{}` ended with {}", program.display(), output.status);
    }
    let numbers = text.split_whitespace().filter_map(|word| word.replace([',', '_'], "").parse::<f64>().ok());
    numbers.reduce(f64::max).with_context(|| format!("`{}` printed no number: {text}", program.display()))
}

//! How much longer searches of the history take with a million calls than with ten thousand. Prints `worst_ratio N`, of
//! the search that suffers most; `cargo xtask bench` reads it. Each search's times go to standard error.

use domain::history::{Call, CallClass, HistoryFilter, ResultFilter, limits};
use domain::invoke::{InvokeHeaders, Through};
use domain::names::NameError;
use domain::share::intent::InvokeAction;
use domain::time::Timestamp;
use services::ports::store::{RecordedCall, Stores};
use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

const FEW: i64 = 10_000;
const MANY: i64 = 1_000_000;
/// So many are written at once.
const BATCH: i64 = 5_000;
/// Each search is made so often; the median counts.
const TIMES: usize = 41;
/// Below this a difference is nobody's.
const UNNOTICED: Duration = Duration::from_millis(2);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let stores = store::open(&folder.path().join("sagebridge.db")).await?;
    fill(&stores, 0, FEW).await?;
    let before = searched(&stores, FEW).await?;
    fill(&stores, FEW, MANY).await?;
    let after = searched(&stores, MANY).await?;
    let mut worst = 0.0_f64;
    for (number, (few, many)) in before.iter().zip(&after).enumerate() {
        writeln!(std::io::stderr(), "search {number}: {few:?}, then {many:?}")?;
        worst = worst.max(many.as_secs_f64() / (*few).max(UNNOTICED).as_secs_f64());
    }
    writeln!(std::io::stdout(), "worst_ratio {worst:.2}")?;
    Ok(())
}

async fn fill(stores: &Stores, from: i64, to: i64) -> Result<(), Box<dyn Error>> {
    for begin in (from..to).step_by(usize::try_from(BATCH)?) {
        let calls: Result<Vec<_>, _> = (begin..(begin + BATCH).min(to)).map(call).collect();
        stores.history.append(&calls?).await?;
    }
    Ok(())
}

/// One call in a hundred is no answer; there are 40 endpoints and seven people.
fn call(number: i64) -> Result<RecordedCall, NameError> {
    let class = match number % 700 {
        0 => CallClass::Denied,
        100 | 200 => CallClass::Refused,
        300 | 400 => CallClass::Failed,
        500 | 600 => CallClass::Broken,
        _ => CallClass::Answered,
    };
    let call = Call {
        at: Timestamp(number * 1_000),
        who: format!("session {}", number % 7),
        through: Through::parse(&format!("share-{}", number % 3))?,
        label: format!("222222222222 → 111111111111 · role {}", number % 3),
        endpoint: format!("endpoint-{}", number % 40).parse()?,
        way: InvokeAction::Invoke,
        headers: InvokeHeaders::of_type("text/csv"),
        class,
        status: Some(200),
        code: if class == CallClass::Answered { String::new() } else { "ModelError".into() },
        message: String::new(),
        answer_type: "text/csv".into(),
        variant: Some("AllTraffic".into()),
        sent: 512,
        received: Some(64),
        role_us: 0,
        role_cached: true,
        call_us: 12_000,
        first_us: Some(11_000),
        request_id: Some(format!("request-{number}")),
    };
    Ok(RecordedCall { call, bodies: None })
}

/// The median time of each search, among so many calls.
async fn searched(stores: &Stores, calls: i64) -> Result<Vec<Duration>, Box<dyn Error>> {
    let all = HistoryFilter::default;
    let searches = [
        all(),
        HistoryFilter { text: Some("POINT-17".into()), ..all() },
        HistoryFilter { endpoint: Some("endpoint-3".into()), ..all() },
        HistoryFilter { result: Some(ResultFilter::NotAnswered), ..all() },
        HistoryFilter { result: Some(ResultFilter::Only(CallClass::Denied)), ..all() },
        HistoryFilter { who: Some("session 5".into()), code: Some("ModelError".into()), ..all() },
        HistoryFilter { since: Some(Timestamp(calls * 300)), until: Some(Timestamp(calls * 600)), ..all() },
        HistoryFilter { text: Some("nothing has this".into()), ..all() },
    ];
    let mut found = Vec::new();
    for search in searches {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begin = Instant::now();
            stores.history.page(&search, limits::PAGE).await?;
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        found.push(times[TIMES / 2]);
    }
    Ok(found)
}

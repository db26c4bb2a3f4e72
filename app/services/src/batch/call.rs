//! One row: from its values to a request, through as many tries as it needs, to what came of it.

use super::Ask;
use super::read::{InputRow, Source, shown};
use super::write::{Answer, Outcome, record};
use crate::{Backoff, Operator, ServiceError, Services};
use domain::batch::{
    BatchSetup, BatchStop, Cell, Predictions, Syntax, Template, TemplateProblem, Verdict, limits, resting, verdict,
};
use domain::invoke::{BodyEncoding, InvokeAnswer, InvokeFailure, InvokeHeaders, InvokeParams};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

/// A row that is done, or what keeps every row from being done.
pub(super) type Called = Result<Outcome, BatchStop>;

/// What came of a row's last try: the answer or what went wrong, the status, and how many milliseconds it took.
type Came = (Result<Answer, String>, Option<u16>, u64);

/// Where a header stands.
type Header = fn(&mut InvokeHeaders) -> &mut String;

/// Sends rows.
pub(super) struct Caller {
    services: Services,
    operator: Operator,
    setup: BatchSetup,
    names: Vec<String>,
    body: Option<Template>,
    headers: Vec<(Header, Template)>,
    /// As many as may be under way at once.
    permits: Arc<Semaphore>,
    /// As many as may wait for their next try without one of these.
    resting: Semaphore,
    ask: watch::Receiver<Ask>,
    /// Calls that were made again.
    pub(super) retried: AtomicU64,
}

/// The headers that may name columns.
const FILLED: [Header; 4] = [
    |headers| &mut headers.custom_attributes,
    |headers| &mut headers.target_model,
    |headers| &mut headers.target_variant,
    |headers| &mut headers.inference_id,
];

/// A row's values.
enum Values<'r> {
    Fields(&'r [String]),
    Members(Value),
}

impl Values<'_> {
    fn cell(&self, names: &[String], at: usize) -> Option<Cell<'_>> {
        match self {
            Self::Fields(fields) => fields.get(at).map(|text| Cell::Text(text)),
            Self::Members(value) => value.get(names.get(at)?).map(Cell::Json),
        }
    }
}

impl Caller {
    pub(super) fn new(
        services: Services,
        operator: Operator,
        setup: BatchSetup,
        names: Vec<String>,
        ask: watch::Receiver<Ask>,
    ) -> Result<Self, TemplateProblem> {
        let syntax = Syntax::of(&setup.headers.content_type);
        let body = setup.template.as_ref().map(|text| Template::parse(text, syntax, &names)).transpose()?;
        let mut headers = Vec::new();
        let mut given = setup.headers.clone();
        for field in FILLED {
            let text = std::mem::take(field(&mut given));
            if text.contains("{{") {
                headers.push((field, Template::parse(&text, Syntax::Plain, &names)?));
            }
        }
        let permits = Arc::new(Semaphore::new(usize::from(setup.at_once)));
        let resting = Semaphore::new(resting(setup.at_once));
        let retried = AtomicU64::new(0);
        Ok(Self { services, operator, setup, names, body, headers, permits, resting, ask, retried })
    }

    /// A place among those that are under way at once.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        let place = self.permits.clone().acquire_owned().await;
        place.unwrap_or_else(|_| unreachable!("nobody closes it"))
    }

    /// Sends a row, which has its place.
    pub(super) async fn send(&self, row: InputRow, place: OwnedSemaphorePermit) -> Called {
        let InputRow { number, source, problem } = row;
        let params = match problem {
            Some(problem) => Err(problem),
            None => self.request(&source),
        };
        let (answer, status, ms) = match params {
            Err(problem) => (Err(problem), None, 0),
            Ok(params) => self.call(params, place).await?,
        };
        Ok(Outcome { number, source, answer, status, ms })
    }

    /// The row as a request.
    fn request(&self, source: &Source) -> Result<InvokeParams, String> {
        let values = match source {
            Source::Fields(fields) => Values::Fields(fields),
            Source::Line(line) => Values::Members(serde_json::from_str(line).map_err(|error| error.to_string())?),
        };
        let fill = |template: &Template| template.fill(|at| values.cell(&self.names, at));
        let mut headers = self.setup.headers.clone();
        for (field, template) in &self.headers {
            *field(&mut headers) = fill(template);
        }
        let body = match (&self.body, source) {
            (Some(template), _) => fill(template),
            (None, Source::Line(line)) => line.clone(),
            (None, Source::Fields(fields)) => self.sent(fields)?,
        };
        let BatchSetup { through, endpoint, .. } = &self.setup;
        let (through, endpoint) = (through.clone(), endpoint.clone());
        Ok(InvokeParams { through, endpoint, headers, body, encoding: BodyEncoding::Text })
    }

    /// The columns that are sent, as a line of CSV without its end; with commas, which is what containers read.
    fn sent(&self, fields: &[String]) -> Result<String, String> {
        let chosen = self.setup.columns.iter().filter_map(|at| fields.get(*at)).map(String::as_str);
        let line = record(b',', chosen).map_err(|error| error.to_string())?;
        let line = String::from_utf8(line).map_err(|error| error.to_string())?;
        Ok(line.trim_end_matches('\n').to_owned())
    }

    async fn call(&self, params: InvokeParams, mut place: OwnedSemaphorePermit) -> Result<Came, BatchStop> {
        let mut tries = 0;
        loop {
            tries += 1;
            let outcome = match self.services.invoke_quietly(&self.operator, params.clone()).await {
                Ok(outcome) => outcome,
                // A header that this row's values made too long, a body that is too large.
                Err(ServiceError::Invalid { problems }) => {
                    let why = problems.into_iter().next().map(|problem| problem.message);
                    return Ok((Err(why.unwrap_or_default()), None, 0));
                }
                Err(error) => return Err(stopped(&error)),
            };
            let ms = outcome.call_us / 1000;
            let failure = match outcome.result {
                Ok(answer) => return Ok((kept(answer), Some(200), ms)),
                Err(failure) => failure,
            };
            match verdict(&failure) {
                Verdict::All => return Err(for_all(failure)),
                Verdict::Again if tries < u32::from(self.setup.tries) => {
                    self.retried.fetch_add(1, Ordering::Relaxed);
                    place = self.rest(tries, place).await;
                }
                Verdict::Again | Verdict::Row => {
                    let status = failure.model.as_ref().and_then(|model| model.status).or(failure.status);
                    return Ok((Err(in_words(&failure)), status, ms));
                }
            }
        }
    }

    /// Waits for the next try. Meanwhile another row may have the place, unless too many wait already.
    async fn rest(&self, tries: u32, place: OwnedSemaphorePermit) -> OwnedSemaphorePermit {
        let Ok(_resting) = self.resting.try_acquire() else {
            self.pause(tries).await;
            return place;
        };
        drop(place);
        self.pause(tries).await;
        self.place().await
    }

    async fn pause(&self, tries: u32) {
        let backoff = self.services.inner.settings.batch.backoff;
        let wait = with_chance(backoff, tries);
        let mut ask = self.ask.clone();
        let asked = async {
            // An error is as good: then nobody is there to ask.
            let _ = ask.wait_for(|ask| *ask != Ask::Go).await;
        };
        tokio::select! {
            () = sleep(wait) => {}
            // Someone waits for the rows under way, and all that are finished behind this one: the next tries come soon.
            () = asked => sleep(wait.min(backoff.first)).await,
        }
    }
}

/// Between half of the wait and all of it.
fn with_chance(backoff: Backoff, tries: u32) -> Duration {
    let mut bytes = [0; 4];
    // Without randomness rows that failed together come back together, which is only slower.
    let share = getrandom::fill(&mut bytes).map_or(u32::MAX, |()| u32::from_le_bytes(bytes));
    backoff.wait(tries).mul_f64(0.5 + 0.5 * f64::from(share) / f64::from(u32::MAX))
}

fn kept(answer: InvokeAnswer) -> Result<Answer, String> {
    if answer.bytes > limits::ANSWER_BYTES {
        return Err(format!("the answer is {} bytes; a batch keeps at most {}", answer.bytes, limits::ANSWER_BYTES));
    }
    let text = answer.text.or(answer.base64).unwrap_or_default();
    let fields = match Syntax::of(&answer.content_type) {
        Syntax::Csv => only_record(&text),
        _ => None,
    };
    let predictions = Predictions::new(fields.unwrap_or_else(|| vec![text.trim_end().to_owned()]), &text);
    Ok(Answer { text, predictions })
}

/// The fields of CSV that is one record.
fn only_record(text: &str) -> Option<Vec<String>> {
    let mut builder = csv::ReaderBuilder::new();
    let mut records = builder.has_headers(false).flexible(true).from_reader(text.as_bytes()).into_records();
    let first = records.next()?.ok()?;
    records.next().is_none().then(|| first.iter().map(str::to_owned).collect())
}

fn in_words(failure: &InvokeFailure) -> String {
    let said = failure.model.as_ref().map(|model| model.message.as_str()).filter(|said| !said.is_empty());
    format!("{}: {}", failure.code, shown(said.unwrap_or(&failure.message)))
}

fn for_all(failure: InvokeFailure) -> BatchStop {
    let message = match &failure.explanation {
        Some(explanation) => explanation.sentence.clone(),
        None => format!("{} failed with {}: {}", failure.operation, failure.code, failure.message),
    };
    BatchStop { message, hint: failure.hint }
}

fn stopped(error: &ServiceError) -> BatchStop {
    let hint = match error {
        ServiceError::Conflict { hint, .. } => hint.clone(),
        _ => "look at the share, then go on with the batch".into(),
    };
    BatchStop { message: error.to_string(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_record_is_spread_over_columns() {
        assert_eq!(only_record("0.1,\"a,b\"\n"), Some(vec!["0.1".into(), "a,b".into()]));
        assert_eq!(only_record("0.1\n0.2\n"), None);
        assert_eq!(only_record(""), None);
    }

    #[test]
    fn waits_grow_and_are_left_to_chance_by_half() {
        let backoff =
            Backoff { first: Duration::from_millis(100), longest: Duration::from_millis(400), budget: Duration::ZERO };
        for (tries, most) in [(1, 100), (2, 200), (3, 400), (9, 400)] {
            let wait = with_chance(backoff, tries).as_millis();
            assert!((most / 2..=most).contains(&wait), "{tries}: {wait}");
        }
    }
}

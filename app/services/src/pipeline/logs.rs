//! What can be read of an action while it goes, and afterwards: events of its stack, its training, lines of logs.

use super::Pipelines;
use crate::ports::gateway::{ActionExecution, ActionStatus, LogSlice};
use crate::{Operator, ServiceError, ServiceResult};
use domain::endpoint::Page;
use domain::names::{ConnectionId, PipelineId};
use domain::pipeline::apply::Part;
use domain::pipeline::execution::LogLine;
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::observed::last_operation;
use domain::pipeline::view::ActionLogView;
use domain::time::Timestamp;

/// The stages that have something to read elsewhere.
const DEPLOY_TRAINING: &str = "DeployTraining";
const TRAIN: &str = "Train";
const DEPLOY: &str = "Deploy";
/// So many milliseconds after its end an action's logs are still its own: they are written a little later.
const AFTERWARDS: i64 = 10_000;

/// A place in a log: a moment, and how many of its lines are known already. While a reading takes several pages also where
/// CloudWatch goes on, and how many lines the last moment had so far.
///
/// CloudWatch's own tokens end with the log as it was; whoever follows goes on by the time of the last line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    since: Timestamp,
    known: usize,
    last: Timestamp,
    of_last: usize,
    token: Option<String>,
}

impl Cursor {
    fn begin(since: Timestamp) -> Self {
        Self { since, known: 0, last: since, of_last: 0, token: None }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '/');
        let (since, known) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (last, of_last) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let token = parts.next().filter(|token| !token.is_empty()).map(str::to_owned);
        Some(Self { since: Timestamp(since), known, last: Timestamp(last), of_last, token })
    }

    fn text(&self) -> String {
        let token = self.token.as_deref().unwrap_or_default();
        format!("{}/{}/{}/{}/{token}", self.since.0, self.known, self.last.0, self.of_last)
    }

    /// The lines of a page that are news, and where the next ones are.
    fn take(mut self, page: Page<LogLine>) -> (Vec<LogLine>, Self) {
        let mut news = Vec::new();
        for line in page.items {
            if line.at != self.last {
                (self.last, self.of_last) = (line.at, 0);
            }
            self.of_last += 1;
            if line.at != self.since || self.of_last > self.known {
                news.push(line);
            }
        }
        self.token = page.next;
        if self.token.is_none() {
            let known = if self.last == self.since { self.known.max(self.of_last) } else { self.of_last };
            self = Self { known, ..Self::begin(self.last) };
        }
        (news, self)
    }
}

impl Pipelines {
    /// What can be read of a stage's action in an execution: the events of its stack, its training with the lines of its
    /// log, or the lines of the function that deploys; those after `after`, which an earlier answer gave.
    pub async fn action_log(
        &self,
        _operator: &Operator,
        pipeline: &PipelineId,
        execution: &str,
        stage: &str,
        after: Option<&str>,
    ) -> ServiceResult<ActionLogView> {
        let intent = self.record(pipeline).await?.value.intent;
        let actions = self.actions_of(&intent, execution).await?;
        let action = actions.into_iter().find(|action| action.stage == stage);
        let Some(action) = action else {
            return Err(ServiceError::NotFound { what: "stage of the execution", id: stage.to_owned() });
        };
        match stage {
            DEPLOY_TRAINING => self.stack_log(&intent, &action).await,
            TRAIN => self.training_log(&intent, &action, after).await,
            DEPLOY => self.deploy_log(&intent, &action, after).await,
            _ => Ok(ActionLogView::default()),
        }
    }

    async fn stack_log(&self, intent: &PipelineIntent, action: &ActionExecution) -> ServiceResult<ActionLogView> {
        let (stacks, part) = (&self.inner.gateways.stacks, Part::Workflow);
        let (connection, name) = (&part.lane().place(intent).connection, part.name(intent));
        let Some(found) = stacks.stack(connection, &intent.region, &name).await? else {
            return Ok(ActionLogView::default());
        };
        let mut events = stacks.stack_events(connection, &intent.region, &found.id, None).await?;
        let until = ended(action);
        events.retain(|event| event.at >= action.started && until.is_none_or(|until| event.at <= until));
        Ok(ActionLogView { events: last_operation(&events).to_vec(), ..ActionLogView::default() })
    }

    async fn training_log(
        &self,
        intent: &PipelineIntent,
        action: &ActionExecution,
        after: Option<&str>,
    ) -> ServiceResult<ActionLogView> {
        let Some(arn) = &action.external_id else { return Ok(ActionLogView::default()) };
        let (training, place) = (&self.inner.gateways.training, &intent.training_account);
        let execution = training.machine_execution(&place.connection, &intent.region, arn).await?;
        let job = self.training_job(intent, arn).await?;
        let Some(job) = job else { return Ok(ActionLogView { execution, ..ActionLogView::default() }) };
        let (group, stream) = ("/aws/sagemaker/TrainingJobs", format!("{}/", job.name));
        let slice = LogSlice { group, stream: Some(&stream), since: Some(job.created), until: None };
        let log = self.lines(intent, &place.connection, slice, after).await?;
        Ok(ActionLogView { execution, job: Some(job), ..log })
    }

    /// The function's log is that of all executions: this one's lines are those of its time.
    async fn deploy_log(
        &self,
        intent: &PipelineIntent,
        action: &ActionExecution,
        after: Option<&str>,
    ) -> ServiceResult<ActionLogView> {
        let group = format!("/aws/lambda/{}-deploy", intent.prefix);
        let slice = LogSlice { group: &group, stream: None, since: Some(action.started), until: ended(action) };
        self.lines(intent, &intent.production.connection, slice, after).await
    }

    async fn lines(
        &self,
        intent: &PipelineIntent,
        connection: &ConnectionId,
        slice: LogSlice<'_>,
        after: Option<&str>,
    ) -> ServiceResult<ActionLogView> {
        let begin = Cursor::begin(slice.since.unwrap_or(Timestamp(0)));
        let cursor = after.and_then(Cursor::parse).unwrap_or(begin);
        let slice = LogSlice { since: Some(cursor.since), ..slice };
        let (training, token) = (&self.inner.gateways.training, cursor.token.clone());
        let page = training.log_lines(connection, &intent.region, slice, token.as_deref()).await?;
        let (lines, next) = cursor.take(page);
        let more = next.token.is_some();
        Ok(ActionLogView { lines, next: Some(next.text()), more, ..ActionLogView::default() })
    }
}

/// Until when what is written may be an action's; `None` while it goes on.
fn ended(action: &ActionExecution) -> Option<Timestamp> {
    (action.status != ActionStatus::InProgress).then(|| action.updated.plus_ms(AFTERWARDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, text: &str) -> LogLine {
        LogLine { at: Timestamp(at), text: text.to_owned() }
    }

    /// Follows a log by pages of two lines, as it is now.
    fn read(log: &[LogLine], mut cursor: Cursor) -> (Vec<String>, Cursor) {
        let mut all = Vec::new();
        loop {
            let from = cursor.token.as_ref().map_or(0, |token| token.parse::<usize>().unwrap_or(0));
            let there: Vec<LogLine> = log.iter().filter(|line| line.at >= cursor.since).cloned().collect();
            let items: Vec<LogLine> = there.iter().skip(from).take(2).cloned().collect();
            let next = (there.len() > from + 2).then(|| (from + 2).to_string());
            let (lines, next) = cursor.take(Page { items, next });
            all.extend(lines.into_iter().map(|line| line.text));
            cursor = next;
            if cursor.token.is_none() {
                return (all, cursor);
            }
        }
    }

    #[test]
    fn whoever_follows_a_log_gets_each_line_once() {
        let log: Vec<LogLine> = [(1, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "e"), (4, "f"), (4, "g")]
            .map(|(at, text)| line(at, text))
            .into();
        for first in 0..=log.len() {
            for second in first..=log.len() {
                let mut all = Vec::new();
                let mut cursor = Cursor::begin(Timestamp(0));
                for until in [first, second, second, log.len()] {
                    let (lines, next) = read(&log[..until], cursor);
                    all.extend(lines);
                    cursor = Cursor::parse(&next.text()).unwrap_or(next);
                }
                assert_eq!(all, ["a", "b", "c", "d", "e", "f", "g"], "{first} {second}");
            }
        }
    }

    #[test]
    fn a_place_in_a_log_says_the_same_again() {
        for cursor in [
            Cursor::begin(Timestamp(7)),
            Cursor { known: 2, of_last: 3, token: Some("a/b==".into()), ..Cursor::begin(Timestamp(7)) },
        ] {
            assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        }
        assert_eq!(Cursor::parse("x"), None);
    }
}

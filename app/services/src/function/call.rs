//! Calling the test function, and explaining what it is denied.

use super::{look, nothing_made, standing};
use crate::activity::Happened;
use crate::playground::{endpoint_name, in_scope};
use crate::ports::gateway::{Answered, FunctionAnswer, FunctionCall, GatewayError, GatewayErrorKind};
use crate::ports::store::ShareRecord;
use crate::{Operator, ServiceError, ServiceResult, Services, words};
use bytes::Bytes;
use domain::activity::ActivityOutcome;
use domain::doctor::{Call as LiveCall, DiagnosisView, Live, Outcome, QuestionForm, Verdict, message};
use domain::invoke::{DenialExplanation, InvokeParams};
use domain::names::{ConnectionId, EndpointName, FunctionName, ShareId};
use domain::share::function::{FunctionFailure, FunctionOutcome, FunctionReport, MadeFunction};
use domain::share::intent::InvokeAction;
use domain::share::render::lambda;
use domain::wizard::FieldProblem;
use serde_json::json;
use std::time::{Duration, Instant};

/// For how long a denial of what the documents allow is tried again while somebody waits.
const PATIENCE: Duration = Duration::from_secs(40);

impl Services {
    /// Calls the test function with a body for the model. What AWS, the function or the model refuse is an outcome too. A
    /// denial is explained; one that the documents do not bear out is tried again while IAM catches up, which is safe:
    /// the model was not reached.
    pub async fn run_function(
        &self,
        operator: &Operator,
        share: &ShareId,
        endpoint: &str,
        content_type: &str,
        body: &str,
    ) -> ServiceResult<FunctionOutcome> {
        let endpoint = &endpoint_name(endpoint)?;
        let record = self.share_record(share).await?.value;
        let connection = standing(&record)?;
        in_scope(&record, endpoint)?;
        let params = InvokeParams::text(share.clone(), endpoint.clone(), content_type, body);
        params.check(InvokeAction::Invoke).map_err(|refused| ServiceError::Invalid {
            problems: vec![FieldProblem { field: "body".into(), message: refused.to_string(), hint: None }],
        })?;
        self.still_leads_to(&connection, &record.intent.child).await?;
        let (made, found) = self.standing_now(&record.intent, &connection).await?.ok_or_else(nothing_made)?;
        if found.function.is_some() && look::own(&found, &record.intent).is_none() {
            return Err(ServiceError::Conflict {
                message: format!(
                    "function `{}` of account {} was not made for this share, and is not called",
                    made.name, record.intent.child
                ),
                hint: "delete the test function here, then make one under another name".into(),
            });
        }
        let event = json!({ "endpoint": endpoint, "content_type": content_type.trim(), "body": body });
        let outcome =
            self.call_until_settled(operator, &record, (&connection, &made, endpoint), event.to_string()).await;
        self.tell_of_call(operator, share, &made.name, &outcome).await;
        Ok(outcome)
    }

    async fn call_until_settled(
        &self,
        operator: &Operator,
        record: &ShareRecord,
        (connection, made, endpoint): (&ConnectionId, &MadeFunction, &EndpointName),
        event: String,
    ) -> FunctionOutcome {
        let backoff = self.inner.settings.propagation;
        let began = Instant::now();
        let until = began + backoff.budget.min(PATIENCE);
        let mut tries = 0;
        loop {
            tries += 1;
            let call = FunctionCall {
                function: made.name.clone(),
                payload: Bytes::from(event.clone()),
                patience: Duration::from_secs(lambda::TIMEOUT_SECONDS.into()),
            };
            let calling = Instant::now();
            let answer = self.inner.gateways.lambda.invoke(connection, &made.region, call).await;
            let took_ms = millis(calling.elapsed());
            let wait = backoff.wait(tries);
            let may_wait = Instant::now() + wait <= until;
            let mut outcome = FunctionOutcome {
                took_ms,
                tries,
                waited_ms: millis(began.elapsed()),
                request_id: None,
                result: Ok(FunctionReport::default()),
            };
            let again = match answer {
                // Being made or updated at this moment; the gateway never repeats an invocation by itself.
                Err(error) if error.retryable && error.kind == GatewayErrorKind::Conflict && may_wait => true,
                Err(error) => {
                    outcome.request_id.clone_from(&error.request_id);
                    outcome.result = Err(failure(&error, &made.name));
                    return outcome;
                }
                Ok(Answered { value, request_id }) => {
                    outcome.request_id = request_id;
                    let (report, allowed) = self.report(operator, record, (made, endpoint), value).await;
                    outcome.result = Ok(report);
                    allowed
                }
            };
            if !again || !may_wait {
                return outcome;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// What the function said, explained where it was denied; and whether the documents allow what was denied.
    async fn report(
        &self,
        operator: &Operator,
        record: &ShareRecord,
        (made, endpoint): (&MadeFunction, &EndpointName),
        answer: FunctionAnswer,
    ) -> (FunctionReport, bool) {
        let mut report = FunctionReport::read(answer.function_error.as_deref(), &answer.payload, answer.log_tail);
        let Some(message) = report.error.clone() else { return (report, false) };
        let Ok(denied) = message::parse(&message) else { return (report, false) };
        if !matches!(denied.kind, message::MessageKind::AccessDenied | message::MessageKind::EndpointNotFound) {
            return (report, false);
        }
        let mut form = QuestionForm::of_share(&record.intent);
        form.caller = made.role.to_string();
        denied.fill(&mut form);
        form.endpoint = endpoint.to_string();
        let operation = denied.operation.clone().unwrap_or_else(|| "AssumeRole".into());
        let call = LiveCall { operation, outcome: Outcome::Denied { message } };
        let question = form.parse();
        let found = match &question {
            Ok(question) => {
                let live = Live { calls: vec![call], ..Live::default() };
                self.diagnose(operator, question, live).await.ok()
            }
            Err(_) => None,
        };
        let allowed = found.as_ref().is_some_and(|found| found.diagnosis.verdict == Verdict::Disputed);
        report.explanation = Some(explanation(found, form));
        (report, allowed)
    }

    async fn tell_of_call(&self, operator: &Operator, share: &ShareId, name: &FunctionName, outcome: &FunctionOutcome) {
        let (ending, detail) = match &outcome.result {
            Ok(report) if report.explanation.is_some() => (ActivityOutcome::Denied, "denied".to_owned()),
            Ok(FunctionReport { error_type: Some(kind), .. }) => (ActivityOutcome::Failed, kind.clone()),
            Ok(_) => (ActivityOutcome::Done, "answered".to_owned()),
            Err(failure) => (ActivityOutcome::Failed, failure.code.clone()),
        };
        let mut happened = Happened::done(format!("ran function {name}")).of_share(share).outcome(ending);
        happened.took_ms = Some(outcome.waited_ms);
        self.note(operator.label(), happened.detail(detail)).await;
    }
}

/// What the doctor found, in short; the doctor's own page has the rest.
fn explanation(found: Option<DiagnosisView>, form: QuestionForm) -> DenialExplanation {
    let Some(found) = found else {
        return DenialExplanation {
            sentence: "the doctor could not read enough to say why".into(),
            details: Vec::new(),
            fix: None,
            question: Some(Box::new(form)),
        };
    };
    let diagnosis = found.diagnosis;
    // All repairs are needed: the first alone would be denied again.
    let more = diagnosis.repairs().count().saturating_sub(1);
    let fix = diagnosis.repairs().next().map(|repair| match more {
        0 => repair.sentence.clone(),
        1 => format!("{}; and 1 more change, which the doctor shows", repair.sentence),
        _ => format!("{}; and {more} more changes, which the doctor shows", repair.sentence),
    });
    DenialExplanation {
        details: diagnosis.links.iter().map(|link| format!("{}: {}", link.kind.label(), link.sentence)).collect(),
        fix,
        sentence: diagnosis.sentence,
        question: Some(Box::new(form)),
    }
}

fn failure(error: &GatewayError, function: &FunctionName) -> FunctionFailure {
    let hint = match error.kind {
        GatewayErrorKind::NotFound => format!("`{function}` was deleted behind the console's back: reload the page"),
        GatewayErrorKind::Conflict if error.code == "InvalidRuntimeException" => {
            "do what it says, then run the function again: it stays as it is".into()
        }
        _ => words::hint(error),
    };
    FunctionFailure { code: words::code(error), message: error.to_string(), hint }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

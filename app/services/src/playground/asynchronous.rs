//! Invocations that are answered later: started, and asked for until output or failure are in S3.
//!
//! Which places to look at is kept here, by the session that started the call: what a browser sends back is a number, and
//! can't make the console read any other object. Losing one with a restart loses nothing: the answer is where SageMaker
//! leaves it.

use super::outcome::{Timing, micros};
use super::route::{Call, Route, session_key};
use super::{Playground, failed_in_brief, request};
use crate::ports::gateway::{GatewayError, GatewayErrorKind, GatewayResult, Object, RuntimeCaller};
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::activity::ActivityOutcome;
use domain::invoke::{
    AsyncAnswer, AsyncStart, AsyncState, AsyncTicket, DenialExplanation, InvokeFailure, InvokeParams, Through, limits,
};
use domain::names::{EndpointName, Region, ShareId};
use domain::s3::Location;
use domain::share::intent::InvokeAction;
use domain::share::results;
use futures::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Instant;

/// How many calls are remembered; the oldest are forgotten first.
const MOST: usize = 1000;
/// Inputs without a share go here.
const DIRECT: &str = "direct";

/// The calls that were started.
#[derive(Default)]
pub(super) struct Started(Mutex<VecDeque<Kept>>);

#[derive(Clone)]
struct Kept {
    ticket: AsyncTicket,
    /// The operator's key.
    owner: String,
    through: Through,
    endpoint: EndpointName,
    output: Location,
    failure: Option<Location>,
    /// Whether its end is in the audit trail.
    noted: bool,
}

impl Started {
    fn keep(&self, kept: Kept) {
        let mut all = lock(&self.0);
        all.push_back(kept);
        while all.len() > MOST {
            all.pop_front();
        }
    }
    fn get(&self, owner: &str, id: &str) -> Option<Kept> {
        lock(&self.0).iter().find(|kept| kept.ticket.id == id && kept.owner == owner).cloned()
    }
    /// Notes that a call's end is told; says whether it was not yet.
    fn note(&self, id: &str) -> bool {
        let mut all = lock(&self.0);
        let kept = all.iter_mut().find(|kept| kept.ticket.id == id);
        kept.is_some_and(|kept| !std::mem::replace(&mut kept.noted, true))
    }
    /// Forgets what a session started.
    pub(super) fn forget(&self, owner: &str) {
        lock(&self.0).retain(|kept| kept.owner != owner);
    }
}

/// A call of S3 that is about to be made.
struct Asked<'a> {
    operation: &'static str,
    action: &'static str,
    place: &'a Location,
    endpoint: &'a EndpointName,
}

impl Services {
    /// Starts an asynchronous invocation. A body that is too large for the request goes to S3 first. What AWS refuses is an
    /// outcome too.
    pub async fn start_async(&self, operator: &Operator, params: InvokeParams) -> ServiceResult<AsyncStart> {
        let route = self.route(&params, InvokeAction::Async).await?;
        let (through, endpoint, bytes) = (params.through.clone(), params.endpoint.clone(), params.bytes());
        let mut request = request(params)?;
        let recording = self.recording(operator, route.target(self), &request, InvokeAction::Async).await;
        let began = Instant::now();
        let mut input = None;
        let mut start = None;
        if bytes > limits::ASYNC_INLINE_BYTES {
            let place = self.place_for_input(&route, &endpoint).await?;
            let body = std::mem::take(&mut request.body);
            match self.put_input(operator, &route, &endpoint, &place, &request.headers.content_type, body).await {
                Ok(()) => input = Some(place),
                Err(failure) => start = Some(failed(*failure)),
            }
        }
        let start = match start {
            Some(failed) => failed,
            None => {
                let call = Call { operator, route: &route, action: InvokeAction::Async, request };
                self.take(&call, &through, input).await
            }
        };
        recording.started(&start);
        let mut happened = route.happened(format!("invoked {endpoint} asynchronously"));
        happened.took_ms = Some(micros(began) / 1000);
        let (ending, detail) = match &start.result {
            Ok(ticket) => (ActivityOutcome::Done, format!("{bytes} bytes sent, answer to {}", ticket.output)),
            Err(failure) => failed_in_brief(failure, bytes),
        };
        self.note(operator.label(), happened.outcome(ending).detail(detail)).await;
        Ok(start)
    }

    async fn take(&self, call: &Call<'_>, through: &Through, input: Option<Location>) -> AsyncStart {
        let (runtime, region) = (self.inner.gateways.runtime.clone(), call.route.region().clone());
        let answer = self
            .make_call(call, |caller, request| {
                let (runtime, region, input) = (runtime.clone(), region.clone(), input.clone());
                Box::pin(async move { runtime.invoke_async(&caller, &region, request, input.as_ref()).await })
            })
            .await;
        let (answer, timing) = match answer {
            Ok(answered) => answered,
            Err(outcome) => {
                let outcome = *outcome;
                let (role_us, role_cached, call_us) = (outcome.role_us, outcome.role_cached, outcome.call_us);
                let request_id = outcome.request_id;
                let result = outcome.result.map_or_else(Err, |_| Err(nothing_said()));
                return AsyncStart { result, role_us, role_cached, call_us, request_id };
            }
        };
        let taken = answer.value;
        let ticket = AsyncTicket {
            id: uuid::Uuid::new_v4().simple().to_string(),
            inference_id: taken.inference_id,
            output: taken.output.to_string(),
            failure: taken.failure.as_ref().map(ToString::to_string),
            input: input.map(|place| place.to_string()),
            started: self.now(),
        };
        self.inner.playground.started.keep(Kept {
            ticket: ticket.clone(),
            owner: call.operator.key().to_owned(),
            through: through.clone(),
            endpoint: call.request.endpoint.clone(),
            output: taken.output,
            failure: taken.failure,
            noted: false,
        });
        let (role_us, role_cached, call_us) = timing.parts();
        AsyncStart { result: Ok(ticket), role_us, role_cached, call_us, request_id: answer.request_id }
    }

    /// An asynchronous invocation that this session started, if it is still remembered.
    pub fn started_async(&self, operator: &Operator, id: &str) -> Option<AsyncTicket> {
        self.inner.playground.started.get(operator.key(), id).map(|kept| kept.ticket)
    }

    /// What has become of an asynchronous invocation that this session started; `NotFound` for any other.
    pub async fn poll_async(&self, operator: &Operator, id: &str) -> ServiceResult<AsyncState> {
        let unknown = || ServiceError::NotFound { what: "asynchronous call", id: id.to_owned() };
        let kept = self.inner.playground.started.get(operator.key(), id).ok_or_else(unknown)?;
        let route = self.route_of(&kept.through).await?;
        let state = match self.look_for(operator, &route, &kept).await {
            Ok(state) => state,
            Err(failure) => AsyncState::Unreadable { failure },
        };
        let told = match &state {
            AsyncState::Answered { answer } => Some((ActivityOutcome::Done, format!("{} bytes back", answer.bytes))),
            AsyncState::Failed { .. } => Some((ActivityOutcome::Failed, "its failure was read".into())),
            _ => None,
        };
        if let Some((ending, detail)) = told
            && self.inner.playground.started.note(id)
        {
            let happened = route.happened(format!("got the asynchronous answer of {}", kept.endpoint));
            self.note(operator.label(), happened.outcome(ending).detail(detail)).await;
        }
        Ok(state)
    }

    async fn look_for(
        &self,
        operator: &Operator,
        route: &Route,
        kept: &Kept,
    ) -> Result<AsyncState, Box<InvokeFailure>> {
        if let Some(object) = self.object_at(operator, route, &kept.output, &kept.endpoint).await? {
            return Ok(AsyncState::Answered { answer: answer(object) });
        }
        if let Some(place) = &kept.failure
            && let Some(object) = self.object_at(operator, route, place, &kept.endpoint).await?
        {
            return Ok(AsyncState::Failed { message: String::from_utf8_lossy(&object.body).into_owned() });
        }
        let waited_ms = self.now().since(kept.ticket.started);
        if u128::from(waited_ms) < self.inner.settings.answers_within.as_millis() {
            return Ok(AsyncState::Pending { waited_ms });
        }
        Ok(AsyncState::Overdue { waited_ms, hint: overdue(kept) })
    }

    /// The object at a place, if it is there.
    ///
    /// It is looked for by a list first: the answer to reading what is missing is a denial for whoever has the permission
    /// to list below a prefix only. Where listing is denied, reading is tried all the same.
    async fn object_at(
        &self,
        operator: &Operator,
        route: &Route,
        place: &Location,
        endpoint: &EndpointName,
    ) -> Result<Option<Object>, Box<InvokeFailure>> {
        let (s3, region) = (self.inner.gateways.s3.clone(), route.region().clone());
        let list = Asked { operation: "ListObjectsV2", action: "s3:ListBucket", place, endpoint };
        let seen = self.ask_s3(operator, route, &list, |caller| {
            let (s3, region, place) = (s3.clone(), region.clone(), place.clone());
            Box::pin(async move { s3.has_object(&caller, &region, &place).await })
        });
        let denied = match seen.await {
            Ok(false) => return Ok(None),
            Ok(true) => None,
            Err(failure) if failure.status == Some(403) && failure.operation == list.operation => Some(failure),
            Err(failure) => return Err(failure),
        };
        let read = Asked { operation: "GetObject", action: "s3:GetObject", place, endpoint };
        let got = self.ask_s3(operator, route, &read, |caller| {
            let (s3, region, place) = (s3.clone(), region.clone(), place.clone());
            Box::pin(async move { s3.object(&caller, &region, &place, limits::ASYNC_ANSWER_BYTES).await })
        });
        match (got.await, denied) {
            (Ok(object), _) => Ok(object),
            (Err(_), Some(denied)) => Err(denied),
            (Err(failure), None) => Err(failure),
        }
    }

    /// Where an input of this endpoint is put: beside its outputs.
    async fn place_for_input(&self, route: &Route, endpoint: &EndpointName) -> ServiceResult<Location> {
        let (reader, region) = match route {
            Route::Share(record) => (record.intent.parent_connection(), &record.intent.region),
            Route::Direct { connection, region } => (Some(connection), region),
        };
        let seen = match reader {
            Some(connection) => self.inner.gateways.sagemaker.endpoint(connection, region, endpoint).await?,
            None => None,
        };
        let output = seen.and_then(|view| view.results).map(|results| results.output);
        let output = output.ok_or_else(|| ServiceError::Conflict {
            message: format!(
                "the body is over {} bytes, and in which bucket `{endpoint}` reads larger inputs is not known here",
                limits::ASYNC_INLINE_BYTES
            ),
            hint: "send less, or choose an endpoint that answers asynchronously and whose account is connected".into(),
        })?;
        let folder = match route {
            Route::Share(record) => results::inputs(&output, &record.intent.id),
            Route::Direct { .. } => ShareId::parse(DIRECT).map_or(output.clone(), |id| results::inputs(&output, &id)),
        };
        Ok(folder.join(&uuid::Uuid::new_v4().to_string()))
    }

    async fn put_input(
        &self,
        operator: &Operator,
        route: &Route,
        endpoint: &EndpointName,
        place: &Location,
        content_type: &str,
        body: bytes::Bytes,
    ) -> Result<(), Box<InvokeFailure>> {
        let (s3, region) = (self.inner.gateways.s3.clone(), route.region().clone());
        let put = Asked { operation: "PutObject", action: "s3:PutObject", place, endpoint };
        self.ask_s3(operator, route, &put, |caller| {
            let (s3, region, place, body) = (s3.clone(), region.clone(), place.clone(), body.clone());
            let content_type = content_type.to_owned();
            Box::pin(async move { s3.put_object(&caller, &region, &place, &content_type, body).await.map(|_| ()) })
        })
        .await
    }

    /// Asks S3 as whoever calls the endpoint. With a role's credentials it is asked once more with fresh ones where they
    /// were refused as expired.
    async fn ask_s3<T>(
        &self,
        operator: &Operator,
        route: &Route,
        asked: &Asked<'_>,
        make: impl Fn(RuntimeCaller) -> BoxFuture<'static, GatewayResult<T>>,
    ) -> Result<T, Box<InvokeFailure>> {
        let record = match route {
            Route::Share(record) => record,
            Route::Direct { connection, .. } => {
                return make(RuntimeCaller::Connection(connection.clone())).await.map_err(|error| {
                    let denied = error.kind == GatewayErrorKind::AccessDenied;
                    said(
                        asked.operation,
                        route.region(),
                        &error,
                        denied.then(|| denied_directly(connection.as_str(), asked)),
                    )
                });
            }
        };
        let intent = &record.intent;
        for last in [false, true] {
            let credentials = match self.role_session(operator, record).await {
                Ok((credentials, _)) => credentials,
                Err(error) => {
                    let explanation = self.explain_assume(intent, asked.endpoint, InvokeAction::Async, &error).await;
                    return Err(said("AssumeRole", route.region(), &error, explanation));
                }
            };
            match make(RuntimeCaller::Role(credentials.clone())).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.kind == GatewayErrorKind::Expired && !last => {
                    self.inner.playground.sessions.expired(&session_key(operator, intent), &credentials);
                }
                Err(error) => {
                    let explanation =
                        self.explain_object(intent, &credentials, asked.action, asked.place, &error).await;
                    return Err(said(asked.operation, route.region(), &error, explanation));
                }
            }
        }
        unreachable!("the second try returns")
    }
}

impl Playground {
    /// Drops what a session started.
    pub(super) fn forget_started(&self, operator: &Operator) {
        self.started.forget(operator.key());
    }
}

fn said(
    operation: &str,
    region: &Region,
    error: &GatewayError,
    explanation: Option<DenialExplanation>,
) -> Box<InvokeFailure> {
    let outcome = Timing::default().failed(operation, region, error, explanation);
    Box::new(outcome.result.err().unwrap_or_else(nothing_said))
}

fn nothing_said() -> InvokeFailure {
    InvokeFailure {
        operation: InvokeAction::Async.operation().into(),
        status: None,
        code: String::new(),
        message: "the call failed, and why was not told".into(),
        model: None,
        hint: "try again; the console's log may say more".into(),
        explanation: None,
    }
}

fn failed(failure: InvokeFailure) -> AsyncStart {
    AsyncStart { result: Err(failure), role_us: 0, role_cached: false, call_us: 0, request_id: None }
}

fn denied_directly(connection: &str, asked: &Asked<'_>) -> DenialExplanation {
    DenialExplanation {
        sentence: format!("connection `{connection}` itself may not make this call"),
        details: vec!["The policies of that identity, of its account and of the bucket count".into()],
        fix: Some(format!("let that identity have `{}` for `{}`", asked.action, asked.place)),
        question: None,
    }
}

fn overdue(kept: &Kept) -> String {
    let failures = match kept.failure {
        Some(_) => "its execution role may lack s3:PutObject there",
        None => "the endpoint has no S3FailurePath, so that a failure is nowhere to be read",
    };
    format!(
        "the request may still wait in the queue, or the endpoint could write neither output nor failure: {failures}; its \
         log group in CloudWatch says more"
    )
}

/// An object as the browser gets it.
fn answer(object: Object) -> AsyncAnswer {
    let Object { content_type, bytes, body } = object;
    let cut = bytes > body.len() as u64;
    let content_type = content_type.unwrap_or_default();
    let (text, base64) = match std::str::from_utf8(&body) {
        Ok(text) => (Some(text.to_owned()), None),
        // The cut may go through a character.
        Err(error) if cut && error.error_len().is_none() => {
            (Some(String::from_utf8_lossy(&body[..error.valid_up_to()]).into_owned()), None)
        }
        Err(_) => (None, Some(STANDARD.encode(&body))),
    };
    AsyncAnswer { content_type, text, base64, bytes, cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn of(body: &'static [u8], bytes: u64) -> AsyncAnswer {
        answer(Object { content_type: None, bytes, body: Bytes::from_static(body) })
    }

    #[test]
    fn a_large_answer_is_cut_between_characters() {
        let cut = of("naï".as_bytes().split_at(3).0, 9000);
        assert_eq!((cut.text.as_deref(), cut.base64, cut.cut), (Some("na"), None, true));
        let whole = of("naï".as_bytes(), 4);
        assert_eq!((whole.text.as_deref(), whole.cut), (Some("naï"), false));
        let bytes = of(b"\xff\xfe", 2);
        assert_eq!((bytes.text, bytes.base64.as_deref()), (None, Some("//4=")));
    }
}

//! The history of calls: recording them off their path, looking for them, forgetting them.

mod recorder;
mod recording;

pub(crate) use recorder::Recorder;
pub(crate) use recording::Recording;

use crate::activity::Happened;
use crate::ports::store::Prune;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::endpoint::Page;
use domain::history::{
    Call, CallBodies, CallDetail, CallView, EarlierRequest, HistoryFilter, HistoryForm, HistorySettings, HistoryView,
    KeptBody, limits,
};
use domain::invoke::InvokeParams;
use domain::names::EndpointName;
use domain::share::intent::InvokeAction;
use domain::time::Timestamp;
use std::sync::Mutex;

/// For how long what is kept is believed between calls: what another process's change may lag.
const SETTINGS_MS: i64 = 10_000;
/// How often what is over its time is looked for.
const PRUNE_MS: i64 = 10 * 60 * 1000;
/// The longest age that calls are deleted by, in days.
const OLDEST_DAYS: u32 = 36_500;

/// What the use cases of the history share.
pub(crate) struct History {
    recorder: Recorder,
    believed: Mutex<Option<(HistorySettings, Timestamp)>>,
    /// When what is over its time was last looked for.
    pruned: Mutex<Option<Timestamp>>,
}

impl History {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self { recorder, believed: Mutex::default(), pruned: Mutex::default() }
    }
    /// Waits until everything that was recorded so far is written.
    pub(crate) async fn flush(&self) {
        self.recorder.flush().await;
    }
}

/// So many calls of an endpoint are looked at for requests to send again.
const LOOKED_AT: u32 = 20;

/// What a request is filled with that is made of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The request. Its body is empty where it was not kept.
    pub params: InvokeParams,
    /// How its answer was asked for.
    pub way: InvokeAction,
}

impl Services {
    /// A page of the history. What can't be looked for is told in the view, and nothing is found then.
    pub async fn history(&self, _operator: &Operator, form: HistoryForm) -> ServiceResult<HistoryView> {
        self.inner.history.flush().await;
        let store = &self.inner.stores.history;
        let (page, problems) = match form.parse() {
            Ok(filter) => (store.page(&filter, limits::PAGE).await?, Vec::new()),
            Err(problems) => (Page { items: Vec::new(), next: None }, problems),
        };
        Ok(HistoryView {
            form,
            problems,
            page,
            known: store.known().await?,
            settings: store.settings().await?,
            lost: self.inner.history.recorder.lost(),
            now: self.now(),
        })
    }

    /// One call with its bodies, where they were kept.
    pub async fn recorded_call(&self, _operator: &Operator, id: i64) -> ServiceResult<CallDetail> {
        self.inner.history.flush().await;
        let settings = self.inner.stores.history.settings().await?;
        let (view, bodies) = self.call_and_bodies(id, &settings).await?;
        let at = view.call.at;
        let bodies_until = bodies.as_ref().map(|_| at.plus_ms(settings.body_ms()));
        Ok(CallDetail { view, bodies, bodies_until, until: at.plus_ms(settings.call_ms()), now: self.now() })
    }

    /// What was sent then, to be sent again.
    pub async fn recorded_request(&self, _operator: &Operator, id: i64) -> ServiceResult<Again> {
        self.inner.history.flush().await;
        let settings = self.inner.stores.history.settings().await?;
        let (CallView { call, .. }, bodies) = self.call_and_bodies(id, &settings).await?;
        let (headers, body) = match bodies {
            Some(CallBodies { headers, request, .. }) => (headers, request.into_body()),
            None => (call.headers, None),
        };
        let (body, encoding) = body.unwrap_or_default();
        let params = InvokeParams { through: call.through, endpoint: call.endpoint, headers, body, encoding };
        Ok(Again { params, way: call.way })
    }

    /// The newest requests to an endpoint whose bodies were kept, at most `most`; none where bodies are not.
    pub async fn earlier_requests(
        &self,
        _operator: &Operator,
        endpoint: &EndpointName,
        most: usize,
    ) -> ServiceResult<Vec<EarlierRequest>> {
        let store = &self.inner.stores.history;
        let settings = store.settings().await?;
        let mut found = Vec::new();
        if !settings.keep_bodies {
            return Ok(found);
        }
        self.inner.history.flush().await;
        let filter = HistoryFilter { endpoint: Some(endpoint.to_string()), ..HistoryFilter::default() };
        // Of a body that was too large there is nothing to send: some more are looked at than are told of.
        for CallView { id, call } in store.page(&filter, LOOKED_AT).await?.items {
            let (_, bodies) = self.call_and_bodies(id, &settings).await?;
            if bodies.is_some_and(|bodies| matches!(bodies.request, KeptBody::Text(_) | KeptBody::Base64(_))) {
                let Call { at, headers, sent, class, .. } = call;
                found.push(EarlierRequest { id, at, content_type: headers.content_type, sent, class });
            }
            if found.len() == most {
                break;
            }
        }
        Ok(found)
    }

    /// Deletes one call.
    pub async fn delete_call(&self, operator: &Operator, id: i64) -> ServiceResult<()> {
        self.inner.history.flush().await;
        if !self.inner.stores.history.delete(id).await? {
            return Err(not_found(id));
        }
        self.note(operator.label(), Happened::done("deleted a call from the history")).await;
        Ok(())
    }

    /// Deletes the calls, or only their bodies, that are older than so many days: of 0 days all of them. Gives how many.
    pub async fn delete_calls(&self, operator: &Operator, older_days: u32, only_bodies: bool) -> ServiceResult<u64> {
        self.inner.history.flush().await;
        let age = i64::from(older_days.min(OLDEST_DAYS)) * 24 * 60 * 60 * 1000;
        let until = Some(self.now().plus_ms(-age));
        let prune =
            if only_bodies { Prune { calls: None, bodies: until } } else { Prune { calls: until, bodies: until } };
        let gone = self.inner.stores.history.prune(prune).await?;
        let what = if only_bodies { "deleted bodies from the history" } else { "deleted calls from the history" };
        let detail = if older_days == 0 { "all of them".into() } else { format!("older than {older_days} days") };
        self.note(operator.label(), Happened::done(what).detail(detail)).await;
        Ok(gone)
    }

    /// What the history keeps.
    pub async fn history_settings(&self, _operator: &Operator) -> ServiceResult<HistorySettings> {
        Ok(self.inner.stores.history.settings().await?)
    }

    /// Says what the history keeps from now on; what is over the new times goes with the next upkeep.
    pub async fn set_history(&self, operator: &Operator, settings: HistorySettings) -> ServiceResult<()> {
        let problems = settings.problems();
        if !problems.is_empty() {
            return Err(ServiceError::Invalid { problems });
        }
        self.inner.stores.history.set(&settings, self.now()).await?;
        *lock(&self.inner.history.believed) = None;
        *lock(&self.inner.history.pruned) = None;
        let bodies = match settings.body_bytes() {
            Some(_) => format!("bodies up to {} kB for {} days", settings.body_kb, settings.body_days),
            None => "no bodies".into(),
        };
        let detail = format!("calls for {} days, {bodies}", settings.call_days);
        self.note(operator.label(), Happened::done("changed what the history keeps").detail(detail)).await;
        Ok(())
    }

    /// Drops what is over its time, when that was not done a moment ago. Gives how much.
    pub async fn prune_history(&self, now: Timestamp) -> ServiceResult<u64> {
        {
            let mut pruned = lock(&self.inner.history.pruned);
            if pruned.is_some_and(|at| now.since(at) < PRUNE_MS.unsigned_abs()) {
                return Ok(0);
            }
            *pruned = Some(now);
        }
        let settings = self.inner.stores.history.settings().await?;
        let prune =
            Prune { calls: Some(now.plus_ms(-settings.call_ms())), bodies: Some(now.plus_ms(-settings.body_ms())) };
        Ok(self.inner.stores.history.prune(prune).await?)
    }

    async fn call_and_bodies(
        &self,
        id: i64,
        settings: &HistorySettings,
    ) -> ServiceResult<(CallView, Option<CallBodies>)> {
        let store = &self.inner.stores.history;
        let view = store.get(id).await?.ok_or_else(|| not_found(id))?;
        let bodies = store.bodies(id, self.now().plus_ms(-settings.body_ms())).await?;
        Ok((view, bodies))
    }

    /// The largest body that is kept, as known a moment ago: asked for every call.
    async fn kept_body_bytes(&self) -> Option<usize> {
        let now = self.now();
        if let Some((settings, until)) = *lock(&self.inner.history.believed)
            && now < until
        {
            return settings.body_bytes();
        }
        // A call is not refused because of its history; without knowing better nothing is kept.
        let settings = self.inner.stores.history.settings().await.inspect_err(|error| {
            tracing::warn!(%error, "what the history keeps can't be read: bodies are left out");
        });
        let settings = settings.ok()?;
        *lock(&self.inner.history.believed) = Some((settings, now.plus_ms(SETTINGS_MS)));
        settings.body_bytes()
    }
}

fn not_found(id: i64) -> ServiceError {
    ServiceError::NotFound { what: "call", id: id.to_string() }
}

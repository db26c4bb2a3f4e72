//! Changing a share's external ID while its callers go on calling: begun, ended or called off, each of them a plan that
//! is reviewed before it is applied.

use crate::activity::Happened;
use crate::drafts::{fresh, fresh_external_id};
use crate::ports::store::RunRecord;
use crate::review::{Reviewed, refuse};
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::names::{ExternalId, RunId, ShareId};
use domain::run::RunKind;
use domain::share::intent::ShareIntent;
use domain::share::rotate::{self, RotateError, RotationChange, RotationPageView};
use domain::share::view::{ApplyView, ReviewView, ShareState};
use domain::time::Timestamp;
use domain::wizard::FieldProblem;

/// When a change is taken to begin for a review's fingerprint, which must be the same when it is applied. The trust policy
/// holds the moment, so that what is shown and done has the true one.
const REVIEWED: Timestamp = Timestamp(0);

impl Services {
    /// Where a share's external ID stands; with `chosen` (what to do, and the new external ID) also what Apply would do.
    pub async fn rotation(
        &self,
        _operator: &Operator,
        share: &ShareId,
        chosen: Option<(&str, &str)>,
    ) -> ServiceResult<RotationPageView> {
        let record = self.share_record(share).await?.value;
        let intent = &record.intent;
        let blocked = blocked(intent, record.state).map(|(message, hint)| (message, hint.to_owned()));
        let review = match chosen.filter(|_| blocked.is_none()) {
            Some((change, to)) => Some(self.reviewed_rotation(intent, change, to).await?),
            None => None,
        };
        Ok(RotationPageView {
            role_name: intent.role_name.to_string(),
            parent: intent.parent.to_string(),
            external_id: intent.external_id.as_ref().map(ToString::to_string),
            under_way: rotate::view(intent),
            presented: self.presented_id(intent).await.map(|id| id.to_string()),
            offered: fresh_external_id()?.to_string(),
            blocked,
            review,
            now: self.now(),
        })
    }

    /// Starts the run that the review showed. Refused as `Conflict` when the accounts have changed since, or while another
    /// run on the same role is under way.
    pub async fn rotate(
        &self,
        operator: &Operator,
        share: &ShareId,
        (change, to): (&str, &str),
        fingerprint: &str,
    ) -> ServiceResult<ApplyView> {
        let change = RotationChange::parse(change, to).map_err(invalid)?;
        let record = self.share_record(share).await?.value;
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator, fingerprint) = (self.clone(), operator.clone(), fingerprint.to_owned());
        uncancelled(async move {
            services.take_lease(&record.intent, &run).await?;
            let started = services.rotate_leased(&operator, &record.intent.id, &change, &fingerprint, &run).await;
            if !matches!(&started, Ok(ApplyView { run: Some(_), .. })) {
                services.give_lease_back(&record.intent, &run).await;
            }
            started
        })
        .await
    }

    /// Which external ID the console sends for a share: during a change the new one as soon as the trust policy accepts
    /// it. Asks AWS only then.
    pub(crate) async fn presented_id(&self, intent: &ShareIntent) -> Option<ExternalId> {
        if intent.open_rotation().is_none() {
            return intent.external_id.clone();
        }
        let role = match intent.parent_connection() {
            Some(parent) => self.inner.gateways.iam.role(parent, &intent.role_name).await.ok().flatten(),
            None => None,
        };
        rotate::presented(intent, role.as_ref().map(|role| role.trust.as_str())).cloned()
    }

    async fn reviewed_rotation(
        &self,
        intent: &ShareIntent,
        change: &str,
        to: &str,
    ) -> ServiceResult<Result<ReviewView, FieldProblem>> {
        let change = match RotationChange::parse(change, to) {
            Ok(change) => change,
            Err(problem) => return Ok(Err(problem)),
        };
        let wanted = match change.of(intent, REVIEWED) {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(problem(&error))),
        };
        let Reviewed { inventory, fingerprint, .. } = self.reviewed_intent(wanted).await?;
        let wanted = match change.of(intent, self.now()) {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(problem(&error))),
        };
        let review = self.shown(Reviewed::over(wanted, inventory)).await?;
        Ok(Ok(ReviewView { sentence: change.sentence(intent), fingerprint, ..review }))
    }

    async fn rotate_leased(
        &self,
        operator: &Operator,
        share: &ShareId,
        change: &RotationChange,
        fingerprint: &str,
        run: &RunId,
    ) -> ServiceResult<ApplyView> {
        self.refuse_second_run(share).await?;
        let record = self.share_record(share).await?.value;
        if let Some((message, hint)) = blocked(&record.intent, record.state) {
            return Err(ServiceError::Conflict { message, hint: hint.into() });
        }
        let refused =
            |error: RotateError| ServiceError::Conflict { message: error.to_string(), hint: error.hint().into() };
        let reviewed = self.reviewed_intent(change.of(&record.intent, REVIEWED).map_err(refused)?).await?;
        refuse(&reviewed, fingerprint)?;
        let wanted = change.of(&record.intent, self.now()).map_err(refused)?;
        let Reviewed { planned, .. } = Reviewed::over(wanted.clone(), reviewed.inventory);
        let steps = planned.plan.steps.len();
        let happened = Happened::done(match change {
            RotationChange::Begin(_) => "began to change an external ID",
            RotationChange::End => "ended the change of an external ID",
            RotationChange::CallOff => "called off the change of an external ID",
        });
        let happened = happened.of_share(share);
        if steps == 0 {
            self.change_share(share, |share| share.intent = wanted.clone()).await?;
            self.inner.playground.forget_share(share);
            self.note(operator.label(), happened).await;
            return Ok(ApplyView { share: share.clone(), run: None });
        }
        let journal = RunRecord::new(run, share, RunKind::Apply, planned.plan, operator.label(), self.now());
        let shown = self.change_share(share, |share| {
            share.intent = wanted.clone();
            share.state = ShareState::Applying;
            share.last_run = Some(run.clone());
        });
        self.begin(&journal, shown).await?;
        self.note(
            operator.label(),
            happened.of_run(run).detail(if steps == 1 { "1 step".into() } else { format!("{steps} steps") }),
        )
        .await;
        self.execute(journal, &wanted);
        Ok(ApplyView { share: share.clone(), run: Some(run.clone()) })
    }
}

/// Why a share's external ID can't be changed now, and what to do.
fn blocked(intent: &ShareIntent, state: ShareState) -> Option<(String, &'static str)> {
    match state {
        ShareState::Undone => Some(("the share was undone".into(), "share it again from its page")),
        ShareState::Applying => Some(("a run of the share is under way".into(), "wait until it is done")),
        _ if intent.parent_connection().is_none() => Some((
            format!("the trust policy is in account {}, which this console does not reach", intent.parent),
            "ask its administrator to change the external ID, and open the offer that comes of it",
        )),
        _ if intent.external_id.is_none() => {
            Some((RotateError::NoExternalId.to_string(), RotateError::NoExternalId.hint()))
        }
        _ => None,
    }
}

fn problem(error: &RotateError) -> FieldProblem {
    let field = if matches!(error, RotateError::Same(_)) { "to" } else { "change" };
    FieldProblem { field: field.into(), message: error.to_string(), hint: Some(error.hint().into()) }
}

fn invalid(problem: FieldProblem) -> ServiceError {
    ServiceError::Invalid { problems: vec![problem] }
}

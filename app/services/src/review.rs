//! Review and Apply: what was asked for against what is there, and the go-ahead.

use crate::activity::Happened;
use crate::drafts::{fresh, problems};
use crate::ports::store::{RunRecord, ShareRecord};
use crate::sessions::text_digest;
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::arn::Arn;
use domain::names::{DraftId, PolicyName, RoleName, RunId};
use domain::run::RunKind;
use domain::share::Side;
use domain::share::checks::{CheckView, Severity, checks};
use domain::share::diff::{Change, LaneItem, lanes};
use domain::share::intent::{EndpointScope, ParentSide, Resource, ShareIntent};
use domain::share::inventory::ShareInventory;
use domain::share::plan::{Planned, numbered, plan};
use domain::share::render::{Language, parent_side};
use domain::share::sentence::{arrow, review_sentence};
use domain::share::view::{ApplyView, ConflictChoice, ConflictView, ReviewView, ShareState};
use domain::wizard::{ShareDraft, WizardStep};

/// How many numbers are tried for a free name.
const NUMBERS: std::ops::RangeInclusive<u32> = 2..=9;

/// Everything a review is made of.
pub(crate) struct Reviewed {
    intent: ShareIntent,
    pub(crate) inventory: ShareInventory,
    pub(crate) planned: Planned,
    checks: Vec<CheckView>,
    pub(crate) fingerprint: String,
}

impl Reviewed {
    /// An intent against an inventory.
    pub(crate) fn over(intent: ShareIntent, inventory: ShareInventory) -> Self {
        let planned = plan(&intent, &inventory);
        let checks = checks(&intent, &inventory, &planned);
        let fingerprint = fingerprint(&intent, &inventory, &planned);
        Self { intent, inventory, planned, checks, fingerprint }
    }

    /// Why it must not be applied, by the standing checks.
    pub(crate) fn failed_check(&self) -> Option<ServiceError> {
        let check = self.checks.iter().find(|check| check.severity == Severity::Error)?;
        let message = format!("the check `{}` stands in the way", check.title);
        Some(ServiceError::Conflict { message, hint: check.reason.clone() })
    }
}

impl Services {
    /// The plan as a diff against both accounts. Refused as `Invalid` while a step is unfinished.
    pub async fn review(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<ReviewView> {
        let draft = self.draft_record(draft).await?.value;
        self.shown(self.reviewed(&draft).await?).await
    }

    /// A review for a page: with a free name for each conflict.
    pub(crate) async fn shown(&self, reviewed: Reviewed) -> ServiceResult<ReviewView> {
        let Reviewed { intent, inventory, mut planned, checks, fingerprint } = reviewed;
        for conflict in &mut planned.conflicts {
            conflict.other_name = self.free_name(&intent, conflict).await?;
        }
        let lanes = lanes(&intent, &inventory, &planned);
        // What was offered is shown, and is none of this console's to change or to keep.
        let parent = if intent.offered().is_some() { &[][..] } else { &lanes.parent };
        let count = |change| lanes.child.iter().chain(parent).filter(|i: &&LaneItem| i.change == change).count();
        Ok(ReviewView {
            sentence: review_sentence(&intent, &inventory, &planned),
            arrow: arrow(&intent).into(),
            checks,
            to_create: count(Change::Create),
            to_change: count(Change::Update),
            unchanged: count(Change::Keep),
            child_lane: lanes.child,
            parent_lane: lanes.parent,
            conflicts: planned.conflicts,
            fingerprint,
            child_by_hand: inventory.child.is_none(),
            programs: match intent.offered() {
                None => Language::ALL.map(|language| parent_side(&intent, language)).into(),
                Some(_) => Vec::new(),
            },
            child: intent.child,
            parent: intent.parent,
        })
    }

    /// Settles a conflict; `what` is `role`, `policy` or `grant`.
    pub async fn resolve_conflict(
        &self,
        operator: &Operator,
        draft: &DraftId,
        what: &str,
        choice: ConflictChoice,
    ) -> ServiceResult<()> {
        let review = self.review(operator, draft).await?;
        let conflict = review.conflicts.into_iter().find(|c| c.what == what);
        let (Some(conflict), Some(resource)) = (conflict, Resource::parse(what)) else {
            return Err(ServiceError::Conflict {
                message: format!("there is no conflict about the {what} any more"),
                hint: "look at the review again".into(),
            });
        };
        match choice {
            ConflictChoice::Adopt if conflict.can_adopt => self.change_draft(draft, |d| d.adopt(resource)).await,
            ConflictChoice::Adopt => Err(ServiceError::Conflict {
                message: format!("`{}` can't be taken over: {}", conflict.name, conflict.message),
                hint: format!("use another name, such as `{}`", conflict.other_name),
            }),
            ConflictChoice::OtherName => self.change_draft(draft, |d| d.rename(resource, &conflict.other_name)).await,
        }
    }

    /// Starts the run that makes the accounts what the review showed. Refused as `Conflict` when they have changed
    /// since that review, or while another run on the same role is under way.
    pub async fn apply(&self, operator: &Operator, draft: &DraftId, fingerprint: &str) -> ServiceResult<ApplyView> {
        let draft = self.draft_record(draft).await?.value;
        let intent = self.intent(&draft).await?;
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator, fingerprint) = (self.clone(), operator.clone(), fingerprint.to_owned());
        // A run that is written but never executed would be in the way of every other.
        uncancelled(async move {
            services.take_lease(&intent, &run).await?;
            let applied = services.apply_leased(&operator, &draft, &fingerprint, &run).await;
            if !matches!(&applied, Ok(ApplyView { run: Some(_), .. })) {
                services.give_lease_back(&intent, &run).await;
            }
            applied
        })
        .await
    }

    async fn apply_leased(
        &self,
        operator: &Operator,
        draft: &ShareDraft,
        fingerprint: &str,
        run: &RunId,
    ) -> ServiceResult<ApplyView> {
        self.refuse_second_run(&draft.share).await?;
        let reviewed = self.reviewed(draft).await?;
        refuse(&reviewed, fingerprint)?;
        let Reviewed { intent, inventory, planned, .. } = reviewed;
        let nothing = planned.plan.steps.is_empty();
        let record = self.applied_record(&intent, &inventory, (!nothing).then_some(run)).await?;
        let view = ApplyView { share: intent.id.clone(), run: (!nothing).then(|| run.clone()) };
        let happened = Happened::done(if nothing { "found nothing to apply" } else { "started applying a share" });
        let happened = happened.of_share(&intent.id).detail(format!("{} steps", planned.plan.steps.len()));
        if nothing {
            self.put_share(record).await?;
            self.reach(&draft.id, WizardStep::Verify).await;
            self.note(operator.label(), happened).await;
            return Ok(view);
        }
        let journal = RunRecord::new(run, &intent.id, RunKind::Apply, planned.plan, operator.label(), self.now());
        self.begin(&journal, self.put_share(record)).await?;
        self.reach(&draft.id, WizardStep::Apply).await;
        self.note(operator.label(), happened.of_run(run)).await;
        self.execute(journal, &intent);
        Ok(view)
    }

    pub(crate) async fn intent(&self, draft: &ShareDraft) -> ServiceResult<ShareIntent> {
        let record = self.inner.stores.shares.get(&draft.share).await?.map(|r| r.value);
        let problems = problems(draft, record.as_ref());
        let invalid = |problems: Vec<(WizardStep, _)>| ServiceError::Invalid {
            problems: problems.into_iter().map(|(_, problem)| problem).collect(),
        };
        if !problems.is_empty() {
            return Err(invalid(problems));
        }
        draft.intent().map_err(invalid)
    }

    async fn reviewed(&self, draft: &ShareDraft) -> ServiceResult<Reviewed> {
        let intent = self.intent(draft).await?;
        let inventory = self.inventory(&intent).await?;
        // Where answers lie is not asked: it is the endpoints' own, and seen with them.
        let intent = intent.with_results(&inventory.endpoints);
        Ok(Reviewed::over(intent, inventory))
    }

    /// An intent against what is there.
    pub(crate) async fn reviewed_intent(&self, intent: ShareIntent) -> ServiceResult<Reviewed> {
        let inventory = self.inventory(&intent).await?;
        Ok(Reviewed::over(intent, inventory))
    }

    async fn applied_record(
        &self,
        intent: &ShareIntent,
        inventory: &ShareInventory,
        run: Option<&RunId>,
    ) -> ServiceResult<ShareRecord> {
        let before = self.inner.stores.shares.get(&intent.id).await?.map(|r| r.value);
        let before = before.filter(|r| r.state != ShareState::Undone);
        let state = match (run, &before) {
            (Some(_), _) => ShareState::Applying,
            // Nothing to do, so what was shown about it still holds.
            (None, Some(record)) if matches!(record.state, ShareState::Verified | ShareState::NotWorking) => {
                record.state
            }
            (None, _) => ShareState::Applied,
        };
        let endpoint_names = self.endpoint_names(intent, inventory).await?;
        Ok(ShareRecord {
            intent: intent.clone(),
            state,
            created: before.as_ref().map_or_else(|| self.now(), |r| r.created),
            imported: before.as_ref().is_some_and(|r| r.imported),
            endpoint_names,
            last_run: run.cloned().or_else(|| before.as_ref().and_then(|r| r.last_run.clone())),
            verification: before.as_ref().and_then(|r| r.verification.clone()),
            recorded: before.map(|r| r.recorded).unwrap_or_default(),
            // What was seen before says nothing about what was asked for now.
            checked: None,
        })
    }

    /// The shared endpoints' names in the case they were created with; of all in a region, the newest, those
    /// that answer before those that don't.
    pub(crate) async fn endpoint_names(
        &self,
        intent: &ShareIntent,
        inventory: &ShareInventory,
    ) -> ServiceResult<Vec<String>> {
        Ok(match (&intent.parent_side, &intent.endpoints) {
            (ParentSide::Offered(offered), _) => offered.names.iter().map(ToString::to_string).collect(),
            (_, EndpointScope::Named(_)) => inventory.endpoints.iter().map(|e| e.name.to_string()).collect(),
            (ParentSide::Connected(connection), EndpointScope::All) => {
                let region = &intent.region;
                let page = self.inner.gateways.sagemaker.endpoints(connection, region, None, None).await?;
                let (answer, rest): (Vec<_>, Vec<_>) = page.items.into_iter().partition(|e| e.status.answers());
                answer.into_iter().chain(rest).map(|e| e.name.into()).collect()
            }
        })
    }

    /// The first numbered name that is free, so that choosing it settles the conflict.
    async fn free_name(&self, intent: &ShareIntent, conflict: &ConflictView) -> ServiceResult<String> {
        let iam = &self.inner.gateways.iam;
        let (connection, account) = match conflict.side {
            Side::Child => (intent.child_connection.as_ref(), &intent.child),
            Side::Parent => (intent.parent_connection(), &intent.parent),
        };
        // A side that is not connected is not planned, so that nothing of it is in conflict.
        let Some(connection) = connection else { return Ok(conflict.other_name.clone()) };
        let role = conflict.what == Resource::Role.key();
        for number in NUMBERS {
            let name = numbered(&conflict.name, number, if role { 64 } else { 128 });
            let taken = if role {
                let Ok(name) = RoleName::parse(&name) else { continue };
                iam.role(connection, &name).await?.is_some()
            } else {
                let partition = intent.region.partition();
                let arn = PolicyName::parse(&name)
                    .and_then(|n| Arn::build(partition, "iam", "", account.as_str(), &format!("policy/{n}")));
                let Ok(arn) = arn else { continue };
                iam.policy(connection, &arn).await?.is_some()
            };
            if !taken {
                return Ok(name);
            }
        }
        Ok(conflict.other_name.clone())
    }

    /// Notes how far a wizard has come. The run is under way whether or not this can be written.
    pub(crate) async fn reach(&self, draft: &DraftId, step: WizardStep) {
        if let Err(error) = self.change_draft(draft, |d| d.reached = step).await {
            tracing::warn!(%error, "the draft's step could not be noted");
        }
    }
}

/// Refuses what must not be applied, and what is not what was shown.
pub(crate) fn refuse(reviewed: &Reviewed, fingerprint: &str) -> ServiceResult<()> {
    if let Some(conflict) = reviewed.planned.conflicts.first() {
        return Err(ServiceError::Conflict {
            message: conflict.message.clone(),
            hint: "adopt it or choose another name on the review".into(),
        });
    }
    if let Some(refused) = reviewed.failed_check() {
        return Err(refused);
    }
    if reviewed.fingerprint != fingerprint {
        return Err(ServiceError::Conflict {
            message: "the accounts or the answers have changed since this review".into(),
            hint: "look at the new review, then apply".into(),
        });
    }
    Ok(())
}

/// The same for the same plan over the same accounts. An endpoint's status is left out: it changes by itself, and the
/// plan does not depend on it.
fn fingerprint(intent: &ShareIntent, inventory: &ShareInventory, planned: &Planned) -> String {
    let endpoints: Vec<&str> = inventory.endpoints.iter().map(|e| e.arn.as_str()).collect();
    let parts = (intent, &planned.plan, &inventory.policy, &inventory.role, &inventory.child, endpoints);
    text_digest(&serde_json::to_string(&parts).unwrap_or_default())
}

//! The test function of a share: a Lambda function in the child account that assumes the role and calls the endpoint, as
//! the child's own code would.
//!
//! Making and deleting it are runs like any other, under the share's lease. Letting its role call is a change of the
//! share itself: the role becomes one of its callers, so that the share's record, its trust policy and its undo know it.

mod call;
mod look;

pub(crate) use look::untold;

use crate::activity::Happened;
use crate::drafts::fresh;
use crate::ports::store::{RunRecord, ShareRecord};
use crate::runs::{lease_key, plan_digest};
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::names::{ConnectionId, RunId, ShareId};
use domain::run::RunKind;
use domain::share::function::{
    FunctionForm, FunctionInventory, Going, MadeFunction, admitted, dismissed, leaving, make, removal,
};
use domain::share::intent::ShareIntent;
use domain::share::plan::{Plan, plan};
use domain::share::view::{ApplyView, ShareState};

/// What taking a function away is made of.
struct Taking {
    /// The share without the function's role, when that changes the share.
    intent: Option<ShareIntent>,
    plan: Plan,
    stays: Vec<String>,
}

impl Services {
    /// Starts the run that makes a test function. Refused as `Conflict` when the accounts have changed since `shown`, and
    /// while another run of the share is under way. What is there already is brought up to date.
    pub async fn make_function(
        &self,
        operator: &Operator,
        share: &ShareId,
        form: FunctionForm,
        shown: &str,
    ) -> ServiceResult<RunId> {
        let record = self.share_record(share).await?.value;
        let connection = standing(&record)?;
        let shown = shown.to_owned();
        self.function_run(operator, record, RunKind::MakeFunction, move |services, record| async move {
            let wanted = services.wanted(&record, &form).await?;
            let made = services.standing_now(&record.intent, &connection).await?;
            if let Some((made, _)) = made.filter(|(made, _)| made.name != wanted.name) {
                return Err(ServiceError::Conflict {
                    message: format!("the share has a test function `{}` already", made.name),
                    hint: "delete it first".into(),
                });
            }
            let found = services.function_inventory(&record.intent, &connection, &wanted).await?;
            let making = make(&record.intent, &connection, &wanted, &found);
            if !making.problems.is_empty() {
                return Err(ServiceError::Invalid { problems: making.problems });
            }
            same(&making.plan, &shown)?;
            Ok((making.plan, None))
        })
        .await
    }

    /// Starts the run that takes the test function away, its role where that was made for it, and that role off the
    /// share. Refused as [`Services::make_function`] is.
    pub async fn delete_function(&self, operator: &Operator, share: &ShareId, shown: &str) -> ServiceResult<RunId> {
        let record = self.share_record(share).await?.value;
        let connection = connected(&record)?;
        let shown = shown.to_owned();
        self.function_run(operator, record, RunKind::DeleteFunction, move |services, record| async move {
            let made = services.standing_now(&record.intent, &connection).await?.ok_or_else(nothing_made)?;
            let taking = services.taking(&record, &connection, &made).await?;
            same(&taking.plan, &shown)?;
            Ok((taking.plan, taking.intent))
        })
        .await
    }

    /// Lets the test function's role call through the share: it becomes one of the share's callers, and gets the child's
    /// policy. A change of the share, with a run like the wizard's.
    pub async fn allow_function(&self, operator: &Operator, share: &ShareId, shown: &str) -> ServiceResult<ApplyView> {
        let record = self.share_record(share).await?.value;
        standing(&record)?;
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator, shown) = (self.clone(), operator.clone(), shown.to_owned());
        uncancelled(async move {
            services.take_lease(&record.intent, &run).await?;
            let allowed = services.allow_leased(&operator, &record.intent.id, &shown, &run).await;
            if !matches!(&allowed, Ok(ApplyView { run: Some(_), .. })) {
                services.give_lease_back(&record.intent, &run).await;
            }
            allowed
        })
        .await
    }

    async fn allow_leased(
        &self,
        operator: &Operator,
        share: &ShareId,
        shown: &str,
        run: &RunId,
    ) -> ServiceResult<ApplyView> {
        self.refuse_second_run(share).await?;
        let record = self.share_record(share).await?.value;
        let connection = standing(&record)?;
        let (made, _) = self.standing_now(&record.intent, &connection).await?.ok_or_else(nothing_made)?;
        let (intent, plan) = self.allowing(&record, &made).await?;
        same(&plan, shown)?;
        let steps = plan.steps.len();
        if steps == 0 {
            self.change_share(share, |record| record.intent = intent.clone()).await?;
            return Ok(ApplyView { share: share.clone(), run: None });
        }
        let journal = RunRecord::new(run, share, RunKind::Apply, plan, operator.label(), self.now());
        let shown = self.change_share(share, |record| {
            record.intent = intent.clone();
            record.state = ShareState::Applying;
            record.last_run = Some(run.clone());
        });
        self.begin(&journal, shown).await?;
        let happened = Happened::done("started letting a test function call").of_share(share).of_run(run);
        self.note(operator.label(), happened.detail(format!("{steps} steps"))).await;
        self.execute(journal, &intent);
        Ok(ApplyView { share: share.clone(), run: Some(run.clone()) })
    }

    /// The share with the function's role among its callers, and the plan to it. Refused where the share's review would
    /// be: a plan that AWS stops half-way leaves a share that worked incomplete.
    async fn allowing(&self, record: &ShareRecord, made: &MadeFunction) -> ServiceResult<(ShareIntent, Plan)> {
        let intent = admitted(&record.intent, &made.role);
        let reviewed = self.reviewed_intent(intent.clone()).await?;
        if let Some(conflict) = reviewed.planned.conflicts.first() {
            return Err(ServiceError::Conflict {
                message: conflict.message.clone(),
                hint: "edit the share: its review offers to adopt it or to use another name".into(),
            });
        }
        match reviewed.failed_check() {
            Some(refused) => Err(refused),
            None => Ok((intent, reviewed.planned.plan)),
        }
    }

    /// What taking a function away does now.
    async fn taking(
        &self,
        record: &ShareRecord,
        connection: &ConnectionId,
        (made, found): &(MadeFunction, FunctionInventory),
    ) -> ServiceResult<Taking> {
        let intent = &record.intent;
        let ours = made.owns_role(intent, found.role.as_ref());
        let without = if ours && record.state != ShareState::Undone {
            Some(dismissed(intent, &made.role).ok_or_else(|| ServiceError::Conflict {
                message: "the function's role is the only caller that the share names".into(),
                hint: "name another caller by editing the share, or undo the share as a whole".into(),
            })?)
        } else {
            None
        };
        let earlier = match &without {
            Some(without) => leaving(without, &made.role, plan(without, &self.inventory(without).await?).plan),
            None => Vec::new(),
        };
        let removal = removal(intent, connection, made, found, &earlier, Going::Function);
        let steps = earlier.into_iter().chain(removal.steps).collect();
        let without = without.filter(|without| without != intent);
        Ok(Taking { intent: without, plan: Plan { steps }, stays: removal.stays })
    }

    /// Starts a run of the test function under the share's lease. `planned` plans it once the lease is held, and says
    /// what the share asks for from then on, where that changes.
    async fn function_run<F>(
        &self,
        operator: &Operator,
        record: ShareRecord,
        kind: RunKind,
        planned: impl FnOnce(Self, ShareRecord) -> F + Send + 'static,
    ) -> ServiceResult<RunId>
    where
        F: Future<Output = ServiceResult<(Plan, Option<ShareIntent>)>> + Send + 'static,
    {
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator) = (self.clone(), operator.clone());
        let (share, key) = (record.intent.id.clone(), lease_key(&record.intent));
        uncancelled(async move {
            services.take_lease_on(&key, &run).await?;
            let begun = async {
                services.refuse_second_run(&share).await?;
                let record = services.share_record(&share).await?.value;
                let (plan, intent) = planned(services.clone(), record).await?;
                services.begin_function(&operator, (&share, intent), (kind, plan), &run, &key).await
            };
            let begun = begun.await;
            if begun.is_err() {
                services.give_back(&key, &run).await;
            }
            begun.map(|()| run)
        })
        .await
    }

    async fn begin_function(
        &self,
        operator: &Operator,
        (share, intent): (&ShareId, Option<ShareIntent>),
        (kind, plan): (RunKind, Plan),
        run: &RunId,
        key: &str,
    ) -> ServiceResult<()> {
        if plan.steps.is_empty() {
            return Err(ServiceError::Conflict {
                message: "there is nothing to do: everything is as it should be".into(),
                hint: "reload the page to see how the function stands".into(),
            });
        }
        let detail = format!("{} steps", plan.steps.len());
        let mut journal = RunRecord::new(run, share, kind, plan, operator.label(), self.now());
        journal.lease = Some(key.to_owned());
        let shown = async {
            match intent {
                Some(intent) => self.change_share(share, |record| record.intent = intent.clone()).await,
                None => Ok(()),
            }
        };
        self.begin(&journal, shown).await?;
        let what = match kind {
            RunKind::DeleteFunction => "started deleting a test function",
            _ => "started making a test function",
        };
        self.note(operator.label(), Happened::done(what).of_share(share).of_run(run).detail(detail)).await;
        self.execute_under(journal, key.to_owned());
        Ok(())
    }
}

/// The child's connection of a share that a function can call through; refused in words otherwise.
fn standing(record: &ShareRecord) -> ServiceResult<ConnectionId> {
    match (look::blocked(record), &record.intent.child_connection) {
        (None, Some(connection)) => Ok(connection.clone()),
        (why, _) => Err(ServiceError::Conflict {
            message: why.unwrap_or_else(|| "the child account is not connected".into()),
            hint: "download the handler, and make the function where the child account is at hand".into(),
        }),
    }
}

/// The child's connection, however the share stands: what was made can always be taken away.
fn connected(record: &ShareRecord) -> ServiceResult<ConnectionId> {
    record.intent.child_connection.clone().ok_or_else(|| ServiceError::Conflict {
        message: format!("account {} is not connected", record.intent.child),
        hint: "delete the function there by hand".into(),
    })
}

fn same(plan: &Plan, shown: &str) -> ServiceResult<()> {
    if plan_digest(plan) == shown {
        return Ok(());
    }
    Err(ServiceError::Conflict {
        message: "the accounts have changed since this was shown".into(),
        hint: "reload the page to see what would be done now".into(),
    })
}

fn nothing_made() -> ServiceError {
    ServiceError::Conflict { message: "the share has no test function".into(), hint: "make one first".into() }
}

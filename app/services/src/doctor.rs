//! The handshake doctor: reads what is readable on both sides, makes the calls it can make itself, and turns what it
//! finds into a plan.
//!
//! What to think of it is `domain::doctor`'s. Reading changes nothing; calls are made only when they are asked for.

mod gather;
mod live;
mod repair;

use crate::runs::plan_digest;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::connection::ConnectionState;
use domain::doctor::{Diagnosis, DiagnosisView, Live, Question, QuestionForm, diagnose, message, plan};
use domain::names::{AccountId, ConnectionId, ShareId};
use domain::share::intent::ShareIntent;
use domain::share::plan::Plan;
use domain::share::view::{ShareState, StepView};
use domain::wizard::FieldProblem;

/// A diagnosis with what it was made from.
struct Examined {
    diagnosis: Diagnosis,
    plan: Plan,
    share: Option<ShareIntent>,
}

/// The ways to both sides of a handshake, looked up once for reading and for repairing.
struct Ways {
    /// The intent of the standing share whose role it is about.
    share: Option<ShareIntent>,
    child: Option<ConnectionId>,
    parent: Option<ConnectionId>,
}

impl Services {
    /// Diagnoses a handshake: what the documents say, together with what calls have shown.
    pub async fn diagnose(&self, operator: &Operator, question: &Question, live: Live) -> ServiceResult<DiagnosisView> {
        let Examined { diagnosis, plan, share } = self.examine(operator, question, &live).await?;
        let left_out = diagnosis.repairs().filter(|repair| repair.is_plannable());
        let planned = |account: &AccountId| plan.steps.iter().any(|step| step.account == *account);
        let left_out: Vec<AccountId> = left_out.map(|r| r.account.clone()).filter(|a| !planned(a)).collect();
        Ok(DiagnosisView {
            beyond: share.as_ref().and_then(|intent| question.beyond(intent)),
            share: share.map(|intent| intent.id),
            can_call: self.own_connection(operator, question).await.map(|_| ()).map_err(|error| error.to_string()),
            steps: plan.steps.iter().map(StepView::from).collect(),
            fingerprint: plan_digest(&plan),
            not_connected: left_out,
            form: QuestionForm::of(question),
            diagnosis,
            live,
            now: self.now(),
        })
    }

    /// The doctor's form for a share: its first caller and endpoint.
    pub async fn question_of_share(&self, _operator: &Operator, share: &ShareId) -> ServiceResult<QuestionForm> {
        Ok(self.known_question(&self.share_record(share).await?.value.intent).await)
    }

    /// What a pasted error message says, and the doctor's form as far as it fills it in. A share of the same role adds
    /// what it knows.
    pub async fn read_message(
        &self,
        _operator: &Operator,
        text: &str,
    ) -> ServiceResult<(message::Denied, QuestionForm)> {
        let denied = message::parse(text).map_err(|error| ServiceError::Invalid {
            problems: vec![FieldProblem {
                field: "message".into(),
                message: error.to_string(),
                hint: Some(error.hint().into()),
            }],
        })?;
        let mut form = denied.form();
        let shares = self.inner.stores.shares.list().await?.into_iter().map(|share| share.value);
        if let Some(share) = shares
            .filter(|share| share.state != ShareState::Undone)
            .find(|share| !form.role.is_empty() && share.intent.role_arn().as_str() == form.role)
        {
            let known = self.known_question(&share.intent).await;
            for (field, answer) in [
                (&mut form.caller, known.caller),
                (&mut form.endpoint, known.endpoint),
                (&mut form.region, known.region),
                (&mut form.external_id, known.external_id),
            ] {
                if field.is_empty() {
                    *field = answer;
                }
            }
        }
        Ok((denied, form))
    }

    /// What is known of a share's calls, with the external ID that its trust policy accepts at present.
    async fn known_question(&self, intent: &ShareIntent) -> QuestionForm {
        let external_id = self.presented_id(intent).await;
        QuestionForm {
            external_id: external_id.map(|id| id.to_string()).unwrap_or_default(),
            ..QuestionForm::of_share(intent)
        }
    }

    async fn examine(&self, operator: &Operator, question: &Question, live: &Live) -> ServiceResult<Examined> {
        let ways = self.ways(operator, question).await?;
        let evidence = self.evidence(operator, question, &ways).await?;
        let diagnosis = diagnose(question, &evidence, live);
        let (child, parent) = (question.child(), question.parent());
        let reached = [(&child, &ways.child), (&parent, &ways.parent)];
        let connection =
            |account: &AccountId| reached.iter().find(|(own, _)| *own == account).and_then(|(_, way)| (*way).clone());
        let plan = plan(diagnosis.repairs(), connection);
        Ok(Examined { diagnosis, plan, share: ways.share })
    }

    async fn ways(&self, operator: &Operator, question: &Question) -> ServiceResult<Ways> {
        let share = match self.share_of(question).await? {
            Some(share) => Some(self.share_record(&share).await?.value.intent),
            None => None,
        };
        let child = self.connection_to(operator, &question.child(), share.as_ref()).await?;
        let parent = self.connection_to(operator, &question.parent(), share.as_ref()).await?;
        Ok(Ways { share, child, parent })
    }

    /// A connection that leads to an account: the one that its share uses, or else the first that does. A profile that
    /// was pointed elsewhere since it was listed is passed over.
    async fn connection_to(
        &self,
        operator: &Operator,
        account: &AccountId,
        share: Option<&ShareIntent>,
    ) -> ServiceResult<Option<ConnectionId>> {
        let connections = self.connections(operator, false).await?;
        let leads = |state: &ConnectionState| matches!(state, ConnectionState::Ready { identity } if identity.account == *account);
        let mut candidates: Vec<ConnectionId> =
            connections.into_iter().filter(|connection| leads(&connection.state)).map(|found| found.id).collect();
        let own = |id: &ConnectionId| {
            share.is_some_and(|intent| {
                intent.parent_connection() == Some(id) || intent.child_connection.as_ref() == Some(id)
            })
        };
        candidates.sort_by_key(|id| !own(id));
        for candidate in candidates {
            match self.still_leads_to(&candidate, account).await {
                Err(ServiceError::Conflict { .. }) => {}
                // What AWS refuses is told by what is read through it.
                _ => return Ok(Some(candidate)),
            }
        }
        Ok(None)
    }

    /// The standing share whose role a question is about.
    async fn share_of(&self, question: &Question) -> ServiceResult<Option<ShareId>> {
        let shares = self.inner.stores.shares.list().await?.into_iter().map(|share| share.value);
        let mut standing = shares.filter(|share| share.state != ShareState::Undone);
        Ok(standing.find(|share| share.intent.role_arn() == question.role).map(|share| share.intent.id))
    }
}

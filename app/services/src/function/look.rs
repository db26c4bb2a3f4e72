//! What there is of a test function, and its page.

use super::Taking;
use crate::archive;
use crate::ports::gateway::{GatewayResult, ObservedFunction, Piece};
use crate::ports::store::{RunRecord, ShareRecord};
use crate::runs::plan_digest;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::endpoint::Sample;
use domain::handoff::ShareOffer;
use domain::names::{ConnectionId, EndpointName, RoleName, ShareId};
use domain::run::{RunKind, RunState};
use domain::share::function::{
    ChangeView, EndpointSample, ExecutionRole, FoundFunction, FunctionCode, FunctionForm, FunctionInventory,
    FunctionPageView, MadeFunction, MadeView, PlannedView, RemovalView, RoleChoice, TestFunction, admits, documents,
    is_ours, left_by, make, making_sentence,
};
use domain::share::intent::{EndpointScope, ShareIntent};
use domain::share::inventory::ObservedRole;
use domain::share::plan::Plan;
use domain::share::render::lambda;
use domain::share::sentence::arrow;
use domain::share::view::ShareState;

/// How many pages of roles are looked through for those that Lambda may assume.
const PAGES: usize = 5;
/// How a list of roles says that Lambda may assume one.
const LAMBDA: &str = "lambda.amazonaws.com";

/// Why no function can be made or called through a share, if none can.
pub(super) fn blocked(record: &ShareRecord) -> Option<String> {
    let child = &record.intent.child;
    match (record.state, &record.intent.child_connection) {
        (ShareState::Undone, _) => Some("the share was undone".into()),
        (_, None) => Some(format!("account {child} is not connected: this console can't make a function there")),
        (ShareState::Applying | ShareState::Incomplete, _) => Some("the share is not applied completely yet".into()),
        _ if record.endpoint_names.is_empty() && record.intent.endpoints != EndpointScope::All => {
            Some("the share has no endpoint to call yet".into())
        }
        _ => None,
    }
}

impl Services {
    /// The page of a share's test function. Reads only. `form` holds the choices so far.
    pub async fn test_function(
        &self,
        operator: &Operator,
        share: &ShareId,
        form: FunctionForm,
    ) -> ServiceResult<FunctionPageView> {
        let record = self.share_record(share).await?.value;
        let intent = &record.intent;
        let runs = self.inner.stores.runs.of_share(share).await?;
        let endpoints = endpoints(&record);
        let mut form = form.filled(intent, &endpoints);
        let last = runs.first().filter(|run| run.state != RunState::Succeeded);
        let run = match last {
            Some(run) => Some(self.run(operator, &run.id).await?),
            None => None,
        };
        let going = run.as_ref().is_some_and(|run| run.state == RunState::Running);
        let standing = match (&intent.child_connection, going) {
            (Some(connection), false) => self.standing_function(intent, connection, &runs).await?,
            _ => None,
        };
        let made = match (standing, &intent.child_connection) {
            (Some(standing), Some(connection)) => Some(self.made_view(&record, connection, standing, &mut form).await?),
            _ => None,
        };
        let endpoint = EndpointName::parse(&form.endpoint).ok();
        let sample = match &endpoint {
            Some(name) => self.endpoint_sample(intent, name).await,
            None => None,
        };
        let planned = match (&intent.child_connection, made.is_some() || going, blocked(&record)) {
            (Some(connection), false, None) => Some(self.planned_view(&record, connection, form.clone()).await?),
            _ => None,
        };
        let deleted = runs.iter().find(|run| is_functions(run)).filter(|run| run.kind == RunKind::DeleteFunction);
        let deleted = deleted.filter(|run| run.state == RunState::Succeeded && made.is_none());
        let offer = ShareOffer::of(intent, &endpoints);
        let handler = endpoint.as_ref().map(|name| lambda::handler(&offer, name, sample.as_ref()));
        Ok(FunctionPageView {
            share: share.clone(),
            role_name: intent.role_name.to_string(),
            child: intent.child.clone(),
            parent: intent.parent.clone(),
            region: intent.region.clone(),
            offered: intent.offered().is_some(),
            arrow: arrow(intent).into(),
            blocked: blocked(&record).filter(|_| !going),
            file_name: lambda::FILE_NAME.into(),
            handler: handler.unwrap_or_default(),
            endpoint: endpoint.map(|name| EndpointSample { name, sample }),
            endpoints,
            any_endpoint: intent.endpoints == EndpointScope::All,
            planned,
            made,
            run,
            left: deleted.map(|run| left_by(intent, &run.plan)).unwrap_or_default(),
            now: self.now(),
        })
    }

    /// The function of a share as it stands now.
    pub(super) async fn standing_now(
        &self,
        intent: &ShareIntent,
        connection: &ConnectionId,
    ) -> ServiceResult<Option<(MadeFunction, FunctionInventory)>> {
        let runs = self.inner.stores.runs.of_share(&intent.id).await?;
        Ok(self.standing_function(intent, connection, &runs).await?)
    }

    /// What runs were to make, with what is there of it. Where no run tells of a function, the share may have been
    /// imported with one: it is looked for by the name that it gets unless another is chosen. `None` when nothing of it
    /// is there.
    pub(crate) async fn standing_function(
        &self,
        intent: &ShareIntent,
        connection: &ConnectionId,
        runs: &[RunRecord],
    ) -> GatewayResult<Option<(MadeFunction, FunctionInventory)>> {
        let (made, found) = match made_by(runs) {
            Some(made) => {
                let found = self.found_function(connection, &made).await?;
                (made, found)
            }
            None if untold(runs) => match self.found_by_tags(intent, connection).await? {
                Some(both) => both,
                None => return Ok(None),
            },
            None => return Ok(None),
        };
        let there = found.function.as_ref().is_some_and(|function| function.is_ours(intent));
        let half = found.role.as_ref().is_some_and(|role| is_ours(&role.tags, intent));
        Ok((there || half).then_some((made, found)))
    }

    async fn found_by_tags(
        &self,
        intent: &ShareIntent,
        connection: &ConnectionId,
    ) -> GatewayResult<Option<(MadeFunction, FunctionInventory)>> {
        let name = lambda::function_name(&intent.id);
        let function = self.inner.gateways.lambda.function(connection, &intent.region, &name).await?.map(found);
        let Some(made) = MadeFunction::by_tags(intent, function.as_ref()) else { return Ok(None) };
        let role = self.execution_role(connection, &made).await?;
        Ok(Some((made, FunctionInventory { function, role })))
    }

    async fn execution_role(
        &self,
        connection: &ConnectionId,
        made: &MadeFunction,
    ) -> GatewayResult<Option<ObservedRole>> {
        match RoleName::parse(made.role.name()) {
            Ok(role) => self.inner.gateways.iam.role(connection, &role).await,
            Err(_) => Ok(None),
        }
    }

    pub(super) async fn found_function(
        &self,
        connection: &ConnectionId,
        made: &MadeFunction,
    ) -> GatewayResult<FunctionInventory> {
        let (function, role) = tokio::try_join!(
            self.inner.gateways.lambda.function(connection, &made.region, &made.name),
            self.execution_role(connection, made),
        )?;
        Ok(FunctionInventory { function: function.map(found), role })
    }

    /// What is there of the names that are asked for.
    pub(super) async fn function_inventory(
        &self,
        intent: &ShareIntent,
        connection: &ConnectionId,
        wanted: &TestFunction,
    ) -> ServiceResult<FunctionInventory> {
        self.still_leads_to(connection, &intent.child).await?;
        let role = match &wanted.role {
            ExecutionRole::New(name) => Ok(name.clone()),
            ExecutionRole::Existing(role) => RoleName::parse(role.name()),
        };
        let (function, role) =
            tokio::try_join!(self.inner.gateways.lambda.function(connection, &intent.region, &wanted.name), async {
                match &role {
                    Ok(role) => self.inner.gateways.iam.role(connection, role).await,
                    Err(_) => Ok(None),
                }
            },)?;
        Ok(FunctionInventory { function: function.map(found), role })
    }

    /// The function that a form asks for; what is wrong with the form is `Invalid`.
    pub(super) async fn wanted(&self, record: &ShareRecord, form: &FunctionForm) -> ServiceResult<TestFunction> {
        let (intent, endpoints) = (&record.intent, endpoints(record));
        let choice = form.clone().filled(intent, &endpoints).parse(intent);
        let choice = choice.map_err(|problems| ServiceError::Invalid { problems })?;
        let sample = self.endpoint_sample(intent, &choice.endpoint).await;
        let offer = ShareOffer::of(intent, &endpoints);
        let text = lambda::handler(&offer, &choice.endpoint, sample.as_ref());
        let code = FunctionCode {
            sha256: archive::sha256(&archive::of_one_file(lambda::FILE_NAME, &text)),
            environment: lambda::environment(&offer, &choice.endpoint),
            text,
        };
        Ok(TestFunction { name: choice.name, role: choice.role, endpoint: choice.endpoint, code })
    }

    /// Something to send; a help, so that failing to read it is no failure.
    async fn endpoint_sample(&self, intent: &ShareIntent, name: &EndpointName) -> Option<Sample> {
        let sagemaker = &self.inner.gateways.sagemaker;
        let found = sagemaker.endpoint_detail(intent.parent_connection()?, &intent.region, name).await;
        found.inspect_err(|error| tracing::info!(%error, "an endpoint's sample can't be read")).ok().flatten()?.sample
    }

    async fn planned_view(
        &self,
        record: &ShareRecord,
        connection: &ConnectionId,
        form: FunctionForm,
    ) -> ServiceResult<PlannedView> {
        let roles = self.lambda_roles(&record.intent, connection).await;
        let (roles, roles_unread) = match roles {
            Ok(roles) => (roles, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let mut view = PlannedView {
            form: form.clone(),
            problems: Vec::new(),
            roles,
            roles_unread,
            sentence: Vec::new(),
            steps: Vec::new(),
            documents: Vec::new(),
            fingerprint: String::new(),
        };
        let wanted = match self.wanted(record, &form).await {
            Ok(wanted) => wanted,
            Err(ServiceError::Invalid { problems }) => {
                view.problems = problems;
                return Ok(view);
            }
            Err(error) => return Err(error),
        };
        let found = self.function_inventory(&record.intent, connection, &wanted).await?;
        let making = make(&record.intent, connection, &wanted, &found);
        if making.problems.is_empty() {
            view.sentence = making_sentence(&record.intent, &wanted);
            view.steps = making.plan.steps.iter().map(Into::into).collect();
            view.documents = documents(&making.plan);
            view.fingerprint = plan_digest(&making.plan);
        }
        view.problems = making.problems;
        Ok(view)
    }

    /// The roles of the child that Lambda may assume, with the functions that run as them.
    async fn lambda_roles(&self, intent: &ShareIntent, connection: &ConnectionId) -> GatewayResult<Vec<RoleChoice>> {
        let mut roles = Vec::new();
        let mut after = None;
        for _ in 0..PAGES {
            let page = self.inner.gateways.iam.roles(connection, after.as_deref()).await?;
            let named = |used: &Option<String>| used.as_ref().is_some_and(|used| used.contains(LAMBDA));
            roles.extend(page.items.into_iter().filter(|role| named(&role.used_by)).map(|role| role.arn));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        // Only to tell the roles apart by what runs as them.
        let functions = self.inner.gateways.lambda.functions(connection, &intent.region, None).await;
        let functions = functions.map(|page| page.items).unwrap_or_default();
        let label = |role: &domain::arn::CallerArn| {
            let runs: Vec<&str> =
                functions.iter().filter(|f| f.role == *role.arn()).map(|f| f.name.as_str()).take(2).collect();
            let runs = if runs.is_empty() { String::new() } else { format!(" · runs {}", runs.join(", ")) };
            format!("{}{runs}", role.name())
        };
        Ok(roles.iter().map(|role| RoleChoice { arn: role.to_string(), label: label(role) }).collect())
    }

    async fn made_view(
        &self,
        record: &ShareRecord,
        connection: &ConnectionId,
        standing: (MadeFunction, FunctionInventory),
        form: &mut FunctionForm,
    ) -> ServiceResult<MadeView> {
        let (made, found) = &standing;
        let intent = &record.intent;
        *form = form_of(intent, made, found).filled(intent, &endpoints(record));
        let current = own(found, intent);
        let allowed = admits(intent, &made.role);
        let open = blocked(record).is_none();
        let allow = match open && !allowed {
            true => Some(match self.allowing(record, made).await {
                Ok((_, plan)) => change(&plan),
                Err(error) => {
                    ChangeView { steps: Vec::new(), fingerprint: String::new(), blocked: Some(in_full(&error)) }
                }
            }),
            false => None,
        };
        let removal = match self.taking(record, connection, &standing).await {
            Ok(Taking { plan, stays, .. }) => Ok(RemovalView {
                steps: plan.steps.iter().map(Into::into).collect(),
                stays,
                fingerprint: plan_digest(&plan),
            }),
            Err(error) => Err(error.to_string()),
        };
        Ok(MadeView {
            name: made.name.to_string(),
            arn: current.map(|function| function.arn.to_string()),
            role: made.role.to_string(),
            state: current.map(|function| function.state),
            state_reason: current.and_then(|function| function.state_reason.clone()),
            update: if open { self.update_view(record, connection, form, found).await? } else { None },
            form: form.clone(),
            allowed,
            allow,
            removal,
        })
    }

    /// What finishing a function that is half made does, or bringing one up to date whose share asks for something else
    /// by now. Its code alone is no reason: the sample in it is a help, and can't always be read.
    async fn update_view(
        &self,
        record: &ShareRecord,
        connection: &ConnectionId,
        form: &FunctionForm,
        found: &FunctionInventory,
    ) -> ServiceResult<Option<ChangeView>> {
        let wanted = match self.wanted(record, form).await {
            Err(ServiceError::Invalid { .. }) => return Ok(None),
            wanted => wanted?,
        };
        let current = own(found, &record.intent);
        if current.is_some_and(|function| function.environment.as_ref() == Some(&wanted.code.environment)) {
            return Ok(None);
        }
        let making = make(&record.intent, connection, &wanted, found);
        Ok((making.problems.is_empty() && !making.plan.steps.is_empty()).then(|| change(&making.plan)))
    }
}

/// Whether a share's runs can't tell whether it has a function: they neither made one nor took one away.
pub(crate) fn untold(runs: &[RunRecord]) -> bool {
    !runs.iter().any(|run| run.kind == RunKind::MakeFunction || took_away(run))
}

fn took_away(run: &RunRecord) -> bool {
    matches!(run.kind, RunKind::DeleteFunction | RunKind::Undo) && run.state == RunState::Succeeded
}

/// What a share's runs, newest first, were to make since the last of them that took it away.
fn made_by(runs: &[RunRecord]) -> Option<MadeFunction> {
    let since = runs.iter().take_while(|run| !took_away(run)).filter(|run| run.kind == RunKind::MakeFunction);
    let since: Vec<&RunRecord> = since.collect();
    let steps = since.iter().rev().flat_map(|run| run.plan.steps.iter());
    MadeFunction::of(steps.map(|step| &step.action))
}

/// The function, where it was made for this share: somebody else's may have its name.
pub(super) fn own<'a>(found: &'a FunctionInventory, intent: &ShareIntent) -> Option<&'a FoundFunction> {
    found.function.as_ref().filter(|function| function.is_ours(intent))
}

/// A failure with what to do about it, where there is one line for both.
fn in_full(error: &ServiceError) -> String {
    match error {
        ServiceError::Conflict { message, hint } => format!("{message}: {hint}"),
        other => other.to_string(),
    }
}

fn is_functions(run: &RunRecord) -> bool {
    matches!(run.kind, RunKind::MakeFunction | RunKind::DeleteFunction)
}

/// The choices that a function was made with, as far as it still tells them.
fn form_of(intent: &ShareIntent, made: &MadeFunction, found: &FunctionInventory) -> FunctionForm {
    let environment = own(found, intent).and_then(|function| function.environment.as_ref());
    let endpoint = environment.and_then(|variables| variables.get(lambda::variables::ENDPOINT)).cloned();
    let ours = found.role.as_ref().is_none_or(|role| is_ours(&role.tags, intent));
    FunctionForm {
        name: made.name.to_string(),
        endpoint: endpoint.unwrap_or_default(),
        role: if ours { "new" } else { "existing" }.into(),
        role_name: made.role.name().to_owned(),
        role_arn: if ours { String::new() } else { made.role.to_string() },
    }
}

fn endpoints(record: &ShareRecord) -> Vec<EndpointName> {
    record.endpoint_names.iter().filter_map(|name| EndpointName::parse(name).ok()).collect()
}

fn change(plan: &Plan) -> ChangeView {
    ChangeView { steps: plan.steps.iter().map(Into::into).collect(), fingerprint: plan_digest(plan), blocked: None }
}

fn found(function: ObservedFunction) -> FoundFunction {
    let read = |piece: Piece<_>| match piece {
        Piece::Read(value) => Some(value),
        _ => None,
    };
    let environment = match function.environment {
        Piece::Read(variables) => Some(variables.0),
        _ => None,
    };
    FoundFunction {
        arn: function.view.arn,
        role: function.view.role,
        state: function.state,
        state_reason: function.state_reason,
        code_sha256: function.code_sha256,
        environment,
        tags: read(function.tags),
    }
}

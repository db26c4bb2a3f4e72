//! The plans: from what is there to a function that can be called, and back to where only what was there before stays.

use super::{ExecutionRole, FunctionInventory, MadeFunction, TestFunction, is_ours, tags};
use crate::arn::{Arn, CallerArn};
use crate::function::FunctionState;
use crate::names::{ConnectionId, FunctionName, PolicyName, RoleName};
use crate::policy::{Effect, PolicyDocument, PrincipalPattern};
use crate::share::intent::{CallerScope, ShareIntent};
use crate::share::inventory::ObservedRole;
use crate::share::plan::{Action, Holder, Plan, Step};
use crate::share::render::lambda;
use crate::share::{Side, render};
use crate::wizard::FieldProblem;

/// MaxSessionDuration of a new execution role: Lambda asks for no longer sessions.
const SESSION_SECONDS: u32 = 3600;
/// Who has to be able to assume an execution role.
const LAMBDA: &str = "lambda.amazonaws.com";

/// The way to a function that can be called. With problems the plan is incomplete and must not be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Making {
    /// The steps; none when the function is there as it is asked for, and can be called.
    pub plan: Plan,
    /// What stands in the way, at the field that can change it.
    pub problems: Vec<FieldProblem>,
}

/// What taking a function away does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The steps that are the function's; they may wait for steps of the share's that are not among them.
    pub steps: Vec<Step>,
    /// What stays, and why: a sentence each.
    pub stays: Vec<String>,
}

/// What goes when a function is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Going {
    /// The function; the share stays.
    Function,
    /// The share, and the function with it.
    Share,
}

/// The steps of a plan that are a test function's own, by their ids.
pub fn function_steps(plan: &Plan) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(|step| step.id.starts_with("function-"))
}

/// The steps from what is there to `wanted`. The same input gives the same plan; executed, it leaves nothing to plan.
pub fn make(
    intent: &ShareIntent,
    connection: &ConnectionId,
    wanted: &TestFunction,
    found: &FunctionInventory,
) -> Making {
    let mut maker = Maker { intent, connection, steps: Vec::new(), problems: Vec::new() };
    let role = maker.role(wanted, found.role.as_ref());
    maker.function(wanted, &role, found);
    Making { plan: Plan { steps: maker.steps }, problems: maker.problems }
}

struct Maker<'a> {
    intent: &'a ShareIntent,
    connection: &'a ConnectionId,
    steps: Vec<Step>,
    problems: Vec<FieldProblem>,
}

impl Maker<'_> {
    /// Plans the execution role; gives its ARN.
    fn role(&mut self, wanted: &TestFunction, found: Option<&ObservedRole>) -> Arn {
        match &wanted.role {
            ExecutionRole::Existing(role) => {
                self.existing(role, found);
                role.arn().clone()
            }
            ExecutionRole::New(name) => self.new_role(name, &wanted.name, found),
        }
    }

    fn existing(&mut self, role: &CallerArn, found: Option<&ObservedRole>) {
        let child = &self.intent.child;
        match found.filter(|found| found.arn == *role.arn()) {
            None => self.problem(
                "role_arn",
                format!("account {child} has no role `{}`", role.name()),
                "choose another, or have a new one made",
            ),
            Some(found) if !trusts_lambda(&found.trust) => self.problem(
                "role_arn",
                format!("the trust policy of `{}` does not name `{LAMBDA}`", role.name()),
                "choose a role that functions run as, or have a new one made",
            ),
            Some(_) => {}
        }
    }

    fn new_role(&mut self, name: &RoleName, function: &FunctionName, found: Option<&ObservedRole>) -> Arn {
        let arn = role_arn(self.intent, name);
        let logs = lambda::logs_policy_name();
        let mut after = Vec::new();
        match found {
            None => {
                let action = Action::CreateRole {
                    name: name.clone(),
                    arn: arn.clone(),
                    trust: lambda::execution_trust(),
                    description: render::description(
                        "Execution role of the function that tries the share",
                        self.intent,
                    ),
                    max_session_seconds: SESSION_SECONDS,
                    tags: tags(self.intent),
                };
                after.push(self.push("function-role", action, Vec::new()));
            }
            Some(found) if is_ours(&found.tags, self.intent) => {}
            Some(_) => self.problem(
                "role_name",
                format!(
                    "account {} has a role `{name}` that was not made for this share's function",
                    self.intent.child
                ),
                "use another name, or choose it as an existing role",
            ),
        }
        if !found.is_some_and(|found| found.inline.contains(&logs)) {
            let action = Action::PutInlinePolicy {
                holder: Holder::Role(name.clone()),
                name: logs,
                document: lambda::logs_policy(&self.intent.region, &self.intent.child, function),
                previous: None,
            };
            self.push("function-role-logs", action, after);
        }
        arn
    }

    fn function(&mut self, wanted: &TestFunction, role: &Arn, found: &FunctionInventory) {
        let (name, region) = (wanted.name.clone(), self.intent.region.clone());
        let ready: Vec<String> = self.steps.iter().map(|step| step.id.clone()).collect();
        let mut active = false;
        let last = match &found.function {
            None => {
                let action = Action::CreateFunction {
                    name: name.clone(),
                    region: region.clone(),
                    role: role.clone(),
                    code: wanted.code.text.clone(),
                    description: render::description("Tries the share", self.intent),
                    environment: wanted.code.environment.clone(),
                    tags: tags(self.intent),
                };
                vec![self.push("function-create", action, ready)]
            }
            Some(there) if !there.is_ours(self.intent) => {
                let message = format!(
                    "account {} has a function `{name}` in {region} that was not made for this share",
                    self.intent.child
                );
                self.problem("name", message, "use another name");
                return;
            }
            Some(there) if there.role != *role => {
                let message = format!("the function is there already and runs as `{}`", there.role.resource_name());
                self.problem("name", message, "delete it first, or choose that role");
                return;
            }
            Some(there) => {
                active = there.state == FunctionState::Active;
                let mut last = Vec::new();
                if there.code_sha256 != wanted.code.sha256 {
                    let code = wanted.code.text.clone();
                    let action = Action::UpdateFunctionCode { name: name.clone(), region: region.clone(), code };
                    last.push(self.push("function-code", action, Vec::new()));
                }
                if there.environment.as_ref() != Some(&wanted.code.environment) {
                    let environment = wanted.code.environment.clone();
                    let action =
                        Action::UpdateFunctionEnvironment { name: name.clone(), region: region.clone(), environment };
                    // One change at a time: Lambda refuses a second one while the first is under way.
                    last.push(self.push("function-environment", action, last.clone()));
                }
                last
            }
        };
        if !last.is_empty() || !active {
            self.push("function-active", Action::AwaitFunction { name, region }, last);
        }
    }

    fn problem(&mut self, field: &str, message: String, hint: &str) {
        self.problems.push(FieldProblem { field: field.into(), message, hint: Some(hint.into()) });
    }

    fn push(&mut self, id: &str, action: Action, after: Vec<String>) -> String {
        self.steps.push(step(self.intent, self.connection, id, action, after));
        id.into()
    }
}

/// Of a plan of the share without `role`: the steps that take the role off it, and nothing else that the plan would
/// mend on the way.
pub fn leaving(intent: &ShareIntent, role: &CallerArn, plan: Plan) -> Vec<Step> {
    let leaves = |step: &Step| match &step.action {
        Action::Detach { from, .. } => from == role,
        Action::UpdateTrust { role, .. } => *role == intent.role_name,
        _ => false,
    };
    let mut steps: Vec<Step> = plan.steps.into_iter().filter(leaves).collect();
    let kept: Vec<String> = steps.iter().map(|step| step.id.clone()).collect();
    for step in &mut steps {
        step.after.retain(|id| kept.contains(id));
    }
    steps
}

/// The steps that take a function away, and the role that was made for it. `earlier` are the steps of the share's that
/// the plan has before them: the role goes only when nothing names or holds it any more.
pub fn removal(
    intent: &ShareIntent,
    connection: &ConnectionId,
    made: &MadeFunction,
    found: &FunctionInventory,
    earlier: &[Step],
    going: Going,
) -> Removal {
    let mut removal = Removal { steps: Vec::new(), stays: Vec::new() };
    let name = &made.name;
    match &found.function {
        Some(there) if there.is_ours(intent) => {
            let action = Action::DeleteFunction { name: name.clone(), region: made.region.clone() };
            removal.steps.push(step(intent, connection, "function-delete", action, Vec::new()));
        }
        Some(_) => removal.stays.push(format!("Function `{name}` stays: no tag says that it was made for this share.")),
        None => {}
    }
    let owned = made.owns_role(intent, found.role.as_ref());
    match &found.role {
        Some(role) if owned => remove_role(&mut removal, intent, connection, (role, made), earlier),
        Some(_) => {
            let also = if going == Going::Function && is_called_by(intent, &made.role) {
                ", and stays a caller of the share until it is edited"
            } else {
                ""
            };
            removal.stays.push(format!("Role `{}` was there before the function and stays{also}.", made.role.name()));
        }
        None => {}
    }
    if going == Going::Function && owned && is_called_by(intent, &made.role) {
        removal.stays.extend(named_by_offer(intent, &made.role));
    }
    removal.stays.push(log_group_stays(intent, name));
    removal
}

/// Lambda leaves a function's logs behind (Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs").
pub(super) fn log_group_stays(intent: &ShareIntent, function: &FunctionName) -> String {
    format!(
        "The log group `{}` stays in account {} once the function has written to it: CloudWatch Logs keeps it until \
         someone deletes it.",
        lambda::log_group(function),
        intent.child
    )
}

fn is_called_by(intent: &ShareIntent, role: &CallerArn) -> bool {
    matches!(&intent.callers, CallerScope::Named(callers) if callers.contains(role)) || intent.grantees.contains(role)
}

/// The role of an offer is another administrator's: what its trust policy names is changed by sending them an acceptance.
pub(super) fn named_by_offer(intent: &ShareIntent, role: &CallerArn) -> Option<String> {
    intent.offered()?;
    let named = matches!(intent.callers, CallerScope::Named(_));
    named.then(|| {
        format!(
            "Where account {}'s role names its callers, it still names `{}`: send the new acceptance from the hand-off \
             page.",
            intent.parent,
            role.name()
        )
    })
}

fn remove_role(
    removal: &mut Removal,
    intent: &ShareIntent,
    connection: &ConnectionId,
    (found, made): (&ObservedRole, &MadeFunction),
    earlier: &[Step],
) {
    let (role, name) = (&made.role, made.role.name());
    let detached = |policy: &Arn| {
        earlier
            .iter()
            .any(|step| matches!(&step.action, Action::Detach { from, policy: what } if from == role && what == policy))
    };
    let logs = lambda::logs_policy_name();
    let attached = found.attached.iter().filter(|policy| !detached(policy)).map(|arn| arn.resource_name());
    // What a repair of the share put into it is taken back with the share.
    let taken_back = |inline: &PolicyName| earlier.iter().any(|step| empties(step, intent, role, Some(inline)));
    let inline = found.inline.iter().filter(|inline| **inline != logs && !taken_back(inline)).map(|one| one.as_str());
    let others: Vec<String> = attached.chain(inline).map(|name| format!("`{name}`")).collect();
    if !others.is_empty() {
        removal.stays.push(format!(
            "Role `{name}` stays: it holds {}, which was not put there for the function.",
            others.join(", ")
        ));
        return;
    }
    let Ok(role_name) = RoleName::parse(name) else { return };
    let concerns = |step: &&Step| match &step.action {
        Action::Detach { from, .. } => from == role,
        Action::UpdateTrust { role, .. } | Action::DeleteRole { role } => *role == intent.role_name,
        _ => empties(step, intent, role, None),
    };
    // While the share's trust policy names the role, deleting it would leave a name there that means nobody.
    let mut after: Vec<String> = earlier.iter().filter(concerns).map(|step| step.id.clone()).collect();
    after.extend(removal.steps.iter().map(|step| step.id.clone()));
    if found.inline.contains(&logs) {
        let document = Action::DeleteInlinePolicy {
            holder: Holder::Role(role_name.clone()),
            name: logs,
            previous: lambda::logs_policy(&intent.region, &intent.child, &made.name),
        };
        let id = "function-role-logs-delete";
        removal.steps.push(step(intent, connection, id, document, after.clone()));
        after.push(id.into());
    }
    let action = Action::DeleteRole { role: role_name };
    removal.steps.push(step(intent, connection, "function-role-delete", action, after));
}

/// Whether a step deletes an inline policy of the function's role: any, or the one of this name.
fn empties(step: &Step, intent: &ShareIntent, role: &CallerArn, named: Option<&PolicyName>) -> bool {
    matches!(
        &step.action,
        Action::DeleteInlinePolicy { holder: Holder::Role(of), name, .. }
            if step.account == intent.child && of.as_str() == role.name() && named.is_none_or(|one| one == name)
    )
}

fn step(intent: &ShareIntent, connection: &ConnectionId, id: &str, action: Action, after: Vec<String>) -> Step {
    Step {
        id: id.into(),
        title: action.title(),
        side: Side::Child,
        account: intent.child.clone(),
        connection: connection.clone(),
        action,
        after,
    }
}

fn role_arn(intent: &ShareIntent, name: &RoleName) -> Arn {
    Arn::build(intent.region.partition(), "iam", "", intent.child.as_str(), &format!("role/{name}"))
        .unwrap_or_else(|_| unreachable!("name and account were parsed"))
}

/// Whether a trust policy lets Lambda assume the role, as far as its principals say.
fn trusts_lambda(trust: &str) -> bool {
    let Ok(document) = PolicyDocument::parse(trust) else { return false };
    let names = |principal: &PrincipalPattern| matches!(principal, PrincipalPattern::Service(name) if name == LAMBDA);
    document.statements.iter().filter(|statement| statement.effect == Effect::Allow).any(|statement| {
        statement.principal.as_ref().is_some_and(|clause| !clause.negated && clause.principals.iter().any(names))
    })
}

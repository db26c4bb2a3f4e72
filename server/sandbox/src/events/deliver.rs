//! From an event to the targets of the rules that it fits.
//!
//! What can't be delivered is tried again when the target may be able to take it later; else, and in the end, it is
//! noted with its rule, see [`Record`].

use super::model::{Record, Rules, Undelivered, managed_by, rule_arn};
use super::pattern::Pattern;
use super::rules::SERVICE;
use super::transform;
use crate::acting::Acting;
use crate::app::App;
use crate::clock;
use crate::error::Failure;
use crate::logs;
use domain::arn::Arn;
use domain::names::{AccountId, Region};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How the sessions in which targets are called begin; the rule's name follows.
pub const SESSION: &str = "AWSEvents_";
/// How often a delivery is tried again at most. AWS does so for a day.
const RETRIES: u64 = 4;
/// How long to wait before the first time; then twice as long each time.
const PAUSE: Duration = Duration::from_millis(200);

/// An event on its way to a target.
struct Delivery {
    account: AccountId,
    region: Region,
    rule: String,
    target: Value,
    event: Arc<Value>,
}

/// Sends an event to the targets of an account's rules that it fits. Nobody waits for that.
pub fn send(app: &App, account: &AccountId, region: &Region, event: Value) {
    let event = Arc::new(event);
    let mut deliveries = Vec::new();
    {
        let state = app.store.read();
        let rules = state.accounts.get(account).and_then(|account| account.rules.get(region.as_str()));
        for (name, rule) in rules.into_iter().flat_map(|all| &all.rules) {
            let fits = || Pattern::parse(&rule.pattern).is_ok_and(|pattern| pattern.matches(&event));
            if rule.targets.is_empty() || !rule.is_enabled() || !fits() {
                continue;
            }
            deliveries.extend(rule.targets.values().map(|target| Delivery {
                account: account.clone(),
                region: region.clone(),
                rule: name.clone(),
                target: target.clone(),
                event: Arc::clone(&event),
            }));
        }
    }
    for delivery in deliveries {
        app.background.begin(move |app| async move { delivery.carry_out(&app).await });
    }
}

impl Delivery {
    fn text<'a>(value: &'a Value, name: &str) -> &'a str {
        value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    async fn carry_out(&self, app: &App) {
        let policy = self.target.get("RetryPolicy").and_then(|policy| policy.get("MaximumRetryAttempts"));
        let retries = policy.and_then(Value::as_u64).map_or(RETRIES, |most| most.min(RETRIES));
        let (mut tried, mut pause) = (0, PAUSE);
        let result = loop {
            match self.reach(app).await {
                Err(failure) if tried < retries && (failure.status >= 500 || failure.code == "Throttling") => {
                    tokio::time::sleep(pause).await;
                    (tried, pause) = (tried + 1, pause * 2);
                }
                result => break result,
            }
        };
        self.note(app, result);
    }

    async fn reach(&self, app: &App) -> Result<(), Failure> {
        // The service that manages a rule knows of the event without being told.
        if managed_by(&self.rule).is_some() {
            return Ok(());
        }
        let text = Self::text(&self.target, "Arn");
        let arn = Arn::parse(text).map_err(|_| Failure::validation("Provided Arn is not in correct format."))?;
        let rule = rule_arn(&self.region, &self.account, &self.rule);
        let input = transform::input(&self.target, &self.event, (&rule, &self.rule), clock::now());
        let (service, operation, input) = match arn.service() {
            "codepipeline" => ("codepipeline", "StartPipelineExecution", start(arn.resource(), &self.target, &input)),
            "states" if arn.resource_type() == Some("stateMachine") => {
                let name = format!("{}_{}", Self::text(&self.event, "id"), crate::ids::request());
                ("states", "StartExecution", json!({ "stateMachineArn": text, "name": name, "input": input }))
            }
            "logs" if arn.account() == self.account.as_str() => {
                let group = arn.resource().strip_prefix("log-group:").unwrap_or_default().trim_end_matches(":*");
                let place = (&self.account, &self.region);
                return logs::write(app, place, group, Self::text(&self.event, "id"), input);
            }
            other => {
                let message =
                    format!("the sandbox delivers to pipelines, state machines and log groups, not to `{other}`");
                return Err(Failure::new(400, "UNSUPPORTED_TARGET", message));
            }
        };
        let region = arn.region_code().unwrap_or_else(|| self.region.clone());
        let role = Self::text(&self.target, "RoleArn");
        let session: String = format!("{SESSION}{}", self.rule).chars().take(64).collect();
        let acting = Acting::as_role(app, &region, role, SERVICE, Some(&rule), &session)?;
        acting.json(app, service, operation, input).await.map(drop)
    }

    fn note(&self, app: &App, result: Result<(), Failure>) {
        let change = |record: &mut Record| match result {
            Ok(()) => record.delivered += 1,
            Err(failure) => {
                tracing::info!(rule = self.rule, code = %failure.code, message = failure.message, "an event was not delivered");
                record.failed(Undelivered {
                    at: clock::now(),
                    event: Self::text(&self.event, "id").to_owned(),
                    target: Self::text(&self.target, "Id").to_owned(),
                    arn: Self::text(&self.target, "Arn").to_owned(),
                    code: failure.code_for(crate::error::Family::Json).to_owned(),
                    message: failure.message,
                });
            }
        };
        // A rule that was deleted meanwhile has nothing to note it with.
        let _ = app.store.write(|state| {
            let rules = state.accounts.get_mut(&self.account).and_then(|a| a.rules.get_mut(self.region.as_str()));
            let rule = rules.and_then(|all| all.rules.get_mut(&self.rule)).ok_or(())?;
            change(&mut rule.record);
            Ok::<(), ()>(())
        });
    }
}

/// The input of StartPipelineExecution. What a target's own input may say of the run goes with it.
fn start(name: &str, target: &Value, input: &str) -> Value {
    let mut start = json!({ "name": name });
    if target.get("Input").is_some() || target.get("InputTransformer").is_some() {
        let said: Value = serde_json::from_str(input).unwrap_or_default();
        for member in ["variables", "sourceRevisions"] {
            if let Some(value) = said.get(member).filter(|value| value.is_array()) {
                start[member] = value.clone();
            }
        }
    }
    start
}

/// What became of the events of all rules, for the control path.
pub fn records(app: &App) -> Value {
    let state = app.store.read();
    let of_account = |(account, known): (&AccountId, &BTreeRegions)| {
        let rules =
            known.iter().flat_map(|(region, all)| all.rules.iter().map(move |(name, rule)| (region, name, rule)));
        let shown = |(region, name, rule): (&String, &String, &super::model::Rule)| json!({ "account": account, "region": region, "rule": name, "record": rule.record });
        rules.map(shown).collect::<Vec<Value>>()
    };
    state.accounts.iter().flat_map(|(id, account)| of_account((id, &account.rules))).collect()
}

type BTreeRegions = std::collections::BTreeMap<String, Rules>;

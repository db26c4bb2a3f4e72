//! The work on stacks: begun by an operation, carried on in the background, taken up again after a restart.
//!
//! Everything that it needs to go on is in the stack ([`super::model::Work`]). One task works on a stack; it looks at
//! the work before each step, so that an operation that calls it off has only to say so there.

mod forward;
mod removal;
mod rollback;

use super::model::Phase;
use super::model::{Resource, Stack, Stacks, Work};
use super::prepared::{Place, Prepared};
use super::types::Job;
use crate::acting::Acting;
use crate::app::App;
use crate::call::Call;
use crate::clock;
use crate::error::Failure;
use crate::events::{self, Event};
use crate::state::Regional as _;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::json;
use std::sync::Arc;

/// The way to one stack.
#[derive(Clone)]
struct Runner {
    app: Arc<App>,
    account: AccountId,
    region: Region,
    id: String,
    name: String,
}

/// Begins the work that a stack of the caller's account was given.
pub fn begin(call: &Call<'_>, id: &str) {
    let (account, region, id) = (call.account().clone(), call.region.clone(), id.to_owned());
    call.app.background.begin(move |app| Runner::new(app, account, region, id).drive());
}

/// Takes up all work that was under way.
pub fn resume(app: &Arc<App>) {
    let mut found = Vec::new();
    for (account, known) in &app.store.read().accounts {
        for (region, stacks) in Stacks::of(known) {
            let Ok(region) = Region::parse(region) else { continue };
            let working = stacks.stacks.values().filter(|stack| stack.work.is_some());
            found.extend(working.map(|stack| (account.clone(), region.clone(), stack.id.clone())));
        }
    }
    for (account, region, id) in found {
        app.background.begin(move |app| Runner::new(app, account, region, id).drive());
    }
}

impl Runner {
    fn new(app: Arc<App>, account: AccountId, region: Region, id: String) -> Self {
        let name = id.split('/').nth(1).unwrap_or_default().to_owned();
        Self { app, account, region, id, name }
    }

    /// Works until there is nothing left to do.
    async fn drive(self) {
        while let Some(work) = self.read(|stack| stack.work.clone()).flatten() {
            match work.phase {
                Phase::Forward => forward::run(&self, &work).await,
                Phase::Rollback => rollback::run(&self, &work).await,
                Phase::Cleanup => removal::clean_up(&self, &work).await,
                Phase::Delete => removal::run(&self, &work).await,
            }
        }
    }

    /// Reads the stacks of the account and region.
    fn stacks<T>(&self, read: impl FnOnce(&Stacks) -> T) -> T {
        let state = self.app.store.read();
        match state.accounts.get(&self.account).and_then(|known| Stacks::of(known).get(self.region.as_str())) {
            Some(stacks) => read(stacks),
            None => read(&Stacks::default()),
        }
    }

    /// Reads the stack.
    fn read<T>(&self, read: impl FnOnce(&Stack) -> T) -> Option<T> {
        self.stacks(|stacks| stacks.stacks.get(&self.id).map(read))
    }

    /// Changes the stacks of the account and region.
    fn change_all<T>(&self, change: impl FnOnce(&mut Stacks) -> T) -> T {
        let done = self.app.store.write(|state| {
            let account = state.accounts.entry(self.account.clone()).or_default();
            let stacks = Stacks::of_mut(account).entry(self.region.to_string()).or_default();
            Ok::<_, std::convert::Infallible>(change(stacks))
        });
        match done {
            Ok((done, _)) => done,
            Err(never) => match never {},
        }
    }

    /// Changes the stack.
    fn change<T>(&self, change: impl FnOnce(&mut Stack, Timestamp) -> T) -> Option<T> {
        self.change_all(|stacks| stacks.stacks.get_mut(&self.id).map(|stack| change(stack, clock::now())))
    }

    /// Changes the stack as long as its work is still this.
    fn change_for(&self, work: &Work, change: impl FnOnce(&mut Stack, Timestamp)) {
        self.change(|stack, now| {
            if stack.work.as_ref().is_some_and(|current| current.id == work.id) {
                change(stack, now);
            }
        });
        self.tell();
    }

    /// Tells EventBridge of the stack's status.
    fn tell(&self) {
        let told = self.read(|stack| (stack.status.clone(), stack.reason.clone().unwrap_or_default()));
        let Some((status, reason)) = told else { return };
        events::publish(
            &self.app,
            Event {
                source: "aws.cloudformation",
                detail_type: "CloudFormation Stack Status Change",
                account: self.account.clone(),
                region: self.region.clone(),
                resources: vec![self.id.clone()],
                detail: json!({
                    "stack-id": self.id,
                    "status-details": { "status": status, "status-reason": reason },
                }),
            },
        );
    }

    /// Whether something else is to be done now.
    fn is_called_off(&self, work: &Work) -> bool {
        let going_on =
            self.read(|stack| stack.work.as_ref().is_some_and(|current| current.id == work.id && !current.cancelled));
        going_on != Some(true)
    }

    /// The template with the parameters that the stack has now.
    fn prepared(&self) -> Result<Prepared, Failure> {
        let (version, arns) = self
            .read(|stack| (stack.version.clone(), stack.notification_arns.clone()))
            .ok_or_else(Failure::internal)?;
        let place = Place {
            account: &self.account,
            region: &self.region,
            name: &self.name,
            id: &self.id,
            notification_arns: &arns,
        };
        Prepared::again(place, &version)
    }

    /// What the providers of types call other services by.
    fn acting(&self, work: &Work) -> Result<Acting, Failure> {
        work.actor.acting(&self.app, &self.region, &self.id)
    }

    /// A job on a resource as it is.
    fn job<'a>(&'a self, acting: &'a Acting, resource: &'a Resource) -> Job<'a> {
        Job {
            app: &self.app,
            acting,
            account: &self.account,
            region: &self.region,
            stack: &self.name,
            logical: &resource.logical,
            physical: resource.physical.as_deref().unwrap_or_default(),
            attributes: &resource.attributes,
            properties: &resource.properties,
            tags: &resource.tags,
            before: &resource.properties,
            before_tags: &resource.tags,
            unique: &resource.unique,
            again: false,
            note: None,
        }
    }
}

/// Names of resources as reasons list them.
fn listed(names: &[String]) -> String {
    format!("[{}]", names.join(", "))
}

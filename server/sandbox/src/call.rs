//! One authenticated call of an operation, and the table rows that operations are declared by.

use crate::app::App;
use crate::caller::Caller;
use crate::error::Failure;
use crate::iam::model::Iam;
use crate::protocol::Reply;
use crate::protocol::query::Params;
use crate::sagemaker::model::SageMaker;
use crate::state::{Regional, State};
use domain::evaluate::Context;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// An operation: its name, what it needs permission for, and what it does.
pub struct Operation {
    /// Its name on the wire; with the service's prefix also the IAM action.
    pub name: &'static str,
    /// What the caller must be allowed to act on, checked before [`Operation::run`].
    pub needs: fn(&Call<'_>) -> Result<Needs, Failure>,
    /// What it does.
    pub run: fn(&Call<'_>) -> Result<Reply, Failure>,
}

/// A row of a service's table.
pub const fn op(
    name: &'static str,
    needs: fn(&Call<'_>) -> Result<Needs, Failure>,
    run: fn(&Call<'_>) -> Result<Reply, Failure>,
) -> Operation {
    Operation { name, needs, run }
}

/// What an operation needs permission for.
pub enum Needs {
    /// Nothing, or the operation asks by itself (AssumeRole asks the trust policy).
    Nothing,
    /// Its action on this resource of the caller's account.
    On(Target),
    /// Its action on each of these.
    All(Vec<Target>),
}

/// A resource to act on.
#[derive(Debug, Clone)]
pub struct Target {
    /// The ARN, or `*` for actions without a resource.
    pub resource: String,
    /// Condition keys beyond those every request has.
    pub context: Context,
}

impl Target {
    /// A resource.
    pub fn new(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), context: Context::new() }
    }
    /// Adds a condition key.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context = self.context.with(key, value);
        self
    }
    /// Adds `aws:ResourceTag/…`.
    pub fn tagged<'a>(mut self, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        for (key, value) in tags {
            self.context.set(&format!("aws:ResourceTag/{key}"), vec![value.clone()]);
        }
        self
    }
    /// Adds `aws:RequestTag/…` and `aws:TagKeys`.
    pub fn requesting<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut keys = Vec::new();
        for (key, value) in tags {
            self.context.set(&format!("aws:RequestTag/{key}"), vec![value.to_owned()]);
            keys.push(key.to_owned());
        }
        if !keys.is_empty() {
            self.context.set("aws:TagKeys", keys);
        }
        self
    }
}

impl From<Target> for Needs {
    fn from(target: Target) -> Self {
        Self::On(target)
    }
}

/// A call.
pub struct Call<'a> {
    /// The sandbox.
    pub app: &'a App,
    /// Who calls.
    pub caller: &'a Caller,
    /// Whether the credentials are temporary.
    pub temporary: bool,
    /// The region of the credential scope.
    pub region: Region,
    /// When.
    pub now: Timestamp,
    /// The request's ID, as the answer has it.
    pub request_id: &'a str,
    /// From where.
    pub source_ip: IpAddr,
    /// The input of a query operation.
    pub params: Params,
    /// The input of a JSON operation.
    pub body: Value,
    /// The generation to wait for before the answer is sent; 0 for none.
    pub generation: AtomicU64,
}

impl Call<'_> {
    /// The caller's account.
    pub fn account(&self) -> &AccountId {
        &self.caller.account
    }
    /// Changes the state. `change` must check before it changes.
    pub fn write<T>(&self, change: impl FnOnce(&mut State) -> Result<T, Failure>) -> Result<T, Failure> {
        let (done, generation) = self.app.store.write(change)?;
        self.generation.store(generation, Ordering::Relaxed);
        Ok(done)
    }
    /// Changes IAM of the caller's account.
    pub fn change_iam<T>(&self, change: impl FnOnce(&mut Iam) -> Result<T, Failure>) -> Result<T, Failure> {
        self.write(|state| change(self.iam_of(state)))
    }
    /// IAM of the caller's account, to change; it counts as changed.
    pub fn iam_of<'s>(&self, state: &'s mut State) -> &'s mut Iam {
        let account = state.accounts.entry(self.account().clone()).or_default();
        let iam = account.iam.change(self.app.faults.propagation());
        iam.revision += 1;
        iam
    }
    /// Reads IAM of the caller's account.
    pub fn read_iam<T>(&self, read: impl FnOnce(&Iam) -> T) -> T {
        let iam = self.app.store.read().accounts.get(self.account()).map(|account| account.iam.current().clone());
        iam.map_or_else(|| unreachable!("a caller's account exists"), |iam| read(&iam))
    }
    /// Changes what the caller's account has of a service in the call's region.
    pub fn change<P: Regional, T>(&self, change: impl FnOnce(&mut P) -> Result<T, Failure>) -> Result<T, Failure> {
        self.write(|state| {
            let account = state.accounts.entry(self.account().clone()).or_default();
            change(P::of_mut(account).entry(self.region.to_string()).or_default())
        })
    }
    /// Reads what the caller's account has of a service in the call's region.
    pub fn read<P: Regional, T>(&self, read: impl FnOnce(&P) -> T) -> T {
        let state = self.app.store.read();
        match state.accounts.get(self.account()).and_then(|account| P::of(account).get(self.region.as_str())) {
            Some(part) => read(part),
            None => read(&P::default()),
        }
    }
    /// Changes SageMaker of the caller's account in the call's region.
    pub fn change_sagemaker<T>(&self, change: impl FnOnce(&mut SageMaker) -> Result<T, Failure>) -> Result<T, Failure> {
        self.change(change)
    }
    /// Reads SageMaker of the caller's account in the call's region.
    pub fn read_sagemaker<T>(&self, read: impl FnOnce(&SageMaker) -> T) -> T {
        self.read(read)
    }
}

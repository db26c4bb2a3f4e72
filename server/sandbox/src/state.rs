//! What the sandbox knows: accounts, access keys, and how they change.
//!
//! Readers take [`Store::read`]; writers go through [`Store::write`], which counts a generation that
//! [`crate::persist`] makes durable before the request is answered.

use crate::cloudformation::model::Stacks;
use crate::cloudwatch::model::CloudWatch;
use crate::codecommit::model::Repositories;
use crate::codepipeline::model::Pipelines;
use crate::events::model::Rules;
use crate::iam::model::Iam;
use crate::ids;
use crate::kms::model::Keys;
use crate::lambda::model::Functions;
use crate::logs::model::Logs;
use crate::organizations::model::Organization;
use crate::s3::model::Bucket;
use crate::sagemaker::model::SageMaker;
use crate::stepfunctions::model::Machines;
use domain::names::AccountId;
use domain::time::Timestamp;
use parking_lot::{RwLock, RwLockReadGuard};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The version of the state file that this build writes and reads.
pub const FORMAT: u32 = 1;

/// Everything that survives a restart.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    /// The file's version.
    pub format: u32,
    /// The key that session tokens are sealed with.
    pub master: String,
    /// The accounts.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Long-lived access keys, by ID.
    pub keys: BTreeMap<String, AccessKey>,
    /// The organisation of the accounts.
    #[serde(default)]
    pub organization: Versions<Option<Organization>>,
    /// S3's buckets, by name: names are one space over all accounts.
    #[serde(default)]
    pub buckets: BTreeMap<String, Bucket>,
}

/// One account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Account {
    /// Users, groups, roles and policies.
    pub iam: Versions<Iam>,
    /// SageMaker, by region.
    pub sagemaker: BTreeMap<String, SageMaker>,
    /// Lambda, by region.
    #[serde(default)]
    pub functions: BTreeMap<String, Functions>,
    /// Key Management Service, by region.
    #[serde(default)]
    pub keys: BTreeMap<String, Keys>,
    /// CodeCommit, by region.
    #[serde(default)]
    pub repositories: BTreeMap<String, Repositories>,
    /// EventBridge, by region.
    #[serde(default)]
    pub rules: BTreeMap<String, Rules>,
    /// CloudWatch Logs, by region.
    #[serde(default)]
    pub logs: BTreeMap<String, Logs>,
    /// CloudWatch, by region.
    #[serde(default)]
    pub cloudwatch: BTreeMap<String, CloudWatch>,
    /// Step Functions, by region.
    #[serde(default)]
    pub machines: BTreeMap<String, Machines>,
    /// CloudFormation, by region.
    #[serde(default)]
    pub stacks: BTreeMap<String, Stacks>,
    /// CodePipeline, by region.
    #[serde(default)]
    pub pipelines: BTreeMap<String, Pipelines>,
}

/// What an account has of a service, a part for each region.
pub trait Regional: Default + Sized {
    /// The parts of an account.
    fn of(account: &Account) -> &BTreeMap<String, Self>;
    /// The parts of an account, to change.
    fn of_mut(account: &mut Account) -> &mut BTreeMap<String, Self>;
}

macro_rules! regional {
    ($($part:ty => $field:ident,)*) => {
        $(impl Regional for $part {
            fn of(account: &Account) -> &BTreeMap<String, Self> {
                &account.$field
            }
            fn of_mut(account: &mut Account) -> &mut BTreeMap<String, Self> {
                &mut account.$field
            }
        })*
    };
}

regional! {
    SageMaker => sagemaker,
    Functions => functions,
    Keys => keys,
    Repositories => repositories,
    Rules => rules,
    Logs => logs,
    CloudWatch => cloudwatch,
    Machines => machines,
    Stacks => stacks,
    Pipelines => pipelines,
}

/// A long-lived access key. Has no `Debug`: the secret must not reach a log.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// The secret.
    pub secret: String,
    /// The account.
    pub account: AccountId,
    /// The owning user's name; `None` for the account's root user. A user with keys can't be deleted, so the name
    /// always means the same user.
    pub user: Option<String>,
    /// Whether it may sign.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// A value and, for as long as changes propagate, what authorisation still sees of it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versions<T: Default + Clone> {
    current: Arc<T>,
    #[serde(skip)]
    past: VecDeque<(Instant, Arc<T>)>,
}

impl<T: Default + Clone> Versions<T> {
    /// The newest version: what reading operations show.
    pub fn current(&self) -> &Arc<T> {
        &self.current
    }
    /// What authorisation sees now.
    pub fn visible(&self) -> Arc<T> {
        let now = Instant::now();
        let past = self.past.iter().find(|(until, _)| now < *until);
        Arc::clone(past.map_or(&self.current, |(_, old)| old))
    }
    /// The newest version, to change; authorisation sees the change only after `delay`.
    pub fn change(&mut self, delay: Duration) -> &mut T {
        let now = Instant::now();
        self.past.retain(|(until, _)| now < *until);
        if !delay.is_zero() {
            self.past.push_back((now + delay, Arc::clone(&self.current)));
        }
        Arc::make_mut(&mut self.current)
    }
    /// Makes all changes visible at once.
    pub fn settle(&mut self) {
        self.past.clear();
    }
}

impl State {
    /// A state with no accounts.
    pub fn empty() -> Self {
        Self {
            format: FORMAT,
            master: ids::hex(&ids::random::<32>()),
            accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            organization: Versions::default(),
            buckets: BTreeMap::new(),
        }
    }
}

/// The state, shared between requests.
pub struct Store {
    state: RwLock<State>,
    generation: AtomicU64,
    changed: watch::Sender<u64>,
    durable: watch::Receiver<u64>,
}

impl Store {
    /// A store of `state`; `durable` says up to which generation it is on disk.
    pub fn new(state: State, durable: watch::Receiver<u64>) -> Self {
        Self { state: RwLock::new(state), generation: AtomicU64::new(0), changed: watch::channel(0).0, durable }
    }
    /// Reads. Hold it briefly, and never over an await.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read()
    }
    /// Changes the state by `change` and gives the generation to wait for. `change` must check before it changes:
    /// nothing is rolled back when it fails.
    pub fn write<T, E>(&self, change: impl FnOnce(&mut State) -> Result<T, E>) -> Result<(T, u64), E> {
        let mut state = self.state.write();
        let done = change(&mut state)?;
        // Counted under the lock, so that a snapshot taken later contains it.
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        drop(state);
        self.changed.send_replace(generation);
        Ok((done, generation))
    }
    /// A snapshot as the state file holds it, with its generation.
    pub fn snapshot(&self) -> (Vec<u8>, u64) {
        let state = self.state.read();
        let bytes =
            serde_json::to_vec(&*state).unwrap_or_else(|e| unreachable!("the state is plain data with text keys: {e}"));
        (bytes, self.generation.load(Ordering::SeqCst))
    }
    /// Tells of new generations.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
    /// Waits until `generation` is on disk; false if it will never be.
    pub async fn durable(&self, generation: u64) -> bool {
        self.durable.clone().wait_for(|done| *done >= generation).await.is_ok()
    }
}

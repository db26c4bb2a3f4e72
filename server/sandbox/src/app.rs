//! What every request shares.

use crate::authorize::PolicyCache;
use crate::background::Background;
use crate::caller::TokenCache;
use crate::cloudwatch::metrics::Metrics;
use crate::codecommit::objects::Objects as Repositories;
use crate::counters::Counters;
use crate::faults::Faults;
use crate::lambda::Lambda;
use crate::logs::streams::Streams;
use crate::models::Models;
use crate::organizations::limits::LimitCache;
use crate::runtime::Traffic;
use crate::runtime::asynchronous::Queue;
use crate::s3::objects::Objects;
use crate::sagemaker::training::Running;
use crate::sigv4::KeyCache;
use crate::state::Store;

/// The sandbox, as requests see it.
pub struct App {
    /// Work that outlives the request it began with.
    pub background: Background,
    /// Accounts and keys.
    pub store: Store,
    /// Derived signing keys.
    pub signing_keys: KeyCache,
    /// Opened session tokens.
    pub tokens: TokenCache,
    /// Parsed policies by principal.
    pub policies: PolicyCache,
    /// Parsed policies of the organisation by account.
    pub limits: LimitCache,
    /// Switches of the control path.
    pub faults: Faults,
    /// Calls made so far.
    pub counters: Counters,
    /// The models behind the endpoints.
    pub models: Models,
    /// Requests to endpoints that are under way.
    pub traffic: Traffic,
    /// Where functions are kept and run.
    pub lambda: Lambda,
    /// Where asynchronous invocations wait.
    pub asynchronous: Queue,
    /// What was measured.
    pub metrics: Metrics,
    /// Training jobs under way.
    pub training: Running,
    /// What is in S3's buckets.
    pub objects: Objects,
    /// What was committed to CodeCommit's repositories.
    pub repositories: Repositories,
    /// The streams of CloudWatch Logs' groups.
    pub streams: Streams,
}

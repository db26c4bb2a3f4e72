//! The console's own state in SQLite: drafts, shares, runs with their journals, sessions, the audit trail, the
//! history of calls, saved requests, pipelines.
//!
//! Behind the ports of [`services::ports::store`]. No credential is ever written here. Queries are portable SQL, so that
//! another database needs another way to open and another first migration, not other queries.

mod activity;
mod batches;
mod drafts;
mod history;
mod loads;
mod open;
mod pipelines;
mod record;
mod runs;
mod saved;
mod sessions;
mod shares;
mod table;

pub use open::{Opened, StoreOpenError, open, open_all};

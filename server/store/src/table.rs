//! What tables of records have in common: each record whole as JSON under its ID, with what queries look at beside it.
//!
//! The names of tables and columns that are put into the SQL are written in this crate, never taken from a request.

use crate::open::Database;
use crate::record::{failed, one_written, read, versioned, write};
use domain::run::RunState;
use domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use services::ports::store::{StoreResult, Versioned};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

/// A table of records.
#[derive(Debug)]
pub(crate) struct Table {
    database: Database,
    name: &'static str,
}

impl Table {
    pub(crate) fn new(database: Database, name: &'static str) -> Self {
        Self { database, name }
    }

    /// The rows that `rest` of the query picks out, by one value.
    async fn rows(&self, columns: &str, rest: &str, value: impl Into<Value<'_>>) -> StoreResult<Vec<SqliteRow>> {
        let query = sqlx::query(AssertSqlSafe(format!("SELECT {columns} FROM {} {rest}", self.name)));
        let query = match value.into() {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        };
        query.fetch_all(&self.database.readers).await.map_err(failed)
    }

    /// Forgets a record; one that is not there is none too.
    pub(crate) async fn delete(&self, id: &str) -> StoreResult<()> {
        let query = sqlx::query(AssertSqlSafe(format!("DELETE FROM {} WHERE id = $1", self.name)));
        query.bind(id).execute(&self.database.writer).await.map_err(failed)?;
        Ok(())
    }
}

/// What a query picks rows by.
enum Value<'v> {
    Text(&'v str),
    Number(i64),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

/// Records with `version` and `changed`, which nobody overwrites that has not seen the last version.
impl Table {
    pub(crate) async fn get<T: DeserializeOwned>(&self, id: &str) -> StoreResult<Option<Versioned<T>>> {
        let rows = self.rows("id, version, changed, body", "WHERE id = $1", id).await?;
        rows.first().map(|row| versioned(self.name, row)).transpose()
    }

    /// At most `limit` records, those with the latest moment in a column first.
    pub(crate) async fn latest<T: DeserializeOwned>(&self, by: &str, limit: u32) -> StoreResult<Vec<Versioned<T>>> {
        let rest = format!("ORDER BY {by} DESC, id DESC LIMIT $1");
        let rows = self.rows("id, version, changed, body", &rest, limit).await?;
        rows.iter().map(|row| versioned(self.name, row)).collect()
    }

    /// The first version of a record. Stale when there is one with this ID.
    pub(crate) async fn insert(&self, id: &str, record: &impl Serialize, now: Timestamp) -> StoreResult<()> {
        let head = format!("INSERT INTO {} (id, version, changed, body)", self.name);
        let sql = format!("{head} VALUES ($1, 1, $2, $3) ON CONFLICT (id) DO NOTHING");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(id).bind(now.0).bind(write(record)?);
        one_written(&query.execute(&self.database.writer).await.map_err(failed)?)
    }

    /// The next version of a record. Stale unless `version` is the last one.
    pub(crate) async fn update(
        &self,
        id: &str,
        record: &impl Serialize,
        version: i64,
        now: Timestamp,
    ) -> StoreResult<()> {
        let set = format!("UPDATE {} SET version = version + 1, changed = $1, body = $2", self.name);
        let query = sqlx::query(AssertSqlSafe(format!("{set} WHERE id = $3 AND version = $4")));
        let query = query.bind(now.0).bind(write(record)?).bind(id).bind(version);
        one_written(&query.execute(&self.database.writer).await.map_err(failed)?)
    }

    /// A record with `created`, new when `version` is 0. Stale unless `version` is the last one.
    pub(crate) async fn put(
        &self,
        id: &str,
        record: &impl Serialize,
        created: Timestamp,
        version: i64,
        now: Timestamp,
    ) -> StoreResult<()> {
        // Both statements take the same values in the same order; neither touches a row when someone was quicker.
        let name = self.name;
        let sql = if version == 0 {
            format!(
                "INSERT INTO {name} (id, version, changed, created, body) VALUES ($1, $2 + 1, $3, $4, $5) \
                 ON CONFLICT (id) DO NOTHING"
            )
        } else {
            format!(
                "UPDATE {name} SET version = $2 + 1, changed = $3, created = $4, body = $5 \
                 WHERE id = $1 AND version = $2"
            )
        };
        let query = sqlx::query(AssertSqlSafe(sql)).bind(id).bind(version).bind(now.0).bind(created.0);
        let query = query.bind(write(record)?);
        one_written(&query.execute(&self.database.writer).await.map_err(failed)?)
    }
}

/// What a run's row has beside the run.
pub(crate) struct RunRow<'r> {
    pub(crate) id: &'r str,
    /// What it belongs to.
    pub(crate) of: &'r str,
    pub(crate) state: RunState,
    pub(crate) started: Timestamp,
    pub(crate) revision: u64,
}

/// How a run's state is spelt in the column that queries look at.
fn spelt(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
    }
}

/// Runs with their journals; a column says what each belongs to.
impl Table {
    fn runs<T: DeserializeOwned>(&self, rows: &[SqliteRow]) -> StoreResult<Vec<T>> {
        let run =
            |row: &SqliteRow| read(self.name, row.try_get("id").map_err(failed)?, row.try_get("body").map_err(failed)?);
        rows.iter().map(run).collect()
    }

    /// Stale when a later revision is stored already: a journal never goes back.
    pub(crate) async fn put_run(&self, column: &str, row: RunRow<'_>, run: &impl Serialize) -> StoreResult<()> {
        let name = self.name;
        let sql = format!(
            "INSERT INTO {name} (id, {column}, state, started, revision, body) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, revision = excluded.revision, \
             body = excluded.body WHERE {name}.revision <= excluded.revision"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(row.id).bind(row.of).bind(spelt(row.state));
        let query = query.bind(row.started.0).bind(i64::try_from(row.revision).unwrap_or(i64::MAX)).bind(write(run)?);
        one_written(&query.execute(&self.database.writer).await.map_err(failed)?)
    }

    pub(crate) async fn run<T: DeserializeOwned>(&self, id: &str) -> StoreResult<Option<T>> {
        let rows = self.rows("id, body", "WHERE id = $1", id).await?;
        Ok(self.runs(&rows)?.pop())
    }

    /// The runs of one thing, the newest first.
    pub(crate) async fn runs_of<T: DeserializeOwned>(&self, column: &str, of: &str) -> StoreResult<Vec<T>> {
        let rest = format!("WHERE {column} = $1 ORDER BY started DESC, id DESC");
        self.runs(&self.rows("id, body", &rest, of).await?)
    }

    /// The runs that have not ended, the oldest first.
    pub(crate) async fn unfinished_runs<T: DeserializeOwned>(&self) -> StoreResult<Vec<T>> {
        let rest = "WHERE state = $1 ORDER BY started, id";
        self.runs(&self.rows("id, body", rest, spelt(RunState::Running)).await?)
    }
}

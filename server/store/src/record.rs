//! Records to JSON text and back, and errors on the way.

use domain::time::Timestamp;
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use services::ports::store::{StoreError, StoreResult, Versioned};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A failure of the database itself.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Database(error.into())
}

/// A record as it is stored.
pub(crate) fn write<T: Serialize>(record: &T) -> StoreResult<String> {
    serde_json::to_string(record).map_err(|e| StoreError::Database(e.into()))
}

/// A record read back; the error names `id`, so that the row can be found.
pub(crate) fn read<T: DeserializeOwned>(table: &'static str, id: &str, body: &str) -> StoreResult<T> {
    serde_json::from_str(body).map_err(|e| {
        tracing::error!(table, id, error = %e, "a stored record can't be read");
        StoreError::Unreadable { table, source: serde_json::Error::custom(format!("record `{id}`: {e}")) }
    })
}

/// A row of `id, version, changed, body`.
pub(crate) fn versioned<T: DeserializeOwned>(table: &'static str, row: &SqliteRow) -> StoreResult<Versioned<T>> {
    let id: &str = row.try_get("id").map_err(failed)?;
    let body: &str = row.try_get("body").map_err(failed)?;
    Ok(Versioned {
        value: read(table, id, body)?,
        version: row.try_get("version").map_err(failed)?,
        changed: Timestamp(row.try_get("changed").map_err(failed)?),
    })
}

/// Refuses a write that touched no row: someone else has written since, or dropped the record.
pub(crate) fn one_written(result: &sqlx::sqlite::SqliteQueryResult) -> StoreResult<()> {
    if result.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

//! Requests that were saved.

use crate::open::Database;
use crate::record::{failed, one_written, versioned, write};
use async_trait::async_trait;
use domain::names::{EndpointName, NameError, SavedId};
use domain::saved::{SavedRequest, SavedSummary};
use domain::time::Timestamp;
use serde::de::Error as _;
use services::ports::store::{SavedStore, StoreError, StoreResult, Versioned};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Debug)]
pub(crate) struct SqliteSaved(pub(crate) Database);

#[async_trait]
impl SavedStore for SqliteSaved {
    async fn get(&self, id: &SavedId) -> StoreResult<Option<Versioned<SavedRequest>>> {
        let query =
            sqlx::query("SELECT id, version, changed, body FROM saved_requests WHERE id = $1").bind(id.as_str());
        let row = query.fetch_optional(&self.0.readers).await.map_err(failed)?;
        row.map(|row| versioned("saved_requests", &row)).transpose()
    }

    async fn named(&self, endpoint: &EndpointName, name: &str) -> StoreResult<Option<Versioned<SavedRequest>>> {
        let sql = "SELECT id, version, changed, body FROM saved_requests WHERE endpoint = $1 AND name = $2";
        let query = sqlx::query(sql).bind(endpoint.as_str()).bind(name);
        let row = query.fetch_optional(&self.0.readers).await.map_err(failed)?;
        row.map(|row| versioned("saved_requests", &row)).transpose()
    }

    async fn put(&self, request: &SavedRequest, version: i64, now: Timestamp) -> StoreResult<()> {
        let sql = if version == 0 {
            "INSERT INTO saved_requests (endpoint, name, description, variables, body, changed, id, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8 + 1)"
        } else {
            "UPDATE saved_requests SET endpoint = $1, name = $2, description = $3, variables = $4, body = $5, \
             changed = $6, version = version + 1 WHERE id = $7 AND version = $8"
        };
        let what = &request.what;
        let result = sqlx::query(sql)
            .bind(what.endpoint.as_str())
            .bind(what.name.as_str())
            .bind(what.description.as_str())
            .bind(i64::try_from(what.variables.len()).unwrap_or(i64::MAX))
            .bind(write(request)?)
            .bind(now.0)
            .bind(request.id.as_str())
            .bind(version)
            .execute(&self.0.writer)
            .await;
        match result {
            Err(error) if error.as_database_error().is_some_and(|e| e.is_unique_violation()) => Err(StoreError::Stale),
            other => one_written(&other.map_err(failed)?),
        }
    }

    async fn list(&self, text: &str, limit: u32) -> StoreResult<Vec<SavedSummary>> {
        let escaped = text.to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let sql = "SELECT id, name, description, endpoint, variables, changed FROM saved_requests \
                   WHERE lower(name) LIKE $1 ESCAPE '\\' OR lower(description) LIKE $1 ESCAPE '\\' \
                   OR lower(endpoint) LIKE $1 ESCAPE '\\' ORDER BY endpoint, name LIMIT $2";
        let query = sqlx::query(sql).bind(format!("%{escaped}%")).bind(i64::from(limit));
        query.fetch_all(&self.0.readers).await.map_err(failed)?.iter().map(summary).collect()
    }

    async fn count(&self) -> StoreResult<usize> {
        let row = sqlx::query("SELECT COUNT(*) AS n FROM saved_requests").fetch_one(&self.0.readers).await;
        let count: i64 = row.map_err(failed)?.try_get("n").map_err(failed)?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    async fn delete(&self, id: &SavedId) -> StoreResult<()> {
        let query = sqlx::query("DELETE FROM saved_requests WHERE id = $1").bind(id.as_str());
        query.execute(&self.0.writer).await.map_err(failed)?;
        Ok(())
    }
}

fn summary(row: &SqliteRow) -> StoreResult<SavedSummary> {
    let id: &str = row.try_get("id").map_err(failed)?;
    let damaged = |error: NameError| StoreError::Unreadable {
        table: "saved_requests",
        source: serde_json::Error::custom(format!("record `{id}`: {error}")),
    };
    let variables: i64 = row.try_get("variables").map_err(failed)?;
    Ok(SavedSummary {
        id: SavedId::parse(id).map_err(damaged)?,
        name: row.try_get("name").map_err(failed)?,
        description: row.try_get("description").map_err(failed)?,
        endpoint: EndpointName::parse(row.try_get("endpoint").map_err(failed)?).map_err(damaged)?,
        variables: usize::try_from(variables).unwrap_or_default(),
        changed: Timestamp(row.try_get("changed").map_err(failed)?),
    })
}

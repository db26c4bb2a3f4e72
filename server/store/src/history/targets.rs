//! What was called, through what: a row for each pair and its label, however many calls there are.

use crate::record::failed;
use domain::history::{Call, HistoryFilter, KnownTargets};
use domain::invoke::Through;
use services::ports::store::StoreResult;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool};
use std::collections::HashMap;

/// The most that are offered to choose from.
const OFFERED: i64 = 500;

/// The numbers of targets, as far as one batch has asked for them.
#[derive(Default)]
pub(super) struct Targets(HashMap<(String, String, String), i64>);

impl Targets {
    /// The number of what a call went to.
    pub(super) async fn id(&mut self, connection: &mut SqliteConnection, call: &Call) -> StoreResult<i64> {
        let key = (call.endpoint.to_string(), call.through.to_string(), call.label.clone());
        if let Some(id) = self.0.get(&key) {
            return Ok(*id);
        }
        let (endpoint, through, label) = &key;
        let insert = "INSERT INTO call_targets (endpoint, through, label) VALUES ($1, $2, $3) \
                      ON CONFLICT (endpoint, through, label) DO NOTHING";
        let query = sqlx::query(insert).bind(endpoint).bind(through).bind(label);
        query.execute(&mut *connection).await.map_err(failed)?;
        let select = "SELECT id FROM call_targets WHERE endpoint = $1 AND through = $2 AND label = $3";
        let query = sqlx::query(select).bind(endpoint).bind(through).bind(label);
        let id = query.fetch_one(connection).await.map_err(failed)?.try_get("id").map_err(failed)?;
        self.0.insert(key, id);
        Ok(id)
    }
}

/// Whether a search is one of targets.
pub(super) fn is_asked(filter: &HistoryFilter) -> bool {
    filter.text.is_some() || filter.endpoint.is_some() || filter.through.is_some()
}

/// Adds what makes a target one that is looked for: `TRUE AND …`.
pub(super) fn conditions(query: &mut QueryBuilder<Sqlite>, filter: &HistoryFilter) {
    query.push("TRUE");
    if let Some(endpoint) = &filter.endpoint {
        query.push(" AND endpoint = ").push_bind(endpoint.as_str());
    }
    if let Some(through) = &filter.through {
        query.push(" AND through = ").push_bind(through.to_string());
    }
    if let Some(text) = &filter.text {
        let escaped = text.to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let part = format!("%{escaped}%");
        query.push(" AND (lower(endpoint) LIKE ").push_bind(part.clone()).push(" ESCAPE '\\' OR lower(label) LIKE ");
        query.push_bind(part).push(" ESCAPE '\\')");
    }
}

/// The numbers of those that are looked for, at most `limit`.
pub(super) async fn matching(readers: &SqlitePool, filter: &HistoryFilter, limit: i64) -> StoreResult<Vec<i64>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT id FROM call_targets WHERE ");
    conditions(&mut query, filter);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(readers).await.map_err(failed)?;
    rows.iter().map(|row| row.try_get("id").map_err(failed)).collect()
}

/// What there is to choose from; of a share under several labels the newest.
pub(super) async fn known(readers: &SqlitePool) -> StoreResult<KnownTargets> {
    let endpoints = sqlx::query("SELECT DISTINCT endpoint FROM call_targets ORDER BY endpoint LIMIT $1");
    let endpoints = endpoints.bind(OFFERED).fetch_all(readers).await.map_err(failed)?;
    let labels = "SELECT through, label FROM call_targets WHERE id IN \
                  (SELECT MAX(id) FROM call_targets GROUP BY through) ORDER BY label LIMIT $1";
    let labels = sqlx::query(labels).bind(OFFERED).fetch_all(readers).await.map_err(failed)?;
    let mut known = KnownTargets::default();
    for row in endpoints {
        known.endpoints.push(row.try_get("endpoint").map_err(failed)?);
    }
    for row in labels {
        let through: &str = row.try_get("through").map_err(failed)?;
        if let Ok(through) = Through::parse(through) {
            known.throughs.push((through, row.try_get("label").map_err(failed)?));
        }
    }
    Ok(known)
}

/// Drops those that no call went to.
pub(super) async fn forget_unused(writer: &SqlitePool) -> StoreResult<()> {
    let sql = "DELETE FROM call_targets WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.target = call_targets.id)";
    sqlx::query(sql).execute(writer).await.map_err(failed)?;
    Ok(())
}

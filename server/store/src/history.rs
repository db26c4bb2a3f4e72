//! The history of calls: appended in batches, read newest first by search, pruned a piece at a time.
//!
//! What is called is kept apart from the calls ([`targets`]), and each search is made so that an index gives its calls in
//! the order in which they are shown ([`query`]): a page costs the same among a million calls as among a hundred.

mod query;
mod targets;

use crate::open::Database;
use crate::record::{failed, read, write};
use async_trait::async_trait;
use domain::endpoint::Page;
use domain::history::{Call, CallBodies, CallPlace, CallView, HistoryFilter, HistorySettings, KnownTargets};
use domain::time::Timestamp;
use query::{Found, page_query};
use services::ports::store::{HistoryStore, Prune, RecordedCall, StoreResult};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use targets::Targets;

/// Rows in one statement; six values each stay far below any database's limit.
const BATCH: usize = 500;
/// How many calls are deleted at a time, so that other writers have their turn in between.
const PIECE: i64 = 2_000;
const SETTINGS: &str = "history";

#[derive(Debug)]
pub(crate) struct SqliteHistory(pub(crate) Database);

#[async_trait]
impl HistoryStore for SqliteHistory {
    async fn append(&self, calls: &[RecordedCall]) -> StoreResult<()> {
        if calls.is_empty() {
            return Ok(());
        }
        let mut transaction = self.0.writer.begin().await.map_err(failed)?;
        let mut targets = Targets::default();
        let mut rows = Vec::with_capacity(calls.len());
        let mut with = Vec::new();
        for RecordedCall { call, bodies } in calls {
            let row = (targets.id(&mut transaction, call).await?, call);
            match bodies {
                Some(bodies) => with.push((row, bodies)),
                None => rows.push(row),
            }
        }
        for batch in rows.chunks(BATCH) {
            insert(&mut transaction, batch).await?;
        }
        // The number of each is needed: one at a time.
        for (row, bodies) in with {
            let id = insert(&mut transaction, &[row]).await?;
            sqlx::query("INSERT INTO call_bodies (call, kept, body) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(row.1.at.0)
                .bind(write(bodies)?)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn page(&self, filter: &HistoryFilter, limit: u32) -> StoreResult<Page<CallView>> {
        let Some(found) = Found::targets(&self.0.readers, filter).await? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        // One more than asked for tells whether there is another page.
        let mut query = page_query("", filter, &found, i64::from(limit) + 1);
        let rows = query.build().fetch_all(&self.0.readers).await.map_err(failed)?;
        let items = rows.iter().take(limit as usize).map(view).collect::<StoreResult<Vec<_>>>()?;
        let place = |last: &CallView| CallPlace { at: last.call.at, id: last.id }.to_string();
        let next = (rows.len() > items.len()).then(|| items.last().map(place)).flatten();
        Ok(Page { items, next })
    }

    async fn get(&self, id: i64) -> StoreResult<Option<CallView>> {
        let row = sqlx::query("SELECT id, body FROM calls WHERE id = $1").bind(id);
        row.fetch_optional(&self.0.readers).await.map_err(failed)?.as_ref().map(view).transpose()
    }

    async fn bodies(&self, id: i64, since: Timestamp) -> StoreResult<Option<CallBodies>> {
        let sql = "SELECT body FROM call_bodies WHERE call = $1 AND kept > $2";
        let row = sqlx::query(sql).bind(id).bind(since.0).fetch_optional(&self.0.readers).await.map_err(failed)?;
        row.map(|row| read("call_bodies", &id.to_string(), row.try_get("body").map_err(failed)?)).transpose()
    }

    async fn delete(&self, id: i64) -> StoreResult<bool> {
        let query = sqlx::query("DELETE FROM calls WHERE id = $1").bind(id);
        let deleted = query.execute(&self.0.writer).await.map_err(failed)?.rows_affected();
        Ok(deleted > 0)
    }

    async fn prune(&self, prune: Prune) -> StoreResult<u64> {
        let bodies = "DELETE FROM call_bodies WHERE call IN \
                      (SELECT call FROM call_bodies WHERE kept <= $1 ORDER BY kept LIMIT $2)";
        let calls = "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE at <= $1 ORDER BY at LIMIT $2)";
        let mut gone = 0;
        for (sql, until) in [(bodies, prune.bodies), (calls, prune.calls)] {
            let Some(until) = until else { continue };
            loop {
                let query = sqlx::query(sql).bind(until.0).bind(PIECE);
                let deleted = query.execute(&self.0.writer).await.map_err(failed)?.rows_affected();
                gone += deleted;
                if deleted < PIECE.unsigned_abs() {
                    break;
                }
            }
        }
        if prune.calls.is_some() {
            targets::forget_unused(&self.0.writer).await?;
        }
        Ok(gone)
    }

    async fn known(&self) -> StoreResult<KnownTargets> {
        targets::known(&self.0.readers).await
    }

    async fn settings(&self) -> StoreResult<HistorySettings> {
        let query = sqlx::query("SELECT body FROM settings WHERE name = $1").bind(SETTINGS);
        let row = query.fetch_optional(&self.0.readers).await.map_err(failed)?;
        let found = row.map(|row| read("settings", SETTINGS, row.try_get("body").map_err(failed)?)).transpose()?;
        Ok(found.unwrap_or_default())
    }

    async fn set(&self, settings: &HistorySettings, now: Timestamp) -> StoreResult<()> {
        let sql = "INSERT INTO settings (name, changed, body) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET changed = excluded.changed, body = excluded.body";
        let query = sqlx::query(sql).bind(SETTINGS).bind(now.0).bind(write(settings)?);
        query.execute(&self.0.writer).await.map_err(failed)?;
        Ok(())
    }
}

/// Inserts calls with the numbers of their targets; gives the number of the last one.
async fn insert(connection: &mut SqliteConnection, calls: &[(i64, &Call)]) -> StoreResult<i64> {
    let mut rows = Vec::with_capacity(calls.len());
    for (target, call) in calls {
        rows.push((*target, *call, write(call)?));
    }
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO calls (at, target, who, class, code, body) ");
    query.push_values(rows, |mut row, (target, call, body)| {
        row.push_bind(call.at.0)
            .push_bind(target)
            .push_bind(call.who.as_str())
            .push_bind(call.class.key())
            .push_bind(call.code.as_str())
            .push_bind(body);
    });
    Ok(query.build().execute(connection).await.map_err(failed)?.last_insert_rowid())
}

fn view(row: &SqliteRow) -> StoreResult<CallView> {
    let id: i64 = row.try_get("id").map_err(failed)?;
    let call = read("calls", &id.to_string(), row.try_get("body").map_err(failed)?)?;
    Ok(CallView { id, call })
}

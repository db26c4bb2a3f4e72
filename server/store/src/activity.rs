//! The audit trail: appended in batches, read newest first.

use crate::open::Database;
use crate::record::{failed, read};
use async_trait::async_trait;
use domain::activity::{ActivityOutcome, ActivityView};
use domain::endpoint::Page;
use domain::names::{NameError, PipelineId, RunId, ShareId};
use domain::time::Timestamp;
use serde::de::Error as _;
use services::ports::store::{ActivityStore, StoreError, StoreResult};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

/// Rows in one statement; nine values each stay far below any database's limit.
const BATCH: usize = 500;

#[derive(Debug)]
pub(crate) struct SqliteActivity(pub(crate) Database);

fn spelt(outcome: ActivityOutcome) -> &'static str {
    match outcome {
        ActivityOutcome::Done => "done",
        ActivityOutcome::Denied => "denied",
        ActivityOutcome::Failed => "failed",
    }
}

fn entry(row: &SqliteRow) -> Result<ActivityView, StoreError> {
    let id: i64 = row.try_get("id").map_err(failed)?;
    let outcome: String = row.try_get("outcome").map_err(failed)?;
    let share: Option<&str> = row.try_get("share").map_err(failed)?;
    let pipeline: Option<&str> = row.try_get("pipeline").map_err(failed)?;
    let run: Option<&str> = row.try_get("run").map_err(failed)?;
    let took: Option<i64> = row.try_get("took_ms").map_err(failed)?;
    let damaged = |e: NameError| StoreError::Unreadable {
        table: "activity",
        source: serde_json::Error::custom(format!("record `{id}`: {e}")),
    };
    Ok(ActivityView {
        id,
        at: Timestamp(row.try_get("at").map_err(failed)?),
        who: row.try_get("who").map_err(failed)?,
        what: row.try_get("what").map_err(failed)?,
        outcome: read("activity", &id.to_string(), &format!("\"{outcome}\""))?,
        detail: row.try_get("detail").map_err(failed)?,
        share: share.map(ShareId::parse).transpose().map_err(damaged)?,
        pipeline: pipeline.map(PipelineId::parse).transpose().map_err(damaged)?,
        run: run.map(RunId::parse).transpose().map_err(damaged)?,
        took_ms: took.and_then(|ms| u64::try_from(ms).ok()),
    })
}

#[async_trait]
impl ActivityStore for SqliteActivity {
    async fn append(&self, entries: &[ActivityView]) -> StoreResult<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut transaction = self.0.writer.begin().await.map_err(failed)?;
        for batch in entries.chunks(BATCH) {
            let head = "INSERT INTO activity (at, who, what, outcome, detail, share, pipeline, run, took_ms) ";
            let mut query = QueryBuilder::<Sqlite>::new(head);
            query.push_values(batch, |mut row, entry| {
                row.push_bind(entry.at.0)
                    .push_bind(entry.who.as_str())
                    .push_bind(entry.what.as_str())
                    .push_bind(spelt(entry.outcome))
                    .push_bind(entry.detail.as_str())
                    .push_bind(entry.share.as_ref().map(ShareId::as_str))
                    .push_bind(entry.pipeline.as_ref().map(PipelineId::as_str))
                    .push_bind(entry.run.as_ref().map(RunId::as_str))
                    .push_bind(entry.took_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)));
            });
            query.build().execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn page(&self, before: Option<i64>, limit: u32) -> StoreResult<Page<ActivityView>> {
        let sql = "SELECT id, at, who, what, outcome, detail, share, pipeline, run, took_ms FROM activity \
                   WHERE id < $1 ORDER BY id DESC LIMIT $2";
        // One more than asked for tells whether there is another page.
        let rows = sqlx::query(sql)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        let items = rows.iter().take(limit as usize).map(entry).collect::<Result<Vec<_>, _>>()?;
        let next = (rows.len() > items.len()).then(|| items.last().map(|last| last.id.to_string())).flatten();
        Ok(Page { items, next })
    }
}

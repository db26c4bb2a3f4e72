//! A page of calls, in such words that an index gives them in the order in which they are shown.
//!
//! Of several conditions the one that fewest calls meet leads, as far as that is known beforehand: a session before an
//! error code before an ending before a target. The others are looked at call by call, of a session's calls those that
//! were not answered, where only such are looked for. Of several targets each gives a
//! page at most, and the newest of them all are the page: sorting all of their calls would read them all.

use super::targets;
use domain::history::{CallClass, HistoryFilter, ResultFilter};
use services::ports::store::StoreResult;
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

/// With more targets than that a search is met by so many calls that the newest are looked at one by one.
const APART: usize = 100;

/// The targets that a search is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Any.
    All,
    /// These, at most [`APART`].
    These(Vec<i64>),
    /// Many.
    Many,
}

impl Found {
    /// Reads them; `None` when there is none, and so no call either.
    pub(super) async fn targets(readers: &SqlitePool, filter: &HistoryFilter) -> StoreResult<Option<Self>> {
        if !targets::is_asked(filter) {
            return Ok(Some(Self::All));
        }
        let found = targets::matching(readers, filter, APART as i64 + 1).await?;
        Ok(match found.len() {
            0 => None,
            1..=APART => Some(Self::These(found)),
            _ => Some(Self::Many),
        })
    }
}

/// Which condition leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lead {
    Who,
    Code,
    Target,
    Class,
}

/// The query of a page, with `head` before it.
pub(super) fn page_query(head: &str, filter: &HistoryFilter, found: &Found, limit: i64) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(head.to_owned());
    let lead = match found {
        _ if filter.who.is_some() => Lead::Who,
        _ if filter.code.is_some() => Lead::Code,
        Found::These(_) => Lead::Target,
        _ => Lead::Class,
    };
    match found {
        Found::These(ids) if lead == Lead::Target => {
            query.push("SELECT id, at, body FROM (");
            for (at, id) in ids.iter().enumerate() {
                query.push(if at == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
                query.push("SELECT id, at, body FROM calls WHERE target = ").push_bind(*id);
                conditions(&mut query, filter, lead);
                newest(&mut query, limit);
                query.push(")");
            }
            query.push(")");
        }
        _ => {
            query.push("SELECT id, at, body FROM calls WHERE TRUE");
            conditions(&mut query, filter, lead);
            match found {
                Found::All => {}
                Found::These(ids) => {
                    query.push(" AND target + 0 IN (");
                    let mut list = query.separated(", ");
                    for id in ids {
                        list.push_bind(*id);
                    }
                    query.push(")");
                }
                Found::Many => {
                    query.push(" AND target + 0 IN (SELECT id FROM call_targets WHERE ");
                    targets::conditions(&mut query, filter);
                    query.push(")");
                }
            }
        }
    }
    newest(&mut query, limit);
    query
}

/// A column that leads stands by itself; of one that does not something is made that no index has.
fn conditions(query: &mut QueryBuilder<Sqlite>, filter: &HistoryFilter, lead: Lead) {
    if let Some(who) = &filter.who {
        query.push(" AND who = ").push_bind(who.as_str());
    }
    // The text of the partial indices' own condition, so that they are seen to have what is looked for.
    let problems = " AND class <> 'answered'";
    match filter.result {
        Some(ResultFilter::NotAnswered) => _ = query.push(problems),
        Some(ResultFilter::Only(CallClass::Answered)) => _ = query.push(" AND class = 'answered'"),
        Some(ResultFilter::Only(class)) => {
            let column = if lead < Lead::Class { " AND class || '' = " } else { " AND class = " };
            query.push(problems).push(column).push_bind(class.key());
        }
        None => {}
    }
    if let Some(code) = &filter.code {
        let column = if lead < Lead::Code { " AND code || '' = " } else { " AND code = " };
        query.push(problems).push(column).push_bind(code.as_str());
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(since.0);
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(until.0);
    }
    if let Some(before) = filter.before {
        query.push(" AND at <= ").push_bind(before.at.0).push(" AND (at < ").push_bind(before.at.0);
        query.push(" OR id < ").push_bind(before.id).push(")");
    }
}

fn newest(query: &mut QueryBuilder<Sqlite>, limit: i64) {
    query.push(" ORDER BY at DESC, id DESC LIMIT ").push_bind(limit);
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;

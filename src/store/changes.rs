//! SQL of notes: which rows somebody changed, that the cache has to be told of. Triggers write
//! them; this reads them, each once.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement, Value};

/// How far the notes were read; text that only the same database understands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position(String);

/// A note: the latest state of a row that changed.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Change {
    /// What orders notes.
    mark: i64,
    /// What kind of row: `merchant`, `wallet`, `order`, …
    pub noun: String,
    /// Its key.
    pub key: String,
    /// Where it is listed: an order's period; empty otherwise.
    pub place: String,
    /// Whether it is no longer there.
    pub gone: bool,
    /// The version that it has, or had last; of a wallet or an order.
    pub version: Option<i64>,
    /// The same of hot data.
    pub update_datetime: Option<DateTime<Utc>>,
    /// When it changed.
    pub noted_at: DateTime<Utc>,
}

/// A part of the notes that nobody read yet.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where they end: up to here everything was seen once all pages are done with.
    pub end: Position,
    /// In order.
    pub changes: Vec<Change>,
}

/// The first of the notes that are not behind `position`, or those that follow `after`. One
/// statement.
pub async fn since(
    conn: &impl ConnectionTrait,
    position: &Position,
    after: Option<&Change>,
    limit: u64,
) -> Result<Page, DbErr> {
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    let mark = after.map_or(i64::MIN, |change| change.mark);
    let statement = match conn.get_database_backend() {
        DbBackend::Postgres => {
            let text = |part: fn(&Change) -> &String| after.map(part).cloned().unwrap_or_default();
            let values = [
                position.snapshot().into(),
                mark.into(),
                text(|change| &change.noun).into(),
                text(|change| &change.key).into(),
                text(|change| &change.place).into(),
                limit,
            ];
            Statement::from_sql_and_values(DbBackend::Postgres, POSTGRES, values)
        }
        backend => {
            let seen = position.sequence().max(mark);
            Statement::from_sql_and_values(backend, SQLITE, [seen.into(), limit])
        }
    };
    page(&conn.query_all_raw(statement).await?)
}

/// What is not visible in the snapshot of the position, and is now. An older transaction than any
/// that it did not see cannot have written it: from there on the index is read, and by one
/// condition alone, as of two the database may begin at the lesser.
const POSTGRES: &str = "SELECT p.position::text, c.*
    FROM (SELECT txid_current_snapshot() AS position) p LEFT JOIN LATERAL (
        SELECT mark, noun, key, place, gone, version, update_datetime, noted_at FROM row_changes
        WHERE (mark, noun, key, place)
                > (greatest($2, txid_snapshot_xmin($1::txid_snapshot) - 1), $3, $4, $5)
            AND NOT txid_visible_in_snapshot(mark, $1::txid_snapshot)
        ORDER BY mark, noun, key, place LIMIT $6) c ON true
    ORDER BY c.mark, c.noun, c.key, c.place";

/// Notes that are forgotten leave the sequence where it is.
const SQLITE: &str = "SELECT CAST(p.position AS text) AS position, c.*
    FROM (SELECT coalesce(max(seq), 0) AS position FROM sqlite_sequence
        WHERE name = 'row_changes') p LEFT JOIN (
        SELECT mark, noun, key, place, gone, version, update_datetime, noted_at FROM row_changes
        WHERE mark > $1 ORDER BY mark LIMIT $2) c ON true
    ORDER BY c.mark";

fn page(rows: &[QueryResult]) -> Result<Page, DbErr> {
    let first = rows.first().ok_or_else(|| DbErr::RecordNotFound("a position".to_owned()))?;
    let end = Position(first.try_get("", "position")?);
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        // The one row of a page without notes has a position, and nothing else.
        if row.try_get::<Option<i64>>("", "mark")?.is_some() {
            changes.push(Change::from_query_result(row, "")?);
        }
    }
    Ok(Page { end, changes })
}

/// Forgets notes from before `time`, the oldest ones, at most `limit`; answers how many.
pub async fn forget(
    conn: &impl ConnectionTrait,
    time: DateTime<Utc>,
    limit: u64,
) -> Result<u64, DbErr> {
    let sql = "DELETE FROM row_changes WHERE (noun, key, place) IN (
        SELECT noun, key, place FROM (SELECT * FROM row_changes ORDER BY mark LIMIT $1) oldest
        WHERE noted_at < $2)";
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    let statement =
        Statement::from_sql_and_values(conn.get_database_backend(), sql, [limit, time.into()]);
    Ok(conn.execute_raw(statement).await?.rows_affected())
}

impl Position {
    /// Before all notes, of either database.
    pub const fn start() -> Self {
        Self(String::new())
    }

    /// A snapshot that has seen nothing, or that of the position.
    fn snapshot(&self) -> &str {
        if self.0.is_empty() { "1:1:" } else { &self.0 }
    }

    /// Whether the database has not come so far: it was put back to an earlier state.
    pub fn is_ahead_of(&self, now: &Self) -> bool {
        self.sequence() > now.sequence()
    }

    /// SQLite's number; of a snapshot, `oldest:next:under way`, the next transaction.
    fn sequence(&self) -> i64 {
        let number = self.0.split(':').nth(1).unwrap_or(&self.0);
        number.parse().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::store::testing::{TestDatabase, database};

    async fn noted(db: &TestDatabase, position: &mut Position) -> Vec<String> {
        let page = since(db.reader(), position, None, 100).await.unwrap();
        *position = page.end;
        let said =
            |c: &Change| format!("{} {}{}", c.noun, c.key, if c.gone { " gone" } else { "" });
        page.changes.iter().map(said).collect()
    }

    #[tokio::test]
    async fn each_change_is_noted_once() {
        let db = database().await;
        let run = async |sql: &str| db.writer().execute_unprepared(sql).await.unwrap();
        let mut position = Position::start();
        run("INSERT INTO tenants (id, name) VALUES (1, 'One'), (2, 'Two')").await;
        assert_eq!(noted(&db, &mut position).await, ["tenant 1", "tenant 2"]);
        assert_eq!(noted(&db, &mut position).await, [""; 0]);
        run("UPDATE tenants SET name = 'Due' WHERE id = 2").await;
        run("UPDATE tenants SET name = 'Deux' WHERE id = 2").await;
        assert_eq!(noted(&db, &mut position).await, ["tenant 2"]);
        run("DELETE FROM tenants WHERE id = 1; UPDATE tenants SET id = 3").await;
        assert_eq!(noted(&db, &mut position).await, ["tenant 1 gone", "tenant 2 gone", "tenant 3"]);
    }

    #[tokio::test]
    async fn pages_follow_each_other() {
        let db = database().await;
        let start = Position::start();
        let sql = "INSERT INTO tenants (id, name) VALUES (1, 'One'), (2, 'Two'), (3, 'Three')";
        db.writer().execute_unprepared(sql).await.unwrap();
        let first = since(db.reader(), &start, None, 2).await.unwrap();
        assert_eq!(first.changes.len(), 2);
        let rest = since(db.reader(), &start, first.changes.last(), 2).await.unwrap();
        assert_eq!(rest.changes[0].key, "3");
        assert!(
            start != first.end && !start.is_ahead_of(&first.end) && first.end.is_ahead_of(&start)
        );
    }

    #[tokio::test]
    async fn a_change_always_makes_a_row_newer() {
        let db = database().await;
        let sql = "INSERT INTO tenants (id, name, update_datetime)
            VALUES (1, 'One', '2024-12-01T00:00:00.123456+00:00')";
        db.writer().execute_unprepared(sql).await.unwrap();
        let updated = async || {
            let found =
                crate::store::hot::by_ids::<crate::entity::hot::tenant::Entity>(db.reader(), &[1]);
            found.await.unwrap()[0].update_datetime
        };
        for assignment in [
            "name = 'Uno'",
            "name = 'Due'",
            "update_datetime = '2020-01-01T00:00:00+00:00'",
            "update_datetime = '2099-01-01T00:00:00.000999+00:00'",
            "name = 'Tre'",
            "update_datetime = update_datetime",
        ] {
            let before = updated().await;
            let sql = format!("UPDATE tenants SET {assignment} WHERE id = 1");
            db.writer().execute_unprepared(&sql).await.unwrap();
            assert!(updated().await > before, "{assignment}");
        }
    }

    #[tokio::test]
    async fn a_wallet_that_others_change_gets_a_version() {
        let db = database().await;
        let run = async |sql: &str| db.writer().execute_unprepared(sql).await.unwrap();
        run("INSERT INTO wallets (uid, currency, version) VALUES ('ann', 'PHP', 1)").await;
        let mut position = Position::start();
        run("UPDATE wallets SET balance = 5, version = 2").await;
        assert_eq!(noted(&db, &mut position).await, [""; 0], "as the service does it");
        run("UPDATE wallets SET balance = 6").await;
        assert_eq!(noted(&db, &mut position).await, ["wallet ann"]);
        let found = crate::store::wallets::by_uids(db.reader(), &["ann".parse().unwrap()]).await;
        assert_eq!(found.unwrap()[0].version, 3);
        run("DELETE FROM wallets").await;
        assert_eq!(noted(&db, &mut position).await, ["wallet ann gone"]);
    }

    #[tokio::test]
    async fn an_order_that_moves_is_noted_in_both_periods() {
        let db = database().await;
        let run = async |sql: &str| db.writer().execute_unprepared(sql).await.unwrap();
        let mut position = Position::start();
        run("INSERT INTO orders (order_no, uid, period_number, amount, expire_time)
            VALUES ('O_1', 'ann', 'p1', 1, '2024-12-01T00:00:00+00:00')")
        .await;
        assert_eq!(noted(&db, &mut position).await, ["order O_1"]);
        run("UPDATE orders SET period_number = 'p2'").await;
        assert_eq!(noted(&db, &mut position).await, ["order O_1 gone", "order O_1"]);
    }

    #[tokio::test]
    async fn old_notes_are_forgotten() {
        let db = database().await;
        let sql = "INSERT INTO tenants (id, name) VALUES (1, 'One'), (2, 'Two'), (3, 'Three')";
        db.writer().execute_unprepared(sql).await.unwrap();
        let soon = crate::entity::clock::now() + chrono::TimeDelta::minutes(1);
        let long_ago = soon - chrono::TimeDelta::minutes(2);
        let before = since(db.reader(), &Position::start(), None, 9).await.unwrap();
        assert_eq!(forget(db.writer(), long_ago, 9).await.unwrap(), 0);
        assert_eq!(forget(db.writer(), soon, 2).await.unwrap(), 2);
        assert_eq!(forget(db.writer(), soon, 2).await.unwrap(), 1);
        let after = since(db.reader(), &before.end, None, 9).await.unwrap();
        assert!(!before.end.is_ahead_of(&after.end), "nothing was put back");
    }
}

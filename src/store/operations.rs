//! SQL of operations: idempotency records and operation log.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, Order, PaginatorTrait,
    QueryFilter, QueryTrait, Select,
};

use super::{
    Page,
    dialect::{Rows, columns_of},
};
use crate::entity::{
    IdempotencyKey,
    operation::{Column, Entity, Model},
};

/// Which operations; an empty filter is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Asked for by this caller.
    pub caller: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
}

/// How the operation of each of `r` is found. A generic plan is made once, perhaps while the table
/// is empty, and may then read all of it to join it with a few keys, for as long as nobody
/// analyzes it. `OFFSET 0` keeps PostgreSQL from that: each key is looked up by itself.
fn found(conn: &impl ConnectionTrait) -> &'static str {
    match conn.get_database_backend() {
        DbBackend::Postgres => {
            "CROSS JOIN LATERAL (SELECT * FROM operations x WHERE x.caller = r.caller
             AND x.idempotency_key = r.idempotency_key OFFSET 0) o"
        }
        _ => "JOIN operations o ON o.caller = r.caller AND o.idempotency_key = r.idempotency_key",
    }
}

/// Those that these callers asked for under these keys, in no order. Each pair is to be named
/// once.
pub async fn by_keys(
    conn: &impl ConnectionTrait,
    keys: &[(String, IdempotencyKey)],
) -> Result<Vec<Model>, DbErr> {
    let columns = columns_of::<Entity>("o");
    let statement = Rows::of(keys)
        .column("caller", |(caller, _)| caller.clone())
        .column("idempotency_key", |(_, key)| key.clone())
        .statement(conn, &format!("SELECT {columns} FROM {{rows}} {}", found(conn)), &[]);
    Entity::find().from_raw_sql(statement).all(conn).await
}

/// A page of the log, which is ordered newest (highest id) first. Of one that was split into
/// parts, the first.
pub async fn page(
    conn: &impl ConnectionTrait,
    filter: &OperationFilter,
    page: &Page<String>,
) -> Result<Vec<Model>, DbErr> {
    page.of(conn, filter.select(), Column::OperationId, Order::Desc).await
}

/// How many there are.
pub async fn count(conn: &impl ConnectionTrait, filter: &OperationFilter) -> Result<u64, DbErr> {
    filter.select().count(conn).await
}

/// Adds rows that are not there. (`WHERE true` tells SQLite's parser that no join follows.)
pub(super) const INSERT: &str = "INSERT INTO operations ({columns}) SELECT {columns} FROM {rows}
    WHERE true ON CONFLICT (caller, idempotency_key) DO NOTHING";

/// The rows of [`INSERT`].
pub(super) fn additions(operations: &[Model]) -> Rows<'_, Model> {
    Rows::of(operations)
        .column("caller", |o| o.caller.clone())
        .column("idempotency_key", |o| o.idempotency_key.clone())
        .column("operation_id", |o| o.operation_id.clone())
        .column("kind", |o| o.kind.clone())
        .column("fingerprint", |o| o.fingerprint.clone())
        .column("state", |o| o.state)
        .column("outcome", |o| o.outcome.clone())
        .column("request_id", |o| o.request_id.clone())
        .column("created_at", |o| o.created_at)
}

/// Adds operations.
///
/// # Errors
/// `RecordNotInserted` where a caller's key is known: those operations were not added, others
/// were. Otherwise the database's.
pub async fn insert(conn: &impl ConnectionTrait, operations: &[Model]) -> Result<(), DbErr> {
    let result = conn.execute_raw(additions(operations).statement(conn, INSERT, &[])).await?;
    all_added(&result, operations)
}

/// Checks what [`INSERT`] did.
pub(super) fn all_added(result: &ExecResult, operations: &[Model]) -> Result<(), DbErr> {
    let known = result.rows_affected() < operations.len() as u64;
    if known { Err(DbErr::RecordNotInserted) } else { Ok(()) }
}

impl OperationFilter {
    fn select(&self) -> Select<Entity> {
        Entity::find()
            // The keys of further parts hold a space, and no caller's does.
            .filter(Column::IdempotencyKey.not_like("% %"))
            .apply_if(self.caller.as_deref(), |select, caller| {
                select.filter(Column::Caller.eq(caller))
            })
            .apply_if(self.kind.as_deref(), |select, kind| select.filter(Column::Kind.eq(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entity::operation::State,
        store::testing::{at, database},
    };

    fn operation(caller: &str, key: &str) -> Model {
        Model {
            caller: caller.to_owned(),
            idempotency_key: IdempotencyKey::stored(key),
            operation_id: format!("OP-{caller}-{key}"),
            kind: "deposit".to_owned(),
            fingerprint: "f".to_owned(),
            state: State::Refused,
            outcome: "{}".to_owned(),
            request_id: String::new(),
            created_at: at(0),
        }
    }

    #[tokio::test]
    async fn a_key_counts_for_its_caller_only_and_once() {
        let db = database().await;
        let rows = [operation("ann", "k1"), operation("bob", "k1"), operation("ann", "k2")];
        insert(db.writer(), &rows).await.unwrap();
        let key = |caller: &str, key| (caller.to_owned(), IdempotencyKey::stored(key));
        let keys = [key("bob", "k1"), key("bob", "k2")];
        assert_eq!(by_keys(db.reader(), &keys).await.unwrap(), [operation("bob", "k1")]);

        let again = [rows[0].clone(), operation("cid", "k1")];
        assert_eq!(insert(db.writer(), &again).await, Err(DbErr::RecordNotInserted));
    }

    #[tokio::test]
    async fn the_log_is_newest_first_and_tells_parts_once() {
        let db = database().await;
        let mut rows = [operation("ann", "k1"), operation("bob", "k2"), operation("ann", "k3")];
        for (number, row) in rows.iter_mut().enumerate() {
            row.operation_id = format!("OP{number}");
        }
        let part = Model { idempotency_key: IdempotencyKey::stored("k3 0001"), ..rows[2].clone() };
        insert(db.writer(), &rows).await.unwrap();
        insert(db.writer(), &[part]).await.unwrap();

        let ids = async |filter: &OperationFilter, after: Option<&str>| -> Vec<String> {
            let after = after.map(str::to_owned);
            let next = Page { after, before: None, limit: 2, from_end: false };
            let found = page(db.reader(), filter, &next).await.unwrap();
            found.into_iter().map(|row| row.operation_id).collect()
        };
        let all = OperationFilter::default();
        assert_eq!(ids(&all, None).await, ["OP2", "OP1"]);
        assert_eq!(ids(&all, Some("OP1")).await, ["OP0"]);
        assert_eq!(count(db.reader(), &all).await.unwrap(), 3);
        let anns = OperationFilter { caller: Some("ann".to_owned()), ..all.clone() };
        assert_eq!(ids(&anns, None).await, ["OP2", "OP0"]);
        let rewards = OperationFilter { kind: Some("reward".to_owned()), ..all };
        assert_eq!(count(db.reader(), &rewards).await.unwrap(), 0);
    }
}

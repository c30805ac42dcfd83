//! SQL that looks at everything, page by page.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Value,
    sea_query::{Expr, ExprTrait},
};

use super::dialect::is_any;
use crate::entity::{IdempotencyKey, OrderNo, Uid, operation, order, transaction};

/// Lifts the reader's limit on how long a statement may take, until the transaction ends: these
/// look at whole tables.
pub async fn take_your_time(conn: &impl ConnectionTrait) -> Result<(), DbErr> {
    if conn.get_database_backend() == DbBackend::Postgres {
        conn.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    }
    Ok(())
}

/// Lines of these wallets that follow `after` (uid, version), each wallet's together and by
/// version.
pub async fn lines_after(
    conn: &impl ConnectionTrait,
    uids: &[Uid],
    after: Option<&(Uid, i64)>,
    limit: u64,
) -> Result<Vec<transaction::Model>, DbErr> {
    use transaction::{Column, Entity};
    Entity::find()
        .filter(is_any(conn, Column::Uid, uids.iter().cloned()))
        .apply_if(after, |select, (uid, version)| {
            let place = [Expr::val(uid.as_str()), Expr::val(*version)];
            let columns = [Expr::col(Column::Uid), Expr::col(Column::Version)];
            select.filter(Expr::tuple(columns).gt(Expr::tuple(place)))
        })
        .order_by_asc(Column::Uid)
        .order_by_asc(Column::Version)
        .limit(limit)
        .all(conn)
        .await
}

/// Whose lines have no wallet; at most `limit`.
pub async fn lines_without_wallet(
    conn: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT DISTINCT t.uid FROM wallet_transactions t
        WHERE NOT EXISTS (SELECT 1 FROM wallets w WHERE w.uid = t.uid) LIMIT $1";
    texts(conn, sql, limit).await
}

/// Operations of this service that lines carry and no record names; at most `limit`. Lines of
/// other services carry ids of another form.
pub async fn lines_without_operation(
    conn: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT DISTINCT t.operation_id FROM wallet_transactions t
        WHERE t.operation_id LIKE 'OP0%' AND NOT EXISTS
            (SELECT 1 FROM operations o WHERE o.operation_id = t.operation_id) LIMIT $1";
    texts(conn, sql, limit).await
}

/// Orders with more than one line that paid for them, or that gave their money back; at most
/// `limit`.
pub async fn orders_moved_twice(
    conn: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT order_no FROM wallet_transactions WHERE order_no IS NOT NULL
        GROUP BY order_no, type HAVING count(*) > 1 LIMIT $1";
    texts(conn, sql, limit).await
}

async fn texts(conn: &impl ConnectionTrait, sql: &str, limit: u64) -> Result<Vec<String>, DbErr> {
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    let statement =
        sea_orm::Statement::from_sql_and_values(conn.get_database_backend(), sql, [limit]);
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// How many operations there are.
pub async fn count_operations(conn: &impl ConnectionTrait) -> Result<u64, DbErr> {
    operation::Entity::find().count(conn).await
}

/// Operations that follow `after`, by caller and key.
pub async fn operations_after(
    conn: &impl ConnectionTrait,
    after: Option<&(String, IdempotencyKey)>,
    limit: u64,
) -> Result<Vec<operation::Model>, DbErr> {
    use operation::{Column, Entity};
    Entity::find()
        .apply_if(after, |select, (caller, key)| {
            let place = [Expr::val(caller.as_str()), Expr::val(key.as_str())];
            let columns = [Expr::col(Column::Caller), Expr::col(Column::IdempotencyKey)];
            select.filter(Expr::tuple(columns).gt(Expr::tuple(place)))
        })
        .order_by_asc(Column::Caller)
        .order_by_asc(Column::IdempotencyKey)
        .limit(limit)
        .all(conn)
        .await
}

/// How many orders there are.
pub async fn count_orders(conn: &impl ConnectionTrait) -> Result<u64, DbErr> {
    order::Entity::find().count(conn).await
}

/// Orders that follow `after`, by number.
pub async fn orders_after(
    conn: &impl ConnectionTrait,
    after: Option<&OrderNo>,
    limit: u64,
) -> Result<Vec<order::Model>, DbErr> {
    use order::{Column, Entity};
    Entity::find()
        .apply_if(after, |select, number| {
            select.filter(Expr::col(Column::OrderNo).gt(number.as_str()))
        })
        .order_by_asc(Column::OrderNo)
        .limit(limit)
        .all(conn)
        .await
}

//! The one place that knows where PostgreSQL and SQLite differ: how many values are bound at
//! once. A list is an array on PostgreSQL and a JSON text on SQLite, so that a statement's
//! text, and so its prepared plan, is the same for one row and for a thousand.

use chrono::SecondsFormat;
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult,
    FromQueryResult, IdenStatic, Iterable, QueryResult, Statement, Value,
    sea_query::{
        ArrayType, Expr, ExprTrait, Func, Query, ValueType, extension::postgres::PgFunc,
    },
};
use serde_json::Value as Json;

/// `column` is one of `values`.
pub(super) fn is_any<V>(
    conn: &impl ConnectionTrait,
    column: impl ColumnTrait,
    values: impl IntoIterator<Item = V>,
) -> Expr
where
    V: ValueType + Into<Value>,
{
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    let column = Expr::col(column.as_column_ref());
    match conn.get_database_backend() {
        DbBackend::Postgres => {
            column.eq(PgFunc::any(Value::Array(V::array_type(), Some(Box::new(values)))))
        }
        _ => {
            let list = Func::cust("json_each").arg(json_array(values.iter().map(json)));
            column.in_subquery(Query::select().column("value").from_function(list, "l").take())
        }
    }
}

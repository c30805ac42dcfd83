//! SQL of balance changes: wallets, their new ledger lines, and the operations that made them.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{operations, transactions, wallets};
use crate::entity::{operation, transaction, wallet};

/// Writes wallets as they are from now on, and adds lines and operations. On PostgreSQL one
/// statement, which saves two round trips of the time that rows are locked; SQLite, which knows
/// no changing part in a query, gets three.
///
/// # Errors
/// `RecordNotInserted` where an operation's key is known: nothing of this may be committed then.
/// Otherwise the database's: also when a line exists.
pub async fn post(
    conn: &impl ConnectionTrait,
    wallets: &[wallet::Model],
    lines: &[transaction::Model],
    operations: &[operation::Model],
) -> Result<(), DbErr> {
    if conn.get_database_backend() != DbBackend::Postgres {
        wallets::update(conn, wallets).await?;
        transactions::insert(conn, lines).await?;
        return operations::insert(conn, operations).await;
    }
    let mut bound = Vec::new();
    let wallets = wallets::changes(wallets).part(conn, wallets::UPDATE, &mut bound);
    let lines = transactions::additions(lines).part(conn, transactions::INSERT, &mut bound);
    let records = operations::additions(operations).part(conn, operations::INSERT, &mut bound);
    let sql = format!("WITH changed AS ({wallets}), written AS ({lines}) {records}");
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, bound);
    operations::all_added(&conn.execute_raw(statement).await?, operations)
}

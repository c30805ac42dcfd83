//! Tables, constraints, indexes and triggers, for PostgreSQL and SQLite.
//!
//! One file a group of tables. A change of a released table is a new file; a file that was
//! released is never edited.

mod dialect;
mod m20241201_000001_wallets;
mod m20241201_000002_operations;
mod m20241201_000003_orders;
mod m20241201_000004_users;
mod m20241201_000005_hot_data;
mod m20241201_000006_hot_data_notify;
mod m20241201_000007_row_changes;
mod m20241201_000008_outside_changes;
mod m20241201_000009_emptied_tables;

use sea_orm_migration::{
    migrator,
    prelude::*,
    sea_orm::{
        DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
        TransactionOptions, TransactionTrait,
    },
};

/// Holds back a second instance that migrates at the same time; any number of our own.
const ADVISORY_LOCK: i64 = 0x77_61_6c_6c_65_74;

/// All migrations, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20241201_000001_wallets::Migration),
            Box::new(m20241201_000002_operations::Migration),
            Box::new(m20241201_000003_orders::Migration),
            Box::new(m20241201_000004_users::Migration),
            Box::new(m20241201_000005_hot_data::Migration),
            Box::new(m20241201_000006_hot_data_notify::Migration),
            Box::new(m20241201_000007_row_changes::Migration),
            Box::new(m20241201_000008_outside_changes::Migration),
            Box::new(m20241201_000009_emptied_tables::Migration),
        ]
    }
}

/// Applies the migrations that are missing: all or none, one instance at a time.
///
/// # Errors
/// When a statement fails, or another instance migrates for longer than a minute.
pub async fn up(database: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin(database).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// Takes back the latest `steps` migrations, or all: all or none, one instance at a time.
///
/// # Errors
/// When a statement fails, or another instance migrates for longer than a minute.
pub async fn down(database: &DatabaseConnection, steps: Option<u32>) -> Result<(), DbErr> {
    let transaction = begin(database).await?;
    Migrator::down(&transaction, steps).await?;
    transaction.commit().await
}

/// The name of each migration, oldest first, and whether it is applied.
///
/// # Errors
/// When the database cannot be read.
pub async fn status(database: &DatabaseConnection) -> Result<Vec<(String, bool)>, DbErr> {
    let statuses = Migrator::get_migration_with_status_read_only(database).await?;
    let applied = |status| matches!(status, migrator::MigrationStatus::Applied);
    Ok(statuses.iter().map(|m| (m.name().to_owned(), applied(m.status()))).collect())
}

/// Begins when no other instance migrates.
async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await?;
    if database.get_database_backend() == DbBackend::Postgres {
        let sql = format!(
            "SET LOCAL lock_timeout = '60s';
             SET LOCAL client_min_messages = warning;
             SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
        );
        transaction.execute_unprepared(&sql).await?;
    }
    Ok(transaction)
}

//! What callers asked for: idempotency records and operation log. Operations are found by their
//! key; one that was split into parts has a row for each. The log is read newest first: by id,
//! which sorts by time, so that new rows come at the index's end, where they cost next to nothing.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(
            manager,
            "
            CREATE TABLE operations (
                caller {id} NOT NULL,
                idempotency_key {id} NOT NULL,
                operation_id {id} NOT NULL,
                kind text NOT NULL,
                fingerprint text NOT NULL,
                state text NOT NULL CHECK (state IN ('committed', 'refused')),
                outcome text NOT NULL,
                request_id text NOT NULL DEFAULT '',
                created_at {time} NOT NULL DEFAULT {now},
                PRIMARY KEY (caller, idempotency_key)
            );
            CREATE INDEX operations_operation_id ON operations (operation_id);
            ",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "DROP TABLE operations").await
    }
}

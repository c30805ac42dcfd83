//! Users.

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
            CREATE TABLE users (
                uid {id} NOT NULL PRIMARY KEY,
                name text NOT NULL,
                created_at {time} NOT NULL DEFAULT {now},
                updated_at {time} NOT NULL DEFAULT {now}
            )
            ",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "DROP TABLE users").await
    }
}

//! On PostgreSQL, each statement that changes hot data says which table it changed on the
//! channel `wallet_bff_hot`, when it commits. SQLite has nothing of the kind: there hot data
//! is polled.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 6] =
    ["tenants", "plugins", "merchants", "channels", "plugin_configs", "plugin_pay_types"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let function = "
            CREATE FUNCTION wallet_bff_notify_hot() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_notify('wallet_bff_hot', TG_TABLE_NAME);
                RETURN NULL;
            END
            $$";
        run(manager, function).await?;
        for table in TABLES {
            let trigger = format!(
                "CREATE TRIGGER wallet_bff_notify_hot
                 AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
                 FOR EACH STATEMENT EXECUTE FUNCTION wallet_bff_notify_hot()"
            );
            run(manager, &trigger).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for table in TABLES {
            run(manager, &format!("DROP TRIGGER wallet_bff_notify_hot ON {table}")).await?;
        }
        run(manager, "DROP FUNCTION wallet_bff_notify_hot()").await
    }
}

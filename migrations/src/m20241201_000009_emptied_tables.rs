//! `TRUNCATE` of wallets or orders fires no trigger for their rows: what was there is noted before
//! it goes. It takes as long as to delete the rows one by one would. SQLite has no `TRUNCATE`, and
//! notes its `DELETE` row by row.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Each table, what its rows are called in a note, their key, and where they are listed.
const TABLES: [(&str, &str, &str, &str); 2] =
    [("wallets", "wallet", "uid", "''"), ("orders", "order", "order_no", "period_number")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for (table, noun, key, place) in TABLES {
            let sql = TRIGGER
                .replace("{table}", table)
                .replace("{noun}", noun)
                .replace("{key}", key)
                .replace("{place}", place);
            run(manager, &sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for (table, ..) in TABLES {
            run(manager, &DOWN.replace("{table}", table)).await?;
        }
        Ok(())
    }
}

const TRIGGER: &str = "
CREATE FUNCTION wallet_bff_emptied_{table}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO row_changes (noun, key, place, gone, version)
    SELECT '{noun}', {key}, {place}, true, version FROM {table}
    ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
        version = excluded.version, noted_at = excluded.noted_at;
    PERFORM pg_notify('wallet_bff_hot', '{noun}');
    RETURN NULL;
END $$;
CREATE TRIGGER wallet_bff_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_bff_emptied_{table}()";

const DOWN: &str = "
DROP TRIGGER wallet_bff_emptied ON {table};
DROP FUNCTION wallet_bff_emptied_{table}()";

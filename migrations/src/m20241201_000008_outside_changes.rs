//! Wallets and orders that somebody else than this service changed: each is noted for the refresh
//! of the cache, and gets a new version where whoever changed it did not give it one. So the cache
//! takes the change for newer than what it has, and the version that has no ledger line tells the
//! audit of it.
//!
//! On PostgreSQL the service says on its own connections who it is (`wallet_bff.writer`), and pays
//! for looking at that and no more. SQLite has nothing of the kind: there a change without a new
//! version, an order that nothing paid for, and every deletion is noted.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Each table, what its rows are called in a note, their key, and where they are listed.
const TABLES: [(&str, &str, &str, &str); 2] =
    [("wallets", "wallet", "uid", "''"), ("orders", "order", "order_no", "{row}.period_number")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        if postgres {
            run(manager, POSTGRES).await?;
        }
        for (table, noun, key, place) in TABLES {
            let sql = if postgres { POSTGRES_TRIGGER } else { SQLITE_TRIGGERS };
            let is_outside = if table == "orders" { "NEW.debit_no IS NULL" } else { "true" };
            let sql = sql
                .replace("{table}", table)
                .replace("{noun}", noun)
                .replace("{key}", key)
                .replace("{old place}", &place.replace("{row}", "OLD"))
                .replace("{new place}", &place.replace("{row}", "NEW"))
                .replace("{is outside}", is_outside);
            run(manager, &sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        for (table, ..) in TABLES {
            let sql = if postgres { POSTGRES_DOWN } else { SQLITE_DOWN };
            run(manager, &sql.replace("{table}", table)).await?;
        }
        if postgres {
            run(manager, "DROP FUNCTION wallet_bff_note(text, text, text, boolean, bigint)")
                .await?;
        }
        Ok(())
    }
}

const POSTGRES: &str = "
CREATE FUNCTION wallet_bff_note(text, text, text, boolean, bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO row_changes (noun, key, place, gone, version) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
        version = excluded.version, noted_at = excluded.noted_at;
    PERFORM pg_notify('wallet_bff_hot', $1);
END $$";

/// Before the row is written, so that its new version costs no second write.
const POSTGRES_TRIGGER: &str = "
CREATE FUNCTION wallet_bff_outside_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
        IF NEW.version <= OLD.version THEN
            NEW.version := OLD.version + 1;
            NEW.updated_at := greatest(NEW.updated_at, clock_timestamp());
        END IF;
    END IF;
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND
        (OLD.{key}, {old place}) IS DISTINCT FROM (NEW.{key}, {new place})) THEN
        PERFORM wallet_bff_note('{noun}', OLD.{key}, {old place}, true, OLD.version);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    PERFORM wallet_bff_note('{noun}', NEW.{key}, {new place}, false, NEW.version);
    RETURN NEW;
END $$;
CREATE TRIGGER wallet_bff_outside BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
    WHEN (current_setting('wallet_bff.writer', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION wallet_bff_outside_{table}()";

const POSTGRES_DOWN: &str = "
DROP TRIGGER wallet_bff_outside ON {table};
DROP FUNCTION wallet_bff_outside_{table}()";

const SQLITE_TRIGGERS: &str = "
CREATE TRIGGER {table}_outside_update AFTER UPDATE ON {table}
WHEN NEW.version <= OLD.version BEGIN
    UPDATE {table} SET version = OLD.version + 1, updated_at = max(NEW.updated_at, {now})
        WHERE {key} = NEW.{key};
    DELETE FROM row_changes WHERE noun = '{noun}' AND ((key = OLD.{key} AND place = {old place})
        OR (key = NEW.{key} AND place = {new place}));
    INSERT INTO row_changes (noun, key, place, gone, version)
        SELECT '{noun}', OLD.{key}, {old place}, true, OLD.version
        WHERE OLD.{key} <> NEW.{key} OR {old place} <> {new place};
    INSERT INTO row_changes (noun, key, place, gone, version)
        VALUES ('{noun}', NEW.{key}, {new place}, false, OLD.version + 1);
END;
CREATE TRIGGER {table}_outside_insert AFTER INSERT ON {table}
WHEN NEW.version = 0 AND {is outside} BEGIN
    DELETE FROM row_changes WHERE noun = '{noun}' AND key = NEW.{key} AND place = {new place};
    INSERT INTO row_changes (noun, key, place, gone, version)
        VALUES ('{noun}', NEW.{key}, {new place}, false, NEW.version);
END;
CREATE TRIGGER {table}_outside_delete AFTER DELETE ON {table} BEGIN
    DELETE FROM row_changes WHERE noun = '{noun}' AND key = OLD.{key} AND place = {old place};
    INSERT INTO row_changes (noun, key, place, gone, version)
        VALUES ('{noun}', OLD.{key}, {old place}, true, OLD.version);
END";

const SQLITE_DOWN: &str = "
DROP TRIGGER {table}_outside_update;
DROP TRIGGER {table}_outside_insert;
DROP TRIGGER {table}_outside_delete";

//! Which rows the refresh of the cache has to look at: one note for each row of hot data that was
//! added, changed or deleted, replaced by the next one for the same row.
//!
//! A note's `mark` says when it may be seen. On PostgreSQL it is the transaction's number: with
//! the snapshot of an earlier look, which has seen what and what not, nothing is missed that a
//! long transaction commits late, and nothing is read twice. SQLite has one writer, and counts.
//!
//! `update_datetime` orders a row's states in the cache, so it has to grow with every change, also
//! where whoever made it did not care. Back offices need no right to write notes: the functions
//! have their owner's.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Each table, and what its rows are called in a note.
const TABLES: [(&str, &str); 6] = [
    ("tenants", "tenant"),
    ("plugins", "plugin"),
    ("merchants", "merchant"),
    ("channels", "channel"),
    ("plugin_configs", "plugin_config"),
    ("plugin_pay_types", "plugin_pay_type"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        run(manager, if postgres { POSTGRES } else { SQLITE }).await?;
        for (table, noun) in TABLES {
            let triggers = if postgres { POSTGRES_TRIGGERS } else { SQLITE_TRIGGERS };
            let triggers = triggers.replace("{table}", table).replace("{noun}", noun);
            run(manager, &triggers).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        for (table, _) in TABLES {
            let triggers = if postgres { POSTGRES_DOWN } else { SQLITE_DOWN };
            run(manager, &triggers.replace("{table}", table)).await?;
        }
        if postgres {
            let functions = "DROP FUNCTION wallet_bff_touch(), wallet_bff_note_hot(),
                wallet_bff_note_truncated()";
            run(manager, functions).await?;
        }
        run(manager, "DROP TABLE row_changes").await
    }
}

/// Statement by statement, so that an edit of a million rows is noted by one more statement.
const POSTGRES: &str = "
CREATE TABLE row_changes (
    mark bigint NOT NULL DEFAULT txid_current(),
    noun text NOT NULL,
    key {id} NOT NULL,
    place {id} NOT NULL DEFAULT '',
    gone boolean NOT NULL,
    version bigint,
    update_datetime {time},
    noted_at {time} NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (noun, key, place)
);
CREATE INDEX row_changes_mark ON row_changes (mark, noun, key, place);

CREATE FUNCTION wallet_bff_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.update_datetime <= OLD.update_datetime AND NEW IS DISTINCT FROM OLD THEN
        NEW.update_datetime :=
            greatest(clock_timestamp(), OLD.update_datetime + interval '1 microsecond');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wallet_bff_note_hot() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO row_changes (noun, key, gone, update_datetime)
        SELECT TG_ARGV[0], n.id, false, n.update_datetime FROM new_rows n
        ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
            update_datetime = excluded.update_datetime, noted_at = excluded.noted_at;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO row_changes (noun, key, gone, update_datetime)
        SELECT TG_ARGV[0], n.id, false, n.update_datetime FROM new_rows n
        WHERE NOT EXISTS (SELECT FROM old_rows o
            WHERE o.id = n.id AND o.update_datetime = n.update_datetime)
        ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
            update_datetime = excluded.update_datetime, noted_at = excluded.noted_at;
        INSERT INTO row_changes (noun, key, gone, update_datetime)
        SELECT TG_ARGV[0], o.id, true, o.update_datetime FROM old_rows o
        WHERE NOT EXISTS (SELECT FROM new_rows n WHERE n.id = o.id)
        ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
            update_datetime = excluded.update_datetime, noted_at = excluded.noted_at;
    END IF;
    IF TG_OP = 'DELETE' THEN
        INSERT INTO row_changes (noun, key, gone, update_datetime)
        SELECT TG_ARGV[0], o.id, true, o.update_datetime FROM old_rows o
        ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
            update_datetime = excluded.update_datetime, noted_at = excluded.noted_at;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION wallet_bff_note_truncated() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format('INSERT INTO row_changes (noun, key, gone, update_datetime)
        SELECT %L, id, true, update_datetime FROM %I.%I
        ON CONFLICT (noun, key, place) DO UPDATE SET mark = excluded.mark, gone = excluded.gone,
            update_datetime = excluded.update_datetime, noted_at = excluded.noted_at',
        TG_ARGV[0], TG_TABLE_SCHEMA, TG_TABLE_NAME);
    RETURN NULL;
END $$";

const POSTGRES_TRIGGERS: &str = "
CREATE TRIGGER wallet_bff_touch BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION wallet_bff_touch();
CREATE TRIGGER wallet_bff_note_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_bff_note_hot('{noun}');
CREATE TRIGGER wallet_bff_note_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_bff_note_hot('{noun}');
CREATE TRIGGER wallet_bff_note_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_bff_note_hot('{noun}');
CREATE TRIGGER wallet_bff_note_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_bff_note_truncated('{noun}')";

const POSTGRES_DOWN: &str = "
DROP TRIGGER wallet_bff_touch ON {table};
DROP TRIGGER wallet_bff_note_insert ON {table};
DROP TRIGGER wallet_bff_note_update ON {table};
DROP TRIGGER wallet_bff_note_delete ON {table};
DROP TRIGGER wallet_bff_note_truncate ON {table}";

const SQLITE: &str = "
CREATE TABLE row_changes (
    mark integer PRIMARY KEY AUTOINCREMENT,
    noun text NOT NULL,
    key text NOT NULL,
    place text NOT NULL DEFAULT '',
    gone boolean NOT NULL,
    version bigint,
    update_datetime {time},
    noted_at {time} NOT NULL DEFAULT {now},
    UNIQUE (noun, key, place)
)";

/// An upsert says `INSERT` after `DELETE`, because the conflict clause of whatever statement fires
/// a trigger counts in it too.
const SQLITE_TRIGGERS: &str = "
CREATE TRIGGER {table}_touch AFTER UPDATE ON {table}
WHEN NEW.id = OLD.id AND NEW.update_datetime <= OLD.update_datetime BEGIN
    UPDATE {table} SET update_datetime = max({now}, strftime('%Y-%m-%dT%H:%M:%f+00:00',
        OLD.update_datetime, '+0.001 seconds')) WHERE id = NEW.id;
END;
CREATE TRIGGER {table}_note_insert AFTER INSERT ON {table} BEGIN
    DELETE FROM row_changes WHERE noun = '{noun}' AND key = CAST(NEW.id AS text);
    INSERT INTO row_changes (noun, key, gone, update_datetime)
        VALUES ('{noun}', CAST(NEW.id AS text), false, NEW.update_datetime);
END;
CREATE TRIGGER {table}_note_update AFTER UPDATE ON {table} BEGIN
    DELETE FROM row_changes
        WHERE noun = '{noun}' AND key IN (CAST(OLD.id AS text), CAST(NEW.id AS text));
    INSERT INTO row_changes (noun, key, gone, update_datetime)
        SELECT '{noun}', CAST(OLD.id AS text), true, OLD.update_datetime WHERE OLD.id <> NEW.id;
    INSERT INTO row_changes (noun, key, gone, update_datetime)
        VALUES ('{noun}', CAST(NEW.id AS text), false, NEW.update_datetime);
END;
CREATE TRIGGER {table}_note_delete AFTER DELETE ON {table} BEGIN
    DELETE FROM row_changes WHERE noun = '{noun}' AND key = CAST(OLD.id AS text);
    INSERT INTO row_changes (noun, key, gone, update_datetime)
        VALUES ('{noun}', CAST(OLD.id AS text), true, OLD.update_datetime);
END";

const SQLITE_DOWN: &str = "
DROP TRIGGER {table}_touch;
DROP TRIGGER {table}_note_insert;
DROP TRIGGER {table}_note_update;
DROP TRIGGER {table}_note_delete";

//! Hot data: a back office edits these tables by hand, so everything but the id, the name and
//! what a row belongs to has a default, and foreign keys catch its slips.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Each table, what it has beyond the common columns, and the column it is also read by.
const TABLES: [(&str, &str, Option<&str>); 6] = [
    ("tenants", "", None),
    ("plugins", "", None),
    ("merchants", "tenant_id bigint REFERENCES tenants (id),", None),
    ("channels", "plugin_id bigint REFERENCES plugins (id),", None),
    (
        "plugin_configs",
        "plugin_id bigint NOT NULL REFERENCES plugins (id),
         settings text NOT NULL DEFAULT '{}',",
        Some("plugin_id"),
    ),
    (
        "plugin_pay_types",
        "plugin_id bigint NOT NULL REFERENCES plugins (id),
         pay_type text NOT NULL,",
        Some("plugin_id"),
    ),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, own_columns, read_by) in TABLES {
            let mut sql = format!(
                "
                CREATE TABLE {table} (
                    id bigint NOT NULL PRIMARY KEY,
                    name text NOT NULL,
                    enabled boolean NOT NULL DEFAULT true,
                    {own_columns}
                    create_datetime {{time}} NOT NULL DEFAULT {{now}},
                    update_datetime {{time}} NOT NULL DEFAULT {{now}}
                );
                CREATE INDEX {table}_update_datetime ON {table} (update_datetime);
                "
            );
            if let Some(column) = read_by {
                sql += &format!("CREATE INDEX {table}_{column} ON {table} ({column}, id);");
            }
            run(manager, &sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, ..) in TABLES.iter().rev() {
            run(manager, &format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}

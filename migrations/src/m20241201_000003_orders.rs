//! Orders: read by number, by period, by wallet, and, while pending, by when they lapse.

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
            CREATE TABLE orders (
                order_no {id} NOT NULL PRIMARY KEY,
                uid {id} NOT NULL,
                period_number {id} NOT NULL,
                amount bigint NOT NULL CHECK (amount >= 0),
                profit_amount bigint NOT NULL DEFAULT 0,
                like_count integer NOT NULL DEFAULT 0,
                share_count integer NOT NULL DEFAULT 0,
                follow_count integer NOT NULL DEFAULT 0,
                favorite_count integer NOT NULL DEFAULT 0,
                status text NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'paid', 'completed', 'cancelled', 'expired')),
                version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
                debit_no {id},
                refund_no {id},
                expire_time {time} NOT NULL,
                created_at {time} NOT NULL DEFAULT {now},
                updated_at {time} NOT NULL DEFAULT {now}
            );
            CREATE INDEX orders_period_number_order_no ON orders (period_number, order_no);
            CREATE INDEX orders_uid_order_no ON orders (uid, order_no);
            CREATE INDEX orders_pending_expire_time ON orders (expire_time, order_no)
                WHERE status = 'pending';
            ",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "DROP TABLE orders").await
    }
}

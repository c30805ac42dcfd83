//! Wallets and their ledger.
//!
//! No foreign key: the ledger is the hot path, and its lines are written with their wallet's
//! row locked. No index on what a balance change touches (balance, version, times): then, with
//! a tenth of each page left free, PostgreSQL puts a wallet's new version beside its old one
//! and touches no index (a HOT update).
//!
//! A wallet's history is read by `(uid, version)`; no second index by time is needed.

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
            CREATE TABLE wallets (
                uid {id} NOT NULL PRIMARY KEY,
                balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
                status smallint NOT NULL DEFAULT 1 CHECK (status IN (0, 1, 2)),
                currency text NOT NULL CHECK (length(currency) = 3),
                version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
                created_at {time} NOT NULL DEFAULT {now},
                updated_at {time} NOT NULL DEFAULT {now}
            ) {hot updates};
            CREATE INDEX wallets_status_uid ON wallets (status, uid);
            CREATE INDEX wallets_currency_uid ON wallets (currency, uid);

            CREATE TABLE wallet_transactions (
                transaction_no {id} NOT NULL PRIMARY KEY,
                uid {id} NOT NULL,
                type text NOT NULL CHECK (type IN ('recharge', 'withdraw', 'transfer_in',
                    'transfer_out', 'reward', 'order', 'refund', 'adjustment')),
                amount bigint NOT NULL CHECK (amount >= 0),
                balance_before bigint NOT NULL,
                balance_after bigint NOT NULL,
                version bigint NOT NULL CHECK (version >= 0),
                status text NOT NULL DEFAULT 'success'
                    CHECK (status IN ('pending', 'success', 'failed', 'reversed')),
                description text,
                operation_id {id} NOT NULL DEFAULT '',
                counterparty_uid {id},
                order_no {id},
                created_at {time} NOT NULL DEFAULT {now},
                CHECK (balance_before >= 0 AND balance_after >= 0),
                CONSTRAINT wallet_transactions_uid_version UNIQUE (uid, version)
            );
            CREATE INDEX wallet_transactions_operation_id ON wallet_transactions (operation_id);
            ",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "DROP TABLE wallet_transactions; DROP TABLE wallets").await
    }
}

//! What a caller asked for once: idempotency record and operation log in one.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::IdempotencyKey;

/// One row of `operations`, written in the transaction that it describes, refusals too.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operations")]
pub struct Model {
    /// Who asked (the token's subject); with the key, the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The caller's name for it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idempotency_key: IdempotencyKey,
    /// Unique; sorts by time; stands in each ledger line it made.
    pub operation_id: String,
    /// What was asked, such as `deposit`.
    pub kind: String,
    /// SHA-256 of the input, hexadecimal: the same key with another input is refused.
    pub fingerprint: String,
    /// How it ended.
    pub state: State,
    /// JSON of what was answered: wallets and orders after it, or the refusal.
    pub outcome: String,
    /// The HTTP request it came with.
    pub request_id: String,
    /// When it was committed.
    pub created_at: DateTime<Utc>,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// Everything asked for was done.
    Committed,
    /// Nothing was done, and never will be under this key.
    Refused,
}

/// No relations: joins are the loaders' business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

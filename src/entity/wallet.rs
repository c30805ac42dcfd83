//! A user's wallet.

use chrono::{DateTime, Utc};
use sea_orm::{Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{Money, Uid};

/// One row of `wallets`, and the JSON under `wallet_balance_{uid}`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "wallets")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: Uid,
    /// What it holds; never below zero.
    pub balance: Money,
    /// Whether it may be used.
    pub status: Status,
    /// ISO 4217 code of everything in it.
    pub currency: String,
    /// Grows by one with every ledger line. Other services' JSON may lack it: older than any.
    #[serde(default)]
    pub version: i64,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Whether a wallet may be used; an integer in the database and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(into = "i16", try_from = "i16")]
pub enum Status {
    /// Refuses every debit; takes credits.
    Frozen = 0,
    /// In use.
    Active = 1,
    /// Refuses debits and credits; takes only the refund of an order, which is owed.
    Closed = 2,
}

impl From<Status> for i16 {
    fn from(status: Status) -> Self {
        status as Self
    }
}

impl TryFrom<i16> for Status {
    type Error = String;

    fn try_from(number: i16) -> Result<Self, String> {
        Self::iter()
            .find(|status| *status as i16 == number)
            .ok_or_else(|| format!("no wallet status has the number {number}"))
    }
}

/// No relations: joins are the loaders' business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

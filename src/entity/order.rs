//! An order of a period.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Money, OrderNo, Period, TransactionNo, Uid};

/// One row of `orders`, and the JSON in the hash `fataMorgana_{period}` under its number.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    /// Unique.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_no: OrderNo,
    /// Who ordered.
    pub uid: Uid,
    /// In which period.
    pub period_number: Period,
    /// What was paid.
    pub amount: Money,
    /// What is earned on top.
    pub profit_amount: Money,
    /// Likes that are part of it.
    pub like_count: i32,
    /// Shares that are part of it.
    pub share_count: i32,
    /// Follows that are part of it.
    pub follow_count: i32,
    /// Favourites that are part of it.
    pub favorite_count: i32,
    /// Where it stands.
    pub status: Status,
    /// Grows by one with every change; other services' JSON may lack it.
    #[serde(default)]
    pub version: i64,
    /// The ledger line that paid for it; without one there is nothing to give back.
    #[serde(default)]
    pub debit_no: Option<TransactionNo>,
    /// The ledger line that gave its money back.
    #[serde(default)]
    pub refund_no: Option<TransactionNo>,
    /// When it lapses, if still pending.
    pub expire_time: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Where an order stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Made and debited, not confirmed.
    Pending,
    /// Confirmed.
    Paid,
    /// Done.
    Completed,
    /// Called off, money given back.
    Cancelled,
    /// Lapsed, money given back.
    Expired,
}

/// No relations: joins are the loaders' business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A line of a wallet's ledger.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Money, OrderNo, TransactionNo, Uid};

/// One row of `wallet_transactions`, and one element of the JSON array under
/// `wallet_transactions_{uid}` (newest first).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "wallet_transactions")]
pub struct Model {
    /// Unique; sorts by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub transaction_no: TransactionNo,
    /// Whose wallet.
    pub uid: Uid,
    /// What happened.
    #[sea_orm(column_name = "type")]
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How much, without a sign, as every service writes it.
    pub amount: Money,
    /// The balance it found.
    pub balance_before: Money,
    /// The balance it left.
    pub balance_after: Money,
    /// The wallet's version that it made.
    #[serde(default)]
    pub version: i64,
    /// How it ended.
    pub status: Status,
    /// What for, in the caller's words.
    #[serde(default)]
    pub description: Option<String>,
    /// Shared by all lines of one operation; empty in lines that other services cached.
    #[serde(default)]
    pub operation_id: String,
    /// The other wallet of a transfer.
    #[serde(default)]
    pub counterparty_uid: Option<Uid>,
    /// The order that was paid or given back.
    #[serde(default)]
    pub order_no: Option<OrderNo>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Model {
    /// The amount with its sign: what `balance_after` has over `balance_before`.
    pub fn signed_amount(&self) -> Money {
        self.balance_after.checked_sub(self.balance_before).unwrap_or_default()
    }
}

/// What a ledger line records.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money came in.
    Recharge,
    /// Money went out.
    Withdraw,
    /// From another wallet.
    TransferIn,
    /// To another wallet.
    TransferOut,
    /// A reward.
    Reward,
    /// Paid for an order.
    Order,
    /// An order's money back.
    Refund,
    /// A correction, or a change of status, which moves nothing.
    Adjustment,
}

/// How a ledger line ended. This service writes only `success`: what fails leaves no line.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not settled yet.
    Pending,
    /// Done.
    Success,
    /// Did not happen.
    Failed,
    /// Taken back.
    Reversed,
}

/// No relations: joins are the loaders' business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

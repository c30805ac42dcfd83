//! A ledger line.

use async_graphql::{Enum, ID, InputObject, Object};

use super::{
    connection::Listed,
    node::NodeId,
    rendered::{Render, Write, WriteJson, write_enum},
    scalars::DateTime,
    text::OperationId,
};
use crate::{
    entity::{Money, OrderNo, TransactionNo, Uid, transaction},
    loaders::{self, Row},
};

/// What a ledger line records.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "transaction::Kind")]
pub enum TransactionType {
    /// Money came in.
    Recharge,
    /// Money went out.
    Withdraw,
    /// From another wallet.
    TransferIn,
    /// To another wallet.
    TransferOut,
    /// Paid for an order.
    Order,
    /// An order's money back.
    Refund,
    /// A reward.
    Reward,
    /// A correction, or a change of status, which moves nothing.
    Adjustment,
}

/// How a ledger line ended.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "transaction::Status")]
pub enum TransactionStatus {
    /// Not settled yet.
    Pending,
    /// Done.
    Success,
    /// Did not happen.
    Failed,
    /// Taken back.
    Reversed,
}

/// A ledger line: the stored row.
#[derive(Clone)]
pub struct Transaction(pub Row<transaction::Model>);

impl Listed for Transaction {
    type Cursor = i64;

    fn cursor(&self) -> i64 {
        self.0.version
    }
}

/// A line of a wallet's ledger. It never changes.
#[Object]
impl Transaction {
    /// Opaque, globally unique.
    pub async fn id(&self) -> ID {
        self.global_id()
    }

    /// Its number, unique among all wallets.
    fn transaction_no(&self) -> &TransactionNo {
        &self.0.transaction_no
    }

    /// Whose wallet.
    fn uid(&self) -> &Uid {
        &self.0.uid
    }

    /// What happened.
    #[graphql(name = "type")]
    fn kind(&self) -> TransactionType {
        self.0.kind.into()
    }

    /// Signed: `balanceAfter` is `balanceBefore` and this.
    fn amount(&self) -> Money {
        self.0.signed_amount()
    }

    /// The balance it found.
    fn balance_before(&self) -> Money {
        self.0.balance_before
    }

    /// The balance it left.
    fn balance_after(&self) -> Money {
        self.0.balance_after
    }

    /// The wallet's version that it made.
    fn wallet_version(&self) -> i64 {
        self.0.version
    }

    /// Shared by all lines of one operation, such as both legs of a transfer.
    fn operation_id(&self) -> ID {
        ID(self.0.operation_id.clone())
    }

    /// The other wallet of a transfer.
    fn counterparty_uid(&self) -> Option<&Uid> {
        self.0.counterparty_uid.as_ref()
    }

    /// The order that was paid or given back.
    fn order_no(&self) -> Option<&OrderNo> {
        self.0.order_no.as_ref()
    }

    /// How it ended.
    fn status(&self) -> TransactionStatus {
        self.0.status.into()
    }

    /// What for, in the caller's words.
    fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// When it was committed.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

impl Transaction {
    fn global_id(&self) -> ID {
        NodeId::Transaction(self.0.transaction_no.clone()).encode()
    }
}

impl Render for Transaction {
    fn plain(field: &str) -> Option<Write<Self>> {
        Some(match field {
            "id" => |row, _, json| row.global_id().write_json(json),
            "transactionNo" => |row, ctx, json| row.transaction_no(ctx).write_json(json),
            "uid" => |row, ctx, json| row.uid(ctx).write_json(json),
            "type" => |row, ctx, json| write_enum(row.kind(ctx), json),
            "amount" => |row, ctx, json| row.amount(ctx).write_json(json),
            "balanceBefore" => |row, ctx, json| row.balance_before(ctx).write_json(json),
            "balanceAfter" => |row, ctx, json| row.balance_after(ctx).write_json(json),
            "walletVersion" => |row, ctx, json| row.wallet_version(ctx).write_json(json),
            "operationId" => |row, ctx, json| row.operation_id(ctx).write_json(json),
            "counterpartyUid" => |row, ctx, json| row.counterparty_uid(ctx).write_json(json),
            "orderNo" => |row, ctx, json| row.order_no(ctx).write_json(json),
            "status" => |row, ctx, json| write_enum(row.status(ctx), json),
            "description" => |row, ctx, json| row.description(ctx).write_json(json),
            "createdAt" => |row, ctx, json| row.created_at(ctx).write_json(json),
            _ => return None,
        })
    }
}

/// Which ledger lines. Conditions that are left out do not matter.
#[derive(InputObject)]
pub struct TransactionFilter {
    /// Of one of these types.
    types: Option<Vec<TransactionType>>,
    /// In this status.
    status: Option<TransactionStatus>,
    /// Made at this time or later.
    from: Option<DateTime>,
    /// Made before this time.
    to: Option<DateTime>,
    /// Of this operation.
    operation_id: Option<OperationId>,
}

impl TransactionFilter {
    /// As the loaders take it.
    pub fn into_loaded(self) -> loaders::TransactionFilter {
        let mut kinds: Vec<transaction::Kind> =
            self.types.unwrap_or_default().into_iter().map(Into::into).collect();
        kinds.sort_unstable_by_key(|kind| *kind as u8);
        kinds.dedup();
        loaders::TransactionFilter {
            kinds,
            status: self.status.map(Into::into),
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
            operation_id: self.operation_id.map(|id| id.0),
        }
    }
}

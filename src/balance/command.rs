//! What can be asked of the balance domain, valid by construction.

use serde::Serialize;

use crate::entity::{Amount, IdempotencyKey, OrderNo, Period, Uid, order, wallet};

/// Who asks, under which key.
#[derive(Clone, Debug)]
pub struct Request {
    /// The token's subject; keys are unique for it.
    pub caller: String,
    /// The caller's name for this operation.
    pub key: IdempotencyKey,
    /// The HTTP request it came with, for the log.
    pub request_id: String,
}

/// One thing to do. Its JSON is what the idempotency fingerprint is taken of.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Command {
    /// A new, empty wallet; an open one is answered as it is.
    OpenWallet {
        /// Whose.
        uid: Uid,
        /// ISO 4217 code.
        currency: String,
    },
    /// Money in.
    Deposit(Movement),
    /// Money out.
    Withdraw(Movement),
    /// From one wallet to another of the same currency.
    Transfer {
        /// Who pays.
        from_uid: Uid,
        /// Who is paid.
        to_uid: Uid,
        /// How much.
        amount: Amount,
        /// What for.
        description: Option<String>,
    },
    /// Several movements in order, all or nothing.
    Batch {
        /// Each with its direction.
        operations: Vec<BatchItem>,
    },
    /// A change of status of several wallets, all or nothing.
    SetWalletStatus {
        /// Whose.
        uids: Vec<Uid>,
        /// What they become.
        status: wallet::Status,
        /// Why; kept in the ledger.
        reason: String,
    },
    /// A debit and a new order, in one transaction.
    CreateOrder(NewOrder),
    /// A change of an order that exists.
    ChangeOrder {
        /// Which.
        order_no: OrderNo,
        /// What is to become of it.
        change: OrderChange,
    },
}

/// An amount into or out of one wallet.
#[derive(Clone, Debug, Serialize)]
pub struct Movement {
    /// Whose wallet.
    pub uid: Uid,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub description: Option<String>,
}

/// One movement of a batch.
#[derive(Clone, Debug, Serialize)]
pub struct BatchItem {
    /// In or out.
    pub kind: BatchKind,
    /// What moves.
    #[serde(flatten)]
    pub movement: Movement,
}

/// The direction of a batch's movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchKind {
    /// Into the wallet.
    Add,
    /// Out of the wallet.
    Withdraw,
}

/// An order to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewOrder {
    /// Who orders and pays.
    pub uid: Uid,
    /// In which period.
    pub period_number: Period,
    /// What it costs.
    pub amount: Amount,
}

/// What is to become of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum OrderChange {
    /// Another status; cancelled and expired give the money back.
    Status {
        /// Which.
        to: order::Status,
        /// Only if it stands there now.
        expected: Option<order::Status>,
    },
    /// Gone. Only an order that holds no money.
    Delete,
}

//! What can be asked of the balance domain, valid by construction.

use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    entity::{Amount, IdempotencyKey, OrderNo, Period, Uid, order, wallet},
    lock::RetryPolicy,
};

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

/// One thing to do.
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
    /// Rewards of many users; each user's are paid all or none, whatever becomes of the others'.
    Reward {
        /// In the order they are paid; a user may have several.
        rewards: Vec<Movement>,
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
        /// Only if it is this user's: to anybody else it is not there. Follows from who asks, so
        /// no part of the fingerprint.
        #[serde(skip)]
        owner: Option<Uid>,
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
    /// How long it may stay pending. Configuration, so no part of the fingerprint.
    #[serde(skip)]
    pub lifetime: Duration,
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

impl Command {
    /// Its name in the operation log.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OpenWallet { .. } => "open_wallet",
            Self::Deposit(_) => "deposit",
            Self::Withdraw(_) => "withdraw",
            Self::Transfer { .. } => "transfer",
            Self::Batch { .. } => "batch",
            Self::Reward { .. } => "reward",
            Self::SetWalletStatus { .. } => "set_wallet_status",
            Self::CreateOrder(_) => "create_order",
            Self::ChangeOrder { change: OrderChange::Status { .. }, .. } => "update_order_status",
            Self::ChangeOrder { change: OrderChange::Delete, .. } => "delete_order",
        }
    }

    /// SHA-256 of everything that was asked, hexadecimal: tells a repeat from a reused key.
    pub fn fingerprint(&self) -> String {
        // Serializing plain data to memory cannot fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{:x}", Sha256::digest(json))
    }

    /// The wallets it names, in its order, each once. An order's wallet is not among them: it
    /// stands in the order's row.
    pub fn uids(&self) -> Vec<Uid> {
        let named: Vec<&Uid> = match self {
            Self::OpenWallet { uid, .. } | Self::CreateOrder(NewOrder { uid, .. }) => vec![uid],
            Self::Deposit(movement) | Self::Withdraw(movement) => vec![&movement.uid],
            Self::Transfer { from_uid, to_uid, .. } => vec![from_uid, to_uid],
            Self::Batch { operations } => operations.iter().map(|o| &o.movement.uid).collect(),
            Self::Reward { rewards } => rewards.iter().map(|reward| &reward.uid).collect(),
            Self::SetWalletStatus { uids, .. } => uids.iter().collect(),
            Self::ChangeOrder { .. } => vec![],
        };
        let mut seen = std::collections::HashSet::with_capacity(named.len());
        named.into_iter().filter(|uid| seen.insert(*uid)).cloned().collect()
    }

    /// The order it changes.
    pub const fn order_no(&self) -> Option<&OrderNo> {
        match self {
            Self::ChangeOrder { order_no, .. } => Some(order_no),
            _ => None,
        }
    }

    /// How long it waits for a wallet that another instance holds.
    pub const fn policy(&self) -> &'static RetryPolicy {
        match self {
            Self::Reward { .. } => &RetryPolicy::REWARDS,
            Self::Batch { .. } | Self::SetWalletStatus { .. } => &RetryPolicy::BATCH,
            _ => &RetryPolicy::DEFAULT,
        }
    }
}

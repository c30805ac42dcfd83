//! What is told: a change of a wallet, or of an order.

use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::entity::{OrderNo, Period, Uid, order, transaction, wallet};

/// Something that changed. Those of one key are ordered by version, without holes.
pub trait Change {
    /// What it is a change of.
    type Key: Clone + Eq + Hash + Send + Sync;

    /// What it is a change of.
    fn key(&self) -> &Self::Key;
    /// Which change of it.
    fn version(&self) -> i64;
    /// Who hears of it: the few whom it concerns, and who listens to all.
    fn topics(&self) -> [Topic; 2];
}

/// What can be listened to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One wallet.
    Wallet(Uid),
    /// All wallets.
    Wallets,
    /// The orders of a period.
    Period(Period),
    /// Those of one user.
    PeriodOf(Period, Uid),
}

/// One committed change of one wallet. `wallet.version` orders the events of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceEvent {
    /// The wallet as the change left it.
    pub wallet: wallet::Model,
    /// The ledger line.
    pub transaction: transaction::Model,
}

/// One committed change of one order. `order.version` orders the events of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// The order as the change left it; of one that is gone, as it was, one version on.
    pub order: order::Model,
    /// It is gone.
    #[serde(default)]
    pub deleted: bool,
}

impl Change for BalanceEvent {
    type Key = Uid;

    fn key(&self) -> &Uid {
        &self.wallet.uid
    }

    fn version(&self) -> i64 {
        self.wallet.version
    }

    fn topics(&self) -> [Topic; 2] {
        [Topic::Wallet(self.wallet.uid.clone()), Topic::Wallets]
    }
}

impl Change for OrderEvent {
    type Key = OrderNo;

    fn key(&self) -> &OrderNo {
        &self.order.order_no
    }

    fn version(&self) -> i64 {
        self.order.version
    }

    fn topics(&self) -> [Topic; 2] {
        let period = &self.order.period_number;
        [Topic::PeriodOf(period.clone(), self.order.uid.clone()), Topic::Period(period.clone())]
    }
}

//! Balance events: published after commit, delivered to subscribers on every instance.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::entity::{Uid, transaction, wallet};

/// One committed change of one wallet. `wallet.version` orders the events of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceEvent {
    /// The wallet as the change left it.
    pub wallet: wallet::Model,
    /// The ledger line.
    pub transaction: transaction::Model,
}

/// What a subscription yields.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// A change.
    Event(Arc<BalanceEvent>),
    /// Some were lost (a slow reader, a lost connection): read the wallets again.
    Gap,
}

/// Handle to the event bus, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Events {}

/// The changes of some wallets from now on. Dropping it unsubscribes.
pub struct Subscription {}

impl Events {
    /// Tells every instance's subscribers. Cannot fail the caller: what cannot be sent is a gap.
    pub async fn publish(&self, events: Vec<BalanceEvent>) {
        let _ = events;
        todo!("events")
    }

    /// Attaches to these wallets' changes, at once.
    pub fn subscribe(&self, uids: &[Uid]) -> Subscription {
        let _ = uids;
        todo!("events")
    }
}

impl Subscription {
    /// The next change or gap; `None` when the bus shuts down.
    pub async fn next(&mut self) -> Option<Delivery> {
        todo!("events")
    }
}

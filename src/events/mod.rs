//! Balance events: published after commit, delivered to subscribers on every instance.
//!
//! Subscribers of this instance get an event at once, those of others by one message a batch.
//! Events of a wallet come in version order; where some are missing a subscriber is told so,
//! and reads the wallets again.

mod bus;
mod hub;
mod mailbox;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_util::task::AbortOnDropHandle;

use self::{bus::Bus, hub::Hub, mailbox::Mailbox};
use crate::{
    entity::{Uid, transaction, wallet},
    redis::Redis,
};

/// One committed change of one wallet. `wallet.version` orders the events of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceEvent {
    /// The wallet as the change left it.
    pub wallet: wallet::Model,
    /// The ledger line.
    pub transaction: transaction::Model,
}

/// What a subscription yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A change.
    Event(Arc<BalanceEvent>),
    /// Some were lost (a slow reader, a lost connection): read the wallets again.
    Gap,
}

/// Handle to the event bus, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Events(Arc<Inner>);

struct Inner {
    hub: Arc<Hub>,
    bus: Option<Arc<Bus>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// The changes of some wallets from now on. Dropping it unsubscribes.
pub struct Subscription {
    hub: Arc<Hub>,
    mailbox: Arc<Mailbox>,
    /// `None` for those of all wallets.
    uids: Option<Vec<Uid>>,
}

impl Events {
    /// A bus between all instances on this Redis, or within this process; `instance` names
    /// this one among others. Within a Tokio runtime.
    pub fn connect(instance: &str, redis: Option<&Redis>) -> Self {
        let hub = Arc::new(Hub::default());
        let bus = redis.map(|redis| Arc::new(Bus::new(instance, redis.clone())));
        let mut tasks = Vec::new();
        if let Some(bus) = &bus {
            let (owing, forwarding) = (bus.clone(), bus.clone());
            let hub = hub.clone();
            tasks.push(tokio::spawn(async move { forwarding.forward(&hub).await }));
            tasks.push(tokio::spawn(async move { owing.make_up().await }));
        }
        let tasks = tasks.into_iter().map(AbortOnDropHandle::new).collect();
        Self(Arc::new(Inner { hub, bus, _tasks: tasks }))
    }

    /// Tells every instance's subscribers. Cannot fail the caller: what cannot be sent is a
    /// gap. For one wallet, only one call at a time: calls are not ordered among each other.
    pub async fn publish(&self, events: Vec<BalanceEvent>) {
        let events: Vec<Arc<BalanceEvent>> = events.into_iter().map(Arc::new).collect();
        for event in &events {
            self.0.hub.deliver(event);
        }
        if let Some(bus) = &self.0.bus {
            bus.publish(&events).await;
        }
    }

    /// Attaches to these wallets' changes, at once.
    pub fn subscribe(&self, uids: &[Uid]) -> Subscription {
        let mut uids = uids.to_vec();
        uids.sort_unstable();
        uids.dedup();
        let mailbox = self.0.hub.attach(&uids);
        Subscription { hub: self.0.hub.clone(), mailbox, uids: Some(uids) }
    }

    /// Attaches to all wallets' changes, at once.
    pub fn subscribe_all(&self) -> Subscription {
        Subscription { hub: self.0.hub.clone(), mailbox: self.0.hub.attach_to_all(), uids: None }
    }

    /// How many subscriptions there are now.
    pub fn subscriptions(&self) -> usize {
        self.0.hub.subscriptions()
    }

    /// Ends all subscriptions, and those to come.
    pub fn close(&self) {
        self.0.hub.close();
    }
}

impl Subscription {
    /// The next change or gap; `None` when the bus shuts down. Nothing is lost when the
    /// future is dropped.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.mailbox.next().await
    }

    /// Says that the reader knows a wallet as of this version: older changes are not yielded,
    /// and if one in between is missing, the next delivery is a gap.
    pub fn covered(&mut self, uid: &Uid, version: i64) {
        self.mailbox.covered(uid, version);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        match &self.uids {
            Some(uids) => self.hub.detach(&self.mailbox, uids),
            None => self.hub.detach_from_all(&self.mailbox),
        }
    }
}

//! What changed: published after commit, delivered to subscribers on every instance.
//!
//! Subscribers of this instance get an event at once, those of others by one message a batch.
//! Events of a wallet, and of an order, come in version order; where some are missing a
//! subscriber is told so, and reads what it watches again.

mod bus;
mod change;
mod hub;
mod mailbox;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use metrics::counter;
use tokio_util::task::AbortOnDropHandle;

pub use self::change::{BalanceEvent, Change, OrderEvent, Topic};
use self::{bus::Bus, hub::Hub, mailbox::Mailbox};
use crate::{
    entity::{Period, Uid},
    redis::Redis,
};

/// Events that wait for a slow reader of what concerns one user.
const BUFFER: usize = 64;
/// Events that wait for a slow reader of everything: several batches of commits.
const FEED_BUFFER: usize = 1_024;

/// What a subscription yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery<E = BalanceEvent> {
    /// A change.
    Event(Arc<E>),
    /// Some were lost (a slow reader, a lost connection): read again what is watched.
    Gap,
}

/// Handle to the event bus, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Events(Arc<Inner>);

struct Inner {
    hubs: Arc<Hubs>,
    bus: Option<Arc<Bus>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// Who listens on this instance.
#[derive(Default)]
struct Hubs {
    balances: Arc<Hub<BalanceEvent>>,
    orders: Arc<Hub<OrderEvent>>,
}

/// The changes of what was asked for, from now on. Dropping it unsubscribes.
pub struct Subscription<E: Change = BalanceEvent> {
    hub: Arc<Hub<E>>,
    mailbox: Arc<Mailbox<E>>,
    topics: Vec<Topic>,
}

impl Events {
    /// A bus between all instances on this Redis, or within this process; `instance` names
    /// this one among others. `heard` is told which wallet or period another instance changed
    /// before any subscriber is: who hears of a change must not read an older value here. Within
    /// a Tokio runtime.
    pub fn connect(
        instance: &str,
        redis: Option<&Redis>,
        heard: impl Fn(&Topic) + Send + Sync + 'static,
    ) -> Self {
        let hubs = Arc::new(Hubs::default());
        let bus = redis.map(|redis| Arc::new(Bus::new(instance, redis.clone(), heard)));
        let mut tasks = Vec::new();
        if let Some(bus) = &bus {
            let (sending, owing, forwarding) = (bus.clone(), bus.clone(), bus.clone());
            let hubs = hubs.clone();
            tasks.push(tokio::spawn(async move { forwarding.forward(&hubs).await }));
            tasks.push(tokio::spawn(async move { sending.send_out().await }));
            tasks.push(tokio::spawn(async move { owing.make_up().await }));
        }
        let tasks = tasks.into_iter().map(AbortOnDropHandle::new).collect();
        Self(Arc::new(Inner { hubs, bus, _tasks: tasks }))
    }

    /// Tells every instance's subscribers. Cannot fail the caller: what cannot be sent is a
    /// gap. Subscribers of this instance have been told when this returns; others are told in
    /// the order of the calls.
    pub fn publish(&self, balances: Vec<BalanceEvent>, orders: Vec<OrderEvent>) {
        counter!("live_events_published_total", "kind" => "balance")
            .increment(balances.len() as u64);
        counter!("live_events_published_total", "kind" => "order").increment(orders.len() as u64);
        let balances: Vec<_> = balances.into_iter().map(Arc::new).collect();
        let orders: Vec<_> = orders.into_iter().map(Arc::new).collect();
        balances.iter().for_each(|event| self.0.hubs.balances.deliver(event));
        orders.iter().for_each(|event| self.0.hubs.orders.deliver(event));
        if let Some(bus) = &self.0.bus {
            bus.publish(balances, orders);
        }
    }

    /// Returns when other instances have been sent what was published so far.
    pub async fn flush(&self) {
        if let Some(bus) = &self.0.bus {
            bus.flush().await;
        }
    }

    /// Attaches to these wallets' changes, at once.
    pub fn subscribe(&self, uids: &[Uid]) -> Subscription {
        let mut uids = uids.to_vec();
        uids.sort_unstable();
        uids.dedup();
        let topics = uids.into_iter().map(Topic::Wallet).collect();
        Subscription::attach(&self.0.hubs.balances, topics, BUFFER)
    }

    /// Attaches to all wallets' changes, at once.
    pub fn subscribe_all(&self) -> Subscription {
        Subscription::attach(&self.0.hubs.balances, vec![Topic::Wallets], FEED_BUFFER)
    }

    /// Attaches to the changes of a period's orders, at once; of those of one user, where one
    /// is named.
    pub fn subscribe_orders(&self, period: Period, owner: Option<Uid>) -> Subscription<OrderEvent> {
        let (topic, buffer) = match owner {
            Some(owner) => (Topic::PeriodOf(period, owner), BUFFER),
            None => (Topic::Period(period), FEED_BUFFER),
        };
        Subscription::attach(&self.0.hubs.orders, vec![topic], buffer)
    }

    /// Ends all subscriptions, and those to come.
    pub fn close(&self) {
        self.0.hubs.balances.close();
        self.0.hubs.orders.close();
    }
}

impl Hubs {
    /// Tells everybody that something may be missing.
    fn gap(&self) {
        counter!("live_gaps_total").increment(1);
        self.balances.gap();
        self.orders.gap();
    }
}

impl<E: Change> Subscription<E> {
    fn attach(hub: &Arc<Hub<E>>, topics: Vec<Topic>, capacity: usize) -> Self {
        Self { hub: Arc::clone(hub), mailbox: hub.attach(&topics, capacity), topics }
    }

    /// The next change or gap; `None` when the bus shuts down. Nothing is lost when the
    /// future is dropped.
    pub async fn next(&mut self) -> Option<Delivery<E>> {
        self.mailbox.next().await
    }

    /// Says that the reader knows a wallet or order as of this version: older changes are not
    /// yielded, and if one in between is missing, the next delivery is a gap.
    pub fn covered(&mut self, key: &E::Key, version: i64) {
        self.mailbox.covered(key, version);
    }
}

impl<E: Change> Drop for Subscription<E> {
    fn drop(&mut self) {
        self.hub.detach(&self.mailbox, &self.topics);
    }
}

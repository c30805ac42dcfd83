//! Events between instances: one Redis channel, one message a batch.

use std::{sync::Arc, time::Duration};

use fred::types::Value;
use metrics::counter;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, Notify, broadcast::error::RecvError, mpsc, oneshot},
    time::sleep,
};

use super::{BalanceEvent, Hubs, OrderEvent, Topic};
use crate::redis::{Command, Redis, Signal};

/// Where events are published.
const CHANNEL: &str = "wallet_events";
/// Most events in one message.
const MAX_EVENTS: usize = 1_000;
/// Most batches of events that wait to be sent; what comes on top is a gap.
const MAX_WAITING: usize = 1_024;
/// Between tries to tell others of a gap.
const RETRY: Duration = Duration::from_millis(250);

pub(super) struct Bus {
    instance: String,
    redis: Redis,
    /// Is told of what others changed before any subscriber is.
    heard: Box<dyn Fn(&Topic) + Send + Sync>,
    /// How a message of ours begins: it comes back, and need not be read.
    own: String,
    waiting: mpsc::Sender<Waiting>,
    /// For the one task that sends.
    to_send: Mutex<mpsc::Receiver<Waiting>>,
    /// Something could not be sent: others must be told of a gap.
    owed: Notify,
}

/// What waits to be sent, in order.
enum Waiting {
    Events(Vec<Arc<BalanceEvent>>, Vec<Arc<OrderEvent>>),
    /// Somebody who wants to know when all before has been sent.
    Flush(oneshot::Sender<()>),
}

/// What is published. Without events it says that some were lost.
#[derive(Serialize)]
struct Outgoing<'a> {
    /// Who delivered them to its own subscribers already.
    from: &'a str,
    events: &'a [Arc<BalanceEvent>],
    orders: &'a [Arc<OrderEvent>],
}

#[derive(Deserialize)]
struct Incoming {
    events: Vec<BalanceEvent>,
    /// Releases before there were any leave them out.
    #[serde(default)]
    orders: Vec<OrderEvent>,
}

impl Bus {
    pub(super) fn new(
        instance: &str,
        redis: Redis,
        heard: impl Fn(&Topic) + Send + Sync + 'static,
    ) -> Self {
        let (waiting, to_send) = mpsc::channel(MAX_WAITING);
        Self {
            own: format!("{{\"from\":\"{instance}\","),
            instance: instance.to_owned(),
            redis,
            heard: Box::new(heard),
            waiting,
            to_send: Mutex::new(to_send),
            owed: Notify::new(),
        }
    }

    /// Has events sent after those that wait already. Nobody waits for Redis here: the next batch
    /// of changes need not.
    pub(super) fn publish(&self, events: Vec<Arc<BalanceEvent>>, orders: Vec<Arc<OrderEvent>>) {
        let empty = events.is_empty() && orders.is_empty();
        if !empty && self.waiting.try_send(Waiting::Events(events, orders)).is_err() {
            self.owed.notify_one();
        }
    }

    /// Returns when everything that was published before has been sent.
    pub(super) async fn flush(&self) {
        let (sent, when_sent) = oneshot::channel();
        if self.waiting.send(Waiting::Flush(sent)).await.is_ok() {
            // Without an answer there is nobody left to send anything.
            let _ = when_sent.await;
        }
    }

    /// Sends what waits.
    pub(super) async fn send_out(&self) {
        let mut to_send = self.to_send.lock().await;
        while let Some(waiting) = to_send.recv().await {
            match waiting {
                Waiting::Events(events, orders) => self.send(&events, &orders).await,
                Waiting::Flush(sent) => drop(sent.send(())),
            }
        }
    }

    async fn send(&self, events: &[Arc<BalanceEvent>], orders: &[Arc<OrderEvent>]) {
        let parts = events.len().max(orders.len()).div_ceil(MAX_EVENTS);
        let messages: Option<Vec<Command>> =
            (0..parts).map(|nth| self.message(part(events, nth), part(orders, nth))).collect();
        let sent = match messages {
            Some(messages) => self.redis.send(messages).await.iter().all(Result::is_ok),
            None => false,
        };
        if !sent {
            self.owed.notify_one();
        }
    }

    fn message(&self, events: &[Arc<BalanceEvent>], orders: &[Arc<OrderEvent>]) -> Option<Command> {
        match serde_json::to_string(&Outgoing { from: &self.instance, events, orders }) {
            Ok(text) => Some(Command::new("PUBLISH", [Value::from(CHANNEL), Value::from(text)])),
            Err(error) => {
                tracing::error!(%error, "events cannot be sent");
                None
            }
        }
    }

    /// Tells others of gaps, as soon as Redis answers again.
    pub(super) async fn make_up(&self) {
        loop {
            self.owed.notified().await;
            while let Some(gap) = self.message(&[], &[])
                && self.redis.send_one(gap).await.is_err()
            {
                sleep(RETRY).await;
            }
        }
    }

    /// Delivers what other instances publish.
    pub(super) async fn forward(&self, hubs: &Hubs) {
        let mut signals = self.redis.listen(CHANNEL);
        loop {
            match signals.recv().await {
                Ok(Signal::Message { channel, payload }) => {
                    if &*channel == CHANNEL {
                        self.deliver(&payload, hubs);
                    }
                }
                Ok(Signal::Resumed) | Err(RecvError::Lagged(_)) => hubs.gap(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn deliver(&self, payload: &[u8], hubs: &Hubs) {
        if payload.starts_with(self.own.as_bytes()) {
            return;
        }
        match serde_json::from_slice::<Incoming>(payload) {
            Ok(message) if message.events.is_empty() && message.orders.is_empty() => hubs.gap(),
            Ok(Incoming { events, orders, .. }) => {
                count("balance", events.len());
                count("order", orders.len());
                for event in events {
                    (self.heard)(&Topic::Wallet(event.wallet.uid.clone()));
                    hubs.balances.deliver(&Arc::new(event));
                }
                for event in orders {
                    (self.heard)(&Topic::Period(event.order.period_number.clone()));
                    hubs.orders.deliver(&Arc::new(event));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a message on {CHANNEL} cannot be read");
                hubs.gap();
            }
        }
    }
}

/// The events of one message, of which there may be fewer than messages.
fn part<E>(events: &[Arc<E>], nth: usize) -> &[Arc<E>] {
    events.chunks(MAX_EVENTS).nth(nth).unwrap_or_default()
}

fn count(kind: &'static str, events: usize) {
    counter!("live_events_received_total", "kind" => kind).increment(events as u64);
}

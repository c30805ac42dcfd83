//! Events between instances: one Redis channel, one message a batch.

use std::{sync::Arc, time::Duration};

use fred::types::Value;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, broadcast::error::RecvError},
    time::sleep,
};

use super::{BalanceEvent, hub::Hub};
use crate::redis::{Command, Redis, Signal};

/// Where events are published.
const CHANNEL: &str = "wallet_events";
/// Most events in one message.
const MAX_EVENTS: usize = 1_000;
/// Between tries to tell others of a gap.
const RETRY: Duration = Duration::from_millis(250);

pub(super) struct Bus {
    instance: String,
    redis: Redis,
    /// Something could not be sent: others must be told of a gap.
    owed: Notify,
}

/// What is published. Without events it says that some were lost.
#[derive(Serialize)]
struct Outgoing<'a> {
    /// Who delivered them to its own subscribers already.
    from: &'a str,
    events: &'a [Arc<BalanceEvent>],
}

#[derive(Deserialize)]
struct Incoming {
    from: String,
    events: Vec<BalanceEvent>,
}

impl Bus {
    pub(super) fn new(instance: &str, redis: Redis) -> Self {
        Self { instance: instance.to_owned(), redis, owed: Notify::new() }
    }

    pub(super) async fn publish(&self, events: &[Arc<BalanceEvent>]) {
        if events.is_empty() {
            return;
        }
        let messages: Option<Vec<Command>> =
            events.chunks(MAX_EVENTS).map(|events| self.message(events)).collect();
        let sent = match messages {
            Some(messages) => self.redis.send(messages).await.iter().all(Result::is_ok),
            None => false,
        };
        if !sent {
            self.owed.notify_one();
        }
    }

    fn message(&self, events: &[Arc<BalanceEvent>]) -> Option<Command> {
        match serde_json::to_string(&Outgoing { from: &self.instance, events }) {
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
            while let Some(gap) = self.message(&[])
                && self.redis.send_one(gap).await.is_err()
            {
                sleep(RETRY).await;
            }
        }
    }

    /// Delivers what other instances publish.
    pub(super) async fn forward(&self, hub: &Hub) {
        let mut signals = self.redis.listen(CHANNEL);
        loop {
            match signals.recv().await {
                Ok(Signal::Message { channel, payload }) => {
                    if &*channel == CHANNEL {
                        self.deliver(&payload, hub);
                    }
                }
                Ok(Signal::Resumed) | Err(RecvError::Lagged(_)) => hub.gap(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn deliver(&self, payload: &[u8], hub: &Hub) {
        match serde_json::from_slice::<Incoming>(payload) {
            Ok(message) if message.from == self.instance => {}
            Ok(message) if message.events.is_empty() => hub.gap(),
            Ok(message) => {
                message.events.into_iter().for_each(|event| hub.deliver(&Arc::new(event)));
            }
            Err(error) => {
                tracing::warn!(%error, "a message on {CHANNEL} cannot be read");
                hub.gap();
            }
        }
    }
}

//! Published messages: one connection an instance, whatever listens.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use fred::{
    bytes::Bytes,
    clients::SubscriberClient,
    interfaces::{ClientLike, EventInterface, PubsubInterface},
    types::{Value, config::Options},
};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, broadcast, broadcast::error::RecvError},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::task::AbortOnDropHandle;

use super::MAX_MESSAGES;

/// How often the connection is tried: a cut network closes nothing by itself.
const PING_EVERY: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(250);

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A message.
    Message {
        /// Where it was published.
        channel: Arc<str>,
        /// What was published.
        payload: Bytes,
    },
    /// The connection is new, or messages came too fast: some may have been missed until now,
    /// none from now on.
    Resumed,
}

pub(super) struct Listener {
    shared: Arc<Shared>,
    _pump: AbortOnDropHandle<()>,
}

struct Shared {
    client: SubscriberClient,
    channels: Mutex<BTreeSet<&'static str>>,
    /// Wakes the pump: a channel is new, or could not be subscribed to.
    wanted: Notify,
    signals: broadcast::Sender<Signal>,
}

impl Listener {
    pub(super) fn start(client: SubscriberClient) -> Self {
        let shared = Arc::new(Shared {
            client,
            channels: Mutex::default(),
            wanted: Notify::new(),
            signals: broadcast::Sender::new(MAX_MESSAGES),
        });
        let pump = tokio::spawn(shared.clone().pump());
        Self { shared, _pump: AbortOnDropHandle::new(pump) }
    }

    pub(super) fn listen(&self, channel: &'static str) -> broadcast::Receiver<Signal> {
        let signals = self.shared.signals.subscribe();
        if self.shared.channels.lock().insert(channel) {
            self.shared.wanted.notify_one();
        }
        signals
    }

    pub(super) async fn close(&self) {
        // Redis forgets subscribers that are gone anyway.
        let _ = self.shared.client.quit().await;
    }
}

impl Shared {
    /// The client's own `manage_subscriptions` would resubscribe at a moment we cannot know,
    /// and [`Signal::Resumed`] must come after it.
    async fn pump(self: Arc<Self>) {
        let mut messages = self.client.message_rx();
        let mut reconnected = self.client.reconnect_rx();
        drop(self.client.connect());
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.recv() => match message {
                    Ok(message) => self.forward(&message),
                    Err(RecvError::Lagged(_)) => self.tell(Signal::Resumed),
                    Err(RecvError::Closed) => return,
                },
                event = reconnected.recv() => match event {
                    Ok(_) | Err(RecvError::Lagged(_)) => self.subscribe().await,
                    Err(RecvError::Closed) => return,
                },
                () = self.wanted.notified() => self.subscribe().await,
                _ = ping.tick() => self.ping().await,
            }
        }
    }

    fn forward(&self, message: &fred::types::Message) {
        if let Some(payload) = message.value.clone().into_bytes() {
            self.tell(Signal::Message { channel: Arc::from(&*message.channel), payload });
        }
    }

    fn tell(&self, signal: Signal) {
        // It fails when nobody listens, which is nobody's loss.
        let _ = self.signals.send(signal);
    }

    async fn subscribe(&self) {
        let channels: Vec<&str> = self.channels.lock().iter().copied().collect();
        if channels.is_empty() || !self.client.is_connected() {
            // Connecting comes back here.
            return;
        }
        match self.client.with_options(&options()).subscribe(channels).await {
            Ok(()) => self.tell(Signal::Resumed),
            Err(error) => {
                tracing::debug!(%error, "cannot subscribe yet");
                sleep(RETRY).await;
                self.wanted.notify_one();
            }
        }
    }

    async fn ping(&self) {
        if !self.client.is_connected() {
            return;
        }
        let pong: Result<Value, _> = self.client.with_options(&options()).ping(None).await;
        if let Err(error) = pong {
            tracing::debug!(%error, "no answer to a ping; connecting anew");
            // When this fails, the connection is being made already.
            let _ = self.client.force_reconnection().await;
        }
    }
}

fn options() -> Options {
    Options {
        max_attempts: Some(1),
        timeout: Some(PATIENCE),
        fail_fast: true,
        ..Options::default()
    }
}

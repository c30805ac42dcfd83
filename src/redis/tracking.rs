//! What changes in Redis, as Redis tells it: client tracking in its broadcasting mode, by prefix.
//!
//! In that mode Redis remembers nothing of who read what, so that reads need no connection of
//! their own; the price is that changes of keys nobody here has read are told too. On a cluster
//! each master tells of its own keys.

use std::{future::poll_fn, task::Poll, time::Duration};

use fred::{
    clients::Client,
    error::Error as RedisError,
    interfaces::{ClientLike, EventInterface, TrackingInterface},
    types::{ClusterHash, CustomCommand, Value, client::Invalidation, config::Options},
};
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use tokio_util::task::AbortOnDropHandle;

use super::{Redis, is_lost, nodes};

/// How often the connection is tried, and for how long an answer is waited for: a cut network
/// closes nothing by itself, and until it is noticed old values pass for current ones.
const BEAT: Duration = Duration::from_millis(500);
/// How long an answer is waited for when other connections wait in vain.
const HASTE: Duration = Duration::from_millis(250);
/// Answers in a row that may be late before the connection is made anew.
const MOST_LATE: u32 = 3;

/// What is known of the keys that are tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked<'a> {
    /// This key was written, expired or removed.
    Changed(&'a [u8]),
    /// Some changes were not told of, but the next will be.
    Missed,
    /// Changes may be told of late, until [`Self::Sure`].
    Late,
    /// Changes are not told of until [`Self::Sure`].
    Lost,
    /// Every change from now on is told of, at once.
    Sure,
}

impl Redis {
    /// Tells of changes under these prefixes, on a connection of its own, until the handle is
    /// dropped. It begins as [`Tracked::Lost`].
    pub fn track(
        &self,
        prefixes: Vec<&'static str>,
        tell: impl Fn(Tracked<'_>) + Send + Sync + 'static,
    ) -> AbortOnDropHandle<()> {
        let client = self.0.pool.next().clone_new();
        let changes = Mutex::new(BroadcastStream::new(client.invalidation_rx()));
        let healthy = self.0.health.watch();
        let tracking = Tracking { client, changes, prefixes, healthy, tell };
        AbortOnDropHandle::new(tokio::spawn(tracking.run()))
    }
}

struct Tracking<F> {
    client: Client,
    changes: Mutex<BroadcastStream<Invalidation>>,
    prefixes: Vec<&'static str>,
    /// Whether Redis answers the other connections in time.
    healthy: watch::Receiver<bool>,
    tell: F,
}

impl<F: Fn(Tracked<'_>)> Tracking<F> {
    /// Whoever waits for an answer must not keep changes waiting.
    async fn run(self) {
        tokio::join!(self.pass_on(), self.stand_guard());
    }

    async fn pass_on(&self) {
        loop {
            match poll_fn(|context| self.changes.lock().poll_next_unpin(context)).await {
                Some(change) => self.pass_on_one(change),
                None => return (self.tell)(Tracked::Lost),
            }
        }
    }

    fn pass_on_one(&self, change: Result<Invalidation, BroadcastStreamRecvError>) {
        match change {
            Ok(change) => {
                change.keys.iter().for_each(|key| (self.tell)(Tracked::Changed(key.as_bytes())));
            }
            Err(BroadcastStreamRecvError::Lagged(_)) => (self.tell)(Tracked::Missed),
        }
    }

    /// Changes that came before an answer are here with it; they are told of before it counts. The
    /// task is the same as [`Self::pass_on`]'s, so that it may be woken in its place.
    async fn tell_sure(&self) {
        poll_fn(|context| {
            while let Poll::Ready(Some(change)) = self.changes.lock().poll_next_unpin(context) {
                self.pass_on_one(change);
            }
            Poll::Ready(())
        })
        .await;
        (self.tell)(Tracked::Sure);
    }

    /// Says when changes are told of, and when not. Any event of the connections is a reason to
    /// begin anew; an answer that is late is not: on the same connection nothing is lost.
    async fn stand_guard(&self) {
        let mut errors = self.client.error_rx();
        let mut reconnected = self.client.reconnect_rx();
        let mut moved = self.client.cluster_change_rx();
        let mut healthy = self.healthy.clone();
        drop(self.client.connect());
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut on, mut late) = (false, 0);
        loop {
            let patience = tokio::select! {
                biased;
                _ = errors.recv() => None,
                _ = reconnected.recv() => None,
                _ = moved.recv() => None,
                Ok(()) = healthy.changed() => Some(HASTE),
                _ = beat.tick() => Some(BEAT),
            };
            let Some(patience) = patience.filter(|_| on) else {
                if on {
                    (self.tell)(Tracked::Lost);
                }
                (on, late) = (self.begin().await, 0);
                continue;
            };
            let answered = self.ask(&["PING"], patience).await.is_ok();
            let unbroken = errors.is_empty() && reconnected.is_empty() && moved.is_empty();
            if answered && unbroken {
                late = 0;
                self.tell_sure().await;
            } else if !answered {
                late += 1;
                (self.tell)(Tracked::Late);
                if late == MOST_LATE {
                    // When this fails, the connection is being made already.
                    let _ = self.client.force_reconnection().await;
                }
            }
        }
    }

    /// Has all nodes tell, from now on; answers whether they do.
    async fn begin(&self) -> bool {
        if !self.client.is_connected() {
            return false;
        }
        let mut on = vec!["CLIENT", "TRACKING", "ON", "BCAST"];
        on.extend(self.prefixes.iter().flat_map(|prefix| ["PREFIX", *prefix]));
        let begun = async {
            // Redis refuses prefixes that it tells of already.
            self.ask(&["CLIENT", "TRACKING", "OFF"], BEAT).await?;
            self.ask(&on, BEAT).await
        };
        match begun.await {
            Ok(()) => {
                self.tell_sure().await;
                true
            }
            Err(error) => {
                tracing::debug!(%error, "changes are not told of yet");
                if is_lost(&error) {
                    // When this fails, the connection is being made already.
                    let _ = self.client.force_reconnection().await;
                }
                false
            }
        }
    }

    /// Sends a command to every node.
    async fn ask(&self, words: &[&'static str], patience: Duration) -> Result<(), RedisError> {
        let clustered = self.client.client_config().server.is_clustered();
        for node in nodes(&self.client) {
            let options = Options {
                max_attempts: Some(1),
                timeout: Some(patience),
                fail_fast: true,
                cluster_node: clustered.then_some(node),
                ..Options::default()
            };
            let command = CustomCommand::new_static(words[0], ClusterHash::Random, false);
            let args: Vec<Value> = words[1..].iter().copied().map(Value::from).collect();
            let _: Value = self.client.with_options(&options).custom(command, args).await?;
        }
        Ok(())
    }
}

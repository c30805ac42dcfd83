//! What one subscriber has not read yet.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Change, Delivery};

/// Most keys whose version is remembered; a reader of all wallets forgets them now and then.
const MAX_KEYS: usize = 10_000;

pub(super) struct Mailbox<E: Change> {
    capacity: usize,
    state: Mutex<State<E>>,
    wake: Notify,
}

struct State<E: Change> {
    queue: VecDeque<Arc<E>>,
    /// Something before the queue was lost.
    gap: bool,
    closed: bool,
    /// The newest version of each key that was queued, or that the reader knows.
    versions: HashMap<E::Key, i64>,
}

impl<E: Change> Mailbox<E> {
    /// Keeps so many events for a slow reader; with one more there is a gap instead.
    pub(super) fn new(capacity: usize) -> Self {
        let state =
            State { queue: VecDeque::new(), gap: false, closed: false, versions: HashMap::new() };
        Self { capacity, state: Mutex::new(state), wake: Notify::new() }
    }

    pub(super) fn push(&self, event: &Arc<E>) {
        let mut state = self.state.lock();
        let (key, version) = (event.key(), event.version());
        let last = state.versions.get(key).copied();
        if last.is_some_and(|last| version <= last) {
            return;
        }
        state.saw(key, version);
        let is_next = last.is_none_or(|last| version == last + 1);
        if is_next && state.queue.len() < self.capacity {
            state.queue.push_back(event.clone());
        } else {
            state.lose();
        }
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn gap(&self) {
        self.state.lock().lose();
        self.wake.notify_one();
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
    }

    pub(super) fn covered(&self, key: &E::Key, version: i64) {
        let mut state = self.state.lock();
        state.queue.retain(|event| event.key() != key || event.version() > version);
        let next = state.queue.iter().find(|event| event.key() == key);
        let missed = next.is_some_and(|event| event.version() > version + 1);
        let last = state.versions.get(key).copied().unwrap_or(version);
        state.saw(key, version.max(last));
        if missed {
            state.lose();
        }
    }

    pub(super) async fn next(&self) -> Option<Delivery<E>> {
        loop {
            if let Some(next) = self.state.lock().take() {
                return next;
            }
            // One reader, and a stored permit: what came since is not missed.
            self.wake.notified().await;
        }
    }
}

impl<E: Change> State<E> {
    fn saw(&mut self, key: &E::Key, version: i64) {
        if self.versions.len() >= MAX_KEYS && !self.versions.contains_key(key) {
            self.versions.clear();
        }
        self.versions.insert(key.clone(), version);
    }

    /// The reader reads everything again, so that nothing before is worth keeping.
    fn lose(&mut self) {
        self.gap = true;
        self.queue.clear();
    }

    /// `None` when there is nothing yet, `Some(None)` when there will be nothing more.
    fn take(&mut self) -> Option<Option<Delivery<E>>> {
        if self.closed {
            return Some(None);
        }
        if std::mem::take(&mut self.gap) {
            return Some(Some(Delivery::Gap));
        }
        self.queue.pop_front().map(|event| Some(Delivery::Event(event)))
    }
}

//! What one subscriber has not read yet.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{BalanceEvent, Delivery};
use crate::entity::Uid;

/// Most wallets whose version is remembered; a reader of all wallets forgets them now and then.
const MAX_WALLETS: usize = 10_000;

pub(super) struct Mailbox {
    capacity: usize,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<BalanceEvent>>,
    /// Something before the queue was lost.
    gap: bool,
    closed: bool,
    /// The newest version of each wallet that was queued, or that the reader knows.
    versions: HashMap<Uid, i64>,
}

impl Mailbox {
    /// Keeps so many events for a slow reader; with one more there is a gap instead.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default(), wake: Notify::new() }
    }

    pub(super) fn push(&self, event: &Arc<BalanceEvent>) {
        let mut state = self.state.lock();
        let version = event.wallet.version;
        let last = state.versions.get(&event.wallet.uid).copied();
        if last.is_some_and(|last| version <= last) {
            return;
        }
        state.saw(&event.wallet.uid, version);
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

    pub(super) fn covered(&self, uid: &Uid, version: i64) {
        let mut state = self.state.lock();
        state.queue.retain(|event| event.wallet.uid != *uid || event.wallet.version > version);
        let next = state.queue.iter().find(|event| event.wallet.uid == *uid);
        let missed = next.is_some_and(|event| event.wallet.version > version + 1);
        let last = state.versions.get(uid).copied().unwrap_or(version);
        state.saw(uid, version.max(last));
        if missed {
            state.lose();
        }
    }

    pub(super) async fn next(&self) -> Option<Delivery> {
        loop {
            if let Some(next) = self.state.lock().take() {
                return next;
            }
            // One reader, and a stored permit: what came since is not missed.
            self.wake.notified().await;
        }
    }
}

impl State {
    fn saw(&mut self, uid: &Uid, version: i64) {
        if self.versions.len() >= MAX_WALLETS && !self.versions.contains_key(uid) {
            self.versions.clear();
        }
        self.versions.insert(uid.clone(), version);
    }

    /// The reader reads everything again, so that nothing before is worth keeping.
    fn lose(&mut self) {
        self.gap = true;
        self.queue.clear();
    }

    /// `None` when there is nothing yet, `Some(None)` when there will be nothing more.
    fn take(&mut self) -> Option<Option<Delivery>> {
        if self.closed {
            return Some(None);
        }
        if std::mem::take(&mut self.gap) {
            return Some(Some(Delivery::Gap));
        }
        self.queue.pop_front().map(|event| Some(Delivery::Event(event)))
    }
}

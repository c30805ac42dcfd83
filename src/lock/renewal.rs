//! What this instance holds, and the one task that renews it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use super::Backend;
use crate::entity::Uid;

/// Three tries within a lease.
const EVERY: Duration = Duration::from_millis(1_500);

#[derive(Default)]
pub(super) struct Held(Mutex<HashMap<String, Lease>>);

struct Lease {
    uids: Vec<Uid>,
    /// When it is given up, whoever still works under it.
    until: Instant,
}

impl Held {
    pub(super) fn insert(&self, token: &str, uids: &[Uid], ttl: Duration) {
        if !uids.is_empty() {
            let lease = Lease { uids: uids.to_vec(), until: Instant::now() + ttl };
            self.0.lock().insert(token.to_owned(), lease);
        }
    }

    pub(super) fn remove(&self, token: &str) {
        self.0.lock().remove(token);
    }

    /// Renews all there is, for ever.
    pub(super) async fn keep(&self, backend: &Backend) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let lost = backend.renew(&self.current()).await;
            let lost = lost.iter().filter(|(uid, token)| self.forget(uid, token)).count();
            if lost > 0 {
                tracing::warn!(lost, "locks were lost before their time; row locks remain");
            }
        }
    }

    fn current(&self) -> Vec<(Uid, String)> {
        let now = Instant::now();
        let mut leases = self.0.lock();
        leases.retain(|_, lease| lease.until > now);
        let locks = leases
            .iter()
            .flat_map(|(token, lease)| lease.uids.iter().map(|uid| (uid.clone(), token.clone())));
        locks.collect()
    }

    /// Whether it was held: a lock that was released meanwhile was not lost.
    fn forget(&self, uid: &Uid, token: &str) -> bool {
        let mut leases = self.0.lock();
        let Some(lease) = leases.get_mut(token) else { return false };
        lease.uids.retain(|held| held != uid);
        true
    }
}

//! Locks in this process: the embedded default.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::entity::Uid;

#[derive(Default)]
pub(super) struct MemoryLocks(Mutex<HashMap<Uid, Lock>>);

struct Lock {
    token: String,
    until: Instant,
}

impl MemoryLocks {
    pub(super) fn acquire(&self, uids: &[Uid], token: &str, lease: Duration) -> Vec<bool> {
        let now = Instant::now();
        let mut locks = self.0.lock();
        let take = |uid: &Uid| {
            let free = locks.get(uid).is_none_or(|lock| lock.until <= now);
            if free {
                locks.insert(uid.clone(), Lock { token: token.to_owned(), until: now + lease });
            }
            free
        };
        uids.iter().map(take).collect()
    }

    pub(super) fn release(&self, uids: &[Uid], token: &str) {
        let mut locks = self.0.lock();
        for uid in uids {
            if locks.get(uid).is_some_and(|lock| lock.token == token) {
                locks.remove(uid);
            }
        }
    }

    pub(super) fn renew(&self, renewed: &[(Uid, String)], lease: Duration) -> Vec<(Uid, String)> {
        let now = Instant::now();
        let mut locks = self.0.lock();
        // Those of dropped grants, which nobody asks for again.
        locks.retain(|_, lock| lock.until > now);
        let mut lost = Vec::new();
        for (uid, token) in renewed {
            match locks.get_mut(uid) {
                Some(lock) if lock.token == *token => lock.until = now + lease,
                _ => lost.push((uid.clone(), token.clone())),
            }
        }
        lost
    }

    pub(super) fn status(&self, uid: &Uid) -> Option<(String, Duration)> {
        let locks = self.0.lock();
        let lock = locks.get(uid)?;
        let left = lock.until.checked_duration_since(Instant::now())?;
        Some((lock.token.clone(), left))
    }

    pub(super) fn force_release(&self, uid: &Uid, expected: Option<&str>) -> Option<String> {
        let mut locks = self.0.lock();
        let lock = locks.get(uid).filter(|lock| lock.until > Instant::now())?;
        if expected.is_some_and(|expected| expected != lock.token) {
            return None;
        }
        locks.remove(uid).map(|lock| lock.token)
    }
}

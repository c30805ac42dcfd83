//! Who waits for which lock, in this instance.

use std::sync::Arc;

use dashmap::DashMap;

use crate::entity::Uid;

/// How many wait for each lock; a lock that nobody waits for is not among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiters(Arc<DashMap<Uid, u64>>);

/// Somebody who waits for some locks, until dropped.
#[derive(Debug)]
pub struct Waiting {
    waiters: Waiters,
    uids: Vec<Uid>,
}

impl Waiters {
    pub(super) fn wait(&self, uids: Vec<Uid>) -> Waiting {
        for uid in &uids {
            *self.0.entry(uid.clone()).or_default() += 1;
        }
        Waiting { waiters: self.clone(), uids }
    }

    pub(super) fn count(&self, uid: &Uid) -> u64 {
        self.0.get(uid).map_or(0, |count| *count)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for uid in &self.uids {
            self.waiters.0.remove_if_mut(uid, |_, count| {
                *count -= 1;
                *count == 0
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_counted_who_waits_no_more() {
        let waiters = Waiters::default();
        let [ann, bob] = ["ann", "bob"].map(Uid::stored);
        let first = waiters.wait(vec![ann.clone(), bob.clone()]);
        let second = waiters.wait(vec![ann.clone()]);
        assert_eq!((waiters.count(&ann), waiters.count(&bob)), (2, 1));
        drop(first);
        assert_eq!((waiters.count(&ann), waiters.count(&bob)), (1, 0));
        drop(second);
        assert!(waiters.0.is_empty());
    }
}

//! Who listens to which wallet, on this instance.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use dashmap::DashMap;
use parking_lot::RwLock;

use super::{BalanceEvent, mailbox::Mailbox};
use crate::entity::Uid;

/// Events that wait for a slow reader of some wallets.
const BUFFER: usize = 64;
/// Events that wait for a slow reader of all wallets: several batches of commits.
const FEED_BUFFER: usize = 1_024;

#[derive(Default)]
pub(super) struct Hub {
    /// The cost of an event is that of its own wallet's listeners.
    by_uid: DashMap<Uid, Vec<Arc<Mailbox>>>,
    all: RwLock<Vec<Arc<Mailbox>>>,
    count: AtomicUsize,
    closed: AtomicBool,
}

impl Hub {
    pub(super) fn attach(&self, uids: &[Uid]) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::new(BUFFER));
        for uid in uids {
            self.by_uid.entry(uid.clone()).or_default().push(mailbox.clone());
        }
        self.attached(&mailbox);
        mailbox
    }

    pub(super) fn attach_to_all(&self) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::new(FEED_BUFFER));
        self.all.write().push(mailbox.clone());
        self.attached(&mailbox);
        mailbox
    }

    /// Looks for the end after attaching, so that one of both sees the other.
    fn attached(&self, mailbox: &Mailbox) {
        self.count.fetch_add(1, SeqCst);
        if self.closed.load(SeqCst) {
            mailbox.close();
        }
    }

    pub(super) fn detach(&self, mailbox: &Arc<Mailbox>, uids: &[Uid]) {
        for uid in uids {
            self.by_uid.remove_if_mut(uid, |_, mailboxes| {
                remove(mailboxes, mailbox);
                mailboxes.is_empty()
            });
        }
        self.count.fetch_sub(1, SeqCst);
    }

    pub(super) fn detach_from_all(&self, mailbox: &Arc<Mailbox>) {
        remove(&mut self.all.write(), mailbox);
        self.count.fetch_sub(1, SeqCst);
    }

    pub(super) fn subscriptions(&self) -> usize {
        self.count.load(SeqCst)
    }

    pub(super) fn deliver(&self, event: &Arc<BalanceEvent>) {
        if let Some(mailboxes) = self.by_uid.get(&event.wallet.uid) {
            mailboxes.iter().for_each(|mailbox| mailbox.push(event));
        }
        self.all.read().iter().for_each(|mailbox| mailbox.push(event));
    }

    /// Tells everybody that something may be missing.
    pub(super) fn gap(&self) {
        self.for_each(Mailbox::gap);
    }

    pub(super) fn close(&self) {
        self.closed.store(true, SeqCst);
        self.for_each(Mailbox::close);
    }

    /// A mailbox of several wallets more than once.
    fn for_each(&self, act: impl Fn(&Mailbox)) {
        for mailboxes in &self.by_uid {
            mailboxes.iter().for_each(|mailbox| act(mailbox));
        }
        self.all.read().iter().for_each(|mailbox| act(mailbox));
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_uid.is_empty() && self.all.read().is_empty() && self.subscriptions() == 0
    }
}

fn remove(mailboxes: &mut Vec<Arc<Mailbox>>, mailbox: &Arc<Mailbox>) {
    if let Some(at) = mailboxes.iter().position(|other| Arc::ptr_eq(other, mailbox)) {
        mailboxes.swap_remove(at);
    }
}

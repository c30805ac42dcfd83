//! Who listens to what, on this instance.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use dashmap::DashMap;

use super::{Change, Topic, mailbox::Mailbox};

pub(super) struct Hub<E: Change> {
    /// The cost of an event is that of its own listeners.
    by_topic: DashMap<Topic, Vec<Arc<Mailbox<E>>>>,
    closed: AtomicBool,
}

impl<E: Change> Default for Hub<E> {
    fn default() -> Self {
        Self { by_topic: DashMap::new(), closed: false.into() }
    }
}

impl<E: Change> Hub<E> {
    /// Keeps so many events for a slow reader.
    pub(super) fn attach(&self, topics: &[Topic], capacity: usize) -> Arc<Mailbox<E>> {
        let mailbox = Arc::new(Mailbox::new(capacity));
        for topic in topics {
            self.by_topic.entry(topic.clone()).or_default().push(mailbox.clone());
        }
        // Looks for the end after attaching, so that one of both sees the other.
        if self.closed.load(SeqCst) {
            mailbox.close();
        }
        mailbox
    }

    pub(super) fn detach(&self, mailbox: &Arc<Mailbox<E>>, topics: &[Topic]) {
        for topic in topics {
            self.by_topic.remove_if_mut(topic, |_, mailboxes| {
                remove(mailboxes, mailbox);
                mailboxes.is_empty()
            });
        }
    }

    pub(super) fn deliver(&self, event: &Arc<E>) {
        for topic in event.topics() {
            if let Some(mailboxes) = self.by_topic.get(&topic) {
                mailboxes.iter().for_each(|mailbox| mailbox.push(event));
            }
        }
    }

    /// Tells everybody that something may be missing.
    pub(super) fn gap(&self) {
        self.for_each(Mailbox::gap);
    }

    pub(super) fn close(&self) {
        self.closed.store(true, SeqCst);
        self.for_each(Mailbox::close);
    }

    /// A mailbox of several topics more than once.
    fn for_each(&self, act: impl Fn(&Mailbox<E>)) {
        for mailboxes in &self.by_topic {
            mailboxes.iter().for_each(|mailbox| act(mailbox));
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_topic.is_empty()
    }
}

fn remove<E: Change>(mailboxes: &mut Vec<Arc<Mailbox<E>>>, mailbox: &Arc<Mailbox<E>>) {
    if let Some(at) = mailboxes.iter().position(|other| Arc::ptr_eq(other, mailbox)) {
        mailboxes.swap_remove(at);
    }
}

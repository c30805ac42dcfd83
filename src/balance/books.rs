//! The rows that a batch works on, in memory, under their row locks.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::draft::Draft;
use crate::entity::{OrderNo, Uid, order, transaction, wallet};

/// Locked rows, as the postings of a batch change them one after another, and what of that is
/// to be written.
#[derive(Debug, Default)]
pub struct Books {
    pub(super) wallets: HashMap<Uid, wallet::Model>,
    pub(super) orders: HashMap<OrderNo, order::Model>,
    pub(super) opened: HashSet<Uid>,
    pub(super) changed: HashSet<Uid>,
    pub(super) created_orders: HashSet<OrderNo>,
    pub(super) changed_orders: HashSet<OrderNo>,
    pub(super) deleted_orders: Vec<order::Model>,
    pub(super) lines: Vec<transaction::Model>,
    seen: HashSet<Uid>,
    seen_orders: HashSet<OrderNo>,
}

/// What a batch writes, each list in one statement; and what it only saw.
#[derive(Debug, Default)]
pub struct Changes {
    /// New wallets, as the batch leaves them.
    pub opened: Vec<wallet::Model>,
    /// Wallets that were there, as the batch leaves them.
    pub changed: Vec<wallet::Model>,
    /// New ledger lines, in order.
    pub lines: Vec<transaction::Model>,
    /// New orders.
    pub created_orders: Vec<order::Model>,
    /// Orders with another status.
    pub changed_orders: Vec<order::Model>,
    /// Orders that go.
    pub deleted_orders: Vec<order::Model>,
    /// Wallets of repeats, as they are: whoever did it first may have ended, or lost its
    /// connection, before the cache was told.
    pub seen: Vec<wallet::Model>,
    /// Orders of repeats, as they are.
    pub seen_orders: Vec<order::Model>,
}

impl Books {
    /// From rows that are locked.
    pub fn new(wallets: Vec<wallet::Model>, orders: Vec<order::Model>) -> Self {
        Self {
            wallets: wallets.into_iter().map(|row| (row.uid.clone(), row)).collect(),
            orders: orders.into_iter().map(|row| (row.order_no.clone(), row)).collect(),
            ..Self::default()
        }
    }

    /// The wallet as it stands now.
    pub fn wallet(&self, uid: &Uid) -> Option<&wallet::Model> {
        self.wallets.get(uid)
    }

    /// Notes a posting that was done earlier: its rows are to be cached as they are now.
    pub fn look_at(&mut self, repeat: &super::Posting) {
        self.seen.extend(repeat.uids.iter().cloned());
        self.seen_orders.extend(repeat.order_no.clone());
    }

    /// Starts a posting's work.
    pub fn draft<'a>(&'a mut self, operation_id: &'a str, now: DateTime<Utc>) -> Draft<'a> {
        Draft::new(self, operation_id, now)
    }

    /// What is to be written.
    pub fn into_changes(mut self) -> Changes {
        let opened: Vec<_> =
            self.opened.iter().filter_map(|uid| self.wallets.remove(uid)).collect();
        let changed = self.changed.iter().filter_map(|uid| self.wallets.remove(uid)).collect();
        let created: Vec<_> =
            self.created_orders.iter().filter_map(|no| self.orders.remove(no)).collect();
        let altered = self.changed_orders.iter().filter_map(|no| self.orders.remove(no)).collect();
        let seen = self.seen.iter().filter_map(|uid| self.wallets.remove(uid)).collect();
        let seen_orders = self.seen_orders.iter().filter_map(|no| self.orders.remove(no)).collect();
        Changes {
            opened,
            changed,
            lines: self.lines,
            created_orders: created,
            changed_orders: altered,
            deleted_orders: self.deleted_orders,
            seen,
            seen_orders,
        }
    }
}

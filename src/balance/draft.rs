//! One posting's work on the books of its batch.

use chrono::{DateTime, Utc};

use super::{books::Books, entry::Entry, outcome::StatusChange};
use crate::{
    entity::{Money, OrderNo, TransactionNo, Uid, order, transaction, wallet},
    error::Refusal,
};

/// One posting's work on the books. Whatever it did since a [`Mark`] can be taken back, so that
/// a refusal half way leaves its neighbours nothing.
#[derive(Debug)]
pub struct Draft<'a> {
    books: &'a mut Books,
    operation_id: &'a str,
    now: DateTime<Utc>,
    first_line: usize,
    undo: Vec<Undo>,
    order: Option<order::Model>,
    status_changes: Vec<StatusChange>,
}

/// What a finished draft leaves for its outcome.
#[derive(Debug)]
pub struct Work {
    /// The ledger lines it made.
    pub lines: Vec<transaction::Model>,
    /// The order it made, changed or deleted.
    pub order: Option<order::Model>,
    /// The statuses it changed.
    pub status_changes: Vec<StatusChange>,
}

/// A point that a draft can go back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    undo: usize,
    lines: usize,
    status_changes: usize,
}

#[derive(Debug)]
enum Undo {
    Opened(Uid),
    Changed { before: wallet::Model, was_changed: bool },
}

impl<'a> Draft<'a> {
    pub(super) fn new(books: &'a mut Books, operation_id: &'a str, now: DateTime<Utc>) -> Self {
        let first_line = books.lines.len();
        Self {
            books,
            operation_id,
            now,
            first_line,
            undo: vec![],
            order: None,
            status_changes: vec![],
        }
    }

    /// When this posting's batch is written.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The wallet as it stands now.
    ///
    /// # Errors
    /// `WalletNotFound`.
    pub fn wallet(&self, uid: &Uid) -> Result<&wallet::Model, Refusal> {
        self.books.wallets.get(uid).ok_or_else(|| Refusal::WalletNotFound { uid: uid.clone() })
    }

    /// The order as it stands now.
    ///
    /// # Errors
    /// `OrderNotFound`.
    pub fn order(&self, order_no: &OrderNo) -> Result<&order::Model, Refusal> {
        let missing = || Refusal::OrderNotFound { order_no: order_no.clone() };
        self.books.orders.get(order_no).ok_or_else(missing)
    }

    /// A new, empty wallet.
    pub fn open(&mut self, uid: &Uid, currency: &str) {
        let wallet = wallet::Model {
            uid: uid.clone(),
            balance: Money::ZERO,
            status: wallet::Status::Active,
            currency: currency.to_owned(),
            version: 0,
            created_at: self.now,
            updated_at: self.now,
        };
        self.books.wallets.insert(uid.clone(), wallet);
        self.books.opened.insert(uid.clone());
        self.undo.push(Undo::Opened(uid.clone()));
    }

    /// Makes an entry in the ledger of `uid`, and the balance and version that follow from it.
    ///
    /// # Errors
    /// Why it may not; see [`Entry::apply`].
    pub fn post(&mut self, uid: &Uid, entry: &Entry<'_>) -> Result<TransactionNo, Refusal> {
        let wallet = self.wallet(uid)?;
        let after = entry.apply(wallet)?;
        let before = wallet.clone();
        let line = self.line(&before, after, entry);
        let number = line.transaction_no.clone();
        self.books.lines.push(line);
        self.replace(before, |wallet| wallet.balance = after);
        Ok(number)
    }

    /// Gives the wallet another status. A ledger line that moves nothing keeps the reason, and
    /// keeps versions dense: every version of a wallet has its line.
    ///
    /// # Errors
    /// `WalletNotFound`.
    pub fn set_status(
        &mut self,
        uid: &Uid,
        status: wallet::Status,
        entry: &Entry<'_>,
    ) -> Result<(), Refusal> {
        let before = self.wallet(uid)?.status;
        if before == status {
            return Ok(());
        }
        self.post(uid, entry)?;
        self.note(format!("wallet {uid}"), format!("{before:?}"), format!("{status:?}"));
        if let Some(wallet) = self.books.wallets.get_mut(uid) {
            wallet.status = status;
        }
        Ok(())
    }

    /// A new order. Nothing that can be refused may come after it: orders are not taken back.
    pub fn create_order(&mut self, order: order::Model) {
        self.books.created_orders.insert(order.order_no.clone());
        self.order = Some(order.clone());
        self.books.orders.insert(order.order_no.clone(), order);
    }

    /// An order as it is from now on; the same holds as for [`Self::create_order`].
    pub fn change_order(&mut self, before: order::Status, mut order: order::Model) {
        let subject = format!("order {}", order.order_no);
        self.note(subject, format!("{before:?}"), format!("{:?}", order.status));
        order.version += 1;
        order.updated_at = self.now;
        if !self.books.created_orders.contains(&order.order_no) {
            self.books.changed_orders.insert(order.order_no.clone());
        }
        self.order = Some(order.clone());
        self.books.orders.insert(order.order_no.clone(), order);
    }

    /// An order that goes; the same holds as for [`Self::create_order`].
    pub fn delete_order(&mut self, order: order::Model) {
        let subject = format!("order {}", order.order_no);
        self.note(subject, format!("{:?}", order.status), String::new());
        self.books.orders.remove(&order.order_no);
        self.books.changed_orders.remove(&order.order_no);
        if !self.books.created_orders.remove(&order.order_no) {
            self.books.deleted_orders.push(order.clone());
        }
        self.order = Some(order);
    }

    /// Where the work stands.
    pub fn mark(&self) -> Mark {
        Mark {
            undo: self.undo.len(),
            lines: self.books.lines.len(),
            status_changes: self.status_changes.len(),
        }
    }

    /// Takes back what was done since `mark`.
    pub fn undo_to(&mut self, mark: Mark) {
        self.books.lines.truncate(mark.lines);
        self.status_changes.truncate(mark.status_changes);
        for undo in self.undo.drain(mark.undo..).rev() {
            match undo {
                Undo::Opened(uid) => {
                    self.books.wallets.remove(&uid);
                    self.books.opened.remove(&uid);
                }
                Undo::Changed { before, was_changed } => {
                    if !was_changed {
                        self.books.changed.remove(&before.uid);
                    }
                    self.books.wallets.insert(before.uid.clone(), before);
                }
            }
        }
    }

    /// Ends the work.
    pub fn finish(self) -> Work {
        Work {
            lines: self.books.lines[self.first_line..].to_vec(),
            order: self.order,
            status_changes: self.status_changes,
        }
    }

    fn note(&mut self, subject: String, before: String, after: String) {
        self.status_changes.push(StatusChange { subject, before, after });
    }

    fn line(&self, before: &wallet::Model, after: Money, entry: &Entry<'_>) -> transaction::Model {
        transaction::Model {
            transaction_no: TransactionNo::generate(),
            uid: before.uid.clone(),
            kind: entry.kind,
            amount: entry.amount().map(|amount| amount.money()).unwrap_or_default(),
            balance_before: before.balance,
            balance_after: after,
            version: before.version + 1,
            status: transaction::Status::Success,
            description: entry.description.map(str::to_owned),
            operation_id: self.operation_id.to_owned(),
            counterparty_uid: entry.counterparty.cloned(),
            order_no: entry.order_no.cloned(),
            created_at: self.now,
        }
    }

    fn replace(&mut self, before: wallet::Model, change: impl FnOnce(&mut wallet::Model)) {
        let mut after = before.clone();
        change(&mut after);
        after.version += 1;
        after.updated_at = self.now;
        let uid = after.uid.clone();
        let was_changed =
            self.books.opened.contains(&uid) || !self.books.changed.insert(uid.clone());
        self.books.wallets.insert(uid, after);
        self.undo.push(Undo::Changed { before, was_changed });
    }
}

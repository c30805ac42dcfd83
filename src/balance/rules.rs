//! What each command does, as entries: pure, on rows in memory.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::{
    command::{BatchItem, BatchKind, Command, Movement, NewOrder, OrderChange},
    draft::Draft,
    entry::{Change, Entry},
};
use crate::{
    entity::{Amount, Money, OrderNo, Uid, order, transaction::Kind, wallet},
    error::Refusal,
    orders::status,
};

/// The users of a command whose part was refused while the others' was done.
pub type Refused = Vec<(Uid, Refusal)>;

/// Why a command is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDone {
    /// Why.
    pub refusal: Refusal,
    /// Which of its items is at fault, from 0, where it has several.
    pub at: Option<usize>,
}

impl From<Refusal> for NotDone {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, at: None }
    }
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// Why it is refused; the draft must then be taken back whole.
    pub fn apply(&self, draft: &mut Draft<'_>) -> Result<Refused, NotDone> {
        match self {
            Self::Reward { rewards } => return Ok(reward(draft, rewards)),
            Self::OpenWallet { uid, currency } => open_wallet(draft, uid, currency)?,
            Self::Deposit(movement) => deposit(draft, Kind::Recharge, movement)?,
            Self::Withdraw(movement) => withdraw(draft, movement)?,
            Self::Transfer { from_uid, to_uid, amount, description } => {
                transfer(draft, [from_uid, to_uid], *amount, description.as_deref())?;
            }
            Self::Batch { operations } => batch(draft, operations)?,
            Self::SetWalletStatus { uids, status, reason } => {
                set_status(draft, uids, *status, reason)?;
            }
            Self::CreateOrder(order) => create_order(draft, order)?,
            Self::ChangeOrder { order_no, change, owner } => {
                change_order(draft, order_no, *change, owner.as_ref())?;
            }
        }
        Ok(vec![])
    }
}

fn open_wallet(draft: &mut Draft<'_>, uid: &Uid, currency: &str) -> Result<(), Refusal> {
    match draft.wallet(uid) {
        Ok(wallet) => require_currency(wallet, currency),
        Err(_) => {
            draft.open(uid, currency);
            Ok(())
        }
    }
}

fn deposit(draft: &mut Draft<'_>, kind: Kind, movement: &Movement) -> Result<(), Refusal> {
    let change = Change::Credit(movement.amount);
    draft.post(&movement.uid, &Entry::new(kind, change, movement.description.as_deref()))?;
    Ok(())
}

fn withdraw(draft: &mut Draft<'_>, movement: &Movement) -> Result<(), Refusal> {
    let change = Change::Debit(movement.amount);
    let entry = Entry::new(Kind::Withdraw, change, movement.description.as_deref());
    draft.post(&movement.uid, &entry)?;
    Ok(())
}

fn transfer(
    draft: &mut Draft<'_>,
    [from, to]: [&Uid; 2],
    amount: Amount,
    description: Option<&str>,
) -> Result<(), Refusal> {
    if from == to {
        return Err(Refusal::SameWallet { uid: from.clone() });
    }
    let currency = draft.wallet(from)?.currency.clone();
    require_currency(draft.wallet(to)?, &currency)?;
    let paid = Entry::new(Kind::TransferOut, Change::Debit(amount), description).with(to);
    draft.post(from, &paid)?;
    let got = Entry::new(Kind::TransferIn, Change::Credit(amount), description).with(from);
    draft.post(to, &got)?;
    Ok(())
}

fn batch(draft: &mut Draft<'_>, operations: &[BatchItem]) -> Result<(), NotDone> {
    one_by_one(operations, |operation| match operation.kind {
        BatchKind::Add => deposit(draft, Kind::Recharge, &operation.movement),
        BatchKind::Withdraw => withdraw(draft, &operation.movement),
    })
}

fn one_by_one<T>(
    items: &[T],
    mut apply: impl FnMut(&T) -> Result<(), Refusal>,
) -> Result<(), NotDone> {
    items
        .iter()
        .enumerate()
        .try_for_each(|(at, item)| apply(item).map_err(|refusal| NotDone { refusal, at: Some(at) }))
}

/// Each user's rewards are paid all or none.
fn reward(draft: &mut Draft<'_>, rewards: &[Movement]) -> Refused {
    let mut of_user: HashMap<&Uid, Vec<&Movement>> = HashMap::new();
    let mut users = Vec::new();
    for reward in rewards {
        let mine = of_user.entry(&reward.uid).or_default();
        if mine.is_empty() {
            users.push(&reward.uid);
        }
        mine.push(reward);
    }
    let mut refused = Vec::new();
    for uid in users {
        let mark = draft.mark();
        let paid = of_user[uid].iter().try_for_each(|reward| deposit(draft, Kind::Reward, reward));
        if let Err(refusal) = paid {
            draft.undo_to(mark);
            refused.push((uid.clone(), refusal));
        }
    }
    refused
}

fn set_status(
    draft: &mut Draft<'_>,
    uids: &[Uid],
    status: wallet::Status,
    reason: &str,
) -> Result<(), NotDone> {
    let entry = Entry::new(Kind::Adjustment, Change::Nothing, Some(reason));
    one_by_one(uids, |uid| draft.set_status(uid, status, &entry))
}

fn create_order(draft: &mut Draft<'_>, new: &NewOrder) -> Result<(), Refusal> {
    let order_no = OrderNo::generate(&new.period_number);
    let debit = Entry::new(Kind::Order, Change::Debit(new.amount), None).of(&order_no);
    let debit_no = draft.post(&new.uid, &debit)?;
    let lifetime = TimeDelta::from_std(new.lifetime).unwrap_or(TimeDelta::MAX);
    draft.create_order(order::Model {
        uid: new.uid.clone(),
        period_number: new.period_number.clone(),
        amount: new.amount.money(),
        profit_amount: Money::ZERO,
        like_count: 0,
        share_count: 0,
        follow_count: 0,
        favorite_count: 0,
        status: order::Status::Pending,
        version: 0,
        debit_no: Some(debit_no),
        refund_no: None,
        expire_time: draft.now() + lifetime,
        created_at: draft.now(),
        updated_at: draft.now(),
        order_no,
    });
    Ok(())
}

fn change_order(
    draft: &mut Draft<'_>,
    order_no: &OrderNo,
    change: OrderChange,
    owner: Option<&Uid>,
) -> Result<(), Refusal> {
    let order = draft.order(order_no)?.clone();
    if owner.is_some_and(|owner| *owner != order.uid) {
        return Err(Refusal::OrderNotFound { order_no: order_no.clone() });
    }
    match change {
        OrderChange::Status { to, expected } => set_order_status(draft, order, to, expected),
        OrderChange::Delete if status::holds_money(order.status) => {
            let order_no = order_no.clone();
            Err(Refusal::InvalidTransition { order_no, from: order.status, to: None })
        }
        OrderChange::Delete => {
            draft.delete_order(order);
            Ok(())
        }
    }
}

fn set_order_status(
    draft: &mut Draft<'_>,
    order: order::Model,
    to: order::Status,
    expected: Option<order::Status>,
) -> Result<(), Refusal> {
    if expected.is_some_and(|expected| expected != order.status) {
        return Err(Refusal::VersionConflict { what: format!("order {}", order.order_no) });
    }
    if !status::may_follow(order.status, to) {
        let from = order.status;
        return Err(Refusal::InvalidTransition { order_no: order.order_no, from, to: Some(to) });
    }
    let refund_no = if status::gives_back(to) { refund(draft, &order)? } else { None };
    draft.change_order(order.status, order::Model { status: to, refund_no, ..order });
    Ok(())
}

/// Gives back what the order's debit took. An order that no ledger line paid for (other services
/// write such) has nothing to give back.
fn refund(
    draft: &mut Draft<'_>,
    order: &order::Model,
) -> Result<Option<crate::entity::TransactionNo>, Refusal> {
    let Ok(amount) = Amount::try_from(order.amount) else { return Ok(None) };
    if order.debit_no.is_none() || order.refund_no.is_some() {
        return Ok(order.refund_no.clone());
    }
    let entry = Entry::new(Kind::Refund, Change::Credit(amount), None).of(&order.order_no);
    draft.post(&order.uid, &entry).map(Some)
}

fn require_currency(wallet: &wallet::Model, expected: &str) -> Result<(), Refusal> {
    if wallet.currency == expected {
        return Ok(());
    }
    Err(Refusal::CurrencyMismatch {
        uid: wallet.uid.clone(),
        found: wallet.currency.clone(),
        expected: expected.to_owned(),
    })
}

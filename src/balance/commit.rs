//! One batch, one transaction: a constant number of statements, whatever the batch's size.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::{
    Outcome, Posting,
    books::{Books, Changes},
    failure::Failure,
    fold::{Folded, Verdict, fold},
    held::uids_of,
};
use crate::{
    entity::{OrderNo, clock, operation, order, transaction},
    error::{Error, Refusal, Result},
    store,
};

/// What a committed batch leaves for afterwards.
#[derive(Debug, Default)]
pub struct Committed {
    /// In the postings' order.
    pub answers: Vec<Result<Outcome>>,
    /// What is to be cached and published.
    pub changes: Changes,
    /// Whether some keys were known.
    pub repeats: bool,
}

/// What is thought of a batch's keys before the database is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// That all are new. Where one is not, its record cannot be inserted, and nothing is done:
    /// a statement less for what is nearly always so.
    New,
    /// Nothing: they are looked up.
    Unknown,
}

/// Does a batch in this transaction, which has done nothing yet.
///
/// # Errors
/// [`Failure::is_known_key`] where keys that were thought new are not. Otherwise the database's:
/// when it is in doubt what was done, a repeat of the batch finds it by its keys.
pub async fn commit(
    transaction: DatabaseTransaction,
    postings: &[Posting],
    keys: Keys,
) -> Result<Committed, Failure> {
    let books = lock(&transaction, postings).await?;
    let earlier = match keys {
        Keys::New => vec![],
        // After the row locks, in a statement of its own: whoever held them is committed and seen.
        Keys::Unknown => store::operations::by_keys(&transaction, &names(postings)).await?,
    };
    let repeats = !earlier.is_empty();
    let Folded { verdicts, mut changes, records } = fold(postings, books, earlier, clock::now())?;
    write(&transaction, &changes, &records).await?;
    let lines = lines_of_repeats(&transaction, &verdicts).await?;
    changes.seen_orders.extend(orders_of_repeats(&transaction, &lines).await?);
    let in_doubt = |error: DbErr| Failure { in_doubt: true, ..error.into() };
    transaction.commit().await.map_err(in_doubt)?;
    let answers = verdicts.into_iter().map(|verdict| answer(verdict, &lines)).collect();
    Ok(Committed { answers, changes, repeats })
}

/// Wallets first, then orders, each in the order of their keys: no two batches can wait for
/// each other.
async fn lock(transaction: &DatabaseTransaction, postings: &[Posting]) -> Result<Books, DbErr> {
    let wallets = store::wallets::lock(transaction, &uids_of(postings)).await?;
    let mut order_nos: Vec<OrderNo> = postings.iter().filter_map(|p| p.order_no.clone()).collect();
    order_nos.sort_unstable();
    order_nos.dedup();
    let orders = if order_nos.is_empty() {
        vec![]
    } else {
        store::orders::lock(transaction, &order_nos).await?
    };
    Ok(Books::new(wallets, orders))
}

fn names(postings: &[Posting]) -> Vec<(String, crate::entity::IdempotencyKey)> {
    postings.iter().map(|p| (p.request.caller.clone(), p.request.key.clone())).collect()
}

async fn write(
    connection: &impl ConnectionTrait,
    changes: &Changes,
    records: &[operation::Model],
) -> Result<()> {
    if !changes.opened.is_empty() {
        let opened = store::wallets::insert_missing(connection, &changes.opened).await?;
        if opened.len() < changes.opened.len() {
            // Somebody else opened one of them meanwhile. The next attempt finds it.
            return Err(Error::Database(Arc::new(DbErr::RecordNotInserted)));
        }
    }
    if !changes.created_orders.is_empty() {
        store::orders::insert(connection, &changes.created_orders).await?;
    }
    if !changes.changed_orders.is_empty() {
        store::orders::update(connection, &changes.changed_orders).await?;
    }
    if !changes.deleted_orders.is_empty() {
        let gone: Vec<_> = changes.deleted_orders.iter().map(|o| o.order_no.clone()).collect();
        store::orders::delete(connection, &gone).await?;
    }
    if !records.is_empty() {
        // Without a new record every posting is a repeat, and there is nothing else to write.
        store::ledger::post(connection, &changes.changed, &changes.lines, records).await?;
    }
    Ok(())
}

/// The ledger lines of operations that are answered again, by operation.
type Lines = HashMap<String, Vec<transaction::Model>>;

async fn lines_of_repeats(
    connection: &impl ConnectionTrait,
    verdicts: &[Verdict],
) -> Result<Lines> {
    let ids: Vec<String> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Earlier(record) => Some(record.operation_id.clone()),
            Verdict::Now(_) | Verdict::KeyReused => None,
        })
        .collect();
    let mut lines = Lines::new();
    if !ids.is_empty() {
        for line in store::transactions::by_operations(connection, &ids).await? {
            lines.entry(line.operation_id.clone()).or_default().push(line);
        }
    }
    Ok(lines)
}

/// The orders that these lines paid for, as they are now.
async fn orders_of_repeats(
    connection: &impl ConnectionTrait,
    lines: &Lines,
) -> Result<Vec<order::Model>, DbErr> {
    let paid = |line: &transaction::Model| line.order_no.clone();
    let order_nos: Vec<OrderNo> = lines.values().flatten().filter_map(paid).collect();
    if order_nos.is_empty() {
        return Ok(vec![]);
    }
    store::orders::by_nos(connection, &order_nos).await
}

fn answer(verdict: Verdict, lines: &Lines) -> Result<Outcome> {
    match verdict {
        Verdict::Now(outcome) => Ok(*outcome),
        Verdict::KeyReused => Err(Refusal::IdempotencyKeyReused.into()),
        Verdict::Earlier(record) => {
            let mine = lines.get(&record.operation_id).map(Vec::as_slice).unwrap_or_default();
            Outcome::from_record(&record, mine)
        }
    }
}

//! One batch from its locks to its answers.

use std::{collections::HashSet, time::Duration};

use sea_orm::{DatabaseTransaction, DbErr, SqlErr};
use tokio::time::Instant;

use super::{
    Context, Outcome, Posting, aftermath,
    books::Changes,
    commit::{Committed, commit},
    posting::Deferred,
};
use crate::{
    entity::Uid,
    error::{Error, Result},
};

/// Does a batch, and returns the postings that must wait because another instance holds one of
/// their wallets.
pub async fn run(context: &Context, mut uids: Vec<Uid>, batch: Vec<Posting>) -> Vec<Posting> {
    uids.sort_unstable();
    let ttl = batch.iter().map(|posting| posting.command.policy().ttl).max().unwrap_or_default();
    // Neither needs the other: a round trip is saved. What the lock refuses needs no transaction.
    let (grant, transaction) =
        tokio::join!(context.locks.try_acquire(&uids, ttl), context.database.begin());
    let (ready, put_off) = split(batch, &grant.busy);
    if ready.is_empty() {
        context.locks.release(grant).await;
        return put_off;
    }
    record_waits(context, &ready);
    let Settled { answers, committed } = settle(context, transaction, &ready).await;
    // The cache before the answer and the event: who has heard of a change can read it. Giving
    // the lock back meanwhile is safe: the cache keeps the newer of two values.
    let release = context.locks.release(grant);
    Box::pin(async { tokio::join!(write_caches(context, &committed), release) }).await;
    for (posting, answer) in ready.into_iter().zip(answers) {
        posting.answer(answer);
    }
    for changes in committed {
        aftermath::publish(&context.events, changes).await;
    }
    put_off
}

async fn write_caches(context: &Context, committed: &[Changes]) {
    for changes in committed {
        Box::pin(aftermath::write_cache(&context.cache, changes)).await;
    }
}

/// Those that can be done now, and those that cannot.
fn split(batch: Vec<Posting>, busy: &[Uid]) -> (Vec<Posting>, Vec<Posting>) {
    let busy: HashSet<&Uid> = busy.iter().collect();
    let (ready, mut put_off): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|posting| !posting.uids.iter().any(|uid| busy.contains(uid)));
    let now = Instant::now();
    for posting in &mut put_off {
        let (since, attempts) = posting.deferred.map_or((now, 0), |d| (d.since, d.attempts));
        let delay = posting.command.policy().delay(attempts, rand::random());
        posting.deferred = Some(Deferred { since, attempts: attempts + 1, retry_at: now + delay });
    }
    (ready, put_off)
}

fn record_waits(context: &Context, ready: &[Posting]) {
    for posting in ready {
        let (waited, attempts) =
            posting.deferred.map_or((Duration::ZERO, 0), |d| (d.since.elapsed(), d.attempts));
        context.locks.record_wait(waited, attempts);
    }
}

/// A transaction, or why none could be begun.
type Begun = std::result::Result<DatabaseTransaction, DbErr>;

/// What is to be answered, and what is to be told to caches and subscribers.
struct Settled {
    answers: Vec<Result<Outcome>>,
    committed: Vec<Changes>,
}

/// Commits the batch; when that fails, once more; when it fails for a reason that lies in the
/// rows, posting by posting, so that one cannot fail its neighbours.
async fn settle(context: &Context, transaction: Begun, postings: &[Posting]) -> Settled {
    match commit_twice(context, transaction, postings).await {
        Ok(Committed { answers, changes }) => Settled { answers, committed: vec![changes] },
        Err(error) if postings.len() == 1 || is_unreachable(&error) => {
            tracing::error!(%error, postings = postings.len(), "a batch was not committed");
            let answers = postings.iter().map(|_| Err(fault(&error))).collect();
            Settled { answers, committed: vec![] }
        }
        Err(error) => {
            tracing::warn!(%error, postings = postings.len(), "a batch is done one by one");
            Box::pin(settle_singly(context, postings)).await
        }
    }
}

async fn settle_singly(context: &Context, postings: &[Posting]) -> Settled {
    let mut all = Settled { answers: vec![], committed: vec![] };
    for posting in postings {
        let transaction = context.database.begin().await;
        let one = settle(context, transaction, std::slice::from_ref(posting)).await;
        all.answers.extend(one.answers);
        all.committed.extend(one.committed);
    }
    all
}

/// A second attempt is safe: should the first have been committed after all, its keys say so.
async fn commit_twice(
    context: &Context,
    transaction: Begun,
    postings: &[Posting],
) -> Result<Committed> {
    let first = match transaction {
        Ok(transaction) => commit(transaction, postings).await,
        Err(error) => Err(error.into()),
    };
    match first {
        Err(error) if !is_exhausted(&error) => {
            tracing::debug!(%error, "a batch is tried again");
            commit(context.database.begin().await?, postings).await
        }
        result => result,
    }
}

/// No connection could be had in the time that is given for it: trying again doubles the wait.
fn is_exhausted(error: &Error) -> bool {
    matches!(error, Error::Database(error) if matches!(**error, DbErr::ConnectionAcquire(_)))
}

/// The reason lies in the connection, not in the rows: smaller batches do not help.
fn is_unreachable(error: &Error) -> bool {
    match error {
        Error::Database(error) => match &**error {
            DbErr::RecordNotInserted => false,
            error => {
                !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
                    && !is_database_error(error)
            }
        },
        _ => false,
    }
}

/// Whether the database answered, with an error, rather than not at all.
fn is_database_error(error: &DbErr) -> bool {
    use sea_orm::RuntimeErr::SqlxError;
    matches!(error, DbErr::Exec(SqlxError(error)) | DbErr::Query(SqlxError(error)) if error.as_database_error().is_some())
}

fn fault(error: &Error) -> Error {
    if is_unreachable(error) {
        Error::Unavailable("the database did not answer; repeat with the same idempotency key")
    } else {
        error.clone()
    }
}

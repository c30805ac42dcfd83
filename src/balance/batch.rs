//! One batch from its locks to its answers.

use std::{collections::HashSet, sync::atomic::Ordering::Relaxed, time::Duration};

use sea_orm::{DatabaseTransaction, DbErr};
use tokio::time::{Instant, timeout};

use super::{
    Context, Outcome, Posting, aftermath,
    books::Changes,
    commit::{Committed, Keys, commit},
    dispatch::busy,
    failure::Failure,
    held::uids_of,
    posting::Deferred,
};
use crate::{
    entity::Uid,
    error::{Error, Refusal, Result},
};

/// How often one batch is tried; more than a pool has connections would not help.
const MAX_ATTEMPTS: u32 = 5;
/// How long one attempt may take: longer than a row's lock is waited for, and no longer than
/// callers wait. A network that was cut answers nothing, and must not hold up all that follows.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How soon a row that others hold is looked at again.
const ROW_RETRY: Duration = Duration::from_millis(100);

/// Does a batch, and returns the postings that must wait because another instance holds one of
/// their wallets, or somebody a row.
pub async fn run(context: &Context, mut uids: Vec<Uid>, batch: Vec<Posting>) -> Vec<Posting> {
    uids.sort_unstable();
    let ttl = batch.iter().map(|posting| posting.command.policy().ttl).max().unwrap_or_default();
    // Neither needs the other: a round trip is saved. What the lock refuses needs no transaction.
    let (grant, transaction) =
        tokio::join!(context.locks.try_acquire(&uids, ttl), context.database.begin());
    let busy: HashSet<Uid> = grant.busy.iter().cloned().collect();
    let (mut ready, mut put_off) = split(context, batch, &busy, None);
    if ready.is_empty() {
        context.locks.release(grant).await;
        return put_off;
    }
    let transaction = match context.held.any(&uids) {
        true => put_off_held(context, transaction, (&mut ready, &mut put_off)).await,
        false => transaction,
    };
    record_waits(context, &mut ready);
    let mut result = try_again(context, transaction, &ready).await;
    if matches!(&result, Err(failure) if failure.is_row_held()) {
        let transaction = context.database.begin().await;
        let transaction = put_off_held(context, transaction, (&mut ready, &mut put_off)).await;
        result = try_again(context, transaction, &ready).await;
    }
    let Settled { answers, committed } = settle(context, result, &ready).await;
    // The cache before the answer and the event: who has heard of a change can read it. Giving
    // the lock back meanwhile is safe: the cache keeps the newer of two values.
    let release = context.locks.release(grant);
    Box::pin(async { tokio::join!(write_caches(context, &committed), release) }).await;
    for (posting, answer) in ready.into_iter().zip(answers) {
        posting.answer(answer);
    }
    for changes in committed {
        aftermath::publish(&context.events, changes);
    }
    put_off
}

async fn write_caches(context: &Context, committed: &[Changes]) {
    for changes in committed {
        if !Box::pin(aftermath::write_cache(&context.cache, changes)).await {
            Box::pin(aftermath::doubt_cache(&context.database, &context.cache, changes)).await;
        }
    }
}

/// Puts off those whose rows others hold, and locks the rows of the rest in this transaction.
async fn put_off_held(
    context: &Context,
    transaction: Begun,
    (ready, put_off): (&mut Vec<Posting>, &mut Vec<Posting>),
) -> Begun {
    let transaction = transaction?;
    let held = context.held.among(&context.database, &transaction, &uids_of(ready)).await?;
    let (free, held) = split(context, std::mem::take(ready), &held, Some(ROW_RETRY));
    *ready = free;
    // They were there before those that a lock holds back.
    put_off.splice(0..0, held);
    Ok(transaction)
}

/// Those that can be done now, and those that cannot. These are tried again after `delay`, or as
/// their policies say.
fn split(
    context: &Context,
    batch: Vec<Posting>,
    busy: &HashSet<Uid>,
    delay: Option<Duration>,
) -> (Vec<Posting>, Vec<Posting>) {
    let (ready, mut put_off): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|posting| !posting.uids.iter().any(|uid| busy.contains(uid)));
    let now = Instant::now();
    for posting in &mut put_off {
        let (since, attempts) =
            posting.deferred.as_ref().map_or((now, 0), |d| (d.since, d.attempts));
        let policy = posting.command.policy();
        let lacks: Vec<Uid> =
            posting.uids.iter().filter(|uid| busy.contains(uid)).cloned().collect();
        posting.deferred = Some(Deferred {
            since,
            attempts: attempts + 1,
            retry_at: now + delay.unwrap_or_else(|| policy.delay(attempts, rand::random())),
            for_row: delay.is_some(),
            _waiting: context.locks.wait_for(lacks),
        });
    }
    (ready, put_off)
}

/// Notes how long each waited; from now on it waits no more.
fn record_waits(context: &Context, ready: &mut [Posting]) {
    for posting in ready {
        let deferred = posting.deferred.take();
        let (waited, attempts) =
            deferred.map_or((Duration::ZERO, 0), |d| (d.since.elapsed(), d.attempts));
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

/// What came of the batch; when it failed for a reason that lies in the rows, it is done posting by
/// posting, so that one cannot fail its neighbours.
async fn settle(
    context: &Context,
    result: Result<Committed, Failure>,
    postings: &[Posting],
) -> Settled {
    match result {
        Ok(Committed { answers, changes, repeats }) => {
            context.repeats.store(repeats, Relaxed);
            Settled { answers, committed: vec![changes] }
        }
        Err(failure) if postings.len() == 1 || failure.in_doubt || failure.is_unreachable() => {
            let (error, in_doubt) = (&failure.error, failure.in_doubt);
            tracing::error!(%error, in_doubt, postings = postings.len(), "a batch was not committed");
            if in_doubt {
                recheck(context, postings);
            }
            let answers = postings.iter().map(|_| Err(failure.answer())).collect();
            Settled { answers, committed: vec![] }
        }
        Err(Failure { error, .. }) => {
            tracing::warn!(%error, postings = postings.len(), "a batch is done one by one");
            Box::pin(settle_singly(context, postings)).await
        }
    }
}

/// Who waits in vain for a row's lock waits for seconds: others on that wallet do not try.
async fn settle_singly(context: &Context, postings: &[Posting]) -> Settled {
    let mut all = Settled { answers: vec![], committed: vec![] };
    let mut blocked: HashSet<&Uid> = HashSet::new();
    for posting in postings {
        if posting.uids.iter().any(|uid| blocked.contains(uid)) {
            all.answers.push(Err(busy()));
            continue;
        }
        let transaction = context.database.begin().await;
        let alone = std::slice::from_ref(posting);
        let result = try_again(context, transaction, alone).await;
        let one = settle(context, result, alone).await;
        if matches!(one.answers[..], [Err(Error::Refused(Refusal::SystemBusy { .. }))]) {
            blocked.extend(&posting.uids);
        }
        all.answers.extend(one.answers);
        all.committed.extend(one.committed);
    }
    all
}

/// Caches what the batch left, or did not leave, once the database says which.
fn recheck(context: &Context, postings: &[Posting]) {
    let uids = uids_of(postings);
    let (database, cache) = (context.database.clone(), context.cache.clone());
    tokio::spawn(async move { Box::pin(aftermath::recheck(&database, &cache, &uids)).await });
}

/// Another attempt is safe: should an earlier one have been committed after all, its keys say so.
async fn try_again(
    context: &Context,
    transaction: Begun,
    postings: &[Posting],
) -> Result<Committed, Failure> {
    if postings.is_empty() {
        return Ok(Committed::default());
    }
    // Repeats come in flocks: after an outage, or when a large reward is asked for again.
    let keys = if context.repeats.load(Relaxed) { Keys::Unknown } else { Keys::New };
    let mut result = attempt(transaction, postings, keys).await;
    if matches!(&result, Err(failure) if failure.is_known_key()) {
        result = attempt(context.database.begin().await, postings, Keys::Unknown).await;
    }
    for attempts in 1..MAX_ATTEMPTS {
        let Err(failure) = &result else { break };
        if !failure.is_worth_another_attempt(attempts) {
            break;
        }
        tracing::debug!(error = %failure.error, "a batch is tried again");
        let was_in_doubt = failure.in_doubt;
        let still_in_doubt =
            |failure: Failure| Failure { in_doubt: was_in_doubt || failure.in_doubt, ..failure };
        result = attempt(context.database.begin().await, postings, Keys::Unknown)
            .await
            .map_err(still_in_doubt);
    }
    result
}

async fn attempt(
    transaction: Begun,
    postings: &[Posting],
    keys: Keys,
) -> Result<Committed, Failure> {
    let committing = commit(transaction?, postings, keys);
    let late = |_| Err(Failure { error: Error::Timeout, in_doubt: true });
    timeout(ATTEMPT_TIMEOUT, committing).await.unwrap_or_else(late)
}

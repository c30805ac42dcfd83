//! The one door for money.
//!
//! ```text
//! execute -> queue -> dispatch -> batch:  lock -> commit (fold) -> aftermath -> answer
//! ```
//!
//! A [`Command`] becomes a [`Posting`] on a bounded queue. The [`dispatch`]er puts what waits into
//! batches of different wallets; each batch is one transaction. [`rules`] and [`entry`] say, as
//! pure functions of rows, what a command does; nothing here decides anything on a cached value.

mod aftermath;
mod batch;
pub mod books;
pub mod command;
mod commit;
mod dispatch;
pub mod draft;
pub mod entry;
mod failure;
pub mod fold;
mod force_release;
mod held;
pub mod outcome;
mod posting;
mod rewards;
mod rules;
mod sweep;
#[cfg(test)]
mod testing;

use std::sync::{Arc, atomic::AtomicBool};

use parking_lot::Mutex;
use tokio::{
    sync::{
        Semaphore,
        mpsc::{UnboundedSender, unbounded_channel},
    },
    task::JoinHandle,
};
use tokio_util::task::AbortOnDropHandle;

pub use command::{BatchItem, BatchKind, Command, Movement, NewOrder, OrderChange, Request};
pub use force_release::{ForceRelease, ReleasedLock};
pub use outcome::{Outcome, OutcomeState, StatusChange};
pub use posting::Posting;

pub use crate::lock::{LockStats, LockStatus};
use held::Held;
use posting::{InFlight, Ticket};

use crate::{
    cache::Cache,
    config::BalanceConfig,
    entity::{IdempotencyKey, OrderNo, operation},
    error::{Error, Result},
    events::Events,
    lock::Locks,
    store::{self, Database},
};

/// Handle to the write path; cheap to clone.
#[derive(Clone)]
pub struct Balance {
    context: Arc<Context>,
    /// Taken away at shutdown.
    queue: Arc<Mutex<Option<UnboundedSender<Posting>>>>,
    dispatcher: Arc<Mutex<Option<JoinHandle<()>>>>,
    sweeper: Arc<AbortOnDropHandle<()>>,
    /// One permit for each posting that is not answered yet: what bounds the queue.
    slots: Arc<Semaphore>,
    /// Names of operations that are not answered yet.
    in_flight: InFlight,
}

/// What the write path works on.
pub struct Context {
    database: Database,
    cache: Cache,
    locks: Locks,
    events: Events,
    limits: Limits,
    /// Whether the last batch held repeats of what was done before: then the next is thought to.
    repeats: AtomicBool,
    /// Whose rows others hold.
    held: Held,
}

/// Bounds of the write path.
#[derive(Clone, Copy, Debug)]
struct Limits {
    batch: usize,
    batches_in_flight: usize,
}

/// What is known of an operation by its key.
#[derive(Clone, Debug)]
pub enum Known {
    /// It is in this instance's queue.
    InProgress,
    /// It ended so.
    Ended(Box<Outcome>),
}

impl Balance {
    /// Starts the write path. Must be called in a Tokio runtime.
    pub fn start(
        config: &BalanceConfig,
        database: Database,
        cache: Cache,
        locks: Locks,
        events: Events,
    ) -> Self {
        let limits = Limits {
            batch: config.write_batch as usize,
            batches_in_flight: config.write_batches_in_flight as usize,
        };
        let context = Arc::new(Context {
            database,
            cache,
            locks,
            events,
            limits,
            repeats: AtomicBool::default(),
            held: Held::default(),
        });
        let (sender, receiver) = unbounded_channel();
        let dispatcher = dispatch::Dispatcher::new(context.clone(), receiver);
        let swept = context.clone();
        let sweeper = tokio::spawn(async move { sweep::run(&swept).await });
        Self {
            context,
            queue: Arc::new(Mutex::new(Some(sender))),
            dispatcher: Arc::new(Mutex::new(Some(tokio::spawn(dispatcher.run())))),
            sweeper: Arc::new(AbortOnDropHandle::new(sweeper)),
            slots: Arc::new(Semaphore::new(config.write_queue as usize)),
            in_flight: InFlight::default(),
        }
    }

    /// Does what is asked, once for a key. Dropping the future does not undo it.
    ///
    /// # Errors
    /// `Refused` with `SystemBusy` or `IdempotencyKeyReused`, which are not stored; a fault when
    /// the database cannot be reached. Every other refusal is an [`Outcome`].
    pub async fn execute(&self, request: Request, command: Command) -> Result<Outcome> {
        if let Command::Reward { rewards } = &command {
            return rewards::execute(self, request, rewards).await;
        }
        let fingerprint = command.fingerprint();
        let order_no = command.order_no().cloned();
        let (mut posting, reply) = Posting::new(request, command, fingerprint);
        if let Some(order_no) = order_no {
            posting = self.find_order(posting, order_no).await?;
        }
        self.submit(posting, reply).await
    }

    /// What became of an operation: the answer to a lost reply.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, caller: &str, key: &IdempotencyKey) -> Result<Option<Known>> {
        if self.in_flight.contains_key(&(caller.to_owned(), key.clone())) {
            return Ok(Some(Known::InProgress));
        }
        let mut records = self.records(caller, vec![key.clone()]).await?;
        let Some(first) = records.first() else { return Ok(None) };
        let count = Outcome::parts(first)?;
        let ids = [first.operation_id.clone()];
        records.extend(self.records(caller, rewards::further_keys(key, count)).await?);
        records.sort_unstable_by(|a, b| a.idempotency_key.cmp(&b.idempotency_key));
        let lines =
            store::transactions::by_operations(self.context.database.reader(), &ids).await?;
        rewards::known(&records, count, &lines)
    }

    async fn records(
        &self,
        caller: &str,
        keys: Vec<IdempotencyKey>,
    ) -> Result<Vec<operation::Model>> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let names: Vec<_> = keys.into_iter().map(|key| (caller.to_owned(), key)).collect();
        Ok(store::operations::by_keys(self.context.database.reader(), &names).await?)
    }

    /// The locks that the write path takes, for those who look at them.
    pub fn locks(&self) -> &Locks {
        &self.context.locks
    }

    /// Takes nothing more on, and returns when everything in the queue is answered.
    pub async fn shutdown(&self) {
        drop(self.queue.lock().take());
        let dispatcher = self.dispatcher.lock().take();
        if let Some(Err(error)) = match dispatcher {
            Some(task) => Some(task.await),
            None => None,
        } {
            tracing::error!(%error, "the write path ended early");
        }
        self.sweeper.abort();
        self.context.locks.leave().await;
    }

    /// An order's wallet stands in its row, and never changes. Which one is looked up before the
    /// row is locked decides nothing but what to lock.
    async fn find_order(&self, posting: Posting, order_no: OrderNo) -> Result<Posting> {
        let reader = self.context.database.reader();
        let found = store::orders::by_nos(reader, std::slice::from_ref(&order_no)).await?;
        Ok(match found.into_iter().next() {
            Some(order) => posting.on_order(order_no, order.uid),
            None => posting,
        })
    }

    async fn submit(&self, mut posting: Posting, reply: posting::Reply) -> Result<Outcome> {
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| dispatch::busy())?;
        posting.ticket = Some(Ticket::new(&posting.request, self.in_flight.clone(), slot));
        let sent = self.queue.lock().as_ref().is_some_and(|queue| queue.send(posting).is_ok());
        if !sent {
            return Err(Error::Unavailable("this server is shutting down; ask again"));
        }
        let dropped = || Error::Internal("a posting was dropped without an answer".to_owned());
        reply.await.map_err(|_| dropped())?
    }
}

//! Takes postings off the queue into batches of different wallets.
//!
//! A lone posting waits for nobody, and postings that arrive while batches are under way share the
//! next one. A batch costs its database, Redis and this process about as much as ten more
//! postings in another, so a small one does not start beside a large one that ends soon: see
//! [`Dispatcher::is_worth_a_batch`]. A wallet is in one batch at a time, and postings on it keep
//! their order.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    task::{Id, JoinSet, yield_now},
    time::{Instant, sleep_until},
};
use tracing::{Instrument, Span};

use super::{Context, Posting, batch};
use crate::{
    entity::Uid,
    error::{Error, Refusal},
};

/// How many postings are taken off the queue at once.
const TAKE: usize = 1024;
/// How often everything else that can go on does so before a batch is put together: callers who
/// were answered together ask again together, and their requests are being read.
const TURNS: usize = 3;
/// How long a batch is thought to end soon. One that takes longer waits for a row or the network,
/// and nobody waits for it.
const SOON: Duration = Duration::from_millis(10);

/// The one task that decides what runs.
pub struct Dispatcher {
    context: Arc<Context>,
    queue: UnboundedReceiver<Posting>,
    waiting: VecDeque<Posting>,
    busy: HashSet<Uid>,
    under_way: HashMap<Id, UnderWay>,
    batches: JoinSet<Vec<Posting>>,
    /// Changes whenever a lock is released, here or by another instance.
    released: watch::Receiver<()>,
}

/// A batch that was started.
struct UnderWay {
    uids: Vec<Uid>,
    postings: usize,
    since: Instant,
}

impl Dispatcher {
    /// Over this queue.
    pub fn new(context: Arc<Context>, queue: UnboundedReceiver<Posting>) -> Self {
        Self {
            released: context.locks.released(),
            context,
            queue,
            waiting: VecDeque::new(),
            busy: HashSet::new(),
            under_way: HashMap::new(),
            batches: JoinSet::new(),
        }
    }

    /// Runs until the queue is closed and everything in it is answered.
    pub async fn run(mut self) {
        let mut open = true;
        let mut taken = Vec::with_capacity(TAKE);
        while open || !self.waiting.is_empty() || !self.batches.is_empty() {
            let now = Instant::now();
            self.give_up();
            if self.is_worth_a_batch() {
                self.gather().await;
                self.start_batches();
            }
            let wake_at = self.next_wake(now);
            let put_off = self.waiting.iter().any(|posting| posting.deferred.is_some());
            tokio::select! {
                count = self.queue.recv_many(&mut taken, TAKE), if open => {
                    open = count > 0;
                    self.waiting.extend(taken.drain(..));
                }
                Some(done) = self.batches.join_next_with_id() => self.finish(done),
                Ok(()) = self.released.changed(), if put_off => self.retry_now(),
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {}
            }
        }
    }

    /// Whether as many wait as make a batch beside those that end soon: as many as are in these.
    fn is_worth_a_batch(&self) -> bool {
        let soon = self.under_way.values().filter(|batch| batch.since.elapsed() < SOON);
        let postings: usize = soon.map(|batch| batch.postings).sum();
        !self.waiting.is_empty()
            && self.batches.len() < self.context.limits.batches_in_flight
            && self.waiting.len() >= postings.min(self.context.limits.batch)
    }

    /// Takes what arrives in a moment.
    async fn gather(&mut self) {
        // Requests are read on threads of their own, which may wait for this processor.
        thread::yield_now();
        for _ in 0..TURNS {
            yield_now().await;
        }
        while self.waiting.len() < TAKE
            && let Ok(posting) = self.queue.try_recv()
        {
            self.waiting.push_back(posting);
        }
    }

    fn start_batches(&mut self) {
        while self.is_worth_a_batch() {
            let batch = self.take_batch();
            if batch.is_empty() {
                return;
            }
            let postings = batch.len();
            metrics::histogram!("balance_batch_size").record(postings as f64);
            let uids: HashSet<&Uid> = batch.iter().flat_map(|posting| &posting.uids).collect();
            let uids: Vec<Uid> = uids.into_iter().cloned().collect();
            self.busy.extend(uids.iter().cloned());
            let context = self.context.clone();
            let locked = uids.clone();
            let span = batch_span(&batch);
            let run = async move { batch::run(&context, locked, batch).await };
            let task = self.batches.spawn(run.instrument(span));
            let since = Instant::now();
            self.under_way.insert(task.id(), UnderWay { uids, postings, since });
        }
    }

    /// What may run now, oldest first. A posting that must wait holds back all later ones on its
    /// wallets.
    fn take_batch(&mut self) -> Vec<Posting> {
        let now = Instant::now();
        let mut held_back: HashSet<Uid> = HashSet::new();
        let mut kept = Vec::new();
        let mut batch = Vec::new();
        let mut weight = 0;
        while let Some(posting) = self.waiting.pop_front() {
            let must_wait =
                posting.deferred.as_ref().is_some_and(|deferred| deferred.retry_at > now)
                    || posting.uids.iter().any(|u| self.busy.contains(u) || held_back.contains(u));
            if must_wait {
                held_back.extend(posting.uids.iter().cloned());
                kept.push(posting);
            } else if batch.is_empty() || weight + posting.weight() <= self.context.limits.batch {
                weight += posting.weight();
                batch.push(posting);
            } else {
                self.waiting.push_front(posting);
                break;
            }
        }
        for posting in kept.into_iter().rev() {
            self.waiting.push_front(posting);
        }
        batch
    }

    fn finish(&mut self, done: Result<(Id, Vec<Posting>), tokio::task::JoinError>) {
        let (id, put_off) = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "a batch's task ended early; its callers are told");
                (error.id(), vec![])
            }
        };
        for uid in self.under_way.remove(&id).map(|batch| batch.uids).unwrap_or_default() {
            self.busy.remove(&uid);
        }
        for posting in put_off.into_iter().rev() {
            self.waiting.push_front(posting);
        }
    }

    /// Refuses what others' locks have kept waiting for too long.
    fn give_up(&mut self) {
        let late = |posting: &Posting| {
            posting
                .deferred
                .as_ref()
                .is_some_and(|d| d.since.elapsed() >= posting.command.policy().deadline)
        };
        if !self.waiting.iter().any(late) {
            return;
        }
        let (late, waiting): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(late);
        self.waiting = waiting.into();
        for posting in late {
            self.context.locks.record_timeout(posting.command.policy());
            posting.answer(Err(busy()));
        }
    }

    /// When who waits may go on though nothing happens: a retry or its deadline, or a batch that
    /// has taken too long to be waited for. What was due by `now` has been looked at since.
    fn next_wake(&self, now: Instant) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        let late = self.under_way.values().map(|batch| batch.since + SOON);
        let retries = self.waiting.iter().filter_map(|posting| {
            let deferred = posting.deferred.as_ref()?;
            Some([deferred.retry_at, deferred.since + posting.command.policy().deadline])
        });
        late.chain(retries.flatten()).filter(|at| *at > now).min()
    }

    /// A lock was released somewhere: whoever waits for one tries again.
    fn retry_now(&mut self) {
        let now = Instant::now();
        let deferred = self.waiting.iter_mut().filter_map(|posting| posting.deferred.as_mut());
        for deferred in deferred.filter(|deferred| !deferred.for_row) {
            deferred.retry_at = now;
        }
    }
}

/// A batch shows in the trace of its oldest posting, with links to those of the others.
fn batch_span(batch: &[Posting]) -> Span {
    let Some((oldest, others)) = batch.split_first() else { return Span::none() };
    let span = oldest.span.in_scope(|| tracing::debug_span!("batch", postings = batch.len()));
    for other in others {
        span.follows_from(&other.span);
    }
    span
}

/// The refusal of what cannot be taken on now.
pub fn busy() -> Error {
    Refusal::SystemBusy { retry_after_ms: 250 }.into()
}

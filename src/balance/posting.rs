//! A command on its way through the queue.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::Instant,
};
use tracing::Span;

use super::{Command, Outcome, Request};
use crate::{
    entity::{IdempotencyKey, OrderNo, Uid, id},
    error::Result,
    lock::Waiting,
};

/// A command, what it touches, and who waits for what comes of it.
#[derive(Debug)]
pub struct Posting {
    /// Who asks, under which key.
    pub request: Request,
    /// What for.
    pub command: Command,
    /// Tells a repeat from a reused key.
    pub fingerprint: String,
    /// The id it gets, should it be done now.
    pub operation_id: String,
    /// The wallets it reads or writes, each once, as the command names them.
    pub uids: Vec<Uid>,
    /// The order it changes, when there is one.
    pub order_no: Option<OrderNo>,
    /// Set when it is one part of a large reward.
    pub(super) part: Option<Part>,
    /// Its place in the queue, given back when it is answered or dropped.
    pub(super) ticket: Option<Ticket>,
    /// Set while another instance holds one of its wallets, or somebody a row.
    pub(super) deferred: Option<Deferred>,
    /// From the queue to the answer, as a trace shows it.
    pub(super) span: Span,
    reply: oneshot::Sender<Result<Outcome>>,
}

/// A large reward's number of parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub count: usize,
}

/// Names of operations that are not answered yet.
pub(super) type InFlight = Arc<DashMap<(String, IdempotencyKey), ()>>;

/// A place in the bounded queue.
#[derive(Debug)]
pub(super) struct Ticket {
    name: (String, IdempotencyKey),
    in_flight: InFlight,
    _slot: OwnedSemaphorePermit,
}

impl Ticket {
    /// Takes a place for the operation of this name.
    pub fn new(request: &Request, in_flight: InFlight, slot: OwnedSemaphorePermit) -> Self {
        let name = (request.caller.clone(), request.key.clone());
        in_flight.insert(name.clone(), ());
        Self { name, in_flight, _slot: slot }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.in_flight.remove(&self.name);
    }
}

/// Since when, and how often, a posting was put off.
#[derive(Debug)]
pub(super) struct Deferred {
    pub since: Instant,
    pub attempts: u32,
    pub retry_at: Instant,
    /// A row is held: of that nobody tells when it is free.
    pub for_row: bool,
    /// Counts it among those who wait for the locks that it lacked.
    pub _waiting: Waiting,
}

/// What comes of a posting, later.
pub type Reply = oneshot::Receiver<Result<Outcome>>;

impl Posting {
    /// A posting, and where its outcome will arrive.
    pub fn new(request: Request, command: Command, fingerprint: String) -> (Self, Reply) {
        let (reply, receiver) = oneshot::channel();
        let posting = Self {
            request,
            fingerprint,
            operation_id: id::operation_id(),
            uids: command.uids(),
            order_no: None,
            command,
            part: None,
            ticket: None,
            deferred: None,
            span: tracing::debug_span!("change"),
            reply,
        };
        (posting, receiver)
    }

    /// Adds the order it changes, and the wallet that order belongs to.
    pub fn on_order(mut self, order_no: OrderNo, uid: Uid) -> Self {
        self.uids = vec![uid];
        self.order_no = Some(order_no);
        self
    }

    /// How many wallets it touches: what bounds a batch.
    pub fn weight(&self) -> usize {
        self.uids.len().max(1)
    }

    /// Answers. Nobody may be waiting any more: what was done stays done, and a repeat with the
    /// same key is told.
    pub fn answer(self, outcome: Result<Outcome>) {
        drop(self.ticket);
        drop(self.reply.send(outcome));
    }
}

//! What came of a mutation.

use async_graphql::{Context, Enum, ID, Object};
use chrono::Utc;

use super::{context::ContextExt, node::NodeId, scalars::DateTime, transaction::Transaction};
use crate::{
    balance::{Outcome, OutcomeState},
    entity::{IdempotencyKey, Uid, transaction},
    loaders::Row,
};

/// How far an operation has come.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub enum OperationState {
    /// Not ended yet; ask again.
    InProgress,
    /// Everything was done.
    Committed,
    /// Nothing was done, and never will be under its key.
    Refused,
}

/// An operation on the ledger: the part of its outcome that is not wallets and orders.
#[derive(Clone)]
pub struct Operation {
    caller: Uid,
    key: IdempotencyKey,
    state: OperationState,
    replayed: bool,
    committed_at: Option<chrono::DateTime<Utc>>,
    lines: Vec<Row<transaction::Model>>,
}

impl Operation {
    /// Of an outcome of `caller`'s, whose ledger lines move here.
    pub fn of(caller: Uid, outcome: &mut Outcome) -> Self {
        Self {
            caller,
            key: outcome.key.clone(),
            state: match outcome.state {
                OutcomeState::Committed => OperationState::Committed,
                OutcomeState::Refused(_) => OperationState::Refused,
            },
            replayed: outcome.replayed,
            committed_at: Some(outcome.committed_at),
            lines: Row::each(std::mem::take(&mut outcome.transactions)).collect(),
        }
    }

    /// One that has not ended.
    pub const fn in_progress(caller: Uid, key: IdempotencyKey) -> Self {
        let state = OperationState::InProgress;
        Self { caller, key, state, replayed: false, committed_at: None, lines: Vec::new() }
    }

    /// The ledger lines that it made and that the caller may see: the other leg of a user's
    /// transfer would tell the other's balance.
    pub(super) fn visible_lines(&self, ctx: &Context<'_>) -> Vec<Transaction> {
        let visible = |line: &&Row<transaction::Model>| ctx.may_see(&line.uid);
        self.lines.iter().filter(visible).cloned().map(Transaction).collect()
    }
}

/// What came of a mutation. It is kept for ever, and answered to every repeat.
#[Object]
impl Operation {
    /// Opaque, globally unique.
    pub async fn id(&self) -> ID {
        NodeId::Operation { caller: self.caller.clone(), key: self.key.clone() }.encode()
    }

    /// The caller's key.
    async fn idempotency_key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// How it ended.
    async fn state(&self) -> OperationState {
        self.state
    }

    /// True when this reply repeats an earlier one.
    async fn replayed(&self) -> bool {
        self.replayed
    }

    /// When it was committed; a refusal, when it was written down. Null while in progress.
    async fn committed_at(&self) -> Option<DateTime> {
        self.committed_at.map(DateTime)
    }

    /// The ledger lines that it made, in order: of wallets that the caller may see.
    async fn transactions(&self, ctx: &Context<'_>) -> Vec<Transaction> {
        self.visible_lines(ctx)
    }
}

//! What came of a mutation.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use chrono::Utc;

use super::{
    connection::Listed, context::ContextExt, lock::ReleasedLock, node::NodeId, order::Order,
    scalars::DateTime, text::Word, transaction::Transaction, user_error::UserError,
};
use crate::{
    balance::{self, Outcome, OutcomeState},
    entity::{IdempotencyKey, Uid, operation, order, transaction},
    error::{Error, Refusal},
    loaders::{self, Row, Sourced},
};

/// How far an operation has come.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub enum OperationState {
    /// Not ended yet, or ended half way by a crash: ask again, or repeat it with its key.
    InProgress,
    /// Everything was done.
    Committed,
    /// Nothing was done, and never will be under its key.
    Refused,
}

/// An operation: the part of its outcome that is not wallets.
#[derive(Clone)]
pub struct Operation {
    caller: Uid,
    key: IdempotencyKey,
    ended: Option<Arc<Ended>>,
}

struct Ended {
    id: String,
    kind: String,
    request_id: String,
    replayed: bool,
    committed_at: chrono::DateTime<Utc>,
    refusal: Option<Refusal>,
    order: Option<order::Model>,
    status_changes: Vec<balance::StatusChange>,
    released: Option<balance::ReleasedLock>,
    lines: Lines,
}

enum Lines {
    Known(Vec<Row<transaction::Model>>),
    /// Read when somebody asks.
    Stored,
}

impl Operation {
    /// Of an outcome of `caller`'s, whose ledger lines move here.
    pub fn of(caller: Uid, outcome: &mut Outcome) -> Self {
        let lines = Row::each(std::mem::take(&mut outcome.transactions)).collect();
        Self::ended(caller, outcome, Lines::Known(lines))
    }

    /// Of a row of the operation log.
    ///
    /// # Errors
    /// `Internal` when the row does not hold an outcome.
    pub fn of_record(record: &operation::Model) -> Result<Self, Error> {
        let outcome = Outcome { replayed: false, ..Outcome::from_record(record, &[])? };
        Ok(Self::ended(Uid::stored(record.caller.as_str()), &outcome, Lines::Stored))
    }

    /// One that has not ended.
    pub const fn in_progress(caller: Uid, key: IdempotencyKey) -> Self {
        Self { caller, key, ended: None }
    }

    fn ended(caller: Uid, outcome: &Outcome, lines: Lines) -> Self {
        let ended = Ended {
            id: outcome.operation_id.clone(),
            kind: outcome.kind.clone(),
            request_id: outcome.request_id.clone(),
            replayed: outcome.replayed,
            committed_at: outcome.committed_at,
            refusal: match &outcome.state {
                OutcomeState::Committed => None,
                OutcomeState::Refused(refusal) => Some(refusal.clone()),
            },
            order: outcome.order.clone(),
            status_changes: outcome.status_changes.clone(),
            released: outcome.released.clone(),
            lines,
        };
        Self { caller, key: outcome.key.clone(), ended: Some(Arc::new(ended)) }
    }

    /// The order that it made, changed or deleted, if whoever asks may see it.
    pub(super) fn visible_order(&self, ctx: &Context<'_>) -> Option<Order> {
        let ended = self.ended.as_ref()?;
        let order = ended.order.clone().filter(|order| ctx.may_see(&order.uid))?;
        Some(Order(Sourced::stored(order.into(), ended.committed_at)))
    }

    /// The ledger lines that came with its outcome and that the caller may see: the other leg of
    /// a user's transfer would tell the other's balance.
    pub(super) fn visible_lines(&self, ctx: &Context<'_>) -> Vec<Transaction> {
        match self.ended.as_ref().map(|ended| &ended.lines) {
            Some(Lines::Known(lines)) => visible(ctx, lines),
            Some(Lines::Stored) | None => Vec::new(),
        }
    }
}

fn visible(ctx: &Context<'_>, lines: &[Row<transaction::Model>]) -> Vec<Transaction> {
    let visible = |line: &&Row<transaction::Model>| ctx.may_see(&line.uid);
    lines.iter().filter(visible).cloned().map(Transaction).collect()
}

/// The place of an operation in the log, newest first: its id, which sorts by time.
impl Listed for Operation {
    type Cursor = String;

    fn cursor(&self) -> String {
        self.ended.as_ref().map(|ended| ended.id.clone()).unwrap_or_default()
    }
}

/// What came of a mutation. It is kept for ever, and answered to every repeat.
#[Object]
impl Operation {
    /// Opaque, globally unique.
    pub async fn id(&self) -> ID {
        NodeId::Operation { caller: self.caller.clone(), key: self.key.clone() }.encode()
    }

    /// Who asked for it.
    async fn caller(&self) -> &Uid {
        &self.caller
    }

    /// The caller's key.
    async fn idempotency_key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// How it ended.
    async fn state(&self) -> OperationState {
        match &self.ended {
            None => OperationState::InProgress,
            Some(ended) if ended.refusal.is_some() => OperationState::Refused,
            Some(_) => OperationState::Committed,
        }
    }

    /// True when this reply repeats an earlier one.
    async fn replayed(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.replayed)
    }

    /// What was asked, such as `deposit` or `update_order_status`. Null while in progress.
    async fn kind(&self) -> Option<&str> {
        self.ended.as_ref().map(|ended| ended.kind.as_str())
    }

    /// The HTTP request that it was done for, as its answer's `x-request-id` said. Null while in
    /// progress.
    async fn request_id(&self) -> Option<&str> {
        self.ended.as_ref().map(|ended| ended.request_id.as_str())
    }

    /// When it was committed; a refusal, when it was written down. Null while in progress.
    async fn committed_at(&self) -> Option<DateTime> {
        self.ended.as_ref().map(|ended| DateTime(ended.committed_at))
    }

    /// Why it was refused; null when it was not.
    async fn error(&self) -> Option<UserError> {
        let refusal = self.ended.as_ref()?.refusal.clone()?;
        Some(UserError::new(refusal, None))
    }

    /// The order that it made, changed or deleted, as it left it.
    async fn order(&self, ctx: &Context<'_>) -> Option<Order> {
        self.visible_order(ctx)
    }

    /// The statuses that it changed, of wallets and orders.
    async fn status_changes(&self) -> Vec<StatusChange<'_>> {
        let changes = self.ended.as_ref().map(|ended| ended.status_changes.as_slice());
        changes.unwrap_or_default().iter().map(StatusChange).collect()
    }

    /// The lock that it broke, or was to break.
    async fn released_lock(&self) -> Option<ReleasedLock> {
        self.ended.as_ref()?.released.clone().map(ReleasedLock)
    }

    /// The ledger lines that it made, in order, each with the balances before and after: of
    /// wallets that the caller may see.
    async fn transactions(&self, ctx: &Context<'_>) -> Result<Vec<Transaction>> {
        Ok(match self.ended.as_deref() {
            Some(Ended { id, lines: Lines::Stored, .. }) => {
                visible(ctx, &ctx.loaders().operation_lines(id.clone()).await?)
            }
            Some(_) | None => self.visible_lines(ctx),
        })
    }
}

/// One change of a status.
pub struct StatusChange<'a>(&'a balance::StatusChange);

/// A change of a status.
#[Object(name = "StatusChangeEvent")]
impl StatusChange<'_> {
    /// Whose, such as `wallet u000001` or `order ORDER_20241201_001_0001`.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The status before, as `WalletStatus` or `OrderStatus` has it.
    async fn before(&self) -> String {
        self.0.before.to_uppercase()
    }

    /// The status after; null for what was deleted.
    async fn after(&self) -> Option<String> {
        Some(self.0.after.to_uppercase()).filter(|after| !after.is_empty())
    }
}

/// Which operations. Conditions that are left out do not matter.
#[derive(InputObject)]
pub struct OperationFilter {
    /// Asked for by this caller: a token's subject, or the service itself (`system:expiry`).
    caller: Option<Uid>,
    /// Of this kind, such as `deposit`.
    kind: Option<Word>,
}

impl OperationFilter {
    /// As the loaders take it.
    pub fn into_loaded(self) -> loaders::OperationFilter {
        loaders::OperationFilter {
            caller: self.caller.map(|caller| caller.as_str().to_owned()),
            kind: self.kind.map(|kind| kind.0),
        }
    }
}

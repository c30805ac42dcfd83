//! What came of a command.

use chrono::{DateTime, Utc};

use crate::{
    entity::{IdempotencyKey, order, transaction, wallet},
    error::Refusal,
};

/// What came of a command, the same however often it is asked again with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Names the operation in ledger lines and logs.
    pub operation_id: String,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// Done, or why not.
    pub state: OutcomeState,
    /// Whether this repeats an earlier answer.
    pub replayed: bool,
    /// When it was committed.
    pub committed_at: DateTime<Utc>,
    /// The wallets it touched, as it left them, in the order the command names them.
    pub wallets: Vec<wallet::Model>,
    /// The ledger lines it made, in order.
    pub transactions: Vec<transaction::Model>,
    /// The order it made, changed or deleted.
    pub order: Option<order::Model>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeState {
    /// Everything was done.
    Committed,
    /// Nothing was done.
    Refused(Refusal),
}

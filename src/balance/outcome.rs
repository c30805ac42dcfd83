//! What came of a command, and how it is kept with the operation.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ReleasedLock, Request};
use crate::{
    entity::{IdempotencyKey, Uid, operation, order, transaction, wallet},
    error::{Error, Refusal, Result},
};

/// What came of a command, the same however often it is asked again with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Names the operation in ledger lines and logs.
    pub operation_id: String,
    /// What was asked, such as `deposit`.
    pub kind: String,
    /// The HTTP request that it was done for.
    pub request_id: String,
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
    /// The statuses it changed.
    pub status_changes: Vec<StatusChange>,
    /// Of a reward: the users who got nothing, and why.
    pub refused: Vec<(Uid, Refusal)>,
    /// Of a refused batch: which of its items is at fault, from 0.
    pub refused_at: Option<usize>,
    /// The lock it broke.
    pub released: Option<ReleasedLock>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeState {
    /// Everything was done.
    Committed,
    /// Nothing was done.
    Refused(Refusal),
}

/// A change that moves nothing, for the operation log; what moves money stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// What changed, such as `wallet ann`.
    pub subject: String,
    /// Its status before.
    pub before: String,
    /// Its status after; empty for what was deleted.
    pub after: String,
}

/// What `operations.outcome` holds. Ledger lines are not repeated there: they carry the
/// operation's id.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wallets: Vec<wallet::Model>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<order::Model>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    status_changes: Vec<StatusChange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refused: Vec<(Uid, Refusal)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_at: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released: Option<ReleasedLock>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// How many parts a large reward has; see [`super::rewards`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<usize>,
}

impl Outcome {
    /// The row that makes a repeat safe.
    ///
    /// # Errors
    /// `Internal`, should an outcome not have a JSON form.
    pub(super) fn to_record(
        &self,
        request: &Request,
        fingerprint: String,
        parts: Option<usize>,
    ) -> Result<operation::Model> {
        let refusal = match &self.state {
            OutcomeState::Committed => None,
            OutcomeState::Refused(refusal) => Some(refusal.clone()),
        };
        let state = match refusal {
            None => operation::State::Committed,
            Some(_) => operation::State::Refused,
        };
        let stored = Stored {
            wallets: self.wallets.clone(),
            order: self.order.clone(),
            status_changes: self.status_changes.clone(),
            refused: self.refused.clone(),
            refused_at: self.refused_at,
            released: self.released.clone(),
            refusal,
            parts,
        };
        Ok(operation::Model {
            caller: request.caller.clone(),
            idempotency_key: self.key.clone(),
            operation_id: self.operation_id.clone(),
            kind: self.kind.clone(),
            fingerprint,
            state,
            outcome: serde_json::to_string(&stored).map_err(unreadable)?,
            request_id: self.request_id.clone(),
            created_at: self.committed_at,
        })
    }

    /// What the row says was answered; `lines` are those that carry its operation's id.
    ///
    /// # Errors
    /// `Internal` when the row does not hold an outcome.
    pub fn from_record(record: &operation::Model, lines: &[transaction::Model]) -> Result<Self> {
        let stored: Stored = serde_json::from_str(&record.outcome).map_err(unreadable)?;
        let state = stored.refusal.map_or(OutcomeState::Committed, OutcomeState::Refused);
        // The parts of a large reward share their operation's id, and no wallets.
        let mine: HashSet<&Uid> = stored.wallets.iter().map(|wallet| &wallet.uid).collect();
        let transactions = lines.iter().filter(|line| mine.contains(&line.uid)).cloned().collect();
        Ok(Self {
            operation_id: record.operation_id.clone(),
            kind: record.kind.clone(),
            request_id: record.request_id.clone(),
            key: record.idempotency_key.clone(),
            replayed: true,
            committed_at: record.created_at,
            transactions,
            wallets: stored.wallets,
            order: stored.order,
            status_changes: stored.status_changes,
            refused: stored.refused,
            refused_at: stored.refused_at,
            released: stored.released,
            state,
        })
    }

    /// How many records hold the operation that this is the first record of.
    ///
    /// # Errors
    /// `Internal` when the row does not hold an outcome.
    pub(super) fn parts(record: &operation::Model) -> Result<usize> {
        let stored: Stored = serde_json::from_str(&record.outcome).map_err(unreadable)?;
        Ok(stored.parts.unwrap_or(1))
    }

    /// The same, as the answer to a repeat.
    pub(super) fn repeated(&self) -> Self {
        Self { replayed: true, ..self.clone() }
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::Internal(format!("an operation's outcome: {error}"))
}

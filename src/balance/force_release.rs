//! Breaks a wallet's lock by hand. The row lock keeps the old holder from writing over anything.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Balance, Outcome, OutcomeState, Request};
use crate::{
    entity::{Uid, clock, id},
    error::{Refusal, Result},
    store,
};

/// Whose lock to break, and why.
#[derive(Clone, Debug, Serialize)]
pub struct ForceRelease {
    /// Whose.
    pub uid: Uid,
    /// Why; kept in the operation log.
    pub reason: String,
    /// Only if this one holds it.
    pub expected_holder: Option<String>,
}

/// A lock that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedLock {
    /// Whose.
    pub uid: Uid,
    /// Who held it; nobody, when it was free.
    pub holder: Option<String>,
    /// Why it was broken.
    pub reason: String,
}

impl Balance {
    /// Breaks a lock, once for a key, and keeps who did it and why in the operation log.
    ///
    /// # Errors
    /// `IdempotencyKeyReused`, or the database's.
    pub async fn force_release(&self, request: Request, command: ForceRelease) -> Result<Outcome> {
        // Serializing plain data to memory cannot fail.
        let json = serde_json::to_vec(&command).unwrap_or_default();
        let fingerprint = format!("{:x}", Sha256::digest(json));
        if let Some(earlier) = self.released_before(&request, &fingerprint).await? {
            return Ok(earlier);
        }
        let outcome = self.release(&request, command).await;
        let record = outcome.to_record(&request, fingerprint.clone(), None)?;
        match store::operations::insert(self.context.database.writer(), &[record]).await {
            Ok(()) => Ok(outcome),
            // Another instance was asked with this key meanwhile, and its answer counts.
            Err(error) => match self.released_before(&request, &fingerprint).await? {
                Some(earlier) => Ok(earlier),
                None => Err(error.into()),
            },
        }
    }

    async fn released_before(
        &self,
        request: &Request,
        fingerprint: &str,
    ) -> Result<Option<Outcome>> {
        match self.records(&request.caller, vec![request.key.clone()]).await?.first() {
            None => Ok(None),
            Some(earlier) if earlier.fingerprint != fingerprint => {
                Err(Refusal::IdempotencyKeyReused.into())
            }
            Some(earlier) => Outcome::from_record(earlier, &[]).map(Some),
        }
    }

    async fn release(&self, request: &Request, command: ForceRelease) -> Outcome {
        let ForceRelease { uid, reason, expected_holder } = command;
        let holder = self.locks().force_release(&uid, expected_holder.as_deref()).await;
        if holder.is_some() {
            let Request { caller, key, request_id } = request;
            tracing::warn!(%uid, holder, reason, caller, %key, request_id, "a lock was broken by hand");
        }
        let state = match (&expected_holder, &holder) {
            (Some(_), None) => {
                let what = format!("the lock of {uid}");
                OutcomeState::Refused(Refusal::VersionConflict { what })
            }
            _ => OutcomeState::Committed,
        };
        Outcome {
            operation_id: id::operation_id(),
            kind: "force_release_lock".to_owned(),
            request_id: request.request_id.clone(),
            key: request.key.clone(),
            state,
            replayed: false,
            committed_at: clock::now(),
            wallets: vec![],
            transactions: vec![],
            order: None,
            status_changes: vec![],
            refused: vec![],
            refused_at: None,
            released: Some(ReleasedLock { uid, holder, reason }),
        }
    }
}

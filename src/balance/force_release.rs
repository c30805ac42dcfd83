//! Breaks a wallet's lock by hand. The row lock keeps the old holder from writing over anything.

use sea_orm::SqlErr;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Balance, Outcome, OutcomeState, Request};
use crate::{
    entity::{Uid, clock, id},
    error::{Error, Refusal, Result},
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
        match self.force_release_once(&request, &command).await {
            // Somebody used the key meanwhile: the second look finds what for.
            Err(Error::Database(error))
                if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) =>
            {
                self.force_release_once(&request, &command).await
            }
            result => result,
        }
    }

    async fn force_release_once(
        &self,
        request: &Request,
        command: &ForceRelease,
    ) -> Result<Outcome> {
        // Serializing plain data to memory cannot fail.
        let json = serde_json::to_vec(command).unwrap_or_default();
        let fingerprint = format!("{:x}", Sha256::digest(json));
        let name = (request.caller.clone(), request.key.clone());
        let transaction = self.context.database.begin().await?;
        if let Some(earlier) = store::operations::by_keys(&transaction, &[name]).await?.first() {
            if earlier.fingerprint != fingerprint {
                return Err(Refusal::IdempotencyKeyReused.into());
            }
            return Outcome::from_record(earlier, &[]);
        }
        let outcome = self.release(request, command.clone()).await;
        let record = outcome.to_record(request, fingerprint, None)?;
        store::operations::insert(&transaction, &[record]).await?;
        transaction.commit().await?;
        Ok(outcome)
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

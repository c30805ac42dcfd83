//! Mutations of locks.

use async_graphql::{Context, InputObject, Object, Result};

use super::{
    super::{
        access::{Permission, known},
        context::ContextExt,
        lock::LockStatus,
        operation::Operation,
        text::{Holder, Reason},
        user_error::{Fields, UserError},
    },
    perform::{Reply, request},
};
use crate::{
    balance::ForceRelease,
    entity::{IdempotencyKey, Uid},
};

/// A lock that is to be broken.
#[derive(InputObject)]
pub struct ForceReleaseLockInput {
    /// Makes a repeat safe: the lock is not broken again.
    idempotency_key: IdempotencyKey,
    /// Whose wallet.
    uid: Uid,
    /// Why; 1 to 500 characters, kept in the operation log.
    reason: Reason,
    /// Only if this one holds it now, as `lockStatus` tells; else VERSION_CONFLICT.
    expected_holder: Option<Holder>,
}

#[derive(Default)]
pub struct LockMutation;

#[Object(guard = "known")]
impl LockMutation {
    /// Breaks a wallet's lock, in an emergency: a holder that died loses it within seconds by
    /// itself. ADMIN. Logged as a warning and kept in the operation log, with its reason. The
    /// row lock keeps the old holder from writing over anything. A lock that is free stays so.
    async fn force_release_lock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and why.")] input: ForceReleaseLockInput,
    ) -> Result<ForceReleaseLockPayload> {
        ctx.require(Permission::ManageLocks)?;
        let ForceReleaseLockInput { idempotency_key, uid, reason, expected_holder } = input;
        let expected_holder = expected_holder.map(|holder| holder.0);
        let command = ForceRelease { uid: uid.clone(), reason: reason.0, expected_holder };
        let request = request(ctx, idempotency_key)?;
        let result = ctx.balance().force_release(request, command).await;
        let reply = Reply::from_result(ctx, result, Fields::Expected("expectedHolder"))?;
        Ok(ForceReleaseLockPayload { uid, reply })
    }
}

/// What breaking a lock came to.
pub struct ForceReleaseLockPayload {
    uid: Uid,
    reply: Reply,
}

/// What breaking a lock came to.
#[Object]
impl ForceReleaseLockPayload {
    /// What is kept under the key, with who held the lock; null for what was refused before
    /// anything was written.
    pub async fn operation(&self) -> Option<Operation> {
        self.reply.operation.clone()
    }

    /// Why nothing was done; empty when it was.
    pub async fn errors(&self) -> Vec<UserError> {
        self.reply.errors.clone()
    }

    /// The lock as it stands now: somebody else may have taken it meanwhile.
    async fn lock(&self, ctx: &Context<'_>) -> Option<LockStatus> {
        Some(LockStatus::read(ctx, self.uid.clone()).await)
    }
}

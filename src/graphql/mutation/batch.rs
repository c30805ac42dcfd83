//! Mutations of several wallets, all or nothing.

use async_graphql::{Context, Enum, InputObject, Object, Result};

use super::{
    super::{
        access::{Permission, known},
        context::ContextExt,
        operation::Operation,
        text::{Description, Reason},
        user_error::{Fields, UserError},
        wallet::{Wallet, WalletStatus},
    },
    perform::{Checked, Reply, movement, perform},
};
use crate::{
    balance::{BatchItem, BatchKind, Command},
    entity::{IdempotencyKey, Money, Uid},
};

/// Which way money moves.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "BatchKind")]
pub enum BalanceOperationKind {
    /// Into the wallet, as `deposit` does.
    Add,
    /// Out of the wallet, as `withdraw` does.
    Withdraw,
}

/// Money into or out of one wallet.
#[derive(InputObject)]
pub struct BalanceOperationInput {
    /// Whose wallet.
    uid: Uid,
    /// Which way.
    kind: BalanceOperationKind,
    /// How much.
    amount: Money,
    /// What for; at most 500 characters.
    description: Option<Description>,
}

/// Several movements of money.
#[derive(InputObject)]
pub struct BatchBalanceOperationInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// 1 to 500, done in this order; several may be of one user.
    operations: Vec<BalanceOperationInput>,
}

/// Another status for several wallets.
#[derive(InputObject)]
pub struct SetWalletStatusInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Whose; 1 to 500.
    uids: Vec<Uid>,
    /// What they become.
    status: WalletStatus,
    /// Why; 1 to 500 characters, kept in the ledger.
    reason: Reason,
}

#[derive(Default)]
pub struct BatchMutation;

#[Object(guard = "known")]
impl BatchMutation {
    /// Does several movements in order, all or nothing: when one is refused none is done, and
    /// `errors` says which and why. Users withdraw from their own wallet only. Frozen wallets
    /// refuse WITHDRAW; closed ones refuse ADD too.
    async fn batch_balance_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What moves.")] input: BatchBalanceOperationInput,
    ) -> Result<BatchBalanceOperationPayload> {
        let BatchBalanceOperationInput { idempotency_key, operations } = input;
        for operation in &operations {
            ctx.require_for(operation.permission(), &operation.uid)?;
        }
        let items = operations.into_iter().enumerate().map(|(at, item)| item.checked(at));
        let command = items.collect::<Checked<_>>().map(|operations| Command::Batch { operations });
        let reply = perform(ctx, idempotency_key, command, Fields::Items("operations")).await?;
        Ok(BatchBalanceOperationPayload(reply))
    }

    /// Freezes, closes or reopens wallets, all or nothing. OPERATOR or ADMIN. A frozen wallet
    /// refuses every debit (withdrawals, transfers out, orders) and takes credits. A closed one
    /// refuses debits and credits, but takes the refund of an order, which is owed to it. Each
    /// change is a line of the wallet's ledger that moves nothing and keeps the reason; a wallet
    /// that has the status already stays as it is.
    async fn set_wallet_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, to what, and why.")] input: SetWalletStatusInput,
    ) -> Result<BatchBalanceOperationPayload> {
        ctx.require(Permission::SetWalletStatus)?;
        let SetWalletStatusInput { idempotency_key, uids, status, reason } = input;
        let command = Command::SetWalletStatus { uids, status: status.into(), reason: reason.0 };
        let reply = perform(ctx, idempotency_key, Ok(command), Fields::Uids("uids")).await?;
        Ok(BatchBalanceOperationPayload(reply))
    }
}

impl BalanceOperationInput {
    const fn permission(&self) -> Permission {
        match self.kind {
            BalanceOperationKind::Add => Permission::Deposit,
            BalanceOperationKind::Withdraw => Permission::Spend,
        }
    }

    fn checked(self, at: usize) -> Checked<BatchItem> {
        let movement = movement(self.uid, self.amount, self.description, Some(at))?;
        Ok(BatchItem { kind: self.kind.into(), movement })
    }
}

/// What a change of several wallets came to.
pub struct BatchBalanceOperationPayload(Reply);

/// What a change of several wallets came to.
#[Object]
impl BatchBalanceOperationPayload {
    /// What is kept under the key, with the ledger lines; null for what was refused before
    /// anything was written.
    pub async fn operation(&self) -> Option<Operation> {
        self.0.operation.clone()
    }

    /// Why nothing was done, and which item is at fault; empty when it was.
    pub async fn errors(&self) -> Vec<UserError> {
        self.0.errors.clone()
    }

    /// The wallets that are named, each once, as the operation left them; a refusal leaves them
    /// as they were.
    async fn wallets(&self, ctx: &Context<'_>) -> Vec<Wallet> {
        self.0.visible_wallets(ctx)
    }
}

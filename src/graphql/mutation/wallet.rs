//! Mutations of wallets.

use async_graphql::{Context, InputObject, Object, Result};

use super::{
    super::{
        access::{Permission, known},
        context::ContextExt,
        operation::Operation,
        text::{Currency, Description},
        transaction::Transaction,
        user_error::{Fields, UserError},
        wallet::Wallet,
    },
    perform::{Reply, amount, movement, perform},
};
use crate::{
    balance::Command,
    entity::{IdempotencyKey, Money, Uid},
};

/// A new wallet.
#[derive(InputObject)]
pub struct OpenWalletInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Whose.
    uid: Uid,
    /// ISO 4217 code of everything in it.
    #[graphql(default_with = "Currency(\"PHP\".to_owned())")]
    currency: Currency,
}

/// Money in.
#[derive(InputObject)]
pub struct DepositInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Into whose wallet.
    uid: Uid,
    /// How much.
    amount: Money,
    /// What for; at most 500 characters.
    description: Option<Description>,
}

/// Money out.
#[derive(InputObject)]
pub struct WithdrawInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Out of whose wallet.
    uid: Uid,
    /// How much.
    amount: Money,
    /// What for; at most 500 characters.
    description: Option<Description>,
}

/// Money from one wallet to another of the same currency.
#[derive(InputObject)]
pub struct TransferInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Who pays.
    from_uid: Uid,
    /// Who is paid.
    to_uid: Uid,
    /// How much.
    amount: Money,
    /// What for; at most 500 characters.
    description: Option<Description>,
}

#[derive(Default)]
pub struct WalletMutation;

#[Object(guard = "known")]
impl WalletMutation {
    /// Opens a wallet. OPERATOR or ADMIN. Opening an open wallet again answers with it.
    async fn open_wallet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and in which currency.")] input: OpenWalletInput,
    ) -> Result<WalletMutationPayload> {
        ctx.require(Permission::OpenWallet)?;
        let OpenWalletInput { idempotency_key, uid, currency } = input;
        let command = Command::OpenWallet { uid: uid.clone(), currency: currency.0 };
        let fields = [(&uid, "uid")];
        let reply = perform(ctx, idempotency_key, Ok(command), Fields::Users(&fields)).await?;
        Ok(WalletMutationPayload { uid, reply })
    }

    /// Puts money into a wallet. OPERATOR or ADMIN: a user may not make money. A frozen wallet
    /// takes it; a closed one refuses.
    async fn deposit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, and whose.")] input: DepositInput,
    ) -> Result<WalletMutationPayload> {
        let DepositInput { idempotency_key, uid, amount, description } = input;
        ctx.require_for(Permission::Deposit, &uid)?;
        let command = movement(uid.clone(), amount, description, None).map(Command::Deposit);
        let fields = [(&uid, "uid")];
        let reply = perform(ctx, idempotency_key, command, Fields::Users(&fields)).await?;
        Ok(WalletMutationPayload { uid, reply })
    }

    /// Takes money out of a wallet. Users take out of their own only. Frozen and closed wallets
    /// refuse.
    async fn withdraw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, and whose.")] input: WithdrawInput,
    ) -> Result<WalletMutationPayload> {
        let WithdrawInput { idempotency_key, uid, amount, description } = input;
        ctx.require_for(Permission::Spend, &uid)?;
        let command = movement(uid.clone(), amount, description, None).map(Command::Withdraw);
        let fields = [(&uid, "uid")];
        let reply = perform(ctx, idempotency_key, command, Fields::Users(&fields)).await?;
        Ok(WalletMutationPayload { uid, reply })
    }

    /// Moves money from one wallet to another of the same currency. Users move their own only.
    /// A frozen wallet may be paid, and cannot pay; a closed one refuses both.
    async fn transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, from whom, to whom.")] input: TransferInput,
    ) -> Result<TransferPayload> {
        let TransferInput { idempotency_key, from_uid, to_uid, .. } = input;
        ctx.require_for(Permission::Spend, &from_uid)?;
        let command = amount(input.amount, None).map(|amount| Command::Transfer {
            from_uid: from_uid.clone(),
            to_uid: to_uid.clone(),
            amount,
            description: input.description.map(|text| text.0),
        });
        let fields = [(&from_uid, "fromUid"), (&to_uid, "toUid")];
        let reply = perform(ctx, idempotency_key, command, Fields::Users(&fields)).await?;
        Ok(TransferPayload { from_uid, to_uid, reply })
    }
}

/// What a change of one wallet came to.
pub struct WalletMutationPayload {
    uid: Uid,
    reply: Reply,
}

/// What a change of one wallet came to.
#[Object]
impl WalletMutationPayload {
    /// What is kept under the key; null for what was refused before anything was written.
    pub async fn operation(&self) -> Option<Operation> {
        self.reply.operation.clone()
    }

    /// Why nothing was done; empty when it was.
    pub async fn errors(&self) -> Vec<UserError> {
        self.reply.errors.clone()
    }

    /// The wallet as the operation left it; a refusal leaves it as it was. Null when there is
    /// none.
    async fn wallet(&self, ctx: &Context<'_>) -> Option<Wallet> {
        self.reply.wallet(ctx, &self.uid)
    }

    /// The ledger line that it made; null when it made none.
    async fn transaction(&self, ctx: &Context<'_>) -> Option<Transaction> {
        self.reply.operation.as_ref()?.visible_lines(ctx).into_iter().next()
    }
}

/// What a transfer came to.
pub struct TransferPayload {
    from_uid: Uid,
    to_uid: Uid,
    reply: Reply,
}

/// What a transfer came to.
#[Object]
impl TransferPayload {
    /// What is kept under the key; null for what was refused before anything was written.
    pub async fn operation(&self) -> Option<Operation> {
        self.reply.operation.clone()
    }

    /// Why nothing was done; empty when it was.
    pub async fn errors(&self) -> Vec<UserError> {
        self.reply.errors.clone()
    }

    /// The wallet that paid, as the operation left it; a refusal leaves it as it was. Null when
    /// there is none.
    async fn from_wallet(&self, ctx: &Context<'_>) -> Option<Wallet> {
        self.reply.wallet(ctx, &self.from_uid)
    }

    /// The wallet that was paid, as the operation left it; a refusal leaves it as it was. Null
    /// when there is none, and for a user whose it is not.
    async fn to_wallet(&self, ctx: &Context<'_>) -> Option<Wallet> {
        self.reply.wallet(ctx, &self.to_uid)
    }
}

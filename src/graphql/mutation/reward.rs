//! Rewards of many users.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, Result};

use super::{
    super::{
        access::{Permission, known},
        context::ContextExt,
        operation::Operation,
        text::Description,
        transaction::Transaction,
        user_error::{Fields, UserError},
        wallet::Wallet,
    },
    perform::{Checked, Reply, movement, perform},
};
use crate::{
    balance::Command,
    entity::{IdempotencyKey, Money, Uid},
};

const FIELDS: Fields<'static> = Fields::Items("rewards");

/// A reward of one user.
#[derive(InputObject)]
pub struct RewardInput {
    /// Whose.
    uid: Uid,
    /// How much.
    amount: Money,
    /// What for; at most 500 characters.
    description: Option<Description>,
}

/// Rewards of many users.
#[derive(InputObject)]
pub struct BatchRewardInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// 1 to 10,000 (a server may be set to take another number); a user may have several.
    rewards: Vec<RewardInput>,
}

#[derive(Default)]
pub struct RewardMutation;

#[Object(guard = "known")]
impl RewardMutation {
    /// Pays rewards. OPERATOR or ADMIN. Each user's are paid all or none, whatever becomes of
    /// the others': `outcomes` tells. Frozen wallets are paid; closed ones refuse. Should the
    /// call end half way (SYSTEM_BUSY, a fault, a crash), repeat it with the same key: who was
    /// paid is not paid again. An amount that is none refuses the whole before anything is paid.
    async fn batch_reward(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, and whose.")] input: BatchRewardInput,
    ) -> Result<BatchRewardPayload> {
        ctx.require(Permission::Deposit)?;
        let BatchRewardInput { idempotency_key, rewards } = input;
        let users = Users::of(&rewards);
        let rewards = rewards.into_iter().enumerate();
        let rewards = rewards.map(|(at, RewardInput { uid, amount, description })| {
            movement(uid, amount, description, Some(at))
        });
        let command = rewards.collect::<Checked<_>>().map(|rewards| Command::Reward { rewards });
        let reply = perform(ctx, idempotency_key, command, FIELDS).await?;
        let outcomes = users.outcomes(ctx, &reply);
        Ok(BatchRewardPayload { reply, outcomes })
    }
}

/// Each user, in the order of their first reward, and which that is.
struct Users(Vec<(Uid, usize)>);

impl Users {
    fn of(rewards: &[RewardInput]) -> Self {
        let mut first: HashMap<&Uid, usize> = HashMap::with_capacity(rewards.len());
        for (at, reward) in rewards.iter().enumerate() {
            first.entry(&reward.uid).or_insert(at);
        }
        let mut users: Vec<_> = first.into_iter().map(|(uid, at)| (uid.clone(), at)).collect();
        users.sort_unstable_by_key(|(_, at)| *at);
        Self(users)
    }

    /// What each got; nothing at all of a reply that was refused as a whole.
    fn outcomes(self, ctx: &Context<'_>, reply: &Reply) -> Vec<RewardOutcome> {
        let Some(operation) = &reply.operation else { return Vec::new() };
        let mut lines: HashMap<Uid, Vec<Transaction>> = HashMap::with_capacity(self.0.len());
        for line in operation.visible_lines(ctx) {
            lines.entry(line.0.uid.clone()).or_default().push(line);
        }
        let wallets: HashMap<&Uid, &Wallet> =
            reply.wallets.iter().map(|wallet| (&wallet.0.uid, wallet)).collect();
        let refused: HashMap<_, _> = reply.refused.iter().map(|(uid, why)| (uid, why)).collect();
        let outcome = |(uid, at): (Uid, usize)| RewardOutcome {
            wallet: wallets.get(&uid).map(|wallet| (*wallet).clone()),
            transactions: lines.remove(&uid).unwrap_or_default(),
            error: refused
                .get(&uid)
                .map(|refusal| UserError::new((*refusal).clone(), FIELDS.path(refusal, Some(at)))),
            uid,
        };
        self.0.into_iter().map(outcome).collect()
    }
}

/// What rewards came to.
pub struct BatchRewardPayload {
    reply: Reply,
    outcomes: Vec<RewardOutcome>,
}

/// What rewards came to.
#[Object]
impl BatchRewardPayload {
    /// What is kept under the key; null for what was refused before it was written down.
    pub async fn operation(&self) -> Option<Operation> {
        self.reply.operation.clone()
    }

    /// Why the call did not come to its end; empty when it did, even if some users were refused.
    pub async fn errors(&self) -> Vec<UserError> {
        self.reply.errors.clone()
    }

    /// What each user got, in the order of their first reward.
    async fn outcomes(&self) -> &[RewardOutcome] {
        &self.outcomes
    }
}

/// What one user got.
pub struct RewardOutcome {
    uid: Uid,
    wallet: Option<Wallet>,
    transactions: Vec<Transaction>,
    error: Option<UserError>,
}

/// What one user got.
#[Object]
impl RewardOutcome {
    /// Who.
    async fn uid(&self) -> &Uid {
        &self.uid
    }

    /// The wallet as it was left; null when there is none.
    async fn wallet(&self) -> Option<&Wallet> {
        self.wallet.as_ref()
    }

    /// The ledger lines of the user's rewards; empty when they were refused.
    async fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Why the user got nothing; null when they were paid.
    async fn error(&self) -> Option<UserError> {
        self.error.clone()
    }
}

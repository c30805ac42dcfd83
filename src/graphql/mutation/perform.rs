//! From a command to a payload: what all mutations share.

use async_graphql::{Context, Result};

use super::super::{
    context::ContextExt,
    operation::Operation,
    text::Description,
    user_error::{Fields, UserError},
    wallet::Wallet,
};
use crate::{
    balance::{Command, Movement, Outcome, OutcomeState, Request},
    entity::{Amount, IdempotencyKey, Money, Uid},
    error::{Error, Refusal},
    loaders::Sourced,
};

/// What a payload is made of.
pub struct Reply {
    /// What is kept under the key; none for what was refused before anything was written.
    pub operation: Option<Operation>,
    /// Why nothing was done; empty when it was.
    pub errors: Vec<UserError>,
    /// The wallets that were touched, as the operation left them, in the command's order.
    pub wallets: Vec<Wallet>,
    /// Of a reward: who got nothing, and why.
    pub refused: Vec<(Uid, Refusal)>,
}

/// What can be refused before it is sent anywhere, and where in the input the cause is.
pub type Checked<T> = std::result::Result<T, (Refusal, Option<usize>)>;

impl Reply {
    /// Refused before anything was written.
    fn refused((refusal, at): (Refusal, Option<usize>), fields: Fields<'_>) -> Self {
        let path = fields.path(&refusal, at);
        let errors = vec![UserError::new(refusal, path)];
        Self { operation: None, errors, wallets: Vec::new(), refused: Vec::new() }
    }

    fn of(caller: Uid, mut outcome: Outcome, fields: Fields<'_>) -> Self {
        let operation = Operation::of(caller, &mut outcome);
        let errors = match outcome.state {
            OutcomeState::Committed => Vec::new(),
            OutcomeState::Refused(refusal) => {
                let path = fields.path(&refusal, outcome.refused_at);
                vec![UserError::new(refusal, path)]
            }
        };
        let committed_at = outcome.committed_at;
        let wallet =
            |row: crate::entity::wallet::Model| Wallet(Sourced::stored(row.into(), committed_at));
        let wallets = outcome.wallets.into_iter().map(wallet).collect();
        Self { operation: Some(operation), errors, wallets, refused: outcome.refused }
    }

    /// What came of a request, or the fault that kept it from coming to anything.
    pub fn from_result(
        ctx: &Context<'_>,
        result: Result<Outcome, Error>,
        fields: Fields<'_>,
    ) -> Result<Self> {
        match result {
            Ok(outcome) => Ok(Self::of(ctx.identity()?.uid.clone(), outcome, fields)),
            Err(Error::Refused(refusal)) => Ok(Self::refused((refusal, None), fields)),
            Err(fault) => Err(fault.into()),
        }
    }

    /// A user's wallet, if it was touched and whoever asks may see it.
    pub fn wallet(&self, ctx: &Context<'_>, uid: &Uid) -> Option<Wallet> {
        let wallet = self.wallets.iter().find(|wallet| wallet.0.uid == *uid);
        wallet.filter(|_| ctx.may_see(uid)).cloned()
    }

    /// The wallets that were touched and that whoever asks may see.
    pub fn visible_wallets(&self, ctx: &Context<'_>) -> Vec<Wallet> {
        self.wallets.iter().filter(|wallet| ctx.may_see(&wallet.0.uid)).cloned().collect()
    }
}

/// Who asks, under which key.
///
/// # Errors
/// UNAUTHENTICATED.
pub fn request(ctx: &Context<'_>, key: IdempotencyKey) -> Result<Request> {
    let caller = ctx.identity()?.uid.to_string();
    Ok(Request { caller, key, request_id: ctx.session().request_id.to_string() })
}

/// Sends a command through the one door for money, for whoever asks. `fields` says which part
/// of the input names what.
pub async fn perform(
    ctx: &Context<'_>,
    key: IdempotencyKey,
    command: Checked<Command>,
    fields: Fields<'_>,
) -> Result<Reply> {
    let request = request(ctx, key)?;
    let command = match command {
        Ok(command) => command,
        Err(refusal) => return Ok(Reply::refused(refusal, fields)),
    };
    let result = ctx.balance().execute(request, command).await;
    // What this request read before is history, for the next mutation in it too.
    ctx.loaders().start_over().await;
    Reply::from_result(ctx, result, fields)
}

/// An amount to be moved, which item `at` of a list says.
///
/// # Errors
/// `InvalidAmount` for zero and less.
pub fn amount(money: Money, at: Option<usize>) -> Checked<Amount> {
    let invalid = |error: crate::entity::InvalidAmount| {
        (Refusal::InvalidAmount { reason: error.to_string() }, at)
    };
    Amount::try_from(money).map_err(invalid)
}

/// A movement of money, which item `at` of a list says.
///
/// # Errors
/// `InvalidAmount` for zero and less.
pub fn movement(
    uid: Uid,
    money: Money,
    description: Option<Description>,
    at: Option<usize>,
) -> Checked<Movement> {
    let amount = amount(money, at)?;
    Ok(Movement { uid, amount, description: description.map(|text| text.0) })
}

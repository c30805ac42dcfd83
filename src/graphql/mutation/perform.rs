//! From a command to a payload: what all mutations share.

use async_graphql::{Context, Result};

use super::super::{
    context::ContextExt,
    operation::Operation,
    user_error::{Fields, UserError},
    wallet::Wallet,
};
use crate::{
    balance::{Command, Outcome, OutcomeState, Request},
    entity::{Amount, IdempotencyKey, Money, Uid},
    error::{Error, Refusal},
    loaders::Sourced,
};

/// Longest description of a change, in bytes.
const MAX_DESCRIPTION: usize = 255;

/// What a payload is made of.
pub struct Reply {
    /// What is kept under the key; none for what was refused before anything was written.
    pub operation: Option<Operation>,
    /// Why nothing was done; empty when it was.
    pub errors: Vec<UserError>,
    /// The wallets that were touched, as the operation left them, in the command's order.
    pub wallets: Vec<Wallet>,
}

impl Reply {
    /// Refused before anything was written.
    fn refused(refusal: Refusal, fields: &Fields<'_>) -> Self {
        let path = fields.path(&refusal);
        Self { operation: None, errors: vec![UserError::new(refusal, path)], wallets: Vec::new() }
    }

    fn of(caller: Uid, mut outcome: Outcome, fields: &Fields<'_>) -> Self {
        let operation = Operation::of(caller, &mut outcome);
        let errors = match outcome.state {
            OutcomeState::Committed => Vec::new(),
            OutcomeState::Refused(refusal) => {
                let path = fields.path(&refusal);
                vec![UserError::new(refusal, path)]
            }
        };
        let committed_at = outcome.committed_at;
        let wallet =
            |row: crate::entity::wallet::Model| Wallet(Sourced::stored(row.into(), committed_at));
        let wallets = outcome.wallets.into_iter().map(wallet).collect();
        Self { operation: Some(operation), errors, wallets }
    }

    /// A user's wallet, if it was touched and whoever asks may see it.
    pub fn wallet(&self, ctx: &Context<'_>, uid: &Uid) -> Option<Wallet> {
        let wallet = self.wallets.iter().find(|wallet| wallet.0.uid == *uid);
        wallet.filter(|_| ctx.may_see(uid)).cloned()
    }
}

/// Sends a command through the one door for money, for whoever asks. `fields` says which part
/// of the input names which user.
pub async fn perform(
    ctx: &Context<'_>,
    key: IdempotencyKey,
    command: Result<Command, Refusal>,
    fields: Fields<'_>,
) -> Result<Reply> {
    let caller = ctx.identity()?.uid.clone();
    let command = match command {
        Ok(command) => command,
        Err(refusal) => return Ok(Reply::refused(refusal, &fields)),
    };
    let request_id = ctx.session().request_id.clone();
    let request = Request { caller: caller.to_string(), key, request_id };
    let outcome = ctx.balance().execute(request, command).await;
    // What this request read before is history, for the next mutation in it too.
    ctx.loaders().start_over().await;
    match outcome {
        Ok(outcome) => Ok(Reply::of(caller, outcome, &fields)),
        Err(Error::Refused(refusal)) => Ok(Reply::refused(refusal, &fields)),
        Err(fault) => Err(fault.into()),
    }
}

/// An amount to be moved.
///
/// # Errors
/// `InvalidAmount` for zero and less.
pub fn amount(money: Money) -> Result<Amount, Refusal> {
    Amount::try_from(money).map_err(|error| Refusal::InvalidAmount { reason: error.to_string() })
}

/// A description that the ledger can keep.
///
/// # Errors
/// `BadInput` for one that is too long.
pub fn description(text: Option<String>) -> Result<Option<String>, Error> {
    if text.as_ref().is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        let text = format!("description is at most {MAX_DESCRIPTION} bytes long");
        return Err(Error::BadInput(text));
    }
    Ok(text)
}

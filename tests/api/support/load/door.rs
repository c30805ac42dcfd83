//! Where questions are asked: of an instance of the write path, or of one that is spoken to.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};
use wallet_bff::{
    balance::{Command, Movement, Outcome, OutcomeState},
    entity::{Money, OrderNo},
    error::{Error, Refusal},
};

use crate::support::{
    Client,
    engine::{Engine, code},
};

/// What one question was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was done; the id of the operation.
    Done(String, Option<(OrderNo, Money)>),
    /// It was refused, for good; the code.
    Refused(String),
    /// It was not done, and may be asked again: SYSTEM_BUSY.
    Busy,
    /// It may have been done, and may be asked again: a fault that says so, or no answer.
    Unknown(String),
    /// What nobody should be told.
    Wrong(String),
}

/// Where questions are asked.
pub trait Door: Send + Sync {
    /// Asks once.
    fn ask<'a>(&'a self, key: &'a str, command: &'a Command) -> BoxFuture<'a, Answer>;
    /// What it can be asked.
    fn kinds(&self) -> &'static [Kind];
    /// How long an answer is waited for.
    fn limit(&self) -> Duration;
}

/// What can be asked.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `deposit`
    Deposit,
    /// `withdraw`
    Withdraw,
    /// `transfer`
    Transfer,
    /// `batchBalanceOperation`
    Batch,
    /// `batchReward`
    Reward,
    /// `createOrder`
    CreateOrder,
    /// `updateOrderStatus`, of an order that this load made
    ChangeOrder,
}

impl Door for Engine {
    fn ask<'a>(&'a self, key: &'a str, command: &'a Command) -> BoxFuture<'a, Answer> {
        self.ask(key, command.clone()).map(answer).boxed()
    }

    fn kinds(&self) -> &'static [Kind] {
        use Kind::*;
        &[Deposit, Withdraw, Transfer, Transfer, Batch, Reward, CreateOrder, ChangeOrder]
    }

    /// Longer than the most patient command waits for its locks.
    fn limit(&self) -> Duration {
        Duration::from_secs(25)
    }
}

fn answer(result: Result<Outcome, Error>) -> Answer {
    match result {
        Ok(outcome) => match outcome.state {
            OutcomeState::Committed if !outcome.refused.is_empty() => {
                Answer::Wrong(format!("a reward was refused: {:?}", outcome.refused))
            }
            OutcomeState::Committed => {
                let order = outcome.order.map(|order| (order.order_no, order.amount));
                Answer::Done(outcome.operation_id, order)
            }
            OutcomeState::Refused(refusal) => Answer::Refused(code(&refusal)),
        },
        Err(Error::Refused(Refusal::SystemBusy { .. })) => Answer::Busy,
        Err(error @ (Error::Unavailable(_) | Error::Timeout)) => Answer::Unknown(error.to_string()),
        Err(error) if error.is_outage() => Answer::Unknown(error.to_string()),
        Err(error) => Answer::Wrong(error.to_string()),
    }
}

impl Door for Client {
    fn ask<'a>(&'a self, key: &'a str, command: &'a Command) -> BoxFuture<'a, Answer> {
        async move {
            let (name, kind, input) = input(key, command);
            let document = format!(
                "mutation($input: {kind}!) {{ {name}(input: $input) {{
                    operation {{ state transactions {{ operationId }} }} errors {{ code message }} }} }}"
            );
            let reply = match self.try_query(&document, json!({ "input": input })).await {
                Ok(reply) => reply,
                Err(lost) => return Answer::Unknown(lost),
            };
            match reply.error_code() {
                Some("SERVICE_UNAVAILABLE" | "REQUEST_TIMEOUT") => {
                    return Answer::Unknown(reply.error_message().to_owned());
                }
                Some(_) => return Answer::Wrong(reply.to_string()),
                None => {}
            }
            let payload = &reply.body["data"][name];
            match payload["errors"][0]["code"].as_str() {
                Some("SYSTEM_BUSY") => Answer::Busy,
                Some(code) => Answer::Refused(code.to_owned()),
                None => match payload["operation"]["transactions"][0]["operationId"].as_str() {
                    Some(id) => Answer::Done(id.to_owned(), None),
                    None => Answer::Wrong(reply.to_string()),
                },
            }
        }
        .boxed()
    }

    fn kinds(&self) -> &'static [Kind] {
        use Kind::*;
        &[Deposit, Withdraw, Transfer, Transfer]
    }

    /// Its process may be stopped.
    fn limit(&self) -> Duration {
        Duration::from_secs(3)
    }
}

fn input(key: &str, command: &Command) -> (&'static str, &'static str, Value) {
    let movement = |m: &Movement| json!({ "idempotencyKey": key, "uid": m.uid, "amount": m.amount.to_string() });
    match command {
        Command::Deposit(m) => ("deposit", "DepositInput", movement(m)),
        Command::Withdraw(m) => ("withdraw", "WithdrawInput", movement(m)),
        Command::Transfer { from_uid, to_uid, amount, .. } => {
            let input = json!({ "idempotencyKey": key, "fromUid": from_uid, "toUid": to_uid,
                "amount": amount.to_string() });
            ("transfer", "TransferInput", input)
        }
        other => unreachable!("a client is not asked for {other:?}"),
    }
}

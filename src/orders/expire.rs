//! Lapses pending orders whose time is over, and gives their money back.

use std::time::Duration;

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    balance::{Balance, Command, OrderChange, Outcome, OutcomeState, Request},
    entity::{IdempotencyKey, clock, order},
    error::Result,
    store::{self, Database},
};

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many orders it takes on at once; the rest waits for the next look, right after.
const BATCH: u64 = 500;
/// Who it is in the operation log. No token can name it: no uid has a space.
const CALLER: &str = "system expiry";
/// How long a refusal is taken for an answer. An order may be refused its end only for as long as
/// its wallet cannot take the money back.
const RETRY: TimeDelta = TimeDelta::minutes(10);

/// Looks every second until told to stop. Every instance does: the key of each expiry makes it
/// happen once.
pub async fn run(database: Database, balance: Balance, stop: CancellationToken) {
    let mut failing = false;
    loop {
        let more = match expire(&database, &balance).await {
            Ok(count) => {
                failing = false;
                count == BATCH as usize
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "orders could not be expired; trying on");
                }
                failing = true;
                false
            }
        };
        let pause = if more { Duration::ZERO } else { INTERVAL };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Expires what is due, and says how many orders that were.
async fn expire(database: &Database, balance: &Balance) -> Result<usize> {
    let due = store::orders::expired(database.reader(), clock::now(), BATCH).await?;
    let count = due.len();
    let mut outcomes =
        stream::iter(due).map(|order| expire_one(balance, order)).buffer_unordered(BATCH as usize);
    let mut expired = 0;
    while let Some(outcome) = outcomes.next().await {
        expired += usize::from(outcome?.state == OutcomeState::Committed);
    }
    if expired > 0 {
        tracing::info!(expired, due = count, "orders expired");
    }
    // What is refused stays due; it must not make the next look follow at once.
    Ok(expired)
}

async fn expire_one(balance: &Balance, order: order::Model) -> Result<Outcome> {
    // One key on every instance, and another one after a while.
    let period = clock::now().timestamp() / RETRY.num_seconds();
    let request = Request {
        caller: CALLER.to_owned(),
        key: IdempotencyKey::stored(format!("expire:{}:{period}", order.order_no)),
        request_id: String::new(),
    };
    let change =
        OrderChange::Status { to: order::Status::Expired, expected: Some(order::Status::Pending) };
    let command = Command::ChangeOrder { order_no: order.order_no, change, owner: None };
    balance.execute(request, command).await
}

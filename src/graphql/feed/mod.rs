//! What one subscriber of `adminBalanceFeed` is sent, and when.

mod replay;
mod sent;

use std::{collections::HashMap, sync::Arc};

use async_graphql::Result;
use async_stream::try_stream;
use futures::Stream;
use ulid::Ulid;

pub use self::sent::FeedCursor;
use self::sent::{MAX_SENT, Sent, span_before};
use super::{balance_event::BalanceEvent, connection::Cursor, live::Live};
use crate::{
    entity::{Money, Uid, clock, transaction},
    error::Error,
    events::{self, Delivery},
    loaders::Loaders,
};

/// Most missed changes that are sent singly to who resumes; with more, the cursor has expired.
const MAX_REPLAY: usize = 10_000;
/// The same after a gap: few, because a reader that is too slow has one gap after another.
const MAX_REPLAY_AFTER_GAP: usize = 1_000;
/// Most wallets whose current state is sent instead.
const MAX_WALLETS: usize = 5_000;
/// How far other instances' clocks may be ahead.
const AHEAD_MS: u64 = 3_600_000;

/// What one subscriber was sent.
pub struct Feed {
    loaders: Arc<Loaders>,
    changes: events::Subscription,
    /// Smaller changes are left out.
    min_amount: Option<Money>,
    sent: Sent,
    /// The version of each wallet whose state was sent; older lines are part of it.
    states: HashMap<Uid, i64>,
    live: Live,
}

impl Feed {
    /// Somebody who was sent nothing yet. To be attached before anything is read, so that
    /// nothing falls between the two.
    pub fn new(
        loaders: Arc<Loaders>,
        changes: events::Subscription,
        min_amount: Option<Money>,
    ) -> Self {
        let (sent, states) = (Sent::new(Ulid::nil(), []), HashMap::new());
        Self { loaders, changes, min_amount, sent, states, live: Live::start("adminBalanceFeed") }
    }

    /// Everything that is sent: what was missed after the cursor, or the wallet that changed
    /// last, then every change.
    pub fn events(mut self, after: Option<FeedCursor>) -> impl Stream<Item = Result<BalanceEvent>> {
        try_stream! {
            let first = match after {
                Some(cursor) => self.resume(cursor).await?,
                None => self.begin().await?,
            };
            for event in first {
                yield event;
            }
            let mut missed = match after {
                Some(_) => self.missed(MAX_REPLAY).await?,
                None => Vec::new(),
            };
            loop {
                while let Some(page) = self.replay(&mut missed).await? {
                    for event in page {
                        yield event;
                    }
                }
                let Some(delivery) = self.changes.next().await else { break };
                match delivery {
                    Delivery::Event(change) => {
                        if let Some(event) = self.change(&change) {
                            yield event;
                        }
                    }
                    Delivery::Gap => {
                        self.live.resync();
                        for event in self.heal(&mut missed).await? {
                            yield event;
                        }
                    }
                }
            }
        }
    }

    /// An event for a change, unless it was sent, or is too small.
    fn change(&mut self, change: &events::BalanceEvent) -> Option<BalanceEvent> {
        let line = &change.transaction;
        if !self.is_next(line) {
            return None;
        }
        self.live.told(line.created_at);
        let event = BalanceEvent::of_change(change.wallet.clone(), line.clone(), 0);
        Some(event.with_cursor(self.sent.cursor().encode()))
    }

    /// Whether a line is to be sent; it counts as sent from now on.
    fn is_next(&mut self, line: &transaction::Model) -> bool {
        let is_new = line.transaction_no.ulid().is_none_or(|number| self.sent.add(number));
        let is_state = self.states.get(&line.uid).is_some_and(|state| *state >= line.version);
        let is_large = self.min_amount.is_none_or(|least| line.amount >= least);
        is_new && !is_state && is_large
    }

    /// The latest number that a line may have now.
    fn latest() -> Ulid {
        Ulid::from_parts(now_ms() + AHEAD_MS, 0)
    }
}

fn now_ms() -> u64 {
    u64::try_from(clock::now().timestamp_millis()).unwrap_or_default()
}

fn expired() -> Error {
    Error::CursorExpired
}

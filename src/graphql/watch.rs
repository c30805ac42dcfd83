//! What one subscriber of `balanceUpdated` is sent, and when.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Result;
use async_stream::try_stream;
use futures::{Stream, future::try_join_all};

use super::{balance_event::BalanceEvent, live::Live};
use crate::{
    entity::{Uid, transaction, wallet},
    error::Error,
    events::{self, Delivery},
    loaders::{Freshness, Loaders, Sourced},
};

/// Most missed changes that one subscriber is sent singly, an equal share of each wallet;
/// of a wallet that changed more often, the current state is sent.
const MAX_REPLAY: usize = 1_000;
/// The same after a gap: few, because a reader that is too slow has one gap after another, and
/// is better served with the current state.
const MAX_REPLAY_AFTER_GAP: usize = 64;

/// What one subscriber was sent.
pub struct Watch {
    loaders: Arc<Loaders>,
    /// What it is sent from; it yields a gap where a version is missing.
    changes: events::Subscription,
    /// The last version of each wallet; none of a wallet that does not exist yet.
    sent: HashMap<Uid, Option<i64>>,
    live: Live,
}

impl Watch {
    /// Somebody who was sent nothing yet. To be attached before any state is read, so that
    /// nothing falls between the two.
    pub fn new(loaders: Arc<Loaders>, changes: events::Subscription) -> Self {
        Self { loaders, changes, sent: HashMap::new(), live: Live::start("balanceUpdated") }
    }

    /// Everything that is sent: what was missed after the version given for each wallet, or
    /// its current state, then every change.
    pub fn events(
        mut self,
        after: Vec<(Uid, Option<i64>)>,
    ) -> impl Stream<Item = Result<BalanceEvent>> {
        try_stream! {
            for event in self.read(after, MAX_REPLAY).await? {
                yield event;
            }
            while let Some(delivery) = self.changes.next().await {
                // What this request read for the event before is history.
                self.loaders.start_over().await;
                match delivery {
                    Delivery::Event(change) => {
                        if let Some(event) = self.change(&change) {
                            yield event;
                        }
                    }
                    Delivery::Gap => {
                        self.live.resync();
                        let sent = self.sent.clone().into_iter().collect();
                        for event in self.read(sent, MAX_REPLAY_AFTER_GAP).await? {
                            yield event;
                        }
                    }
                }
            }
        }
    }

    /// What was missed of each wallet after the version given, or its current state: at the
    /// beginning, and after a gap.
    async fn read(
        &mut self,
        after: Vec<(Uid, Option<i64>)>,
        most: usize,
    ) -> Result<Vec<BalanceEvent>, Error> {
        let loaders = &self.loaders;
        let share = (most / after.len().max(1)).max(1) as u64;
        let missed = after.into_iter().map(async |(uid, after)| {
            let wallet = loaders.wallet(&uid, Freshness::Latest).await?;
            let events = match &wallet {
                Some(wallet) => resume(loaders, wallet, after, share).await?,
                None => Vec::new(),
            };
            Ok::<_, Error>((uid, wallet.map(|wallet| wallet.version), events))
        });
        let mut events = Vec::new();
        for (uid, version, missed) in try_join_all(missed).await? {
            if let Some(version) = version {
                self.changes.covered(&uid, version);
            }
            self.sent.insert(uid, version);
            events.extend(missed);
        }
        self.live.folded(events.iter().map(BalanceEvent::skipped_changes).sum());
        Ok(events)
    }

    /// An event for a change, unless it was sent.
    fn change(&mut self, change: &events::BalanceEvent) -> Option<BalanceEvent> {
        let sent = self.sent.get_mut(&change.wallet.uid)?;
        let version = change.wallet.version;
        if sent.is_some_and(|sent| version <= sent) {
            return None;
        }
        let skipped = sent.replace(version).map_or(0, |sent| version - sent - 1);
        self.live.told(change.transaction.created_at);
        Some(BalanceEvent::of_change(change.wallet.clone(), change.transaction.clone(), skipped))
    }
}

/// What was missed of a wallet after a version, or its current state.
async fn resume(
    loaders: &Loaders,
    wallet: &Sourced<wallet::Model>,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<BalanceEvent>, Error> {
    let skipped =
        after.map_or(0, |after| wallet.version.saturating_sub(after).saturating_sub(1).max(0));
    match after {
        Some(after) if after == wallet.version => return Ok(Vec::new()),
        Some(after) if after < wallet.version => {
            let lines = loaders.transactions_after(&wallet.uid, after, limit).await?;
            if let Some(missed) = replay(wallet, after, lines) {
                return Ok(missed);
            }
        }
        _ => {}
    }
    Ok(vec![BalanceEvent::of_state(wallet.clone(), skipped)])
}

/// The changes between a version and a wallet's current one; none unless `lines` are all.
fn replay(
    wallet: &wallet::Model,
    after: i64,
    mut lines: Vec<transaction::Model>,
) -> Option<Vec<BalanceEvent>> {
    // Those beyond the state that was read arrive as changes.
    lines.retain(|line| line.version <= wallet.version);
    let connected = lines.iter().zip(after + 1..).all(|(line, version)| line.version == version);
    if !connected || lines.last().map_or(after, |line| line.version) != wallet.version {
        return None;
    }
    Some(lines.into_iter().map(|line| BalanceEvent::replayed(wallet, line)).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt;
    use tokio::time::timeout;

    use super::*;
    use crate::{
        cache::Cache,
        config,
        entity::{Money, TransactionNo, clock},
        events::Events,
        loaders::Sources,
        store::{self, testing},
    };

    /// A commit between attaching and reading, whose event comes when both are done: it is in the
    /// snapshot, and not sent again.
    #[tokio::test]
    async fn a_commit_between_attaching_and_reading_arrives_once() {
        let database = testing::database().await;
        let cache = Cache::connect(&config::testing::defaults().cache, None);
        let loaders = Arc::new(Loaders::new(&Sources::new((*database).clone(), cache)));
        let events = Events::connect("one", None, |_| {});
        let ann = Uid::stored("ann");
        let change = |version: i64| {
            let (wallet, transaction) = (wallet(version), line(version));
            vec![events::BalanceEvent { wallet, transaction }]
        };
        for early in [true, false] {
            let watch = Watch::new(loaders.clone(), events.subscribe(std::slice::from_ref(&ann)));
            let committed = if early { 2 } else { 4 };
            store::wallets::insert_missing(database.writer(), &[wallet(1)]).await.unwrap();
            store::wallets::update(database.writer(), &[wallet(committed)]).await.unwrap();
            if early {
                events.publish(change(committed), vec![]);
            }
            let mut stream = std::pin::pin!(watch.events(vec![(ann.clone(), None)]));
            let first = stream.next().await.unwrap().unwrap();
            assert_eq!(first.place(), (committed, true), "the present");
            if !early {
                events.publish(change(committed), vec![]);
            }
            events.publish(change(committed + 1), vec![]);
            let next = stream.next().await.unwrap().unwrap();
            assert_eq!(next.place(), (committed + 1, false), "once");
            let more = timeout(Duration::from_millis(50), stream.next()).await;
            assert!(more.is_err(), "nothing else");
        }
    }

    fn wallet(version: i64) -> wallet::Model {
        let now = clock::now();
        wallet::Model {
            uid: Uid::stored("ann"),
            balance: Money::from_units(version),
            status: wallet::Status::Active,
            currency: "PHP".to_owned(),
            version,
            created_at: now,
            updated_at: now,
        }
    }

    fn line(version: i64) -> transaction::Model {
        transaction::Model {
            transaction_no: TransactionNo::generate(),
            uid: Uid::stored("ann"),
            kind: transaction::Kind::Recharge,
            amount: Money::from_units(1),
            balance_before: Money::from_units(version - 1),
            balance_after: Money::from_units(version),
            version,
            status: transaction::Status::Success,
            description: None,
            operation_id: String::new(),
            counterparty_uid: None,
            order_no: None,
            created_at: clock::now(),
        }
    }

    fn replayed(current: i64, after: i64, versions: &[i64]) -> Option<usize> {
        let lines = versions.iter().copied().map(line).collect();
        replay(&wallet(current), after, lines).map(|events| events.len())
    }

    #[test]
    fn what_was_missed_is_replayed_only_when_it_is_whole() {
        assert_eq!(replayed(5, 2, &[3, 4, 5]), Some(3));
        assert_eq!(replayed(5, 2, &[3, 4, 5, 6]), Some(3), "a later one arrives as a change");
        assert_eq!(replayed(5, 2, &[4, 5]), None, "one is missing");
        assert_eq!(replayed(5, 2, &[3, 4]), None, "there were too many");
        assert_eq!(replayed(5, 2, &[]), None);
    }
}

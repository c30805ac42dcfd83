//! What a feed missed, read from the ledger.

use std::collections::{HashMap, VecDeque};

use futures::future::try_join_all;
use ulid::Ulid;

use super::{
    Feed, FeedCursor, MAX_REPLAY_AFTER_GAP, MAX_SENT, MAX_WALLETS, Sent, expired, now_ms,
    span_before,
};
use crate::{
    entity::{TransactionNo, Uid, transaction},
    error::Error,
    graphql::{balance_event::BalanceEvent, connection::Cursor},
    loaders::Freshness,
};

/// Lines that are read together.
const PAGE: usize = 500;

/// A line that was not sent, by its number; and whose it is.
pub type Missed = (TransactionNo, Uid);

impl Feed {
    /// A feed begins now: what the ledger has is the past. Its last wallet is sent, as the place
    /// to resume from when nothing else happens.
    pub(super) async fn begin(&mut self) -> Result<Vec<BalanceEvent>, Error> {
        let from = span_before(now_ms());
        let lines = self.lines_after(from, MAX_SENT).await?;
        // Newest first: with as many as are read at most, older ones were left out.
        let from = match lines.last().and_then(number) {
            Some(oldest) if lines.len() == MAX_SENT => oldest,
            _ => from,
        };
        self.sent = Sent::new(from, lines.iter().filter_map(number).filter(|line| *line > from));
        let last = match lines.into_iter().next() {
            Some((_, uid)) => Some(uid),
            None => self.loaders.last_changed().await?,
        };
        let cursor = self.sent.cursor();
        self.states_of(last.into_iter().map(|uid| (uid, 1)).collect(), cursor).await
    }

    /// Knows again what was sent up to the cursor. Where lines came late, the wallets of its
    /// span are sent as they stand.
    pub(super) async fn resume(&mut self, cursor: FeedCursor) -> Result<Vec<BalanceEvent>, Error> {
        let (from, last) = (TransactionNo::of(cursor.from), TransactionNo::of(cursor.last));
        let lines = self.loaders.line_numbers(&from, &last, MAX_SENT as u64 + 1).await?;
        self.sent = Sent::new(cursor.from, lines.iter().filter_map(number));
        if lines.len() == cursor.count {
            return Ok(Vec::new());
        }
        self.live.resync();
        self.states_of(by_wallet(&lines), cursor).await
    }

    /// The lines that were not sent, oldest first.
    pub(super) async fn missed(&self, most: usize) -> Result<Vec<Missed>, Error> {
        let known = MAX_SENT + most;
        let mut lines = self.lines_after(self.sent.from(), known + 1).await?;
        if lines.len() > known {
            return Err(expired());
        }
        lines.retain(|line| number(line).is_some_and(|number| !self.sent.has(number)));
        if lines.len() > most {
            return Err(expired());
        }
        // Taken from the end.
        Ok(lines)
    }

    /// After a gap: what was missed is to be replayed or, where it is much, comes as the states
    /// of its wallets.
    pub(super) async fn heal(
        &mut self,
        replay: &mut Vec<Missed>,
    ) -> Result<Vec<BalanceEvent>, Error> {
        self.loaders.start_over().await;
        let missed = self.missed(super::MAX_REPLAY).await?;
        if missed.len() <= MAX_REPLAY_AFTER_GAP {
            *replay = missed;
            return Ok(Vec::new());
        }
        let before = self.sent.cursor();
        missed.iter().filter_map(number).for_each(|line| {
            self.sent.add(line);
        });
        self.states_of(by_wallet(&missed), before).await
    }

    /// The next of the lines that were missed, as events; `None` when there are no more.
    pub(super) async fn replay(
        &mut self,
        missed: &mut Vec<Missed>,
    ) -> Result<Option<Vec<BalanceEvent>>, Error> {
        if missed.is_empty() {
            return Ok(None);
        }
        let page = missed.split_off(missed.len().saturating_sub(PAGE));
        self.loaders.start_over().await;
        let lines = try_join_all(page.iter().rev().map(|(no, uid)| async {
            let line = self.loaders.transaction(no.clone());
            let wallet = self.loaders.wallet(uid, Freshness::Latest);
            let (line, wallet) = futures::future::try_join(line, wallet).await?;
            Ok::<_, Error>(line.zip(wallet))
        }));
        let found: Vec<_> = lines.await?.into_iter().flatten().collect();
        let lines = in_version_order(found.iter().map(|(line, _)| (**line).clone()).collect());
        let mut events = Vec::with_capacity(lines.len());
        for (line, (_, wallet)) in lines.into_iter().zip(&found) {
            if self.is_next(&line) {
                let event = BalanceEvent::replayed(wallet, line);
                events.push(event.with_cursor(self.sent.cursor().encode()));
            }
        }
        Ok(Some(events))
    }

    /// These wallets as they stand, with how many changes of each are folded. Only the last
    /// event's cursor is past them: who leaves before gets them again.
    async fn states_of(
        &mut self,
        wallets: HashMap<Uid, i64>,
        before: FeedCursor,
    ) -> Result<Vec<BalanceEvent>, Error> {
        if wallets.len() > MAX_WALLETS {
            return Err(expired());
        }
        if self.states.len() > MAX_WALLETS {
            self.states.clear();
        }
        let uids: Vec<Uid> = wallets.keys().cloned().collect();
        let loaders = &self.loaders;
        let read = uids.iter().map(|uid| loaders.wallet(uid, Freshness::Latest));
        let found = try_join_all(read).await?;
        let mut events = Vec::with_capacity(found.len());
        for wallet in found.into_iter().flatten() {
            let skipped = wallets.get(&wallet.uid).map_or(0, |changes| changes - 1);
            self.live.folded(skipped);
            self.changes.covered(&wallet.uid, wallet.version);
            self.states.insert(wallet.uid.clone(), wallet.version);
            events.push(BalanceEvent::of_state(wallet, skipped).with_cursor(before.encode()));
        }
        let last = events.pop().map(|event| event.with_cursor(self.sent.cursor().encode()));
        events.extend(last);
        Ok(events)
    }

    async fn lines_after(&self, from: Ulid, most: usize) -> Result<Vec<Missed>, Error> {
        let (from, latest) = (TransactionNo::of(from), TransactionNo::of(Self::latest()));
        self.loaders.line_numbers(&from, &latest, most as u64).await
    }
}

fn number((number, _): &Missed) -> Option<Ulid> {
    number.ulid()
}

fn by_wallet(lines: &[Missed]) -> HashMap<Uid, i64> {
    let mut changes = HashMap::new();
    for (_, uid) in lines {
        *changes.entry(uid.clone()).or_insert(0) += 1;
    }
    changes
}

/// The lines of each wallet by version, in the places that they have among others: instances'
/// clocks differ, and so their numbers may be the other way round.
fn in_version_order(lines: Vec<transaction::Model>) -> Vec<transaction::Model> {
    let places: Vec<Uid> = lines.iter().map(|line| line.uid.clone()).collect();
    let mut by_wallet: HashMap<Uid, VecDeque<transaction::Model>> = HashMap::new();
    let mut lines = lines;
    lines.sort_by_key(|line| line.version);
    for line in lines {
        by_wallet.entry(line.uid.clone()).or_default().push_back(line);
    }
    places.iter().filter_map(|uid| by_wallet.get_mut(uid)?.pop_front()).collect()
}

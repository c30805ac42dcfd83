//! Live changes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::{Context, Object, Result, Subscription};
use async_stream::try_stream;
use futures::{Stream, future::try_join_all};

use super::{
    access::{Permission, known},
    connection::Cursor,
    context::{ContextExt, bounded},
    transaction::Transaction,
    wallet::Wallet,
};
use crate::{
    entity::{Uid, transaction, wallet},
    error::Error,
    events::{self, Delivery},
    loaders::{Freshness, Loaders, Sourced},
};

/// Most missed changes that one subscriber is sent singly, an equal share of each wallet;
/// of a wallet that changed more often, the current state is sent.
const MAX_REPLAY: usize = 1_000;

/// A change of a wallet's balance, or its current state.
pub struct BalanceEvent {
    wallet: Wallet,
    transaction: Option<Transaction>,
    snapshot: bool,
    skipped: i64,
}

/// A change of a wallet, or, where `snapshot` says so, its current state.
#[Object]
impl BalanceEvent {
    /// Its place in the wallet's changes.
    async fn cursor(&self) -> String {
        self.wallet.0.version.encode()
    }

    /// The wallet as the change left it. Of a change that was missed and is sent later, its
    /// `status` is the current one.
    async fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// The ledger line; null in a snapshot.
    async fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// True for the current state: the first event of a wallet, and the one after a gap.
    async fn snapshot(&self) -> bool {
        self.snapshot
    }

    /// Changes since the event before that are folded into this one.
    async fn skipped(&self) -> i64 {
        self.skipped
    }
}

/// Live changes.
pub struct Subscription;

/// Live changes. A stream ends with an error when it cannot go on; ask again to resume.
#[Subscription(guard = "known")]
impl Subscription {
    /// First the current state of each wallet, then every change, in version order for each
    /// wallet. Users watch their own only.
    async fn balance_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose wallets.")] uids: Vec<Uid>,
        #[graphql(
            desc = "The last version seen of each of `uids`, in their order. What was missed since is sent instead of the current state, where the ledger still has it and it is not too much."
        )]
        after_versions: Option<Vec<i64>>,
    ) -> Result<impl Stream<Item = Result<BalanceEvent>> + use<>> {
        bounded(ctx, "uids", uids.len())?;
        for uid in &uids {
            ctx.require_for(Permission::Read, uid)?;
        }
        let after = after_each(uids, after_versions)?;
        // Attached before the state is read, so that nothing falls between the two.
        let uids: Vec<Uid> = after.iter().map(|(uid, _)| uid.clone()).collect();
        let changes = ctx.state().events.subscribe(&uids);
        let loaders = Arc::clone(&ctx.session().loaders);
        Ok(watch(Watch { loaders, changes, sent: HashMap::with_capacity(uids.len()) }, after))
    }
}

/// The version after which each wallet is watched, each wallet once.
fn after_each(
    uids: Vec<Uid>,
    versions: Option<Vec<i64>>,
) -> Result<Vec<(Uid, Option<i64>)>, Error> {
    let versions = match versions {
        Some(versions) if versions.len() != uids.len() => {
            return Err(Error::BadInput("afterVersions must be as many as uids".to_owned()));
        }
        Some(versions) => versions.into_iter().map(Some).collect(),
        None => vec![None; uids.len()],
    };
    let mut after: Vec<_> = uids.into_iter().zip(versions).collect();
    let mut seen = HashSet::with_capacity(after.len());
    after.retain(|(uid, _)| seen.insert(uid.clone()));
    Ok(after)
}

fn watch(
    mut watch: Watch,
    after: Vec<(Uid, Option<i64>)>,
) -> impl Stream<Item = Result<BalanceEvent>> {
    try_stream! {
        for event in watch.begin(after).await? {
            yield event;
        }
        while let Some(delivery) = watch.changes.next().await {
            // What this request read for the event before is history.
            watch.loaders.start_over().await;
            match delivery {
                Delivery::Event(change) => {
                    if let Some(event) = watch.change(&change) {
                        yield event;
                    }
                }
                Delivery::Gap => {
                    for event in watch.catch_up().await? {
                        yield event;
                    }
                }
            }
        }
    }
}

/// What one subscriber was sent.
struct Watch {
    loaders: Arc<Loaders>,
    /// What it is sent from; it yields a gap where a version is missing.
    changes: events::Subscription,
    /// The last version of each wallet; none of a wallet that does not exist yet.
    sent: HashMap<Uid, Option<i64>>,
}

impl Watch {
    /// The first events: what was missed after the version given, or the current state.
    async fn begin(&mut self, after: Vec<(Uid, Option<i64>)>) -> Result<Vec<BalanceEvent>, Error> {
        let loaders = &self.loaders;
        let share = (MAX_REPLAY / after.len().max(1)).max(1) as u64;
        let first = after.into_iter().map(async |(uid, after)| {
            let wallet = loaders.wallet(&uid, Freshness::Latest).await?;
            let events = match &wallet {
                Some(wallet) => resume(loaders, wallet, after, share).await?,
                None => Vec::new(),
            };
            Ok::<_, Error>((uid, wallet.map(|wallet| wallet.version), events))
        });
        let mut events = Vec::new();
        for (uid, version, first) in try_join_all(first).await? {
            if let Some(version) = version {
                self.changes.covered(&uid, version);
            }
            self.sent.insert(uid, version);
            events.extend(first);
        }
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
        let line = Transaction(change.transaction.clone().into());
        let wallet = current(change.wallet.clone());
        Some(BalanceEvent { wallet, transaction: Some(line), snapshot: false, skipped })
    }

    /// After a gap: the state of each wallet that changed in it.
    async fn catch_up(&mut self) -> Result<Vec<BalanceEvent>, Error> {
        let loaders = &self.loaders;
        let latest = self.sent.keys().map(|uid| loaders.wallet(uid, Freshness::Latest));
        let mut events = Vec::new();
        for wallet in try_join_all(latest).await?.into_iter().flatten() {
            let version = wallet.version;
            self.changes.covered(&wallet.uid, version);
            let Some(sent) = self.sent.get_mut(&wallet.uid) else { continue };
            if sent.is_none_or(|sent| version > sent) {
                let skipped = sent.replace(version).map_or(0, |sent| version - sent - 1);
                events.push(snapshot(Wallet(wallet), skipped));
            }
        }
        Ok(events)
    }
}

/// What was missed of a wallet after a version, or its current state.
async fn resume(
    loaders: &Loaders,
    wallet: &Sourced<wallet::Model>,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<BalanceEvent>, Error> {
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
    Ok(vec![snapshot(Wallet(wallet.clone()), 0)])
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
    let event = |line: transaction::Model| BalanceEvent {
        wallet: current(wallet::Model {
            balance: line.balance_after,
            version: line.version,
            updated_at: line.created_at,
            ..wallet.clone()
        }),
        transaction: Some(Transaction(line.into())),
        snapshot: false,
        skipped: 0,
    };
    Some(lines.into_iter().map(event).collect())
}

const fn snapshot(wallet: Wallet, skipped: i64) -> BalanceEvent {
    BalanceEvent { wallet, transaction: None, snapshot: true, skipped }
}

/// A wallet as a commit left it.
fn current(wallet: wallet::Model) -> Wallet {
    let committed_at = wallet.updated_at;
    Wallet(Sourced::stored(wallet.into(), committed_at))
}

//! Holds all that is cached against the database, in the background and without haste: what the
//! database has no more, or never had, goes; what is older than it should be is replaced.
//!
//! Nothing needs this while all goes as it should. It bounds how long the rest lasts: rows deleted
//! or changed past this service, values that others wrote, and what an instance that is cut off
//! from Redis could not write before it died.

use std::{collections::HashMap, time::Duration};

use tokio::time::sleep;

use super::Upkeep;
use crate::{
    cache::{
        CacheEntry, Cached, Census, Eviction, Keyspace, LatestTransactions, Standing, WalkCursor,
        Walked, versions,
    },
    entity::{
        Period, Uid,
        hot::{channel, merchant, plugin, plugin_config, plugin_pay_type, tenant},
        user, wallet,
    },
    error::Result,
    loaders::{Sources, read_through::Stored},
    store::wallets,
};

/// Between the steps of a walk, of some 500 keys each.
const PAUSE: Duration = Duration::from_millis(50);

/// Sweeps for ever: each time one instance does. `stop` by dropping it.
pub async fn keep_swept(sources: &Sources, interval: Duration) {
    loop {
        sleep(interval).await;
        // A little less than the interval, so that it does not come a moment too early.
        if !sources.cache().take_turn("sweep", interval.mul_f64(0.9)).await {
            continue;
        }
        report(sources.sweep(interval).await);
    }
}

fn report(swept: Result<Upkeep>) {
    match swept {
        Ok(Upkeep { affected: 0, skipped }) => {
            tracing::debug!(skipped, "the cache is as it should be");
        }
        Ok(Upkeep { affected, skipped }) => {
            tracing::info!(affected, skipped, "cached entries were not what they should be");
        }
        Err(error) => tracing::warn!(%error, "the cache was not swept to its end; trying later"),
    }
}

impl Sources {
    /// One walk over all that is cached. What it counts is believed until two more should have
    /// been made.
    ///
    /// # Errors
    /// The database's; `Unavailable` when the cache cannot be reached.
    pub async fn sweep(&self, interval: Duration) -> Result<Upkeep> {
        let (mut done, mut census) = (Upkeep::default(), Census::new());
        let mut next = Some(WalkCursor::default());
        while let Some(from) = next {
            let (walked, after) = self.cache().walk(from).await?;
            count(&mut census, &walked);
            done += self.sweep_step(walked).await?;
            next = after;
            sleep(PAUSE).await;
        }
        // What has no key has none, rather than an unknown number.
        for keyspace in Keyspace::ALL {
            census.entry(keyspace).or_default();
        }
        self.cache().publish_census(&census, interval * 3).await;
        Ok(done)
    }

    async fn sweep_step(&self, walked: Vec<Walked>) -> Result<Upkeep> {
        let mut by_keyspace: HashMap<Keyspace, Vec<Walked>> = HashMap::new();
        for walked in walked {
            by_keyspace.entry(walked.keyspace).or_default().push(walked);
        }
        let mut done = Upkeep::default();
        for (keyspace, walked) in by_keyspace {
            let all = walked.len();
            let affected = match keyspace {
                Keyspace::Wallet => self.sweep_rows::<wallet::Model>(walked).await?,
                Keyspace::Transactions => self.sweep_histories(walked).await?,
                Keyspace::Orders => self.sweep_periods(walked).await?,
                Keyspace::User => self.sweep_rows::<user::Model>(walked).await?,
                Keyspace::Merchant => self.sweep_rows::<merchant::Model>(walked).await?,
                Keyspace::Tenant => self.sweep_rows::<tenant::Model>(walked).await?,
                Keyspace::Channel => self.sweep_rows::<channel::Model>(walked).await?,
                Keyspace::Plugin => self.sweep_rows::<plugin::Model>(walked).await?,
                Keyspace::PluginConfig => self.sweep_rows::<plugin_config::Model>(walked).await?,
                Keyspace::PluginPayType => {
                    self.sweep_rows::<plugin_pay_type::Model>(walked).await?
                }
            };
            done += Upkeep::of(affected, all);
        }
        Ok(done)
    }

    /// One SELECT; two script calls when something differs.
    async fn sweep_rows<T>(&self, walked: Vec<Walked>) -> Result<u64>
    where
        T: Stored + Cached<Id: std::str::FromStr>,
    {
        let (ids, entries) = rows_among::<T::Id>(walked);
        let moment = self.cache().moment::<T>(&ids);
        let rows = T::select(self.reader(), &ids).await?;
        let stored = versions(&rows);
        let is_right = |(id, entry): &(T::Id, CacheEntry)| entry.version == stored.get(id).copied();
        let (ids, entries): (Vec<_>, Vec<_>) =
            ids.into_iter().zip(entries).filter(|pair| !is_right(pair)).unzip();
        let rows: Vec<T> = rows.into_iter().filter(|row| ids.contains(&row.id())).collect();
        self.replace(&ids, &entries, &rows, &moment).await
    }

    /// Lists without versions are not read by this service, and not its to judge.
    async fn sweep_histories(&self, walked: Vec<Walked>) -> Result<u64> {
        let (uids, entries) = rows_among::<Uid>(walked);
        let stored = versions(&wallets::by_uids(self.reader(), &uids).await?);
        let eviction = |(uid, entry): (Uid, CacheEntry)| {
            let stored = stored.get(&uid).copied();
            let is_right = entry.version.is_none() || entry.version == stored;
            (!is_right).then_some(Eviction { id: uid, seen: entry.version, stored })
        };
        let wrong: Vec<_> = uids.into_iter().zip(entries).filter_map(eviction).collect();
        super::certain(self.cache().evict::<LatestTransactions>(&wrong).await)
    }

    async fn sweep_periods(&self, walked: Vec<Walked>) -> Result<u64> {
        let mut affected = 0;
        for walked in walked {
            let is_complete = walked.entry.standing == Standing::Period;
            if let (true, Ok(period)) = (is_complete, walked.id.parse::<Period>()) {
                affected += u64::from(self.sweep_period(&period).await?);
            }
        }
        Ok(affected)
    }
}

/// Rows, and that there are none, of which this makes sense.
fn rows_among<Id: std::str::FromStr>(walked: Vec<Walked>) -> (Vec<Id>, Vec<CacheEntry>) {
    let is_row =
        |walked: &Walked| matches!(walked.entry.standing, Standing::Row | Standing::Absent);
    let rows = walked.into_iter().filter(is_row);
    rows.filter_map(|walked| Some((walked.id.parse().ok()?, walked.entry))).unzip()
}

fn count(census: &mut Census, walked: &[Walked]) {
    for walked in walked {
        let (keys, bytes) = census.entry(walked.keyspace).or_default();
        *keys += u64::from(walked.entry.standing != Standing::Nothing);
        *bytes += walked.entry.bytes.unwrap_or(0);
    }
}

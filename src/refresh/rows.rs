//! Rows that changed, read and written to the cache where they are newer than what is there.

use std::{
    collections::{BTreeMap, HashSet},
    str::FromStr,
    time::Instant,
};

use metrics::histogram;

use super::{
    Inner,
    poll::{Look, PAGE, millis},
    shared::State,
};
use crate::{
    cache::{
        CacheEntry, Cached, Eviction, LatestTransactions, Unreachable, order_versions, versions,
    },
    entity::{
        OrderNo, Period, Uid, clock,
        hot::{Kind, channel, merchant, plugin, plugin_config, plugin_pay_type, tenant},
        wallet,
    },
    error::{Error, Result},
    store::{
        self,
        changes::Change,
        hot::{self, HotEntity},
    },
};

/// Sees to a page of notes. For each kind of row among them one SELECT, one script call for rows
/// that changed, and one for those that are gone.
pub(super) async fn refresh(
    inner: &Inner,
    changes: &[Change],
    state: &mut State,
    look: &mut Look,
) -> Result<()> {
    let mut by_noun = BTreeMap::<&str, Vec<&Change>>::new();
    for change in changes {
        by_noun.entry(&change.noun).or_default().push(change);
    }
    for (noun, changes) in by_noun {
        let started = Instant::now();
        look.statements += 1;
        look.changes += changes.len() as u64;
        look.writes += match noun {
            "wallet" => Box::pin(refresh_wallets(inner, &changes)).await?,
            "order" => Box::pin(refresh_orders(inner, &changes)).await?,
            noun => match Kind::named(noun) {
                Some(kind) => {
                    let writes = refresh_hot(inner, kind, &changes).await?;
                    state.durations_ms.insert(kind, millis(started));
                    writes
                }
                // Of a later release, which sees to it itself.
                None => 0,
            },
        };
        let now = clock::now();
        for change in changes {
            let lag = (now - change.noted_at).to_std().unwrap_or_default();
            histogram!("refresh_lag_seconds").record(lag);
        }
    }
    Ok(())
}

async fn refresh_hot(inner: &Inner, kind: Kind, changes: &[&Change]) -> Result<u64> {
    match kind {
        Kind::Merchant => refresh_rows::<merchant::Entity>(inner, changes).await,
        Kind::Tenant => refresh_rows::<tenant::Entity>(inner, changes).await,
        Kind::Channel => refresh_rows::<channel::Entity>(inner, changes).await,
        Kind::Plugin => refresh_rows::<plugin::Entity>(inner, changes).await,
        Kind::PluginConfig => refresh_rows::<plugin_config::Entity>(inner, changes).await,
        Kind::PluginPayType => refresh_rows::<plugin_pay_type::Entity>(inner, changes).await,
    }
}

async fn refresh_rows<E>(inner: &Inner, changes: &[&Change]) -> Result<u64>
where
    E: HotEntity<Model: Cached<Id = i64>>,
{
    let ids: Vec<i64> = parsed(changes).map(|(id, _)| id).collect();
    let cached = inner.cache.inspect::<E::Model>(&ids).await.map_err(unreachable)?;
    let rows = hot::by_ids::<E>(inner.database.reader(), &ids).await?;
    evict_undone(inner, &ids, &cached, &rows).await;
    let found: HashSet<i64> = rows.iter().map(Cached::id).collect();
    // One that is gone for now: another of the same id may come, and be of any age.
    let gone: Vec<(i64, i64)> = parsed(changes)
        .filter(|(id, change)| change.gone && !found.contains(id))
        .filter_map(|(id, change)| Some((id, change.update_datetime?.timestamp_micros() + 1)))
        .collect();
    inner.cache.invalidate::<E::Model>(&gone).await;
    Ok(inner.cache.refresh(&rows).await + gone.len() as u64)
}

/// Takes away what is cached and newer than the database has it, or not there at all: a row that was
/// deleted and put back as it once was. `cached` is what was seen before `rows` were read, so that
/// nothing that was committed since is meant.
async fn evict_undone<T: Cached>(inner: &Inner, ids: &[T::Id], cached: &[CacheEntry], rows: &[T]) {
    let undone = Eviction::of_impossible(ids, cached, &versions(rows));
    inner.cache.evict::<T>(&undone).await;
}

/// The notes are seen to at the next look.
fn unreachable(_: Unreachable) -> Error {
    Error::Unavailable("the cache does not say what it has")
}

/// Caches a page of all rows of a kind; answers the last one's id, unless it was the last page.
pub(super) async fn fill_page(
    inner: &Inner,
    kind: Kind,
    after: Option<i64>,
    look: &mut Look,
) -> Result<Option<i64>> {
    match kind {
        Kind::Merchant => fill_rows::<merchant::Entity>(inner, after, look).await,
        Kind::Tenant => fill_rows::<tenant::Entity>(inner, after, look).await,
        Kind::Channel => fill_rows::<channel::Entity>(inner, after, look).await,
        Kind::Plugin => fill_rows::<plugin::Entity>(inner, after, look).await,
        Kind::PluginConfig => fill_rows::<plugin_config::Entity>(inner, after, look).await,
        Kind::PluginPayType => fill_rows::<plugin_pay_type::Entity>(inner, after, look).await,
    }
}

async fn fill_rows<E>(inner: &Inner, after: Option<i64>, look: &mut Look) -> Result<Option<i64>>
where
    E: HotEntity<Model: Cached<Id = i64>>,
{
    let page = store::Page { after, before: None, limit: PAGE, from_end: false };
    let rows = hot::page::<E>(inner.database.reader(), &page).await?;
    look.statements += 1;
    look.filled += rows.len() as u64;
    look.writes += inner.cache.top_up(&rows).await;
    let is_last = rows.len() < PAGE as usize;
    Ok(rows.last().filter(|_| !is_last).map(Cached::id))
}

/// Wallets are only ever changed with a new version, if by a trigger, so that the newer of two
/// rows is always known.
async fn refresh_wallets(inner: &Inner, changes: &[&Change]) -> Result<u64> {
    let uids: Vec<Uid> = parsed(changes).map(|(uid, _)| uid).collect();
    let cached = inner.cache.inspect::<wallet::Model>(&uids).await.map_err(unreachable)?;
    let wallets = store::wallets::by_uids(inner.database.reader(), &uids).await?;
    evict_undone(inner, &uids, &cached, &wallets).await;
    let found: HashSet<&Uid> = wallets.iter().map(|wallet| &wallet.uid).collect();
    let gone: Vec<(Uid, i64)> = parsed::<Uid>(changes)
        .filter(|(uid, change)| change.gone && !found.contains(uid))
        .filter_map(|(uid, change)| Some((uid, change.version? + 1)))
        .collect();
    let changed = wallets.iter().map(|wallet| (wallet.uid.clone(), wallet.version));
    let histories: Vec<(Uid, i64)> = changed.chain(gone.iter().cloned()).collect();
    tokio::join!(
        inner.cache.put(&wallets),
        inner.cache.invalidate::<wallet::Model>(&gone),
        inner.cache.invalidate::<LatestTransactions>(&histories),
    );
    Ok(histories.len() as u64)
}

async fn refresh_orders(inner: &Inner, changes: &[&Change]) -> Result<u64> {
    let place = |(number, change): (OrderNo, &Change)| Some((change.place.parse().ok()?, number));
    let places: Vec<(Period, OrderNo)> = parsed(changes).filter_map(place).collect();
    let cached = inner.cache.inspect_orders(&places).await.map_err(unreachable)?;
    let numbers: Vec<OrderNo> = parsed(changes).map(|(number, _)| number).collect();
    let orders = store::orders::by_nos(inner.database.reader(), &numbers).await?;
    let stored = order_versions(&orders);
    let undone = Eviction::of_impossible(&places, &cached, &stored);
    inner.cache.evict_orders(&undone).await;
    let gone: Vec<(Period, OrderNo, i64)> = parsed(changes)
        .filter(|(_, change)| change.gone)
        .filter_map(|(number, change)| Some((place((number, change))?, change.version? + 1)))
        .filter(|(place, _)| !stored.contains_key(place))
        .map(|((period, number), version)| (period, number, version))
        .collect();
    tokio::join!(inner.cache.put_orders(&orders), inner.cache.invalidate_orders(&gone));
    Ok((orders.len() + gone.len()) as u64)
}

/// Notes with their keys. What is no key of this service is none that it cached.
fn parsed<'a, K: FromStr>(changes: &[&'a Change]) -> impl Iterator<Item = (K, &'a Change)> {
    changes.iter().filter_map(|change| Some((change.key.parse().ok()?, *change)))
}

//! Loaders over a database and a cache of the test's own.

mod races;

use futures::future::join_all;
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::*;
use crate::{
    config::CacheConfig,
    entity::{Money, Uid, transaction, wallet},
    store::{
        testing::{TestDatabase, database, line, uid},
        transactions, wallets,
    },
};

struct Fixture {
    _database: TestDatabase,
    sources: Sources,
}

fn cache() -> Cache {
    let config = CacheConfig {
        redis_url: None,
        redis_connections: 1,
        redis_timeout: std::time::Duration::from_millis(50),
        cache_capacity: 10_000,
        near_cache_mb: 16,
        near_cache_ttl: std::time::Duration::from_secs(60),
        stale_for: std::time::Duration::from_secs(600),
        cache_users: false,
        cache_sweep_interval: std::time::Duration::from_secs(300),
        warm_wallets: 0,
    };
    Cache::connect(&config, None)
}

/// Wallets `w0`.. with as many ledger lines as `versions` says.
async fn given(versions: &[i64]) -> Fixture {
    let database = database().await;
    let rows: Vec<wallet::Model> = versions
        .iter()
        .enumerate()
        .map(|(index, version)| wallet::Model {
            version: *version,
            ..crate::store::testing::wallet(&format!("w{index}"), *version)
        })
        .collect();
    let lines: Vec<transaction::Model> = rows
        .iter()
        .flat_map(|row| (1..=row.version).map(|version| line(row.uid.as_str(), version)))
        .collect();
    wallets::insert_missing(database.writer(), &rows).await.unwrap();
    transactions::insert(database.writer(), &lines).await.unwrap();
    let sources = Sources::new((*database).clone(), cache());
    Fixture { _database: database, sources }
}

/// What the database commits when a wallet is paid, behind the cache's back.
async fn pay(fixture: &Fixture, uid: &Uid, version: i64) {
    let row = wallet::Model {
        version,
        balance: Money::from_units(version),
        ..crate::store::testing::wallet(uid.as_str(), 0)
    };
    let writer = fixture.sources.0.database.writer();
    wallets::update(writer, &[row]).await.unwrap();
    transactions::insert(writer, &[line(uid.as_str(), version)]).await.unwrap();
}

fn first(limit: u64) -> Page<i64> {
    Page { after: None, before: None, limit, from_end: false }
}

/// Fills, hits and misses of a keyspace.
async fn counts(loaders: &Loaders, keyspace: &str) -> (u64, u64, u64) {
    let stats = loaders.cache_stats().await;
    let stats = stats.keyspaces.iter().find(|stats| stats.name == keyspace).unwrap();
    (stats.fills, stats.hits, stats.misses)
}

#[tokio::test]
async fn a_hundred_wallets_with_transactions_are_read_once_and_then_cached() {
    let fixture = given(&[3; 100]).await;
    let uids: Vec<Uid> = (0..100).map(|index| uid(&format!("w{index}"))).collect();
    for source in [Source::Database, Source::Cache] {
        let loaders = Loaders::new(&fixture.sources);
        let read = async |uid: &Uid| {
            let wallet = loaders.wallet(uid, Freshness::Cached).await.unwrap().unwrap();
            let page =
                loaders.transaction_page(uid, wallet.version, None, &first(2)).await.unwrap();
            (wallet.source, page.rows.len(), page.has_next)
        };
        let read = join_all(uids.iter().map(read)).await;
        assert!(read.iter().all(|read| *read == (source, 2, true)), "{read:?}");
    }
    let loaders = Loaders::new(&fixture.sources);
    assert_eq!(counts(&loaders, "wallet").await, (100, 100, 100));
    assert_eq!(counts(&loaders, "transactions").await, (100, 100, 100));
}

#[tokio::test]
async fn a_wallet_that_does_not_exist_is_not_looked_for_again() {
    let fixture = given(&[]).await;
    for _ in 0..2 {
        let loaders = Loaders::new(&fixture.sources);
        assert!(loaders.wallet(&uid("nobody"), Freshness::Cached).await.unwrap().is_none());
    }
    let stats = Loaders::new(&fixture.sources).cache_stats().await;
    assert_eq!((stats.misses(), stats.negative_hits()), (1, 1));
}

#[tokio::test]
async fn a_minimum_version_reads_through_a_stale_cache() {
    let fixture = given(&[1]).await;
    let uid = uid("w0");
    let loaders = Loaders::new(&fixture.sources);
    let cached = loaders.wallet(&uid, Freshness::Cached).await.unwrap().unwrap();
    loaders.transaction_page(&uid, cached.version, None, &first(5)).await.unwrap();
    pay(&fixture, &uid, 2).await;

    let loaders = Loaders::new(&fixture.sources);
    let stale = loaders.wallet(&uid, Freshness::Cached).await.unwrap().unwrap();
    assert_eq!((stale.version, stale.source), (1, Source::Cache));
    let fresh = loaders.wallet(&uid, Freshness::AtLeast(2)).await.unwrap().unwrap();
    assert_eq!((fresh.version, fresh.source), (2, Source::Database));
    let page = loaders.transaction_page(&uid, fresh.version, None, &first(5)).await.unwrap();
    assert_eq!(page.rows[0].version, 2, "the ledger is as new as the wallet it is shown with");

    for source in [Source::Database, Source::Cache] {
        let loaders = Loaders::new(&fixture.sources);
        let found = loaders.wallet(&uid, Freshness::Cached).await.unwrap().unwrap();
        assert_eq!((found.version, found.source), (2, source), "the old one is gone");
    }
    let loaders = Loaders::new(&fixture.sources);
    assert!(loaders.wallet(&uid, Freshness::AtLeast(3)).await.is_err(), "it does not exist yet");
}

#[tokio::test]
async fn pages_run_through_the_cached_lines_and_beyond_them() {
    let fixture = given(&[120]).await;
    let uid = uid("w0");
    let loaders = Loaders::new(&fixture.sources);
    let mut seen = Vec::new();
    let mut page = first(40);
    loop {
        let slice = loaders.transaction_page(&uid, 120, None, &page).await.unwrap();
        assert_eq!(slice.has_previous, page.after.is_some());
        seen.extend(slice.rows.iter().map(|line| line.version));
        if !slice.has_next {
            break;
        }
        page.after = seen.last().copied();
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());

    let last = Page { after: None, before: None, limit: 3, from_end: true };
    let slice = loaders.transaction_page(&uid, 120, None, &last).await.unwrap();
    let versions: Vec<i64> = slice.rows.iter().map(|line| line.version).collect();
    assert_eq!((versions, slice.has_previous, slice.has_next), (vec![3, 2, 1], true, false));

    let before = Page { before: Some(118), ..last };
    let slice = loaders.transaction_page(&uid, 120, None, &before).await.unwrap();
    let versions: Vec<i64> = slice.rows.iter().map(|line| line.version).collect();
    assert_eq!((versions, slice.has_previous, slice.has_next), (vec![120, 119], false, true));
}

#[tokio::test]
async fn hot_rows_are_read_through_too() {
    let fixture = given(&[]).await;
    let now = entity::clock::now();
    let row = tenant::Model {
        id: 7,
        name: "north".to_owned(),
        enabled: true,
        create_datetime: now,
        update_datetime: now,
        cached_at: None,
    };
    row.clone().into_active_model().insert(fixture.sources.0.database.writer()).await.unwrap();
    for source in [Source::Database, Source::Cache] {
        let loaders = Loaders::new(&fixture.sources);
        let found = loaders.row::<tenant::Model>(7).await.unwrap().unwrap();
        let row = tenant::Model { cached_at: found.cached_at, ..row.clone() };
        assert_eq!((&*found, found.source), (&row, source));
        assert_eq!(row.cached_at.is_some(), source == Source::Cache);
        assert!(loaders.row::<tenant::Model>(8).await.unwrap().is_none());
    }
}

/// Fifty requests at once miss the same wallet: it is read once.
#[tokio::test]
async fn a_crowd_that_misses_a_key_loads_it_once() {
    let fixture = given(&[3]).await;
    let uid = uid("w0");
    let request = async || {
        let loaders = Loaders::new(&fixture.sources);
        let wallet = loaders.wallet(&uid, Freshness::Cached).await.unwrap().unwrap();
        let page = loaders.transaction_page(&uid, wallet.version, None, &first(2)).await.unwrap();
        (wallet.version, page.rows.len())
    };
    let answers = join_all((0..50).map(|_| request())).await;
    assert_eq!(answers, [(3, 2); 50]);
    let loaders = Loaders::new(&fixture.sources);
    assert_eq!(counts(&loaders, "wallet").await.0, 1, "fills");
    assert_eq!(counts(&loaders, "transactions").await.0, 1, "fills");
}

/// A loader is paused between its SELECT and its fill, and a change is committed meanwhile: what
/// it brings is neither cached nor near.
#[tokio::test]
async fn a_loader_that_comes_late_brings_nothing_old_back() {
    let fixture = given(&[1]).await;
    let uid = uid("w0");
    let cache = fixture.sources.cache();
    let old = wallets::by_uids(fixture.sources.reader(), std::slice::from_ref(&uid)).await.unwrap();
    pay(&fixture, &uid, 2).await;
    let new = wallets::by_uids(fixture.sources.reader(), std::slice::from_ref(&uid)).await.unwrap();
    cache.put(&new).await;
    cache.fill(&old).await;
    for _ in 0..3 {
        let loaders = Loaders::new(&fixture.sources);
        let read = loaders.wallet(&uid, Freshness::Cached).await.unwrap().unwrap();
        assert_eq!((read.version, read.source), (2, Source::Cache));
    }
    assert_eq!(cache.near::<wallet::Model>(&uid).unwrap().version, 2);
}

//! How changes of hot data are noted and told of, on PostgreSQL.

use std::time::{Duration, Instant};

use fred::interfaces::KeysInterface;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use tokio::time::sleep;
use wallet_bff::{
    entity::hot::merchant,
    store::{changes, hot},
};

use super::hot::{BY_POLLING, PATIENCE, SLACK, name, rename, wait_for};
use crate::support::{Backend, TestApp};

/// How long a change may stay unseen where PostgreSQL tells of it.
const BY_NOTICE: Duration = Duration::from_millis(100);

/// PostgreSQL tells of a change, and it is seen at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_makes_a_change_visible_at_once() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_hot_data().await;
    let other = app.another_instance().await;
    let mut took = Vec::new();
    for round in 0..10 {
        took.push(rename(&app, &[&app, &other], &format!("Uno {round}")).await);
    }
    // The machine may be busy with something else now and then.
    took.sort_unstable();
    assert!(took[2] < BY_NOTICE, "{took:?}");
}

/// Without notifications changes are looked for, as often as is set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_is_enough() {
    let app = TestApp::start_with(Backend::PostgresRedis, &["--no-listen"]).await;
    app.given_hot_data().await;
    // Long enough for an idle refresh to slow down, if it would.
    sleep(Duration::from_secs(3)).await;
    let took = rename(&app, &[&app], "Uno").await;
    assert!(took < BY_POLLING + SLACK, "it took {took:?}");
}

/// A connection for notifications that is lost is replaced, and misses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_notifications_are_made_up_for() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_hot_data().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(app.tamper(cut).await, 1, "one connection listens");
    let took = rename(&app, &[&app], "Uno").await;
    assert!(took < BY_POLLING + SLACK, "it took {took:?}");
}

/// What a long transaction changed first is seen when it commits at last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_not_missed() {
    for flags in [&[][..], &["--no-listen"]] {
        let app = TestApp::start_with(Backend::PostgresRedis, flags).await;
        app.given_hot_data().await;
        let long = app.database().begin().await.unwrap();
        let early = "UPDATE merchants SET name = 'Early' WHERE id = 2";
        long.execute_unprepared(early).await.unwrap();
        // Looks come and go meanwhile, and see later changes.
        for round in 0..2 {
            rename(&app, &[&app], &format!("Late {round}")).await;
        }
        assert_eq!(name(&app, "Merchant:2").await.as_deref(), Some("Two"));
        long.commit().await.unwrap();
        let took = wait_for(&app, "Merchant:2", Some("Early")).await;
        assert!(took < BY_POLLING + SLACK, "it took {took:?}");
    }
}

/// A Redis that comes back empty is filled again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_redis_is_filled_again() {
    let mut app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_hot_data().await;
    app.redis().kill();
    app.tamper("UPDATE merchants SET name = 'Uno' WHERE id = 1").await;
    assert_eq!(name(&app, "Merchant:1").await.as_deref(), Some("Uno"), "the database has it");
    app.redis().restart();
    let cache = app.cache().await;
    let started = Instant::now();
    loop {
        let cached: Option<String> = cache.get("merchant:1").await.unwrap();
        if cached.is_some_and(|json| json.contains("\"Uno\"")) {
            break;
        }
        assert!(started.elapsed() < 3 * PATIENCE, "nobody fills it");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Another role than ours needs no rights but those on what it edits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_office_needs_no_further_rights() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_hot_data().await;
    app.given_wallet("ann", "5").await;
    app.tamper(
        "CREATE ROLE office; GRANT SELECT, INSERT, UPDATE, DELETE ON merchants, wallets TO office;
         SET ROLE office;
         UPDATE merchants SET name = 'Uno' WHERE id = 1;
         DELETE FROM merchants WHERE id = 3;
         UPDATE wallets SET balance = 20000 WHERE uid = 'ann';
         RESET ROLE; DROP OWNED BY office; DROP ROLE office",
    )
    .await;
    wait_for(&app, "Merchant:1", Some("Uno")).await;
    wait_for(&app, "Merchant:3", None).await;
}

/// TRUNCATE names no rows, and they are gone all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_table_is_empty() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_hot_data().await;
    app.tamper("TRUNCATE merchants").await;
    wait_for(&app, "Merchant:1", None).await;
}

/// What a look reads does not grow with the tables: ten changes among a hundred thousand rows,
/// each of which was noted once, cost some pages of indexes and no scan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_costs_what_changed() {
    let app = TestApp::start_with(Backend::PostgresRedis, &["--no-refresh"]).await;
    for (first, last) in [(1, 1_000), (1_001, 100_000)] {
        let blocks = blocks_of_a_look(&app, first, last).await;
        assert!(blocks < 100, "{blocks} blocks for ten changes among {last}");
    }
}

/// Adds merchants, changes ten of all, looks, and answers how much of the database that touched.
async fn blocks_of_a_look(app: &TestApp, first: i64, last: i64) -> i64 {
    app.tamper(&format!(
        "INSERT INTO merchants (id, name) SELECT i, 'M' FROM generate_series({first}, {last}) i"
    ))
    .await;
    app.tamper("ANALYZE merchants; ANALYZE row_changes").await;
    let database = app.database();
    let mut page =
        changes::since(database, &changes::Position::start(), None, 1).await.expect("it is read");
    let tenth = last / 10;
    app.tamper(&format!("UPDATE merchants SET name = name || '!' WHERE id % {tenth} = 1")).await;
    app.reset_counters().await;
    page = changes::since(database, &page.end, None, 1_000).await.expect("it is read");
    let ids: Vec<i64> = page.changes.iter().map(|change| change.key.parse().unwrap()).collect();
    assert_eq!(ids.len(), 10, "what was seen before is not seen again");
    let rows = hot::by_ids::<merchant::Entity>(database, &ids).await.expect("they are read");
    assert_eq!(rows.len(), 10);
    let sql = "SELECT sum(shared_blks_hit + shared_blks_read)::bigint FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (query LIKE '%row_changes%' OR query LIKE '%\"merchants\"%')";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

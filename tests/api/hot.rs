//! Hot data: what a back office changes in the database, as clients read it.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Backend, Client, Reply, TestApp, on_every_backend, tests_on};

on_every_backend! {
    hot_data_is_listed_with_its_relations,
    lists_are_paged_by_kind,
    settings_are_shown_without_secrets,
    a_change_is_seen_on_every_instance,
    what_comes_and_goes_is_seen,
    a_failing_refresh_disturbs_nobody,
    many_changes_at_once_are_seen,
    a_row_that_is_put_back_as_it_was_is_seen,
}

tests_on! {
    cluster: PostgresCluster;
    hot_data_is_listed_with_its_relations,
    a_change_is_seen_on_every_instance,
    what_comes_and_goes_is_seen,
    many_changes_at_once_are_seen,
    a_row_that_is_put_back_as_it_was_is_seen,
}

/// How long a change may stay unseen where nobody tells of it.
pub const BY_POLLING: Duration = Duration::from_millis(1_100);
/// How long where PostgreSQL does.
const BY_NOTICE: Duration = Duration::from_millis(100);
/// What is lost to a busy machine on top.
pub const SLACK: Duration = Duration::from_secs(1);
/// How long a test waits for what must happen at last.
const PATIENCE: Duration = Duration::from_secs(15);

const GIVEN: &str = "
    INSERT INTO tenants (id, name) VALUES (1, 'North'), (2, 'South');
    INSERT INTO plugins (id, name) VALUES (1, 'Cash'), (2, 'Cards');
    INSERT INTO merchants (id, name, enabled, tenant_id) VALUES
        (1, 'One', true, 1), (2, 'Two', false, 2), (3, 'Three', true, NULL);
    INSERT INTO channels (id, name, plugin_id) VALUES (1, 'Web', 2);
    INSERT INTO plugin_configs (id, name, plugin_id, settings)
        VALUES (1, 'Live', 2, '{\"timeout\": 30, \"apiKey\": \"hunter2\"}');
    INSERT INTO plugin_pay_types (id, name, plugin_id, pay_type)
        VALUES (1, 'Visa', 2, 'visa'), (2, 'Master', 2, 'master')";

const NAME: &str = "query($id: ID!) { node(id: $id) { ... on HotRecord { name } } }";

impl TestApp {
    /// What the back office enters first.
    pub async fn given_hot_data(&self) {
        self.tamper(GIVEN).await;
        wait_for(self, "Merchant:3", Some("Three")).await;
    }
}

/// The global id of such a row, as `Merchant:1`.
pub fn id(name: &str) -> Value {
    json!({ "id": STANDARD.encode(name) })
}

async fn name(client: &Client, row: &str) -> Option<String> {
    let reply = client.query(NAME, id(row)).await;
    reply.data("/node").get("name").and_then(Value::as_str).map(str::to_owned)
}

/// Waits until clients read this name, or nothing, there; how long that took.
pub async fn wait_for(client: &Client, row: &str, expected: Option<&str>) -> Duration {
    let started = Instant::now();
    loop {
        let found = name(client, row).await;
        if found.as_deref() == expected {
            return started.elapsed();
        }
        let waited = started.elapsed();
        assert!(waited < PATIENCE, "{row} is {found:?} after {waited:?}, and not {expected:?}");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Changes a merchant's name, and answers how long it took until each of these read it.
async fn rename(app: &TestApp, clients: &[&Client], name: &str) -> Duration {
    app.tamper(&format!("UPDATE merchants SET name = '{name}' WHERE id = 1")).await;
    let started = Instant::now();
    for client in clients {
        wait_for(client, "Merchant:1", Some(name)).await;
    }
    started.elapsed()
}

/// Each kind is listed, with what belongs to it.
async fn hot_data_is_listed_with_its_relations(app: TestApp) {
    app.given_hot_data().await;
    let merchants = "{ hotData(kind: MERCHANT) { totalCount edges { node {
        __typename id key name enabled updatedAt ... on Merchant { tenant { name } } } } } }";
    let reply = app.query(merchants, json!({})).await;
    assert_eq!(reply.data("/hotData/totalCount"), 3, "{reply}");
    let edges = "/hotData/edges";
    assert_eq!(reply.each(edges, "/node/name"), ["One", "Two", "Three"], "{reply}");
    assert_eq!(reply.each(edges, "/node/key"), ["merchant:1", "merchant:2", "merchant:3"]);
    assert_eq!(reply.data("/hotData/edges/1/node/enabled"), false, "{reply}");
    assert_eq!(reply.text("/hotData/edges/1/node/tenant/name"), "South", "{reply}");
    assert!(reply.data("/hotData/edges/2/node/tenant").is_null(), "{reply}");

    let channels = "{ hotData(kind: CHANNEL) { edges { node { ... on Channel {
        plugin { name paymentMethods { name payType } config { name } } } } } } }";
    let reply = app.query(channels, json!({})).await;
    let plugin = json!({ "name": "Cards", "config": { "name": "Live" }, "paymentMethods":
        [{ "name": "Visa", "payType": "visa" }, { "name": "Master", "payType": "master" }] });
    assert_eq!(reply.data("/hotData/edges/0/node/plugin"), &plugin, "{reply}");

    let ids = ["Tenant:1", "Plugin:1", "Channel:1", "PluginConfig:1", "PluginPaymentMethod:1"];
    let nodes = json!({ "ids": ids.map(|id| STANDARD.encode(id)) });
    let reply =
        app.query("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", nodes).await;
    let names: Vec<_> = ids.iter().map(|id| id.split(':').next().unwrap()).collect();
    assert_eq!(reply.each("/nodes", "/__typename"), names, "{reply}");
}

/// Pages go on where the last one ended, in the list that they belong to.
async fn lists_are_paged_by_kind(app: TestApp) {
    app.given_hot_data().await;
    let document = "query($kind: HotDataKind!, $after: String) {
        hotData(kind: $kind, first: 2, after: $after) {
            edges { node { name } } pageInfo { hasNextPage endCursor } } }";
    let first = app.query(document, json!({ "kind": "MERCHANT" })).await;
    assert_eq!(first.each("/hotData/edges", "/node/name"), ["One", "Two"], "{first}");
    assert_eq!(first.data("/hotData/pageInfo/hasNextPage"), true, "{first}");
    let after = first.text("/hotData/pageInfo/endCursor");
    let next = app.query(document, json!({ "kind": "MERCHANT", "after": after })).await;
    assert_eq!(next.each("/hotData/edges", "/node/name"), ["Three"], "{next}");
    let other = app.query(document, json!({ "kind": "TENANT", "after": after })).await;
    assert_eq!(other.error_code(), Some("BAD_USER_INPUT"), "{other}");
    let last = "{ hotData(kind: MERCHANT, last: 1) { edges { node { name } } } }";
    let last = app.query(last, json!({})).await;
    assert_eq!(last.each("/hotData/edges", "/node/name"), ["Three"], "{last}");
}

/// An administrator sees settings, and nobody their secrets.
async fn settings_are_shown_without_secrets(app: TestApp) {
    app.given_hot_data().await;
    let document = "{ hotData(kind: PLUGIN) { edges { node { ... on Plugin {
        config { settings } } } } } }";
    let reply = app.query(document, json!({})).await;
    let settings = reply.text("/hotData/edges/1/node/config/settings");
    let settings: Value = serde_json::from_str(settings).expect("it is JSON");
    assert_eq!(settings, json!({ "timeout": 30, "apiKey": "***" }));
}

/// However a change is made, each instance answers with it soon. The instances of one process
/// stand for any: they share nothing but the stores.
async fn a_change_is_seen_on_every_instance(app: TestApp) {
    app.given_hot_data().await;
    let other = app.another_instance().await;
    wait_for(&other, "Merchant:1", Some("One")).await;
    for round in 0..3 {
        let took = rename(&app, &[&app, &other], &format!("Uno {round}")).await;
        assert!(took < BY_POLLING + SLACK, "it took {took:?}");
    }
}

/// New rows are read, and deleted ones no longer; also one that comes back.
async fn what_comes_and_goes_is_seen(app: TestApp) {
    app.given_hot_data().await;
    assert_eq!(name(&app, "Merchant:4").await, None);
    app.tamper("INSERT INTO merchants (id, name) VALUES (4, 'Four')").await;
    let took = wait_for(&app, "Merchant:4", Some("Four")).await;
    assert!(took < BY_POLLING + SLACK, "it took {took:?}");
    app.tamper("DELETE FROM merchants WHERE id = 4").await;
    let took = wait_for(&app, "Merchant:4", None).await;
    assert!(took < BY_POLLING + SLACK, "it took {took:?}");
    // From a backup, with the times that it had.
    app.tamper(
        "INSERT INTO merchants (id, name, create_datetime, update_datetime) VALUES
            (4, 'Fourth', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00')",
    )
    .await;
    wait_for(&app, "Merchant:4", Some("Fourth")).await;
    app.tamper("UPDATE merchants SET id = 5 WHERE id = 4").await;
    wait_for(&app, "Merchant:4", None).await;
    wait_for(&app, "Merchant:5", Some("Fourth")).await;
}

/// A refresh that fails tries on, ever less often; all else goes on, and so does it when it can.
async fn a_failing_refresh_disturbs_nobody(app: TestApp) {
    app.given_hot_data().await;
    app.tamper("ALTER TABLE row_changes RENAME TO row_changes_away").await;
    let reply = wait_for_failures(&app, |failures| failures >= 2).await;
    let interval = reply.data("/refreshStatus/0/intervalMs").as_u64();
    assert!(interval > Some(1_000), "it backs off: {reply}");
    app.given_wallet("ann", "5").await;
    assert_eq!(name(&app, "Merchant:1").await.as_deref(), Some("One"));
    app.tamper("ALTER TABLE row_changes_away RENAME TO row_changes").await;
    rename(&app, &[&app], "Uno").await;
    wait_for_failures(&app, |failures| failures == 0).await;
}

async fn wait_for_failures(app: &TestApp, holds: impl Fn(u64) -> bool) -> Reply {
    let document = "{ refreshStatus { consecutiveFailures intervalMs } }";
    let started = Instant::now();
    loop {
        let reply = app.query(document, json!({})).await;
        if reply.data("/refreshStatus/0/consecutiveFailures").as_u64().is_some_and(&holds) {
            return reply;
        }
        assert!(started.elapsed() < PATIENCE, "still {reply}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// More changes than are read together.
async fn many_changes_at_once_are_seen(app: TestApp) {
    app.tamper(
        "INSERT INTO merchants (id, name)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
        SELECT i, 'Merchant ' || i FROM n",
    )
    .await;
    wait_for(&app, "Merchant:2500", Some("Merchant 2500")).await;
    app.tamper("UPDATE merchants SET name = name || '!'").await;
    for id in [1, 1_000, 1_001, 2_500] {
        let name = format!("Merchant {id}!");
        wait_for(&app, &format!("Merchant:{id}"), Some(&name)).await;
    }
    app.tamper("DELETE FROM merchants WHERE id > 10").await;
    wait_for(&app, "Merchant:2500", None).await;
    let reply = app.query("{ refreshStatus { kind rows leader lagMs } }", json!({})).await;
    assert_eq!(reply.data("/refreshStatus/1/kind"), "MERCHANT", "{reply}");
    assert_eq!(reply.data("/refreshStatus/1/rows"), 10, "{reply}");
    assert!(reply.data("/refreshStatus/1/leader").is_string(), "{reply}");
}

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
    use sea_orm::{ConnectionTrait, TransactionTrait};
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
    use fred::interfaces::KeysInterface;
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
        assert!(started.elapsed() < PATIENCE, "nobody fills it");
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
    use sea_orm::{ConnectionTrait, Statement};
    use wallet_bff::{
        entity::hot::merchant,
        store::{changes, hot},
    };
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

/// A restore deletes rows and puts older ones in their place; what is cached is newer than those.
async fn a_row_that_is_put_back_as_it_was_is_seen(app: TestApp) {
    app.given_hot_data().await;
    app.tamper("UPDATE merchants SET name = 'Newer' WHERE id = 1").await;
    wait_for(&app, "Merchant:1", Some("Newer")).await;
    app.tamper(
        "DELETE FROM merchants WHERE id = 1;
        INSERT INTO merchants (id, name, enabled, create_datetime, update_datetime) VALUES
            (1, 'Older', true, '2024-12-01T00:00:00.000+00:00', '2024-12-01T00:00:00.000+00:00')",
    )
    .await;
    wait_for(&app, "Merchant:1", Some("Older")).await;
    app.tamper("DELETE FROM merchants WHERE id = 1").await;
    wait_for(&app, "Merchant:1", None).await;
}

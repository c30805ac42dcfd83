//! Hot data: what a back office changes in the database, as clients read it.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Client, Reply, TestApp, on_every_backend, tests_on};

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
/// What is lost to a busy machine on top.
pub const SLACK: Duration = Duration::from_secs(1);
/// How long a test waits for what must happen at last.
pub const PATIENCE: Duration = Duration::from_secs(15);

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

pub async fn name(client: &Client, row: &str) -> Option<String> {
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
pub async fn rename(app: &TestApp, clients: &[&Client], name: &str) -> Duration {
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

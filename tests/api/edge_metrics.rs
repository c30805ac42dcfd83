//! What is measured, and that the dashboard and the alerts speak of nothing else.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use serde_json::{Value, json};

use crate::support::TestApp;

/// How metrics of ours begin.
const PREFIXES: [&str; 8] =
    ["graphql_", "websocket_", "sse_", "live_", "balance_", "wallet_", "database_", "refresh_"];

/// Every metric that the dashboard, the alerts and their page name is one of `/metrics`, and the
/// page leaves none out.
#[tokio::test]
async fn documents_name_the_metrics_there_are() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "1").await;
    app.query("{ nonsense", Value::Null).await;
    let mut watch = app.watch_balances(&["ann"]).await;
    watch.next().await;
    app.deposit("ann", "1").await.unwrap();
    watch.next().await;
    app.given_hot_data().await;
    let metrics = metrics_with(&app, "refresh_lag_seconds").await;
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let measured: BTreeSet<_> = types.filter_map(|line| line.split(' ').next()).collect();
    for file in ["grafana-dashboard.json", "alerts.yml", "README.md"] {
        let text = document(file);
        let named = names(&text);
        assert!(!named.is_empty(), "{file} names no metric");
        let unknown: Vec<_> = named.iter().filter(|n| !measured.contains(n.as_str())).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}, and there are {measured:?}");
        if file == "README.md" {
            let ours = measured.iter().filter(|name| PREFIXES.iter().any(|p| name.starts_with(p)));
            let untold: Vec<_> = ours.filter(|name| !named.contains(**name)).collect();
            assert!(untold.is_empty(), "docs/observability/README.md does not tell of {untold:?}");
        }
    }
    serde_json::from_str::<Value>(&document("grafana-dashboard.json")).unwrap();
}

/// The metrics, once this one is among them.
async fn metrics_with(app: &TestApp, name: &str) -> String {
    for _ in 0..100 {
        let (_, metrics) = app.get("/metrics").await;
        if metrics.contains(name) {
            return metrics;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no {name} within 10 s");
}

/// Operations are told apart by their names, but nobody without a token adds one.
#[tokio::test]
async fn operations_are_counted_by_name() {
    let app = TestApp::start().await;
    app.query("query ByName { viewer { uid } }", json!({})).await;
    app.anonymous().query("query Smuggled { __typename }", json!({})).await;
    let (_, metrics) = app.get("/metrics").await;
    let counted = |name: &str| metrics.contains(&format!("name=\"{name}\",outcome=\"ok\""));
    assert!(counted("ByName"), "{metrics}");
    assert!(!counted("Smuggled") && counted("other"), "{metrics}");
}

/// What the parts count themselves comes into the metrics within seconds.
#[tokio::test]
async fn look_ups_show_in_the_metrics() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "1").await;
    app.balance("ann").await;
    let hit = "wallet_cache_lookups_total{keyspace=\"wallet\",outcome=\"hit\"} ";
    for _ in 0..100 {
        let (_, metrics) = app.get("/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix(hit));
        if line.is_some_and(|count| count != "0") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no hit was counted within 10 s");
}

fn document(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/observability");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Words that begin as our metrics do, without what Prometheus adds to a histogram's name.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)));
    let base = |word: &str| {
        let suffix = ["_bucket", "_sum", "_count"].iter().find_map(|s| word.strip_suffix(s));
        suffix.unwrap_or(word).to_owned()
    };
    ours.map(base).collect()
}

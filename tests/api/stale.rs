//! While the database is down, what was read before is better than nothing, and says what it is.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::support::{Backend, Client, Reply, TestApp, proxy::Proxy};

const EVERYTHING: &str = "{
    wallet(uid: \"ann\") { balance source asOf updatedAt transactions { edges { node { amount } } } }
    ordersByPeriod(periodNumber: \"20241201_001\") { edges { node { orderNo source } } totalCount } }";
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks until the wallet, and then its period, come from where they should.
async fn read_from(client: &Client, source: &str) -> Reply {
    let started = Instant::now();
    loop {
        let reply = client.query(EVERYTHING, json!({})).await;
        let order = &reply.body["data"]["ordersByPeriod"]["edges"][0]["node"];
        if reply.body["data"]["wallet"]["source"] == source && order["source"] == source {
            return reply;
        }
        assert!(started.elapsed() < PATIENCE, "not {source} after {PATIENCE:?}: {reply}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Nothing is left in Redis, and the database cannot be reached: what this instance read a while
/// ago is answered, marked, and only to who did not ask for better.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_before_an_outage_is_answered_as_stale() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "20").await;
    app.given_orders("ann", "20241201_001", 3).await;
    let proxy = Proxy::to(app.database_port()).await;
    // The orders were put into the database by hand: an instance that notices reads them anew, and
    // keeps nothing older.
    let flags = ["--near-cache-ttl", "200ms", "--no-refresh"];
    let instance = app.an_instance_through(proxy.port(), &flags).await;
    let before = read_from(&instance, "CACHE").await;
    read_from(&instance, "CACHE").await;

    proxy.cut();
    app.flush_cache().await;
    let stale = read_from(&instance, "STALE").await;
    for same in ["balance", "asOf", "updatedAt", "transactions"] {
        let (then, now) = [&before, &stale].map(|reply| &reply.body["data"]["wallet"][same]).into();
        assert_eq!(then, now, "{same}: {stale}");
    }
    assert_eq!(stale.each("/ordersByPeriod/edges", "/node/source"), ["STALE"; 3], "{stale}");
    assert_eq!(stale.data("/ordersByPeriod/totalCount"), 3, "{stale}");
    let asked = Instant::now();
    read_from(&instance, "STALE").await;
    assert!(asked.elapsed() < Duration::from_secs(1), "who can be answered waits for nobody");

    for better in
        ["uid: \"ann\", minVersion: 1", "uid: \"ann\", consistency: LATEST", "uid: \"bob\""]
    {
        let reply =
            instance.query(&format!("{{ wallet({better}) {{ balance }} }}"), json!({})).await;
        assert_eq!(reply.error_code(), Some("SERVICE_UNAVAILABLE"), "{reply}");
    }

    proxy.mend();
    read_from(&instance, "CACHE").await;
}

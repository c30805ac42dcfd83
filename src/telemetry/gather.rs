//! Numbers that parts of the service count themselves, copied into the metrics now and then.

use metrics::{counter, gauge};

use crate::{
    balance::Balance,
    cache::{Cache, Snapshot},
    lock::LockStats,
    store::Database,
};

/// The parts that count.
pub struct Parts {
    /// Look-ups, by keyspace.
    pub cache: Cache,
    /// Locks.
    pub balance: Balance,
    /// Connections.
    pub database: Database,
}

impl Parts {
    /// Copies what they count.
    pub(super) async fn gather(&self) {
        cache(&self.cache.snapshot().await);
        locks(&self.balance.locks().stats());
        live();
        for (pool, open, idle) in self.database.connections() {
            gauge!("database_connections", "pool" => pool, "state" => "idle").set(idle);
            gauge!("database_connections", "pool" => pool, "state" => "used").set(open - idle);
        }
    }
}

/// What has not happened yet is 0 rather than unknown, so that a rate sees the first time.
fn live() {
    gauge!("sse_connections").increment(0.0);
    counter!("live_gaps_total").increment(0);
    for kind in ["balance", "order"] {
        counter!("live_events_published_total", "kind" => kind).increment(0);
        counter!("live_events_received_total", "kind" => kind).increment(0);
    }
    for field in ["balanceUpdated", "adminBalanceFeed", "orderUpdated"] {
        counter!("live_resyncs_total", "field" => field).increment(0);
        counter!("live_folded_total", "field" => field).increment(0);
    }
}

fn cache(snapshot: &Snapshot) {
    gauge!("wallet_cache_degraded").set(if snapshot.degraded { 1.0 } else { 0.0 });
    counter!("wallet_cache_write_failures_total").absolute(snapshot.write_failures);
    for keyspace in &snapshot.keyspaces {
        let name = keyspace.name;
        for (outcome, count) in [
            ("hit", keyspace.hits),
            ("negative", keyspace.negative_hits),
            ("miss", keyspace.misses),
            ("error", keyspace.errors),
        ] {
            counter!("wallet_cache_lookups_total", "keyspace" => name, "outcome" => outcome)
                .absolute(count);
        }
        counter!("wallet_cache_fills_total", "keyspace" => name).absolute(keyspace.fills);
        counter!("wallet_cache_stale_fills_total", "keyspace" => name)
            .absolute(keyspace.rejected_stale);
    }
}

fn locks(stats: &LockStats) {
    counter!("wallet_locks_acquired_total").absolute(stats.acquired);
    counter!("wallet_locks_contended_total").absolute(stats.contended);
    for (policy, count) in &stats.timeouts {
        counter!("wallet_lock_timeouts_total", "policy" => *policy).absolute(*count);
    }
    for (quantile, wait, hold) in [
        ("0.5", stats.wait_p50_ms, stats.hold_p50_ms),
        ("0.99", stats.wait_p99_ms, stats.hold_p99_ms),
    ] {
        gauge!("wallet_lock_wait_seconds", "quantile" => quantile).set(wait / 1_000.0);
        gauge!("wallet_lock_hold_seconds", "quantile" => quantile).set(hold / 1_000.0);
    }
}

//! Which of the instances that share a cache refreshes it: whoever holds a lease in Redis. Where
//! the cache is in the process, each instance is its own.

use std::time::{Duration, Instant};

use fred::types::Value;
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::Inner;
use crate::redis::{Call, Redis, Script};

static HOLD: Script = Script::new(include_str!("scripts/hold.lua"));
static LEAVE: Script = Script::new(include_str!("scripts/leave.lua"));

const KEY: &str = "wallet_bff_refresher";
/// How long a lease holds: with the beat, another instance takes over within 4 s.
const LEASE: Duration = Duration::from_secs(3);
/// How often it is renewed, or asked for.
const BEAT: Duration = Duration::from_millis(750);
/// How often, while Redis does not answer.
const AGAIN: Duration = Duration::from_millis(100);

/// Says whether this instance is to refresh, until it is told to stop. Renewing goes on beside the
/// work: reading a million rows takes longer than a lease. It is not broken off in the middle, or a
/// lease might be renewed after it was given back.
pub(super) async fn keep(inner: &Inner, leading: &watch::Sender<bool>, stop: &CancellationToken) {
    let Some(redis) = &inner.redis else {
        leading.send_replace(true);
        return stop.cancelled().await;
    };
    let mut held_at = None;
    loop {
        let asked_at = Instant::now();
        let held = hold(redis, &inner.instance).await;
        held_at = match held {
            Some(true) => Some(asked_at),
            Some(false) => None,
            // One reply that is late takes no lease away.
            None => held_at.filter(|at: &Instant| at.elapsed() < LEASE),
        };
        let holds = held_at.is_some();
        let changed = leading.send_if_modified(|leads| std::mem::replace(leads, holds) != holds);
        if changed {
            tracing::info!(instance = %inner.instance, leads = holds, "refresh of hot data");
        }
        let pause = if held.is_some() { BEAT } else { AGAIN };
        if timeout(pause, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

/// Takes or renews the lease; `None` when Redis does not answer.
async fn hold(redis: &Redis, instance: &str) -> Option<bool> {
    let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
    let call = Call { keys: vec![KEY.to_owned()], args: vec![instance.into(), lease.into()] };
    let reply = redis.run(&HOLD, &[call]).await.pop()?;
    Some(reply.ok()?.as_i64() == Some(1))
}

/// Gives the lease back, so that another instance need not wait for its end.
pub(super) async fn leave(inner: &Inner) {
    if let Some(redis) = &inner.redis {
        let args = vec![Value::from(inner.instance.as_str())];
        let call = Call { keys: vec![KEY.to_owned()], args };
        // If Redis does not hear it, the lease runs out.
        let _ = redis.run(&LEAVE, &[call]).await;
    }
}

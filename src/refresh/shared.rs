//! What instances that share a cache must know of the refresh: how far it came, and how it does.
//! It is kept beside the cached rows, so that whoever loses these loses it too, and starts over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fred::types::Value;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::KindStatus;
use crate::{
    config::RefreshConfig,
    entity::hot,
    redis::{Command, Redis},
    store::changes::Position,
};

const KEY: &str = "wallet_bff_refresh";
/// Notes are forgotten after two days: who comes later than this starts over.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1_000;

/// Redis did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

/// A place among all hot data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) kind: hot::Kind,
    /// The last row that is done with.
    pub(super) after: Option<i64>,
}

/// How far the refresh came, and how it does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// Up to where notes are seen to; without it, all rows are to be looked at.
    pub(super) position: Option<Position>,
    /// From where on hot data is still to be cached, after a start; `None` once all is.
    #[serde(default)]
    pub(super) to_fill: Option<Place>,
    /// Who does it.
    pub(super) leader: Option<String>,
    pub(super) interval_ms: u64,
    pub(super) consecutive_failures: u32,
    /// When the cache was last known to be right.
    pub(super) last_success_at: Option<DateTime<Utc>>,
    /// How long the last refresh of rows took, by kind, in milliseconds.
    pub(super) durations_ms: BTreeMap<hot::Kind, f64>,
}

impl State {
    pub(super) fn status_of(&self, kind: hot::Kind, config: &RefreshConfig) -> KindStatus {
        let configured = u64::try_from(config.refresh_interval.as_millis()).unwrap_or(u64::MAX);
        KindStatus {
            kind,
            last_success_at: self.last_success_at,
            interval_ms: if self.leader.is_some() { self.interval_ms } else { configured },
            duration_ms: self.durations_ms.get(&kind).copied().unwrap_or(0.0),
            consecutive_failures: self.consecutive_failures,
            leader: self.leader.clone(),
        }
    }
}

/// Where the state is kept.
pub(super) enum Shared {
    Redis(Redis),
    Memory(Mutex<Option<State>>),
}

impl Shared {
    pub(super) fn new(redis: Option<&Redis>) -> Self {
        match redis {
            Some(redis) => Self::Redis(redis.clone()),
            None => Self::Memory(Mutex::default()),
        }
    }

    /// The state; `None` where nothing was refreshed yet.
    pub(super) async fn load(&self) -> Result<Option<State>, Lost> {
        match self {
            Self::Memory(state) => Ok(state.lock().clone()),
            Self::Redis(redis) => {
                let reply = redis.send_one(Command::new("GET", [KEY])).await.map_err(|_| Lost)?;
                // What an other version wrote is as good as nothing.
                Ok(reply.as_bytes().and_then(|json| serde_json::from_slice(json).ok()))
            }
        }
    }

    /// What is not saved is done again.
    pub(super) async fn save(&self, state: &State) {
        match self {
            Self::Memory(kept) => *kept.lock() = Some(state.clone()),
            Self::Redis(redis) => {
                let Ok(json) = serde_json::to_string(state) else { return };
                let ttl = Value::Integer(LIFETIME_MS);
                let set = [KEY.into(), Value::from(json), "PX".into(), ttl];
                let _ = redis.send_one(Command::new("SET", set)).await;
            }
        }
    }
}
